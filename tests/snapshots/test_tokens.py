"""How API tokens look: the list, one beside its user, the forms, the test, the secret."""

from __future__ import annotations

import pytest

from pve_auth_tui.core.secret import Secret
from pve_auth_tui.terminal.profile import Profile
from screens.once import OnceScreen
from screens.token_edit_form import TokenEditForm
from screens.token_form import TokenForm
from screens.token_rights import TokenRightsScreen
from screens.token_test import TokenTestScreen
from tests.screens.conftest import make_app, press, rack, settle, table, type_text
from tests.snapshots.test_looks import SIZES

__all__ = ["make_app", "rack"]

ASCII = Profile("ascii", "none", serial=True)
GRAFANA = "mon@pve!grafana"
SECRET = Secret("12345678-abcd-ef01-2345-6789abcdef01")


def on(screen, *keys, typed=()):
    """Opens a screen, then keys; `typed`: texts with Enter behind each."""

    async def run(pilot):
        await settle(pilot)
        await press(pilot, "3")
        await pilot.app.push_screen(screen())
        await settle(pilot)
        for text in typed:
            await type_text(pilot, text)
            await press(pilot, "enter")
        await press(pilot, *keys)
        await pilot.pause(0.4)
        await settle(pilot)

    return run


@SIZES
def test_the_list(looks_the_same, make_app, size):
    async def run(pilot):
        await settle(pilot)
        await press(pilot, "3")
        table(pilot).go_to(GRAFANA)
        await pilot.pause(0.3)
        await settle(pilot)

    looks_the_same(make_app(), size=size, run_before=run)


@SIZES
def test_a_token_beside_its_user(looks_the_same, make_app, size):
    looks_the_same(make_app(), size=size, run_before=on(lambda: TokenRightsScreen(GRAFANA)))


@pytest.mark.parametrize("tokenid", ["ci@pve!runner", "root@pam!ansible", "anna.admin@corp!ci"])
def test_tokens_of_other_kinds(looks_the_same, make_app, tokenid):
    looks_the_same(make_app(), run_before=on(lambda: TokenRightsScreen(tokenid)))


def test_a_token_beside_its_user_in_ascii(looks_the_same, make_app):
    app = make_app(profile=ASCII)
    looks_the_same(app, run_before=on(lambda: TokenRightsScreen(GRAFANA)))


@SIZES
def test_a_new_token(looks_the_same, make_app, size):
    run = on(TokenForm, "down", "right", typed=["mon@pve", "icinga"])
    looks_the_same(make_app(), size=size, run_before=run)


def test_several_tokens_at_once(looks_the_same, make_app):
    both = ("netbox@pve!import", "netbox@pve!sync")
    run = on(lambda: TokenEditForm(both), "right", "right", "down")
    looks_the_same(make_app(), run_before=run)


@SIZES
def test_what_pve_answers_the_token(looks_the_same, make_app, size):
    run = on(lambda: TokenTestScreen(GRAFANA), "ctrl+o")
    looks_the_same(make_app(), size=size, run_before=run)


def test_a_wrong_secret(looks_the_same, make_app):
    run = on(lambda: TokenTestScreen(GRAFANA, SECRET))
    looks_the_same(make_app(), run_before=run)


@SIZES
def test_the_secret_once(looks_the_same, make_app, size):
    def screen():
        return OnceScreen([(GRAFANA, SECRET)], lambda: None)

    looks_the_same(make_app(), size=size, run_before=on(screen, "ctrl+r"))
