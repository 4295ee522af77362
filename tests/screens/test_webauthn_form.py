"""The settings of all security keys: prefilled, judged while they are typed, changed as a plan."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from pve_auth_tui.core.webauthnsettings import Settings, settings_of
from pve_auth_tui.simnode import rack_realms
from screens.plan import PlanScreen
from screens.webauthn_form import WebauthnForm
from tests.screens.conftest import (
    listening,
    on_top,
    press,
    says,
    says_just,
    sees,
    settle,
    type_text,
    until,
)
from tests.screens.test_plan import ran
from tests.screens.test_role_form import remarks

CLUSTER = Settings("example.com", "example.com", "https://example.com:8006")


async def opened(pilot: Pilot[None]) -> WebauthnForm:
    pilot.app.push_screen(WebauthnForm())
    await settle(pilot)
    await on_top(pilot, WebauthnForm)
    return pilot.app.screen


def answers(form: WebauthnForm) -> tuple[object, ...]:
    return tuple(form.form.values.values())


async def test_it_begins_with_what_is_set_and_tells_where_that_works(pilot):
    form = await opened(pilot)
    assert answers(form) == ("rack", "example.com", "", True)
    text = await remarks(pilot, "nothing is changed yet")
    assert "https://pve1.example.com:8006, https://pve2.example.com:8006" in text
    assert "not at https://pve1:8006" in text
    await press(pilot, "ctrl+o")
    await says(pilot, "WebAuthn is set like that already.")
    await press(pilot, "ctrl+t")
    await says_just(pilot, "What is set works under the names of all nodes.")


async def test_another_id_tells_which_keys_end_and_asks_for_a_word(pilot):
    await opened(pilot)
    await press(pilot, "down", "backspace", "backspace", "backspace")
    await type_text(pilot, "net")
    text = await remarks(pilot, "made for the ID example.com")
    assert "BAD" in text
    assert "19 security keys of 19 users stop working" in text
    assert "Lost keys" in text
    await press(pilot, "ctrl+o")
    await listening(pilot)
    await sees(pilot, "HEAVY")
    await press(pilot, "escape")
    await says(pilot, "What is typed stays.")
    await press(pilot, "escape")
    assert answers(await opened(pilot))[1] == "example.net"


async def test_what_cannot_work_is_told_below_its_field_and_never_planned(pilot):
    await opened(pilot)
    await press(pilot, "down", "end", *["backspace"] * 11)
    await type_text(pilot, "Example.com")
    await press(pilot, "ctrl+o")
    await on_top(pilot, WebauthnForm)
    await sees(pilot, "The ID Example.com is not in lower case.")
    await says(pilot, "Nothing was sent.")


@pytest.fixture
def never_set_up(monkeypatch):
    lines = rack_realms.DATACENTER.splitlines(keepends=True)
    rest = "".join(line for line in lines if not line.startswith("webauthn"))
    assert rest != rack_realms.DATACENTER
    monkeypatch.setattr(rack_realms, "DATACENTER", rest)


async def test_without_settings_it_begins_with_the_proposal_and_its_reason(never_set_up, pilot):
    form = await opened(pilot)
    await until(pilot, lambda: answers(form)[1] == "example.com")
    assert answers(form) == (CLUSTER.rp, CLUSTER.id, CLUSTER.origin, True)
    await says(pilot, "The proposal is filled in.")
    await remarks(pilot, "stands above the names of all nodes")
    await press(pilot, "ctrl+o")
    await listening(pilot)
    await on_top(pilot, PlanScreen)
    await press(pilot, "y")
    await ran(pilot)
    assert settings_of(pilot.app.snapshot) == CLUSTER


async def test_what_somebody_types_is_not_replaced_by_a_late_proposal(never_set_up, pilot):
    form = WebauthnForm()
    pilot.app.push_screen(form)
    await until(pilot, lambda: bool(form.query("#form")))
    await type_text(pilot, "q")
    form.post_message(WebauthnForm.Proposed(CLUSTER, "It fits.", asked=False))
    await settle(pilot)
    assert str(answers(form)[0]).endswith("q")
    await says_just(pilot, "It fits.")
    await press(pilot, "ctrl+t")
    await until(pilot, lambda: answers(form)[0] == CLUSTER.rp)
