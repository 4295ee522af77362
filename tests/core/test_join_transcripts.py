"""Every recorded run of both Debians, and what it is taken for.

The table was written from reference/host.md, the table of outcomes measured against the domain.
"""

import pytest

from pve_auth_tui.core.join.causes import JoinCause as C
from pve_auth_tui.core.join.outcomes import classify, succeeded_but, telling
from tests.core.replay import SUITES as DEBIANS
from tests.core.replay import transcript, transcripts

# name -> (what it was for, causes)
EXPECTED = {
    "adcli-info": ("other", ()),
    "adcli-info-none": ("other", (C.NOT_DISCOVERED,)),
    "adcli-join": ("join", ()),
    "adcli-preset": ("other", ()),
    "deny-all": ("permit", ()),
    # exit code 0 does not mean that a domain was found
    "discover-dc-ip": ("discover", ()),
    "discover-dc-name": ("discover", ()),
    "discover-dns-nosrv": ("discover", (C.NOT_DISCOVERED,)),
    "discover-dns-wrong": ("discover", (C.NOT_DISCOVERED,)),
    "discover-drop-all": ("discover", (C.NOT_DISCOVERED,)),
    "discover-drop-ldap": ("discover", (C.NO_LDAP,)),
    "discover-joined": ("discover", ()),
    "discover-name-only": ("discover", (C.NOT_ACTIVE_DIRECTORY,)),  # nothing says what it is
    "discover-no-adcli": ("discover", ()),
    "discover-noarg": ("discover", (C.NOT_DISCOVERED,)),
    "discover-nodomain": ("discover", (C.NOT_DISCOVERED,)),
    "discover-ok": ("discover", ()),
    "discover-quiet": ("discover", ()),
    "discover-reject-ldap": ("discover", (C.NO_LDAP,)),
    "discover-software": ("discover", ()),
    "discover-upper": ("discover", ()),
    "id-before-outage": ("id", ()),
    "id-cached": ("id", ()),
    "id-netbios": ("id", ()),
    "id-ok": ("id", ()),
    "id-short": ("id", (C.NAME_NOT_FOUND,)),
    "id-uncached-outage": ("id", (C.NAME_OFFLINE,)),  # 6 s, then "no such user"
    "id-unknown": ("id", (C.NAME_NOT_FOUND,)),
    "join-account-exists": ("join", ()),
    "join-again": ("join", (C.ALREADY_MEMBER,)),
    "join-all-but-packagekit": ("join", (C.PACKAGEKIT,)),
    "join-auto-install-no": ("join", (C.PACKAGEKIT,)),
    "join-auto-install-no-missing": ("join", (C.PACKAGES_MISSING,)),
    "join-bad-ou": ("join", (C.OU_MISSING,)),
    "join-ccache": ("join", ()),
    "join-computer-name": ("join", ()),
    "join-crlf": ("join", (C.WRONG_PASSWORD,)),
    "join-dc-clock": ("join", ()),
    "join-disabled": ("join", (C.USER_REVOKED,)),
    "join-dns-nosrv": ("join", (C.NOT_DISCOVERED,)),
    "join-dns-wrong": ("join", (C.NOT_DISCOVERED,)),
    "join-drop-all": ("join", (C.NOT_DISCOVERED,)),
    "join-drop-kerberos": ("join", (C.NO_KDC,)),
    "join-drop-ldap": ("join", (C.NO_LDAP,)),
    "join-empty-stdin": ("join", (C.WRONG_PASSWORD,)),
    "join-expired": ("join", (C.USER_REVOKED,)),
    "join-install-no": ("join", ()),
    "join-interrupted": ("join", (C.TIMED_OUT,)),  # SIGINT: realmd goes on, so look at the node
    "join-long-hostname": ("join", ()),
    "join-mustchange": ("join", (C.MUST_CHANGE,)),
    "join-netbios-user": ("join", (C.UNKNOWN_USER,)),
    "join-no-adcli": ("join", (C.PACKAGES_MISSING,)),
    "join-no-idmap": ("join", ()),
    "join-no-newline": ("join", ()),
    "join-no-packagekit": ("join", (C.PACKAGEKIT,)),
    "join-no-password": ("join", (C.NO_CREDENTIALS,)),
    "join-no-such-domain": ("join", (C.NOT_DISCOVERED,)),
    "join-nopriv": ("join", (C.NO_RIGHT,)),
    "join-not-root": ("join", (C.NOT_ROOT,)),
    "join-ok": ("join", ()),
    "join-ok-for-outage": ("join", ()),
    "join-ou": ("join", ()),
    "join-ou-relative": ("join", ()),
    "join-rdns-wrong": ("join", (C.DC_NAME_OTHER,)),  # realm: "Insufficient permissions"
    "join-reject-ldap": ("join", (C.NO_LDAP,)),
    "join-samba": ("join", ()),
    "join-short-hostname": ("join", ()),
    "join-sssd-conf-broken": ("join", ()),
    "join-sssd-conf-exists": ("join", ()),
    "join-tty": ("join", ()),
    "join-unattended": ("join", ()),
    "join-unknown-user": ("join", (C.UNKNOWN_USER,)),
    "join-upn": ("join", ()),
    "join-upn-lower": ("join", (C.WRONG_REALM,)),
    "join-winbind": ("join", (C.PACKAGES_MISSING,)),
    "join-wrong-password": ("join", (C.WRONG_PASSWORD,)),
    "leave": ("leave", ()),
    "leave-outage": ("leave", ()),
    "leave-remove": ("leave", ()),
    "leave-unjoined": ("leave", (C.NOT_MEMBER,)),
    "list-denied": ("list", ()),
    "list-joined": ("list", ()),
    "list-name-only": ("list", ()),
    "list-permitted": ("list", ()),
    "list-unjoined": ("list", ()),
    "permit-all": ("permit", ()),
    "permit-group": ("permit", ()),
    "permit-nosuch": ("permit", ()),
    "permit-user": ("permit", ()),
    "permit-withdraw": ("permit", ()),
    "sssctl-status": ("other", (C.UNKNOWN,)),  # needs the ifp responder, which no join sets up
    "sssctl-status-outage": ("other", (C.UNKNOWN,)),
    "sssctl-user": ("user-checks", ()),
    "sssctl-user-denied": ("user-checks", (C.REFUSED_LOGIN,)),
    "testjoin": ("testjoin", ()),
    "testjoin-outage": ("testjoin", (C.TRUST_UNKNOWN,)),
    # a domain whose clock is 10 minutes off does all of it; 46 days ahead passwords have expired
    "clock+600-id": ("id", ()),
    "clock+600-join": ("join", ()),
    "clock+600-testjoin": ("testjoin", ()),
    "clock-600-id": ("id", ()),
    "clock-600-join": ("join", ()),
    "clock-600-testjoin": ("testjoin", ()),
    "clock+4000000-id": ("id", (C.NAME_NOT_FOUND,)),
    "clock+4000000-join": ("join", (C.MUST_CHANGE,)),
    "clock+4000000-testjoin": ("testjoin", (C.TRUST_BROKEN,)),
}
LAB = {
    "account-absent": ("show-computer", (C.NO_ACCOUNT,)),
    "account-any-user": ("show-computer", ()),
    "account-delete": ("delete-computer", ()),
    "account-delete-absent": ("delete-computer", (C.NO_ACCOUNT,)),
    "account-delete-no-right": ("delete-computer", (C.NO_RIGHT,)),
    "account-disabled-user": ("show-computer", (C.USER_REVOKED,)),
    "account-must-change": ("show-computer", (C.MUST_CHANGE,)),
    "account-there": ("show-computer", ()),
    "account-unknown-user": ("show-computer", (C.UNKNOWN_USER,)),
    "account-wrong-password": ("show-computer", (C.WRONG_PASSWORD,)),
    "deny-after-permit": ("permit", ()),
    "list-group-alone": ("list", ()),
    "list-nobody": ("list", ()),
    "login-by-group": ("user-checks", ()),
    "login-nobody": ("user-checks", (C.REFUSED_LOGIN,)),
    "login-sssd-stopped": ("user-checks", (C.SSSD_DEAD,)),
    "login-unknown": ("user-checks", (C.NAME_NOT_FOUND,)),
    "permit-computer": ("permit", (C.NAME_REFUSED,)),
    "permit-group-alone": ("permit", ()),
    "permit-group-withdrawn": ("permit", ()),
    "permit-one": ("permit", ()),
    "permit-one-withdrawn": ("permit", ()),
    "permit-other-domain": ("permit", (C.NAME_REFUSED,)),
    "permit-short": ("permit", (C.NAME_REFUSED,)),
    "testjoin-account-gone": ("testjoin", (C.TRUST_BROKEN,)),
}
"""Recorded by this project's own lab (tests/lab)."""
EXPECTED_THERE = {
    "trixie/join-mustchange": ("join", (C.NO_RIGHT,)),  # this Samba let it in; it had no right
}
"""What it says of a join that ended with 0, in either suite."""
BUT = {
    "join-long-hostname": (C.NAME_TOO_LONG,),
    "join-account-exists": (C.ACCOUNT_EXISTS,),
    "join-short-hostname": (C.NO_FQDN,),
    "join-sssd-conf-broken": (C.SSSD_CONFIG,),
    "join-sssd-conf-exists": (C.SSSD_CONFIG,),
    "permit-all": (C.START_LIMIT,),
    "permit-withdraw": (C.START_LIMIT,),
}
BUT_THERE = {"trixie/join-account-exists": (C.START_LIMIT, C.ACCOUNT_EXISTS)}

TOOLS = {"realm", "adcli", "id", "sssctl", "setpriv"}
ELSEWHERE = {"sssctl-config-check"}  # nobody asks it: it complains of realmd's own file
SUITES = (*DEBIANS, "lab-bookworm", "lab-trixie")
RUNS = [run for run in transcripts(*SUITES) if run.said.tool in TOOLS and run.name not in ELSEWHERE]


def expected_of(run):
    table = LAB if run.suite.startswith("lab-") else EXPECTED
    return EXPECTED_THERE.get(str(run)) or table[run.name]


@pytest.mark.parametrize("run", RUNS, ids=str)
def test_what_it_is_taken_for(run):
    doing, causes = expected_of(run)
    assert classify(run.said, doing) == causes


@pytest.mark.parametrize("run", RUNS, ids=str)
def test_what_should_not_pass_unseen(run):
    doing, causes = expected_of(run)
    expected = () if causes else BUT_THERE.get(str(run), BUT.get(run.name, ()))
    assert succeeded_but(run.said, doing) == expected


def test_the_table_has_no_row_without_a_run():
    assert set(EXPECTED) | set(LAB) == {run.name for run in RUNS}
    assert set(BUT) <= set(EXPECTED)


def test_nothing_that_was_recorded_is_unknown_but_what_is_said_to_be():
    unknown = {run.name for run in RUNS if C.UNKNOWN in classify(run.said, expected_of(run)[0])}
    assert unknown == {"sssctl-status", "sssctl-status-outage"}


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (
            "join-wrong-password",
            "Couldn't authenticate as: Administrator@AD.LAB.TEST: Preauthentication failed",
        ),
        ("discover-drop-ldap", "Can't contact LDAP server"),
        ("join-again", "realm: Already joined to this domain"),
        ("join-not-root", "realm: Couldn't join realm: Not authorized to perform this action"),
        ("id-unknown", "id: 'nobody-here@ad.lab.test': no such user"),
    ],
)
def test_the_line_that_tells(name, line):
    """adcli's complaint, not realmd's last word."""
    assert telling(transcript(name).said) == line


@pytest.mark.parametrize(
    ("name", "cause"), [("apt-noninteractive", C.PACKAGES_UNKNOWN), ("apt-locked", C.APT_LOCKED)]
)
def test_apt(name, cause):
    """Recorded through a shell that ended with 0; apt itself ends with 100 in both cases."""
    run = transcript(name, "host").said
    assert classify(run._replace(tool="apt-get", code=100), "apt") == (cause,)
