"""Roles and pools: what is wanted as calls, and when there are none."""

from dataclasses import replace

import pytest

from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.intents import pools, roles
from pve_auth_tui.core.objects import Key, record
from pve_auth_tui.core.planning import make_plan
from pve_auth_tui.core.poolnotes import moving, pools_of_guests, rights_lines, vmids
from pve_auth_tui.core.rolenotes import role_notes
from pve_auth_tui.core.snapshot import Cluster
from tests.core.pictures import NOW, config, picture
from tests.core.test_intents import refusal, steps

POWER = "role:Power:VM.Audit,VM.PowerMgmt:"
WATCH = "role:Watch:VM.Audit:"
GUESTS = [(number, f"vm{number}") for number in (100, 101, 102)]


def old(made, release="8.0.3"):
    """The same on another PVE: pools in pools came with 8.0.7."""
    cluster = Cluster("pve1", None, True, access_control=release)
    return replace(made, cluster=made.cluster._replace(value=cluster))


def privs(intent, made, role):
    after = make_plan(intent, made, now=NOW).after
    return record(after, Key("role", role))["privs"]


# --- roles ----------------------------------------------------------------------------


def test_a_role_is_added_with_privileges_in_order():
    draft = roles.add("Ops", ["VM.PowerMgmt", "VM.Audit", "VM.Audit"])
    assert steps(draft, picture()) == ["POST /access/roles roleid=Ops privs=VM.Audit,VM.PowerMgmt"]
    assert draft(picture()).title == "add role Ops"
    assert privs(roles.add("None"), picture(), "None") == ""


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("PVEOps", "Names that begin with PVE are kept for built-in roles."),
        ("pveops", "Names that begin with PVE are kept for built-in roles."),
        ("a b", "A role's name has only letters, digits, dot, - and _."),
        ("", "A role's name has only letters, digits, dot, - and _."),
        ("0", "PVE cannot read a role named 0."),
        ("Watch", "The role Watch exists already."),
        ("NoAccess", "The role NoAccess exists already."),
    ],
)
def test_names_that_no_role_can_have(name, why):
    made = picture(WATCH)
    assert roles.new_role_problem(made, name) == why
    assert refusal(roles.add(name, ["VM.Audit"]), made, UsageError) == why


def test_before_names_with_pve_were_reserved_they_could_be_taken():
    made = old(picture(), "7.4-2")
    assert roles.new_role_problem(made, "PVEOps") == ""
    assert roles.new_role_problem(made, "PVE Ops") != ""
    assert roles.new_role_problem(made, "PVEAdmin") == "The role PVEAdmin exists already."


def test_only_privileges_that_this_pve_knows_are_given():
    intent = roles.add("Ops", ["VM.Monitor", "VM.Audit"])
    assert refusal(intent, picture(), UsageError) == (
        "This PVE does not know the privilege VM.Monitor."
    )
    assert len(steps(intent, old(picture(), "8.2.2"))) == 1


def test_privileges_replace_those_of_a_role_or_come_to_them():
    made = picture(POWER)
    whole = roles.edit("Power", ["VM.Console"])
    assert steps(whole, made) == ["PUT /access/roles/Power privs=VM.Console"]
    more = roles.edit("Power", ["VM.Console", "VM.Audit"], append=True)
    assert steps(more, made) == ["PUT /access/roles/Power privs=VM.Console append=1"]
    assert privs(more, made, "Power") == "VM.Audit,VM.Console,VM.PowerMgmt"
    assert privs(roles.edit("Power", []), made, "Power") == ""


def test_what_a_role_has_already_needs_no_call():
    made = picture(POWER)
    same = "Role Power has these privileges already."
    assert refusal(roles.edit("Power", ["VM.PowerMgmt", "VM.Audit"]), made, Refused) == same
    assert refusal(roles.edit("Power", ["VM.Audit"], append=True), made, Refused) == same


def test_built_in_roles_are_locked():
    why = "Role PVEVMUser is built in: PVE neither changes nor removes it."
    assert roles.locked_problem(picture(), "PVEVMUser") == why
    assert roles.locked_problem(picture(POWER), "Power") == ""
    assert roles.locked_problem(picture(), "Gone") == ""
    assert refusal(roles.edit("PVEVMUser", []), picture(), Refused) == why
    assert refusal(roles.change(["PVEVMUser"], gain=["VM.Audit"]), picture(), Refused) == why
    assert refusal(roles.edit("Gone", []), picture(), UsageError) == "There is no role Gone."


def test_several_roles_gain_and_lose_privileges_as_far_as_they_differ():
    made = picture(POWER, WATCH, "role:Talk:VM.Console:")
    intent = roles.change(["Power", "Watch", "Talk"], gain=["VM.Console"], lose=["VM.Audit"])
    assert steps(intent, made) == [
        "PUT /access/roles/Power privs=VM.Console,VM.PowerMgmt",
        "PUT /access/roles/Watch privs=VM.Console",
    ]
    draft = intent(made)
    assert (draft.title, draft.already) == (
        "edit 3 roles",
        (("role Talk", "none, it is so already"),),
    )
    gain = roles.change(["Watch"], gain=["VM.Console"])
    assert steps(gain, made) == ["PUT /access/roles/Watch privs=VM.Console append=1"]


def test_changes_of_several_roles_that_make_no_sense():
    made = picture(POWER)
    assert refusal(roles.change([], gain=["VM.Audit"]), made, UsageError) == (
        "No role was named to edit."
    )
    both = roles.change(["Power"], gain=["VM.Audit"], lose=["VM.Audit"])
    assert refusal(both, made, UsageError) == "VM.Audit: given and taken away at once."
    assert refusal(roles.change(["Power"], gain=["VM.Audit"]), made, Refused) == (
        "They all have it so already: nothing is to be changed."
    )


def test_with_a_role_go_its_acl_entries_and_the_rights_of_those_who_had_them():
    made = picture("user:ann@pve:1:0:::::", POWER, "acl:1:/vms:ann@pve:Power:")
    plan = make_plan(roles.remove(["Power"]), made, now=NOW)
    assert plan.after.access.value.acl == ()
    assert [tuple(change) for change in plan.changes] == [
        ("Power", "role removed with the 1 ACL line that names it"),
        ("ann@pve", "loses VM.Audit and VM.PowerMgmt on /vms"),
    ]


def test_notes_on_a_role_say_who_has_it_and_what_it_can_lead_to():
    made = config(
        "user:ann@pve:1:0:::::",
        "token:ann@pve!tok:0:1::",
        "group:ops:ann@pve,gone@pve::",
        "role:Own:VM.Audit,VM.Monitor:",
        "acl:1:/vms:ann@pve,@ops:Own:",
        "acl:1:/pool:ann@pve!tok,gone@pve:Own:",
    )

    def told(name, *privs):
        return [" ".join(filter(None, line)) for line in map(_told, role_notes(made, name, privs))]

    def _told(line):
        return line.heading, line.word, line.text

    assert told("Own", "VM.Audit") == [
        "Used 4 ACL entries, for 1 user and 1 API token: ann@pve!tok on /pool, gone@pve on /pool, "
        "@ops on /vms and 1 more",
        "Dropped LOOK VM.Monitor: this PVE does not know it; it is lost at the next write",
        "Holds 1 privilege",
    ]
    assert told("New", "VM.Clone", "VM.Audit") == [
        "Holds 2 privileges, the same as PVETemplateUser"
    ]
    assert told("New") == ["LOOK no privilege at all: who gets it can do nothing"]
    assert told("New", "Permissions.Modify")[0] == (
        "Root LOOK Permissions.Modify can lead to root, on / and below /access"
    )


# --- pools ----------------------------------------------------------------------------

LAB = "pool:lab:Lab:100:nas:"
DEV = "pool:dev::101::"


def rack(*lines, **parts):
    made = picture(*lines, guests=GUESTS, **parts)
    inventory = made.inventory.value._replace(storages=("nas", "fast"))
    return replace(made, inventory=made.inventory._replace(value=inventory))


def test_a_pool_is_added_and_then_filled():
    intent = pools.add("lab", comment="Lab", vms=["101", "100"], storage=["nas"])
    assert steps(intent, rack()) == [
        "POST /pools poolid=lab comment=Lab",
        "PUT /pools poolid=lab vms=100,101 storage=nas",
    ]
    assert intent(rack()).title == "add pool lab"
    assert steps(pools.add("lab"), rack()) == ["POST /pools poolid=lab"]
    assert steps(pools.add("lab/x"), rack(LAB)) == ["POST /pools poolid=lab/x"]


def test_before_pools_could_be_nested_their_name_was_in_the_path():
    made = old(rack(LAB))
    assert steps(pools.add("dev", vms=["101"]), made) == [
        "POST /pools poolid=dev",
        "PUT /pools/dev vms=101",
    ]
    assert steps(pools.remove(["lab"], empty=True), made) == [
        "PUT /pools/lab vms=100 storage=nas delete=1",
        "DELETE /pools/lab",
    ]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "A pool's name has only letters, digits, dot, - and _."),
        ("1a", "A pool's name begins with a letter."),
        ("lab/1a", "A pool's name begins with a letter."),
        ("lab", "The pool lab exists already."),
        ("gone/x", "There is no pool gone to put it into."),
        ("lab/b/c/d", "Pools have at most three levels."),
    ],
)
def test_names_that_no_pool_can_have(name, why):
    assert pools.new_pool_problem(rack(LAB), name) == why
    assert refusal(pools.add(name), rack(LAB), UsageError) == why


def test_an_old_pve_has_no_pools_in_pools():
    assert pools.new_pool_problem(old(rack(LAB)), "lab/x") == (
        "Pools within pools need PVE 8.1 or newer."
    )


def test_members_go_out_and_come_in_and_only_what_differs_is_sent():
    intent = pools.edit("lab", comment="", vms=["102"], storage=["nas", "fast"])
    assert steps(intent, rack(LAB)) == [
        "PUT /pools poolid=lab vms=100 delete=1",
        "PUT /pools poolid=lab vms=102 storage=fast comment=",
    ]
    after = make_plan(intent, rack(LAB), now=NOW).after
    assert record(after, Key("pool", "lab")) == {"comment": "", "vms": "102", "storage": "fast,nas"}
    assert refusal(
        pools.edit("lab", comment="Lab", vms=["100"], storage=["nas"]), rack(LAB), Refused
    ) == ("Pool lab is so already: nothing is to be changed.")
    assert refusal(pools.edit("no", vms=[]), rack(LAB), UsageError) == "There is no pool no."


def test_a_guest_leaves_the_other_pool_only_when_that_is_allowed():
    made = rack(LAB, DEV)
    stays = pools.edit("lab", vms=["100", "101"])
    assert refusal(stays, made, Refused) == (
        "A guest is in one pool at most: 1 guest (101) of pool dev cannot be in lab, too."
    )
    moves = pools.edit("lab", vms=["100", "101"], allow_move=True)
    assert steps(moves, made) == ["PUT /pools poolid=lab vms=101 allow-move=1"]
    assert steps(moves, old(made)) == [
        "PUT /pools/dev vms=101 delete=1",
        "PUT /pools/lab vms=101",
    ]
    for picture_of in (made, old(made)):
        after = make_plan(moves, picture_of, now=NOW).after.access.value.pools
        assert (after["lab"].vms, after["dev"].vms) == ((100, 101), ())


def test_members_that_cannot_be_and_members_that_are_not_there():
    bad = pools.edit("lab", vms=["99"])
    assert refusal(bad, rack(LAB), UsageError) == (
        "A guest is its VMID, a number from 100 on: 99 is none."
    )
    bad = pools.edit("lab", storage=["a b"])
    assert refusal(bad, rack(LAB), UsageError) == "a b cannot be the name of a storage."
    draft = pools.edit("lab", vms=["100", "777"], storage=["nas", "gone", "local"])(rack(LAB))
    assert [note.text for note in draft.notes] == [
        "There is no guest 777 and storage gone here. PVE takes it all the same."
    ]
    strange = "pool:lab::7,100::"
    assert steps(pools.edit("lab", vms=["7", "100", "101"]), rack(strange)) == [
        "PUT /pools poolid=lab vms=101"
    ]


def test_pools_are_emptied_if_that_is_wanted_and_removed_from_the_inside():
    made = rack(LAB, "pool:lab/x:::fast:")
    held = refusal(pools.remove(["lab", "lab/x"]), made, Refused)
    assert held == "Pool lab/x is not empty: storage fast is in it."
    both = pools.remove(["lab", "lab/x"], empty=True)
    assert both(made).title == "empty and remove 2 pools"
    assert steps(both, made) == [
        "PUT /pools poolid=lab/x storage=fast delete=1",
        "DELETE /pools poolid=lab/x",
        "PUT /pools poolid=lab vms=100 storage=nas delete=1",
        "DELETE /pools poolid=lab",
    ]
    assert make_plan(both, made, now=NOW).after.access.value.pools == {}
    assert refusal(pools.remove(["lab"], empty=True), made, Refused) == (
        "Pool lab holds the pool lab/x: PVE removes empty pools only."
    )
    assert refusal(pools.remove([]), made, UsageError) == "No pool was named to be removed."


def test_members_that_are_gone_keep_no_pool_and_unknown_ones_may():
    made = rack("pool:old::500:gone:")
    assert steps(pools.remove(["old"]), made) == ["DELETE /pools poolid=old"]
    unread = replace(made, inventory=made.inventory._replace(value=None))
    assert refusal(pools.remove(["old"]), unread, Refused) == (
        "Pool old is not empty: guest 500 and storage gone are in it."
    )
    assert pools.edit("old", vms=["501"])(unread).notes == ()


def test_a_local_storage_counts_although_no_file_names_it():
    assert refusal(pools.remove(["p"]), rack("pool:p:::local:"), Refused) == (
        "Pool p is not empty: storage local is in it."
    )


def test_who_gets_rights_by_a_pool_is_told():
    made = config(
        "user:ann@pve:1:0:::::",
        "group:dev:ann@pve::",
        "pool:lab::100::",
        "pool:lab/x::::",
        "acl:1:/:ann@pve:PVEAuditor:",
        "acl:1:/pool:ann@pve:PVEPoolUser:",
        "acl:0:/pool/lab:@dev:PVEVMAdmin:",
        "acl:1:/pool/lab:ann@pve:PVEVMUser:",
    )
    assert rights_lines(made, "lab")[0].text == "@dev PVEVMAdmin and ann@pve PVEVMUser"
    assert rights_lines(made, "lab/x")[0].text == "ann@pve PVEVMUser (on /pool/lab)"
    assert rights_lines(made, "other")[0].text == "ann@pve PVEPoolUser (on /pool)"
    bare = config("pool:lab::::", "acl:1:/:ann@pve:PVEAuditor:")
    assert [line.text for line in rights_lines(bare, "lab")] == [
        "no entry on the pool, nor on one that it is in"
    ]


def test_guests_of_other_pools_are_known_as_such():
    made = config(LAB, DEV)
    pools_now = pools_of_guests(made)
    assert moving(pools_now, "lab", ["100", "101", "102"]) == ["101 (dev)"]
    assert moving(pools_now, "", ["100"]) == ["100 (lab)"]
    assert vmids(made.pools["lab"]) == ("100",)


NESTED = ("user:ann@pve:1:0:::::", "pool:lab::::", "acl:1:/pool/lab/x:ann@pve:PVEPoolUser:")


def test_acl_entries_of_a_pool_in_a_pool_stay_and_count_again_for_the_next_one():
    made = rack(*NESTED, "pool:lab/x::::")
    gone = make_plan(pools.remove(["lab/x"]), made, now=NOW)
    assert gone.stays == ("1 ACL line on /pool/lab/x: for pools in pools PVE forgets none",)
    again = make_plan(pools.add("lab/x", vms=["100"]), rack(*NESTED), now=NOW)
    assert "Old ACL lines on /pool/lab/x count again for its members: ann@pve PVEPoolUser." in [
        finding.text for finding in again.findings
    ]
    outer = make_plan(pools.remove(["lab", "lab/x"]), made, now=NOW)
    assert outer.stays == ()


def test_a_user_with_an_exclamation_mark_is_counted_among_the_users_of_a_role():
    made = config(
        "user:a!b@corp:1:0:::::",
        "role:Own:VM.Audit:",
        "acl:1:/vms:a!b@corp:Own:",
        "acl:1:/:a!b@corp:PVEAuditor:",
    )
    assert role_notes(made, "Own", ["VM.Audit"])[0].text == (
        "1 ACL entry, for 1 user: a!b@corp on /vms"
    )
