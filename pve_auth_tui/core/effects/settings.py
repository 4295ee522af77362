"""What becomes of realms and of datacenter options, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pve_auth_tui.core.domains import BUILT_IN
from pve_auth_tui.core.effects.scene import Scene
from pve_auth_tui.core.objects import Record
from pve_auth_tui.core.plan import Effect
from pve_auth_tui.core.realmrisks import TYPES
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import count_words

_LONGEST: Final = 40  # characters of a value that are worth showing
_SECRET: Final = "set"  # what a record says instead of a secret  # noqa: S105


def setting_effects(scene: Scene) -> Iterator[Effect]:
    """A line for each realm and option."""
    for key in scene.kind("realm"):
        old, new = scene.records[key]
        if old is None and new is not None:
            yield Effect(key.name, f"new realm ({TYPES.get(new['type'], new['type'])})")
        elif new is None:
            users = sum(user.realm == key.name for user in scene.new.users.values())
            back = "; PVE makes it anew with its defaults" if key.name in BUILT_IN else ""
            people = count_words(users, "user", "users")
            verb = "stays" if users == 1 else "stay"
            stay = f"; {people} of it {verb} without a login" if users else ""
            yield Effect(key.name, f"realm removed{stay}{back}")
        elif old is not None:
            yield Effect(key.name, "; ".join(_changes(old, new)))
    for key in scene.renewed:
        if key.kind == "realm":
            yield Effect(key.name, "new password or key for its server")
    for key in scene.kind("option"):
        old, new = scene.records[key]
        yield Effect(key.name, "; ".join(_changes(old or {}, new or {})))
    if _notes(scene.before) != _notes(scene.after):
        yield Effect("Notes of the datacenter", "new text")


def _notes(snapshot: Snapshot) -> str:
    return snapshot.datacenter.value.notes if snapshot.datacenter.value else ""


def _changes(old: Record, new: Record) -> Iterator[str]:
    for name in sorted(old.keys() | new.keys()):
        was, will = old.get(name), new.get(name)
        if was == will:
            continue
        if name == "default" and "type" in (old or new):  # of a realm: there is only one
            yield "the default realm from now on" if will else "no longer the default realm"
            continue
        label = f"{name} " if name != "value" else ""
        if _SECRET in (was, will):
            yield f"{label}set" if will else f"{label}removed"
        else:
            yield f"{label}{_value(was)} -> {_value(will)}"


def _value(value: str | None) -> str:
    if value is None:
        return "unset"
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}..."
