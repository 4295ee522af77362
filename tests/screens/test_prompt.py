"""`:` goes anywhere by name."""

from textual import events

from screens.acl import AclTreeScreen
from screens.anything import AnythingScreen
from screens.listing import ListScreen
from screens.prompt import PromptScreen, completions
from tests.screens.conftest import on_top, press, sees, shown, table, type_text, until


def test_completion_prefers_what_begins_with_the_text():
    words = ["tokens", "tfa", "users", "root@pam", "pam-users"]
    assert completions("us", words) == ["users", "pam-users"]
    assert completions("PAM", words) == ["pam-users", "root@pam"]
    assert completions("", words) == words


async def test_a_list_by_name(pilot):
    await press(pilot, "colon")
    await on_top(pilot, PromptScreen)
    await type_text(pilot, "realms")
    await press(pilot, "enter")
    await until(pilot, lambda: pilot.app.screen.listing.name == "realms")


async def test_tab_completes_and_a_userid_goes_to_the_user(pilot):
    await press(pilot, "colon")
    await type_text(pilot, "anna.adm")
    await press(pilot, "tab")
    await sees(pilot, ":anna.admin@corp")
    await press(pilot, "enter")
    await until(
        pilot,
        lambda: (pilot.app.screen.listing.name, table(pilot).key) == ("users", "anna.admin@corp"),
    )


async def test_a_view_by_name(pilot):
    await press(pilot, "2", "colon")
    await type_text(pilot, "view expired")
    await press(pilot, "enter")
    await until(pilot, lambda: "old-admin@pve" in [row.key for row in table(pilot).rows_shown])
    await until(pilot, lambda: table(pilot).count < 10)


async def test_the_tree_by_name(pilot):
    await press(pilot, "1", "colon")
    await type_text(pilot, "view tree")
    await press(pilot, "enter")
    await on_top(pilot, AclTreeScreen)


async def test_a_view_that_is_not_there_changes_nothing(pilot):
    await press(pilot, "2", "colon")
    await type_text(pilot, "view expired")
    await press(pilot, "enter")
    count = table(pilot).count
    await press(pilot, "colon")
    await type_text(pilot, "view expried")
    await press(pilot, "enter")
    await until(pilot, lambda: table(pilot).count == count)
    await sees(pilot, "There is no view expried here.")


async def test_anything_else_is_looked_for_everywhere(pilot):
    await press(pilot, "colon")
    await type_text(pilot, "web-01")
    await press(pilot, "enter")
    await on_top(pilot, AnythingScreen)


async def test_escape_leaves_the_prompt_and_nothing_happens(pilot):
    await press(pilot, "2", "colon")
    await type_text(pilot, "quit")
    await press(pilot, "escape")
    await on_top(pilot, ListScreen)
    assert pilot.app.is_running


async def test_quit_by_name(pilot):
    await press(pilot, "colon")
    await type_text(pilot, "quit")
    await press(pilot, "enter")
    await until(pilot, lambda: pilot.app._exit)


async def test_the_enter_right_behind_a_paste_does_not_send_it(pilot):
    await press(pilot, "colon")
    prompt = pilot.app.screen
    pilot.app.post_message(events.Paste("quit\n"))
    pilot.app.post_message(events.Key("enter", "\r"))
    await pilot.pause(0.2)
    assert pilot.app.screen is prompt
    await sees(pilot, ":quit")
    assert pilot.app.is_running


async def test_glyphs_switches_what_is_drawn_until_it_can_be_read(pilot):
    await press(pilot, "2")
    await until(pilot, lambda: not shown(pilot).isascii())
    for said in ("cp437", "ascii"):
        await press(pilot, "colon")
        await type_text(pilot, "glyphs")
        await press(pilot, "enter")
        await sees(pilot, f"Drawn with {said}.")
    assert shown(pilot).isascii()


async def test_a_menu_says_which_of_many_are_seen_and_turns_its_pages(pilot):
    def title() -> str:
        return next(line for line in shown(pilot).splitlines() if "Demo: break" in line)

    await press(pilot, "colon", *"demo", "enter")
    await until(pilot, lambda: " 1-16 of " in title())
    for key in ("pagedown", "pagedown", "end"):
        await press(pilot, key)
    last, _, count = title().split("-")[-1].split()
    assert last == count
    await press(pilot, "home")
    await until(pilot, lambda: " 1-16 of " in title())
