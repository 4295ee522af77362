"""What becomes of users, where a change makes, removes or rewrites hundreds of them (a sync)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

from pve_auth_tui.core.effects.scene import MANY, Scene, tfa_of
from pve_auth_tui.core.objects import Key, Record
from pve_auth_tui.core.plan import Effect
from pve_auth_tui.core.words import count_words, listed, thousands

_QUIET: Final = {
    "firstname": "first name",
    "lastname": "last name",
    "email": "e-mail",
    "comment": "comment",
    "groups": "groups",
}
"""Fields whose change lets nobody in and keeps nobody out by itself."""


class Many(NamedTuple):
    """Users of whom nothing is said one by one, by what becomes of them; `keys`: all of them."""

    made: tuple[Key, ...] = ()
    gone: tuple[Key, ...] = ()
    rewritten: tuple[Key, ...] = ()
    keys: frozenset[Key] = frozenset()


def of_many(scene: Scene) -> Many:
    """Each kind counts for itself: a few who are removed are named beside thousands who are new."""
    if not scene.is_crowded:
        return Many()
    quiet = (key for key, old, new in scene.changed("user") if _is_quiet(old, new))
    kinds = (scene.made("user"), scene.gone("user"), tuple(quiet))
    made, gone, rewritten = (keys if len(keys) > MANY else () for keys in kinds)
    return Many(made, gone, rewritten, frozenset((*made, *gone, *rewritten)))


def _is_quiet(old: Record, new: Record) -> bool:
    return all(old[name] == new[name] for name in old if name not in _QUIET)


def counted(scene: Scene, many: Many) -> Iterator[Effect]:
    """One line for each kind."""
    for enabled in (True, False):
        names = [key.name for key in many.made if scene.new.users[key.name].enable is enabled]
        if names:
            how = "enabled" if enabled else "disabled"
            yield Effect(
                count_words(len(names), "new user", "new users"), f"{how}: {listed(names)}"
            )
    if many.gone:
        names = [key.name for key in many.gone]
        yield Effect(
            count_words(len(names), "user", "users"),
            f"removed{_with(scene, names)}: {listed(names)}",
        )
    if many.rewritten:
        fields = Counter(
            name
            for key in many.rewritten
            for name in _QUIET
            if _value(scene, key, name, 0) != _value(scene, key, name, 1)
        )
        told = [f"{_QUIET[name]} of {thousands(count)}" for name, count in fields.items()]
        yield Effect(
            count_words(len(many.rewritten), "user", "users"), f"new {listed(told, len(told))}"
        )


def _value(scene: Scene, key: Key, field: str, side: int) -> str:
    found = scene.records[key][side]
    return found[field] if found else ""


def _with(scene: Scene, names: list[str]) -> str:
    by_subject = scene.index.by_subject
    tokens = [f"{name}!{token}" for name in names for token in scene.old.users[name].tokens]
    counts = (
        (
            sum(len(tfa_of(scene.before, name).entries) for name in names),
            "TFA entry",
            "TFA entries",
        ),
        (len(tokens), "API token", "API tokens"),
        (
            sum(len(by_subject.get(subject, ())) for subject in (*names, *tokens)),
            "ACL line",
            "ACL lines",
        ),
        (sum(len(scene.old.groups_of.get(n, ())) for n in names), "membership", "memberships"),
    )
    parts = [count_words(number, one, many) for number, one, many in counts if number]
    return f", with {listed(parts, len(parts))}" if parts else ""
