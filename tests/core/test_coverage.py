"""How well second factors cover the users: each finding, where it is said, and where it is not."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from pve_auth_tui.core.coverage import findings, findings_of
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.lists import listing
from pve_auth_tui.core.proofs import How, Mark
from pve_auth_tui.core.snapshot import Datacenter, Part
from tests.core.pictures import CORP, DAY, ENTRA, NOW, PAM, PVE, factor, factors, picture
from tests.core.random_pictures import pictures

PEOPLE = (
    "user:boss@pve:1:0:::::",
    "user:anna@corp:1:0:::::",
    "user:o@entra:1:0:::::",
    "user:off@pve:0:0:::::",
    f"user:old@pve:1:{int(NOW) - DAY}:::::",
    "group:admins:boss@pve,off@pve,old@pve::",
    "acl:1:/:@admins:Administrator:",
)
SAFE = factors(
    "root@pam", factor("webauthn", "k"), factor("totp", "p"), factor("recovery", unused=9)
)
FULL = (factor("webauthn", "k"), factor("totp", "p"), factor("recovery", unused=9))
OATH = Realm("pve", "pve", {"tfa": "type=oath"})
YUBICO = Realm("pve", "pve", {"tfa": "type=yubico,id=1,key=a2V5"})


def said(*tfa, realms=(PAM, PVE, CORP, ENTRA), proofs=None, **parts):
    """(userid, kind, word, entry) of everybody but root@pam, who has all that one can have."""
    made = picture(*PEOPLE, tfa=[SAFE, *tfa], realms=realms, **parts)
    made = replace(made, proofs=proofs or {})
    return [
        (each.userid, each.kind, each.finding.word, each.entry)
        for each in findings(made, NOW)
        if each.userid != "root@pam" and each.kind != "unproved"
    ]


def of_boss(*entries, **more):
    return [each[1:] for each in said(factors("boss@pve", *entries), **more)]


def test_an_administrator_through_a_group_without_a_second_factor():
    assert said() == [("boss@pve", "without", "LOOK", "")]
    (found,) = findings_of(picture(*PEOPLE), "boss@pve", NOW)
    assert found.finding.text == (
        "administrator through group admins without a second factor: the password alone is enough"
    )
    assert found.finding.target.key == "boss@pve "


def test_who_cannot_log_in_and_who_is_no_administrator_is_not_reproached():
    assert said(factors("off@pve", factor("totp", "x")), factors("boss@pve", *FULL)) == []
    assert said(factors("anna@corp", factor("totp", "x")), factors("boss@pve", *FULL)) == []


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        (FULL, []),
        ([factor("totp", "p")], [("single", "LOOK", "totp-p")]),
        ([factor("recovery", unused=9)], [("single", "LOOK", "")]),
        (
            [factor("totp", "p"), factor("webauthn", "k", enable=False)],
            [("single", "LOOK", "totp-p")],
        ),
        ([factor("totp", "p"), factor("webauthn", "k")], [("no-recovery", "-", "")]),
        ([factor("totp", "p"), factor("recovery", unused=4)], []),
        ([factor("totp", "p"), factor("recovery", unused=3)], [("low", "LOOK", "recovery")]),
        (
            [factor("totp", "p"), factor("recovery", unused=0)],
            [("single", "LOOK", "totp-p"), ("used-up", "LOOK", "recovery")],
        ),
        ([factor("recovery", unused=0)], [("used-up", "BAD", "")]),
        ([factor("totp", "p"), factor("recovery")], []),  # PVE's API does not tell how many
        ([factor("totp", "p", enable=False)], [("disabled", "LOOK", "")]),
        (
            [factor("totp", "p"), factor("webauthn", "k"), factor("yubico", "y")],
            [("no-recovery", "-", ""), ("realm-only", "LOOK", "yubico-y")],
        ),
        ([factor("u2f", "old")], [("single", "LOOK", "u2f-old")]),
        (
            [factor("yubico", "y")],
            [("unusable", "BAD", ""), ("realm-only", "LOOK", "yubico-y")],
        ),
    ],
)  # fmt: skip
def test_what_an_administrator_has_to_lose(entries, found):
    assert of_boss(*entries) == found


def test_beside_a_locked_factor_the_other_one_is_told_at_its_own_row():
    tfa = factors("boss@pve", factor("totp", "p"), factor("webauthn", "k"), locked=True)
    assert ("boss@pve", "single", "LOOK", "webauthn-k") in said(tfa)
    texts = [one.finding.text for one in findings_of(picture(*PEOPLE, tfa=[tfa]), "boss@pve", NOW)]
    told = "the only one that works now, and no recovery keys: without it there is no way in"
    assert told in texts


def test_locks_come_first():
    tfa = factors("boss@pve", *FULL, locked=True)
    assert said(tfa) == [("boss@pve", "locked", "BAD", "")]


@pytest.mark.parametrize("webauthn", [{}, {"rp": "Rack"}, {"rp": "R", "id": "10.0.0.1"}])
def test_keys_alone_while_the_settings_are_unusable(webauthn):
    datacenter = Datacenter({"webauthn": webauthn} if webauthn else {})
    alone = of_boss(factor("webauthn", "k"), datacenter=datacenter)
    assert alone == [("settings", "BAD", ""), ("key-settings", "LOOK", "webauthn-k")]
    beside = of_boss(*FULL, datacenter=datacenter)
    assert beside == [("key-settings", "LOOK", "webauthn-k")]


def test_which_release_lets_them_in_and_which_does_not_is_told():
    made = picture(
        *PEOPLE, tfa=[factors("boss@pve", factor("webauthn", "k"))], datacenter=Datacenter({})
    )
    fix = next(x.finding.fix for x in findings(made, NOW) if x.kind == "settings")
    assert "since proxmox-tfa 6.0.5" in fix


@pytest.mark.parametrize(
    ("realm", "entries", "found"),
    [
        (OATH, FULL, [("realm-only", "LOOK", "webauthn-k")]),
        (OATH, [factor("webauthn", "k")],
         [("realm", "BAD", ""), ("realm-only", "LOOK", "webauthn-k")]),
        (OATH, [], [("realm", "BAD", "")]),
        (YUBICO, [factor("yubico", "y"), factor("recovery", unused=9)], []),
        (YUBICO, [factor("totp", "p")],
         [("realm", "BAD", ""), ("realm-only", "LOOK", "totp-p")]),
    ],
)  # fmt: skip
def test_what_a_realm_demands(realm, entries, found):
    assert of_boss(*entries, realms=(PAM, realm, CORP, ENTRA)) == found


def test_factors_of_openid_users_are_never_asked_for_and_ghosts_keep_theirs():
    found = said(
        factors("boss@pve", *FULL), factors("o@entra", factor("totp", "x")),
        factors("gone@pve", factor("totp", "x")),
    )  # fmt: skip
    assert found == [("gone@pve", "ghost", "LOOK", ""), ("o@entra", "idp", "LOOK", "")]


# --- what this program has seen ------------------------------------------------------------


def mark(how=How.LOGIN, rp_id="example.com", counter=8):
    return {
        ("boss@pve", "webauthn-k"): Mark("boss@pve", "webauthn-k", how, NOW, "pve1", rp_id, counter)
    }


def with_counter(counter):
    return replace(factor("webauthn", "k"), data={"cred_id": "x", "counter": counter})


@pytest.mark.parametrize(
    ("seen", "stored", "found"),
    [
        (mark(), 7, []),
        (mark(rp_id="old.example.com"), 7, [("old-id", "LOOK", "webauthn-k")]),
        (mark(How.ENROLLED, "old.example.com"), 7, [("old-id", "LOOK", "webauthn-k")]),
        (mark(rp_id=""), 7, []),
        (mark(counter=7), 7, [("counter", "LOOK", "webauthn-k")]),
        (mark(counter=0), 0, []),  # a key that does not count
        (mark(counter=0), 7, [("counter", "LOOK", "webauthn-k")]),
        (mark(How.ENROLLED, counter=0), 7, []),
        ({}, 7, []),
    ],
)
def test_keys_that_were_seen(seen, stored, found):
    entries = (with_counter(stored), factor("totp", "p"), factor("recovery", unused=9))
    assert of_boss(*entries, proofs=seen) == found


@pytest.mark.parametrize(
    ("seen", "found"), [({}, True), (mark(How.ENROLLED), True), (mark(How.SIGNATURE), False)]
)
def test_keys_that_nobody_has_seen_work_are_told_without_alarm(seen, found):
    made = replace(picture(*PEOPLE, tfa=[factors("boss@pve", *FULL)]), proofs=seen)
    kinds = {each.kind: each.finding.word for each in findings_of(made, "boss@pve", NOW)}
    assert ("unproved" in kinds) is found
    assert kinds.get("unproved", "-") == "-"


# --- root@pam ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        (FULL, set()),
        ([factor("webauthn", "k"), factor("webauthn", "l")], {"no-recovery", "root-typed"}),
        ([factor("totp", "p"), factor("recovery", unused=9)], {"root-key"}),
        ([factor("webauthn", "k"), factor("recovery", unused=9)], set()),
        ([], {"without"}),
    ],
)
def test_root_needs_one_thing_to_type_and_one_that_works_without_quorum(entries, found):
    made = picture(tfa=[factors("root@pam", *entries)])
    assert {each.kind for each in findings(made, NOW)} - {"unproved"} == found


# --- always ------------------------------------------------------------------------------


def test_nothing_is_concluded_from_what_is_not_shown():
    made = picture(*PEOPLE)
    unread = Part(None, "files", NOW, "tfa.cfg cannot be read.")
    assert findings(replace(made, restricted=True), NOW) == ()
    assert findings(replace(made, tfa=unread), NOW) == ()
    assert findings(replace(made, access=unread), NOW) == ()
    assert findings_of(replace(made, access=unread), "boss@pve", NOW) == ()


@given(pictures())
@settings(deadline=None, max_examples=60)
def test_every_finding_leads_to_a_row_that_is_marked_to_look_at(made):
    rows = {row.key: row for row in listing("tfa").rows(made, NOW)}
    for each in findings(made, NOW):
        row = rows[each.finding.target.key]
        assert each.finding.target.listing == "tfa"
        assert each.finding.word == "-" or row.fields["look"] == "yes"
        assert not each.finding.text.endswith(".")
        assert each in findings_of(made, each.userid, NOW)
