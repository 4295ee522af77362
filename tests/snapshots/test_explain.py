"""How the answers to why, who, what if and what differs look."""

import pytest

from pve_auth_tui.core.intents.removal import remove
from pve_auth_tui.core.objects import Key
from pve_auth_tui.terminal.profile import Profile
from tests.screens.conftest import listening, make_app, press, rack, settle
from tests.snapshots.test_looks import SIZES

__all__ = ["make_app", "rack"]

ASCII = Profile("ascii", "none", serial=True)
ANNA = ("anna.admin@corp", "/vms/100", "VM.PowerMgmt")


def asked(ask, *keys):
    async def run(pilot):
        await settle(pilot)
        ask(pilot.app.screen)
        await settle(pilot)
        await press(pilot, *keys)
        await pilot.pause(0.2)
        await settle(pilot)

    return run


@SIZES
def test_explain(looks_the_same, make_app, size):
    looks_the_same(make_app(), size=size, run_before=asked(lambda on: on.explain(*ANNA)))


def test_explain_in_ascii(looks_the_same, make_app):
    app = make_app(profile=ASCII)
    looks_the_same(app, run_before=asked(lambda on: on.explain(*ANNA), "shift+tab"))


@pytest.mark.parametrize("size", [(60, 16), (80, 24)], ids=["60x16", "80x24"])
def test_explain_a_token_that_sees_nothing(looks_the_same, make_app, size):
    run = asked(lambda on: on.explain("mon@pve!grafana", "/", ""))
    looks_the_same(make_app(), size=size, run_before=run)


def test_explain_before_anything_is_asked(looks_the_same, make_app):
    looks_the_same(make_app(), run_before=asked(lambda on: on.explain("", ""), "escape"))


@SIZES
def test_who_can(looks_the_same, make_app, size):
    run = asked(lambda on: on.who_can("VM.PowerMgmt", "/vms/100"), "down")
    looks_the_same(make_app(), size=size, run_before=run)


def test_who_can_in_ascii(looks_the_same, make_app):
    run = asked(lambda on: on.who_can("VM.PowerMgmt", "/vms/100"), "down")
    looks_the_same(make_app(profile=ASCII), run_before=run)


@SIZES
def test_what_if(looks_the_same, make_app, size):
    async def run(pilot):
        await settle(pilot)
        pilot.app.review(remove([Key("group", "ops-corp")]))
        await listening(pilot)
        await press(pilot, "w", "down")
        await pilot.pause(0.2)
        await settle(pilot)

    looks_the_same(make_app(), size=size, run_before=run)


@SIZES
def test_compare(looks_the_same, make_app, size):
    run = asked(lambda on: on.compare("anna.admin@corp", "helpdesk@pve"), "down")
    looks_the_same(make_app(), size=size, run_before=run)
