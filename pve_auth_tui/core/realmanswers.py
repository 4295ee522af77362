"""A realm's options as the answers of a form, and back: what of them is to be set and unset.

An answer is a text under the option's name; the parts of a property string have one each, under
`tfa.step`. Flags are `1` and `0`. Secrets are no answers: they are never shown, so never known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from pve_auth_tui.core import propertystring, versions
from pve_auth_tui.core.propertystring import Malformed
from pve_auth_tui.core.realmoptions import RealmOption, options_of
from pve_auth_tui.core.schema import REALM_TFA, SYNC_OPTIONS, Properties
from pve_auth_tui.core.secret import Secret

_PARTS: Final[Mapping[str, Properties]] = {
    "tfa": REALM_TFA,
    "sync-defaults-options": SYNC_OPTIONS,
}
_TFA: Final = "tfa"
_OF_OATH: Final = ("step", "digits")
_OF_YUBICO: Final = ("id", "key", "url")


class Wanted(NamedTuple):
    """What of a realm answers change: options to set, options to unset, secrets to set."""

    options: Mapping[str, str]
    gone: tuple[str, ...]
    secrets: Mapping[str, Secret]


def asked_of(kind: str, release: str = versions.NEWEST) -> Iterator[RealmOption]:
    """What a form asks about that type: options, and the parts of those that have parts."""
    for one in options_of(kind, release):
        if one.parts:
            yield from one.parts
        else:
            yield one


def answers_of(kind: str, options: Mapping[str, str]) -> dict[str, str]:
    """What a form begins with for a realm with these options.

    Flags and choices show what PVE takes where nothing stands; texts stay empty.
    """
    answers: dict[str, str] = {}
    for one in options_of(kind):
        if one.parts:
            answers.update(_parts(one, options.get(one.name, "")))
        elif one.kind != "secret":
            answers[one.name] = _answer(one, options)
    return answers


def _answer(one: RealmOption, options: Mapping[str, str]) -> str:
    value = options.get(one.name, "")
    if one.kind == "flag":
        return propertystring.boolean(value) or one.default
    if (
        one.name == "mode"
        and not value
        and propertystring.boolean(options.get("secure", "")) == "1"
    ):
        return "ldaps"  # the old word for it
    return value or (one.default if one.kind == "choice" else "")


def _parts(one: RealmOption, text: str) -> Iterator[tuple[str, str]]:
    try:
        values = propertystring.split(text, _PARTS[one.name])
    except Malformed:
        values = {}
    if "remove-vanished" in values:
        values["remove-vanished"] = _in_order(values["remove-vanished"])
    for part in one.parts:
        if part.kind != "secret":
            value = values.get(part.name.partition(".")[2], "")
            yield part.name, value or ("" if part.kind == "choice" else part.default)


def _in_order(vanished: str) -> str:
    """`entry;acl` as the choices have it, for PVE takes any order."""
    words = vanished.split(";")
    ordered = [word for word in ("acl", "entry", "properties") if word in words]
    return ";".join(ordered) or vanished


def wanted_of(
    kind: str,
    began: Mapping[str, str],
    answers: Mapping[str, str],
    secrets: Mapping[str, Secret],
) -> Wanted:
    """What differs from what the form began with; `secrets` by their names (`tfa.key`), only those
    that were given.
    """
    options: dict[str, str] = {}
    gone: list[str] = []
    hidden = {name: secret for name, secret in secrets.items() if "." not in name}
    changed = {name for name, value in answers.items() if value != began.get(name, "")}
    for one in options_of(kind):
        if one.parts:
            names = {part.name for part in one.parts}
            if not names & (changed | secrets.keys()):
                continue
            values = {name.partition(".")[2]: answers[name] for name in names if answers.get(name)}
            text, secret = _joined(one, values, secrets)
            if secret is not None:
                hidden[one.name] = secret
            elif text:
                options[one.name] = text
            elif _was_set(one, began):
                gone.append(one.name)
        elif one.name in changed:
            if answers[one.name]:
                options[one.name] = answers[one.name]
            else:
                gone.append(one.name)
    return Wanted(options, tuple(gone), hidden)


def _was_set(one: RealmOption, began: Mapping[str, str]) -> bool:
    if one.name == _TFA:
        return bool(began.get("tfa.type"))
    return any(began.get(part.name) for part in one.parts)


def _joined(
    one: RealmOption, values: Mapping[str, str], secrets: Mapping[str, Secret]
) -> tuple[str, Secret | None]:
    """The property string; as a secret where there is a key in it. Parts of the other kind of
    factor are left out.
    """
    rules = _PARTS[one.name]
    if one.name != _TFA:
        return propertystring.join(values, rules), None
    kind = values.get("type", "")
    names = {"oath": _OF_OATH, "yubico": _OF_YUBICO}.get(kind, ())
    mine = {name: value for name, value in values.items() if name in (*names, "type")}
    if mine.get("digits") == "6":
        del mine["digits"]  # as PVE's own form: only what is not usual
    key = secrets.get("tfa.key")
    if kind == "yubico" and key is not None:
        return "", Secret(propertystring.join({**mine, "key": key.reveal()}, rules))
    return (propertystring.join(mine, rules) if kind else ""), None


def needs_key(began: Mapping[str, str], answers: Mapping[str, str]) -> bool:
    """Must the Yubico API key be given? PVE takes `tfa` as a whole, and shows no key."""
    if answers.get("tfa.type") != "yubico":
        return False
    names = ("tfa.type", "tfa.id", "tfa.url")
    return any(answers.get(name, "") != began.get(name, "") for name in names)


def then(options: Mapping[str, str], wanted: Wanted) -> dict[str, str]:
    """The options of the realm as they would be, without the new secrets."""
    kept = {name: value for name, value in options.items() if name not in wanted.gone}
    return {**kept, **wanted.options}
