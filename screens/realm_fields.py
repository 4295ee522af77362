"""The fields of a realm's options, made of `core.realmoptions`; which of them are asked for now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from pve_auth_tui.core.intents.realms import secret_problem
from pve_auth_tui.core.realmanswers import asked_of
from pve_auth_tui.core.realmoptions import GROUPS, RealmOption
from pve_auth_tui.core.realmoptionsrules import option_problem
from pve_auth_tui.core.secret import Secret
from widgets.field import Answer, AnyField, Choice, ChoiceEntry, SecretEntry, TextEntry, YesNoEntry

SHOW: Final = "show"
HOW: Final = ".how"
"""Behind a secret's name: whether it stays as it is."""
AS_IT_IS, OTHER, NONE = "as it is", "other", "none"
NO_SECRET: Final = Secret("")

_OF_OATH: Final = ("tfa.step", "tfa.digits")
_OF_YUBICO: Final = ("tfa.id", "tfa.key", "tfa.url")
_CLAIMS: Final = (
    Choice("subject", "sub: never changes, and says nothing to people"),
    Choice("username", "preferred_username, as the provider calls people"),
    Choice("email", "must be unique and verified at the provider"),
)
_PROMPTS: Final = (
    Choice("none", "never asks: fails where nobody is logged in there"),
    Choice("login", "asks for the password each time"),
    Choice("consent", "asks whether PVE may know"),
    Choice("select_account", "asks which account"),
)
_CHOICES: Final[Mapping[str, Sequence[Choice]]] = {"username-claim": _CLAIMS, "prompt": _PROMPTS}


class Fields:
    """The fields of one form: `kind` is the realm's type, `new` one that is not there yet."""

    def __init__(self, kind: str, release: str, answers: Mapping[str, str], *, new: bool) -> None:
        self._kind = kind
        self._new = new
        self._answers = answers
        self.asked = [one for one in asked_of(kind, release) if new or not one.fixed]
        self.groups = [group for group in GROUPS if any(one.group == group for one in self.asked)]
        self._group = {one.name: one.group for one in self.asked}

    def chooser(self) -> list[AnyField]:
        """Which group of options is shown; nothing where there is only one."""
        if len(self.groups) < 2:
            return []
        options = [*((group, group) for group in self.groups), ("", "everything")]
        help = "Left and right show the other options: nothing that was typed is lost."
        return [ChoiceEntry(SHOW, "Options", options, self.groups[0], help=help)]

    def made(self) -> list[AnyField]:
        """One field for each option, in their order."""
        return [field for one in self.asked for field in self._fields(one)]

    def _fields(self, one: RealmOption) -> list[AnyField]:
        value = self._answers.get(one.name, "")
        if one.kind == "secret":
            return self._secret(one)
        if one.kind == "flag":
            return [YesNoEntry(one.name, one.label, value == "1", help=one.help)]
        if one.kind == "choice":
            return [ChoiceEntry(one.name, one.label, _offered(one, value), value, help=one.help)]
        usual = f" Nothing: {one.default}." if one.default and not value else ""
        return [
            TextEntry(
                one.name, one.label, value, help=f"{one.help}{usual}", rule=self._rule(one.name),
                choices=_CHOICES.get(one.name, ()),
            )
        ]  # fmt: skip

    def _secret(self, one: RealmOption) -> list[AnyField]:
        if self._new or "." in one.name:
            rule = self._secret_rule(one.name, needed=False)
            return [SecretEntry(one.name, one.label, help=one.help, rule=rule)]
        how = [(AS_IT_IS, "as it is"), (OTHER, "another one ..."), (NONE, "none")]
        rule = self._secret_rule(one.name, needed=True)
        return [
            ChoiceEntry(f"{one.name}{HOW}", one.label, how, help=one.help),
            SecretEntry(one.name, f"New {one.label}", help=one.help, rule=rule),
        ]

    def _rule(self, name: str) -> Callable[[str], str]:
        problem = partial(option_problem, self._kind, name)
        return lambda text: problem(text.strip())

    def _secret_rule(self, name: str, *, needed: bool) -> Callable[[Secret], str]:
        def problem(secret: Secret) -> str:
            if secret == NO_SECRET and not needed:
                return ""
            return secret_problem(self._kind, name, secret)

        return problem

    # --- what is asked for now -----------------------------------------------------------------

    def group_of(self, ident: str) -> str:
        """The group of a field; "" for one that stands in all of them."""
        return self._group.get(ident.removesuffix(HOW), "")

    def applies(self, ident: str, answers: Mapping[str, Answer]) -> bool:
        """Does an answer to it mean anything, whatever group is shown?"""
        if ident in _OF_OATH:
            return answers["tfa.type"] == "oath"
        if ident in _OF_YUBICO:
            return answers["tfa.type"] == "yubico"
        if ident == "verify":
            return answers["mode"] != "ldap"
        if (how := answers.get(f"{ident}{HOW}")) is not None:
            return how == OTHER
        return True

    def is_shown(self, ident: str, answers: Mapping[str, Answer]) -> bool:
        """Is the field asked for now?"""
        shown, group = answers.get(SHOW, ""), self.group_of(ident)
        return self.applies(ident, answers) and (not shown or not group or group == shown)

    # --- answers ---------------------------------------------------------------------------------

    def texts(self, answers: Mapping[str, Answer]) -> dict[str, str]:
        """The answers as `core.realmanswers` has them; secrets are not among them."""
        found = {}
        for one in self.asked:
            value = answers.get(one.name)
            if isinstance(value, bool):
                found[one.name] = str(int(value))
            elif isinstance(value, str):
                found[one.name] = value.strip()
        return found

    def secrets(self, answers: Mapping[str, Answer]) -> dict[str, Secret]:
        """Those that were typed, and count."""
        return {
            name: value
            for name, value in answers.items()
            if isinstance(value, Secret) and value != NO_SECRET and self.applies(name, answers)
        }

    def dropped(self, answers: Mapping[str, Answer]) -> tuple[str, ...]:
        """The secrets that are to be forgotten."""
        return tuple(
            ident.removesuffix(HOW)
            for ident, value in answers.items()
            if ident.endswith(HOW) and value == NONE
        )

    def filled(self, values: Mapping[str, str]) -> dict[str, Answer]:
        """Texts of options as the fields hold them."""
        kinds = {one.name: one.kind for one in self.asked}
        return {
            name: value == "1" if kinds[name] == "flag" else value
            for name, value in values.items()
            if kinds.get(name) not in (None, "secret")
        }


def _offered(one: RealmOption, value: str) -> list[tuple[str, str]]:
    """Its choices, and what stands there without being one."""
    known = [choice for choice, _ in one.choices]
    return [*one.choices, *([(value, value)] if value not in known else [])]
