"""The way back of realms and datacenter options.

Sources: reference 4.3, 4.5, 5; PVE::API2::Domains of pve-access-control 9.1.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pve_auth_tui.core import propertystring
from pve_auth_tui.core.answers import masked_value
from pve_auth_tui.core.changed import Changed, Way, call
from pve_auth_tui.core.objects import Key, Record
from pve_auth_tui.core.ports import Param
from pve_auth_tui.core.schema import DATACENTER, REALM_OPTIONS
from pve_auth_tui.core.secret import HIDDEN, Secret
from pve_auth_tui.core.snapshot import Snapshot

_DIRECTORIES: Final = ("ldap", "ad")
_WITH_SECRETS: Final[Mapping[str, str]] = {"client-key": "client key", "tfa": "Yubico API key"}


def material(before: Snapshot, change: Changed) -> Iterator[tuple[str, Secret]]:
    """What of a realm's options or of an option is a secret, and undo will need."""
    if change.key.kind == "realm" and before.realms.value:
        realm = before.realms.value.realms.get(change.key.name)
        values: Mapping[str, object] = realm.options if realm else {}
        needed = change.before or {} if _fixed(change) else change.back
        names = [name for name in _WITH_SECRETS if name in needed]
    elif change.key.kind == "option" and before.datacenter.value:
        values, names = before.datacenter.value.options, [change.key.name]
    else:
        return
    for name in names:
        value = values.get(name)
        # what came over PVE's API was masked as it came: then it says nothing
        if isinstance(value, str) and value != masked_value(name, value):
            yield _material_name(change.key, name), Secret(value)


def _material_name(key: Key, option: str) -> str:
    return f"{key.kind} {key.name} {option}"


def realms(way: Way) -> None:
    """A realm whose type or other fixed option differs is removed and made anew."""
    for one in way.of("realm"):
        path = ("access", "domains", one.key.name)
        if one.was_made:
            way.remove("realm", call("DELETE", *path))
        elif one.was_removed:
            _make(way, one)
        elif fixed := _fixed(one):
            way.make("realm", call("DELETE", *path))
            _make(way, Changed(one.key, one.before, None), because=fixed)
        else:
            _change(way, one)


def _fixed(one: Changed) -> str:
    """An option that PVE never changes, and that is another one now; "" if there is none."""
    before, after = one.before or {}, one.after or {}
    rules = REALM_OPTIONS.get(after.get("type", ""), {})
    names = ["type", *(name for name, rule in rules.items() if rule.fixed)]
    return next((name for name in names if before.get(name) != after.get(name)), "")


def _make(way: Way, one: Changed, because: str = "") -> None:
    name, before = one.key.name, one.before or {}
    if not before["type"]:
        way.lose(f"Realm {name} does not come back: PVE could not read its section either.")
        return
    given, secrets = _options(way, one, before)
    params: dict[str, Param] = {"realm": name, **given}
    way.make("realm", call("POST", "access", "domains", params=params, secrets=secrets))
    if before["type"] in _DIRECTORIES and "bind_dn" in before:
        way.lose(f"The bind password of realm {name} does not come back: set it anew.")
    if because:
        way.lose(f"Realm {name} is removed and made anew: PVE cannot change its {because}.")


def _change(way: Way, one: Changed) -> None:
    given, secrets = _options(way, one, one.back)
    gone = sorted(name for name in one.after or {} if name not in (one.before or {}))
    params: dict[str, Param] = dict(given)
    if gone:
        params["delete"] = ",".join(gone)
    if params or secrets:
        path = ("access", "domains", one.key.name)
        way.make("realm", call("PUT", *path, params=params, secrets=secrets))


def _options(way: Way, one: Changed, wanted: Record) -> tuple[dict[str, Param], dict[str, Secret]]:
    """Values as parameters, secrets apart; one whose secret nobody has is lost."""
    given: dict[str, Param] = {}
    secrets: dict[str, Secret] = {}
    for name, value in wanted.items():
        if not _is_hidden(name, value):
            given[name] = value
        elif secret := way.material.get(_material_name(one.key, name)):
            secrets[name] = secret
        else:
            what = _WITH_SECRETS[name]
            way.lose(f"The {what} of realm {one.key.name} does not come back: set it anew.")
    return given, secrets


def _is_hidden(name: str, value: str) -> bool:
    """Does the record only say that there is a secret (`core.objects`)?"""
    match name:
        case "client-key":
            return True
        case "tfa":
            return "key=set" in value.split(",")
        case "http_proxy":
            return HIDDEN in value
    return False


def options(way: Way) -> None:
    """An option is one text, `rp=Rack,id=example.com`; it is set as a whole or deleted."""
    for one in way.of("option"):
        name = one.key.name
        path = ("cluster", "options")
        if one.before is None:
            way.make("option", call("PUT", *path, params={"delete": name}))
            continue
        value = _text(name, one.before)
        secret = way.material.get(_material_name(one.key, name))
        if not _is_hidden(name, value):
            way.make("option", call("PUT", *path, params={name: value}))
        elif secret is not None:
            way.make("option", call("PUT", *path, secrets={name: secret}))
        else:
            way.lose(f"Datacenter option {name} does not come back: nobody has its password.")


def _text(name: str, record: Record) -> str:
    rule = DATACENTER.get(name)
    if rule is None or rule.parts is None or tuple(record) == ("value",):
        return record["value"]
    return propertystring.join(record, rule.parts)
