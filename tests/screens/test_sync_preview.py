"""The preview of a sync by keys alone: reading, choices, lists, PVE's own view, the plan."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from textual.pilot import Pilot

from pve_auth_tui.app import PveAuthApp
from pve_auth_tui.core.directory.causes import Cause, DirectoryTrouble
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.sync.found import SyncOptions
from pve_auth_tui.terminal.profile import Profile
from screens.at_directory import BindPasswordForm
from screens.details import DetailsScreen
from screens.plan import PlanScreen
from screens.realm_test import RealmTestScreen
from screens.sync_list import SyncListScreen
from screens.sync_preview import SyncPreviewScreen
from screens.typed_yes import YesScreen
from tests.screens.conftest import (
    MakeApp,
    keys_shown,
    listening,
    on_top,
    press,
    says,
    says_just,
    sees,
    settle,
    shown,
    status,
    table,
    type_text,
    until,
)
from tests.screens.realmtesting import Syncs, Tests, found_of, give

ASCII = Profile("ascii", "none", serial=True)
NOTE = "NOTE: Dry test run, changes were NOT written to the configuration."


def syncs_of(pilot: Pilot[Any]) -> Syncs:
    app = pilot.app
    assert isinstance(app, PveAuthApp)
    assert app.snapshot
    return Syncs(found_of(app.snapshot))


async def opened(
    pilot: Pilot[Any], syncs: Syncs | None = None, realm: str = "corp", **how: Any
) -> SyncPreviewScreen:
    await settle(pilot)
    syncs = syncs or syncs_of(pilot)
    give(pilot, sync=syncs)
    screen = SyncPreviewScreen(realm, **how)
    await pilot.app.push_screen(screen)
    await until(pilot, lambda: bool(syncs.reads) or pilot.app.screen is not screen)
    if syncs.held is None and pilot.app.screen is screen:
        await until(pilot, lambda: not screen.busy)
        if syncs.error is None:
            await until(pilot, lambda: bool(syncs.asked) and screen._preview is not None)
    await pilot.pause(0.1)
    return screen


@pytest.fixture
async def corp(make_app: MakeApp, still_cursor: None) -> AsyncIterator[Pilot[None]]:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        yield pilot


def line_of(pilot: Pilot[Any], *words: str) -> str:
    return next(
        line for line in shown(pilot).splitlines() if all(word in line.split() for word in words)
    )


def preview(pilot: Pilot[Any]) -> SyncPreviewScreen:
    screen = pilot.app.screen
    assert isinstance(screen, SyncPreviewScreen)
    return screen


async def go(pilot: Pilot[Any], key: str) -> None:
    preview(pilot).rows.go_to(key)
    await pilot.pause()


# --- what is shown ---------------------------------------------------------------------


async def test_a_table_tells_who_comes_and_goes(corp: Pilot[None]) -> None:
    lines = shown(corp).splitlines()
    assert "Sync realm corp: Preview. Nothing is written." in lines[1]
    assert lines[1].endswith("read in 1.1 s")
    assert lines[2] == " The directory sent 147 users and 17 groups. PVE has 147 and 17 of corp."
    assert line_of(corp, "Added").split()[:4] == [">", "Added", "2", "0"]
    assert line_of(corp, "Changed").split()[:2] == ["Changed", "1"]
    assert line_of(corp, "Removed").split()[:4] == ["Removed", "3", "0", "LOOK"]
    assert line_of(corp, "Skipped").split()[:2] == ["Skipped", "1"]
    await sees(corp, "the last 2 runs removed 0 to 4", "What it means")


async def test_enter_opens_the_list_of_a_kind(corp: Pilot[None]) -> None:
    await press(corp, "enter")
    await on_top(corp, SyncListScreen)
    await until(corp, lambda: len(keys_shown(corp)) == 2)
    await sees(corp, "new1@corp")
    await press(corp, "escape", "down", "enter")
    await until(corp, lambda: "E-Mail:" in shown(corp))
    await press(corp, "enter")
    await on_top(corp, DetailsScreen)
    await sees(corp, "after: new@example.com")


@pytest.mark.parametrize("kind", ["removed", "skipped", "same"])
async def test_every_kind_has_its_list(corp: Pilot[None], kind: str) -> None:
    await go(corp, f"kind:{kind}")
    await press(corp, "enter")
    await until(corp, lambda: table(corp).count > 0)
    await sees(corp, kind.capitalize())


async def test_what_it_means_and_what_pve_says_open_too(corp: Pilot[None]) -> None:
    for key, text in (("means:0", "What it means"), ("pve", "PVE's own preview")):
        await go(corp, key)
        await press(corp, "enter")
        await on_top(corp, DetailsScreen)
        await sees(corp, text)
        await press(corp, "escape")
    await go(corp, "option:scope")
    await press(corp, "enter")
    await says_just(corp, "Space changes it.")


# --- choices -----------------------------------------------------------------------------


async def test_a_choice_changes_the_preview_without_another_reading(make_app: MakeApp) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        syncs = syncs_of(pilot)
        screen = await opened(pilot, syncs)
        before = screen._options
        assert before
        await go(pilot, "choice:entry")
        await press(pilot, "space")
        await until(pilot, lambda: line_of(pilot, "Removed").split()[1] == "0")
        await sees(pilot, "[ ] entry")
        assert screen.rows.key == "choice:entry"
        await press(pilot, "space")
        await until(pilot, lambda: line_of(pilot, "Removed").split()[1] == "3")
        await go(pilot, "option:enable-new")
        await press(pilot, "space")
        await until(pilot, lambda: "[ ] enable-new" in shown(pilot))
        await go(pilot, "option:scope")
        await press(pilot, "space")
        await until(pilot, lambda: "users only" in shown(pilot))
        assert line_of(pilot, "Removed").split()[1:3] == ["3", "-"]
        assert len(syncs.reads) == 1
        assert syncs.reads[0]["options"].scope == "both"
        await until(pilot, lambda: len(syncs.asked) > 1)  # PVE, when the choices have come to rest
        assert syncs.asked[-1] == SyncOptions("users", False, before.vanished)


async def test_space_elsewhere_says_what_it_is_for(corp: Pilot[None]) -> None:
    await press(corp, "space")
    await says_just(corp, "Space is for the lines below Remove Vanished.")


# --- finding somebody ---------------------------------------------------------------------


async def test_a_person_is_found_and_what_happens_to_them_is_said(corp: Pilot[None]) -> None:
    await press(corp, "slash")
    await type_text(corp, "new1")
    await until(corp, lambda: table(corp).count == 1)
    await press(corp, "enter")
    await until(corp, lambda: "Added" in line_of(corp, ">", "new1@corp"))
    await press(corp, "escape", "slash")
    await type_text(corp, "what:same bob")
    await until(corp, lambda: table(corp).count == 1)
    await sees(corp, "stays as it is")
    await press(corp, "escape", "escape")
    await until(corp, lambda: isinstance(corp.app.screen, SyncPreviewScreen))


async def test_who_is_not_there_is_not_found(corp: Pilot[None]) -> None:
    await press(corp, "slash")
    await type_text(corp, "zzz-nobody")
    await until(corp, lambda: "Nothing is found." in shown(corp))


# --- PVE's own preview --------------------------------------------------------------------


async def test_pves_own_preview_agrees(make_app: MakeApp) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        syncs = syncs_of(pilot)
        app = pilot.app
        assert isinstance(app, PveAuthApp)
        assert app.snapshot
        assert app.snapshot.access.value
        access = app.snapshot.access.value
        users = syncs.found.users
        gone = [one for one in access.users if one.endswith("@corp") and one not in users]
        lines = [f"remove user '{one}'" for one in gone]
        lines += [f"purge users '{one}' ACL entries" for one in gone]
        for name in users:
            lines.append(f"{'updating' if name in access.users else 'adding'} user '{name}'")
        lines += [f"updating group '{name}'" for name in syncs.found.groups]
        syncs.lines = (*lines, NOTE)
        await opened(pilot, syncs)
        await until(pilot, lambda: "PVE's own preview agrees: 2 added" in shown(pilot))
        await sees(pilot, "ok   PVE's own preview agrees")
        syncs.lines = (*lines[1:], NOTE)
        await press(pilot, "r")
        await until(pilot, lambda: "LOOK PVE's own preview differs." in shown(pilot))
        await go(pilot, "pve")
        await press(pilot, "enter")
        await sees(pilot, "PVE would not remove 1 user")


async def test_where_pve_cannot_be_asked_the_preview_stands_alone(make_app: MakeApp) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        syncs = syncs_of(pilot)
        syncs.pve_error = ApiError(500, "no such server\n")
        await opened(pilot, syncs)
        await until(pilot, lambda: "PVE's own preview: " in shown(pilot))
        await sees(pilot, "no such server")
        assert line_of(pilot, "Added").split()[2] == "2"


# --- the sync -----------------------------------------------------------------------------


async def test_s_shows_the_plan_of_this_very_sync(corp: Pilot[None]) -> None:
    await press(corp, "s")
    await until(corp, lambda: isinstance(corp.app.screen, PlanScreen))
    await sees(corp, "sync realm corp")
    await press(corp, "escape")
    await says_just(corp, "Nothing was changed.")


async def test_an_empty_answer_is_alarming_and_heavy(make_app: MakeApp) -> None:
    """An empty answer must never remove everybody at one key."""
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        syncs = syncs_of(pilot)
        syncs.found = replace(syncs.found, users={}, groups={}, entries=0, group_entries=0)
        await opened(pilot, syncs)
        await sees(pilot, "BAD")
        assert line_of(pilot, "Removed").split()[:2] == ["Removed", "147"]
        await until(
            pilot, lambda: "the plan asks you to type 147" in " ".join(status(pilot).split())
        )
        await press(pilot, "s")
        await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen))
        await says(pilot, "HEAVY")


async def test_a_cut_answer_is_not_run(make_app: MakeApp) -> None:
    """Who is missing in it may still be there."""
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        syncs = syncs_of(pilot)
        syncs.found = replace(syncs.found, complete=False)
        screen = await opened(pilot, syncs)
        await sees(pilot, "BAD The server cut its answer")
        await press(pilot, "s")
        await until(pilot, lambda: "The server cut its answer" in status(pilot))
        await until(pilot, lambda: pilot.app.screen is screen)


# --- reading ------------------------------------------------------------------------------


async def test_reading_counts_and_can_be_stopped(make_app: MakeApp) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        syncs = syncs_of(pilot)
        syncs.held = Event()
        screen = await opened(pilot, syncs)
        await until(pilot, lambda: "900 entries so far" in status(pilot))
        await pilot.press("s")
        await until(pilot, lambda: status(pilot) == "The directory is being read. Esc stops it.")
        await pilot.press("escape")
        await until(pilot, lambda: "Stopped." in status(pilot))
        await until(pilot, lambda: pilot.app.screen is screen)
        syncs.held = None
        await press(pilot, "r")
        await until(pilot, lambda: screen._preview is not None)
        await press(pilot, "escape")
        await until(pilot, lambda: len(pilot.app.screen_stack) == 2)


async def test_leaving_while_it_reads_stops_it(make_app: MakeApp) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        syncs = syncs_of(pilot)
        syncs.held = Event()
        await opened(pilot, syncs)
        pilot.app.pop_screen()
        await settle(pilot)
        assert len(pilot.app.screen_stack) == 2


async def test_a_directory_that_does_not_answer_is_told_and_its_test_is_a_key_away(
    make_app: MakeApp,
) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        syncs = syncs_of(pilot)
        syncs.error = DirectoryTrouble(Cause.SILENT, "dc01 does not answer.", "Is it on?")
        await opened(pilot, syncs)
        give(pilot, realm_test=Tests())
        await sees(pilot, "BAD dc01 does not answer.", "Is it on?")
        await press(pilot, "space", "enter", "s", "f")
        await says_just(pilot, "Nothing was read yet.")
        await press(pilot, "t")
        await until(pilot, lambda: isinstance(pilot.app.screen, RealmTestScreen))


async def test_a_realm_without_tls_asks_first(make_app: MakeApp) -> None:
    """R20"""
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app = pilot.app
        assert isinstance(app, PveAuthApp)
        assert app.snapshot
        syncs = Syncs(found_of(app.snapshot, "lab", gone=1))
        screen = await opened(pilot, syncs, "lab")
        await on_top(pilot, YesScreen)
        await press(pilot, "escape")
        assert app.screen is screen
        await until(pilot, lambda: (syncs.reads, status(pilot)) == ([], "Nothing was read."))
        await press(pilot, "r")
        await type_text(pilot, "yes")
        await press(pilot, "enter")
        await until(pilot, lambda: bool(syncs.reads))
        assert syncs.reads[0]["agreed"] is True


async def test_a_password_that_cannot_be_read_is_asked_for(make_app: MakeApp) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        syncs = syncs_of(pilot)
        syncs.error = DirectoryTrouble(Cause.NO_PASSWORD, "It cannot be read from here.")
        await opened(pilot, syncs)
        await until(pilot, lambda: isinstance(pilot.app.screen, BindPasswordForm))
        syncs.error = None
        await type_text(pilot, "bind-secret")
        await press(pilot, "ctrl+o")
        await until(pilot, lambda: len(syncs.reads) == 2)
        assert syncs.reads[1]["password"] == Secret("bind-secret")


# --- keeping it, names, other terminals ---------------------------------------------------


async def test_the_list_is_saved(corp: Pilot[None], tmp_path: Path) -> None:
    await press(corp, "f")
    await until(corp, lambda: "saved, for you alone" in status(corp))
    (file,) = (tmp_path / "saved").glob("*sync-corp.csv")
    text = file.read_text()
    assert "Added,user,new1@corp,New" in text
    assert "Skipped,user,c d@corp," in text
    assert file.stat().st_mode & 0o777 == 0o600


async def test_the_prompt_takes_the_name_of_a_realm(make_app: MakeApp) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        give(pilot, sync=syncs_of(pilot), realm_test=Tests())
        for words, kind in (("sync corp", SyncPreviewScreen), ("realm-test corp", RealmTestScreen)):
            await press(pilot, "colon")
            await type_text(pilot, words)
            await press(pilot, "enter")
            await until(pilot, lambda kind=kind: isinstance(pilot.app.screen, kind))
            await settle(pilot)
        await press(pilot, "colon")
        await type_text(pilot, "sync pam")
        await press(pilot, "enter")
        await says_just(pilot, "There is no LDAP or AD realm pam.")


async def test_without_a_name_the_realm_is_picked(make_app: MakeApp) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        give(pilot, sync=syncs_of(pilot))
        await press(pilot, "colon")
        await type_text(pilot, "sync")
        await press(pilot, "enter")
        await sees(pilot, "corp")
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, SyncPreviewScreen))


async def test_a_realm_that_is_gone_is_said(make_app: MakeApp) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        give(pilot, sync=syncs_of(pilot))
        await pilot.app.push_screen(SyncPreviewScreen("nowhere"))
        await until(pilot, lambda: "There is no realm nowhere." in shown(pilot))
        await press(pilot, "t")
        await says(pilot, "There is no realm nowhere.")


async def test_a_new_picture_makes_the_preview_anew(corp: Pilot[None]) -> None:
    app = corp.app
    assert isinstance(app, PveAuthApp)
    assert app.outlook
    before = preview(corp)._preview
    app.outlook = app.outlook._replace(snapshot=replace(app.outlook.snapshot))
    app.house_screen.take_picture()
    await until(corp, lambda: preview(corp)._preview is not before)


async def test_a_small_terminal_tells_it_line_by_line(make_app: MakeApp) -> None:
    async with make_app().run_test(size=(40, 12)) as pilot:
        await opened(pilot)
        await sees(pilot, "Added: 2 users, 0 groups")
        await press(pilot, "enter")
        await until(pilot, lambda: "new1@corp" in shown(pilot))


async def test_without_colour_and_boxes_the_words_say_it(make_app: MakeApp) -> None:
    async with make_app(profile=ASCII).run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        assert "LOOK" in line_of(pilot, "Removed")
        assert shown(pilot).isascii()


# --- on the demo's own network --------------------------------------------------------------------


async def test_a_real_sync_of_the_demo_is_foretold_run_and_then_nothing_is_left(
    make_app: MakeApp,
) -> None:
    """Read from a directory over TLS, compared with PVE's dry run, run, and looked at again."""
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        screen = SyncPreviewScreen("corp")
        await pilot.app.push_screen(screen)
        await until(pilot, lambda: screen.agreement.word == "ok")
        assert line_of(pilot, "Added").split()[:3] == [">", "Added", "61"]
        assert line_of(pilot, "Removed").split()[1] == "36"
        await press(pilot, "s")
        await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen))
        plan = pilot.app.screen
        assert isinstance(plan, PlanScreen)
        await listening(pilot)
        await press(pilot, "end", "y")
        await type_text(pilot, plan.plan.confirm)
        await press(pilot, "enter")
        await until(pilot, lambda: "Esc leaves" in status(pilot))
        await sees(pilot, "Done")
        await press(pilot, "escape")
        await until(pilot, lambda: pilot.app.screen is screen)
        await says(pilot, "Synced.")
        await until(pilot, lambda: line_of(pilot, "Added").split()[2] == "0")
        assert line_of(pilot, "Removed").split()[1] == "0"
        await press(pilot, "s")
        await says_just(pilot, "Nothing would be changed.")


async def test_what_was_worked_out_before_something_newer_is_dropped(corp: Pilot[None]) -> None:
    """A message that was on its way when a choice was turned, or when a reading failed."""
    screen = corp.app.screen
    assert isinstance(screen, SyncPreviewScreen)
    assert screen._preview
    assert screen._answer
    late, answer = screen.Foretold(screen._worked, screen._preview), screen._answer
    screen.rows.go_to("choice:acl")
    await press(corp, "space")
    await until(corp, lambda: screen._answer is not None and not screen.busy)
    await until(corp, lambda: bool(screen._preview and screen._preview.options == screen._options))
    newer, told = screen._preview, screen._answer
    assert newer is not late.told
    screen.post_message(late)
    screen.post_message(screen.Answered(answer.number, told.options, None, "of before"))
    await settle(corp)
    assert screen._preview is newer
    assert screen._answer is told
    syncs_now = corp.app.workshop.sync  # type: ignore[attr-defined]
    syncs_now.error = DirectoryTrouble(Cause.REFUSED, "nobody listens.")
    late = screen.Foretold(screen._worked, newer)
    await press(corp, "r")
    await until(corp, lambda: "nobody listens" in shown(corp))
    screen.post_message(late)
    await settle(corp)
    await sees(corp, "nobody listens")
    assert screen.why_no_preview()
