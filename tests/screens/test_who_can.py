"""Everybody who can do something somewhere: listed, found, explained, saved; by keys alone."""

from __future__ import annotations

from screens.explain import ExplainScreen
from screens.pick import PickScreen
from screens.who_can import WhoCanScreen
from tests.screens.conftest import keys_shown, press, settle, shown, status, table, type_text, until
from widgets.detail_pane import DetailPane


async def ask(pilot, privilege="VM.PowerMgmt", where="/vms/100"):
    pilot.app.screen.who_can(privilege, where)
    await settle(pilot)


def details(pilot):
    return " ".join(pilot.app.screen.query_one(DetailPane).text.split())


async def test_everybody_stands_there_with_what_gives_it_root_first(pilot):
    await ask(pilot)
    assert keys_shown(pilot)[0] == "root@pam"
    assert "backup-admin@pve" in keys_shown(pilot)
    assert "anna.admin@corp" not in keys_shown(pilot)
    assert "users and 1 token" in shown(pilot)
    table(pilot).go_to("backup-admin@pve")
    assert table(pilot).row.cells[1:] == ("Administrator on / through @local-admins", "yes", "yes")


async def test_the_row_under_the_cursor_says_whether_it_can_be_used_now(pilot):
    await ask(pilot, "VM.Audit")
    table(pilot).go_to("anna.admin@corp")
    await until(pilot, lambda: details(pilot).startswith("anna.admin@corp"))
    assert table(pilot).row.cells[3] == "NO"
    assert "anna.admin@corp cannot log in: TOTP is locked" in details(pilot)
    assert "Who Anna Admin" in details(pilot)


async def test_without_a_privilege_the_list_of_acts_opens_at_once(pilot):
    pilot.app.screen.who_can("", "/vms/100")
    await settle(pilot)
    assert isinstance(pilot.app.screen, PickScreen)
    await type_text(pilot, "console")
    await press(pilot, "enter")
    assert isinstance(pilot.app.screen, WhoCanScreen)
    assert pilot.app.screen.asked == ("VM.Console", "/vms/100")
    assert keys_shown(pilot)[0] == "root@pam"


async def test_words_that_mean_several_things_say_which(pilot):
    pilot.app.screen.who_can("", "/")
    await settle(pilot)
    await type_text(pilot, "see it (datastore")
    await press(pilot, "enter")
    assert pilot.app.screen.asked[0] == "Datastore.Audit"


async def test_slash_finds_and_esc_shows_everybody_again(pilot):
    await ask(pilot)
    number = len(keys_shown(pilot))
    await press(pilot, "slash")
    await type_text(pilot, "backup")
    await press(pilot, "enter")
    assert keys_shown(pilot) == ["backup-admin@pve"]
    assert f"1 of {number}" in shown(pilot)
    await press(pilot, "escape")
    assert len(keys_shown(pilot)) == number
    await press(pilot, "escape")
    assert not isinstance(pilot.app.screen, WhoCanScreen)


async def test_enter_explains_the_row(pilot):
    await ask(pilot)
    table(pilot).go_to("backup-admin@pve")
    await press(pilot, "enter")
    assert isinstance(pilot.app.screen, ExplainScreen)
    assert pilot.app.screen.asked == ("backup-admin@pve", "VM.PowerMgmt", "/vms/100")
    await press(pilot, "escape")
    assert table(pilot).key == "backup-admin@pve"


async def test_up_from_the_first_row_leads_to_what_is_asked_and_enter_asks_elsewhere(pilot):
    await ask(pilot)
    await press(pilot, "up", "enter")
    assert isinstance(pilot.app.screen, PickScreen)
    await type_text(pilot, "/storage/")
    await press(pilot, "enter")
    assert pilot.app.screen.asked[1].startswith("/storage/")


async def test_f_saves_the_rows_shown_and_c_shows_lines_for_a_shell(pilot, tmp_path):
    await ask(pilot)
    await press(pilot, "f")
    assert status(pilot).startswith("Saved as")
    (saved,) = (tmp_path / "saved").iterdir()
    assert saved.read_text().startswith("User/API Token,Through,Prop,Can log in\nroot@pam,")
    await press(pilot, "c")
    assert "pveum acl list" in shown(pilot)
    assert "pveum user permissions root@pam --path /vms/100" in shown(pilot)


async def test_a_privilege_that_pve_does_not_have_is_told(pilot):
    await ask(pilot, "VM.Fly")
    assert "VM.Fly" in details(pilot)
    assert table(pilot).total == 0
    await press(pilot, "f")
    assert status(pilot) == "There is no answer yet."
    await press(pilot, "enter")
    assert status(pilot) == "There is no row here."


async def test_r_keeps_the_row_under_the_cursor(pilot):
    await ask(pilot)
    table(pilot).go_to("backup-admin@pve")
    await press(pilot, "r")
    assert table(pilot).key == "backup-admin@pve"
    assert status(pilot) == "Read again."
