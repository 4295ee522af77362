"""What was typed into forms that were left, so that it is there when they are opened again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from pve_auth_tui.core.secret import Secret

if TYPE_CHECKING:
    from widgets.field import Answer


class TakenUp(NamedTuple):
    """Answers of a form that is opened again; in `changed` what others changed meanwhile, too."""

    answers: Mapping[str, Answer]
    changed: tuple[str, ...]


class Drafts:
    """By the name of the form, such as `totp anna@pve`; they live as long as the program."""

    def __init__(self) -> None:
        self._kept: dict[str, Mapping[str, Answer]] = {}
        self._began: dict[str, Mapping[str, Answer]] = {}

    def keep(
        self, form: str, answers: Mapping[str, Answer], began: Mapping[str, Answer] | None = None
    ) -> None:
        """`began`: what the form began with; answers that are the same are no draft."""
        if answers == began:
            self.drop(form)
            return
        self._kept[form] = dict(answers)
        self._began[form] = dict(began or {})

    def take_up(self, form: str, now: Mapping[str, Answer]) -> TakenUp | None:
        """What was typed, put upon what the form begins with `now`; None where nothing was.

        What was not touched is as it is now: a draft takes nothing back that others did. Of lists
        only what was added and taken out counts.
        """
        if form not in self._kept:
            return None
        began = self._began[form]
        answers: dict[str, Answer] = {}
        changed = []
        for name, value in self._kept[form].items():
            first, present = began.get(name), now.get(name)
            if value == first and not isinstance(value, Secret):
                continue
            answers[name] = _upon(present, first, value)
            if first is not None and present not in (first, answers[name]):
                changed.append(name)
        return TakenUp(answers, tuple(changed))

    def of(self, form: str) -> Mapping[str, Answer]:
        """What was kept, and nothing for a form that was not left."""
        return self._kept.get(form, {})

    def drop(self, form: str) -> None:
        self._kept.pop(form, None)
        self._began.pop(form, None)

    def drop_secrets(self) -> None:
        """After a while without keys: drafts that hold a password or a key are gone."""
        for form, answers in list(self._kept.items()):
            if any(isinstance(answer, Secret) for answer in answers.values()):
                self.drop(form)


def _upon(present: Answer | None, first: Answer | None, typed: Answer) -> Answer:
    """What was typed, where the form began with `first` and begins with `present` now."""
    if not (isinstance(typed, tuple) and isinstance(present, tuple)):
        return typed
    before = first if isinstance(first, tuple) else ()
    stay = [one for one in present if one in typed or one not in before]
    return (*stay, *(one for one in typed if one not in before and one not in present))
