"""Proof of a login on the screen: one attempt, what was proved in words, nothing kept."""

from __future__ import annotations

from pathlib import Path
from threading import Event
from typing import Any

import pytest
from textual.pilot import Pilot

from pve_auth_tui.core.challenge import Challenge
from pve_auth_tui.core.otpauth import parse as parse_uri
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.simnode.made_up import some_bytes
from pve_auth_tui.terminal.profile import Profile
from screens.choose import ChooseScreen
from screens.prove import ProveScreen
from screens.start import StartScreen
from tests.screens.conftest import (
    on_top,
    press,
    says,
    says_just,
    sees,
    settle,
    shown,
    status,
    type_text,
    until,
)
from tests.screens.enrolling import PASSWORD, House, OneDoor, house

USER = "erik@pve"  # TOTP, and one recovery key left


async def begun(pilot: Pilot[None], userid: str = USER, said: str = "") -> House:
    app = pilot.app
    assert isinstance(app, House)
    await settle(pilot)
    app.push_screen(ProveScreen(userid, said))
    await settle(pilot)
    return app


def code_of(app: House, userid: str = USER) -> str:
    """What the user's app shows now."""
    assert app.snapshot
    assert app.snapshot.tfa.value
    entries = app.snapshot.tfa.value.users[userid].entries
    data: Any = next(entry.data for entry in entries if entry.type == "totp")
    totp = parse_uri(data if isinstance(data, str) else data["totp"])
    code: str = app.workshop.enrol._authenticator.code(totp, app.workshop.clock.now()).reveal()
    return code


async def with_password(pilot: Pilot[None], password: str = PASSWORD) -> None:
    await type_text(pilot, password)
    await press(pilot, "ctrl+o")
    await pilot.pause(0.05)
    await settle_ui(pilot)


async def settle_ui(pilot: Pilot[None]) -> None:
    """The worker waits for an answer here, so workers are not waited for."""
    for _ in range(5):
        await pilot.pause(0.02)


@pytest.fixture(autouse=True)
def nobody_waits_for_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A login waits for the second factor: `press` must not wait for its end."""
    monkeypatch.setattr("tests.screens.conftest.settle", settle_ui)


async def answered(pilot: Pilot[None], text: str) -> None:
    await type_text(pilot, text)
    await press(pilot, "ctrl+o")
    await until(pilot, lambda: "Logging in" not in status(pilot))


async def test_password_and_code_and_what_they_prove(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot)
        await sees(pilot, "the one that is used here is used up")
        code = code_of(app)
        app.door.takes = (f"totp:{code}",)
        await with_password(pilot)
        await says(pilot, "The password is right. PVE asks for a second factor.")
        await sees(pilot, "< code of the authenticator app >")
        await answered(pilot, code)
        await sees(
            pilot,
            "ok https://pve1.example.com:8006 took the password of erik@pve",
            "- Not proved: a login at pve2 and pve3",
        )
        await until(pilot, lambda: status(pilot).startswith("erik@pve logged in at https://pve1"))
        assert app.door.attempts == 1
        assert PASSWORD not in shown(pilot)
        assert code not in shown(pilot)


async def test_a_recovery_key_instead(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot, "anna@pam")
        app.door.asks = Challenge(totp=True, recovery=tuple(range(10)))
        digits = some_bytes("recovery anna@pam 4", 8).hex()
        key = "-".join(digits[at : at + 4] for at in range(0, 16, 4))
        app.door.takes = (f"recovery:{key}",)
        await with_password(pilot)
        await press(pilot, "up", "space")
        await sees(pilot, "recovery key, one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9")
        await press(pilot, "down")
        await answered(pilot, key)
        await sees(pilot, "9 are left: cross it out")


async def test_without_a_second_factor_the_password_is_all(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot, "helpdesk@pve")
        app.door.asks = Challenge()
        await type_text(pilot, PASSWORD)
        await press(pilot, "ctrl+o")
        await until(pilot, lambda: "logged in at" in status(pilot))
        await sees(pilot, "Not proved: a second factor: PVE did not ask for one.")


async def test_a_wrong_password_is_one_attempt_and_nothing_is_tried_again(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot)
        await type_text(pilot, "wrong")
        await press(pilot, "ctrl+o")
        await until(pilot, lambda: "one attempt" in status(pilot))
        await sees(pilot, "BAD   PVE refused this login.")
        assert app.door.attempts == 1
        assert app.screen.form.values["password"] == Secret(""), "it is typed anew"  # type: ignore[attr-defined]
        await with_password(pilot)
        await says(pilot, "The password is right.")
        assert "BAD" not in shown(pilot), "the old result is gone"
        await press(pilot, "escape", "escape")


@pytest.mark.parametrize(
    ("typed", "said"),
    [("12345", "6 to 8 digits"), ("", "6 to 8 digits"), ("abcdef", "6 to 8 digits")],
)
async def test_what_can_be_no_code_is_not_sent(tmp_path: Path, typed: str, said: str) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot)
        await with_password(pilot)
        await type_text(pilot, typed)
        await press(pilot, "ctrl+o")
        await sees(pilot, said, "> Code or key")
        await press(pilot, "escape", "escape")


async def test_a_code_of_another_app_is_found_here(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot)
        await with_password(pilot)
        await answered(pilot, "000000")
        await sees(pilot, "This is no code of an app of erik@pve.", "Nothing was sent")
        await says_just(pilot, "Nobody has logged in.")


async def test_a_login_that_wants_an_old_key_says_so(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot, "paul@pam")
        app.door.asks = Challenge(u2f=True)
        await type_text(pilot, PASSWORD)
        await press(pilot, "ctrl+o")
        await until(pilot, lambda: "BAD" in shown(pilot))
        await sees(pilot, "needs an old U2F key")


async def test_escape_gives_the_question_up_then_leaves(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot)
        await with_password(pilot)
        await press(pilot, "escape")
        await says_just(pilot, "Given up: nobody has logged in.")
        await sees(pilot, "> Password")
        await until(pilot, lambda: not [w for w in app.workers if w.is_running])
        await says_just(pilot, "Given up: nobody has logged in.")  # what comes too late is dropped
        await press(pilot, "escape")
        await on_top(pilot, StartScreen)


@pytest.mark.parametrize("stage", ["password", "answer"])
async def test_leaving_ends_the_worker(tmp_path: Path, stage: str) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot)
        if stage == "answer":
            await with_password(pilot)
        app.open_start()
        await until(pilot, lambda: not [w for w in app.workers if w.is_running])
        await on_top(pilot, StartScreen)


async def test_without_a_password_only_what_is_stored_is_looked_at(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot)
        await press(pilot, "ctrl+o")
        await says(pilot, "Nobody logs in without a password")
        await type_text(pilot, code_of(app))
        await press(pilot, "ctrl+o")
        await until(pilot, lambda: "by the files" in status(pilot))
        await sees(pilot, "fits what PVE has stored", "- Not proved: the password: none was given.")
        assert app.door.attempts == 0


async def test_without_password_and_code_it_says_what_nobody_knows(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot)
        await press(pilot, "ctrl+o", "up", "left")
        await sees(pilot, "< none >")
        await press(pilot, "ctrl+o")
        await until(pilot, lambda: "by the files" in status(pilot))
        await sees(pilot, "the right one")


@pytest.mark.parametrize(
    ("userid", "why"),
    [
        ("old-admin@pve", "the account has expired"),
        ("bob.admin@corp", "the account is disabled"),
        ("anna@entra", "identity provider"),
    ],
)
async def test_where_no_login_can_succeed_no_password_is_taken(
    tmp_path: Path, userid: str, why: str
) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot, userid)
        await sees(pilot, why)
        await type_text(pilot, PASSWORD)
        await press(pilot, "ctrl+o")
        assert app.door.attempts == 0
        await until(pilot, lambda: why in " ".join(status(pilot).split()))


async def test_after_an_enrolment_leaving_says_what_is_not_proved_yet(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot, said="TOTP was added and its code is right.")
        await sees(pilot, "ok    TOTP was added")
        await press(pilot, "escape")
        await says(pilot, "Nobody has logged in with it yet")


async def test_the_password_is_masked_and_revealed_on_demand(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot)
        await type_text(pilot, PASSWORD)
        assert PASSWORD not in shown(pilot)
        await press(pilot, "ctrl+r")
        await sees(pilot, PASSWORD)
        await press(pilot, "ctrl+r")
        assert PASSWORD not in shown(pilot)


async def test_on_a_serial_line_even_that_is_asked_first(tmp_path: Path) -> None:
    app = house(tmp_path, Profile("ascii", "none", serial=True))
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot)
        await type_text(pilot, PASSWORD)
        await press(pilot, "ctrl+r")
        await on_top(pilot, ChooseScreen)
        assert "file" not in shown(pilot), "a password is not saved"
        await press(pilot, "2")
        await sees(pilot, PASSWORD)


async def test_what_was_typed_is_not_kept_for_the_next_time(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot)
        await type_text(pilot, PASSWORD)
        await press(pilot, "escape")
        await begun(pilot)
        assert "•" not in shown(pilot)


async def test_keys_while_pve_is_asked_begin_no_second_attempt(tmp_path: Path) -> None:
    let_go = Event()

    class SlowDoor(OneDoor):
        """Answers when it is let go."""

        def login(self, userid: str, password: Secret, second: Any) -> None:
            super().login(userid, password, second)
            assert let_go.wait(30)

    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        app.door = door = SlowDoor(asks=Challenge())
        await begun(pilot)
        await type_text(pilot, PASSWORD)
        await press(pilot, "ctrl+o")
        await press(pilot, "ctrl+o")
        await until(pilot, lambda: status(pilot) == "PVE is being asked ...")
        let_go.set()
        await until(pilot, lambda: "logged in at" in status(pilot))
        assert door.attempts == 1
