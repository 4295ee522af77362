"""How Textual is set up for each profile."""

from __future__ import annotations

import subprocess
import sys

import pytest
from textual.constants import ESCAPE_DELAY
from textual.theme import BUILTIN_THEMES

from pve_auth_tui.terminal.profile import Profile
from pve_auth_tui.terminal.settings import prepare

SERIAL = Profile("ascii", "none", serial=True)
CONSOLE = Profile("cp437", "16", console=True)
DESKTOP = Profile("unicode", "256", mouse=True, animation=True)
SSH = Profile("unicode", "true", mouse=True, animation=True, remote=True)


@pytest.mark.parametrize(
    ("profile", "system", "escape"),
    [
        (SERIAL, "standard", "500"),
        (CONSOLE, "standard", "100"),
        (DESKTOP, "256", "100"),
        (SSH, "truecolor", "250"),
    ],
)
def test_the_environment_says_colours_and_patience(
    profile: Profile, system: str, escape: str
) -> None:
    environ = {"NO_COLOR": "1", "TERM": "x", "TEXTUAL_COLOR_SYSTEM": "auto", "ESCDELAY": "1"}
    prepare(profile).apply(environ)
    assert environ["TEXTUAL_COLOR_SYSTEM"] == system
    assert environ["ESCDELAY"] == escape
    assert environ["TEXTUAL_DISABLE_KITTY_KEY"] == "1"
    assert environ["TERM"] == "x"
    assert "NO_COLOR" not in environ


@pytest.mark.parametrize("profile", [SERIAL, CONSOLE])
def test_few_colours_need_an_ansi_theme_and_no_animation(profile: Profile) -> None:
    settings = prepare(profile)
    assert settings.ansi_color is True
    assert settings.theme is not None
    assert BUILTIN_THEMES[settings.theme].ansi
    assert settings.animation_level == "none"
    assert not settings.mouse


def test_a_desktop_keeps_the_applications_look() -> None:
    settings = prepare(DESKTOP)
    assert (settings.ansi_color, settings.theme) == (None, None)
    assert settings.animation_level == "full"
    assert settings.mouse


def test_textual_still_reads_the_variable_for_its_escape_delay() -> None:
    assert ESCAPE_DELAY > 0


def test_a_profile_is_decided_before_textual_is_imported() -> None:
    """Textual reads the variables that `Settings.apply` sets while it is imported."""
    code = (
        "import sys\n"
        "from pve_auth_tui.terminal import burst, profile, settings, unimap\n"
        "sys.exit('textual' in sys.modules or 'rich' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
