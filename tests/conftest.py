"""Fixtures that make tests as strict as the real thing; none of them is optional."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no failure: what must be fast is measured by tests of its own. Under CI the
# examples are the same each time, so that a change fails for what it does; elsewhere they are new.
settings.register_profile(
    "steady",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
)
settings.load_profile("steady")


# A shell's job in the background ignores ctrl+c, and so would all that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures differ under NO_COLOR and TEXTUAL_*; dates differ with the time zone."""
    for name in ("NO_COLOR", "TEXTUAL_THEME", "PVE_AUTH_TUI_GLYPHS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.fixture(autouse=True)
async def eager_tasks() -> None:
    """App.run() uses eager tasks on Python 3.12 and newer; run_test() does not.

    One crash class exists only with eager tasks, so that tests without them miss it.
    """
    if hasattr(asyncio, "eager_task_factory"):
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)


@pytest.fixture
def still_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A blinking cursor would make snapshots depend on the clock."""
    from textual.widgets import Input

    monkeypatch.setattr(Input, "_toggle_cursor", lambda self: None)


@pytest.fixture
def looks_the_same(snap_compare: Callable[..., bool], still_cursor: None) -> Callable[..., None]:
    """snap_compare passes even when the app crashed; this does not. And it takes its picture when
    nothing moves any more, however busy the machine is.
    """
    from tests.snapshots.resting import rest

    def check(
        app: Any,
        *,
        size: tuple[int, int] = (80, 24),
        run_before: Callable[..., Awaitable[None]] | None = None,
        **kwargs: Any,
    ) -> None:
        async def rested(pilot: Any) -> None:
            if run_before is not None:
                await run_before(pilot)
            await rest(pilot)

        same = snap_compare(app, terminal_size=size, run_before=rested, **kwargs)
        if app._exception is not None:
            raise app._exception
        assert same

    return check
