"""A small application that uses pve_auth_tui.terminal as the real one does.

Run as a program in a pseudo-terminal. It shows what terminals stumble over, and says in its
last line which keys acted. With the argument `crash` it fails while it runs.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from pve_auth_tui.terminal.burst import Bursts, Gate, Kind
from pve_auth_tui.terminal.profile import Profile, detect
from pve_auth_tui.terminal.settings import prepare
from pve_auth_tui.terminal.unimap import read_unimap

if TYPE_CHECKING:
    from textual.app import App

ROWS = [
    "röot@pam",
    "日本@corp",
    "r\u0308oot@pve",
    "ok \x1b[31mred",
    *(f"user{n}@pve" for n in range(30)),
]
MOVES = {"up", "down", "pageup", "pagedown", "home", "end", "tab", "shift+tab", "escape"}


def application(profile: Profile) -> App[None]:
    """The application; Textual is imported here, after its environment has been set."""
    from textual import events, on
    from textual._time import get_time
    from textual.app import App, ComposeResult
    from textual.binding import Binding
    from textual.filter import LineFilter
    from textual.widgets import Button, Input, OptionList, ProgressBar, Static

    from pve_auth_tui.terminal.driver import driver_class
    from pve_auth_tui.terminal.filters import line_filters

    class Sample(App[None]):
        CSS = """
        Input { border: round red; }
        OptionList { height: 1fr; border: heavy green; }
        #note { color: ansi_bright_black; height: 1; }
        """
        BINDINGS = [Binding(key, f"did('{key}')") for key in ("a", "c", "d", "y", "slash")] + [
            Binding("q", "quit"),
        ]

        def __init__(self) -> None:
            super().__init__(driver_class=driver_class(profile), ansi_color=True)
            self.theme = "ansi-dark"
            self._line_filters = line_filters(profile)
            self._bursts = Bursts()
            self._gate: Gate[events.Key] = Gate(self._bursts)
            self._done = ""

        def get_line_filters(self) -> list[LineFilter]:
            return [*super().get_line_filters(), *self._line_filters]

        def compose(self) -> ComposeResult:
            yield Static("╭─ pve1 ✓ … “quoted” ● ⚠ [bold red]BAD[/] ─╮")
            yield Static("not for information", id="note")
            yield OptionList(*ROWS, markup=False)
            yield ProgressBar(total=10)
            yield Button("Apply")
            yield Input(placeholder="find")
            yield Static("nothing done", id="done", markup=False)

        def on_mount(self) -> None:
            self.query_one(ProgressBar).advance(3)
            if "crash" in sys.argv:
                raise RuntimeError("as asked")

        async def on_event(self, event: events.Event) -> None:
            if isinstance(event, events.Key) and not event.is_forwarded:
                keys = self._gate.arrived(
                    event, event.time, self._kind(event), printable=event.is_printable
                )
                await self._go_on(keys)
                if self._gate.due is not None:
                    self.set_timer(max(0.0, self._gate.due - get_time()) + 0.002, self._release)
                return
            if isinstance(event, events.Paste) and not event.is_forwarded:
                self._bursts.pasted(event.time)
            await super().on_event(event)

        async def _release(self) -> None:
            await self._go_on(self._gate.released(get_time()))

        async def _go_on(self, keys: list[events.Key]) -> None:
            for key in keys:
                await super().on_event(key)

        def _kind(self, event: events.Key) -> Kind:
            if event.is_printable and isinstance(self.focused, Input):
                return "types"
            return "moves" if event.key in MOVES else "acts"

        def action_did(self, what: str) -> None:
            if what == "slash":
                self.query_one(Input).focus()
            self._say(what)

        @on(Input.Submitted)
        def _submitted(self, event: Input.Submitted) -> None:
            self._say(f"submitted {event.value}")

        @on(OptionList.OptionSelected)
        def _opened(self, event: OptionList.OptionSelected) -> None:
            self._say(f"opened {event.option_index}")

        def _say(self, what: str) -> None:
            self._done += f" {what}"
            self.query_one("#done", Static).update(f"did{self._done}")

    return Sample()


def main() -> None:
    profile = detect(os.environ, os.ttyname(0), read_unimap(0))
    prepare(profile, os.environ)
    app = application(profile)
    app.run(mouse=profile.mouse)
    sys.exit(app.return_code)


if __name__ == "__main__":
    main()
