"""Privileges by category and in words, and two roles side by side."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core import versions
from pve_auth_tui.core.accessdata import Role
from pve_auth_tui.core.privileges import (
    CATEGORIES,
    by_category,
    category_of,
    differences,
    meaning,
    strangers,
)
from pve_auth_tui.core.rolediff import diff_rows, diff_summary

ALL = sorted(versions.privileges() | {"VM.Monitor"})
SETS = st.frozensets(st.sampled_from([*ALL, "New.Thing"]))

USER = Role("PVEVMUser", versions.builtin_roles()["PVEVMUser"], special=True)
OWN = Role("Own", frozenset({"VM.Audit", "VM.Console", "Sys.Audit"}))


@pytest.mark.parametrize("privilege", ALL)
def test_every_privilege_has_a_category_and_a_meaning(privilege):
    assert category_of(privilege) in CATEGORIES
    assert meaning(privilege)


def test_what_a_privilege_means_names_what_it_is_about():
    assert meaning("VM.PowerMgmt") == "start and stop a guest"
    assert meaning("Sys.Audit") == "see a node; see who may do what"
    assert meaning("New.Thing") == ""


def test_users_groups_and_realms_are_one_category():
    assert by_category({"User.Modify", "Realm.Allocate", "VM.Audit", "Group.Allocate"}) == {
        "VM": ("VM.Audit",),
        "Users": ("Group.Allocate", "Realm.Allocate", "User.Modify"),
    }
    assert list(by_category({"New.Thing", "Pool.Audit"})) == ["Pool", "New"]


def test_what_a_version_does_not_know():
    assert strangers(["VM.Monitor", "VM.Audit"], "9.1.1") == ("VM.Monitor",)
    assert strangers(["VM.Monitor", "VM.Replicate"], "8.2.2") == ("VM.Replicate",)


@given(SETS, SETS)
def test_every_privilege_stands_on_one_side_or_on_both(one, other):
    found = differences(one, other)
    assert {p for each in found for p in each.only_one} == one - other
    assert {p for each in found for p in each.only_other} == other - one
    assert {p for each in found for p in each.both} == one & other
    rows = diff_rows(Role("a", one), Role("b", other))
    assert sorted(row.key for row in rows) == sorted(one | other)
    said = {row.key: row.cells[1] for row in rows}
    assert {p for p, who in said.items() if who == "both"} == one & other
    assert {p for p, who in said.items() if who == "only a"} == one - other


def test_what_differs_comes_first_and_may_stand_alone():
    rows = diff_rows(OWN, USER)
    assert [row.cells[:2] for row in rows][-2:] == [("VM.Audit", "both"), ("VM.Console", "both")]
    assert ("Sys.Audit", "only Own", "see a node; see who may do what") in [r.cells for r in rows]
    assert len(diff_rows(OWN, USER, everything=False)) == len(rows) - 2


def test_two_roles_in_one_line():
    said = diff_summary(OWN, USER)
    assert said == "Own and PVEVMUser: 1 only in Own, 8 only in PVEVMUser, 2 in both"
    assert diff_summary(OWN, Role("Twin", OWN.privs)) == "Own and Twin: the same 3 privileges"
