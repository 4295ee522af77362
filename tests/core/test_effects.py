"""What a change means, in words; and that its words about rights are those of the engine."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.effects import effects
from pve_auth_tui.core.effects.rights import held, rights
from pve_auth_tui.core.effects.scene import SINGLY, Scene
from pve_auth_tui.core.effects.targets import renewed_by, targets
from pve_auth_tui.core.objects import Key, differing
from pve_auth_tui.core.permissions import Permissions
from pve_auth_tui.core.plan import ApiCall, FileSwap, HostCommand, HostFile, HostStep
from pve_auth_tui.core.predict import forecast
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Datacenter, Jobs, Part, SyncJob
from tests.core.pictures import CORP, DAY, ENTRA, NOW, PAM, PVE, factor, picture
from tests.core.pictures import factors as of
from tests.core.random_pictures import PATHS, pictures

ANN = "user:ann@pve:1:0:::::"
ADMIN = "acl:1:/:ann@pve:Administrator:"


def put(where, /, **params):
    named = {name.replace("_", "-"): value for name, value in params.items()}
    return ApiCall("PUT", tuple(where.split("/")), named)


def post(where, /, **params):
    return replace(put(where, **params), method="POST")


def delete(path):
    return replace(put(path), method="DELETE")


def after(made, *steps):
    foretold = forecast(made, steps, now=NOW)
    assert foretold.problems == ()
    return foretold.snapshot


def effect(made, *steps):
    then = after(made, *steps)
    return effects(made, then, differing(made, then), now=NOW, renewed=renewed_by(steps))


def changes(made, *steps):
    return [f"{line.subject}: {line.text}" for line in effect(made, *steps).changes]


def findings(made, *steps):
    return [f"{each.word} {each.text}" for each in effect(made, *steps).findings]


def stays(made, *steps):
    return list(effect(made, *steps).stays)


def corp(**options):
    return replace(
        CORP, options={**CORP.options, **{k.replace("_", "-"): v for k, v in options.items()}}
    )


# --- users ------------------------------------------------------------------------------


def test_rights_sleep_with_a_disabled_user_and_count_again_with_an_enabled_one():
    made = picture(ANN, ADMIN)
    off = put("access/users/ann@pve", enable=0)
    assert changes(made, off) == [
        "ann@pve: enabled -> disabled; 47 privileges on / no longer count"
    ]
    assert changes(after(made, off), put("access/users/ann@pve", enable=1)) == [
        "ann@pve: disabled -> enabled; 47 privileges on / count again"
    ]


def test_rights_of_an_expired_user_sleep_already():
    made = picture(f"user:ann@pve:1:{int(NOW) - DAY}:::::", ADMIN)
    assert changes(made, put("access/users/ann@pve", enable=0)) == ["ann@pve: enabled -> disabled"]


def test_rights_further_down_are_told_by_their_path_or_counted():
    made = picture(ANN, "acl:1:/vms/100:ann@pve:PVEAuditor:")
    off = put("access/users/ann@pve", enable=0)
    assert "7 privileges on /vms/100 no longer count" in changes(made, off)[0]
    made = picture(ANN, "acl:1:/vms/100:ann@pve:PVEAuditor:", "acl:1:/storage:ann@pve:PVEAuditor:")
    assert "rights on 2 paths no longer count" in changes(made, off)[0]
    nothing = picture(ANN, "acl:1:/vms/100:ann@pve:NoAccess:")
    assert changes(nothing, off) == ["ann@pve: enabled -> disabled"]


def test_an_expiry_is_told_as_a_time_that_is_the_same_tomorrow():
    made = picture(ANN)
    soon = put("access/users/ann@pve", expire=int(NOW) + DAY)
    assert changes(made, soon) == ["ann@pve: expire never -> 2026-11-22 12:00"]
    past = put("access/users/ann@pve", expire=int(NOW) - DAY)
    assert changes(made, past) == ["ann@pve: expire never -> 2026-11-20 12:00 (EXPIRED)"]


def test_texts_are_told_long_ones_cut():
    made = picture("user:ann@pve:1:0:Ann:::old:")
    changed = put("access/users/ann@pve", firstname="", lastname="x" * 50, comment="new")
    assert changes(made, changed) == [
        f"ann@pve: first name Ann -> none; last name none -> {'x' * 40}...; new comment"
    ]
    assert changes(made, put("access/users/ann@pve", comment="")) == ["ann@pve: comment removed"]


def test_a_new_user_is_told_with_what_it_has():
    made = picture("group:ops:::")
    new = post("access/users", userid="neu@pve", enable=0, expire=int(NOW) + DAY, groups="ops")
    assert changes(made, new) == ["neu@pve: new user, disabled, expires 2026-11-22 12:00, in ops"]


def test_a_removed_user_takes_along_what_is_named_in_its_line():
    made = picture(
        ANN,
        "token:ann@pve!ci:0:1::",
        "group:ops:ann@pve::",
        "group:dev:ann@pve::",
        ADMIN,
        "acl:1:/vms:@ops:PVEVMUser:",
        "acl:1:/vms:ann@pve!ci:PVEVMUser:",
        tfa=[of("ann@pve", factor("totp", "phone"), factor("recovery", unused=9), locked=True)],
    )
    gone = delete("access/users/ann@pve")
    assert changes(made, gone) == [
        "ann@pve: removed, with 2 TFA entries, 1 API token, 2 ACL lines and 2 memberships; "
        "47 privileges on / go"
    ]
    assert changes(picture(ANN), gone) == ["ann@pve: removed"]


# --- tokens, passwords, groups, roles, pools, entries ------------------------------------------


def test_a_new_token_says_what_it_may():
    made = picture(ANN, ADMIN)
    path = "access/users/ann@pve/token/ci"
    assert changes(made, post(path)) == [
        "ann@pve!ci: new API token, privilege separation: sees NOTHING without ACL lines"
    ]
    assert changes(made, post(path, privsep=0, expire=int(NOW) + DAY)) == [
        "ann@pve!ci: new API token, expires 2026-11-22 12:00; it may do all that ann@pve may",
        "ann@pve!ci: gains 47 privileges on /",
    ]


def test_a_changed_token():
    made = picture(ANN, "token:ann@pve!ci:0:1::", ADMIN)
    path = "access/users/ann@pve/token/ci"
    assert changes(made, put(path, privsep=0, expire=5, comment="x")) == [
        "ann@pve!ci: expire never -> 1970-01-01 00:00 (EXPIRED); privilege separation yes -> no; "
        "new comment",
        "ann@pve!ci: gains 47 privileges on /",
    ]
    assert changes(made, delete(path)) == [
        "ann@pve!ci: API token removed; what uses it stops at once"
    ]
    with_entry = picture(ANN, "token:ann@pve!ci:0:1::", ADMIN, "acl:1:/vms:ann@pve!ci:PVEAuditor:")
    assert changes(with_entry, delete(path)) == [
        "ann@pve!ci: API token removed, with 1 ACL line; what uses it stops at once"
    ]


def test_new_secrets_are_told_although_no_record_differs():
    made = picture(ANN, "token:ann@pve!ci:0:1::", tfa=[of("ann@pve", factor("recovery", unused=1))])

    def renewed(*keys):
        found = effects(made, made, (), now=NOW, renewed=keys)
        return [f"{line.subject}: {line.text}" for line in found.changes]

    assert renewed(Key("password", "ann@pve")) == ["ann@pve: new password; the old one ends"]
    assert renewed(Key("token", "ann@pve!ci")) == [
        "ann@pve!ci: new secret; what uses the old one stops at once"
    ]
    assert renewed(Key("realm", "corp")) == ["corp: new password or key for its server"]
    assert renewed(Key("factor", "ann@pve", "recovery")) == [
        "ann@pve: new recovery keys, the old ones end"
    ]


def test_a_first_password_ends_no_old_one():
    made = picture(ANN, pve_passwords=[])
    step = replace(put("access/password", userid="ann@pve"), secrets={"password": Secret("x" * 8)})
    assert changes(made, step) == ["ann@pve: gets a password"]


def test_groups_tell_of_themselves_and_users_of_their_memberships():
    made = picture(ANN, "group:ops:ann@pve:old:", "group:dev:::", "acl:1:/vms:@ops:PVEVMUser:")
    assert changes(made, post("access/groups", groupid="new")) == ["@new: new group"]
    assert changes(made, put("access/groups/ops", comment="new")) == ["@ops: new comment"]
    assert changes(made, put("access/users/ann@pve", groups="dev")) == [
        "ann@pve: joins dev; leaves ops",
        "ann@pve: loses 10 privileges on /vms",
    ]
    assert changes(made, delete("access/groups/ops")) == [
        "@ops: group removed, with 1 member (ann@pve) and 1 ACL line",
        "ann@pve: loses 10 privileges on /vms",
    ]


def test_a_group_tells_of_members_who_are_no_users_and_of_many():
    people = [f"u{n}@pve" for n in range(5)]
    made = picture(
        *(f"user:{who}:1:0:::::" for who in people),
        f"group:ops:gone@corp,{','.join(people)}::",
    )
    assert changes(made, delete("access/users/gone@corp")) == ["@ops: loses gone@corp"]
    then = after(made, *(delete(f"access/users/{who}") for who in people))
    found = effects(made, then, differing(made, then), now=NOW)
    assert found.changes[0] == ("@ops", "loses 5 members")


def test_roles_tell_how_many_lines_name_them():
    made = picture(ANN, "role:Mine:VM.Audit,VM.Console:", "acl:1:/vms:ann@pve:Mine:")
    assert changes(made, post("access/roles", roleid="New", privs="VM.Audit")) == [
        "New: new role with 1 privilege"
    ]
    assert changes(made, put("access/roles/Mine", privs="VM.Audit,VM.Backup")) == [
        "Mine: gains VM.Backup, loses VM.Console; 1 ACL line names it",
        "ann@pve: gains VM.Backup, loses VM.Console on /vms",
    ]
    assert changes(made, delete("access/roles/Mine")) == [
        "Mine: role removed with the 1 ACL line that names it",
        "ann@pve: loses VM.Audit and VM.Console on /vms",
    ]
    unused = picture("role:Mine:VM.Audit:")
    assert changes(unused, delete("access/roles/Mine")) == ["Mine: role removed; nothing names it"]


def test_pools_tell_of_members_and_who_gains_by_them():
    made = picture(ANN, "pool:lab::100:nfs:", "acl:1:/pool/lab:ann@pve:PVEVMUser:")
    assert changes(made, post("pools", poolid="new")) == ["new: new pool"]
    assert changes(made, put("pools", poolid="lab", vms="101", comment="x")) == [
        "lab: new comment; gains guest 101",
        "ann@pve: gains 10 privileges on /vms/101",
    ]
    assert changes(made, put("pools", poolid="lab", vms="100", storage="nfs", delete=1)) == [
        "lab: loses guest 100; loses storage nfs",
        "ann@pve: loses 10 privileges on /storage/nfs and /vms/100",
    ]
    empty = picture("pool:lab::::")
    assert changes(empty, replace(delete("pools"), params={"poolid": "lab"})) == [
        "lab: pool removed"
    ]


def test_entries_tell_their_role_and_path():
    made = picture(ANN, "group:ops:::", "acl:1:/vms:@ops:PVEVMUser:")
    acl = "access/acl"
    assert changes(
        made, put(acl, path="/vms", roles="PVEAuditor", users="ann@pve", propagate=0)
    ) == [
        "ann@pve: new ACL line: PVEAuditor on /vms, not passed on",
        "ann@pve: gains 7 privileges on /vms",
    ]
    assert changes(made, put(acl, path="/vms", roles="PVEVMUser", groups="ops", propagate=0)) == [
        "@ops: PVEVMUser on /vms: propagate yes -> no"
    ]
    assert changes(made, put(acl, path="/vms", roles="PVEVMUser", groups="ops", delete=1)) == [
        "@ops: ACL line removed: PVEVMUser on /vms"
    ]


def test_what_is_no_longer_passed_on_is_lost_below():
    made = picture(ANN, "acl:1:/vms:ann@pve:PVETemplateUser:")
    step = put("access/acl", path="/vms", roles="PVETemplateUser", users="ann@pve", propagate=0)
    assert changes(made, step)[1] == "ann@pve: loses VM.Audit and VM.Clone below /vms"
    assert changes(after(made, step), replace(step, params={**step.params, "propagate": 1}))[1] == (
        "ann@pve: gains VM.Audit and VM.Clone below /vms"
    )


def test_an_entry_that_replaces_takes_away():
    made = picture(ANN, "group:ops:ann@pve::", "acl:1:/:@ops:Administrator:")
    step = put("access/acl", path="/vms/100", roles="PVEAuditor", users="ann@pve")
    found = effect(made, step)
    assert found.takes
    assert found.changes[1] == ("ann@pve", "loses 40 privileges on /vms/100")
    assert [each.text for each in found.findings] == [
        "The new ACL line on /vms/100 takes 40 privileges from ann@pve."
    ]
    none = replace(step, params={**step.params, "roles": "NoAccess"})
    assert findings(made, none) == [
        "LOOK The ACL line of ann@pve on /vms/100: NoAccess wins over every other role of ann@pve "
        "on this path: 47 privileges less."
    ]


def test_an_entry_that_a_pool_makes_up_for_restricts_nothing():
    made = picture(ANN, "pool:lab::104::", "acl:1:/:ann@pve:PVEVMAdmin:")
    step = put("access/acl", path="/vms/104", roles="PVEAuditor", users="ann@pve")
    assert findings(made, step)[0] == (
        "LOOK The ACL line of ann@pve on /vms/104: a pool adds it back (lab): this entry "
        "restricts nothing. Replaced would be PVEVMAdmin on /."
    )


def test_a_line_that_does_not_count_for_a_member_is_told_of():
    made = picture(ANN, "group:ops:ann@pve::", "acl:1:/vms:ann@pve:PVEAuditor:")
    step = put("access/acl", path="/vms", roles="PVEVMUser", groups="ops")
    assert findings(made, step) == [
        "LOOK The ACL line of @ops on /vms: does not count for ann@pve: own entries come first."
    ]
    again = put("access/acl", path="/vms", roles="PVEVMUser", groups="ops", propagate=0)
    assert findings(after(made, step), again) == []


def test_many_lines_share_a_remark():
    made = picture(ANN, "token:ann@pve!ci:0:0::", "acl:1:/nodes:ann@pve:PVEAuditor:")
    step = put("access/acl", path="/vms", roles="PVEVMUser,PVEAuditor", tokens="ann@pve!ci")
    other = put("access/acl", path="/nodes", roles="PVEAuditor", tokens="ann@pve!ci")
    assert findings(made, step, other) == [
        "LOOK 2 ACL lines, ann@pve!ci on /nodes and ann@pve!ci on /vms: never count."
    ]


def test_no_access_beside_other_roles_is_told_once():
    made = picture(ANN, "acl:1:/vms:ann@pve:PVEVMUser:")
    step = put("access/acl", path="/vms", roles="PVEAuditor,NoAccess", users="ann@pve")
    told = findings(made, step)
    assert any("NoAccess wins over every other role of ann@pve on this path" in one for one in told)
    assert not any("never count" in one for one in told)


def test_a_line_for_a_group_is_judged_with_the_members_that_it_gets():
    made = picture(ANN, "group:ops:::", "acl:1:/vms:ann@pve:PVEAuditor:")
    join = put("access/users/ann@pve", groups="ops")
    step = put("access/acl", path="/vms", roles="PVEVMUser", groups="ops")
    assert findings(made, join, step) == [
        "LOOK The ACL line of @ops on /vms: does not count for ann@pve: own entries come first."
    ]


def test_an_entry_that_gives_nothing_is_told_of():
    made = picture(ANN, "token:ann@pve!ci:0:1::", "acl:1:/vms:ann@pve:PVEVMAdmin:")
    token = put("access/acl", path="/nodes", roles="PVEAuditor", tokens="ann@pve!ci")
    assert findings(made, token) == [
        "LOOK The new ACL line on /nodes gives ann@pve!ci nothing more."
    ]
    assert findings(made, put("access/acl", path="/vms", roles="PVEVMUser", users="ann@pve")) == [
        "LOOK The new ACL line on /vms gives ann@pve nothing more."
    ]
    given = put("access/acl", path="/vms", roles="PVEVMUser", tokens="ann@pve!ci")
    assert findings(made, given) == []


def test_many_entries_are_counted():
    lines = [f"acl:1:/vms/{number}:ann@pve:PVEVMUser:" for number in range(100, 100 + SINGLY + 1)]
    made = picture(ANN, *lines)
    steps = [
        put("access/acl", path=f"/vms/{number}", roles="PVEVMUser", users="ann@pve", delete=1)
        for number in range(100, 100 + SINGLY + 1)
    ]
    assert changes(made, *steps)[0] == "51 ACL lines: removed"


# --- who gains and who loses ---------------------------------------------------------------


def test_those_for_whom_the_same_changes_share_a_line():
    people = [f"u{n}@pve" for n in range(5)]
    made = picture(*(f"user:{who}:1:0:::::" for who in people), f"group:ops:{','.join(people)}::")
    step = put("access/acl", path="/vms", roles="PVEVMUser", groups="ops")
    assert changes(made, step)[1] == "u0@pve, u1@pve, u2@pve and 2 more: gain 10 privileges on /vms"


def test_more_people_than_can_be_looked_at_are_counted():
    people = [f"u{n}@pve" for n in range(SINGLY + 7)]
    made = picture(*(f"user:{who}:1:0:::::" for who in people), f"group:ops:{','.join(people)}::")
    found = effect(made, put("access/acl", path="/vms", roles="PVEVMUser", groups="ops"))
    assert found.changes[-1] == ("7 others", "reached, too; not looked at one by one")
    assert found.takes  # who was not looked at may lose something


def test_many_different_paths_are_counted():
    people = [f"u{n}@pve" for n in range(12)]
    made = picture(
        *(f"user:{who}:1:0:::::" for who in people),
        "role:Mine:VM.Audit:",
        *(f"acl:1:/vms/{100 + n}:{who}:Mine:" for n, who in enumerate(people)),
    )
    assert changes(made, put("access/roles/Mine", privs="VM.Audit,VM.Backup"))[1] == (
        "u0@pve, u1@pve, u2@pve and 9 more: gain VM.Backup on 12 paths"
    )


def test_tokens_follow_their_user():
    made = picture(
        ANN,
        "token:ann@pve!all:0:0::",
        "token:ann@pve!cut:0:1::",
        "acl:1:/vms:ann@pve!cut:PVEVMUser:",
    )
    step = put("access/acl", path="/vms", roles="PVEVMUser", users="ann@pve")
    assert changes(made, step)[1:] == [
        "ann@pve, ann@pve!all and ann@pve!cut: gain 10 privileges on /vms"
    ]


def test_a_token_with_an_entry_further_down_follows_its_user_there():
    made = picture(ANN, "token:ann@pve!cut:0:1::", "acl:1:/vms/100:ann@pve!cut:PVEVMUser:")
    step = put("access/acl", path="/vms", roles="PVEVMUser", users="ann@pve")
    assert changes(made, step)[1:] == [
        "ann@pve: gains 10 privileges on /vms",
        "ann@pve!cut: gains 10 privileges on /vms/100",
    ]


def test_what_an_entry_hides_on_its_path_alone_counts_below_it():
    made = picture(
        ANN, "group:ops:ann@pve::", "acl:0:/vms:ann@pve:NoAccess:", "acl:1:/vms/7:ann@pve:Own:"
    )
    step = put("access/acl", path="/vms", roles="PVEVMUser", groups="ops")
    assert changes(made, step)[1:] == ["ann@pve: gains 10 privileges below /vms"]


def test_what_reaches_a_guest_through_its_pool_alone_is_told_of():
    made = picture(
        ANN,
        "user:bob@pve:1:0:::::",
        "pool:lab::100,101:nfs:",
        "pool:lab/ci::102:zfs:",
        "acl:1:/vms/100:ann@pve:PVEPoolAdmin:",
        "acl:1:/vms:bob@pve:NoAccess:",
        "acl:0:/pool/lab:bob@pve:PVEPoolAdmin:",
    )
    bar = put("access/acl", path="/", roles="NoAccess", users="ann@pve")
    assert "ann@pve: loses Pool.Allocate and Pool.Audit on /vms/100" in changes(made, bar)
    give = put("access/acl", path="/pool", roles="PVEPoolUser", users="ann@pve")
    assert changes(made, give)[-1] == (
        "ann@pve: gains Pool.Audit on /pool, /storage/nfs, /storage/zfs and 2 more"
    )
    free = put("access/acl", path="/vms", roles="NoAccess", users="bob@pve", delete=1)
    assert changes(made, free)[-1] == (
        "bob@pve: gains Pool.Allocate and Pool.Audit on /vms/100 and /vms/101"
    )


def test_nothing_is_passed_on_below_a_guest():
    made = picture(ANN, "acl:1:/vms/100:ann@pve:PVEVMUser:")
    narrow = put("access/acl", path="/vms/100", roles="PVEVMUser", users="ann@pve", propagate=0)
    assert changes(made, narrow) == ["ann@pve: PVEVMUser on /vms/100: propagate yes -> no"]


def test_administrators_who_come_and_go_are_told_of():
    made = picture(ANN, "user:bob@pve:1:0:::::", "group:ops:ann@pve,bob@pve::")
    step = put("access/acl", path="/", roles="Administrator", groups="ops")
    assert findings(made, step) == [
        "LOOK ann@pve and bob@pve become administrators: everything on /."
    ]
    back = put("access/acl", path="/", roles="Administrator", groups="ops", delete=1)
    assert findings(after(made, step), back) == [
        "LOOK ann@pve and bob@pve are no administrators any more."
    ]
    one = put("access/users/ann@pve", groups="")
    assert findings(after(made, step), one) == ["LOOK ann@pve is no administrator any more."]


def test_ways_to_make_oneself_root_are_told_of():
    made = picture(ANN)
    step = put("access/acl", path="/access", roles="PVEUserAdmin", users="ann@pve")
    assert findings(made, step) == [
        "LOOK ann@pve can make itself root then: User.Modify on /access/groups."
    ]
    assert (
        findings(made, put("access/acl", path="/vms", roles="PVEUserAdmin", users="ann@pve")) == []
    )


def test_no_right_of_root_ever_changes():
    made = picture("group:ops:root@pam::", "acl:1:/vms:@ops:PVEVMUser:")
    assert changes(made, delete("access/groups/ops")) == [
        "@ops: group removed, with 1 member (root@pam) and 1 ACL line"
    ]


def test_a_token_of_root_has_its_rights_without_an_entry():
    made = picture("token:root@pam!own:0:1::", "token:root@pam!full:0:0::")
    path = "access/users/root@pam/token"
    assert changes(made, put(f"{path}/own", privsep=0)) == [
        "root@pam!own: privilege separation yes -> no",
        "root@pam!own: gains 47 privileges on /",
    ]
    assert findings(made, put(f"{path}/own", privsep=0)) == [
        "LOOK root@pam!own can make itself root then: User.Modify on /access/groups."
    ]
    assert "root@pam!full: loses 47 privileges on /" in changes(
        made, put(f"{path}/full", privsep=1)
    )
    assert effect(made, delete(f"{path}/full")).takes
    assert not effect(made, delete(f"{path}/own")).takes


_STEPS = st.sampled_from(
    [
        put("access/acl", path="/vms", roles="PVEVMUser", users="bob@pve"),
        put("access/acl", path="/", roles="Administrator", groups="admins"),
        put("access/acl", path="/vms/100", roles="NoAccess", groups="ops"),
        put("access/acl", path="/pool/lab", roles="PVEVMUser", users="anna@corp", propagate=0),
        put("access/acl", path="/vms", roles="PVEVMUser", users="bob@pve", delete=1),
        put("access/users/bob@pve", groups="ops"),
        delete("access/users/anna@corp"),
        delete("access/groups/admins"),
        delete("access/roles/Own"),
        put("access/roles/Own", privs="VM.Audit,Permissions.Modify"),
        put("access/users/bob@pve/token/t1", privsep=0),
        delete("access/users/bob@pve/token/t1"),
    ]
)


@settings(max_examples=100)
@given(pictures(), _STEPS)
def test_what_is_said_of_rights_is_what_the_whole_engine_says(made, step):
    """The engine for the picture after knows only some entries: no answer may hang on others.

    Where nobody is said to gain or lose, nobody does on any path that entries name.
    """
    foretold = forecast(made, [step], now=NOW)
    if foretold.problems or foretold.snapshot is made:
        return
    scene = Scene(made, foretold.snapshot, differing(made, foretold.snapshot), NOW)
    found = rights(scene)
    was, will = Permissions(scene.old), Permissions(scene.new)
    told = {shift.subject: shift for shift in found.shifts}
    for userid in _subjects(scene.old) & _subjects(scene.new):
        for path in PATHS:
            old, new = (engine.privileges(userid, path) for engine in (was, will))
            for change, paths in told[userid].changes if userid in told else ():
                if path in paths:
                    assert change.gained == new.keys() - old.keys()
                    assert change.lost == old.keys() - new.keys()
            assert old.keys() == new.keys() or userid in told


def _subjects(config):
    people = config.users.values()
    return {*config.users, *(f"{user.id}!{name}" for user in people for name in user.tokens)}


# --- logins and tokens ------------------------------------------------------------------------


def test_tokens_of_accounts_that_end_stop():
    made = picture(
        ANN,
        "user:bob@pve:1:0:::::",
        "user:old@pve:0:0:::::",
        "token:ann@pve!ci:0:1::",
        f"token:ann@pve!gone:{int(NOW) - 5}:1::",
        "token:bob@pve!b1:0:1::",
        "token:bob@pve!b2:0:1::",
        "token:old@pve!o1:0:1::",
    )
    ann = put("access/users/ann@pve", enable=0)
    assert findings(made, ann) == ["LOOK API token ann@pve!ci stops working."]
    both = (ann, put("access/users/bob@pve", expire=5), delete("access/users/old@pve"))
    assert findings(made, *both) == [
        "LOOK 3 API tokens stop working: ann@pve!ci, bob@pve!b1 and bob@pve!b2."
    ]
    back = put("access/users/old@pve", enable=1)
    assert findings(made, back) == ["LOOK API token old@pve!o1 works again."]


def test_who_is_enabled_and_still_cannot_log_in_is_told_of():
    made = picture(f"user:ann@pve:0:{int(NOW) - 5}:::::")
    assert findings(made, put("access/users/ann@pve", enable=1)) == [
        "LOOK ann@pve still cannot log in: the account has expired."
    ]
    made = picture()
    assert findings(made, post("access/users", userid="neu@pve")) == [
        "LOOK neu@pve cannot log in yet: no password is set."
    ]


def test_who_is_unlocked_and_still_cannot_log_in_is_told_of():
    made = picture(
        "user:ann@pve:0:0:::::", tfa=[of("ann@pve", factor("totp", "phone"), locked=True)]
    )
    assert findings(made, put("access/users/ann@pve/unlock-tfa")) == [
        "LOOK ann@pve still cannot log in: the account is disabled."
    ]


def test_the_last_second_factor_is_missed():
    made = picture(ANN, tfa=[of("ann@pve", factor("totp", "phone"))])
    assert findings(made, delete("access/tfa/ann@pve/totp-phone")) == [
        "LOOK No second factor protects ann@pve any more: the password is enough."
    ]
    assert changes(made, put("access/tfa/ann@pve/totp-phone", enable=0)) == [
        "ann@pve: TOTP phone enabled -> disabled"
    ]


def test_the_demanded_factor_takes_the_login_along():
    made = picture(
        "user:ann@corp:1:0:::::",
        realms=(PAM, PVE, corp(tfa="type=oath")),
        tfa=[of("ann@corp", factor("totp", "phone"), factor("webauthn", "key"))],
    )
    found = effect(made, delete("access/tfa/ann@corp/totp-phone"))
    assert [f"{each.word} {each.text}" for each in found.findings] == [
        "BAD ann@corp can no longer log in: the realm requires TOTP, and there is none."
    ]
    assert found.takes
    assert found.changes == (("ann@corp", "TOTP phone removed; left: WebAuthn key"),)


def test_what_is_left_of_factors_is_told():
    entries = (factor("totp", "phone"), factor("webauthn", "key", enable=False))
    made = picture(ANN, tfa=[of("ann@pve", *entries, factor("recovery", unused=3), locked=True)])
    assert changes(made, delete("access/tfa/ann@pve/totp-phone")) == [
        "ann@pve: TOTP phone removed; left: 3 recovery keys and WebAuthn key (disabled)"
    ]
    every = [delete(f"access/tfa/ann@pve/{i}") for i in ("totp-phone", "webauthn-key", "recovery")]
    assert changes(made, *every) == [
        "ann@pve: recovery keys removed; TOTP phone removed; WebAuthn key removed; left: nothing"
    ]
    assert changes(made, put("access/users/ann@pve/unlock-tfa")) == [
        "ann@pve: second factors unlocked"
    ]


def test_factors_are_named_anew():
    made = picture(ANN, tfa=[of("ann@pve", factor("totp", "phone"))])
    assert changes(made, put("access/tfa/ann@pve/totp-phone", description="tablet")) == [
        "ann@pve: TOTP phone is named tablet"
    ]
    assert changes(made, post("access/tfa/ann@pve", type="recovery")) == [
        "ann@pve: new recovery keys"
    ]


def test_a_realm_that_requires_a_factor_keeps_out_who_has_none():
    people = ("bare", "key", "totp", "keys", "off")
    made = picture(
        *(f"user:{who}@corp:{int(who != 'off')}:0:::::" for who in people),
        tfa=[
            of("key@corp", factor("webauthn", "k")),
            of("totp@corp", factor("totp", "t")),
            of("keys@corp", factor("recovery", unused=2)),
        ],
    )
    assert findings(made, put("access/domains/corp", tfa="type=oath")) == [
        "BAD bare@corp and key@corp can no longer log in: realm corp requires TOTP, and they "
        "have none."
    ]
    asked = after(made, put("access/domains/corp", tfa="type=oath"))
    assert findings(asked, put("access/domains/corp", delete="tfa")) == [
        "LOOK bare@corp can log in with the password alone then."
    ]
    assert findings(asked, put("access/domains/corp", comment="x")) == []


def test_users_who_go_with_their_realm_do_not_stay():
    made = picture("user:a@corp:1:0:::::", "user:b@corp:0:0:::::")
    found = effect(made, delete("access/domains/corp"), delete("access/users/a@corp"))
    assert ("corp", "realm removed; 1 user of it stay without a login") not in found.changes
    assert ("corp", "realm removed; 1 user of it stays without a login") in found.changes
    gone = effect(
        made,
        delete("access/domains/corp"),
        delete("access/users/a@corp"),
        delete("access/users/b@corp"),
    )
    assert ("corp", "realm removed") in gone.changes


def test_a_removed_realm_leaves_its_users_without_a_login():
    made = picture(
        "user:a@corp:1:0:::::",
        "user:b@corp:0:0:::::",
        "token:a@corp!t1:0:1::",
        "group:ops-corp:a@corp::",
        "acl:1:/vms:a@corp:PVEVMUser:",
        tfa=[of("a@corp", factor("totp", "t"))],
        jobs=Jobs({"nightly": SyncJob("nightly", "corp")}),
    )
    found = effect(made, delete("access/domains/corp"))
    assert [each.text for each in found.findings] == [
        "a@corp can no longer log in: realm corp is gone."
    ]
    assert found.changes == (("corp", "realm removed; 2 users of it stay without a login"),)
    assert found.stays == (
        "2 users of corp with 1 TFA entry, 1 API token, 1 ACL line, 1 membership",
        "1 group named *-corp",
        "1 sync job fails from now on: nightly",
    )


def test_a_built_in_realm_comes_back():
    made = picture(realms=(replace(PAM, options={"tfa": "type=oath"}), PVE))
    assert changes(made, delete("access/domains/pam")) == [
        "pam: comment unset -> Linux PAM standard authentication; tfa type=oath -> unset"
    ]


def test_other_webauthn_settings_end_the_keys():
    made = picture(
        ANN,
        "user:bob@pve:1:0:::::",
        tfa=[
            of("ann@pve", factor("webauthn", "k"), factor("totp", "t")),
            of("bob@pve", factor("webauthn", "k")),
        ],
    )
    assert findings(made, put("cluster/options", webauthn="rp=Rack,id=example.net")) == [
        "BAD 2 security keys of ann@pve and bob@pve stop working: made for the ID example.com.",
        "BAD bob@pve can no longer log in: they have nothing but keys.",
    ]
    assert findings(made, put("cluster/options", delete="webauthn"))[0] == (
        "BAD 2 security keys of ann@pve and bob@pve stop working: WebAuthn has no usable settings "
        "then."
    )
    assert findings(made, put("cluster/options", webauthn="rp=Other,id=example.com")) == []
    none = picture(ANN, datacenter=Datacenter({}), tfa=[of("ann@pve", factor("webauthn", "k"))])
    assert findings(none, put("cluster/options", webauthn="rp=Rack,id=example.com")) == []


def test_settings_are_told_option_by_option_without_secrets():
    made = picture(realms=(PAM, PVE, ENTRA), datacenter=Datacenter({"keyboard": "de"}))
    found = changes(made, put("access/domains/entra", issuer_url="https://" + "x" * 60))
    assert found == [f"entra: issuer-url https://idp -> https://{'x' * 32}..."]
    gone = changes(made, put("access/domains/entra", delete="client-key"))
    assert gone == ["entra: client-key removed"]
    assert changes(made, put("cluster/options", keyboard="fr")) == ["keyboard: de -> fr"]
    assert changes(made, put("cluster/options", description="hello")) == [
        "Notes of the datacenter: new text"
    ]
    new = post("access/domains", realm="x1", type="openid", issuer_url="https://i", client_id="c")
    assert changes(made, new) == ["x1: new realm (OpenID)"]


# --- what a sync reverts ---------------------------------------------------------------------


def synced(*lines, job=None, **options):
    jobs = Jobs({"j": SyncJob("j", "corp", job)} if job is not None else {})
    return picture(*lines, realms=(PAM, PVE, corp(**options), ENTRA), jobs=jobs)


USER = "user:a@corp:1:0:::::"


def test_a_sync_may_enable_again_only_where_the_realm_maps_it():
    off = put("access/users/a@corp", enable=0)
    assert findings(synced(USER), off) == []
    made = picture(
        USER,
        realms=(PAM, PVE, replace(CORP, options={**CORP.options, "sync_attributes": "enable=on"})),
        jobs=Jobs({"j": SyncJob("j", "corp", {"enabled": "1"})}),
    )
    assert findings(made, off) == [
        'LOOK The next sync of corp may enable a@corp again (attribute "on").'
    ]
    assert findings(after(made, off), put("access/users/a@corp", enable=1)) == [
        'LOOK The next sync of corp sets Enabled of a@corp anew (attribute "on").'
    ]


def test_texts_that_come_from_the_directory_come_again():
    realm = replace(CORP, options={**CORP.options, "sync_attributes": "email=mail"})
    made = picture(USER, realms=(PAM, PVE, realm))
    step = put("access/users/a@corp", email="x@example.com", comment="x")
    assert findings(made, step) == [
        'LOOK A sync of corp sets E-Mail of a@corp anew (attribute "mail").'
    ]
    wiping = synced(USER, job={"remove-vanished": "properties", "enabled": "1"})
    assert findings(wiping, put("access/users/a@corp", comment="x")) == [
        'LOOK The next sync of corp wipes Comment of a@corp (remove-vanished "properties").'
    ]


def test_who_is_removed_and_still_in_the_directory_comes_back():
    gone = delete("access/users/a@corp")
    assert findings(synced(USER), gone) == [
        "LOOK A sync of corp adds a@corp again, without rights, if the directory still has the "
        "name."
    ]
    only_groups = synced(USER, job={"scope": "groups"})
    assert findings(only_groups, gone) == []
    switched_off = synced(USER, job={"scope": "groups", "enabled": "0"})
    assert findings(switched_off, gone)[0].startswith("LOOK A sync of corp adds")


def test_who_is_made_by_hand_may_be_removed_by_a_sync():
    new = post("access/users", userid="neu@corp")
    assert findings(synced(), new) == []
    assert findings(synced(sync_defaults_options="remove-vanished=entry"), new) == [
        "LOOK A sync of corp removes neu@corp unless the directory has the name."
    ]


def test_groups_of_a_realm_get_their_members_from_it():
    made = synced(USER, "group:ops-corp:a@corp::", "group:ops:::", job={})
    assert findings(made, put("access/users/a@corp", groups="")) == [
        "LOOK The next sync of corp sets the members of ops-corp anew."
    ]
    assert findings(made, put("access/users/a@corp", groups="ops,ops-corp")) == []
    assert findings(made, delete("access/groups/ops-corp")) == [
        "LOOK The next sync of corp adds group ops-corp again, if the directory still has it."
    ]
    assert findings(synced(USER, "group:ops-corp:a@corp::", job={"scope": "users"}),
                    put("access/users/a@corp", groups="")) == []  # fmt: skip


def test_the_provider_makes_users_anew():
    auto = replace(ENTRA, options={**ENTRA.options, "autocreate": "1"})
    made = picture("user:o@entra:1:0:::::", realms=(PAM, PVE, auto))
    assert findings(made, delete("access/users/o@entra")) == [
        "LOOK The next login at the provider makes o@entra anew, without rights (autocreate)."
    ]
    assert findings(picture("user:o@entra:1:0:::::"), delete("access/users/o@entra")) == []


# --- what stays, and what comes to life -----------------------------------------------------------


def test_what_a_disabled_user_keeps_is_told():
    made = picture(
        ANN,
        "token:ann@pve!ci:0:1::",
        "group:ops:ann@pve::",
        "acl:1:/vms:ann@pve:PVEVMUser,PVEAuditor:",
        tfa=[of("ann@pve", factor("totp", "phone"))],
    )
    off = put("access/users/ann@pve", enable=0)
    assert stays(made, off) == ["1 TFA entry, 1 API token, 2 ACL lines, 1 membership"]
    assert stays(picture(ANN), off) == []


def test_what_a_removed_user_leaves_is_told():
    made = picture("user:ann@pam:1:0:::::", "token:ann@pam!ci:0:1::")
    assert stays(made, delete("access/users/ann@pam")) == [
        "1 secret of API tokens in priv/token.cfg, which nobody can log in with",
        "the Linux user ann of the nodes, if there: SSH and console logins go on",
    ]


def test_a_name_that_stands_in_old_lines_comes_to_life():
    made = picture(
        "acl:1:/vms/104:gone@corp:PVEVMAdmin:",
        "acl:1:/vms/105:@old:PVEVMUser,PVEAuditor:",
        "group:ops:gone@corp::",
        tfa=[of("gone@corp", factor("totp", "phone"))],
    )
    assert findings(made, post("access/users", userid="gone@corp")) == [
        "LOOK gone@corp stands in 1 old ACL line already, and gets PVEVMAdmin on /vms/104.",
        "LOOK gone@corp is a member of group ops already.",
        "LOOK 1 second factor of an earlier gone@corp will be asked for.",
    ]
    assert findings(made, post("access/groups", groupid="old")) == [
        "LOOK old stands in 2 old ACL lines already, and gets PVEAuditor on /vms/105 and "
        "PVEVMUser on /vms/105."
    ]
    lines = [f"acl:1:/vms:g{n}@corp:PVEVMUser:" for n in range(5)]
    many = [post("access/users", userid=f"g{n}@corp") for n in range(5)]
    assert findings(picture(*lines), *many)[-1] == (
        "LOOK 2 other new names stand in old ACL lines, too."
    )
    assert findings(picture(*lines), *many[:4])[-1] == (
        "LOOK 1 other new name stands in old ACL lines, too."
    )


def test_a_name_that_reads_like_an_administrator_is_told_of():
    made = picture("user:carl@corp:1:0:::::", "acl:1:/:carl@corp:Administrator:")
    assert findings(made, post("access/users", userid="Carl@corp")) == [
        "LOOK Carl@corp reads like the administrator carl@corp."
    ]
    assert findings(made, post("access/users", userid="clara@corp")) == []


def test_the_users_of_an_earlier_realm_come_back_with_it():
    made = picture("user:a@back:1:0:::::", "user:b@back:1:0:::::")
    new = post("access/domains", realm="back", type="openid", issuer_url="https://i", client_id="c")
    assert findings(made, new) == [
        "LOOK 2 users of an earlier realm back can log in again, with their rights."
    ]


# --- the rest ------------------------------------------------------------------------------------


def test_nothing_is_said_of_what_was_not_read():
    made = replace(picture(ANN), access=Part(None, "files", NOW), tfa=Part(None, "files", NOW))
    assert changes(made, put("cluster/options", keyboard="fr")) == ["keyboard: unset -> fr"]
    assert findings(made, put("cluster/options", delete="webauthn")) == []


def test_rights_on_many_paths_are_counted_up_to_a_limit():
    lines = [f"acl:1:/vms/{100 + n}:ann@pve:PVEVMUser:" for n in range(60)]
    access = picture(ANN, *lines).access.value
    assert held(Permissions(access), "ann@pve", access.acl) == "rights on 40 or more paths"


def test_what_steps_name():
    def names(*steps):
        return [target.name for target in targets(steps)]

    assert names(put("access/users/ann@pve", enable=0), put("access/users/ann@pve", enable=1)) == [
        "ann@pve"
    ]
    assert names(post("access/users", userid="x@pve")) == ["x@pve"]
    assert names(put("access/acl", path="/vms", roles="A,B", users="a@pve;b@pve")) == ["/vms"] * 4
    assert names(delete("access/tfa/a@pve/1"), delete("access/tfa/a@pve/2")) == ["a@pve"] * 2
    assert names(put("cluster/options", keyboard="de", delete="webauthn,u2f")) == [
        "keyboard",
        "webauthn",
        "u2f",
    ]
    assert names(delete("pools/lab"), put("pools", poolid="lab")) == ["lab"]
    assert names(put("access/password", userid="a@pve")) == ["a@pve"]
    assert names(delete("access/users/a@pve/token/t1")) == ["a@pve!t1"]
    assert names(put("access/users/a@pve/unlock-tfa"), delete("access/users/a@pve")) == [
        "a@pve",
        "a@pve",
    ]
    assert names(post("access/domains/corp/sync")) == ["corp"]
    assert names(post("nodes/pve1/services/pveproxy/restart")) == ["restart"]
    assert names(HostCommand(("/usr/bin/systemctl", "stop", "x"))) == ["systemctl"]
    assert names(FileSwap("/etc/pve/user.cfg", Secret(""))) == ["/etc/pve/user.cfg"]
    assert names(HostFile("/etc/x", None), HostStep(("/usr/sbin/realm",))) == ["/etc/x", "realm"]


def test_replaced_recovery_keys_are_one_object():
    steps = (delete("access/tfa/a@pve/recovery"), post("access/tfa/a@pve", type="recovery"))
    assert len(targets(steps)) == 1
    assert renewed_by(steps) == (Key("factor", "a@pve", "recovery"),)
    assert renewed_by(steps[1:]) == ()


def test_two_new_factors_of_somebody_are_two_objects():
    first, second = (post("access/tfa/a@pve", type="totp", description=name) for name in "xy")
    assert len(targets((first, second))) == 2


def test_a_realm_without_a_type_that_we_know_is_shown_as_it_is():
    made = picture(realms=(PAM, PVE, Realm("odd", "new-type", {})))
    then = replace(made, realms=picture().realms)
    found = effects(then, made, differing(then, made), now=NOW)
    assert ("odd", "new realm (new-type)") in found.changes
