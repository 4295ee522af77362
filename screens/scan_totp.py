"""The QR code, the secret to type, this node's clock, and the code that the app shows."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.timer import Timer

from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.totp import cleaned
from pve_auth_tui.terminal.qr import Code, drawable, drawn
from screens.commands import Commands
from screens.form import FieldHelp, FormScreen, LeaveForm, Reveal, Review
from screens.secrets import recording
from widgets.detail_pane import Paragraph
from widgets.field import AnyField, TextEntry
from widgets.form import Form
from widgets.lines import HeadLine, KeyLine, OneLine, Rule, Sentence
from widgets.qr_view import QrView
from widgets.secret_view import SecretView

if TYPE_CHECKING:
    from pve_auth_tui.services.enrol import TotpDraft
    from pve_auth_tui.services.plans import Report

_BESIDE: Final = 36  # columns that the text beside the QR code needs
_AROUND: Final = 3  # rows that are not the QR code's: line 1, the heading, the keys
_HEADING: Final = 9  # columns of the headings at the right
_GROUPS: Final = 4  # of four characters, on a line


class ShowSecrets(Reveal):
    """Shows the QR code and the secret, and hides them again."""

    word = "show or hide"


class ScanTotpScreen(FormScreen):
    """The second step; `on_added` is called when PVE has it and this screen is gone."""

    CSS_PATH = "scan_totp.tcss"
    OFFERS: ClassVar[Commands] = (Review, FieldHelp, ShowSecrets, LeaveForm)
    SAVES = True

    def __init__(self, draft: TotpDraft, on_added: Callable[[], None]) -> None:
        super().__init__()
        self._totp = draft
        self._on_added = on_added
        self._code: Code | None = None
        self._ticking: Timer | None = None

    @property
    def heading(self) -> str:
        return f"TOTP for {self._totp.userid}: scan it, then type the code"

    def make_fields(self) -> list[AnyField]:
        help_text = (
            "The code that the app shows for this entry now. It is checked here at every key;"
            " PVE is asked once, when the plan runs."
        )
        return [TextEntry("code", "Code", help=help_text)]

    def compose(self) -> ComposeResult:
        yield HeadLine(id="head")
        yield Rule(id="heading")
        with Horizontal(id="body"):
            yield QrView(id="qr")
            with Vertical(id="beside"):
                yield Paragraph(self._about(), id="about")
                yield SecretView(self._hidden(), id="secret")
                yield OneLine(id="clock")
                yield Form(self.make_fields(), id="form")
                yield Sentence(id="status")
                yield Paragraph(self._notes(), id="notes")
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        self.query_one(QrView).display = False
        if drawable(self.house.profile) and self._totp.qr_uri.reveal():
            self._code = drawn(self._totp.qr_uri)
        self._ticking = self.set_interval(1.0, self._tick)
        self._tick()
        if not self._sentence:
            self.say(self._what_next())

    def on_screen_suspend(self) -> None:
        if self._ticking:
            self._ticking.pause()

    def on_screen_resume(self) -> None:
        if self._ticking:
            self._ticking.resume()
            self._tick()

    def _show_tabs(self, *, numbered: bool = False) -> None:
        """The rows are needed for the QR code."""

    def _about(self) -> list[Line]:
        totp = self._totp.totp
        codes = f"{totp.digits} digits, every {totp.period} s, {totp.algorithm}"
        return [
            Line(self._totp.description, heading="Called"),
            Line(totp.account, heading="Account"),
            Line(totp.issuer or "-", heading="Issuer"),
            Line(codes, heading="Codes"),
        ]

    def _hidden(self) -> list[str]:
        return [f"{'Secret':{_HEADING}}hidden: ^R shows it"]

    def _notes(self) -> list[Line]:
        clock = self._totp.clock.sentence
        lines = [Line(note.text, word=note.word) for note in self._totp.notes]
        return [*([Line(clock)] if clock else []), *lines]

    def _what_next(self) -> str:
        by = self.house.profile.recorded_by
        warning = f"{recording(by)}. " if by else ""
        what = "the QR code and the secret" if self._has_room else "the secret"
        return f"{warning}^R shows {what}."

    def _tick(self) -> None:
        now = self.house.workshop.enrol.now(self._totp)
        period = self._totp.totp.period
        left = period - int(now) % period
        shown = time.strftime("%H:%M:%S", time.localtime(now))
        self.query_one("#clock", OneLine).show(
            f"{'Clock':{_HEADING}}{shown}, next code in {left} s"
        )
        if self._is_demo:
            self.query_one(SecretView).refresh()  # the code that is shown there is another one now

    @property
    def _is_demo(self) -> bool:
        snapshot = self.house.snapshot
        return snapshot is not None and snapshot.demo

    # --- the secret -----------------------------------------------------------------

    @property
    def _has_room(self) -> bool:
        size = self.app.size
        return self._code is not None and self._code.fits(
            size.width - _BESIDE, size.height - _AROUND
        )

    def why_not_reveal(self) -> str:
        return ""

    @property
    def secrets_are_shown(self) -> bool:
        return self.query_one(SecretView).is_shown

    def show_secrets(self) -> None:
        self.query_one(SecretView).show(self._secret_lines)
        self._draw()
        self.say("Scan it, or type the secret into the app. Then type the code that it shows.")
        if self._code is None or not self._has_room:
            self.say(f"{self._why_no_code()} Type the secret into the app, then its code here.")

    def _why_no_code(self) -> str:
        if self._code is None:
            return "This terminal shows no QR code."
        width, height = self._code.width + _BESIDE, self._code.height + _AROUND
        return f"The QR code has no room here; it needs {width}x{height}."

    def _draw(self) -> None:
        """The QR code, if there is room for it now."""
        view = self.query_one(QrView)
        view.display = self.secrets_are_shown and self._has_room
        if self._code is not None and view.display:
            view.styles.width, view.styles.height = self._code.width, self._code.height
            view.show(self._code.lines)
        else:
            view.hide()

    def on_resize(self) -> None:
        if self.is_mounted:
            self._draw()

    def hide_secrets(self) -> None:
        self.query_one(SecretView).hide()
        self._draw()

    def _secret_lines(self) -> list[str]:
        groups = self._totp.groups.reveal().split()
        lines = [
            " ".join(groups[start : start + _GROUPS]) for start in range(0, len(groups), _GROUPS)
        ]
        if self._is_demo:
            code = self.house.workshop.enrol.shown_by_app(self._totp)
            lines.append(f"DEMO: the app shows {code.reveal()}")
        heads = ["Secret", *[""] * len(lines)]
        return [f"{head:{_HEADING}}{line}" for head, line in zip(heads, lines, strict=False)]

    def sheet(self) -> Secret:
        lines = (
            f"TOTP for Proxmox VE, {self._totp.userid}: {self._totp.description}",
            f"Secret  {self._totp.groups.reveal()}",
            f"URI     {self._totp.uri.reveal()}",
            "Whoever has this has the second factor: remove the file when the app has it.",
        )
        return Secret("".join(f"{plain(line)}\n" for line in lines))

    # --- the code --------------------------------------------------------------------

    @property
    def _typed(self) -> str:
        value = self.form.field("code").value
        return value if isinstance(value, str) else ""

    def answer_changed(self, ident: str) -> None:
        if len(cleaned(self._typed)) < self._totp.totp.digits:
            self.form.field("code").show_problem("")
            return
        self._look_at_code()

    def _look_at_code(self) -> bool:
        checked = self.house.workshop.enrol.check(self._totp, self._typed)
        self.form.field("code").show_problem("" if checked.ok else checked.sentence)
        if checked.ok:
            self.say(f"{checked.sentence} ^O shows the plan.")
        return checked.ok

    def try_review(self) -> None:
        if self._look_at_code():
            super().try_review()

    def review(self) -> None:
        intent = self.house.workshop.enrol.intent(self._totp, self._typed)
        self.house.review(intent, self._reviewed, self.tell)

    def _reviewed(self, report: Report | None) -> None:
        if report is None:
            self.say("Nothing was added.")
        elif report.ok:
            self.app.pop_screen()
            self._on_added()
        else:
            self.say("It was not added as planned. A code that was refused is asked for anew.")
