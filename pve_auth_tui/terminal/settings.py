"""How Textual has to be set up for a profile.

Facts of Textual 8.2.8 behind the values (its constants.py, app.py, filter.py; rich/console.py):

- `TEXTUAL_COLOR_SYSTEM`, `TEXTUAL_DISABLE_KITTY_KEY` and `ESCDELAY` are read once, when
  `textual.constants` is imported. So the environment must be set before that.
- Left at `auto`, the colour system is what Rich guesses; for TERM=dumb and unknown it guesses
  none, and Textual takes that for truecolor.
- NO_COLOR adds a filter that turns colours into grey, or, with `ansi_color`, drops them
  before ours could tell by its background which row is selected. The profile has taken
  NO_COLOR into account already, so Textual must not see it.
- With `ansi_color=True` and an ANSI theme the widgets speak in the 16 named colours and
  Textual does not turn these into RGB. Only such a theme survives 16 colours or none.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Final, Literal

from pve_auth_tui.terminal.profile import Colours, Profile

_COLOUR_SYSTEM: Final[Mapping[Colours, str]] = {
    "none": "standard",
    "16": "standard",
    "256": "256",
    "true": "truecolor",
}
# Milliseconds to wait for the rest of an escape sequence before it counts as the key Esc.
_ESCAPE_SERIAL = "500"
_ESCAPE_REMOTE = "250"
_ESCAPE_LOCAL = "100"


@dataclass(frozen=True, slots=True)
class Settings:
    """`environment` goes into os.environ (`apply`) before Textual is imported, the rest to App.

    `ansi_color` is App's argument of that name, `theme` the name of one of Textual's own
    themes or None for the application's choice, `mouse` an argument of `App.run`.
    """

    environment: Mapping[str, str]
    ansi_color: bool | None
    theme: str | None
    animation_level: Literal["none", "full"]
    mouse: bool

    def apply(self, environ: MutableMapping[str, str]) -> None:
        environ.pop("NO_COLOR", None)
        environ.update(self.environment)


def prepare(profile: Profile) -> Settings:
    """The settings for a profile."""
    animations: Literal["none", "full"] = "full" if profile.animation else "none"
    named_colours = profile.colours in ("none", "16")
    return Settings(
        environment={
            "TEXTUAL_COLOR_SYSTEM": _COLOUR_SYSTEM[profile.colours],
            # No key of ours needs the Kitty protocol, and a program that is killed while it
            # is on leaves a shell in which nobody can type.
            "TEXTUAL_DISABLE_KITTY_KEY": "1",
            "TEXTUAL_ANIMATIONS": animations,
            "ESCDELAY": (
                _ESCAPE_SERIAL
                if profile.serial
                else _ESCAPE_REMOTE
                if profile.remote
                else _ESCAPE_LOCAL
            ),
        },
        ansi_color=True if named_colours else None,
        theme="ansi-dark" if named_colours else None,
        animation_level=animations,
        mouse=profile.mouse,
    )
