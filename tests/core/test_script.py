"""The script that makes the same users and permissions elsewhere."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.names import path_shape_problem
from pve_auth_tui.core.objects import acl_parts, differing
from pve_auth_tui.core.predict import forecast
from pve_auth_tui.core.script import _nothing, script
from tests.core.pictures import NOW, part, picture
from tests.core.random_pictures import pictures


def lines(*config):
    return [line for line in script(picture(*config), now=NOW).lines if not line.startswith("#")]


def test_it_makes_roles_before_those_who_get_them():
    assert lines(
        "user:ann@pve:1:0:Ann::ann@x.org:hello:",
        "token:ann@pve!ci:0:1::",
        "group:ops:ann@pve::",
        "role:Mine:VM.Audit:",
        "pool:lab::100::",
        "acl:1:/vms:@ops,ann@pve!ci:Mine:",
        "acl:0:/pool/lab:ann@pve:PVEVMUser:",
    ) == [
        "pveum role add Mine --privs VM.Audit",
        "pveum group add ops",
        "pveum user add ann@pve --enable 1 --expire 0 --firstname Ann --email ann@x.org"
        " --comment hello --groups ops",
        "pveum user token add ann@pve ci --expire 0 --privsep 1",
        "pveum pool add lab",
        "pveum pool modify lab --vms 100",
        "pveum acl modify /pool/lab --roles PVEVMUser --users ann@pve --propagate 0",
        "pveum acl modify /vms --roles Mine --groups ops --tokens 'ann@pve!ci' --propagate 1",
    ]


def test_what_it_cannot_make_stands_in_comments():
    made = script(picture("acl:1:/vms:gone@pve:PVEVMUser:"), now=NOW)
    assert made.lines[-1] == "# not made, or not the same: ACL /vms gone@pve PVEVMUser"


def test_no_text_of_pve_gets_out_of_a_comment():
    made = script(picture("group:ops:ann@pve\u2028rm::"), now=NOW)
    assert all("\n" not in line for line in made.lines)


def test_a_part_of_all_is_no_script():
    for made in (
        replace(picture(), restricted=True),
        replace(picture(), access=part(None, "Not read.", "Be root.")),
    ):
        with pytest.raises(Refused, match="Not all users and permissions are known"):
            script(made, now=NOW)


@settings(max_examples=60)
@given(pictures())
def test_run_on_an_empty_cluster_it_makes_all_but_what_it_names(made):
    found = script(made, now=NOW)
    after = forecast(_nothing(made), found.steps, now=NOW)
    assert after.problems == ()
    differ = {
        key
        for key in differing(after.snapshot, made)
        if key.kind in {"role", "group", "user", "token", "pool", "acl"}
    }
    assert differ == set(found.missing)
    config = made.access.value
    for key in found.missing:  # nothing that PVE could make is missing
        assert _cannot_be_made(config, key), key


def _cannot_be_made(config, key):
    match key.kind:
        case "acl":
            kind, subject, _ = acl_parts(key)
            there = {"user": config.users, "group": config.groups, "token": _tokens(config)}
            is_roots = subject == ROOT
            return is_roots or subject not in there[kind] or bool(path_shape_problem(key.name))
        case "group":
            return any(member not in config.users for member in config.groups[key.name].members)
        case "user":
            return config.users[key.name].has_old_keys
        case _:
            return False


def _tokens(config):
    return {f"{user.id}!{name}" for user in config.users.values() for name in user.tokens}
