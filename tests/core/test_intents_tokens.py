"""API Tokens as calls: added, edited, with a new secret, and with the rights of their user."""

import pytest
from hypothesis import given, settings

from pve_auth_tui.core.accessdata import AclEntry
from pve_auth_tui.core.aclindex import permissions_of
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.intents import tokens
from pve_auth_tui.core.planning import make_plan
from pve_auth_tui.core.predict import forecast
from pve_auth_tui.core.snapshot import Cluster
from tests.core.pictures import NOW, picture
from tests.core.random_pictures import pictures
from tests.core.test_intents import notes, refusal, steps

ANN = "user:ann@pve:1:0:::::"
OFF = "user:ann@pve:0:0:::::"
CI = "token:ann@pve!ci:1700000000:1:builds:"
AUDITOR = "acl:1:/:ann@pve:PVEAuditor:"
FULL = "ann@pve!ci"
PATH = "/access/users/ann@pve/token/ci"


def of_release(release, *lines):
    return picture(*lines, cluster=Cluster("pve1", None, True, access_control=release))


# --- add --------------------------------------------------------------------------------


def test_a_token_is_added_with_privilege_separation():
    draft = tokens.add("ann@pve", "ci", comment="builds", expire=1700000000)(picture(ANN))
    assert draft.title == "add API token ann@pve!ci"
    assert steps(
        tokens.add("ann@pve", "ci", comment="builds", expire=1700000000), picture(ANN)
    ) == [f"POST {PATH} privsep=1 expire=1700000000 comment=builds"]
    assert notes(draft) == []


def test_a_token_is_added_with_the_roles_of_its_user_on_the_same_paths():
    made = picture(ANN, "group:ops:ann@pve::", AUDITOR, "acl:0:/vms/100:@ops:PVEVMUser,PVEVMAdmin:")
    assert steps(tokens.add("ann@pve", "ci", same_rights=True), made) == [
        f"POST {PATH} privsep=1",
        "PUT /access/acl path=/ roles=PVEAuditor tokens=ann@pve!ci propagate=1",
        "PUT /access/acl path=/vms/100 roles=PVEVMAdmin,PVEVMUser tokens=ann@pve!ci propagate=0",
    ]


def test_a_token_that_is_there_a_bad_name_and_nobody_are_refused():
    made = picture(ANN, CI)
    there = "The API token ann@pve!ci exists already."
    assert refusal(tokens.add("ann@pve", "ci"), made, UsageError) == there
    assert "at least 2 characters" in refusal(tokens.add("ann@pve", "x"), made, UsageError)
    assert refusal(tokens.add("bob@pve", "ci"), made, UsageError) == "There is no user bob@pve."


def test_rights_of_its_own_make_no_sense_without_separation_or_without_any():
    both = tokens.add("ann@pve", "ci", privsep=False, same_rights=True)
    assert "would not count" in refusal(both, picture(ANN, AUDITOR), UsageError)
    none = tokens.add("ann@pve", "ci", same_rights=True)
    assert "has no ACL entries" in refusal(none, picture(ANN), UsageError)


def test_what_is_worth_a_look_at_a_new_token_is_said():
    draft = tokens.add("ann@pve", "ci", privsep=False)(picture(OFF))
    assert notes(draft) == [
        "LOOK ann@pve is disabled: PVE refuses ann@pve!ci until it is enabled.",
        "LOOK ann@pve!ci is ann@pve: it has all its rights, and those that it gets later.",
    ]
    assert notes(tokens.add("ann@pve", "ci")(picture("user:ann@pve:1:9:::::"))) == [
        "LOOK ann@pve has expired: PVE refuses ann@pve!ci until it expires later."
    ]
    assert notes(tokens.add("root@pam", "all", privsep=False)(picture())) == [
        "LOOK root@pam!all is root@pam: whoever has its secret may do everything."
    ]


def test_roots_rights_stand_in_no_entry():
    assert steps(tokens.add("root@pam", "ci", same_rights=True), picture())[1:] == [
        "PUT /access/acl path=/ roles=Administrator tokens=root@pam!ci propagate=1"
    ]


# --- the same rights ----------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(pictures())
def test_with_its_users_entries_a_token_never_gets_more_and_mostly_the_same(made):
    """PVE cuts a token's privileges to its user's; the entries that hide others hide no less."""
    access = made.access.value
    for userid in sorted(access.users):
        if userid == "root@pam" or not tokens.same_entries(made, userid):
            continue
        try:
            draft = tokens.add(userid, "made-new", same_rights=True)(made)
        except UsageError:
            continue
        after = forecast(made, draft.steps, now=NOW)
        if after.problems or after.unforeseen or draft.notes:
            continue
        engine = permissions_of(after.snapshot.access.value)
        theirs = engine.all_paths(userid)
        for path, privileges in engine.all_paths(f"{userid}!made-new").items():
            assert set(privileges) <= set(theirs[path])


def test_where_a_users_own_entry_is_not_passed_on_that_of_its_group_is_below():
    made = picture(
        ANN,
        "group:ops:ann@pve::",
        "acl:0:/vms:ann@pve:PVEVMAdmin:",
        "acl:1:/vms:@ops:PVEVMUser:",
        "acl:1:/vms/100:@ops:PVEAuditor:",
    )
    draft = tokens.add("ann@pve", "ci", same_rights=True)(made)
    engine = permissions_of(forecast(made, draft.steps, now=NOW).snapshot.access.value)
    for path in ("/vms", "/vms/100", "/vms/200"):
        assert engine.privileges(FULL, path) == engine.privileges("ann@pve", path)


def test_a_path_that_this_pve_gives_no_rights_on_is_left_out_and_said():
    made = of_release("7.4-2", ANN, AUDITOR, "acl:1:/mapping/pci:ann@pve:PVEAuditor:")
    draft = tokens.add("ann@pve", "ci", same_rights=True)(made)
    assert len(draft.steps) == 2
    assert notes(draft) == [
        "LOOK Nothing is given on /mapping/pci: this PVE makes no entry there any more."
    ]


def test_a_token_is_given_what_its_user_has_or_something_else():
    made = picture(ANN, CI, AUDITOR)
    call = "PUT /access/acl path=/ roles=PVEAuditor tokens=ann@pve!ci propagate=1"
    assert steps(tokens.give(FULL), made) == [call]
    assert tokens.give(FULL)(made).title == "give ann@pve!ci what ann@pve has"
    given = tokens.give(FULL, [AclEntry("/vms", "user", "", "PVEVMUser", propagate=False)])(made)
    assert given.title == "give ann@pve!ci PVEVMUser on /vms"
    assert given.steps[0].params["propagate"] == 0


def test_separation_comes_on_behind_the_rights():
    made = picture(ANN, "token:ann@pve!ci:0:0::", AUDITOR)
    assert steps(tokens.separate(FULL), made) == [
        "PUT /access/acl path=/ roles=PVEAuditor tokens=ann@pve!ci propagate=1",
        f"PUT {PATH} privsep=1",
    ]
    assert "is on already" in refusal(tokens.separate(FULL), picture(ANN, CI), Refused)


# --- edit ---------------------------------------------------------------------------------


def test_only_what_differs_is_sent():
    made = picture(ANN, CI, "token:ann@pve!two:0:1::")
    intent = tokens.edit([FULL, "ann@pve!two", FULL], expire=0, privsep=True, comment="builds")
    assert steps(intent, made) == [
        f"PUT {PATH} expire=0",
        "PUT /access/users/ann@pve/token/two comment=builds",
    ]
    assert intent(made).title == "edit 2 API tokens"


def test_a_token_that_is_so_already_needs_no_call():
    made = picture(ANN, CI, "token:ann@pve!two:0:1::")
    draft = tokens.edit([FULL, "ann@pve!two"], comment="builds")(made)
    assert draft.already == ((FULL, "none, it is so already"),)
    assert refusal(tokens.edit([FULL], comment="builds"), made, Refused).endswith("so already.")
    assert refusal(tokens.edit([], comment="x"), made, UsageError) == "No API token was named."


@pytest.mark.parametrize(
    ("release", "call"), [("9.0.4", "delete=comment"), ("9.0.3", "comment="), ("8.2.2", "comment=")]
)
def test_a_comment_is_cleared_as_the_version_can(release, call):
    made = of_release(release, ANN, CI)
    assert steps(tokens.edit([FULL], comment=""), made) == [f"PUT {PATH} {call}"]
    after = forecast(made, tokens.edit([FULL], comment="")(made).steps, now=NOW)
    assert not after.problems
    assert not after.snapshot.access.value.users["ann@pve"].tokens["ci"].comment


def test_separation_switched_off_is_worth_a_look_and_on_is_not():
    off = tokens.edit([FULL], privsep=False)(picture(ANN, CI))
    assert notes(off) == [
        "LOOK ann@pve!ci is ann@pve: it has all its rights, and those that it gets later."
    ]
    on = tokens.edit([FULL], privsep=True)(picture(ANN, "token:ann@pve!ci:0:0::"))
    assert notes(on) == []


# --- a new secret ---------------------------------------------------------------------------


def test_a_version_that_can_gives_a_new_secret_and_leaves_the_rest():
    made = of_release("9.1.1", ANN, CI)
    assert steps(tokens.regenerate(FULL), made) == [f"PUT {PATH} regenerate=1"]
    assert notes(tokens.regenerate(FULL)(made)) == [
        "LOOK The old secret of ann@pve!ci stops working at once: whatever uses it gets 401 then."
    ]


def test_an_older_version_removes_the_token_and_makes_it_again_with_all_it_had():
    made = of_release(
        "9.0.5",
        ANN,
        CI,
        "acl:0:/vms/100:ann@pve!ci:PVEVMUser,PVEVMAdmin:",
        "acl:1:/vms:ann@pve!ci:PVEAuditor:",
        "acl:1:/:ann@pve:PVEAdmin:",
    )
    assert steps(tokens.regenerate(FULL), made) == [
        f"DELETE {PATH}",
        f"POST {PATH} privsep=1 expire=1700000000 comment=builds",
        "PUT /access/acl path=/vms roles=PVEAuditor tokens=ann@pve!ci propagate=1",
        "PUT /access/acl path=/vms/100 roles=PVEVMAdmin,PVEVMUser tokens=ann@pve!ci propagate=0",
    ]
    draft = tokens.regenerate(FULL)(made)
    assert "is removed and made again, with its values and 3 ACL entries." in notes(draft)[1]
    assert "If it stops half way" in draft.notes[1].fix
    plan = make_plan(tokens.regenerate(FULL), made, now=NOW)
    assert plan.changes == ((FULL, "new secret; what uses the old one stops at once"),)
    assert plan.back.lost == (f"The old secret of API token {FULL} does not come back.",)
    assert plan.after.access.value.acl == made.access.value.acl
    assert plan.after.access.value.users == made.access.value.users


def test_a_token_with_an_entry_that_could_not_be_made_again_is_not_removed():
    made = of_release("7.4-2", ANN, CI, "acl:1:/mapping/pci:ann@pve!ci:PVEAuditor:")
    text = refusal(tokens.regenerate(FULL), made, Refused)
    assert "this PVE makes no entry on /mapping/pci" in text


def test_a_new_secret_for_a_token_that_is_not_there_is_refused():
    assert "API token of ann@pve named no" in refusal(
        tokens.regenerate("ann@pve!no"), picture(ANN), UsageError
    )
