"""What is given up holds nobody up: neither who leaves a screen, nor who leaves the program."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from threading import Event

import pytest

from screens.unwaited import until_given_up
from tests.screens.conftest import until
from tests.screens.recovering import FakeProbe, probe_with

NAME: ContextVar[str] = ContextVar("NAME")


def test_it_is_waited_for_until_it_is_done():
    said: list[str] = []
    NAME.set("what the caller's context says")
    until_given_up(lambda: said.append(NAME.get()), lambda: False)
    assert said == ["what the caller's context says"]


def test_what_it_raises_is_raised():
    def fails() -> None:
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there"):
        until_given_up(fails, lambda: False)


def test_what_is_given_up_goes_on_by_itself():
    given_up, hold, ended = Event(), Event(), Event()

    def works() -> None:
        given_up.set()
        hold.wait(60)
        ended.set()

    until_given_up(works, given_up.is_set)
    assert not ended.is_set()
    hold.set()
    assert ended.wait(60)


async def test_who_leaves_while_the_machine_does_not_answer_does_not_wait_for_it(make_app):
    """At its end the program waits for the loop's own threads; a look may take fifteen seconds."""
    hold = Event()
    app = make_app()
    try:
        async with app.run_test() as pilot:
            probe = probe_with(app, FakeProbe(hold=hold))
            app.open_recover()
            await until(pilot, lambda: probe.looks > 0)
            await pilot.press("q")
        await asyncio.wait_for(asyncio.get_running_loop().shutdown_default_executor(), 15)
        assert not hold.is_set()
    finally:
        hold.set()
