"""Set Textual up for a profile.

Facts of Textual 8.2.8 behind the values (its constants.py, app.py, filter.py; rich/console.py):

- `TEXTUAL_COLOR_SYSTEM`, `TEXTUAL_DISABLE_KITTY_KEY`, `TEXTUAL_ANIMATIONS` and `ESCDELAY` are
  read once, while `textual.constants` is imported. So this comes before that.
- Left at `auto`, the colour system is what Rich guesses; for TERM=dumb and unknown it guesses
  none, and Textual takes that for truecolor.
- NO_COLOR adds a filter that turns colours into grey or, with `ansi_color=True`, drops them
  before ours can tell by its background which row is selected. The profile has taken
  NO_COLOR into account already, so Textual must not see it.
- Only with `ansi_color=True` and an ANSI theme (`ansi-dark`) do the widgets speak in the 16
  named colours; any other theme does not survive 16 colours, or none.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Final

from pve_auth_tui.terminal.profile import Colours, Profile

_COLOUR_SYSTEM: Final[Mapping[Colours, str]] = {
    "none": "standard",
    "16": "standard",
    "256": "256",
    "true": "truecolor",
}


def prepare(profile: Profile, environ: MutableMapping[str, str]) -> None:
    """Change the environment (os.environ) in which Textual is going to be imported."""
    environ.pop("NO_COLOR", None)
    environ.update(
        TEXTUAL_COLOR_SYSTEM=_COLOUR_SYSTEM[profile.colours],
        TEXTUAL_ANIMATIONS="full" if profile.animation else "none",
        # No key of ours needs the Kitty protocol, and a program that is killed while it is on
        # leaves a shell in which nobody can type.
        TEXTUAL_DISABLE_KITTY_KEY="1",
        ESCDELAY=str(_patience(profile)),
    )


def _patience(profile: Profile) -> int:
    """Milliseconds to wait for the rest of an escape sequence before it is the key Esc."""
    if profile.serial:
        return 500
    return 250 if profile.remote else 100
