"""Two subjects side by side, everywhere; and the tables and JSON of who-can, what-if, compare."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.permissions import Permissions
from pve_auth_tui.core.why import tables
from pve_auth_tui.core.why.compare import Beside, Difference, beside, compare, same
from pve_auth_tui.core.why.whatif import what_if
from pve_auth_tui.core.why.whocan import who_can
from tests.core import random_pictures
from tests.core.pictures import DAY, NOW, part, picture

PEOPLE = (
    "user:ann@pve:1:0:::::", "user:bob@pve:1:0:::::", "token:ann@pve!own:0:1::",
    "group:ops:ann@pve,bob@pve::", "group:dev:bob@pve::",
    "role:Watch:VM.Audit:", "role:Power:VM.PowerMgmt:", "pool:lab::100,101::",
)  # fmt: skip
NONE = frozenset()
WATCH, POWER = frozenset({"VM.Audit"}), frozenset({"VM.PowerMgmt"})


def cluster(*acl):
    """PEOPLE with these ACL lines, written like `1:/vms:@ops:Watch`."""
    return picture(*PEOPLE, *(f"acl:{line}:" for line in acl))


def compared(*acl):
    return compare(cluster(*acl), "ann@pve", "bob@pve")


def read_as_a_person_would(rows, path):
    """(only one, only other, both) on a path, from it or the nearest path above it."""
    if path in rows:
        return rows[path]
    while path != "/":
        path = path.rpartition("/")[0] or "/"
        for place in (f"{path.rstrip('/')}/*", path):
            if place in rows:
                return rows[place]
    return NONE, NONE, NONE


@given(random_pictures.pictures(), st.data())
def test_it_says_of_every_path_what_the_engine_says(snapshot, data):
    config = snapshot.access.value
    tokens = [f"{user.id}!{name}" for user in config.users.values() for name in user.tokens]
    one, other = (data.draw(st.sampled_from([*config.users, *tokens])) for _ in range(2))
    found = compare(snapshot, one, other)
    rows = {each.path: tuple(each[1:]) for each in found}
    assert len(rows) == len(found)
    engine = Permissions(config)
    paths = engine.all_paths(ROOT)
    below = {f"{path.rstrip('/')}/*" for path in paths if not path.startswith("/vms/")}
    for path in {*paths, *below} - {"/storage/nfs/*", "/storage/ceph/*"}:
        mine, others = (set(engine.privileges(subject, path)) for subject in (one, other))
        assert read_as_a_person_would(rows, path) == (
            mine - others, others - mine, mine & others
        )  # fmt: skip
    assert same(found) == all(
        engine.privileges(one, path).keys() == engine.privileges(other, path).keys()
        for path in {*paths, *below} - {"/storage/nfs/*", "/storage/ceph/*"}
    )


@given(random_pictures.pictures())
def test_everybody_is_the_same_as_itself(snapshot):
    for userid in snapshot.access.value.users:
        assert same(compare(snapshot, userid, userid))
        assert beside(snapshot, userid, userid, NOW) == ()


def test_what_goes_on_further_down_is_told_once():
    assert compared("1:/:ann@pve:Watch", "1:/vms/7:@dev:Power") == (
        Difference("/", WATCH, NONE, NONE),
        Difference("/vms/7", WATCH, POWER, NONE),
    )


def test_a_path_where_both_have_the_same_is_told_when_it_is_other_than_above():
    assert compared("1:/:ann@pve:Watch", "1:/vms/7:@ops:Power") == (
        Difference("/", WATCH, NONE, NONE),
        Difference("/vms/7", NONE, NONE, POWER),
    )


def test_what_is_not_passed_on_is_told_with_what_lies_below():
    assert compared("0:/vms:ann@pve:Watch") == (
        Difference("/vms", WATCH, NONE, NONE),
        Difference("/vms/*", NONE, NONE, NONE),
    )


def test_a_token_is_compared_by_what_it_may_do_itself():
    found = compare(cluster("1:/:@ops:Watch"), "ann@pve", "ann@pve!own")
    assert found == (Difference("/", WATCH, NONE, NONE),)


@pytest.mark.parametrize("nobody", ["eve@pve", "ann@pve!gone", "@ops", ""])
def test_who_does_not_exist_cannot_be_compared(nobody):
    with pytest.raises(UsageError, match="There is no user or API token"):
        compare(cluster(), "ann@pve", nobody)


def test_without_users_and_permissions_there_is_no_answer():
    with pytest.raises(Refused):
        compare(replace(picture(), access=part(None, "Not read.")), "root@pam", "root@pam")


def test_groups_expiry_and_state_are_told_where_they_differ():
    expired = int(NOW) - DAY
    lines = [line.replace("bob@pve:1:0", f"bob@pve:0:{expired}") for line in PEOPLE]
    assert beside(picture(*lines), "ann@pve", "bob@pve", NOW) == (
        Beside("Groups", "-", "dev"),
        Beside("Enabled", "yes", "no"),
        Beside("Expire", "never", "EXPIRED"),
        Beside("Usable now", "yes", "bob@pve cannot log in: the account is disabled."),
    )


def test_a_token_is_in_no_group_and_says_that_it_is_separated():
    found = {fact.name: fact for fact in beside(cluster(), "ann@pve", "ann@pve!own", NOW)}
    assert found["Groups"].one == "ops"
    assert found["Privilege Separation"] == Beside("Privilege Separation", "-", "yes")


# --- tables and JSON ---------------------------------------------------------------------


def test_holders_as_rows_and_as_json():
    holders = who_can(cluster("1:/vms:@dev:Watch"), "VM.Audit", "/vms", now=NOW)
    rows = tables.holder_rows(holders)
    assert rows[1] == ("bob@pve", "yes", "Watch on /vms through @dev", "yes")
    assert all(len(row) == len(tables.HOLDER_COLUMNS) for row in rows)
    assert tables.holders_json(holders)[1] == {
        "subject": "bob@pve", "propagates": True, "through": "Watch on /vms through @dev",
        "usable": True, "reason": "",
    }  # fmt: skip


def test_changes_as_rows_name_those_for_whom_they_are_the_same_together():
    before, after = cluster("1:/vms/7:@ops:Watch"), cluster("1:/vms/7:@ops:Watch", "1:/:@ops:Power")
    rows = tables.what_if_rows(what_if(before, after, now=NOW))
    assert rows == [
        ("ann@pve and bob@pve", "VM.PowerMgmt", "-", "/"),
        ("", "unchanged", "unchanged", "/vms/7"),
    ]


def test_changes_below_have_a_row_of_their_own():
    before, after = cluster("0:/vms:bob@pve:Watch"), cluster("1:/vms:bob@pve:Watch")
    rows = tables.what_if_rows(what_if(before, after, now=NOW))
    assert rows == [("bob@pve", "VM.Audit", "-", "below /vms")]


def test_accounts_that_wake_or_fall_asleep_are_rows_and_json():
    before = picture("user:a@pve:1:0:::::", "user:b@pve:0:0:::::")
    after = picture("user:a@pve:0:0:::::", "user:b@pve:1:0:::::")
    found = what_if(before, after, now=NOW)
    assert tables.what_if_rows(found) == [
        ("b@pve", "can be used", "-", "everywhere"),
        ("a@pve", "-", "cannot be used", "everywhere"),
    ]
    assert [(row["subject"], row["usable"]) for row in tables.what_if_json(found)] == [
        ("a@pve", False), ("b@pve", True),
    ]  # fmt: skip


def test_changes_as_json_name_every_privilege():
    before, after = cluster("1:/vms/7:bob@pve:Watch"), cluster("1:/:@dev:Administrator")
    row = json.loads(json.dumps(tables.what_if_json(what_if(before, after, now=NOW))))[0]
    assert row["subject"] == "bob@pve"
    assert {path for change in row["changes"] for path in change["paths"]} == {"/", "/vms/7"}
    assert set(row["changes"][0]) == {"paths", "gained", "lost", "gained_below", "lost_below"}
    assert "VM.Audit" in row["changes"][0]["gained"]
    assert row["usable"] is None


def test_many_privileges_are_counted_in_rows_and_few_are_named():
    assert tables.amount(frozenset("abcd")) == "4 privileges"
    assert tables.amount(frozenset("cab")) == "a, b and c"
    assert tables.amount(NONE) == "-"


def test_a_comparison_as_rows_puts_paths_with_the_same_privileges_together():
    found = compared("1:/vms/7:ann@pve:Watch", "1:/vms/8:ann@pve:Watch", "1:/vms/9:@dev:Watch")
    assert tables.compare_rows(found) == [
        ("/vms/7 and /vms/8", "VM.Audit", "-", "-"),
        ("/vms/9", "-", "VM.Audit", "-"),
    ]
    titles = [column.title for column in tables.compare_columns("ann@pve", "bob@pve")]
    assert titles == ["Path", "Only ann@pve", "Only bob@pve", "Both"]


def test_a_comparison_as_json():
    snapshot = cluster("1:/vms:@ops:Watch")
    facts = beside(snapshot, "ann@pve", "bob@pve", NOW)
    found = tables.compare_json("ann@pve", "bob@pve", compared("1:/vms:@ops:Watch"), facts)
    assert found == {
        "one": "ann@pve", "other": "bob@pve", "same": True,
        "rights": [{"paths": ["/vms"], "only_one": [], "only_other": [], "both": ["VM.Audit"]}],
        "beside": [{"name": "Groups", "one": "-", "other": "dev"}],
    }  # fmt: skip
