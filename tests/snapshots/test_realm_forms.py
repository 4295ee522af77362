"""How the forms of realms look."""

from __future__ import annotations

import pytest

from tests.screens.conftest import make_app, press, rack, settle, table
from tests.screens.test_user_form import remark
from tests.snapshots.resting import rest
from tests.snapshots.test_looks import SIZES

__all__ = ["make_app", "rack"]


@SIZES
@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (("a", "1"), "as soon as there is a name"),
        (("a", "3", "down", "right"), "as soon as there is a name"),
        (("a", "3", "down", "right", "right"), "as soon as there is a name"),
        (("a", "5"), "never asked for by PVE there"),
        (("a", "2"), "Create the user proxmox_auth"),
        (("a", "6", "4"), "https://pve1.example.com:8006"),
        (("e",), "Nothing is changed yet"),
        (("d",), "none of them can log in any more"),
    ],
    ids=["ad", "sync", "advanced", "openid", "ad-preset", "openid-preset", "edit", "remove"],
)
def test_a_form_of_realms(looks_the_same, make_app, size, keys, words):
    async def run(pilot):
        await settle(pilot)
        await press(pilot, "8")
        table(pilot).go_to("corp")
        await press(pilot, *keys)
        await remark(pilot, words)
        await rest(pilot)

    looks_the_same(make_app(), size=size, run_before=run)


def test_require_tfa_on_pam(looks_the_same, make_app):
    async def run(pilot):
        await settle(pilot)
        await press(pilot, "8", "e", "down", "right")
        await remark(pilot, "can no longer log in")
        await rest(pilot)

    looks_the_same(make_app(), run_before=run)
