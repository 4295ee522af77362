"""A user: a new one, or one that is there. The web UI's fields, and what comes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from pve_auth_tui.core import expiry, newuser
from pve_auth_tui.core.intents import users
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.release import release_of
from pve_auth_tui.core.secret import Secret
from screens.commands import Commands
from screens.fields import expire_field, expire_in, expire_line, names_in
from screens.form import (
    NAMELESS,
    UNCHANGED,
    FieldHelp,
    LeaveForm,
    OnDone,
    PickFromList,
    Reveal,
    Review,
)
from screens.user_fields import TEXTS, PeopleForm, text_fields
from widgets.field import Answer, AnyField, ChoiceEntry, SecretEntry, TextEntry, YesNoEntry

if TYPE_CHECKING:
    from pve_auth_tui.core.plan import Intent

_AS_IT_IS, _OTHER = "as it is", "other"
_NONE: Final = Secret("")
_KEYS: Final = "Old second factors of realms that require TOTP or Yubico. Hardly ever needed."


class UserForm(PeopleForm):
    """`userid`: whom to edit; None for a new user, who is called `name` in `realm` at first."""

    OFFERS: ClassVar[Commands] = (Review, PickFromList, FieldHelp, Reveal, LeaveForm)

    def __init__(
        self,
        userid: str | None = None,
        on_done: OnDone | None = None,
        *,
        name: str = "",
        realm: str = "pve",
    ) -> None:
        super().__init__(on_done)
        self._begins_as = (name, realm)
        self._userid = userid
        self._began: Mapping[str, Answer] = {}

    @property
    def heading(self) -> str:
        return f"Edit: User {self._userid}" if self._userid else "Add: User"

    @property
    def draft(self) -> str:
        if self._userid:
            return f"edit user {self._userid}"
        name, _ = self._begins_as
        return f"add user {name}" if name else "add user"

    def make_fields(self) -> Sequence[AnyField]:
        fields = self._of_the_user() if self._userid else self._of_a_new_user()
        self._began = {field.ident: field.value for field in fields}
        return fields

    def _of_a_new_user(self) -> list[AnyField]:
        name, realm = self._begins_as
        return [
            TextEntry(
                "name", "User name", name, rule=self._name_problem,
                help="The part before @: no blanks, no colon, no slash.",
            ),
            ChoiceEntry(
                "realm", "Realm", newuser.realms_with_types(self.known), realm,
                help="Where the account is kept, and its password checked.",
            ),
            SecretEntry(
                "password", "Password", rule=self._password_problem,
                help="Without one nobody can log in until one is set.",
            ),
            SecretEntry(
                "again", "Confirm Password", rule=self._again_problem, help="The same once more."
            ),
            self.groups_field("groups", "Group"),
            expire_field(self.known, "never"),
            YesNoEntry("enable", "Enabled", True, help="Without it nobody can log in."),
            *text_fields(None),
            *self._keys_fields("none"),
        ]  # fmt: skip

    def _of_the_user(self) -> list[AnyField]:
        config = self.config
        user = config.users.get(self._userid or "") if config else None
        groups = config.groups.values() if config else ()
        mine = [group.id for group in groups if self._userid in group.members]
        return [
            YesNoEntry(
                "enable", "Enabled", user is not None and user.enable,
                help="Without it nobody can log in.",
            ),
            expire_field(self.known, expiry.expiry_text(user.expire if user else 0)),
            self.groups_field("groups", "Group", mine),
            *text_fields(user),
            *self._keys_fields(*newuser.keys_state(user)),
        ]  # fmt: skip

    def _keys_fields(self, state: str, locked: bool = False) -> list[AnyField]:
        """Key IDs, folded away; PVE's own marks are not to be changed."""
        options = [(_AS_IT_IS, state), *([] if locked else [(_OTHER, "other ...")])]
        return [
            ChoiceEntry("old-factors", "Key IDs", options, help=_KEYS),
            SecretEntry("keys", "New Key IDs", help=_KEYS, rule=newuser.keys_problem),
        ]

    def filled(self) -> None:
        self._fold()

    def answer_changed(self, ident: str) -> None:
        if ident in ("realm", "old-factors"):
            self._fold()

    def _fold(self) -> None:
        answers = self.form.values
        self.form.field("keys").display = answers["old-factors"] == _OTHER
        if not self._userid:
            for name in ("password", "again"):
                self.form.field(name).display = self._takes_password(answers)

    def _takes_password(self, answers: Mapping[str, Answer]) -> bool:
        return newuser.takes_password(self.known, str(answers["realm"]))

    # --- rules -----------------------------------------------------------------------------

    def _name_problem(self, name: str) -> str:
        if not name:
            return "A user has a name."
        userid = f"{name}@{self.form.field('realm').value}"
        return users.new_user_problem(self.known, userid) if self.known else ""

    def _password_problem(self, password: Secret) -> str:
        if password == _NONE:
            return ""
        return newuser.new_password_problem(password, release_of(self.known))

    def _again_problem(self, again: Secret) -> str:
        same = again == self.form.field("password").value
        return "" if same else "It is not the same password."

    # --- what comes of it --------------------------------------------------------------------

    def remarks(self, answers: Mapping[str, Answer]) -> Sequence[Line]:
        told: list[Line] = []
        if not self._userid:
            if not answers["name"]:
                return [NAMELESS]
            told += newuser.userid_lines(_userid(answers))
        else:
            told += newuser.edit_lines(self._userid)
        if answers["expire"] != self._began["expire"]:
            told.append(expire_line(answers, self.now))
        if self._userid and not self._changed(answers):
            return [*told, UNCHANGED]
        return [*told, *self.foreseen(self.intent(answers))]

    def intent(self, answers: Mapping[str, Answer]) -> Intent:
        values = self._values(self._changed(answers), answers)
        then = names_in(answers["groups"])
        if self._userid:
            now = names_in(self._began["groups"])
            joining = [name for name in then if name not in now]
            leaving = [name for name in now if name not in then]
            if joining:
                values["groups"] = ",".join(joining)
            return users.edit([self._userid], values, append=True, leave=leaving)
        password = answers["password"] if self._takes_password(answers) else _NONE
        given = password if isinstance(password, Secret) and password != _NONE else None
        return users.add(_userid(answers), {**values, "groups": ",".join(then)}, given)

    def _changed(self, answers: Mapping[str, Answer]) -> frozenset[str]:
        """What is not as the form began: the rest stays as it is, also what others change."""
        return frozenset(
            name
            for name, value in answers.items()
            if value != self._began[name] and (name != "keys" or answers["old-factors"] == _OTHER)
        )

    def _values(
        self, changed: frozenset[str], answers: Mapping[str, Answer]
    ) -> dict[str, users.Value]:
        values: dict[str, users.Value] = {
            name: str(answers[name]).strip() for name in TEXTS if name in changed
        }
        if "enable" in changed:
            values["enable"] = int(bool(answers["enable"]))
        if "expire" in changed:
            values["expire"] = expire_in(answers, self.now)
        keys = answers["keys"]
        if answers["old-factors"] == _OTHER and isinstance(keys, Secret):
            values["keys"] = keys
        return values


def _userid(answers: Mapping[str, Answer]) -> str:
    return f"{answers['name']}@{answers['realm']}"
