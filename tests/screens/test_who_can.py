"""Everybody who can do something somewhere: listed, found, explained, saved; by keys alone."""

from __future__ import annotations

from screens.explain import ExplainScreen
from screens.pick import PickScreen
from screens.who_can import WhoCanScreen
from tests.screens.conftest import (
    keys_shown,
    on_top,
    press,
    says_just,
    sees,
    settle,
    status,
    table,
    type_text,
    until,
)
from widgets.detail_pane import DetailPane


async def ask(pilot, privilege="VM.PowerMgmt", where="/vms/100"):
    pilot.app.screen.who_can(privilege, where)
    await settle(pilot)


def details(pilot):
    return " ".join(pilot.app.screen.query_one(DetailPane).text.split())


async def test_everybody_stands_there_with_what_gives_it_root_first(pilot):
    await ask(pilot)
    await until(pilot, lambda: keys_shown(pilot)[0] == "root@pam")
    await until(pilot, lambda: "backup-admin@pve" in keys_shown(pilot))
    assert "anna.admin@corp" not in keys_shown(pilot)
    await sees(pilot, "users and 1 token")
    table(pilot).go_to("backup-admin@pve")
    await until(
        pilot,
        lambda: (
            table(pilot).row.cells[1:] == ("Administrator on / through @local-admins", "yes", "yes")
        ),
    )


async def test_the_row_under_the_cursor_says_whether_it_can_be_used_now(pilot):
    await ask(pilot, "VM.Audit")
    table(pilot).go_to("anna.admin@corp")
    await until(pilot, lambda: details(pilot).startswith("anna.admin@corp"))
    await until(pilot, lambda: table(pilot).row.cells[3] == "NO")
    await until(pilot, lambda: "anna.admin@corp cannot log in: TOTP is locked" in details(pilot))
    await until(pilot, lambda: "Who Anna Admin" in details(pilot))


async def test_without_a_privilege_the_list_of_acts_opens_at_once(pilot):
    pilot.app.screen.who_can("", "/vms/100")
    await settle(pilot)
    await on_top(pilot, PickScreen)
    await type_text(pilot, "console")
    await press(pilot, "enter")
    await on_top(pilot, WhoCanScreen)
    await until(pilot, lambda: pilot.app.screen.asked == ("VM.Console", "/vms/100"))
    await until(pilot, lambda: keys_shown(pilot)[0] == "root@pam")


async def test_words_that_mean_several_things_say_which(pilot):
    pilot.app.screen.who_can("", "/")
    await settle(pilot)
    await type_text(pilot, "see it (datastore")
    await press(pilot, "enter")
    await until(pilot, lambda: pilot.app.screen.asked[0] == "Datastore.Audit")


async def test_slash_finds_and_esc_shows_everybody_again(pilot):
    await ask(pilot)
    number = len(keys_shown(pilot))
    await press(pilot, "slash")
    await type_text(pilot, "backup")
    await press(pilot, "enter")
    await until(pilot, lambda: keys_shown(pilot) == ["backup-admin@pve"])
    await sees(pilot, f"1 of {number}")
    await press(pilot, "escape")
    await until(pilot, lambda: len(keys_shown(pilot)) == number)
    await press(pilot, "escape")
    await until(pilot, lambda: not isinstance(pilot.app.screen, WhoCanScreen))


async def test_enter_explains_the_row(pilot):
    await ask(pilot)
    table(pilot).go_to("backup-admin@pve")
    await press(pilot, "enter")
    await on_top(pilot, ExplainScreen)
    await until(
        pilot, lambda: pilot.app.screen.asked == ("backup-admin@pve", "VM.PowerMgmt", "/vms/100")
    )
    await press(pilot, "escape")
    await until(pilot, lambda: table(pilot).key == "backup-admin@pve")


async def test_up_from_the_first_row_leads_to_what_is_asked_and_enter_asks_elsewhere(pilot):
    await ask(pilot)
    await press(pilot, "up", "enter")
    await on_top(pilot, PickScreen)
    await type_text(pilot, "/storage/")
    await press(pilot, "enter")
    await until(pilot, lambda: pilot.app.screen.asked[1].startswith("/storage/"))


async def test_f_saves_the_rows_shown_and_c_shows_lines_for_a_shell(pilot, tmp_path):
    await ask(pilot)
    await press(pilot, "f")
    await until(pilot, lambda: status(pilot).startswith("Saved as"))
    (saved,) = (tmp_path / "saved").iterdir()
    assert saved.read_text().startswith("User/API Token,Through,Prop,Can log in\nroot@pam,")
    await press(pilot, "c")
    await sees(pilot, "pveum acl list", "pveum user permissions root@pam --path /vms/100")


async def test_a_privilege_that_pve_does_not_have_is_told(pilot):
    await ask(pilot, "VM.Fly")
    await until(pilot, lambda: "VM.Fly" in details(pilot))
    await until(pilot, lambda: table(pilot).total == 0)
    await press(pilot, "f")
    await says_just(pilot, "There is no answer yet.")
    await press(pilot, "enter")
    await says_just(pilot, "There is no row here.")


async def test_r_keeps_the_row_under_the_cursor(pilot):
    await ask(pilot)
    table(pilot).go_to("backup-admin@pve")
    await press(pilot, "r")
    await until(pilot, lambda: table(pilot).key == "backup-admin@pve")
    await says_just(pilot, "Read again.")
