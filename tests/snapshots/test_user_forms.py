"""How the forms of users and groups look."""

from __future__ import annotations

from tests.screens.conftest import make_app, press, rack, settle, table
from tests.screens.test_user_form import into, remark, take
from tests.snapshots.test_looks import SIZES

__all__ = ["make_app", "rack"]


@SIZES
def test_a_user_is_added(looks_the_same, make_app, size):
    async def run(pilot):
        await settle(pilot)
        await press(pilot, "2", "a")
        await into(pilot, "name", "zoe")
        await into(pilot, "expire", "2027-01-31")
        await take(pilot, "groups", "admins-corp")
        await remark(pilot, "zoe@pve becomes an administrator")

    looks_the_same(make_app(), size=size, run_before=run)


@SIZES
def test_a_user_is_edited(looks_the_same, make_app, size):
    async def run(pilot):
        await settle(pilot)
        await press(pilot, "2")
        table(pilot).go_to("anna.admin@corp")
        await press(pilot, "e")
        await take(pilot, "groups", "admins-corp")
        await remark(pilot, "leaves admins-corp")

    looks_the_same(make_app(), size=size, run_before=run)


def test_several_users_are_edited(looks_the_same, make_app):
    async def run(pilot):
        await settle(pilot)
        await press(pilot, "2")
        table(pilot).set_marks(frozenset({"anna.admin@corp", "helpdesk@pve"}))
        await press(pilot, "e", "right", "right")
        await remark(pilot, "enabled -> disabled")

    looks_the_same(make_app(), run_before=run)


def test_a_password_of_a_linux_user(looks_the_same, make_app):
    async def run(pilot):
        await settle(pilot)
        await press(pilot, "2")
        table(pilot).go_to("anna@pam")
        await press(pilot, "p")
        await remark(pilot, "on pve1 alone")

    looks_the_same(make_app(), run_before=run)


def test_a_group_is_edited(looks_the_same, make_app):
    async def run(pilot):
        await settle(pilot)
        await press(pilot, "5")
        table(pilot).go_to("admins-corp")
        await press(pilot, "e")
        await take(pilot, "members", "anna.admin@corp", "backup-admin@pve")
        await remark(pilot, "leaves admins-corp")

    looks_the_same(make_app(), run_before=run)
