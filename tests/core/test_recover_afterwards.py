"""What is left to do when somebody is in again."""

from pve_auth_tui.core.recover.afterwards import afterwards
from pve_auth_tui.core.recover.condition import Pmxcfs, Service
from tests.core.recovering import KEY, PAPER, PHONE, services, situation


def told(made):
    return {line.heading: line.text for line in afterwards(made) if line.heading}


def test_the_log_is_read_by_unit_and_user_never_by_tag():
    """R30d: any user can write under the tag pvedaemon."""
    log = told(situation())["Log"]
    assert "_SYSTEMD_UNIT=pvedaemon.service" in log
    assert "_UID=0" in log
    assert "-t " not in log
    assert "SYSLOG_IDENTIFIER" not in log


def test_fresh_recovery_keys_are_asked_for_when_few_are_left():
    assert told(situation(PHONE))["Paper"].startswith("root@pam has no recovery keys")
    assert told(situation(PHONE, PAPER))["Paper"].startswith("root@pam has 3 recovery keys left")


def test_a_second_device_and_a_key_are_asked_for():
    assert "another device" in told(situation(PHONE))["Second one"]
    assert "without quorum" in told(situation(PHONE))["Key"]
    assert "Key" not in told(situation(PHONE, KEY))
    assert "Second one" not in told(situation(PHONE, KEY))
    assert "add one now" in told(situation())["Second factor"]


def test_what_was_stopped_is_started_again():
    made = situation(pmxcfs=Pmxcfs(7, True), **services(pve_ha_lrm=Service.STOPPED))
    assert told(made)["Services"].endswith("systemctl start pve-ha-lrm")
    assert "hand /etc/pve back" in told(made)["pmxcfs"]
    assert "Services" not in told(situation())


def test_a_node_of_its_own_runs_no_corosync():
    alone = situation(nodes=("pve1",), **services(corosync=Service.STOPPED))
    assert "Services" not in told(alone)


def test_proof_comes_first_and_acknowledging_last():
    found = afterwards(situation(PHONE))
    assert found[0].text.startswith("Prove that root@pam gets in: p, or log in at https://")
    assert found[-1].text.startswith("a: acknowledged")
