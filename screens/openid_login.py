"""A login without a browser here: an address for any other, and the way back that is pasted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Final, cast

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.worker import Worker, get_current_worker

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.openid.assisted import MINUTES, Begun
from pve_auth_tui.core.openid.causes import OpenIdTrouble
from pve_auth_tui.core.openid.redirects import Uris, is_exact
from pve_auth_tui.core.openid.settings import OpenIdSettings
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.words import count_words
from pve_auth_tui.services.openidlogin import LoggedIn
from pve_auth_tui.terminal.qr import Code, drawable, drawn
from screens.commands import Command, Commands
from screens.form import FieldHelp, FormScreen, LeaveForm, PickFromList, Review
from screens.openid_login_rows import logged_in_lines, trouble_lines, warning_lines, what_to_do
from screens.unwaited import until_given_up
from widgets.detail_pane import DetailPane, Paragraph
from widgets.field import AnyField, Choice, TextEntry
from widgets.form import Form
from widgets.lines import HeadLine, KeyLine, Rule, Sentence
from widgets.pasted_field import PastedEntry
from widgets.qr_view import QrView

_BESIDE: Final = 40  # columns that the text beside the QR code needs
_AROUND: Final = 3  # rows that are not the QR code's: line 1, the heading, the keys
_SPENT: Final = "A code works once: ^N makes a new address."
_MAKES: Final = "PVE makes the address ..."
_FINISHES: Final = "PVE takes the code to the provider ... Esc waits no longer."


class Waiting(FormScreen):
    """What both steps share: one thing at a time, which somebody may stop waiting for."""

    @dataclass
    class Started(Message):
        """PVE made the address."""

        login: Begun

    @dataclass
    class Failed(Message):
        """It did not come to that, and why."""

        error: AuthTuiError

    def __init__(self) -> None:
        super().__init__()
        self.busy = ""
        """What is being done, as a sentence; "" while nothing is."""
        self._worker: Worker[None] | None = None

    def _show_tabs(self, *, numbered: bool = False) -> None:
        """The rows are needed."""

    def wait_for(self, sentence: str, worker: Worker[None]) -> None:
        self.busy, self._worker = sentence, worker
        self.say(sentence)
        self.show_keys()

    def rest(self) -> None:
        """Nothing is waited for any more."""
        self.busy = ""
        self.show_keys()

    @work(thread=True, exclusive=True, group="openid-login", exit_on_error=False)
    def make_address(self, realm: str, redirect: str) -> None:
        worker = get_current_worker()

        def make() -> None:
            try:
                login = self.house.workshop.openid.begin_login(realm, redirect)
            except AuthTuiError as error:
                self.post(worker, self.Failed(error))
            else:
                self.post(worker, self.Started(login))

        until_given_up(make, lambda: worker.is_cancelled)

    def post(self, worker: Worker[None], message: Message) -> None:
        """What comes too late is dropped."""
        if not worker.is_cancelled:
            self.post_message(message)

    def step_back(self) -> None:
        """Esc: waits no longer, then leaves."""
        if not self.busy:
            super().step_back()
            return
        if self._worker is not None:
            self._worker.cancel()
        self.rest()
        self.gave_up()

    def gave_up(self) -> None:
        """Somebody does not wait any longer."""
        self.say("Nobody waits for it any more. Nothing was changed.")

    # What is secret here is never shown.

    def show_secrets(self) -> None:
        """Nothing."""

    @property
    def secrets_are_shown(self) -> bool:
        return False


# --- before it ---------------------------------------------------------------------------------


class BeginLogin(Review):
    """Begins the login: PVE makes an address to open. It is a real login, as it says above."""

    word, name = "begin", "begin"

    @classmethod
    def problem(cls, screen: FormScreen) -> str:
        return screen.busy if isinstance(screen, Waiting) else ""


class LeaveLogin(LeaveForm):
    """Leaves; nothing that was pasted is kept."""

    word = "back"


class OpenIdLoginForm(Waiting):
    """What such a login may write, and by which address of the web interface it comes back."""

    CSS_PATH = "openid_login.tcss"
    OFFERS: ClassVar[Commands] = (BeginLogin, PickFromList, FieldHelp, LeaveLogin)

    def __init__(self, settings: OpenIdSettings, uris: Uris) -> None:
        super().__init__()
        self._settings = settings
        self._uris = uris

    @property
    def heading(self) -> str:
        return f"Try a login of realm {self._settings.realm}"

    def compose(self) -> ComposeResult:
        yield HeadLine(id="head")
        yield Rule(id="heading")
        yield Paragraph(id="about")
        yield Form(self.make_fields(), id="form")
        yield Sentence(id="status")
        yield KeyLine(id="keys")

    def make_fields(self) -> Sequence[AnyField]:
        known = [*self._uris.needed, *self._uris.more]
        return [
            TextEntry(
                "redirect", "Redirect URI", known[0] if known else "", rule=is_exact,
                choices=[Choice(uri) for uri in known],
                help="As the provider has it registered: an address of this node's web interface,"
                " as browsers show it.",
            ),
        ]  # fmt: skip

    def filled(self) -> None:
        cluster = self.known.cluster.value if self.known else None
        lines = warning_lines(self._settings, cluster.node if cluster else "")
        self.query_one("#about", Paragraph).show(lines)
        self.say("^O begins the login, Esc leaves it.")

    def review(self) -> None:
        redirect = str(self.form.field("redirect").value).strip()
        self.wait_for(_MAKES, self.make_address(self._settings.realm, redirect))

    @on(Waiting.Started)
    def _begun(self, message: Waiting.Started) -> None:
        self.rest()
        self.app.switch_screen(OpenIdLoginScreen(message.login))

    @on(Waiting.Failed)
    def _not_begun(self, message: Waiting.Failed) -> None:
        self.rest()
        self.tell(message.error)


# --- the login ---------------------------------------------------------------------------------


class FinishLogin(Review):
    """Hands what was pasted to PVE, once: it logs in, and may make the user and groups."""

    word, name = "finish", "finish"

    @classmethod
    def problem(cls, screen: FormScreen) -> str:
        return screen.why_not_finish() if isinstance(screen, OpenIdLoginScreen) else ""


class NewAddress(Command["OpenIdLoginScreen"]):
    """Makes a new address: an old one works for ten minutes, and its code once."""

    keys, shown, word, name = "ctrl+n", "^N", "new address", "anew"

    @classmethod
    def problem(cls, screen: OpenIdLoginScreen) -> str:
        return screen.busy

    @classmethod
    def run(cls, screen: OpenIdLoginScreen) -> None:
        screen.begin_anew()


class SaveAddress(Command["OpenIdLoginScreen"]):
    """Saves the address to a file that only you can read: to be opened where a browser is."""

    keys, shown, word, name = "ctrl+t", "^T", "save", "save"

    @classmethod
    def run(cls, screen: OpenIdLoginScreen) -> None:
        screen.save()


class AddressPane(DetailPane):
    """What to do, with the whole address."""

    MORE = "^T saves it to a file"


class OpenIdLoginScreen(Waiting):
    """`login`: begun by PVE on this node, waiting for its way back."""

    CSS_PATH = "openid_login.tcss"
    OFFERS: ClassVar[Commands] = (FinishLogin, SaveAddress, NewAddress, FieldHelp, LeaveLogin)

    @dataclass
    class Finished(Message):
        """PVE took it."""

        found: LoggedIn

    @dataclass
    class Refused(Message):
        """It did not, and why; `sent`: the code has gone to PVE, so that it is spent."""

        error: AuthTuiError
        sent: bool

    @dataclass
    class Told(Message):
        """Something for the status line."""

        sentence: str

    def __init__(self, login: Begun) -> None:
        super().__init__()
        self._login = login
        self._code: Code | None = None
        self._spent = False
        self._trouble: tuple[Line, ...] = ()  # of the last attempt

    @property
    def heading(self) -> str:
        return f"A login of realm {self._login.realm}"

    def compose(self) -> ComposeResult:
        yield HeadLine(id="head")
        yield Rule(id="heading")
        with Horizontal(id="body"):
            yield QrView(id="qr")
            with Vertical(id="beside"):
                yield AddressPane(id="address")
                yield Form(self.make_fields(), id="form")
                yield Sentence(id="status")
        yield KeyLine(id="keys")

    def make_fields(self) -> Sequence[AnyField]:
        return [
            PastedEntry(
                "back", "Way back", rule=self._problem,
                help="The whole address at which the browser ended, from https on. It is handed to"
                " PVE once, and kept nowhere.",
            ),
        ]  # fmt: skip

    def filled(self) -> None:
        self._show_address()
        self.say("Open the address; then paste where the browser ends. ^O finishes.")

    def on_resize(self) -> None:
        if self.is_mounted:
            self._show_address()

    # --- the address -------------------------------------------------------------------------

    def _show_address(self) -> None:
        """As a QR code, too, where it has room."""
        if self._code is None and drawable(self.house.profile):
            self._code = drawn(self._login.url)
        code, size, view = self._code, self.app.size, self.query_one(QrView)
        fits = (
            not self._spent
            and code is not None
            and code.fits(size.width - _BESIDE, size.height - _AROUND)
        )
        view.display = fits
        why = ""
        if code is not None and fits:
            view.styles.width, view.styles.height = code.width, code.height
            view.show(code.lines)
        else:
            view.hide()
            why = "This terminal shows no QR code."
        if code is not None and not fits:
            needed = f"{code.width + _BESIDE}x{code.height + _AROUND}"
            why = f"The QR code has no room here; it needs {needed}."
        todo = () if self._spent else what_to_do(self._login, why)
        title = "Not logged in" if self._spent else f"Good for {MINUTES} minutes, on this node"
        self.query_one(AddressPane).show(title, [*self._trouble, *todo])

    def begin_anew(self) -> None:
        """`^N`"""
        self.form.clear_secrets()
        login = self._login
        self.wait_for(_MAKES, self.make_address(login.realm, login.redirect))

    @on(Waiting.Started)
    def _begun(self, message: Waiting.Started) -> None:
        self._login, self._code, self._spent, self._trouble = message.login, None, False, ()
        self.rest()
        self._show_address()
        self.say("A new address. What comes of the old one is refused.")

    @on(Waiting.Failed)
    def _not_begun(self, message: Waiting.Failed) -> None:
        self.rest()
        self.tell(message.error)

    def save(self) -> None:
        """`^T`"""
        self._save(f"oidc-login-{self._login.realm}.txt", f"{plain(self._login.url)}\n")

    @work(thread=True, exclusive=True, group="save", exit_on_error=False)
    def _save(self, name: str, text: str) -> None:
        worker = get_current_worker()
        try:
            path = self.house.exports.save_text(name, text)
        except AuthTuiError as error:
            self.post(worker, self.Told(f"{error} {error.hint}".strip()))
        else:
            self.post(worker, self.Told(f"Saved, for you alone: {path}"))

    @on(Told)
    def _tell(self, message: Told) -> None:
        self.say(message.sentence)

    # --- the way back ------------------------------------------------------------------------

    def answer_changed(self, ident: str) -> None:
        length = cast(PastedEntry, self.form.field("back")).length
        self.say(f"{count_words(length, 'character', 'characters')}, hidden. ^O finishes.")

    def _problem(self, pasted: Secret) -> str:
        return "" if pasted.reveal().strip() else "Nothing was pasted yet."

    def why_not_finish(self) -> str:
        """Why nothing can be handed to PVE now; "" when it can."""
        return self.busy or (_SPENT if self._spent else "")

    def review(self) -> None:
        pasted = cast(Secret, self.form.field("back").value)
        self.form.clear_secrets()
        self.wait_for(_FINISHES, self._finish(self._login, pasted))

    @work(thread=True, exclusive=True, group="openid-login", exit_on_error=False)
    def _finish(self, login: Begun, pasted: Secret) -> None:
        worker = get_current_worker()

        def finish() -> None:
            workshop, post = self.house.workshop, partial(self.post, worker)
            try:
                found = workshop.openid.finish_login(
                    login, pasted, workshop.journal, lambda: workshop.outlooks.fresh().snapshot
                )
            except AuthTuiError as error:
                post(self.Refused(error, sent=not isinstance(error, OpenIdTrouble)))
            else:
                post(self.Finished(found))

        until_given_up(finish, lambda: worker.is_cancelled)

    def gave_up(self) -> None:
        self._spent = self._spent or self._worker is not None
        self.say("Nobody waits for it any more; PVE may have taken it. Users shows who came.")

    @on(Finished)
    def _finished(self, message: Finished) -> None:
        from screens.details import DetailsScreen

        self.rest()
        self.house.reload()  # users and groups may be new
        lines = tuple(logged_in_lines(message.found))
        self.app.switch_screen(DetailsScreen("Realms", self.heading, lines))

    @on(Refused)
    def _refused(self, message: Refused) -> None:
        self._spent = message.sent
        self.rest()
        demo = self.known is not None and self.known.demo
        self._trouble = tuple(trouble_lines(message.error, demo=demo and message.sent))
        self._show_address()
        self.say(_SPENT if message.sent else "Nothing was sent. Paste another, or ^N begins anew.")
