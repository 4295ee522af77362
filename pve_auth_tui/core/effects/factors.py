"""What becomes of second factors and their locks, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pve_auth_tui.core.effects.scene import Scene, tfa_of
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.plan import Effect
from pve_auth_tui.core.words import count_words, listed

_NAMES: Final[Mapping[str, str]] = {
    "totp": "TOTP",
    "webauthn": "WebAuthn",
    "yubico": "Yubico OTP",
    "u2f": "U2F",
    "recovery": "recovery keys",
}


def factor_effects(scene: Scene) -> Iterator[Effect]:
    """A line for each person: what comes, goes and changes, and what is left then."""
    by_user: dict[str, list[str]] = {}
    for key in scene.kind("factor"):
        if not scene.is_gone(Key("user", key.name)):
            by_user.setdefault(key.name, []).append(_change(scene, key))
    for key in scene.renewed:
        if key.kind == "factor" and key not in scene.records:
            by_user.setdefault(key.name, []).append("new recovery keys, the old ones end")
    for userid, parts in by_user.items():
        gone = any(key.name == userid for key in scene.gone("factor"))
        left = f"; left: {_left(scene, userid)}" if gone else ""
        yield Effect(userid, f"{'; '.join(parts)}{left}")
    for key in scene.kind("lock"):
        if not tfa_of(scene.after, key.name).entries:
            continue  # there is nothing left to lock
        if scene.is_gone(key):
            yield Effect(key.name, "second factors unlocked")
        else:
            yield Effect(key.name, "second factors locked")


def _change(scene: Scene, key: Key) -> str:
    old, new = scene.records[key]
    shown = _shown(old or new or {})
    if old is None:
        return f"new {shown}"
    if new is None:
        return f"{shown} removed"
    parts = []
    if old["description"] != new["description"]:
        parts.append(f"{shown} is named {new['description']}")
    if old["enable"] != new["enable"]:
        words = ("enabled" if record["enable"] == "1" else "disabled" for record in (old, new))
        parts.append(f"{shown} {' -> '.join(words)}")
    return ", ".join(parts)


def _shown(record: Mapping[str, str]) -> str:
    """`TOTP phone`, `recovery keys`."""
    kind = record.get("type", "")
    return f"{_NAMES.get(kind, kind)} {record.get('description', '')}".strip()


def _left(scene: Scene, userid: str) -> str:
    """The factors that somebody has then: `WebAuthn rack 3 and 3 recovery keys`, `nothing`."""
    found = []
    for entry in tfa_of(scene.after, userid).entries:
        shown = f"{_NAMES[entry.type]} {entry.description}".strip()
        if entry.unused is not None:
            shown = count_words(entry.unused, "recovery key", "recovery keys")
        found.append(shown if entry.enable else f"{shown} (disabled)")
    return listed(found, 5) or "nothing"
