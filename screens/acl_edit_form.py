"""Change the role or Propagate of ACL entries, which the web UI can only remove and add anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pve_auth_tui.core import choices
from pve_auth_tui.core.intents import acl
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.objects import Key, acl_parts, record, shown
from screens.acl_form import AclFormScreen
from screens.form import OnDone
from widgets.field import Answer, AnyField, ChoiceEntry, TextEntry

_AS_IT_IS: Final = ("", "as it is")
_YES_NO: Final = (("yes", "yes"), ("no", "no"))


class AclEditForm(AclFormScreen):
    """`keys`: the entries, one or many; of many only what is named changes."""

    def __init__(self, keys: Sequence[Key], on_done: OnDone | None = None) -> None:
        super().__init__(on_done)
        self._keys = tuple(keys)

    @property
    def heading(self) -> str:
        many = len(self._keys) > 1
        return f"Edit: {len(self._keys)} ACL entries" if many else f"Edit: {shown(self._keys[0])}"

    @property
    def draft(self) -> str:
        return f"edit acl {self._keys}"

    def make_fields(self) -> Sequence[AnyField]:
        roles = {acl_parts(key)[2] for key in self._keys}
        snapshot = self.house.snapshot
        records = [record(snapshot, key) if snapshot else None for key in self._keys]
        flags = {one["propagate"] == "1" for one in records if one}
        propagate = "yes" if True in flags else "no"
        same = len(flags) == 1
        return [
            TextEntry(
                "role", "Role", roles.pop() if len(roles) == 1 else "",
                choices=self.choices(choices.roles), rule=self._role_problem,
                help="^P picks one. Left empty each entry keeps its role. The new entry is made "
                "before the old one goes.",
            ),
            ChoiceEntry(
                "propagate", "Propagate", _YES_NO if same else (_AS_IT_IS, *_YES_NO),
                propagate if same else "",
                help="Whether it counts for everything below the path, too.",
            ),
        ]  # fmt: skip

    def _role_problem(self, name: str) -> str:
        name = name.strip()
        known = not name or self.config is None or name in self.config.roles
        return "" if known else f"There is no role {name}. ^P shows them."

    def remarks(self, answers: Mapping[str, Answer]) -> Sequence[Line]:
        from pve_auth_tui.core.aclpreview import preview_edit

        if self._role_problem(str(answers["role"])):
            return [Line("It stands here as soon as there is such a role.")]
        role, propagate = _wanted(answers)
        return preview_edit(self.picture, self._keys, role=role, propagate=propagate)

    def review(self) -> None:
        role, propagate = _wanted(self.form.values)
        self.propose(acl.edit(self._keys, role=role, propagate=propagate))


def _wanted(answers: Mapping[str, Answer]) -> tuple[str | None, bool | None]:
    """Role and Propagate; None for what stays."""
    propagate = str(answers["propagate"])
    return str(answers["role"]).strip() or None, propagate == "yes" if propagate else None
