"""Textual's own ways to carry the screen away are closed (R6)."""

from pve_auth_tui.app import PveAuthApp
from screens.prompt import PromptScreen
from tests.screens.conftest import on_top, press, type_text


async def test_ctrl_p_is_our_prompt_not_the_palette_with_its_screenshot(
    pilot, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert not PveAuthApp.ENABLE_COMMAND_PALETTE
    await press(pilot, "ctrl+p")
    await on_top(pilot, PromptScreen)
    await press(pilot, "escape", "ctrl+backslash", "f12")
    assert not [path for path in tmp_path.iterdir() if path.suffix == ".svg"]


async def test_nothing_goes_to_the_clipboard(pilot, monkeypatch):
    written = []
    monkeypatch.setattr(pilot.app._driver, "write", written.append)
    await press(pilot, "2", "slash")
    await type_text(pilot, "anna")
    await press(pilot, "ctrl+a", "ctrl+c", "ctrl+x")
    pilot.app.copy_to_clipboard("canary")
    assert not any("\x1b]52" in text for text in written)
    assert not pilot.app.clipboard
    assert not pilot.app.ALLOW_SELECT
