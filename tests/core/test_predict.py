"""What holds for every forecast; the rules of each call are in test_predict_*.py."""

from dataclasses import replace

import pytest

from pve_auth_tui.core.objects import Key, differing, record
from pve_auth_tui.core.plan import ApiCall, FileSwap, HostCommand, HostFile, HostStep
from pve_auth_tui.core.predict import forecast
from pve_auth_tui.core.predict.rules import RULES
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Cluster, Part
from tests.core.foretold import after, call, changes, problem, problems, user
from tests.core.pictures import NOW, factor, factors, part, picture

ANN = "user:ann@pve:1:0:Ann:::::"
BOB = "user:bob@pve:1:0::::::"
GROUPS = ("group:dev:ann@pve:Developers:", "group:ops:::")
UNREAD = Part(None, "files", NOW, "permission denied")


def release(snapshot, version):
    return replace(snapshot, cluster=part(Cluster("pve1", None, True, access_control=version)))


# --- what stays the same ----------------------------------------------------------------


def test_without_steps_the_picture_is_the_very_same():
    before = picture(ANN)
    assert forecast(before, [], now=NOW) == (before, (), (), ())
    assert forecast(before, [], now=NOW).snapshot is before


def test_a_refused_call_leaves_the_very_same_picture():
    before = picture(ANN)
    told = forecast(before, [call("DELETE", "/access/groups/none")], now=NOW)
    assert told.problems
    assert told.snapshot is before


def test_what_a_call_does_not_touch_stays_the_same_object():
    before = picture(ANN, BOB, *GROUPS, "acl:1:/vms:bob@pve:PVEAdmin:", tfa=[factors("bob@pve")])
    then = after(before, call("PUT", "/access/users/ann@pve", enable=False))
    old, new = before.access.value, then.access.value
    for name in ("realms", "tfa", "datacenter", "jobs", "passwords", "token_secrets", "inventory"):
        assert getattr(then, name) is getattr(before, name)
    assert new.users["bob@pve"] is old.users["bob@pve"]
    assert new.groups is old.groups
    assert new.roles is old.roles
    assert new.pools is old.pools
    assert new.acl is old.acl
    assert new.groups_of is old.groups_of
    assert old.users["ann@pve"].enable


def test_the_picture_before_is_never_changed():
    before = picture(ANN, *GROUPS, "acl:1:/vms:@dev,ann@pve:PVEAdmin:")
    kept = picture(ANN, *GROUPS, "acl:1:/vms:@dev,ann@pve:PVEAdmin:")
    after(
        before,
        call("DELETE", "/access/groups/dev"),
        call("DELETE", "/access/users/ann@pve"),
        call("POST", "/access/users", userid="new@pve", groups="ops"),
        call("DELETE", "/access/domains/corp"),
    )
    assert before == kept


def test_a_part_keeps_its_source_and_what_was_wrong_with_it():
    before = picture(ANN)
    doubtful = before.access._replace(problem="PVE ignores 1 thing.")
    then = after(replace(before, access=doubtful), call("DELETE", "/access/users/ann@pve"))
    assert then.access[1:] == doubtful[1:]


# --- several steps ------------------------------------------------------------------------


def test_each_step_sees_what_those_before_it_did():
    found = changes(
        picture(),
        call("POST", "/access/groups", groupid="dev"),
        call("POST", "/access/users", userid="ann@pve", groups="dev"),
        call("PUT", "/access/acl", path="/vms", roles="PVEAdmin", groups="dev", users="ann@pve"),
    )
    assert list(found) == [
        Key("group", "dev"),
        user("ann@pve"),
        Key("acl", "/vms", "group:dev:PVEAdmin"),
        Key("acl", "/vms", "user:ann@pve:PVEAdmin"),
    ]


def test_the_steps_behind_a_refused_one_are_foretold_all_the_same():
    told = forecast(
        picture(ANN),
        [
            call("DELETE", "/access/groups/none"),
            call("DELETE", "/access/roles/none"),
            call("PUT", "/access/users/ann@pve", enable=False),
        ],
        now=NOW,
    )
    assert told.problems == ("The group none does not exist.", "The role none does not exist.")
    assert record(told.snapshot, user("ann@pve"))["enable"] == "0"


def test_a_user_who_is_made_again_has_none_of_the_old_rights():
    before = picture(ANN, *GROUPS, "acl:1:/vms:ann@pve:PVEAdmin:")
    found = changes(
        before,
        call("DELETE", "/access/users/ann@pve"),
        call("POST", "/access/users", userid="ann@pve"),
    )
    assert found[Key("acl", "/vms", "user:ann@pve:PVEAdmin")] is None
    assert found[Key("group", "dev")]["members"] == ""
    assert found[Key("password", "ann@pve")] is None


# --- what cannot be told -------------------------------------------------------------------


@pytest.mark.parametrize(
    "step",
    [
        HostCommand(("/usr/bin/systemctl", "restart", "pveproxy")),
        HostStep(("/usr/sbin/realm", "leave")),
        HostFile("/etc/pve/user.cfg", "user:root@pam:1:0:::::\n"),
        FileSwap("/etc/pve/corosync.conf", Secret("")),
        FileSwap("/etc/hosts", Secret("")),
        ApiCall("POST", ("access", "domains", "corp", "sync")),
        ApiCall("PUT", ("nodes", "pve1", "time"), {"timezone": "UTC"}),
        ApiCall("GET", ("access", "users")),
    ],
)
def test_what_is_not_known_here_is_unforeseen(step):
    before = picture(ANN)
    assert forecast(before, [step], now=NOW) == (before, (), (step,), ())


@pytest.mark.parametrize(
    ("name", "one"),
    [
        ("access", call("DELETE", "/access/users/ann@pve")),
        ("access", call("PUT", "/access/acl", path="/", roles="PVEAdmin", users="ann@pve")),
        ("realms", call("DELETE", "/access/domains/corp")),
        ("realms", call("POST", "/access/users", userid="new@pve")),
        ("tfa", call("PUT", "/access/users/ann@pve/unlock-tfa")),
        ("tfa", call("POST", "/access/tfa/ann@pve", type="recovery")),
        ("datacenter", call("PUT", "/cluster/options", delete="webauthn")),
    ],
)
def test_a_part_that_was_not_read_makes_a_call_unforeseen(name, one):
    before = replace(picture(ANN), **{name: UNREAD})
    assert forecast(before, [one], now=NOW) == (before, (), (one,), ())


def test_a_restricted_picture_never_says_that_something_is_not_there():
    before = replace(picture(ANN), restricted=True)
    hidden = call("PUT", "/access/users/bob@pve", enable=False)
    known = call("POST", "/access/users", userid="ann@pve")
    told = forecast(before, [hidden, known], now=NOW)
    assert told.unforeseen == (hidden,)
    assert told.problems == ("The user ann@pve exists already.",)


# --- files as a whole -------------------------------------------------------------------------


def test_a_file_that_takes_the_place_of_user_cfg_is_read():
    before = picture(ANN, BOB)
    swap = FileSwap("/etc/pve/user.cfg", Secret("user:ann@pve:0:0:B\xc3\xa4r:::::\n"))
    then = after(before, swap, call("PUT", "/access/users/ann@pve", comment="back"))
    assert "bob@pve" not in then.access.value.users
    assert not then.access.value.users["ann@pve"].enable
    assert then.access.value.users["ann@pve"].comment == "back"


def test_files_of_realms_and_options_are_read_too():
    then = after(
        picture(),
        FileSwap("/etc/pve/domains.cfg", Secret("pam: pam\n\ttfa type=oath\n")),
        FileSwap("/etc/pve/datacenter.cfg", Secret("keyboard: de\n")),
    )
    assert list(then.realms.value.realms) == ["pam", "pve"]
    assert then.realms.value.realms["pam"].options["tfa"] == "type=oath"
    assert then.datacenter.value.options == {"keyboard": "de"}


def test_a_new_tfa_cfg_mends_one_that_pve_cannot_read():
    refused = Part(None, "files", NOW, "broken", refused=True)
    before = replace(picture(ANN), tfa=refused)
    then = after(before, FileSwap("/etc/pve/priv/tfa.cfg", Secret('{"users":{}}')))
    assert then.tfa == Part(then.tfa.value, "files", NOW)
    assert then.tfa.value.users == {}


def test_what_a_mended_tfa_cfg_holds_is_not_new_so_no_undo_removes_it():
    before = replace(picture(ANN), tfa=Part(None, "files", NOW, "broken", refused=True))
    content = '{"users":{"ann@pve":{"yubico":[{"id":"1","description":"a","created":1,'
    content += '"entry":"cccccccccccc"}]}}}'
    then = after(before, FileSwap("/etc/pve/priv/tfa.cfg", Secret(content)))
    assert then.tfa.value.users["ann@pve"].entries
    assert differing(before, then) == ()


def test_a_tfa_cfg_that_pve_could_not_read_is_a_problem():
    swap = FileSwap("/etc/pve/priv/tfa.cfg", Secret("{"))
    assert problem(picture(), swap) == "PVE could not read the new priv/tfa.cfg."


# --- values -------------------------------------------------------------------------------------


def test_values_are_checked_as_pve_checks_them():
    before = picture(ANN, *GROUPS)
    assert problem(before, call("PUT", "/access/users/ann@pve", expire=-1)) == (
        "PVE does not take expire: value must have a minimum value of 0."
    )
    assert problem(before, call("PUT", "/access/users/ann@pve", email="a b")) == (
        "PVE takes mail addresses like ann.b@example.com, without quotes or blanks."
    )
    assert problem(before, call("POST", "/access/groups", groupid="a b")) == (
        "A group's name has only letters, digits, dot, - and _."
    )
    assert problem(before, call("PUT", "/access/users/ann@pve", wrong=1)) == (
        "PVE knows no wrong here."
    )
    assert problem(before, call("POST", "/access/groups", comment="x")) == "groupid is missing."


def test_a_path_and_a_value_that_contradict_each_other_are_a_problem():
    one = call("PUT", "/access/users/ann@pve", userid="bob@pve")
    assert problem(picture(ANN, BOB), one) == (
        "The path and the value of userid contradict each other."
    )
    same = call("PUT", "/access/users/ann@pve", userid="ann@pve", enable=False)
    assert changes(picture(ANN), same)[user("ann@pve")]["enable"] == "0"


def test_no_problem_repeats_a_secret():
    one = call("POST", "/access/users", {"password": "s3cret", "keys": "s3 cret"}, userid="x@pve")
    told = problems(picture(), one)
    assert told == (
        "PVE does not take this value of keys.",
        "PVE does not take this value of password.",
    )


@pytest.mark.parametrize("enable", [False, 0, "0"])
def test_booleans_come_as_python_s_or_as_pve_s(enable):
    found = changes(picture(ANN), call("PUT", "/access/users/ann@pve", enable=enable))
    assert found[user("ann@pve")]["enable"] == "0"


def test_every_call_that_is_checked_is_also_foretold():
    """A call of RULES without a handler would raise KeyError."""
    for template in RULES:
        method, _, path = template.partition(" ")
        path = path.replace("{userid}", "ann@pve").replace("{", "").replace("}", "")
        told = forecast(picture(ANN), [call(method, path)], now=NOW)
        assert not told.unforeseen, template


# --- releases ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "one", "word"),
    [
        ("9.0.5", call("PUT", "/access/users/ann@pve/token/t1", regenerate=True), "regenerate"),
        ("9.0.3", call("PUT", "/access/users/ann@pve/token/t1", delete="comment"), "delete"),
        ("7.4-2", call("PUT", "/access/users/ann@pve/unlock-tfa"), "PUT"),
        ("8.2.0", call("PUT", "/access/domains/entra", groups_claim="groups"), "groups-claim"),
        ("9.1.0", call("PUT", "/access/domains/entra", audiences="pve"), "audiences"),
        ("8.0.4", call("PUT", "/access/domains/corp", check_connection=1), "check-connection"),
    ],
)
def test_what_an_older_pve_does_not_know_is_a_problem(old, one, word):
    before = picture(ANN, "token:ann@pve!t1:0:1::", tfa=[factors("ann@pve", factor("totp"))])
    (told,) = problems(release(before, old), one)
    assert told.startswith(f"{word} ")
    assert "needs libpve-access-control" in told
    assert not forecast(release(before, "9.1.1"), [one], now=NOW).problems


def test_the_release_may_be_known_by_its_pve_alone():
    before = picture(ANN, "token:ann@pve!t1:0:1::")
    old = replace(before, cluster=part(Cluster("pve1", None, True, pve_release="8.4")))
    assert problems(old, call("PUT", "/access/users/ann@pve/token/t1", regenerate=True))


def test_privileges_are_those_of_the_release():
    monitor = call("POST", "/access/roles", roleid="Own", privs="VM.Monitor")
    agent = call("POST", "/access/roles", roleid="Own", privs="VM.GuestAgent.Audit")
    new, old = picture(), release(picture(), "8.2.2")
    assert problem(new, monitor) == "PVE does not know the privilege VM.Monitor."
    assert problem(old, agent) == "PVE does not know the privilege VM.GuestAgent.Audit."
    assert not forecast(old, [monitor], now=NOW).problems
    assert not forecast(new, [agent], now=NOW).problems


def test_passwords_of_five_characters_were_enough_before_8_3():
    one = call("PUT", "/access/password", {"password": "12345"}, userid="ann@pve")
    assert problems(picture(ANN), one)
    assert not forecast(release(picture(ANN), "8.1.4"), [one], now=NOW).problems
