"""What a join asks before it is planned: who joins as what, and who may log in then."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final, NamedTuple, cast

from pve_auth_tui.core.join.asking import (
    Logins,
    logins_problem,
    names_problem,
    split_names,
    what_logins_mean,
)
from pve_auth_tui.core.join.names import computer_problem, login_problem, ou_problem
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.secret import Secret
from screens.commands import Commands
from screens.form import FieldHelp, FormScreen, LeaveForm, Reveal, Review
from widgets.field import Answer, AnyField, ChoiceEntry, SecretEntry, TextEntry, YesNoEntry

NONE: Final = Secret("")
COMMAS: Final = "Several with commas between them. Without @ they are of this domain."


class GoOn(Review):
    """Goes on with what was typed. Nothing is done yet."""

    word, name = "go on", "go on"


class LeaveAsked(LeaveForm):
    """Leaves; what was typed here is not used."""

    word = "back"


class AskForm(FormScreen):
    """Asks, closes, and gives the answers to `on_given`. It keeps none of them."""

    OFFERS: ClassVar[Commands] = (GoOn, FieldHelp, Reveal, LeaveAsked)
    SAYS: ClassVar[str] = ""
    """The first sentence in its status line."""

    def __init__(self, on_given: Callable[[Any], None]) -> None:
        super().__init__()
        self._on_given = on_given

    def answered(self, answers: Mapping[str, Answer]) -> Any:
        """What `on_given` gets."""
        raise NotImplementedError

    def filled(self) -> None:
        self.say(self.SAYS)

    def review(self) -> None:
        answer = self.answered(self.form.values)
        self.form.clear_secrets()
        self.step_back()
        self._on_given(answer)

    def secret(self, ident: str) -> Secret | None:
        """What was typed into a field that hides it; None for nothing."""
        typed = cast(Secret, self.form.field(ident).value)
        return None if typed == NONE else typed


class Account(NamedTuple):
    """Who joins, as what, and where. `computer`, `ou`: "" for what realmd makes of it."""

    user: str
    password: Secret | None
    computer: str
    ou: str


class AccountForm(AskForm):
    """`must`: the password is needed now; else it only serves to look for the account."""

    SAYS = "The password goes to the domain's DCs alone, and is kept for this join only."

    def __init__(
        self,
        domain: str,
        begin: Account,
        on_given: Callable[[Account], None],
        *,
        must: bool = False,
    ) -> None:
        super().__init__(on_given)
        self._domain, self._begin, self._must = domain, begin, must

    @property
    def heading(self) -> str:
        return f"Who joins {self._domain}"

    @property
    def first_field(self) -> str:
        """Where a name stands already, what is typed at once may be its password: it is hidden."""
        return "password" if self._begin.user else ""

    def make_fields(self) -> Sequence[AnyField]:
        about = (
            "Without it the computer's account is not looked for now. It is kept in memory only."
        )
        return [
            TextEntry(
                "user", "User name", self._begin.user, rule=maybe(login_problem),
                help="Somebody of the domain who may add computers, like Administrator.",
            ),
            SecretEntry("password", "Password", rule=self._password_problem, help=about),
            TextEntry(
                "computer", "Computer name", self._begin.computer, rule=_unless_empty(
                    computer_problem), help="Blank: made of this node's name. At most 15 signs.",
            ),
            TextEntry(
                "ou", "OU", self._begin.ou, rule=self._ou_problem,
                help="Blank: the domain's own place for computers. OU=Servers,OU=Rack.",
            ),
        ]  # fmt: skip

    def _password_problem(self, password: Secret) -> str:
        return "Nobody joins without a password." if self._must and password == NONE else ""

    def _ou_problem(self, text: str) -> str:
        return (ou_problem(text, self._domain) or "") if text.strip() else ""

    def answered(self, answers: Mapping[str, Answer]) -> Account:
        texts = (str(answers[name]).strip() for name in ("user", "computer", "ou"))
        user, computer, ou = texts
        return Account(user, self.secret("password"), computer, ou)


class WhoMay(NamedTuple):
    """Who of the domain may log in."""

    logins: Logins
    users: tuple[str, ...]
    groups: tuple[str, ...]
    homes: bool


class LoginsForm(AskForm):
    """`homes` is asked before a join alone: what a login finds is another question later."""

    REMARKS = "What it means"
    SAYS = "It is said before the join, and holds from its first moment on."

    def __init__(
        self,
        domain: str,
        begin: WhoMay | None,
        on_given: Callable[[WhoMay], None],
        *,
        joined: bool = False,
    ) -> None:
        super().__init__(on_given)
        self._domain, self._joined = domain, joined
        self._begin = begin or WhoMay(Logins.NAMED, (), (), True)

    @property
    def heading(self) -> str:
        return f"Who of {self._domain} may log in"

    def filled(self) -> None:
        self.say("The plan of it comes next." if self._joined else self.SAYS)
        self._fold()

    @property
    def first_field(self) -> str:
        return "groups" if self._begin.logins is Logins.NAMED else ""

    def make_fields(self) -> Sequence[AnyField]:
        options = [
            (Logins.NAMED.value, "those named here"),
            (Logins.NOBODY.value, "nobody"),
            (Logins.EVERYBODY.value, "everybody of the domain"),
        ]
        begin = self._begin
        homes = YesNoEntry(
            "homes", "Make homes", begin.homes, help="A home directory at the first login."
        )
        return [
            ChoiceEntry(
                "logins", "May log in", options, begin.logins.value,
                help="Over SSH and at the console. PVE's own web interface is another matter.",
            ),
            TextEntry(
                "groups", "Groups", ", ".join(begin.groups), rule=self._problem, help=COMMAS
            ),
            TextEntry("users", "Users", ", ".join(begin.users), rule=self._problem, help=COMMAS),
            *([] if self._joined else [homes]),
        ]  # fmt: skip

    def answer_changed(self, ident: str) -> None:
        if ident == "logins":
            self._fold()

    def _fold(self) -> None:
        named = self.form.values["logins"] == Logins.NAMED.value
        for name in ("groups", "users"):
            self.form.field(name).display = named

    def _problem(self, text: str) -> str:
        return names_problem(text, self._domain)

    def remarks(self, answers: Mapping[str, Answer]) -> Sequence[Line]:
        who = self.answered(answers)
        if problem := logins_problem(who.logins, who.users, who.groups):
            return [Line(problem)]
        named = (who.logins, who.users, who.groups)
        found = what_logins_mean(self._domain, *named, joined=self._joined)
        return [Line(one.text, word=one.word) for one in found]

    def review(self) -> None:
        who = self.answered(self.form.values)
        if problem := logins_problem(who.logins, who.users, who.groups):
            self.form.show_problem("groups", problem)
            return
        super().review()

    def answered(self, answers: Mapping[str, Answer]) -> WhoMay:
        logins = Logins(str(answers["logins"]))
        named = logins is Logins.NAMED
        users, groups = (
            split_names(str(answers[name])) if named else () for name in ("users", "groups")
        )
        return WhoMay(logins, users, groups, bool(answers.get("homes", True)))


def maybe(problem: Callable[[str], str | None]) -> Callable[[str], str]:
    """A rule of a field, of what finds a problem or None."""
    return lambda text: problem(text) or ""


def _unless_empty(problem: Callable[[str], str | None]) -> Callable[[str], str]:
    return lambda text: (problem(text) or "") if text.strip() else ""
