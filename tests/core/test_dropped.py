"""Privileges that a role has in the file, and that this PVE does not know (reference 3.6)."""

from dataclasses import replace

from pve_auth_tui.core import apimerge
from pve_auth_tui.core.intents import roles
from pve_auth_tui.core.planning import make_plan
from pve_auth_tui.core.predict import forecast
from pve_auth_tui.core.userconfig import parse_user_config, write_user_config
from tests.core.pictures import NOW, config, picture

OLD = "role:Old:VM.Audit,VM.Monitor:"
OLDER = "role:Older:VM.Monitor:"


def changes(intent, *lines):
    return [f"{e.subject}: {e.text}" for e in make_plan(intent, picture(*lines), now=NOW).changes]


def test_the_picture_keeps_what_pve_leaves_out_and_what_is_written_lacks_it():
    made = config(OLD)
    assert made.roles["Old"].privs == {"VM.Audit"}
    assert made.roles["Old"].dropped == {"VM.Monitor"}
    assert b"role:Old:VM.Audit:" in write_user_config(made)
    known = parse_user_config(f"{OLD}\n".encode(), release="8.2.2").roles["Old"]
    assert (known.privs, known.dropped) == ({"VM.Audit", "VM.Monitor"}, frozenset())


def test_any_write_loses_it_for_all_roles_and_one_line_tells():
    intent = roles.add("New", ["VM.Audit"])
    assert changes(intent, OLD, OLDER) == [
        "New: new role with 1 privilege",
        "Old and Older: lose VM.Monitor for good: unknown to this PVE",
    ]
    after = make_plan(intent, picture(OLD, OLDER), now=NOW).after
    again = make_plan(roles.add("Next", ["VM.Audit"]), after, now=NOW)
    assert [effect.subject for effect in again.changes] == ["Next"]


def test_the_role_that_is_edited_loses_it_too_and_one_that_is_removed_says_only_that():
    assert changes(roles.edit("Old", ["VM.Console"], append=True), OLD) == [
        "Old: gains VM.Console; no ACL lines name it",
        "Old: loses VM.Monitor for good: unknown to this PVE",
    ]
    assert changes(roles.remove(["Old"]), OLD) == ["Old: role removed; nothing names it"]


def test_a_line_for_a_built_in_role_loses_what_it_cannot_add():
    made = picture("role:NoAccess:VM.Monitor:")
    assert made.access.value.roles["NoAccess"].dropped == {"VM.Monitor"}
    steps = roles.add("New", ["VM.Audit"])(made).steps
    after = forecast(made, steps, now=NOW).snapshot.access.value
    assert after.roles["NoAccess"].dropped == frozenset()


def test_what_pve_tells_beside_the_file_does_not_hide_it():
    known = config("group:ops:::", OLD)
    bare = {name: replace(role, dropped=frozenset()) for name, role in known.roles.items()}
    told = replace(known, groups={}, roles=bare)
    merged = apimerge.access(told, known)
    assert merged.roles["Old"].dropped == {"VM.Monitor"}
    other = replace(bare["Old"], privs=frozenset({"VM.Console"}))
    merged = apimerge.access(replace(told, roles={"Old": other}), known)
    assert merged.roles["Old"] == other
