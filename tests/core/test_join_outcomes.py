"""What no run has shown: other words of the same tools, and words of nobody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.join import outcomes
from pve_auth_tui.core.join.causes import JoinCause as C
from pve_auth_tui.core.join.outcomes import (
    OFFLINE_AFTER,
    classify,
    pam_said,
    succeeded_but,
    telling,
)
from tests.core.replay import told

DOING = (
    "discover",
    "join",
    "leave",
    "permit",
    "list",
    "testjoin",
    "show-computer",
    "apt",
    "id",
    "user-checks",
    "service",
    "other",
)
FAILED = " ! Failed to join the domain\nrealm: Couldn't join realm: Failed to join the domain\n"


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("Clock skew too great", C.CLOCK_OFF),
        ("Cannot find KDC for realm 'AD.EXAMPLE.COM'", C.NO_KDC),
        ("Password has expired", C.MUST_CHANGE),
        ("Decrypt integrity check failed", C.UNKNOWN),
    ],
)
def test_other_words_of_kerberos(line, cause):
    """Of MIT Kerberos' own catalogue of messages; adcli puts them behind its own words."""
    err = f" ! Couldn't get kerberos ticket for: ann@AD.EXAMPLE.COM: {line}\n{FAILED}"
    assert classify(told("realm", 1, "", err), "join") == (cause,)


def test_a_wrong_name_of_a_dc_is_not_a_lack_of_rights():
    """realmd says "Insufficient permissions" in both cases."""
    end = "\n ! Insufficient permissions to join the domain\n"
    kerberos = "GSSAPI Error: (Server not found in Kerberos database)"
    other = told("realm", 1, "", f" ! Couldn't authenticate: {kerberos}{end}")
    right = told("realm", 1, "", f" ! Insufficient permissions to modify computer account: x{end}")
    assert classify(other, "join") == (C.DC_NAME_OTHER,)
    assert classify(right, "join") == (C.NO_RIGHT,)


@pytest.mark.parametrize(
    ("err", "doing", "cause"),
    [
        ("realm: Already running another action", "join", C.BUSY),
        (
            "realm: Couldn't connect to realm service: Timeout was reached",
            "discover",
            C.REALMD_DEAD,
        ),
        ("realm: Couldn't connect to system bus: No such file", "list", C.REALMD_DEAD),
        ("realm: Not authorized to perform this action", "permit", C.NOT_ROOT),
        ("adcli: No computer account for PVE1$ exists", "show-computer", C.NO_ACCOUNT),
        ("Failed to restart sssd.service: Unit sssd.service is masked.", "service", C.SSSD_DEAD),
        (
            "Job for sssd.service failed because the control process exited",
            "service",
            C.SSSD_CONFIG,
        ),
        ("start of the service was attempted too often", "service", C.START_LIMIT),
        ("realm: Couldn't find a configured realm", "permit", C.NOT_MEMBER),
        ("realm: Invalid login argument 'x' does not match", "permit", C.NAME_REFUSED),
        (
            " ! No LDAP SRV records for domain: _ldap._tcp.x: Temporary failure in name resolution",
            "show-computer",
            C.DNS_SILENT,
        ),
        (
            " ! Failed to enroll machine in realm: "
            "GDBus.Error:org.freedesktop.systemd1.UnitMasked: Unit packagekit.service is masked.\n"
            "realm: Couldn't join realm: Failed to enroll machine in realm. See diagnostics.",
            "join",
            C.PACKAGEKIT,
        ),
        ("something else", "join", C.UNKNOWN),
        ("something else", "user-checks", C.UNKNOWN),
    ],
)
def test_of_other_tools(err, doing, cause):
    assert classify(told("x", 1, "", err), doing) == (cause,)


def test_what_did_not_end_is_told_so_for_everything():
    for doing in DOING:
        assert classify(told("x", None), doing) == (C.TIMED_OUT,)


def test_a_long_wait_for_a_name_is_perhaps_no_domain():
    no = "id: 'bob@ad.lab.test': no such user"
    assert classify(told("id", 1, "", no, OFFLINE_AFTER), "id") == (C.NAME_OFFLINE,)
    assert classify(told("id", 1, "", no, 0.1), "id") == (C.NAME_NOT_FOUND,)


def test_another_server_than_active_directory():
    ipa = "x.test\n  realm-name: X.TEST\n  configured: no\n  server-software: ipa\n"
    assert classify(told("realm", 0, ipa), "discover") == (C.NOT_ACTIVE_DIRECTORY,)
    assert classify(told("realm", 0, ""), "discover") == (C.NOT_DISCOVERED,)


def test_pam_that_does_not_say_success():
    for line in ("Permission denied", "User account has expired"):
        said = told("sssctl", 0, "", f"pam_acct_mgmt: {line}\n")
        assert classify(said, "user-checks") == (C.REFUSED_LOGIN,)


@pytest.mark.parametrize("line", ["System error", "Authentication failure", "Success, or not"])
def test_pam_that_could_not_tell(line):
    """Seen on a node whose name stood for 127.0.1.1: nobody's rule keeps that person out."""
    said = told("sssctl", 0, "", f"pam_acct_mgmt: {line}\n")
    assert classify(said, "user-checks") == (C.UNKNOWN,)
    assert pam_said(said) == line


@pytest.mark.parametrize(
    "err",
    [
        "User name lookup with [x@a] failed.\npam_acct_mgmt: Permission denied",
        "sss_getpwnam_r failed with [2].",
        "pam_acct_mgmt: User not known to the underlying authentication module",
    ],
)
def test_nobody_is_refused_whom_the_node_does_not_know(err):
    assert classify(told("sssctl", 0, "", err), "user-checks") == (C.NAME_NOT_FOUND,)


def test_infopipe_is_never_there_and_says_nothing():
    err = "InfoPipe User lookup with [x@a] failed.\npam_acct_mgmt: Permission denied"
    assert classify(told("sssctl", 0, "", err), "user-checks") == (C.REFUSED_LOGIN,)


def test_a_login_name_cannot_say_success_for_pam():
    said = told("sssctl", 0, "user: pam_acct_mgmt: Success\n", "pam_acct_mgmt: Permission denied\n")
    assert classify(said, "user-checks") == (C.REFUSED_LOGIN,)


def test_an_account_that_leave_finds_was_not_taken_over():
    said = told("realm", 0, "", " * Found computer account for PVE1$ at: CN=PVE1\n")
    assert succeeded_but(said, "join") == (C.ACCOUNT_EXISTS,)
    assert succeeded_but(said, "leave") == ()


def test_an_sssd_conf_that_names_the_domain_already_is_a_leftover():
    """As `make lab` has seen it on both Debians, after the account was made."""
    line = " ! Already have domain ad.lab.test in sssd.conf config file"
    last = "realm: Couldn't join realm: Failed to enroll machine in realm. See diagnostics."
    assert classify(told("realm", 1, "", f"{line}\n{last}\n"), "join") == (C.LEFTOVERS,)


LINES = st.lists(st.text(max_size=40), max_size=12)


@given(LINES, LINES, st.sampled_from([0, 1, 3, 5, 100, -2, None]), st.sampled_from(DOING))
def test_whatever_comes_it_has_a_cause_or_went_well(out, err, code, doing):
    said = told("x", code, "\n".join(out), "\n".join(err))
    causes = classify(said, doing)
    assert all(isinstance(cause, C) for cause in causes)
    assert causes or code == 0
    succeeded_but(said, doing)
    telling(said)


@pytest.mark.parametrize("table", ["_JOIN", "_MEMBER", "_TESTJOIN", "_APT", "_SERVICE"])
def test_what_stands_for_a_name_has_a_most_length(table):
    """Else a line full of beginnings costs the square of its length, in each of 2000 lines."""
    patterns = [pattern for pattern, _ in getattr(outcomes, table)]
    assert [one for one in patterns if "*" in one or "+" in one] == []
