"""Services that do not run and a disk that is full, from PVE's own answers."""

import pytest

from pve_auth_tui.core.errors import Unreadable
from pve_auth_tui.core.health import Health, health, health_findings

GIB = 1 << 30


def service(name, active="active", state="running"):
    return {"service": name, "active-state": active, "state": state}


def status(avail=10 * GIB, total=20 * GIB):
    return {"rootfs": {"avail": avail, "total": total}}


def test_a_healthy_node_has_nothing_to_look_at():
    found = health(
        [service("pvedaemon"), service("pveproxy"), service("postfix", "failed")], status()
    )
    assert found == Health((), 10 * GIB, 20 * GIB)
    assert list(health_findings(found)) == []


@pytest.mark.parametrize("active", ["inactive", "failed"])
def test_a_dead_daemon_is_bad_and_says_what_it_means(active):
    found = health([service("pvedaemon", active, "dead"), service("pveproxy")], status())
    (finding,) = health_findings(found)
    assert finding.word == "BAD"
    assert finding.text == "pvedaemon does not run: nobody can log in to the web interface"


def test_a_service_that_is_just_starting_is_not_called_dead():
    assert health([service("pveproxy", "activating", "start")], status()).stopped == ()


def test_an_older_pve_tells_only_the_state():
    assert health([{"service": "pveproxy", "state": "dead"}], status()).stopped == ("pveproxy",)


@pytest.mark.parametrize(("avail", "bad"), [(0, True), (100 << 20, True), (5 * GIB, False)])
def test_a_full_disk_is_bad(avail, bad):
    assert bool(list(health_findings(health([], status(avail))))) is bad


def test_a_node_that_tells_no_size_has_no_full_disk():
    assert list(health_findings(health([], {}))) == []


@pytest.mark.parametrize("services", [[{}], "x", [{"service": ["x"], "state": "dead"}], 7])
def test_other_shapes_are_refused(services):
    with pytest.raises(Unreadable):
        health(services, status())
