"""Whole plans: on the demo cluster as a person reads them, on small pictures what they weigh."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pve_auth_tui.core.commands import shown
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.intents import call, factors, removal, users
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.plan import ApiCall, Draft, HostCommand, Weight
from pve_auth_tui.core.planning import make_plan, together
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.snapshots import SnapshotService
from pve_auth_tui.simnode.demo import DEMO_NOW, demo_tree
from tests.core.pictures import NOW, factor, picture
from tests.core.pictures import factors as of
from tests.core.random_pictures import pictures

ANN, BOB = "user:ann@pve:1:0:::::", "user:bob@corp:0:0:::::"


class Clock:
    def now(self):
        return DEMO_NOW


DEMO = SnapshotService(demo_tree(), Clock()).load()
DROPPED = ("Monitor8", "loses VM.Monitor for good: unknown to this PVE")  # whatever is changed


def told(intent, made=DEMO, now=DEMO_NOW):
    """The plan as lines, in the order of the Plan screen (design/screens.md)."""
    plan = make_plan(intent, made, now=now)
    lines = [f"{plan.title}: {plan.weight.value} {plan.confirm}".rstrip()]
    lines += [f"{each.word} {each.text}" for each in plan.findings]
    lines += [f"  {line.subject}: {line.text}" for line in plan.changes if line != DROPPED]
    lines += [f"stays {line}" for line in plan.stays]
    lines += [f"$ {shown(step)}" for step in plan.steps]
    lines += [f"< {shown(step)}" for step in plan.back.steps]
    return lines + [f"! {line}" for line in plan.back.lost]


def small(intent, *lines, **parts):
    return make_plan(intent, picture(*lines, **parts), now=NOW)


def put(where, /, **params):
    return call.call("PUT", where.split("/"), params)


def test_whatever_changes_user_cfg_loses_what_this_pve_does_not_know_and_says_so():
    assert make_plan(put("access/groups/dev", comment="x"), DEMO, now=DEMO_NOW).changes == (
        ("@dev", "new comment"),
        DROPPED,
    )
    role = removal.remove([Key("role", "Monitor8")])
    assert DROPPED not in make_plan(role, DEMO, now=DEMO_NOW).changes
    option = put("cluster/options", console="html5")
    assert DROPPED not in make_plan(option, DEMO, now=DEMO_NOW).changes


# --- ten plans of the demo cluster -------------------------------------------------------

STILL = (
    "ok Still able to log in as administrator: root@pam (key, recovery), anna@pam (totp, "
    "recovery), backup-admin@pve, erik@pve (totp, recovery) and 1 more"
)


def test_two_users_are_disabled_one_of_them_already():
    assert told(users.switch(["anna.admin@corp", "bob.admin@corp"], enable=False)) == [
        "disable 2 users: ORDINARY",
        STILL,
        "  anna.admin@corp: enabled -> disabled; 47 privileges on / no longer count",
        "  bob.admin@corp: none, disabled already",
        "stays 1 TFA entry, 1 API token, 1 ACL line, 2 memberships",
        "$ pveum user modify anna.admin@corp --enable 0",
        "< pveum user modify anna.admin@corp --enable 1",
    ]


def test_an_administrator_of_a_directory_is_removed():
    assert told(users.remove(["carl@corp"])) == [
        "remove user carl@corp: HEAVY carl@corp",
        "LOOK API token carl@corp!laptop stops working.",
        "LOOK carl@corp is no administrator any more.",
        "LOOK The next sync of corp adds carl@corp again, without rights, if the directory still "
        "has the name.",
        STILL,
        "  carl@corp: removed, with 1 TFA entry, 1 API token, 1 ACL line and 1 membership; "
        "47 privileges on / go",
        "stays 1 secret of API tokens in priv/token.cfg, which nobody can log in with",
        "$ pveum user delete carl@corp",
        "< pveum user add carl@corp --expire 0 --firstname Carl --lastname Berg --email "
        "carl@example.com --enable 0 --groups admins-corp",
        "< pveum user token add carl@corp laptop --expire 0 --privsep 1 --comment "
        "'pvesh from home'",
        "< pveum acl modify /vms/144 --roles PVEVMUser --tokens 'carl@corp!laptop' --propagate 1",
        "< pvesh create /access/tfa/carl@corp --type totp --description phone --totp '***' "
        "--value '***'",
        "< pveum user modify carl@corp --enable 1",
        "! TOTP entry phone of carl@corp comes back with a new id and today's date.",
        "! The secret of API token carl@corp!laptop does not come back: it gets a new one.",
    ]


def test_the_group_of_administrators_is_removed():
    assert told(removal.remove([Key("group", "admins-corp")])) == [
        "remove group admins-corp: ORDINARY",
        "LOOK anna.admin@corp, carl@corp, dora@corp and 1 more are no administrators any more.",
        "LOOK The next sync of corp adds group admins-corp again, if the directory still has it.",
        STILL,
        "  @admins-corp: group removed, with 4 members (anna.admin@corp, carl@corp, dora@corp and "
        "1 more) and 1 ACL line",
        "  anna.admin@corp, carl@corp, dora@corp and 1 more: lose 47 privileges on /",
        "  carl@corp!laptop: loses 10 privileges on /vms/144",
        "$ pveum group delete admins-corp",
        "< pveum group add admins-corp --comment 'Rack administrators'",
        "< pveum user modify anna.admin@corp --groups admins-corp,ops-corp",
        "< pveum user modify carl@corp --groups admins-corp",
        "< pveum user modify dora@corp --groups admins-corp",
        "< pveum user modify frank@corp --groups admins-corp",
        "< pveum acl modify / --roles Administrator --groups admins-corp --propagate 1",
    ]


def test_a_realm_in_use_is_removed():
    assert told(removal.remove([Key("realm", "corp")])) == [
        "remove realm corp: HEAVY corp",
        "BAD 141 users can no longer log in: realm corp is gone.",
        STILL,
        "  corp: realm removed; 147 users of it stay without a login",
        "stays 147 users of corp with 89 TFA entries, 4 API tokens, 433 ACL lines, 142 memberships",
        "stays 17 groups named *-corp",
        "stays 2 sync jobs fail from now on: corp-changes and corp-nightly",
        "$ pveum realm delete corp",
        "< pveum realm add corp --type ad --comment 'Example Corporation' --domain example.com "
        "--server1 dc01.example.com --base_dn DC=example,DC=com --bind_dn "
        "proxmox_auth@example.com --default 1 --mode ldap+starttls --server2 dc02.example.com "
        "--sync-defaults-options 'enable-new=1,remove-vanished=acl;entry,scope=both' "
        "--sync_attributes firstname=givenName,lastname=sn,email=mail --verify 1",
        "! The bind password of realm corp does not come back: set it anew.",
    ]


def test_an_entry_of_a_user_that_does_not_exist_is_removed():
    assert told(removal.remove([Key("acl", "/vms/104", "user:gone@corp:PVEVMAdmin")])) == [
        "remove ACL /vms/104 gone@corp PVEVMAdmin: HEAVY gone@corp",
        STILL,
        "  gone@corp: ACL line removed: PVEVMAdmin on /vms/104",
        "$ pveum user delete gone@corp",
        "! ACL /vms/104 gone@corp PVEVMAdmin does not come back: there is no user gone@corp any "
        "more.",
    ]


def test_somebody_becomes_an_administrator():
    assert told(put("access/acl", path="/", roles="Administrator", users="bob@pve")) == [
        "set /access/acl: SMALL",
        "LOOK bob@pve becomes an administrator: everything on /.",
        "ok Still able to log in as administrator: root@pam (key, recovery), anna@pam (totp, "
        "recovery), backup-admin@pve, bob@pve and 2 more",
        "  bob@pve: new ACL line: Administrator on /",
        "  bob@pve: gains 47 privileges on /",
        "$ pveum acl modify / --roles Administrator --users bob@pve",
        "< pveum acl delete / --roles Administrator --users bob@pve",
    ]


def test_a_realm_requires_a_factor_that_many_do_not_have():
    assert told(put("access/domains/corp", tfa="type=oath")) == [
        "set /access/domains/corp: ORDINARY",
        "BAD 84 users can no longer log in: realm corp requires TOTP, and they have none.",
        STILL,
        "  corp: tfa unset -> type=oath",
        "$ pveum realm modify corp --tfa type=oath",
        "< pveum realm modify corp --delete tfa",
    ]


def test_a_new_user_meets_what_another_one_left():
    new = call.call("POST", ("access", "users"), {"userid": "gone@corp", "groups": "dev"})
    assert told(new) == [
        "create /access/users: HEAVY gone@corp",
        "LOOK gone@corp stands in 1 old ACL line already, and gets PVEVMAdmin on /vms/104.",
        "LOOK The next sync of corp removes gone@corp unless the directory has the name.",
        STILL,
        "  gone@corp: new user, enabled, in dev",
        "  gone@corp: gains 23 privileges on /pool/lab, /storage/nfs-archive, "
        "/storage/nfs-offsite and 3 more",
        "$ pveum user add gone@corp --groups dev",
        "! user gone@corp has more than the change gave it: ACL /vms/104 gone@corp "
        "PVEVMAdmin. It would go with it, so nothing is taken back.",
    ]


def test_recovery_keys_are_replaced():
    assert told(factors.replace_recovery("erik@pve")) == [
        "replace the recovery keys of erik@pve: HEAVY erik@pve",
        "LOOK The old recovery keys of erik@pve no longer work.",
        "ok Still able to log in as administrator: root@pam (key, recovery), anna@pam (totp, "
        "recovery), backup-admin@pve, erik@pve (totp) and 1 more",
        "  erik@pve: new recovery keys, the old ones end",
        "$ pveum user tfa delete erik@pve --id recovery",
        "$ pvesh create /access/tfa/erik@pve --type recovery",
        "! The recovery keys of erik@pve do not come back: make a new set.",
    ]


def test_locked_factors_are_unlocked():
    assert told(factors.unlock("anna.admin@corp")) == [
        "unlock the second factors of anna.admin@corp: ORDINARY",
        "LOOK Each node counts wrong codes by itself: only the count of pve1 starts anew.",
        "LOOK Whoever locked anna.admin@corp knew the password: look at the log first.",
        STILL,
        "  anna.admin@corp: second factors unlocked",
        "$ pveum user tfa unlock anna.admin@corp",
        "! The TFA lock of anna.admin@corp does not come back, and need not: wrong codes would "
        "lock again.",
        "! The count of wrong codes of anna.admin@corp starts at 0 again.",
    ]


def test_the_rp_id_of_webauthn_changes():
    assert told(put("cluster/options", webauthn="rp=rack,id=rack.example.com")) == [
        "set /cluster/options: HEAVY webauthn",
        "BAD 19 security keys of 19 users stop working (1 of them disabled): made for the ID "
        "example.com.",
        "BAD 15 users can no longer log in: they have nothing but keys.",
        "ok Still able to log in as administrator: root@pam (recovery), anna@pam (totp, "
        "recovery), backup-admin@pve, erik@pve (totp, recovery) and 1 more",
        "  webauthn: id example.com -> rack.example.com",
        "$ pvesh set /cluster/options --webauthn rp=rack,id=rack.example.com",
        "< pvesh set /cluster/options --webauthn id=example.com,rp=rack",
    ]


def test_what_cannot_be_foretold_is_said_and_nothing_is_called_ok():
    sync = call.call("POST", ("access", "domains", "corp", "sync"), {"scope": "both"})
    assert told(sync) == [
        "create /access/domains/corp/sync: HEAVY corp",
        "LOOK What it changes cannot be foretold from here, nor who can still log in then.",
        "$ pveum realm sync corp --scope both",
        "! What cannot be foretold is not taken back.",
    ]


def test_the_guard_s_refusal_asks_for_the_name_of_what_is_changed():
    ways = ["anna@pam", "backup-admin@pve", "erik@pve", "nina@pve", "root@pam"]
    plan = make_plan(users.switch(ways, enable=False), DEMO, now=DEMO_NOW)
    assert (plan.weight, plan.confirm) == (Weight.HEAVY, "anna@pam")
    assert plan.refusal
    assert plan.findings[0].word == "BAD"
    assert "ok" not in {finding.word for finding in plan.findings}


# --- what a plan weighs ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("intent", "weight", "confirm"),
    [
        (put("access/users/ann@pve", comment="new"), Weight.SMALL, ""),
        (put("access/users/ann@pve", groups="ops", append=1), Weight.SMALL, ""),
        (users.switch(["bob@corp"], enable=True), Weight.SMALL, ""),
        (users.switch(["ann@pve"], enable=False), Weight.ORDINARY, ""),
        (factors.add_recovery("bob@corp"), Weight.SMALL, ""),
        (factors.rename("ann@pve", "totp-phone", "x"), Weight.SMALL, ""),
        (factors.unlock("ann@pve"), Weight.ORDINARY, ""),
        (factors.remove("ann@pve", ["totp-phone"]), Weight.HEAVY, "ann@pve"),  # nobody has its URI
        (removal.remove([Key("token", "ann@pve!ci")]), Weight.HEAVY, "ann@pve!ci"),
        (removal.remove([Key("group", "ops")]), Weight.SMALL, ""),
        (removal.remove([Key("group", "dev")]), Weight.ORDINARY, ""),
        (users.remove(["bob@corp"]), Weight.SMALL, ""),
        (users.remove(["ann@pve"]), Weight.HEAVY, "ann@pve"),
        (put("access/acl", path="/nodes", roles="PVEAuditor", users="ann@pve"), Weight.SMALL, ""),
        (put("access/acl", path="/vms", roles="PVEAuditor", users="ann@pve"), Weight.ORDINARY, ""),
        (
            together([users.remove(["ann@pve"]), users.remove(["bob@corp"])]),
            Weight.HEAVY,
            "2",
        ),
        (together([factors.unlock("ann@pve"), users.remove(["bob@corp"])]), Weight.ORDINARY, ""),
    ],
)
def test_weights(intent, weight, confirm):
    plan = small(
        intent,
        ANN,
        BOB,
        "token:ann@pve!ci:0:1::",
        "group:ops:::",
        "group:dev:ann@pve::",
        "acl:1:/vms:@dev:PVEVMUser:",
        tfa=[of("ann@pve", factor("totp", "phone"), locked=True)],
        unix=None,
    )
    assert (plan.weight, plan.confirm) == (weight, confirm)


@pytest.mark.parametrize("locked", [False, True])
def test_a_lost_phone_whose_secret_is_known_is_removed_with_one_key(locked):
    """Its new id and date are no loss, and nobody misses a lock."""
    phone = replace(factor("totp", "phone"), data="otpauth://totp/ann?secret=ABCDEFGHIJKLMNOP")
    made = picture(ANN, tfa=[of("ann@pve", phone, locked=locked)])
    plan = make_plan(removal.remove([Key("factor", "ann@pve", phone.id)]), made, now=NOW)
    assert plan.title == "remove TOTP phone of ann@pve"
    assert (plan.weight, plan.confirm) == (Weight.ORDINARY, "")
    assert (
        "TOTP entry phone of ann@pve comes back with a new id and today's date." in plan.back.lost
    )
    assert not any("comes back with" in sentence for sentence in plan.back.gone)


def test_more_than_ten_objects_are_heavy():
    people = [f"u{n}@corp" for n in range(11)]
    lines = [f"user:{who}:1:0:::::" for who in people]
    plan = small(users.switch(people, enable=False), *lines)
    assert (plan.title, plan.weight, plan.confirm) == ("disable 11 users", Weight.HEAVY, "11")
    assert small(users.switch(people[1:], enable=False), *lines).weight is Weight.ORDINARY


def test_one_call_that_changes_more_than_ten_objects_is_heavy():
    lines = [f"acl:1:/vms/{100 + n}:ann@pve:Mine:" for n in range(11)]
    plan = small(removal.remove([Key("role", "Mine")]), ANN, "role:Mine:VM.Audit:", *lines)
    assert (plan.weight, plan.confirm) == (Weight.HEAVY, "Mine")


def test_a_new_user_with_a_password_is_one_object():
    secret = {"password": Secret("long enough")}
    new = call.call("POST", ("access", "users"), {"userid": "neu@pve"}, secret)
    plan = small(new)
    assert plan.weight is Weight.SMALL
    assert plan.touched == (Key("user", "neu@pve"), Key("password", "neu@pve"))


def test_a_new_password_is_touched_although_no_record_differs():
    secret = {"password": Secret("long enough")}
    plan = small(call.call("PUT", ("access", "password"), {"userid": "ann@pve"}, secret), ANN)
    assert plan.touched == (Key("password", "ann@pve"),)
    assert (plan.weight, plan.confirm) == (Weight.HEAVY, "ann@pve")
    assert plan.back.lost == ("The old password of ann@pve does not come back: set a new one.",)
    assert "long enough" not in repr(plan)


def test_other_notes_of_the_datacenter_are_a_change():
    plan = small(put("cluster/options", description="hello"))
    assert plan.back.lost == ("The old notes of the datacenter are not taken back.",)


# --- what is no plan -------------------------------------------------------------------------


def no_plan(intent, kind, *lines, **parts):
    with pytest.raises(kind) as caught:
        small(intent, *lines, **parts)
    return str(caught.value)


def test_what_pve_would_refuse_is_said_when_the_plan_is_made():
    bad = put("access/acl", path="/vms", roles="Gone", users="gone@pve")
    with pytest.raises(UsageError) as caught:
        small(bad)
    assert str(caught.value) == "The role Gone does not exist."
    assert caught.value.hint == "The user gone@pve does not exist."


def test_what_is_so_already_is_no_plan():
    same = put("access/users/ann@pve", enable=1)
    assert no_plan(same, Refused, ANN) == (
        "Nothing would change: it is so already (set /access/users/ann@pve)."
    )
    assert no_plan(lambda snapshot: Draft("do nothing", ()), Refused) == (
        "Nothing would change: it is so already (do nothing)."
    )


def test_a_command_is_a_plan_whose_effects_nobody_foretells():
    step = HostCommand(("/usr/bin/systemctl", "restart", "pveproxy"))
    plan = small(lambda snapshot: Draft("restart pveproxy", (step,)))
    assert plan.unforeseen == (step,)
    assert (plan.weight, plan.confirm) == (Weight.HEAVY, "systemctl")


# --- several changes in one plan ---------------------------------------------------------------


def test_each_change_sees_what_those_before_it_leave():
    new = call.call("POST", ("access", "users"), {"userid": "neu@corp"})
    off = users.switch(["neu@corp", "bob@corp"], enable=False)
    plan = small(together([new, off]), BOB)
    assert plan.title == "2 changes"
    assert [step.method for step in plan.steps] == ["POST", "PUT"]
    assert plan.changes == (
        ("neu@corp", "new user, disabled"),
        ("bob@corp", "none, disabled already"),
    )
    assert no_plan(together([off, new]), UsageError, BOB) == "There is no user neu@corp."


def test_one_change_keeps_its_title_and_several_may_have_one():
    off, on = users.switch(["ann@pve"], enable=False), users.switch(["bob@corp"], enable=True)
    assert small(together([off]), ANN, BOB).title == "disable ann@pve"
    assert small(together([off, on], "swap"), ANN, BOB).title == "swap"


def test_changes_that_take_each_other_back_are_no_plan():
    both = [users.switch(["ann@pve"], enable=enable) for enable in (False, True)]
    assert no_plan(together(both), Refused, ANN) == (
        "Nothing would change: it is so already (2 changes)."
    )
    assert no_plan(together([]), UsageError) == "No change was named."


def test_a_change_that_pve_would_refuse_then_is_said():
    gone = users.remove(["ann@pve"])
    assert no_plan(together([gone, put("access/users/ann@pve", enable=0)]), UsageError, ANN) == (
        "The user ann@pve does not exist."
    )


def test_notes_of_all_changes_are_in_the_plan_once():
    note = Finding("LOOK", "Mind the gap.")

    def noted(enable):
        step = ApiCall("PUT", ("access", "users", "ann@pve"), {"enable": enable, "comment": "x"})
        return lambda snapshot: Draft("x", (step,), (note,))

    plan = small(together([noted(0), noted(1)]), ANN)
    assert plan.findings.count(note) == 1


# --- of any plan ---------------------------------------------------------------------------------

_INTENTS = st.sampled_from(
    [
        users.switch(["bob@pve", "anna@corp"], enable=False),
        users.switch(["bob@pve"], enable=True),
        users.remove(["bob@pve", "anna@corp"]),
        removal.remove([Key("group", "admins")]),
        removal.remove([Key("role", "Own"), Key("group", "ops")]),
        removal.remove([Key("realm", "corp")]),
        removal.remove([Key("option", "webauthn")]),
        factors.add_recovery("bob@pve"),
        factors.replace_recovery("anna@corp"),
        factors.unlock("bob@pve"),
        put("access/acl", path="/", roles="Administrator", groups="ops"),
        put("access/domains/pam", tfa="type=oath"),
        put("access/roles/Own", privs="Sys.Modify"),
        put("access/users/bob@pve/token/t1", regenerate=1),
    ]
)
_ORDER = {"BAD": 0, "LOOK": 1, "ok": 2, "-": 3}


@settings(max_examples=150)
@given(pictures(), st.lists(_INTENTS, min_size=1, max_size=3))
def test_every_plan_is_whole_and_made_again_it_is_the_same(made, intents):
    intent = together(intents)
    try:
        plan = make_plan(intent, made, now=NOW)
    except (Refused, UsageError):
        return
    assert plan.steps
    assert list(plan.findings) == sorted(plan.findings, key=lambda each: _ORDER[each.word])
    assert (plan.weight is Weight.HEAVY) == bool(plan.confirm)
    assert plan.weight is Weight.HEAVY or not plan.refusal
    assert all(line.subject and line.text for line in plan.changes)
    assert plan.back.steps or plan.back.lost
    assert make_plan(intent, replace(made), now=NOW) == plan


def test_a_name_that_a_group_lists_already_is_not_listed_after_the_way_back():
    made = picture("group:ops:eve@pve::")
    plan = make_plan(users.add("eve@pve"), made, now=NOW)
    assert plan.back.lost == ("Group ops does not list the name eve@pve any more.",)
    assert plan.back.steps
    assert plan.weight is Weight.ORDINARY
    assert plan.after.access.value.groups_of["eve@pve"] == ("ops",)


def test_a_plan_made_on_a_part_of_the_entries_says_that_it_may_do_more():
    join = put("access/users/ann@pve", groups="ops")
    lines = (ANN, "group:ops:::", "acl:1:/:@ops:PVEAuditor:")
    whole = picture(*lines)
    plan = make_plan(join, replace(whole, restricted=True), now=NOW)
    assert "only a part of the users and ACL entries" in plan.findings[0].text
    assert plan.weight is Weight.ORDINARY
    assert all("a part" not in found.text for found in make_plan(join, whole, now=NOW).findings)


def test_other_key_ids_in_place_of_old_ones_are_a_plan_that_never_comes_back():
    old = "user:ann@pve:1:0:::::OLDKEYOLDKEY2222:"
    plan = small(users.edit(["ann@pve"], {"keys": Secret("NEWKEYNEWKEY3333")}), old)
    assert plan.changes == (("ann@pve", "other Key IDs in user.cfg; the old ones end"),)
    assert plan.back.lost == (
        "The Key IDs that ann@pve has now do not come back: no record has them.",
    )
    assert plan.weight is Weight.HEAVY
    first = small(users.edit(["ann@pve"], {"keys": Secret("NEWKEYNEWKEY3333")}), ANN)
    assert first.changes == (("ann@pve", "an old key stands in user.cfg"),)
    assert first.back.lost == ()
