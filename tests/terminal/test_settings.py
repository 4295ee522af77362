"""How Textual is set up for each profile."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pve_auth_tui.terminal.profile import Profile
from pve_auth_tui.terminal.settings import prepare

SERIAL = Profile("ascii", "none", serial=True)
CONSOLE = Profile("cp437", "16", console=True)
DESKTOP = Profile("unicode", "256", mouse=True, animation=True)
SSH = Profile("unicode", "true", mouse=True, animation=True, remote=True)


@pytest.mark.parametrize(
    ("profile", "system", "animations", "escape"),
    [
        (SERIAL, "standard", "none", "500"),
        (CONSOLE, "standard", "none", "100"),
        (DESKTOP, "256", "full", "100"),
        (SSH, "truecolor", "full", "250"),
    ],
)
def test_the_environment_says_colours_and_patience(
    profile: Profile, system: str, animations: str, escape: str
) -> None:
    environ = {"NO_COLOR": "1", "TERM": "x", "TEXTUAL_COLOR_SYSTEM": "auto", "ESCDELAY": "1"}
    prepare(profile, environ)
    assert environ == {
        "TERM": "x",
        "TEXTUAL_COLOR_SYSTEM": system,
        "TEXTUAL_ANIMATIONS": animations,
        "TEXTUAL_DISABLE_KITTY_KEY": "1",
        "ESCDELAY": escape,
    }


def test_textual_reads_what_is_set() -> None:
    environ = {"PATH": "/usr/bin:/bin"}
    prepare(SERIAL, environ)
    code = (
        "from textual import constants as c\n"
        "print(c.COLOR_SYSTEM, c.TEXTUAL_ANIMATIONS, c.DISABLE_KITTY_KEY, c.ESCAPE_DELAY)"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )
    assert output.stdout == "standard none True 0.5\n"


def test_a_profile_is_decided_before_textual_is_imported() -> None:
    """Textual reads the variables while it is imported."""
    code = (
        "import sys\n"
        "from pve_auth_tui.terminal import burst, profile, settings, unimap\n"
        "sys.exit('textual' in sys.modules or 'rich' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
