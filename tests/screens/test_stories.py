"""`:demo`: what the program makes of things that break, on the demo cluster."""

import pytest
from textual.widgets import Input

from pve_auth_tui.core.secret import Secret
from pve_auth_tui.simnode.made_up import PASSWORD
from tests.screens.conftest import (
    press,
    says_just,
    sees,
    settle,
    shown,
    status,
    table,
    type_text,
    until,
)
from widgets.lines import HeadLine


def head(pilot):
    return pilot.app.screen.query_one(HeadLine).render_line(0).text


async def tell(pilot, words):
    """What is typed there is the subject of test_prompt; letter by letter takes a second."""
    await press(pilot, "colon")
    pilot.app.screen.query_one(Input).value = words
    await press(pilot, "enter")
    await settle(pilot)


async def past_recover(pilot):
    """It opens by itself where nothing can be changed; Start says what is broken, too."""
    await until(pilot, lambda: "─ Recover ─" in shown(pilot))
    await press(pilot, "escape")
    await settle(pilot)


async def test_the_menu_shows_what_can_be_broken_and_breaks_it(pilot):
    await tell(pilot, "demo")
    await sees(pilot, "no quorum")
    await press(pilot, "up")  # the last one; 80x24 does not hold all of them
    await sees(pilot, "all well")
    await press(pilot, "1")
    await until(pilot, lambda: "NO QUORUM 1/3" in head(pilot))


async def test_choosing_a_story_again_mends_it(pilot):
    await tell(pilot, "demo no quorum")
    await until(pilot, lambda: "NO QUORUM 1/3" in head(pilot))
    await tell(pilot, "demo no quorum")
    await until(pilot, lambda: "quorate 3/3" in head(pilot))


async def test_without_quorum_a_change_is_refused_at_once_and_says_why(pilot):
    await tell(pilot, "demo no quorum")
    await until(pilot, lambda: "NO QUORUM" in head(pilot))
    await past_recover(pilot)
    await sees(pilot, "This node has no quorum")
    await press(pilot, "2", "d")
    await says_just(pilot, "Nothing can be changed now: no quorum.")


@pytest.mark.parametrize("story", ["pmxcfs dead", "dead mount"])
async def test_behind_a_dead_mount_the_database_is_read(pilot, story):
    await tell(pilot, f"demo {story}")
    await until(pilot, lambda: "config.db, READ-ONLY" in head(pilot))
    await past_recover(pilot)
    await sees(pilot, "/etc/pve is not mounted", "Broken on purpose")


async def test_a_held_lock_is_something_to_look_at(pilot):
    await tell(pilot, "demo lock held")
    await until(pilot, lambda: "holds PVE's lock file-user_cfg" in shown(pilot))


async def test_a_dead_daemon_is_told_with_what_it_means(pilot):
    await tell(pilot, "demo pvedaemon dead")
    await past_recover(pilot)
    await until(pilot, lambda: "BAD    pvedaemon does not run: nobody can log in" in shown(pilot))
    await until(pilot, lambda: "root@pam, direct" in head(pilot))


async def test_a_full_disk_is_told(pilot):
    await tell(pilot, "demo disk full")
    await until(pilot, lambda: "the disk of this node is full (0 MiB left)" in shown(pilot))


async def test_all_well_ends_every_story(pilot):
    await tell(pilot, "demo no quorum")
    await tell(pilot, "demo dead mount")
    await tell(pilot, "demo all well")
    await until(pilot, lambda: "quorate 3/3" in head(pilot) and "direct" in head(pilot))
    assert "Broken on purpose" not in shown(pilot)


async def test_the_key_is_pulled_and_plugged_in_again(pilot):
    bus = pilot.app.workshop.keys
    assert [place.product for place in bus.scan().keys] == ["Demo Key A"]
    await tell(pilot, "demo no key")
    assert not bus.scan().keys
    assert "Broken on purpose" not in shown(pilot)
    await tell(pilot, "demo all well")
    assert [place.product for place in bus.scan().keys] == ["Demo Key A"]


async def test_an_unknown_story_is_said_to_be_none(pilot):
    await press(pilot, "colon")
    await type_text(pilot, "demo earthquake")
    await press(pilot, "enter")
    await says_just(pilot, "The demo has no story earthquake. `:demo` shows them.")


async def test_what_a_story_adds_is_counted_and_in_view_and_the_cursor_stays_on_its_line(pilot):
    await press(pilot, "down", "down", "down")
    key = table(pilot).key
    await tell(pilot, "demo lock held")
    await until(pilot, lambda: "holds PVE's lock" in shown(pilot))
    await until(pilot, lambda: table(pilot).key == key)
    await says_just(pilot, "Read again. 14 things to look at.")


@pytest.mark.parametrize("story", ["pvedaemon dead", "lock held", "disk full", "dead mount"])
async def test_what_a_story_is_about_is_not_cut_at_80_columns(pilot, story):
    await tell(pilot, f"demo {story}")
    if story in ("dead mount", "pvedaemon dead"):
        await past_recover(pilot)
    await until(pilot, lambda: table(pilot).total > 13)
    assert not any(line.rstrip().endswith("…") for line in shown(pilot).split("\n"))


async def test_a_simulated_node_that_is_asked_over_https_does_not_offer_to_break_things(pilot):
    pilot.app.stories = None
    await press(pilot, "r")
    await sees(pilot, "no real node is touched.")
    assert ":demo" not in shown(pilot)


async def test_outside_the_demo_nothing_can_be_broken(make_app, rack):
    async with make_app(rack).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await tell(pilot, "demo no quorum")
        await until(pilot, lambda: status(pilot).startswith("Only the demo breaks things"))


async def test_a_pam_that_lets_everybody_in_is_shown_as_bad_and_mended(pilot):
    await tell(pilot, "demo PAM open")
    await until(pilot, lambda: "Broken on purpose: PAM open" in shown(pilot))
    await tell(pilot, "pam")
    await until(pilot, lambda: "pam_permit" in shown(pilot) and "BAD" in shown(pilot))
    await tell(pilot, "demo PAM open")
    await press(pilot, "r")
    await until(pilot, lambda: "BAD" not in shown(pilot))


async def test_an_account_of_another_host_is_told_before_a_join(pilot):
    await tell(pilot, "demo join packages")
    await tell(pilot, "demo account taken")
    await until(pilot, lambda: "Broken on purpose: account taken" in shown(pilot))
    host = pilot.app.workshop.host
    argv = ("/usr/sbin/adcli", "show-computer", "--stdin-password", "PVE1")
    said = host.ask(argv, stdin=Secret(f"{PASSWORD}\n"))
    assert " pve1.old.example.com" in said.out
