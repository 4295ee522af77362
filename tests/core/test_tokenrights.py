"""An API token beside its user, and what would help: every fix does what it says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.core.aclindex import permissions_of
from pve_auth_tui.core.errors import AuthTuiError, Refused, UsageError
from pve_auth_tui.core.predict import forecast
from pve_auth_tui.core.snapshot import Part, TokenSecrets
from pve_auth_tui.core.why.tokenrights import rights_lines, table_lines, token_rights
from pve_auth_tui.services.snapshots import SnapshotService
from pve_auth_tui.simnode.demo import DEMO_NOW, demo_tree
from tests.core.pictures import NOW, picture
from tests.core.random_pictures import pictures

ANN = "user:ann@pve:1:0:::::"
CI = "token:ann@pve!ci:0:1::"
FULL = "ann@pve!ci"
AUDITOR = "acl:1:/:ann@pve:PVEAuditor:"


def rights(*lines, **parts):
    return token_rights(picture(*lines, **parts), FULL, now=NOW)


def told(found):
    return [f"{fix.title}: {fix.effect}" for fix in found.fixes]


def texts(lines):
    return [" ".join(filter(None, (line.heading, line.word, line.text))) for line in lines]


def after(snapshot, fix):
    foretold = forecast(snapshot, fix.intent(snapshot).steps, now=NOW)
    assert foretold.problems == ()
    return foretold.snapshot


# --- side by side -------------------------------------------------------------------------


def test_the_roles_of_both_stand_beside_what_the_token_gets():
    found = rights(
        ANN,
        CI,
        "group:ops:ann@pve::",
        "acl:1:/:ann@pve:PVEAuditor:",
        "acl:1:/vms:@ops:PVEVMUser,PVEVMAdmin:",
        "acl:1:/vms/100:ann@pve!ci:PVEVMUser:",
        "acl:1:/storage:ann@pve!ci:PVEDatastoreAdmin:",
    )
    assert [tuple(place) for place in found.places] == [
        ("/", "PVEAuditor", "no entry", "nothing"),
        ("/storage", "inherited", "PVEDatastoreAdmin", "look"),
        ("/vms", "PVEVMAdmin +1", "no entry", "nothing"),
        ("/vms/100", "inherited", "PVEVMUser", "use"),
    ]


def test_a_role_through_a_pool_is_said_to_be_so():
    found = rights(
        ANN, CI, "pool:lab::100:::", "acl:1:/pool/lab:ann@pve:PVEVMUser:",
        "acl:1:/vms/100:ann@pve!ci:PVEVMUser:",
    )  # fmt: skip
    assert ("/vms/100", "by its pool", "PVEVMUser", "use") in found.places


def test_a_long_table_is_cut_and_says_so():
    found = rights(ANN, CI, *(f"acl:1:/vms/{100 + n}:ann@pve:PVEVMUser:" for n in range(9)))
    lines = texts(table_lines("ann@pve", found.places, 3))
    assert len(lines) == 5
    assert lines[-1] == "and 6 more paths"


def test_root_has_everything_and_its_token_what_its_entries_say():
    found = token_rights(picture("token:root@pam!ci:0:1::"), "root@pam!ci", now=NOW)
    assert found.places == (("/", "everything", "no entry", "nothing"),)
    assert told(found) == [
        "give the token PVEAuditor on /: it then sees ALL",
        "give the token Administrator on /: it then sees what root@pam sees",
        "switch privilege separation off: it then IS root@pam, also later",
    ]


# --- fixes ----------------------------------------------------------------------------------


def test_a_token_that_sees_nothing_is_given_what_its_user_has():
    found = rights(ANN, CI, AUDITOR)
    assert told(found) == [
        "give the token PVEAuditor on /: it then sees what ann@pve sees",
        "switch privilege separation off: it then IS ann@pve, also later",
    ]
    assert texts(rights_lines(found))[2:] == [
        "Logs in yes.",
        "Sees LOOK nothing: every list comes back empty, without an error. Privilege separation is"
        " on and it has no ACL of its own.",
    ]


def test_a_token_with_all_that_its_user_has_needs_no_fix():
    found = rights(ANN, CI, AUDITOR, "acl:1:/:ann@pve!ci:PVEAuditor:")
    assert found.fixes == ()


def test_nothing_helps_a_token_whose_user_has_no_rights():
    assert rights(ANN, CI).fixes == ()


def test_without_separation_the_fix_is_to_separate_it_and_lose_nothing():
    made = picture(ANN, "token:ann@pve!ci:0:0::", AUDITOR)
    found = token_rights(made, FULL, now=NOW)
    assert found.places == ()
    assert told(found) == [
        "switch privilege separation on, with the roles of ann@pve: it keeps what it has, without "
        "what ann@pve gets later"
    ]
    assert texts(rights_lines(found)) == [
        "Priv. Sep. off: ann@pve!ci may do all that ann@pve may, also later.",
        "Logs in yes.",
        "Sees ALL.",
    ]
    then = after(made, found.fixes[0])
    assert then.access.value.users["ann@pve"].tokens["ci"].privsep


@pytest.mark.parametrize(
    ("user", "token", "fix"),
    [
        ("user:ann@pve:0:0:::::", CI, "enable ann@pve"),
        ("user:ann@pve:1:9:::::", CI, "let ann@pve never expire"),
        (ANN, "token:ann@pve!ci:9:1::", "let ann@pve!ci never expire"),
    ],
)
def test_what_keeps_it_out_comes_first(user, token, fix):
    found = rights(user, token, AUDITOR)
    assert told(found)[0] == f"{fix}: it then logs in"
    assert texts(rights_lines(found))[-1].startswith("Logs in LOOK no. ")


def test_a_fix_that_is_not_enough_alone_says_what_is_left():
    found = rights("user:ann@pve:0:0:::::", "token:ann@pve!ci:9:1::", AUDITOR)
    assert told(found)[0].startswith("enable ann@pve: still not enough: The API token has expired")


def test_what_a_fix_shows_to_a_token_that_is_not_let_in_yet_is_told_as_if_it_were():
    admin = "acl:1:/:ann@pve:Administrator:"
    found = rights(ANN, "token:ann@pve!ci:9:1::", admin)
    assert "give the token PVEAuditor on /: it then sees ALL" in told(found)


def test_a_token_without_a_secret_gets_a_new_one():
    found = rights(ANN, CI, AUDITOR, token_secrets=TokenSecrets(frozenset()))
    assert told(found)[0] == "give ann@pve!ci a new secret: it then logs in"


def test_a_token_that_is_not_there_or_not_read_is_refused():
    with pytest.raises(UsageError):
        rights(ANN)
    with pytest.raises(Refused):
        token_rights(replace(picture(), access=Part(None, "files", NOW)), FULL, now=NOW)


@settings(max_examples=80, deadline=None)
@given(pictures())
def test_whatever_a_fix_promises_is_so_afterwards(made):
    access = made.access.value
    for userid, user in access.users.items():
        for name in user.tokens:
            full = f"{userid}!{name}"
            try:
                fixes = token_rights(made, full, now=NOW).fixes
            except AuthTuiError:
                continue
            for fix in fixes:
                then = after(made, fix)
                engine = permissions_of(then.access.value)
                same = engine.all_paths(full) == engine.all_paths(userid)
                if "what" in fix.effect or "it then IS" in fix.effect:
                    assert same, fix
                elif fix.effect == "it then logs in":
                    assert token_rights(then, full, now=NOW).usable.ok


def test_the_demos_blind_token_has_the_two_fixes_of_its_story():
    snapshot = SnapshotService(demo_tree(), FixedClock(DEMO_NOW)).load()
    found = token_rights(snapshot, "mon@pve!grafana", now=DEMO_NOW)
    assert told(found) == [
        "give the token PVEAuditor on /: it then sees what mon@pve sees",
        "switch privilege separation off: it then IS mon@pve, also later",
    ]
