"""Proof that somebody can log in: a password, then what PVE asks for. One attempt per `^O`.

A security key is asked here, too; without a password its signature alone is checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from queue import Empty, Queue
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.worker import Worker, get_current_worker

from pve_auth_tui.core.challenge import Challenge, answer_problem
from pve_auth_tui.core.errors import AuthTuiError, LoginRefused
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.keywords import scan_lines
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.totp import cleaned
from screens.at_key import AtKey
from screens.commands import Commands
from screens.form import FieldHelp, FormScreen, LeaveForm, Reveal, Review
from widgets.detail_pane import Paragraph
from widgets.field import AnyField, ChoiceEntry, SecretEntry
from widgets.form import Form
from widgets.lines import Rule

if TYPE_CHECKING:
    from pve_auth_tui.services.hands import QueuedHands
    from pve_auth_tui.services.prove import Proof

_LOOK: Final = 0.2  # seconds between looks whether the screen was left
_TYPED: Final = ("totp", "recovery", "yubico")
_KEY: Final = "webauthn"
_NO_CODE: Final = "none"
_WORDS: Final = {
    "totp": "code of the authenticator app",
    _KEY: "security key",
    "yubico": "touch of the YubiKey",
    "recovery": "recovery key",
}


class LogIn(Review):
    """Logs in once with what was typed, as a browser does, and drops the login at once."""

    word, name = "log in", "log in"

    @classmethod
    def problem(cls, screen: FormScreen) -> str:
        return screen.busy if isinstance(screen, ProveScreen) else ""


class LeaveProof(LeaveForm):
    """Leaves; nothing that you typed is kept."""

    word = "back"


class ProveScreen(AtKey, FormScreen):
    """`said` is what is known already, as after an enrolment; then leaving is "later". `key`: the
    path of a security key that is asked as soon as PVE wants one.
    """

    CSS_PATH = "prove.tcss"
    OFFERS: ClassVar[Commands] = (LogIn, FieldHelp, Reveal, LeaveProof)

    @dataclass
    class Before(Message):
        """What an attempt costs, or why there cannot be one."""

        sentences: Sequence[str]
        error: AuthTuiError | None = None

    @dataclass
    class Asked(Message):
        """PVE wants a second factor."""

        challenge: Challenge

    @dataclass
    class Proved(Message):
        """It went well."""

        proof: Proof

    @dataclass
    class NotProved(Message):
        """It did not, and why."""

        error: AuthTuiError

    def __init__(self, userid: str, said: str = "", key: str = "") -> None:
        super().__init__()
        self._key = key
        self._userid = userid
        self._said = said
        self._answers: Queue[Secret | None] = Queue()
        self._challenge: Challenge | None = None
        self._by_password = True
        self._impossible = ""
        self._attempt: Worker[None] | None = None

    @property
    def heading(self) -> str:
        return f"Prove that {self._userid} can log in"

    def make_fields(self) -> list[AnyField]:
        return [
            SecretEntry(
                "password",
                "Password",
                help="The user's own, for one login. It is kept nowhere. Without it only what"
                " this node has stored is looked at, and nobody logs in.",
            ),
            ChoiceEntry("kind", "Second factor", [("", "-")], help="PVE takes any of these."),
            SecretEntry(
                "answer",
                "Code or key",
                help="Of an app: the code that it shows now. A recovery key: with its dashes.",
            ),
        ]

    def compose(self) -> ComposeResult:
        yield from self.compose_top()
        yield Rule(id="heading")
        with Vertical(id="body"):
            yield Paragraph(self._known(), id="known")
            yield Form(self.make_fields(), id="form")
            yield from self.compose_key()
            yield Paragraph((), id="result")
        yield from self.compose_bottom()

    def on_mount(self) -> None:
        self._ask_password()
        self._look_before()

    def _known(self, costs: Sequence[str] = ()) -> list[Line]:
        said = [Line(self._said, word="ok")] if self._said else []
        return [*said, *(Line(sentence) for sentence in costs)]

    @work(thread=True, exclusive=True, group="before", exit_on_error=False)
    def _look_before(self) -> None:
        snapshot = self.house.snapshot
        message: Message
        try:
            costs = self.house.workshop.prove.before(self._userid, snapshot) if snapshot else ()
            message = self.Before(costs)
        except AuthTuiError as error:
            message = self.Before((), error)
        self._post(message)

    def _post(self, message: Message) -> None:
        """From a worker; what comes too late is dropped."""
        if not get_current_worker().is_cancelled:
            self.post_message(message)

    @on(Before)
    def _show_before(self, message: Before) -> None:
        lines = self._known(message.sentences)
        if message.error is not None:
            self._impossible = f"{message.error} {message.error.hint}".strip()
            lines += _troubled(message.error)
        self.query_one("#known", Paragraph).show(lines)
        self.show_keys()

    def help_on_field(self) -> None:
        field, demo = self.form.focused, self.house.workshop.demo_login
        if demo and field is not None and field.ident == "password":
            self.say(f"{demo} {field.help_text}")
        else:
            super().help_on_field()

    # --- asking --------------------------------------------------------------------

    def _ask_password(self) -> None:
        self._challenge = None
        self._show_fields("password")
        self.form.focus_field("password")

    def _ask_answer(self, challenge: Challenge) -> None:
        options = [(kind, _words(kind, challenge)) for kind in challenge.kinds if kind in _WORDS]
        if not self._by_password:
            options += [(_KEY, "security key: its signature")] if self._has_key else []
            options.append((_NO_CODE, "none"))
        kind = self.form.field("kind")
        if isinstance(kind, ChoiceEntry):
            kind.offer(options)
        self._challenge = challenge
        self._fold_answer()
        self.when_listening(self._focus_answer)

    def _focus_answer(self) -> None:
        if self._challenge is not None and not self.key_works:
            self.form.focus_field("answer" if self._is_typed else "kind")

    def answer_changed(self, ident: str) -> None:
        if ident == "kind":
            self._fold_answer()

    def _fold_answer(self) -> None:
        """A security key's answer is not typed."""
        self._show_fields("kind", *(["answer"] if self._is_typed else []))

    @property
    def _is_typed(self) -> bool:
        return self.form.field("kind").value in _TYPED

    @property
    def _has_key(self) -> bool:
        """Whether PVE has stored a key of theirs, as far as the picture tells."""
        from pve_auth_tui.core.webauthn import stored_keys

        snapshot = self.house.snapshot
        return snapshot is not None and any(stored_keys(snapshot, self._userid))

    def _show_fields(self, *names: str) -> None:
        for field in self.form.fields:
            field.display = field.ident in names
        self.show_keys()

    @property
    def busy(self) -> str:
        """Why `^O` does nothing now; "" when it does."""
        if self._impossible:
            return self._impossible
        if self.key_works:
            return "The key works."
        waits = self._attempt is not None and self._challenge is None
        return "PVE is being asked ..." if waits else ""

    def review(self) -> None:
        snapshot = self.house.snapshot
        if self._challenge is not None:
            self._take_answer(self._challenge)
        elif isinstance(password := self.form.field("password").value, Secret):
            self.query_one("#result", Paragraph).show(())
            self._by_password = bool(password.reveal())
            self.form.clear_secrets()
            if self._by_password:
                self.say("Logging in ...")
                self._answers = Queue()
                self._attempt = self._log_in(password, snapshot, self._answers)
            elif snapshot is not None:
                expected = self.house.workshop.prove.expected(self._userid, snapshot)
                self._ask_answer(expected)
                self.say("Nobody logs in without a password: a code is compared with the files.")
        self.show_keys()

    def _take_answer(self, challenge: Challenge) -> None:
        kind = str(self.form.field("kind").value)
        if kind == _KEY:
            self._ask_key(challenge)
            return
        typed = self.form.field("answer").value
        text = cleaned(typed.reveal()) if isinstance(typed, Secret) else ""
        answer = None if kind == _NO_CODE else Secret(f"{kind}:{text}")
        if answer and (problem := answer_problem(challenge, answer.reveal())):
            self.form.show_problem("answer", problem)
            return
        self.form.clear_secrets()
        self._challenge = None
        if self._by_password:
            self.say("Logging in ...")
            self._answers.put(answer)
        else:
            self.say("Looking ...")
            self._attempt = self._look_here(answer)

    # --- a security key ------------------------------------------------------------------

    def _ask_key(self, challenge: Challenge) -> None:
        """Have the key answer the login's question or, without a login, one of our own."""
        self.query_one("#result", Paragraph).show(())
        self.form.clear_secrets()
        snapshot = self.house.snapshot
        self.say("")
        if self._by_password:
            job = partial(self._answer_with_key, challenge, snapshot)
            self.at_key(job, self._key_answered, partial(self._key_failed, challenge))
        else:
            self._challenge = None
            signed = partial(self._sign_with_key, snapshot)
            self.at_key(signed, self._show_proof, self._show_not_proved)

    def _answer_with_key(
        self, challenge: Challenge, snapshot: Snapshot | None, hands: QueuedHands
    ) -> Secret:
        path, snapshot = self._plugged(hands), _known(snapshot)
        prove = self.house.workshop.prove
        answer = prove.with_key(path, hands, snapshot, self._userid)(challenge)
        if answer is None:
            raise KeyTrouble(Kind.CANCELLED)
        return answer

    def _sign_with_key(self, snapshot: Snapshot | None, hands: QueuedHands) -> Proof:
        path, snapshot = self._plugged(hands), _known(snapshot)
        return self.house.workshop.prove.signature_check(self._userid, path, hands, snapshot)

    def _plugged(self, hands: QueuedHands) -> str:
        """The key that was enrolled just now, the only one, or the one that is touched."""
        keys = self.house.workshop.keys
        scan = keys.scan()
        paths = [place.path for place in scan.keys]
        if self._key in paths:
            return self._key
        if not paths:
            raise KeyTrouble(
                Kind.UNPLUGGED,
                message=scan_lines(scan)[0].text,
                hint="Plug in the one that was enrolled.",
            )
        return paths[0] if len(paths) == 1 else keys.touched(paths, hands)

    def _key_answered(self, answer: Secret) -> None:
        self._challenge = None
        self._show_fields()
        self.say("Logging in ...")
        self._answers.put(answer)

    def _key_failed(self, challenge: Challenge, error: AuthTuiError) -> None:
        """Nothing was sent: the login still waits."""
        self._key = ""  # from now on it is asked when somebody says so
        self.query_one("#result", Paragraph).show(_troubled(error))
        self._ask_answer(challenge)
        self.say("The login still waits: ^O asks the key again, Esc gives the login up.")

    # --- workers --------------------------------------------------------------------

    @work(thread=True, exclusive=True, group="prove", exit_on_error=False)
    def _log_in(
        self, password: Secret, snapshot: Snapshot | None, answers: Queue[Secret | None]
    ) -> None:
        worker = get_current_worker()

        def answer(challenge: Challenge) -> Secret | None:
            if not set(challenge.kinds) & set(_WORDS):
                raise AuthTuiError(
                    "This login needs an old U2F key, which nobody asks for any more.",
                    "Enrol the key as WebAuthn, or add another second factor.",
                )
            self._post(self.Asked(challenge))
            while not worker.is_cancelled:
                try:
                    return answers.get(timeout=_LOOK)
                except Empty:
                    continue
            return None

        try:
            proof = self.house.workshop.prove.prove(self._userid, password, answer, snapshot)
        except AuthTuiError as error:
            self._post(self.NotProved(error))
        else:
            self._post(self.Proved(proof))

    @work(thread=True, exclusive=True, group="prove", exit_on_error=False)
    def _look_here(self, answer: Secret | None) -> None:
        snapshot = self.house.snapshot
        if snapshot is None:
            return
        try:
            proof = self.house.workshop.prove.local_check(self._userid, snapshot, answer)
        except AuthTuiError as error:
            self._post(self.NotProved(error))
        else:
            self._post(self.Proved(proof))

    @on(Asked)
    def _asked(self, message: Asked) -> None:
        self._ask_answer(message.challenge)
        self.say("The password is right. PVE asks for a second factor.")
        if self._key and _KEY in message.challenge.kinds:
            self.form.fill({"kind": _KEY})
            self._fold_answer()
            self._ask_key(message.challenge)

    @on(Proved)
    def _proved(self, message: Proved) -> None:
        self._show_proof(message.proof)

    def _show_proof(self, proof: Proof) -> None:
        from pve_auth_tui.services.proofwords import proof_lines

        if proof.address:
            said = f"{self._userid} logged in at {proof.address}."
        elif proof.used == _KEY:
            said = "The key's signature is right. Nobody has logged in."
        else:
            said = f"{self._userid} could log in, by the files."
        self.house.look_at_proofs()
        self._end(proof_lines(proof), f"{said} Esc goes back.")
        self._said = ""

    @on(NotProved)
    def _not_proved(self, message: NotProved) -> None:
        self._show_not_proved(message.error)

    def _show_not_proved(self, error: AuthTuiError) -> None:
        counts = isinstance(error, LoginRefused) and error.original  # what PVE itself said
        said = "That was one attempt; ^O begins another one." if counts else "Nobody has logged in."
        self._end(_troubled(error), said)

    def _end(self, lines: Sequence[Line], sentence: str) -> None:
        self._attempt = None
        self.query_one("#result", Paragraph).show(lines)
        self._ask_password()
        self.say(sentence)

    def step_back(self) -> None:
        """Esc: gives the key up, then the question, or leaves."""
        if self.give_up_key():
            return
        if self._attempt is not None and self._by_password:
            self._answers.put(None)
            self._attempt.cancel()
            self._end((), "Given up: nobody has logged in.")
            return
        later = self._said
        super().step_back()
        if later:
            self.house.say(f"{later} Nobody has logged in with it yet: t in Two Factor proves it.")

    def on_unmount(self) -> None:
        self._answers.put(None)


def _words(kind: str, challenge: Challenge) -> str:
    numbers = ", ".join(map(str, challenge.recovery or ()))
    return f"recovery key, one of {numbers}" if kind == "recovery" else _WORDS[kind]


def _known(snapshot: Snapshot | None) -> Snapshot:
    if snapshot is None:
        raise AuthTuiError("Nothing was read yet.", "Esc, then r reads again.")
    return snapshot


def _troubled(error: AuthTuiError) -> list[Line]:
    return [line for line in (Line(str(error), word="BAD"), Line(error.hint)) if line.text]
