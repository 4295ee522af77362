"""Each row of the proof after a join."""

from dataclasses import dataclass

import pytest

from pve_auth_tui.core.join.access import access
from pve_auth_tui.core.join.causes import JoinCause as C
from pve_auth_tui.core.join.model import Membership, Topic
from pve_auth_tui.core.join.realmd import parse
from pve_auth_tui.core.join.validation import (
    homes,
    lookup,
    may,
    member,
    must_not,
    policy,
    properties,
    service,
    trust,
    unnamed,
)
from tests.core.replay import SUITES, said, told

AD = "ad.lab.test"


def listing(name, suite="trixie"):
    return parse(said(name, suite).out)


@pytest.mark.parametrize("suite", SUITES)
def test_membership(suite):
    check = member(listing("list-joined", suite), AD)
    assert (check.word, check.text) == ("ok", "a member of AD.LAB.TEST")
    for name, domain in (("list-unjoined", AD), ("list-joined", "other.test")):
        assert member(listing(name, suite), domain).causes == (C.NOT_MEMBER,)


@dataclass
class Shown:
    state: str
    result: str = "success"

    @property
    def active(self):
        return told("systemctl", 0 if self.state == "active" else 3, self.state)


@pytest.mark.parametrize(
    ("shown", "word", "causes"),
    [
        (Shown("active"), "ok", ()),
        (Shown("inactive"), "BAD", (C.SSSD_DEAD,)),
        (Shown("failed", "exit-code"), "BAD", (C.SSSD_CONFIG,)),
        (Shown("failed", "start-limit-hit"), "BAD", (C.START_LIMIT,)),
    ],
)
def test_sssd(shown, word, causes):
    """As systemd tells it: ActiveState and Result."""
    told_by = properties([f"ActiveState={shown.state}", f"Result={shown.result}", "nonsense"])
    check = service(shown.active, told_by)
    assert (check.topic, check.word, check.causes) == (Topic.SSSD, word, causes)


def test_sssd_that_nothing_is_told_of():
    assert service(told("systemctl", 4)).causes == (C.SSSD_DEAD,)


@pytest.mark.parametrize("suite", SUITES)
def test_trust(suite):
    assert trust(said("testjoin", suite)).word == "ok"
    away = trust(said("testjoin-outage", suite))
    assert (away.word, away.causes) == ("LOOK", (C.TRUST_UNKNOWN,))


def test_a_computer_that_the_domain_does_not_know_any_more():
    check = trust(said("clock+4000000-testjoin"))
    assert (check.word, check.causes) == ("BAD", (C.TRUST_BROKEN,))


@pytest.mark.parametrize(
    ("name", "besides", "word", "causes"),
    [
        ("list-joined", {}, "BAD", (C.OPEN_TO_ALL,)),  # as a plain realm join leaves it
        ("list-denied", {}, "LOOK", (C.NOBODY_MAY,)),
        ("list-permitted", {}, "ok", ()),
        ("list-permitted", {"snippet": True}, "BAD", (C.NOBODY_MAY,)),
        ("list-permitted", {"elsewhere": ("/x",)}, "BAD", (C.ACCESS_ELSEWHERE,)),
    ],
)
def test_who_may_log_in(name, besides, word, causes):
    (membership,) = listing(name)
    check = policy(membership, **besides)
    assert (check.word, check.causes) == (word, causes)


def test_who_may_in_words():
    (membership,) = listing("list-permitted")
    text = policy(membership).text
    assert text == "1 user and 1 group may log in: alice@ad.lab.test and ProxmoxAdmins@ad.lab.test"


@pytest.mark.parametrize("word", ["allow-any-login", "", "a word that is new"])
def test_whatever_realmd_does_not_know_as_closed_is_open(word):
    """Another access provider, or none at all: sssd then lets everybody in."""
    assert policy(Membership(AD, policy=word)).causes == (C.OPEN_TO_ALL,)


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        ("simple_allow_users = $\n", C.NOBODY_MAY),  # realmd's own way to write nobody
        ("", C.OPEN_TO_ALL),
        ("simple_allow_users =\n", C.OPEN_TO_ALL),
    ],
)
def test_lists_that_are_empty(lines, cause):
    """realmd lists nobody in each case; sssd takes an empty list for everybody."""
    found = access(f"[domain/{AD}]\naccess_provider = simple\n{lines}", AD)
    member = Membership(AD, policy="allow-permitted-logins")
    assert policy(member, found=found).causes == (cause,)


def test_permitted_names_without_any_name_let_nobody_in():
    check = policy(Membership(AD, policy="allow-permitted-logins"))
    assert check.causes == (C.NOBODY_MAY,)


@pytest.mark.parametrize("suite", SUITES)
def test_names(suite):
    assert lookup("alice", said("id-ok", suite)).word == "ok"
    unknown = lookup("nobody-here", said("id-unknown", suite))
    assert (unknown.word, unknown.causes) == ("BAD", (C.NAME_NOT_FOUND,))
    perhaps = lookup("bob", said("id-uncached-outage", suite))
    assert (perhaps.word, perhaps.causes) == ("LOOK", (C.NAME_OFFLINE,))


@pytest.mark.parametrize("suite", SUITES)
def test_one_who_may_and_one_who_must_not(suite):
    yes, no = said("sssctl-user", suite), said("sssctl-user-denied", suite)
    assert may("alice", yes).word == "ok"
    assert may("bob", no).causes == (C.REFUSED_LOGIN,)
    assert must_not("bob", no).word == "ok"
    wrong = must_not("alice", yes)
    assert (wrong.word, wrong.causes) == ("BAD", (C.WRONGLY_ALLOWED,))


@pytest.mark.parametrize("suite", ["lab-bookworm", "lab-trixie"])
def test_somebody_unknown_proves_nothing(suite):
    """PAM says "Authentication failure" of nobody, too."""
    unknown = said("login-unknown", suite)
    assert must_not("nobody-here", unknown).word == "LOOK"
    assert may("nobody-here", unknown).word == "BAD"
    assert must_not("alice", said("login-sssd-stopped", suite)).word == "LOOK"
    assert must_not("alice", said("login-nobody", suite)).word == "ok"
    assert must_not("bob", told("sssctl", None)).word == "LOOK"


def test_an_error_of_pam_is_no_refusal():
    error = told("sssctl", 0, "", "pam_acct_mgmt: System error")
    for check in (may("bob", error), must_not("bob", error)):
        assert (check.word, check.text) == (
            "LOOK",
            "bob: PAM says System error, which proves nothing",
        )


def test_homes_and_rows_without_a_name():
    assert homes(made=True).word == "ok"
    assert homes(made=False).causes == (C.NO_HOMES,)
    unwanted = homes(made=False, wanted=False)
    assert (unwanted.word, unwanted.causes) == ("ok", ())
    assert unnamed(Topic.MAY).word == "-"
