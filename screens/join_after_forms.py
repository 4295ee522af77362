"""What is asked of a node that has joined: whom to try, and how it is to leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from pve_auth_tui.core.join.asking import names_problem, split_names
from pve_auth_tui.core.join.names import login_problem
from pve_auth_tui.core.secret import Secret
from screens.join_forms import COMMAS, NONE, AskForm, maybe
from widgets.field import Answer, AnyField, SecretEntry, TextEntry, YesNoEntry


class Tried(NamedTuple):
    """Names to try: who may log in, and who must not."""

    may: tuple[str, ...]
    must_not: tuple[str, ...]


class ProofForm(AskForm):
    """Whom to try. Nobody is logged in: sssd is asked what it would say."""

    SAYS = "Nobody is logged in: sssd is asked what it would answer."

    def __init__(self, domain: str, begin: Tried, on_given: Callable[[Tried], None]) -> None:
        super().__init__(on_given)
        self._domain, self._begin = domain, begin

    @property
    def heading(self) -> str:
        return f"Prove the logins of {self._domain}"

    def make_fields(self) -> Sequence[AnyField]:
        return [
            TextEntry(
                "may", "May log in", ", ".join(self._begin.may), rule=self._problem,
                help=f"Users who should get in. {COMMAS}",
            ),
            TextEntry(
                "must-not", "Must not", ", ".join(self._begin.must_not), rule=self._problem,
                help=f"Users of the domain who should be refused. {COMMAS}",
            ),
        ]  # fmt: skip

    def _problem(self, text: str) -> str:
        return names_problem(text, self._domain)

    def answered(self, answers: Mapping[str, Answer]) -> Tried:
        return Tried(split_names(str(answers["may"])), split_names(str(answers["must-not"])))


class Leaving(NamedTuple):
    """How to leave a domain."""

    delete: bool
    user: str
    password: Secret | None
    clean_up: bool
    purge: bool


class LeaveDomainForm(AskForm):
    """What is to be left behind, in the domain and here."""

    SAYS = "The plan of it comes next. Nobody of the domain can log in here then."

    def __init__(self, domain: str, user: str, on_given: Callable[[Leaving], None]) -> None:
        super().__init__(on_given)
        self._domain, self._user = domain, user

    @property
    def heading(self) -> str:
        return f"Leave {self._domain}"

    def make_fields(self) -> Sequence[AnyField]:
        return [
            YesNoEntry(
                "delete", "Delete account", False,
                help="The computer's account in the domain, too. Needs somebody who may do that.",
            ),
            TextEntry("user", "User name", self._user, rule=maybe(login_problem)),
            SecretEntry("password", "Password", rule=self._password_problem),
            YesNoEntry(
                "clean-up", "Clean up", True,
                help="What realmd leaves behind: krb5.conf, sssd.conf, its caches, pam_mkhomedir.",
            ),
            YesNoEntry("purge", "Purge packages", False, help="Those that the join has added."),
        ]  # fmt: skip

    def filled(self) -> None:
        super().filled()
        self._fold()

    def answer_changed(self, ident: str) -> None:
        if ident == "delete":
            self._fold()

    def _fold(self) -> None:
        for name in ("user", "password"):
            self.form.field(name).display = bool(self.form.values["delete"])

    def _password_problem(self, password: Secret) -> str:
        return "Nobody deletes it without a password." if password == NONE else ""

    def answered(self, answers: Mapping[str, Answer]) -> Leaving:
        delete = bool(answers["delete"])
        return Leaving(
            delete,
            str(answers["user"]).strip() if delete else "",
            self.secret("password") if delete else None,
            bool(answers["clean-up"]),
            bool(answers["purge"]),
        )
