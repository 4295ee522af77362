"""`:pam` by keys alone: verdicts, what is wrong, the lines that decide, looking again."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from textual.pilot import Pilot

from pve_auth_tui.app import PveAuthApp
from pve_auth_tui.core.errors import Unreadable
from screens.details import DetailsScreen
from screens.pam import PamScreen
from tests.screens.conftest import (
    MakeApp,
    on_top,
    press,
    says_just,
    sees,
    settle,
    shown,
    status,
    type_text,
    until,
)

COMMON = "etc/pam.d/common-auth"


async def opened(pilot: Pilot[Any]) -> None:
    await settle(pilot)
    await press(pilot, "colon")
    await type_text(pilot, "pam")
    await press(pilot, "enter")
    await on_top(pilot, PamScreen)
    await read(pilot)


async def read(pilot: Pilot[Any]) -> None:
    """Wait until PAM's files were read."""
    await until(pilot, lambda: not cast(PamScreen, pilot.app.screen).busy)
    await settle(pilot)


def top(pilot: Pilot[Any], line: str) -> None:
    """A line put before everything else that common-auth has."""
    host = cast(PveAuthApp, pilot.app).workshop.host
    assert host is not None
    was = host.files.read(COMMON)
    host.write(f"/{COMMON}", f"{line}\n{was.decode()}", 0o644, hashlib.sha256(was).hexdigest())


@pytest.fixture
async def pam(make_app: MakeApp, still_cursor: None) -> AsyncIterator[Pilot[None]]:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        yield pilot


async def test_a_row_for_each_phase_and_the_lines_that_decide(pam: Pilot[None]) -> None:
    await sees(pam, "Who gets in by PAM", "common-auth:17")
    text = shown(pam)
    assert text.count(" ok     ") == 8
    assert "pam_unix.so nullok -> success: jumps to common-auth:23" in " ".join(text.split())
    await until(
        pam,
        lambda: status(pam).startswith(
            "PAM is well: root logs in without AD, before and after a join."
        ),
    )


async def test_a_hole_is_told_with_what_it_means_and_what_to_do(pam: Pilot[None]) -> None:
    top(pam, "auth sufficient pam_permit.so")
    await press(pam, "r")
    await read(pam)
    await sees(
        pam,
        "BAD Proxmox VE auth a wrong password gets in by common-auth:1",
        "Whoever knows a name of this node logs in with it",
    )
    await until(pam, lambda: status(pam).startswith("3 BAD."))
    await press(pam, "enter")
    await on_top(pam, DetailsScreen)
    await sees(
        pam, "auth sufficient pam_permit.so -> success: yes, and done", "dpkg -V does not cover"
    )


async def test_again_keeps_the_cursor_on_its_row(pam: Pilot[None]) -> None:
    await press(pam, "down", "down", "down")
    await until(pam, lambda: cast(PamScreen, pam.app.screen).table.key == "login account")
    await press(pam, "r")
    await read(pam)
    await until(pam, lambda: cast(PamScreen, pam.app.screen).table.key == "login account")


async def test_what_is_wrong_with_files_has_rows_of_its_own(pam: Pilot[None]) -> None:
    top(pam, "auht required pam_permit.so")
    await press(pam, "r")
    await read(pam)
    await press(pam, "end")
    await sees(pam, "LOOK files", "Files of PAM", "has a type that is none: auht")


async def test_files_that_cannot_be_read_are_said(
    pam: Pilot[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> None:
        raise Unreadable("The disk does not answer.", "Look at dmesg.")

    monkeypatch.setattr(cast(PveAuthApp, pam.app).workshop.pam, "check", fails)
    await press(pam, "r")
    await read(pam)
    await says_just(pam, "The disk does not answer. Look at dmesg.")
    await until(pam, lambda: cast(PamScreen, pam.app.screen).table.key is None)
    await press(pam, "enter")
    await says_just(pam, "There is no row here.")


async def test_esc_goes_back_and_pam_opens_once(pam: Pilot[None]) -> None:
    await until(
        pam, lambda: shown(pam).splitlines()[-1].strip() == "enter open  r again  esc back  ? more"
    )
    depth = len(pam.app.screen_stack)
    cast(PveAuthApp, pam.app).open_pam()
    await settle(pam)
    assert len(pam.app.screen_stack) == depth
    await press(pam, "escape")
    await until(pam, lambda: not isinstance(pam.app.screen, PamScreen))


@pytest.mark.parametrize("size", [(40, 12), (132, 43)])
async def test_it_fits(make_app: MakeApp, still_cursor: None, size: tuple[int, int]) -> None:
    async with make_app().run_test(size=size) as pilot:
        await opened(pilot)
        lines = shown(pilot).splitlines()
        assert any(line.lstrip("> ").startswith("ok") for line in lines)
        assert len(lines) <= size[1]
