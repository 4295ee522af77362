"""Every cause has words: what is wrong, what it means, what to do."""

import re

import pytest

from pve_auth_tui.core.join import seen
from pve_auth_tui.core.join.causes import JoinCause as C
from pve_auth_tui.core.join.model import JoinCheck, Topic
from pve_auth_tui.core.join.words import SAID, advice, advice_of
from pve_auth_tui.core.join.words_after import AFTER
from pve_auth_tui.core.join.words_before import BEFORE
from pve_auth_tui.core.join.words_join import DURING
from pve_auth_tui.core.realmtest.report import Fact

LONGEST = 175  # two lines and a half at 80 columns
EVERY = pytest.mark.parametrize("cause", C, ids=lambda cause: cause.value)


@EVERY
def test_every_cause_is_told_once(cause):
    assert sum(cause in part for part in (BEFORE, DURING, AFTER)) == 1


@EVERY
def test_it_says_what_what_it_means_and_what_to_do(cause):
    told = advice(cause)
    assert told.what.endswith(".")
    assert told.now.endswith((".", ")"))
    assert told.fixes
    assert all(fix.text and not fix.text.endswith(".") for fix in told.fixes)


@EVERY
def test_it_is_short(cause):
    told = advice(cause)
    assert len(told.what) <= LONGEST
    assert len(told.now) <= LONGEST
    assert all(len(fix.text) <= 100 for fix in told.fixes)


@EVERY
def test_nobody_is_blamed_and_nothing_shouts(cause):
    told = advice(cause)
    text = " ".join((told.what, told.now, *(fix.text for fix in told.fixes)))
    assert "!" not in text
    assert not re.search(
        r"\b(invalid|illegal|you (must|should|forgot|failed)|please)\b", text, re.I
    )


@EVERY
def test_nothing_is_left_to_be_filled_in(cause):
    """Whatever is known: nothing at all, or names that look like a place to fill in."""
    for context in ({}, {"domain": "{ou}", "user": "{0}", "computer": ""}):
        told = advice(cause, **context)
        text = " ".join((told.what, told.now, *(fix.text for fix in told.fixes)))
        assert "{" not in text.replace("{ou}", "").replace("{0}", "")


def test_where_nobody_of_the_domain_gets_in_root_does():
    for cause in (C.SSSD_DEAD, C.SSSD_CONFIG, C.START_LIMIT, C.TRUST_BROKEN, C.NOBODY_MAY):
        assert "root@pam" in advice(cause).now


def test_what_stops_a_join_says_what_came_of_it():
    for cause in (C.WRONG_PASSWORD, C.NO_RIGHT, C.OU_MISSING, C.NO_KDC, C.NO_LDAP):
        assert "Nothing was joined" in advice(cause).now


def test_a_sentence_begins_with_a_capital_unless_a_name_does():
    assert advice(C.NOT_MEMBER).what.startswith("This node is not joined")
    assert advice(C.NOT_MEMBER, node="pve1").what.startswith("pve1 is not joined")


def test_a_wrong_password_is_never_tried_again():
    told = advice(C.WRONG_PASSWORD, user="ann")
    assert "ann" in told.what
    assert "Nothing is tried again by itself" in told.now
    assert "locks" in told.now


def test_what_realm_says_wrongly_is_corrected():
    assert "which is not so" in advice(C.DC_NAME_OTHER).now


def test_a_check_brings_what_was_seen():
    facts = (
        Fact(seen.COMPUTER, "PVE1"),
        Fact(seen.HOLDER, "pve1.old.example.com"),
        Fact(seen.PASSWORD_SET, "9 d ago"),
        Fact(seen.PROPOSED, "PVE1-RACK"),
    )
    check = JoinCheck(Topic.ACCOUNT, "BAD", "x", (C.ACCOUNT_OF_OTHER,), facts)
    told = advice_of(check, domain="ad.example.com", computer="ELSE")
    assert told.what == ("PVE1$ belongs to pve1.old.example.com; its password was set 9 d ago.")
    first, second = told.fixes
    assert (first.kind, first.value) == ("computer", "PVE1-RACK")
    assert (second.kind, second.value) == ("take-over", "")


def test_several_causes_are_told_together_and_each_fix_once():
    check = JoinCheck(Topic.PACKAGES, "LOOK", "x", (C.PACKAGES_UPGRADE, C.PACKAGES_MISSING))
    told = advice_of(check)
    assert told.what.index("apt would change") < told.what.index("Not installed")
    assert len({fix.text for fix in told.fixes}) == len(told.fixes)


def test_a_check_without_a_cause_says_its_own_text():
    assert advice_of(JoinCheck(Topic.SUDO, "ok", "none are taken")).what == "none are taken"


def test_every_name_that_is_filled_in_is_known():
    """A fact's heading, or what the wish says."""
    wish = {"domain", "user", "ou"}
    named = set(seen.CONTEXT.values()) | wish
    for said in SAID.values():
        texts = (said.what, said.now, *(text for text, _ in said.fixes))
        assert set(re.findall(r"{(\w+)}", " ".join(texts))) <= named
