"""Forecasts of calls on groups, roles, ACL entries and pools (reference 3, 4.2)."""

from dataclasses import replace

import pytest

from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.predict import forecast
from pve_auth_tui.core.snapshot import Inventory, Part
from pve_auth_tui.core.userconfig import parse_user_config
from tests.core.foretold import after, call, changes, problem, problems, user
from tests.core.pictures import NOW, part, picture

ANN = "user:ann@pve:1:0:Ann:::::"
TOKEN = "token:ann@pve!ci:0:1::"
DEV = "group:dev:ann@pve:Developers:"
OWN = "role:Own:VM.Audit,VM.Console:"


def acl(path, subject, role="PVEAdmin", kind="user"):
    return Key("acl", path, f"{kind}:{subject}:{role}")


# --- groups ------------------------------------------------------------------------------


def test_a_group_is_made_and_gets_another_comment():
    made = call("POST", "/access/groups", groupid="ops", comment="x")
    assert changes(picture(), made) == {Key("group", "ops"): {"comment": "x", "members": ""}}
    changed = call("PUT", "/access/groups/dev", comment="y")
    assert changes(picture(ANN, DEV), changed) == {
        Key("group", "dev"): {"comment": "y", "members": "ann@pve"}
    }
    assert changes(picture(ANN, DEV), call("PUT", "/access/groups/dev")) == {}


def test_with_a_group_go_its_acl_entries_and_memberships():
    before = picture(ANN, DEV, "acl:1:/vms:@dev,ann@pve:PVEAdmin:")
    found = changes(before, call("DELETE", "/access/groups/dev"))
    assert found.pop(user("ann@pve"))["groups"] == ""
    assert found == {Key("group", "dev"): None, acl("/vms", "dev", kind="group"): None}


def test_groups_that_are_there_or_not_or_that_pve_would_lose():
    before = picture(ANN, DEV)
    again = call("POST", "/access/groups", groupid="dev")
    assert problem(before, again) == "The group dev exists already."
    zero = call("POST", "/access/groups", groupid="0")
    assert problem(before, zero) == "PVE cannot read a group named 0."
    for method in ("PUT", "DELETE"):
        assert problem(before, call(method, "/access/groups/ops")) == (
            "The group ops does not exist."
        )


# --- roles -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "privs"),
    [
        ({"privs": "Sys.Audit"}, "Sys.Audit"),
        ({"privs": "Sys.Audit", "append": 1}, "Sys.Audit,VM.Audit,VM.Console"),
        ({}, ""),
    ],
)
def test_privileges_replace_the_old_ones_unless_they_are_appended(values, privs):
    found = changes(picture(OWN), call("PUT", "/access/roles/Own", **values))
    assert found == {Key("role", "Own"): {"privs": privs}}


def test_the_acl_entries_of_a_role_that_is_deleted_mean_nothing_any_more():
    before = picture(ANN, OWN, "acl:1:/vms:ann@pve:Own,PVEAdmin:")
    found = changes(before, call("DELETE", "/access/roles/Own"))
    assert found == {Key("role", "Own"): None, acl("/vms", "ann@pve", "Own"): None}


def test_a_role_that_is_made_again_does_not_bring_them_back():
    before = picture(ANN, OWN, "acl:1:/vms:ann@pve:Own:")
    again = call("POST", "/access/roles", roleid="Own", privs="VM.Audit VM.Console")
    found = changes(before, call("DELETE", "/access/roles/Own"), again)
    assert found == {acl("/vms", "ann@pve", "Own"): None}


def test_built_in_roles_and_their_names_are_kept():
    before = picture(OWN)
    for method in ("PUT", "DELETE"):
        assert problem(before, call(method, "/access/roles/PVEAdmin")) == (
            "The role PVEAdmin is built in and cannot be changed."
        )
    assert problem(before, call("POST", "/access/roles", roleid="pveOwn")) == (
        "Names that begin with PVE are kept for built-in roles."
    )
    assert problem(before, call("POST", "/access/roles", roleid="Own")) == (
        "The role Own exists already."
    )
    assert problem(before, call("DELETE", "/access/roles/No")) == "The role No does not exist."


# --- ACL ---------------------------------------------------------------------------------


def grant(path="/vms", roles="PVEAdmin", **values):
    return call("PUT", "/access/acl", path=path, roles=roles, **values)


def test_every_role_goes_to_every_subject():
    before = picture(ANN, TOKEN, DEV, OWN)
    one = grant(roles="Own,PVEAdmin", users="ann@pve", groups="dev", tokens="ann@pve!ci")
    assert changes(before, one) == {
        acl("/vms", subject, role, kind): {"propagate": "1"}
        for kind, subject in (("group", "dev"), ("token", "ann@pve!ci"), ("user", "ann@pve"))
        for role in ("Own", "PVEAdmin")
    }


def test_entries_stand_where_pve_s_parser_puts_them():
    lines = (ANN, DEV, OWN, "acl:1:/:@dev:Own:", "acl:1:/vms/100:ann@pve:Own:")
    then = after(
        picture(*lines),
        grant("/vms", users="ann@pve"),
        grant("/vms/101", "Own", users="ann@pve"),
        grant("/access", "Own", groups="dev"),
    )  # fmt: skip
    text = "\n".join(
        ["user:root@pam:1:0:::::", *lines, "acl:1:/vms:ann@pve:PVEAdmin:",
         "acl:1:/vms/101:ann@pve:Own:", "acl:1:/access:@dev:Own:"]
    )  # fmt: skip
    assert then.access.value.acl == parse_user_config(text.encode()).acl


@pytest.mark.parametrize(
    ("given", "path"), [("//vms/", "/vms"), ("vms", "/vms"), ("/pool/0/x", "/pool/x"), ("/", "/")]
)
def test_a_path_is_the_one_that_pve_makes_of_it(given, path):
    assert list(changes(picture(ANN), grant(given, users="ann@pve"))) == [acl(path, "ann@pve")]


def test_an_entry_that_is_there_may_get_another_propagate():
    before = picture(ANN, "acl:1:/vms:ann@pve:PVEAdmin:")
    assert changes(before, grant(users="ann@pve")) == {}
    assert after(before, grant(users="ann@pve")).access.value.acl is before.access.value.acl
    found = changes(before, grant(users="ann@pve", propagate=0))
    assert found == {acl("/vms", "ann@pve"): {"propagate": "0"}}


def test_entries_are_deleted_whatever_their_propagate():
    before = picture(ANN, DEV, "acl:0:/vms:ann@pve,@dev:PVEAdmin:")
    found = changes(before, grant(users="ann@pve", delete=1))
    assert found == {acl("/vms", "ann@pve"): None}
    assert changes(before, grant("/nodes", users="ann@pve", delete=1)) == {}


_LIST = ("PUT", "/access/acl")
_ON_MANY_PATHS = (
    call(*_LIST, path="/vms", users="ann@pve", roles="PVEAdmin,PVEAuditor"),
    call(*_LIST, path="/", users="ann@pve,bob@pve", roles="PVEAuditor"),
    call(*_LIST, path="/vms", users="ann@pve", roles="PVEAdmin", delete="1"),
    call(*_LIST, path="/nodes", groups="dev", roles="PVEAdmin"),
    call(*_LIST, path="/vms", users="ann@pve", roles="PVEAuditor", propagate="0"),
    call(*_LIST, path="/vms", users="ann@pve", roles="PVEAdmin", propagate="0"),
    call("DELETE", "/access/users/bob@pve"),
    call("POST", "/access/users", userid="bob@pve"),
    call(*_LIST, path="/access", users="bob@pve", roles="Own"),
    call(*_LIST, path="/storage", users="ann@pve", roles="Own"),
    call(*_LIST, path="/nodes", groups="dev", roles="PVEAdmin", delete="1"),
    call("DELETE", "/access/roles/Own"),
    call("POST", "/access/roles", roleid="Own", privs="VM.Audit"),
    call(*_LIST, path="/storage", users="ann@pve", roles="Own"),
    call("POST", "/pools", poolid="web"),
    call(*_LIST, path="/pool/web", users="ann@pve", roles="PVEPoolUser"),
    call("DELETE", "/pools/web"),
)


@pytest.mark.parametrize("number", range(1, len(_ON_MANY_PATHS) + 1))
def test_many_calls_come_out_like_one_after_another(number):
    steps = _ON_MANY_PATHS[:number]
    before = singly = picture(ANN, "user:bob@pve:1:0::::::", DEV, OWN, "acl:1:/vms:bob@pve:Own:")
    for step in steps:
        singly = forecast(singly, [step], now=NOW).snapshot
    assert forecast(before, steps, now=NOW).snapshot == singly


def test_pve_takes_entries_for_root_and_does_not_write_them():
    assert changes(picture(ANN), grant(users="root@pam")) == {}


def test_all_that_is_missing_is_named():
    one = grant(roles="No PVEAdmin", users="x@pve", groups="g", tokens="ann@pve!t1")
    assert problems(picture(ANN), one) == (
        "The role No does not exist.",
        "The group g does not exist.",
        "The user x@pve does not exist.",
        "The API token ann@pve!t1 does not exist.",
    )
    assert problem(picture(ANN), grant()) == "An ACL entry needs users, groups or API tokens."


def test_new_entries_need_a_path_that_pve_knows_and_deleting_does_not():
    before = picture(ANN)
    assert "VMID" in problem(before, grant("/vms/99", users="ann@pve"))
    assert "PVE knows no path /x" in problem(before, grant("/x", users="ann@pve"))
    assert "A path has only letters" in problem(before, grant("/a b", users="ann@pve", delete=1))
    assert changes(before, grant("/x", users="ann@pve", delete=1)) == {}


# --- what any write does ---------------------------------------------------------------------


def odd(*lines):
    text = "\n".join([*lines, "group:other:::", ""])
    return replace(picture(), access=part(parse_user_config(text.encode())))


ANY_WRITE = call("PUT", "/access/groups/other", comment="x")


def test_any_write_drops_what_pve_does_not_write():
    before = odd(
        ANN, "role:PVEAuditor:Sys.Modify:", "acl:1:/:root@pam:Administrator:",
        "acl:1:/vms:ghost@pve,ann@pve:PVEAdmin:",
    )  # fmt: skip
    found = changes(before, ANY_WRITE)
    assert "Sys.Modify" in before.access.value.roles["PVEAuditor"].privs
    assert "Sys.Modify" not in found[Key("role", "PVEAuditor")]["privs"]
    assert found[acl("/", "root@pam", "Administrator")] is None
    assert acl("/vms", "ghost@pve") not in found


def test_after_any_write_no_membership_is_overlooked():
    before = odd("group:early:ann@pve,ghost@pve::", ANN)
    assert before.access.value.groups_of == {}
    assert changes(before, ANY_WRITE)[user("ann@pve")]["groups"] == "early"


def test_roles_of_a_newer_pve_than_we_know_are_left_alone():
    before = picture(ANN)
    access = before.access.value
    newer = replace(access.roles["PVEAdmin"], privs=access.roles["PVEAdmin"].privs | {"New.Priv"})
    roles = {**access.roles, "PVEAdmin": newer}
    before = replace(before, access=part(replace(access, roles=roles)))
    then = after(before, call("PUT", "/access/users/ann@pve", enable=0))
    assert then.access.value.roles is roles


# --- pools ---------------------------------------------------------------------------------


LAB = "pool:lab:for tests:100,101:nfs:"


def pool(name):
    return Key("pool", name)


def test_a_pool_is_made_within_one_that_is_there():
    one = call("POST", "/pools", poolid="lab/ci", comment="x")
    assert changes(picture(LAB), one) == {
        pool("lab/ci"): {"comment": "x", "vms": "", "storage": ""}
    }
    assert "does not exist" in problem(picture(), one)
    assert problem(picture(LAB), call("POST", "/pools", poolid="lab")) == (
        "The pool lab exists already."
    )
    assert problem(picture(), call("POST", "/pools", poolid="9x")) == (
        "A pool's name begins with a letter."
    )


@pytest.mark.parametrize("path", ["/pools", "/pools/lab"])
def test_members_come_in_and_go_out(path):
    values = {} if path == "/pools/lab" else {"poolid": "lab"}
    more = call("PUT", path, vms="99999,102", storage="local", **values)
    assert changes(picture(LAB), more) == {
        pool("lab"): {"comment": "for tests", "vms": "100,101,102,99999", "storage": "local,nfs"}
    }
    less = call("PUT", path, vms="100", storage="nfs", delete=1, **values)
    assert changes(picture(LAB), less) == {
        pool("lab"): {"comment": "for tests", "vms": "101", "storage": ""}
    }


def test_a_guest_is_in_one_pool_at_most():
    before = picture(LAB, "pool:new::::")
    assert problem(before, call("PUT", "/pools", poolid="new", vms="100")) == (
        "Guest 100 is in the pool lab already."
    )
    moved = call("PUT", "/pools", poolid="new", vms="100", allow_move=1)
    found = changes(before, moved)
    assert (found[pool("lab")]["vms"], found[pool("new")]["vms"]) == ("101", "100")
    again = call("PUT", "/pools", poolid="lab", vms="100")
    assert problem(before, again) == "Guest 100 is already in the pool lab."
    gone = call("PUT", "/pools", poolid="lab", storage="x1", delete=1)
    assert problem(before, gone) == "Storage x1 is not in the pool lab."


def test_a_pool_must_be_empty_of_what_exists():
    lines = (ANN, "pool:lab::100:nfs:", "acl:1:/pool/lab:ann@pve:PVEAdmin:")
    before = picture(*lines, guests=[(100, "web")])
    one = call("DELETE", "/pools", poolid="lab")
    assert problem(before, one) == "The pool lab is not empty: it holds guest 100."
    stored = picture(*lines, inventory=Inventory({}, ("nfs",)))
    assert problem(stored, one) == "The pool lab is not empty: it holds storage nfs."
    nested = picture("pool:lab/ci::::")
    assert problem(nested, one) == "The pool lab is not empty: it holds the pool lab/ci."
    assert changes(picture(*lines), one) == {
        pool("lab"): None,
        acl("/pool/lab", "ann@pve"): None,
    }
    assert problem(picture(), one) == "The pool lab does not exist."


def test_the_acl_of_a_pool_within_a_pool_stays():
    before = picture(ANN, "pool:lab/ci::::", "acl:1:/pool/lab/ci:ann@pve:PVEAdmin:")
    assert changes(before, call("DELETE", "/pools", poolid="lab/ci")) == {pool("lab/ci"): None}


def test_whether_members_exist_must_be_known():
    before = replace(picture(LAB, "pool:new::::"), inventory=Part(None, "files", NOW, "no"))
    one = call("DELETE", "/pools/lab")
    assert forecast(before, [one], now=NOW) == (before, (), (one,), ())
    assert changes(before, call("DELETE", "/pools/new")) == {pool("new"): None}
