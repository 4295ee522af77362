"""Why somebody can or cannot: each rule of reference 3.2 and 3.3 by its name, told step by step.

That explanations agree with PVE in all cases is shown in test_explain_properties.py and in
tests/conformance; here stands what they say.
"""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.intents import removal
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.predict import forecast
from pve_auth_tui.core.snapshot import Part, TokenSecrets
from pve_auth_tui.core.why.compare import compare
from pve_auth_tui.core.why.explain import explain
from pve_auth_tui.core.why.tokenrights import token_rights
from pve_auth_tui.core.why.whatif import what_if
from pve_auth_tui.core.why.whocan import who_can
from tests.core.pictures import NOW, picture

GOLDEN = Path(__file__).parents[1] / "conformance" / "golden"
PEOPLE = (
    "user:ann@pve:1:0:::::",
    "user:bob@pve:1:0:::::",
    "user:ann@corp:1:0:::::",
    "token:ann@pve!full:0:0::",
    "token:ann@pve!own:0:1::",
    "token:root@pam!full:0:0::",
    "token:root@pam!own:0:1::",
    "group:ops:ann@pve,bob@pve::",
    "group:dev:ann@pve::",
    "role:Watch:VM.Audit:",
    "role:Power:VM.PowerMgmt:",
    "pool:lab::100:nfs:",
    "pool:lab/deep::102::",
)
WATCH, POWER = {"VM.Audit": True}, {"VM.PowerMgmt": True}


def house(*acl, **parts):
    """A picture of PEOPLE with these ACL lines, written like `1:/vms:@ops:Watch`."""
    guests = ((101, "web-01"), (100, "db"))
    return picture(*PEOPLE, *(f"acl:{line}:" for line in acl), guests=guests, **parts)


def told(*acl, who="ann@pve", where="/vms/101", privilege=""):
    return explain(house(*acl), who, where, privilege, now=NOW)


def table(found):
    """The steps as one reads them: path, entry, role, `YES` or `no`, why."""
    return [
        (step.path, step.entry, step.role, "YES" if step.counts else "no", step.why)
        for step in found.steps
    ]


NO_POOL = ("/pool", "none has guest 101", "", "no", "one would add roles")


# --- levels ----------------------------------------------------------------------------------


def test_pve_walks_from_the_root_of_the_tree_down_to_the_path():
    found = told("1:/:ann@pve:Watch", "1:/vms:ann@pve:Power", "1:/vms/101:ann@pve:Watch")
    assert [step.path for step in found.steps] == ["/", "/vms", "/vms/101", "/pool"]
    assert [dict(step.result) for step in found.steps] == [WATCH, POWER, WATCH, WATCH]


def test_a_level_that_gives_a_role_replaces_all_that_comes_from_above():
    found = told("1:/:ann@pve:Watch", "1:/vms:ann@pve:Power")
    assert table(found) == [
        ("/", "ann@pve", "Watch", "no", "replaced further down"),
        ("/vms", "ann@pve", "Power", "YES", "this decides"),
        NO_POOL,
    ]
    assert dict(found.allowed) == POWER


def test_a_role_applies_further_down_only_if_it_propagates():
    found = told("1:/:ann@pve:Watch", "0:/vms:ann@pve:Power")
    assert table(found) == [
        ("/", "ann@pve", "Watch", "YES", "this decides"),
        ("/vms", "ann@pve", "Power", "no", "not propagated"),
        NO_POOL,
    ]
    assert dict(found.allowed) == WATCH


def test_on_the_path_itself_a_role_applies_that_does_not_propagate():
    found = told("1:/:ann@pve:Watch", "0:/vms:ann@pve:Power", where="/vms")
    assert table(found)[-1] == ("/vms", "ann@pve", "Power", "YES", "this decides")
    assert dict(found.allowed) == {"VM.PowerMgmt": False}
    assert not found.propagates


def test_a_level_that_pve_passes_twice_is_told_of_once():
    found = told("1:/:ann@pve:Watch", where="//vms//101")
    assert table(found)[0] == ("/", "ann@pve", "Watch", "YES", "this decides")
    assert [step.kind for step in found.steps] == ["user"]


def test_entries_beside_the_way_are_not_told_of():
    found = told("1:/vms/102:ann@pve:Watch", "1:/storage:ann@pve:Watch", "1:/vms:bob@pve:Watch")
    assert table(found) == [("/vms/101", "ann@pve", "", "no", "no entry on the way"), NO_POOL]


# --- own entries and groups ------------------------------------------------------------------


def test_a_users_own_entry_comes_before_its_groups_on_the_same_path():
    found = told("1:/vms:@ops:Watch", "1:/vms:ann@pve:Power")
    assert table(found) == [
        ("/vms", "ann@pve", "Power", "YES", "this decides"),
        ("/vms", "@ops", "Watch", "no", "an own entry comes first"),
        NO_POOL,
    ]


def test_a_group_on_a_deeper_path_beats_the_users_own_entry_further_up():
    found = told("1:/:ann@pve:PVEAdmin", "1:/vms/101:@ops:PVEVMUser")
    assert table(found)[:2] == [
        ("/", "ann@pve", "PVEAdmin", "no", "replaced further down"),
        ("/vms/101", "@ops", "PVEVMUser", "YES", "this decides"),
    ]
    assert len(found.allowed) == 10


def test_pveadmin_on_the_root_and_a_group_with_noaccess_on_a_guest_come_to_nothing_there():
    found = told("1:/:ann@pve:PVEAdmin", "1:/vms/101:@ops:NoAccess", privilege="VM.Audit")
    assert not found.holds
    assert dict(found.allowed) == {}
    assert found.because == "NoAccess of @ops on /vms/101 wins over all else there."


def test_several_groups_on_one_level_are_merged():
    found = told("1:/vms:@ops:Watch", "1:/vms:@dev:Power")
    assert table(found) == [
        ("/vms", "@dev", "Power", "YES", "this decides"),
        ("/vms", "@ops", "Watch", "YES", "merged with @dev"),
        NO_POOL,
    ]
    assert dict(found.allowed) == WATCH | POWER


def test_several_roles_of_one_subject_on_one_level_are_merged():
    found = told("1:/vms:ann@pve:Power,Watch")
    assert [step.why for step in found.steps[:2]] == ["this decides", "merged with Power"]


def test_an_own_entry_that_is_not_passed_on_leaves_the_level_to_the_groups():
    found = told("0:/vms:ann@pve:Watch", "1:/vms:@ops:Power")
    assert table(found)[:2] == [
        ("/vms", "ann@pve", "Watch", "no", "not propagated"),
        ("/vms", "@ops", "Power", "YES", "this decides"),
    ]


def test_groups_one_is_not_in_do_not_count():
    assert told("1:/vms:@dev:Watch", who="bob@pve").steps[0].kind == "none"


# --- NoAccess --------------------------------------------------------------------------------


def test_where_noaccess_is_among_the_roles_only_noaccess_remains():
    found = told("1:/vms:@dev:Watch", "1:/vms:@ops:NoAccess")
    assert table(found)[:2] == [
        ("/vms", "@dev", "Watch", "no", "NoAccess wins"),
        ("/vms", "@ops", "NoAccess", "YES", "this decides"),
    ]
    assert dict(found.allowed) == {}


def test_below_noaccess_another_entry_gives_rights_again():
    found = told("1:/:ann@pve:NoAccess", "1:/vms:@ops:Watch")
    assert table(found)[0] == ("/", "ann@pve", "NoAccess", "no", "replaced further down")
    assert dict(found.allowed) == WATCH


def test_a_propagated_right_is_taken_away_deeper_down_by_noaccess_or_by_a_replacing_role():
    assert told("1:/:ann@pve:Watch", "1:/vms/101:ann@pve:NoAccess").allowed == {}
    assert dict(told("1:/:ann@pve:Watch", "1:/vms/101:ann@pve:Power").allowed) == POWER


# --- pools -----------------------------------------------------------------------------------


def test_roles_on_a_pool_are_added_on_its_members_and_do_not_propagate():
    found = told("1:/vms:ann@pve:Watch", "1:/pool/lab:@ops:Power", where="/vms/100")
    assert table(found) == [
        ("/vms", "ann@pve", "Watch", "YES", "this decides"),
        ("/pool/lab", "@ops", "Power", "YES", "pool lab adds it"),
    ]
    assert dict(found.allowed) == {"VM.Audit": True, "VM.PowerMgmt": False}
    assert found.because.endswith("Pool lab adds Power of @ops, which is not propagated.")


def test_a_right_on_the_root_reaches_a_pool_member_where_a_deeper_entry_replaces_it():
    found = told("1:/:ann@pve:Watch", "1:/vms/100:ann@pve:Power", where="/vms/100")
    assert table(found) == [
        ("/", "ann@pve", "Watch", "no", "replaced further down"),
        ("/vms/100", "ann@pve", "Power", "YES", "this decides"),
        ("/", "ann@pve", "Watch", "YES", "pool lab adds it"),
    ]
    assert dict(found.allowed) == {"VM.Audit": False, "VM.PowerMgmt": True}


def test_that_is_what_pve_answered_for_u5_of_corp_on_guest_129():
    recorded = json.loads((GOLDEN / "permissions.json").read_text())["configs"]
    config = next(one for one in recorded if one["name"] == "med-30")
    snapshot = picture(*config["user_cfg"].splitlines())
    found = explain(snapshot, "u5@corp", "/vms/129", now=NOW)
    pools = [step for step in found.steps if step.kind == "pool" and step.counts]
    assert pools
    assert pools[-1].path in {"/", "/pool"}
    answers = [q for q in config["queries"] if (q["userid"], q["path"]) == ("u5@corp", "/vms/129")]
    answer = config["sets"][answers[0]["answer"]["/vms/129"]]
    assert {name: int(on) for name, on in found.allowed.items()} == answer


def test_pools_inherit_from_the_path_pool():
    found = told("1:/pool:@ops:Power", where="/vms/100")
    assert table(found)[1:] == [("/pool", "@ops", "Power", "YES", "pool lab adds it")]


def test_a_pool_in_a_pool_inherits_from_it_and_replaces_it():
    found = told("1:/pool/lab:@ops:Power", where="/vms/102")
    assert table(found)[1:] == [("/pool/lab", "@ops", "Power", "YES", "pool lab/deep adds it")]
    found = told("1:/pool/lab:@ops:Power", "1:/pool/lab/deep:@ops:Watch", where="/vms/102")
    assert table(found)[1:] == [
        ("/pool/lab", "@ops", "Power", "no", "replaced further down"),
        ("/pool/lab/deep", "@ops", "Watch", "YES", "pool lab/deep adds it"),
    ]


def test_a_storage_in_a_pool_gets_its_roles_too():
    assert told("1:/pool/lab:ann@pve:Power", where="/storage/nfs").allowed == {
        "VM.PowerMgmt": False
    }


def test_what_lies_below_a_member_gets_nothing_from_the_pool():
    assert told("1:/pool/lab:ann@pve:Power", where="/vms/100/x").allowed == {}


def test_noaccess_on_the_member_wins_over_the_pool():
    found = told("1:/vms/100:ann@pve:NoAccess", "1:/pool/lab:ann@pve:Watch", where="/vms/100")
    assert table(found) == [
        ("/vms/100", "ann@pve", "NoAccess", "YES", "this decides"),
        ("/pool/lab", "ann@pve", "Watch", "no", "NoAccess on the path wins over the pool"),
    ]
    assert dict(found.allowed) == {}


def test_noaccess_on_the_pool_wins_over_roles_on_the_member():
    found = told("1:/vms/100:ann@pve:Watch", "1:/pool/lab:@ops:NoAccess", where="/vms/100")
    assert table(found) == [
        ("/vms/100", "ann@pve", "Watch", "no", "NoAccess on pool lab wins"),
        ("/pool/lab", "@ops", "NoAccess", "YES", "NoAccess on pool lab wins"),
    ]
    assert dict(found.allowed) == {}
    assert "reaches it through pool lab" in found.because


def test_a_role_that_is_held_on_the_member_already_is_not_added_again():
    found = told("1:/vms/100:ann@pve:Watch", "1:/pool/lab:@ops:Watch", where="/vms/100")
    assert table(found)[1] == ("/pool/lab", "@ops", "Watch", "no", "held here already")


def test_an_entry_on_the_pool_counts_when_it_keeps_another_one_from_adding_more():
    lines = "1:/vms/100:ann@pve:Watch", "1:/pool/lab:@ops:Watch", "1:/pool:@ops:Power"
    found = told(*lines, where="/vms/100")
    assert table(found)[2] == (
        *("/pool/lab", "@ops", "Watch", "YES"),
        "decides on pool lab, held here already",
    )


def test_an_own_entry_on_the_pool_counts_when_it_hides_one_of_a_group():
    lines = "1:/vms/100:ann@pve:Watch", "1:/pool/lab:ann@pve:Watch", "1:/pool/lab:@ops:Power"
    found = told(*lines, where="/vms/100")
    assert table(found)[1:] == [
        *[("/pool/lab", "ann@pve", "Watch", "YES", "decides on pool lab, held here already")],
        ("/pool/lab", "@ops", "Power", "no", "an own entry comes first"),
    ]


def test_a_pool_without_any_entry_is_named_and_adds_nothing():
    found = told("1:/vms:ann@pve:Watch", where="/vms/100")
    assert table(found)[1] == ("/pool/lab", "pool lab", "", "no", "no entry reaches the pool")


# --- root@pam, names that do not exist -------------------------------------------------------


def test_root_passes_every_check_whatever_the_acl_says():
    found = told("1:/:@ops:Watch", "1:/vms:root@pam:NoAccess", who="root@pam")
    assert table(found) == [
        ("/vms", "root@pam", "NoAccess", "no", "root@pam may do everything"),
        ("/", "root@pam", "", "YES", "root@pam may do everything"),
    ]
    assert len(found.allowed) == 47


def test_entries_that_name_a_missing_user_are_kept_and_counted():
    found = told("1:/vms:ghost@pve:Watch", who="ghost@pve", privilege="VM.Audit")
    assert found.holds
    assert found.because.endswith(
        "There is no user ghost@pve: PVE counts entries that name it all the same."
    )
    assert found.usable == (False, "ghost@pve cannot log in: there is no such user.")
    assert found.verdict.startswith("YES, but not now. ")


def test_somebody_whom_nothing_names_is_said_not_to_exist():
    found = told(who="ghost@pve")
    assert found.because.endswith("There is no user ghost@pve.")
    assert found.verdict == "NO. ghost@pve has no privileges on VM 101 (web-01)."


def test_entries_of_a_missing_group_concern_nobody():
    assert told("1:/vms:@gone:Watch").steps[0].kind == "none"


def test_entries_with_a_missing_role_or_token_are_ignored():
    found = told("1:/:ann@pve:Watch", "1:/vms:ann@pve:Gone", "1:/vms:ann@pve!gone:Power")
    assert [step.role for step in found.steps if step.role] == ["Watch"]


def test_a_role_that_the_picture_lacks_replaces_and_gives_nothing():
    snapshot = house("1:/:ann@pve:Power", "1:/vms:ann@pve:Watch")
    config = snapshot.access.value
    del config.roles["Watch"]
    found = explain(snapshot, "ann@pve", "/vms/101", now=NOW)
    assert table(found)[1] == (
        *("/vms", "ann@pve", "Watch", "YES"),
        "this decides: there is no such role",
    )
    assert dict(found.allowed) == {}


@pytest.mark.parametrize("key", [Key("group", "ops"), Key("role", "Watch")])
def test_what_is_removed_takes_its_entries_along(key):
    snapshot = house("1:/:ann@pve:Power", "1:/vms:@ops:Watch")
    after = forecast(snapshot, removal.remove([key])(snapshot).steps, now=NOW).snapshot
    assert table(explain(after, "ann@pve", "/vms/101", now=NOW)) == [
        ("/", "ann@pve", "Power", "YES", "this decides"),
        NO_POOL,
    ]


# --- API tokens ------------------------------------------------------------------------------


def test_without_privilege_separation_a_token_has_exactly_the_rights_of_its_user():
    lines = "1:/vms:ann@pve:Watch", "1:/vms:ann@pve!full:Power"
    found = told(*lines, who="ann@pve!full")
    assert table(found) == [
        ("/vms", "ann@pve!full", "Power", "no", "no privilege separation: ann@pve counts"),
        ("/vms", "ann@pve", "Watch", "YES", "this decides"),
        NO_POOL,
    ]
    assert found.allowed == told(*lines).allowed
    assert found.owner is None


def test_with_privilege_separation_a_token_has_what_its_own_entries_and_its_user_allow():
    lines = "1:/:ann@pve:Watch", "1:/vms:ann@pve!own:Watch,Power"
    found = told(*lines, who="ann@pve!own")
    assert table(found) == [
        ("/vms", "ann@pve!own", "Power", "YES", "this decides"),
        ("/vms", "ann@pve!own", "Watch", "YES", "merged with Power"),
        NO_POOL,
        ("/vms/101", "ann@pve", "", "YES", "its user lacks 1 of them"),
    ]
    assert dict(found.allowed) == WATCH
    assert found.owner == explain(house(*lines), "ann@pve", "/vms/101", now=NOW, fixes=False)


@pytest.mark.parametrize(("user", "token", "both"), [(1, 0, False), (0, 1, False), (1, 1, True)])
def test_a_tokens_privilege_propagates_only_if_both_do(user, token, both):
    lines = f"{user}:/vms:ann@pve:Watch", f"{token}:/vms:ann@pve!own:Watch"
    found = told(*lines, who="ann@pve!own", where="/vms", privilege="VM.Audit")
    assert (found.holds, found.propagates) == (True, both)
    assert found.steps[-1].counts == (user == 0 and token == 1)


def test_with_privilege_separation_groups_of_the_user_give_its_token_nothing():
    found = told("1:/vms:@ops:Watch", who="ann@pve!own")
    assert [step.kind for step in found.steps] == ["none", "pool", "owner"]
    assert found.because == (
        "Privilege separation is on and it has no ACL of its own: every list comes back empty, "
        "and no error says so."
    )
    assert found.usable.ok is True


def test_pools_add_to_a_token_what_it_holds_on_them_itself():
    lines = "1:/:ann@pve:Power", "1:/pool/lab:ann@pve!own:Power"
    found = told(*lines, who="ann@pve!own", where="/vms/100")
    assert dict(found.allowed) == {"VM.PowerMgmt": False}
    assert ("/pool/lab", "ann@pve!own", "Power", "YES", "pool lab adds it") in table(found)


def test_root_limits_nothing_for_its_own_tokens():
    found = told("1:/vms:root@pam!own:Watch", who="root@pam!own")
    assert table(found)[-1] == ("/vms/101", "root@pam", "", "no", "root@pam limits nothing")
    assert dict(found.allowed) == WATCH
    assert len(told(who="root@pam!full").allowed) == 47


def test_a_token_that_does_not_exist_has_nothing():
    found = told("1:/:ann@pve:Watch", who="ann@pve!gone")
    assert [step.why for step in found.steps] == ["there is no such API token"]
    assert found.because == "There is no API token ann@pve!gone: PVE answers that it has nothing."


# --- verdict and because ---------------------------------------------------------------------

DRAWN = (
    "1:/:@dev:Administrator",
    "1:/vms:@ops:PVEVMUser",
    "1:/vms/101:ann@pve:PVEAuditor",
    "1:/vms/101:@ops:PVEVMUser",
)


def test_the_drawn_example_reads_as_drawn():
    found = told(*DRAWN, privilege="VM.PowerMgmt")
    assert found.verdict == "NO. ann@pve can see VM 101 (web-01) but not start or stop it."
    assert found.because == (
        "PVEAuditor of ann@pve on /vms/101 decides: it replaces what is further up and hides that "
        "of @ops. PVEAuditor has no VM.PowerMgmt; PVEVMUser of @ops on /vms/101 would give it."
    )
    assert found.also == ("ann@corp",)
    assert [(fix.title, fix.effect) for fix in found.fixes] == [
        ("remove PVEAuditor of ann@pve on /vms/101", "leaves PVEVMUser (10 privileges)"),
        ("change PVEAuditor of ann@pve on /vms/101 to PVEVMUser", "then PVEVMUser (10 privileges)"),
        (
            "give PVEVMUser on /vms/101 to ann@pve",
            "then PVEAuditor and PVEVMUser (15 privileges)",
        ),
    ]


@pytest.mark.parametrize(
    ("where", "privilege", "verdict"),
    [
        ("/vms/101", "VM.Console", "YES. ann@pve can open the console of VM 101 (web-01)."),
        ("/vms", "VM.PowerMgmt", "YES. ann@pve can start and stop guests."),
        ("/pool/lab", "VM.PowerMgmt", "YES. ann@pve can start and stop guests in pool lab."),
        ("/storage/nfs", "Datastore.Audit", "YES. ann@pve can see storage nfs."),
        ("/nodes/n1", "Sys.Console", "YES. ann@pve can open a shell on node n1."),
        ("/access", "User.Modify", "YES. ann@pve can change users, their tokens and second "
         "factors."),
        ("/storage", "VM.Console", "YES. ann@pve has VM.Console on /storage, where PVE does not "
         "ask for it."),
        ("/vms/101", "", "YES. ann@pve has 47 privileges on VM 101 (web-01): everything."),
        ("/", "", "YES. ann@pve has 47 privileges on /: everything."),
        ("/vms/7777", "VM.Audit", "YES. ann@pve can see guest 7777."),
    ],
)  # fmt: skip
def test_the_verdict_is_in_the_words_of_an_admin(where, privilege, verdict):
    assert told("1:/:ann@pve:Administrator", where=where, privilege=privilege).verdict == verdict


@pytest.mark.parametrize(
    ("line", "where", "privilege", "verdict"),
    [
        ("1:/:ann@pve:Power", "/vms/101", "VM.Audit", "NO. ann@pve cannot see VM 101 (web-01)."),
        ("1:/:ann@pve:Watch", "/vms", "VM.Migrate", "NO. ann@pve can see guests but not migrate "
         "them."),
        ("1:/:ann@pve:Watch", "/storage/nfs", "Sys.Audit", "NO. ann@pve does not have Sys.Audit on "
         "/storage/nfs."),
        ("0:/vms:ann@pve:Watch", "/vms", "VM.Audit", "YES. ann@pve can see guests, but nothing "
         "below that path."),
    ],
)  # fmt: skip
def test_a_verdict_says_what_is_lacking(line, where, privilege, verdict):
    assert told(line, where=where, privilege=privilege).verdict == verdict


def test_a_disabled_account_that_would_be_allowed_is_yes_but_not_now():
    snapshot = picture("user:off@pve:0:0:::::", "acl:1:/vms:off@pve:PVEVMUser:")
    found = explain(snapshot, "off@pve", "/vms/100", "VM.PowerMgmt", now=NOW)
    assert found.verdict == (
        "YES, but not now. off@pve can start and stop guest 100, but PVE does not let it in."
    )
    assert [fix.title for fix in found.fixes] == ["enable off@pve"]


@pytest.mark.parametrize(
    ("user", "token", "parts", "fix"),
    [
        ("user:a@pve:0:9:::::", "", {}, "enable a@pve, and let it never expire"),
        ("user:a@pve:1:0:::::", "token:a@pve!ci:9:0::", {}, "let a@pve!ci never expire"),
        (
            *("user:a@pve:1:0:::::", "token:a@pve!ci:0:0::"),
            {"token_secrets": TokenSecrets(frozenset())},
            "give a@pve!ci a new secret",
        ),
    ],
)
def test_what_is_not_let_in_has_one_fix_that_lets_it_in(user, token, parts, fix):
    snapshot = picture(user, *filter(None, [token]), "acl:1:/:a@pve:PVEVMUser:", **parts)
    found = explain(snapshot, "a@pve!ci" if token else "a@pve", "/vms/100", now=NOW)
    assert found.usable.ok is False
    assert [fix.title for fix in found.fixes] == [fix]
    after = forecast(snapshot, found.fixes[0].calls, now=NOW).snapshot
    assert explain(after, found.subject, "/vms/100", now=NOW).usable.ok


@pytest.mark.parametrize(
    ("lines", "because"),
    [
        ((), "No ACL entry for ann@pve is on the way there."),
        (
            ("0:/vms:ann@pve:Watch",),
            "Watch of ann@pve on /vms is not propagated, so it ends there.",
        ),
        (("1:/:ann@pve:NoAccess",), "NoAccess of ann@pve on / wins over all else there and below."),
        (("1:/:@dev:Power",), "Power of @dev on / decides, inherited. Power has no VM.Audit."),
    ],
)
def test_because_names_what_decides(lines, because):
    assert told(*lines, privilege="VM.Audit").because == because


def test_a_token_that_its_user_limits_is_told_so():
    found = told("1:/:ann@pve:Power", "1:/:ann@pve!own:Watch", who="ann@pve!own",
                 privilege="VM.Audit")  # fmt: skip
    assert found.because.endswith("Its user ann@pve does not have VM.Audit there.")


def test_a_path_that_pve_does_not_tidy_up_is_remarked_on():
    found = told("1:/:ann@pve:Watch", where="vms/101")
    assert dict(found.allowed) == {}
    assert "which is not /vms/101." in found.because


@pytest.mark.parametrize(
    "ask",
    [
        lambda made: explain(made, "ann@pve", "/vms", now=NOW),
        lambda made: who_can(made, "VM.Audit", "/vms", now=NOW),
        lambda made: compare(made, "ann@pve", "root@pam"),
        lambda made: what_if(made, made, now=NOW),
        lambda made: token_rights(made, "ann@pve!ci", now=NOW),
    ],
)
def test_a_picture_that_shows_a_part_gives_no_answer(ask):
    made = replace(picture("user:ann@pve:1:0:::::", "token:ann@pve!ci:0:1::"), restricted=True)
    with pytest.raises(Refused, match="only a part of the users and ACL entries"):
        ask(made)


# --- fixes -----------------------------------------------------------------------------------


def fixes(*acl, who="ann@pve", where="/vms/101", privilege="VM.PowerMgmt"):
    return [(fix.title, fix.effect) for fix in told(*acl, who=who, where=where,
                                                    privilege=privilege).fixes]  # fmt: skip


def test_what_is_allowed_and_can_be_used_needs_no_fix():
    assert fixes("1:/:ann@pve:PVEVMUser") == []


def test_nobody_can_be_given_anything_who_does_not_exist():
    assert fixes(who="ghost@pve") == []


def test_without_any_entry_the_smallest_role_on_the_path_is_offered():
    assert fixes() == [("give PVEVMUser on /vms/101 to ann@pve", "then PVEVMUser (10 privileges)")]
    assert fixes(privilege="VM.Audit")[0][0] == "give PVEAuditor on /vms/101 to ann@pve"
    assert fixes(privilege="Sys.Modify", where="/nodes/n1")[0][0] == (
        "give Administrator on /nodes/n1 to ann@pve"
    )


def test_noaccess_is_taken_away_where_that_is_enough():
    found = fixes("1:/:ann@pve:PVEVMUser", "1:/vms/101:ann@pve:NoAccess")
    assert found[0] == (
        "remove NoAccess of ann@pve on /vms/101",
        "leaves PVEVMUser (10 privileges)",
    )


def test_a_change_of_a_groups_entry_says_whom_else_it_concerns_and_comes_after_the_others():
    found = fixes("1:/vms:@ops:PVEAuditor")
    assert found == [
        (
            "give PVEVMUser on /vms/101 to ann@pve",
            "then PVEVMUser (10 privileges)",
        ),
        (
            "change PVEAuditor of @ops on /vms to PVEVMUser",
            "then PVEVMUser (10 privileges); for all 2 members of ops; not only there, but "
            "wherever /vms reaches",
        ),
    ]


def test_what_others_lose_comes_after_what_concerns_one_alone():
    assert fixes("1:/:ann@pve:PVEVMUser", "1:/vms/101:@ops:PVEAuditor")[:2] == [
        ("give PVEVMUser on /vms/101 to ann@pve", "then PVEVMUser (10 privileges)"),
        (
            "remove PVEAuditor of @ops on /vms/101",
            "leaves PVEVMUser (10 privileges); for all 2 members of ops",
        ),
    ]


def test_a_smaller_role_says_what_it_takes_and_one_that_keeps_all_is_offered_too():
    assert fixes("1:/vms:ann@pve:PVETemplateUser")[:4] == [
        (
            "give PVEVMUser on /vms/101 to ann@pve",
            "then PVEVMUser (10 privileges), no longer VM.Clone",
        ),
        (
            "change PVETemplateUser of ann@pve on /vms to PVEVMUser",
            "then PVEVMUser (10 privileges), no longer VM.Clone; not only there, but wherever /vms "
            "reaches",
        ),
        ("give PVEVMAdmin on /vms/101 to ann@pve", "then PVEVMAdmin (23 privileges)"),
        (
            "change PVETemplateUser of ann@pve on /vms to PVEVMAdmin",
            "then PVEVMAdmin (23 privileges); not only there, but wherever /vms reaches",
        ),
    ]


def test_a_role_of_ones_own_is_offered_where_only_administrator_has_the_privilege():
    snapshot = picture(*PEOPLE, "role:Net:Sys.AccessNetwork:")
    found = explain(snapshot, "ann@pve", "/nodes/n1", "Sys.AccessNetwork", now=NOW)
    assert found.fixes[0].title == "give Net on /nodes/n1 to ann@pve"


def test_propagate_is_offered_for_an_entry_that_ends_too_early():
    assert (
        "propagate PVEVMUser of ann@pve on /vms",
        "then PVEVMUser (10 privileges); not only there, but wherever /vms reaches",
    ) in fixes("0:/vms:ann@pve:PVEVMUser")


def test_noaccess_that_comes_through_a_pool_is_taken_away_on_the_pool():
    found = fixes("1:/vms:ann@pve:PVEVMUser", "1:/pool/lab:ann@pve:NoAccess", where="/vms/100")
    assert [title for title, _ in found] == ["remove NoAccess of ann@pve on /pool/lab"]


def test_a_token_gets_the_role_of_its_user_or_is_no_longer_separate():
    assert fixes("1:/vms:ann@pve:PVEVMAdmin", who="ann@pve!own") == [
        ("give PVEVMUser on /vms/101 to ann@pve!own", "then PVEVMUser (10 privileges)"),
        (
            "give PVEVMAdmin on /vms/101 to ann@pve!own, as its user has",
            "then PVEVMAdmin (23 privileges)",
        ),
        (
            "switch privilege separation of ann@pve!own off",
            "then PVEVMAdmin (23 privileges); it may then do all that ann@pve may, everywhere",
        ),
    ]


def test_a_token_that_its_user_limits_needs_more_for_its_user():
    lines = "1:/vms:ann@pve:PVEAuditor", "1:/vms:ann@pve!own:PVEVMUser"
    titles = [title for title, _ in fixes(*lines, who="ann@pve!own")]
    assert titles == [
        "give PVEVMUser on /vms/101 to ann@pve",
        "change PVEAuditor of ann@pve on /vms to PVEVMUser",
    ]


def test_where_both_lack_it_both_get_it():
    assert fixes(who="ann@pve!own")[0][0] == (
        "give PVEVMUser on /vms/101 to ann@pve and to ann@pve!own"
    )


def test_a_token_without_separation_is_helped_through_its_user():
    assert fixes(who="ann@pve!full")[0][0] == "give PVEVMUser on /vms/101 to ann@pve"


def test_a_path_on_which_pve_takes_no_entries_is_offered_none():
    assert fixes(where="/vms/101/x") == []


# --- what cannot be asked --------------------------------------------------------------------


@pytest.mark.parametrize("who", ["", "ann", "@ops", "ann@pve!", "a b@pve"])
def test_what_is_no_user_and_no_token_is_refused(who):
    with pytest.raises(UsageError):
        told(who=who)


@pytest.mark.parametrize("where", ["", "0", "/vms/1 0", "/ü"])
def test_what_is_no_path_is_refused(where):
    with pytest.raises(UsageError):
        told(where=where)


@pytest.mark.parametrize("privilege", ["VM.Fly", "VM.Monitor", "vm.audit"])
def test_a_privilege_that_this_pve_does_not_have_is_refused(privilege):
    with pytest.raises(UsageError):
        told(privilege=privilege)


def test_nothing_is_explained_where_access_was_not_read():
    unread = replace(house(), access=Part(None, "files", NOW, "It is broken.", "Mend it."))
    with pytest.raises(Refused, match="It is broken") as caught:
        explain(unread, "ann@pve", "/", now=NOW)
    assert caught.value.hint == "Mend it."


def test_a_userid_that_is_too_long_for_pve_has_nothing():
    found = told(who=f"{'x' * 64}@pve")
    assert found.steps[-1].why == "PVE knows no userid of this length"
    assert found.allowed == {}
