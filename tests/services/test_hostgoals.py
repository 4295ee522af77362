"""Whether what a step on the node is for was reached, whatever its exit code said."""

import base64
from hashlib import sha256

import pytest

from pve_auth_tui.core.host.goals import (
    Active,
    Copied,
    Denied,
    Ended,
    FileIs,
    Installed,
    Joined,
    MakesHomes,
    Masked,
    NotJoined,
    Permits,
    Purged,
    Trusted,
)
from pve_auth_tui.services.hostgoals import look_for
from tests.services.fakehost import FakeHost, said

D = "ad.example.com"
MEMBER = ("ad.example.com", "  configured: kerberos-member", "  domain-name: ad.example.com")
DENIES = (*MEMBER, "  login-policy: deny-any-login")
ALLOWS_ALL = (*MEMBER, "  login-policy: allow-realm-logins")
ALLOWS = (
    *MEMBER,
    "  login-policy: allow-permitted-logins",
    "  permitted-logins: alice@ad.example.com",
    "  permitted-groups: ProxmoxAdmins@ad.example.com",
)
DER = b"a certificate, as far as anybody here looks"
DIGEST = sha256(DER).hexdigest()
PEM = b"-----BEGIN CERTIFICATE-----\n%s-----END CERTIFICATE-----\n" % base64.encodebytes(DER)
BUNDLE, HASHED = "etc/ssl/certs/ca-certificates.crt", "etc/ssl/certs/0a1b2c3d.0"


def keytab(*names):
    """A keytab of MIT's, one entry per `host/pve1@REALM`."""
    data = b"\x05\x02"
    for name in names:
        service, _, realm = name.partition("@")
        parts = [realm, *service.split("/")]
        entry = (len(parts) - 1).to_bytes(2, "big")
        entry += b"".join(len(one).to_bytes(2, "big") + one.encode() for one in parts)
        entry += bytes(4 + 4 + 1 + 2 + 2 + 16)
        data += len(entry).to_bytes(4, "big") + entry
    return data


def reached(goal, answers=None, files=None):
    return look_for(goal, FakeHost(dict(answers or {}), dict(files or {}))).reached


def lists(*lines):
    return {"realm list": said(*lines), "adcli testjoin": said("Sucessfully validated")}


@pytest.mark.parametrize(
    ("line", "installed", "purged"),
    [
        ("sssd ii  2.10.1", True, False),
        ("sssd iU  2.10.1", False, False),
        ("sssd rc  2.10.1", False, True),
        ("sssd un ", False, True),
        ("", False, True),
    ],
)
def test_packages_are_asked_of_dpkg(line, installed, purged):
    answers = {"dpkg-query": said(line, code=1)}
    assert reached(Installed(("sssd",)), answers) is installed
    assert reached(Purged(("sssd",)), answers) is purged


def test_of_several_packages_the_missing_ones_are_named():
    host = FakeHost({"dpkg-query": said("sssd ii  2.10.1")})
    sight = look_for(Installed(("sssd", "adcli", "realmd")), host)
    assert (sight.reached, sight.text) == (False, "Not installed: adcli, realmd.")


def test_a_file_is_known_by_its_digest_and_a_removed_one_by_its_absence():
    digest = sha256(b"x").hexdigest()
    assert reached(FileIs("/etc/x", digest), files={"etc/x": b"x"})
    assert not reached(FileIs("/etc/x", digest), files={"etc/x": b"y"})
    assert not reached(FileIs("/etc/x", digest))
    assert reached(FileIs("/etc/x", ""))
    assert not reached(FileIs("/etc/x", ""), files={"etc/x": b""})


def test_a_copy_is_compared_file_by_file_also_in_folders():
    files = {"etc/krb5.conf": b"1", "etc/sssd/sssd.conf": b"2", "etc/sssd/conf.d/a": b"3"}
    copy = {f"back/{name}": data for name, data in files.items()}
    goal = Copied(("/etc/krb5.conf", "/etc/sssd"), "/back")
    assert reached(goal, files=files | copy)
    for name in copy:
        assert not reached(goal, files=files | copy | {name: b"other"})
        without = {one: data for one, data in copy.items() if one != name}
        assert not reached(goal, files=files | without)


def test_joined_needs_realmds_word_and_a_dc_that_takes_the_password():
    assert reached(Joined(D), lists(*MEMBER))
    assert reached(Joined("AD.Example.com"), lists(*MEMBER))
    assert not reached(Joined("other.example.com"), lists(*MEMBER))
    assert not reached(Joined(D), lists())
    assert not reached(Joined(D), lists(MEMBER[0], "  configured: no", MEMBER[2]))
    assert not reached(Joined(D), lists(*MEMBER) | {"adcli testjoin": said(code=3)})


def test_not_joined_needs_a_keytab_without_the_domain():
    foreign = keytab("host/pve1@OTHER.EXAMPLE.COM")
    own = keytab("host/pve1@OTHER.EXAMPLE.COM", "host/pve1@AD.EXAMPLE.COM")
    assert reached(NotJoined(D), lists())
    assert reached(NotJoined(D), lists(), {"etc/krb5.keytab": foreign})
    assert not reached(NotJoined(D), lists(), {"etc/krb5.keytab": own})
    assert not reached(NotJoined(D), lists(*MEMBER))


def test_without_realmd_the_keytab_alone_tells_that_a_node_has_left():
    assert reached(NotJoined(D))
    assert not reached(NotJoined(D), files={"etc/krb5.keytab": keytab("PVE1$@AD.EXAMPLE.COM")})


def test_nobody_may_log_in():
    assert reached(Denied(D), lists(*DENIES))
    assert not reached(Denied(D), lists(*ALLOWS_ALL))
    assert not reached(Denied(D), lists(*ALLOWS))
    assert not reached(Denied(D), lists())
    assert not reached(Denied(D), lists(*MEMBER, "  login-policy: "))


def test_just_those_may_log_in_in_whatever_case_realmd_writes_them():
    wanted = Permits(D, ("ALICE@ad.example.com",), ("proxmoxadmins@ad.example.com",))
    assert reached(wanted, lists(*ALLOWS))
    assert reached(Permits(D, ("alice",), ("proxmoxadmins",)), lists(*ALLOWS))
    assert not reached(Permits(D, ("alice",), ()), lists(*ALLOWS))
    assert not reached(Permits(D, ("alice", "bob"), ("proxmoxadmins",)), lists(*ALLOWS))
    assert not reached(wanted, lists(*ALLOWS_ALL))


def test_names_that_are_left_over_under_another_policy_do_not_count():
    open_to_all = [line.replace("allow-permitted", "allow-realm") for line in ALLOWS]
    assert not reached(Permits(D, ("alice",), ("proxmoxadmins",)), lists(*open_to_all))


def test_permitting_nobody_is_denying_everybody():
    assert reached(Permits(D, (), ()), lists(*DENIES))
    assert not reached(Permits(D, (), ()), lists(*ALLOWS_ALL))


@pytest.mark.parametrize(
    ("load", "active", "is_active", "is_masked"),
    [
        ("loaded", "active", True, False),
        ("loaded", "activating", False, False),
        ("loaded", "failed", False, False),
        ("masked", "inactive", False, True),
        ("not-found", "inactive", False, False),
    ],
)
def test_units_are_asked_of_systemd(load, active, is_active, is_masked):
    answers = {"systemctl show": said(f"LoadState={load}", f"ActiveState={active}")}
    for wanted in (True, False):
        assert reached(Active("sssd.service", wanted), answers) is (is_active is wanted)
        assert reached(Masked("sssd.service", wanted), answers) is (is_masked is wanted)


@pytest.mark.parametrize(
    ("text", "makes"),
    [
        ("session optional pam_mkhomedir.so umask=0077\n", True),
        ("session\toptional\t/lib/security/pam_mkhomedir.so\n", True),
        ("session optional \\\n pam_mkhomedir.so\n", True),
        ("# session optional pam_mkhomedir.so\n", False),
        ("session required pam_unix.so # pam_mkhomedir.so\n", False),
        ("", False),
    ],
)
def test_homes_are_made_where_the_module_stands_in_the_stack(text, makes):
    files = {"etc/pam.d/common-session": text.encode()}
    assert reached(MakesHomes(True), files=files) is makes
    assert reached(MakesHomes(False), files=files) is not makes


def test_a_ca_is_trusted_when_the_bundle_and_the_hashed_folder_hold_it():
    other = PEM.replace(base64.encodebytes(DER), base64.encodebytes(b"other"))
    both = {BUNDLE: other + PEM, HASHED: PEM}
    assert reached(Trusted(DIGEST), files=both)
    assert not reached(Trusted(DIGEST, wanted=False), files=both)
    for name in both:
        alone = both | {name: other}
        assert not reached(Trusted(DIGEST), files=alone)
        assert not reached(Trusted(DIGEST, wanted=False), files=alone)
    assert reached(Trusted(DIGEST, wanted=False), files={BUNDLE: other, HASHED: other})
    assert reached(Trusted(DIGEST, wanted=False))


def test_a_file_beside_the_hashed_names_is_not_found_by_those_who_use_the_folder():
    assert not reached(Trusted(DIGEST), files={BUNDLE: PEM, "etc/ssl/certs/Own_CA.pem": PEM})


def test_damaged_base64_is_no_certificate():
    damaged = PEM.replace(b"\n-----END", b"=A\n-----END")
    assert not reached(Trusted(DIGEST), files={BUNDLE: damaged, HASHED: damaged})


@pytest.mark.parametrize(
    "goal", [Installed(("x",)), Joined(D), Denied(D), Permits(D, ("a",), ()), Active("sssd")]
)
def test_without_the_tool_that_would_tell_nothing_is_called_reached(goal):
    sight = look_for(goal, FakeHost())
    assert not sight.reached
    assert "is not there" in sight.text


def test_looking_runs_nothing_that_changes_anything():
    host = FakeHost(
        lists(*ALLOWS) | {"systemctl show": said(), "dpkg-query": said()}, {BUNDLE: PEM}
    )
    for goal in (
        *(Installed(("x",)), Purged(("x",)), FileIs("/x", ""), Copied(("/x",), "/y")),
        *(Joined(D), NotJoined(D), Denied(D), Permits(D, ("a",), ()), Active("u"), Masked("u")),
        *(MakesHomes(), Trusted(DIGEST), Ended()),
    ):
        look_for(goal, host)
    assert {argv[:2] for argv in host.asked} == {
        ("/usr/sbin/realm", "list"),
        ("/usr/sbin/adcli", "testjoin"),
        ("/usr/bin/systemctl", "show"),
        ("/usr/bin/dpkg-query", "-W"),
    }
