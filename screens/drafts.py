"""What was typed into forms that were left, so that it is there when they are opened again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pve_auth_tui.core.secret import Secret

if TYPE_CHECKING:
    from widgets.field import Answer


class Drafts:
    """By the name of the form, such as `totp anna@pve`; they live as long as the program."""

    def __init__(self) -> None:
        self._kept: dict[str, Mapping[str, Answer]] = {}

    def keep(self, form: str, answers: Mapping[str, Answer]) -> None:
        self._kept[form] = dict(answers)

    def of(self, form: str) -> Mapping[str, Answer]:
        """What was kept, and nothing for a form that was not left."""
        return self._kept.get(form, {})

    def drop(self, form: str) -> None:
        self._kept.pop(form, None)

    def drop_secrets(self) -> None:
        """After a while without keys: drafts that hold a password or a key are gone."""
        for form, answers in list(self._kept.items()):
            if any(isinstance(answer, Secret) for answer in answers.values()):
                del self._kept[form]
