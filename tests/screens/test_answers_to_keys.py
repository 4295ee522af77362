"""No key is silent, and no sentence is cut: what the last two lines say."""

import asyncio

import pytest

from tests.screens.conftest import press, sees, settle, shown, status, until


@pytest.mark.parametrize("key", ["x", "h", "y", "a", "d", "number_sign"])
async def test_a_key_that_does_nothing_says_so(pilot, key):
    await press(pilot, key)
    await until(pilot, lambda: status(pilot).endswith("does nothing here. ? tells the keys."))


async def test_a_key_that_works_is_not_said_to_do_nothing(pilot):
    await press(pilot, "question_mark", "escape", "1", "v", "escape", "j", "escape")
    assert "does nothing" not in status(pilot)


async def test_a_sentence_too_long_for_the_line_takes_two(pilot):
    pilot.app.say(f"{'a long sentence, ' * 5}and its end.")
    await settle(pilot)
    await sees(pilot, "and its end.")


async def test_a_picture_that_was_there_first_is_greeted_too(make_app):
    app = make_app()
    app._service.begin()
    await asyncio.wrap_future(app._service._ahead)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await sees(pilot, "13 things to look at.")


async def test_only_one_set_of_digits_is_seen(pilot):
    await press(pilot, "1", "v")
    await sees(pilot, "2 tree")
    assert "2 Users" not in shown(pilot)
    await press(pilot, "escape")
    await sees(pilot, "2 Users")


async def test_a_long_menu_keeps_its_keys_on_a_small_screen(make_app):
    async with make_app().run_test(size=(40, 12)) as pilot:
        await settle(pilot)
        await press(pilot, "2", "v")
        await sees(pilot, "esc back")
        await press(pilot, "up")
        await sees(pilot, "from one realm")


@pytest.mark.parametrize(
    ("size", "count"), [((40, 12), "13 of 212"), ((80, 24), "13 of 212   3 marked, 3 hidden")]
)
async def test_the_count_beside_what_is_typed_is_whole(make_app, size, count):
    async with make_app().run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, "2", "space", "space", "space", "slash", "a", "d", "m")
        await sees(pilot, count, " / adm")
