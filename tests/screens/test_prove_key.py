"""A security key in a proof: a real login with it, its signature alone, and what goes wrong."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from pve_auth_tui.core.proofs import How, Mark
from pve_auth_tui.simnode.made_up import PASSWORD, uuid
from screens.enrol_key_commands import Step
from screens.prove import ProveScreen
from tests.screens.conftest import said, says_just, sees, settle, shown, status, until
from tests.screens.enrolling_keys import (
    agreed,
    asked_for_pin,
    at,
    begun,
    first_key,
    hit,
    quicken,
    turn,
    typed,
    ways_seen,
)

USER = "helpdesk@pve"  # has no second factor


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quicken(monkeypatch)


async def write(pilot: Pilot[None], text: str) -> None:
    for character in text:
        await pilot.press(character)
        await pilot.pause(0.02)


async def proof_of(pilot: Pilot[None], userid: str) -> None:
    await settle(pilot)
    pilot.app.push_screen(ProveScreen(userid))
    await sees(pilot, "> Password")


async def test_from_the_enrolment_to_a_login_with_the_new_key(pilot: Pilot[None]) -> None:
    await begun(pilot, USER)
    await agreed(pilot)
    await typed(pilot)
    screen = await at(pilot, Step.STORED)
    await pilot.pause(0.1)
    await hit(pilot, "1")
    await sees(pilot, "> Password", "ok The key is stored.")
    await hit(pilot, "ctrl+g")
    await until(
        pilot,
        lambda: status(pilot).startswith("DEMO: everybody who has a password has demo-password."),
    )
    await write(pilot, PASSWORD)
    await hit(pilot, "ctrl+o")
    await until(pilot, lambda: f"{USER} logged in at https://" in status(pilot))
    await until(
        pilot, lambda: f"took the password of {USER} and a security key" in said(pilot)
    )  # drawn after it is said
    await sees(pilot, "Not proved: a login at pve2 and pve3.")
    await until(pilot, lambda: PASSWORD not in shown(pilot))
    await hit(pilot, "escape")
    await at(pilot, Step.AFTER)
    await until(
        pilot, lambda: ways_seen(pilot, USER) == [How.LOGIN]
    )  # before anything is read anew
    await until(pilot, lambda: "ok Proof proved: somebody logged in with it" in said(pilot))
    marks = screen.house.workshop.proofs.all()
    assert [mark.how for (user, _), mark in marks.items() if user == USER] == [How.LOGIN]


async def test_the_key_is_one_of_the_factors_and_can_be_asked_again(pilot: Pilot[None]) -> None:
    await settle(pilot)
    key = first_key(pilot)
    key.script.touch = "deny"
    await proof_of(pilot, "root@pam")
    await write(pilot, PASSWORD)
    await hit(pilot, "ctrl+o")
    await sees(pilot, "< security key >")
    assert "Code or key" not in shown(pilot)
    await hit(pilot, "ctrl+o")
    await sees(pilot, "BAD It was declined at the key.", "The login still waits")
    key.script.touch = "never"
    await hit(pilot, "ctrl+o")
    await sees(pilot, "Touch the key now.")
    await hit(pilot, "escape")
    await sees(pilot, "BAD Cancelled.", "The login still waits")
    turn(pilot, "no key")
    await hit(pilot, "ctrl+o")
    await sees(pilot, "BAD 2 HID devices are plugged in, none is a security key.")
    await hit(pilot, "escape")
    await says_just(pilot, "Given up: nobody has logged in.")


async def test_without_a_password_its_signature_is_checked(pilot: Pilot[None]) -> None:
    await proof_of(pilot, "root@pam")
    entry = uuid("key root@pam rack 3")
    later = Mark("root@pam", entry, How.SIGNATURE, 1.0, rp_id="example.com", counter=1_000_000)
    pilot.app.screen.house.workshop.proofs.put(later)
    await hit(pilot, "ctrl+o")
    await sees(pilot, "Second factor")
    for _ in range(4):
        if "security key: its signature" in shown(pilot):
            break
        await hit(pilot, "up", "space")
    await hit(pilot, "ctrl+o")
    await sees(pilot, "The key's signature is right. Nobody has logged in.")
    await sees(
        pilot,
        "Not proved: the password: none was given.",
        "and was 1000000 when it was last seen here: was the key copied or reset?",
    )


async def test_a_pin_is_asked_for_where_the_key_always_wants_one(pilot: Pilot[None]) -> None:
    await settle(pilot)
    first_key(pilot).always_uv = True
    await proof_of(pilot, "root@pam")
    await write(pilot, PASSWORD)
    await hit(pilot, "ctrl+o")
    await sees(pilot, "< security key >")
    await hit(pilot, "ctrl+o")
    await asked_for_pin(pilot)
    await typed(pilot)
    await until(pilot, lambda: "root@pam logged in at https://" in status(pilot))
