"""Realms and the options of the datacenter (reference 4.3, 4.5, 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from pve_auth_tui.core import propertystring
from pve_auth_tui.core.datacenter import parse_datacenter, write_datacenter
from pve_auth_tui.core.domains import (
    BUILT_IN,
    PLUGINS,
    Domains,
    Realm,
    parse_domains,
    write_domains,
)
from pve_auth_tui.core.perltext import split_list, truthy
from pve_auth_tui.core.predict.call import Params
from pve_auth_tui.core.predict.refusal import Refusal, missing
from pve_auth_tui.core.predict.world import World
from pve_auth_tui.core.schema import DATACENTER, REALM, SYNC_OPTIONS
from pve_auth_tui.core.sectionconfig import WriteRefused
from pve_auth_tui.core.snapshot import Datacenter

_DIRECTORIES: Final = ("ldap", "ad")
_NOT_STORED: Final = ("realm", "type", "password", "check-connection", "delete", "digest")
_SYNC_DEFAULTS: Final = "sync-defaults-options"
_UNSEEN: Final = "unseen"  # stands for the value of any required option
_ONLY_DIRECTORIES: Final = "Only the connection of LDAP and AD realms can be checked."


def add_realm(world: World, params: Params) -> None:
    """Whether the directory answers, if `check-connection` asks for that, nobody knows."""
    name, kind = params.text("realm"), params.text("type")
    known = world.realms.realms.get(name)
    if known and known.type is not None:
        raise Refusal(f"The realm {name} exists already.")
    if kind in BUILT_IN:
        raise Refusal(f"Realms of type {kind} are always there and cannot be created.")
    if "check-connection" in params and kind not in _DIRECTORIES:
        raise Refusal(_ONLY_DIRECTORIES)
    options = _checked(kind, params)
    allowed = PLUGINS.options[kind]
    lacking = [option for option, rule in allowed.items() if not rule.optional]
    if lacking := [option for option in lacking if option not in options]:
        raise Refusal(f"A realm of type {kind} needs {', '.join(lacking)}.")
    _put(world, Realm(name, kind, options), default=options.get("default"))


def change_realm(world: World, params: Params) -> None:
    """What is to be deleted goes first: one option may stand in both."""
    name = params.text("realm")
    _require_digest(world, params.text("digest"))
    old = world.realms.realms.get(name)
    if "check-connection" in params and (old is None or old.type not in _DIRECTORIES):
        raise Refusal(_ONLY_DIRECTORIES)
    if not truthy(params.text("delete")) and not params.without("realm", "digest", "delete"):
        raise Refusal(f"Nothing to change in the realm {name} was named.")
    if old is None or old.type is None:
        raise missing(f"The realm {name} does not exist.")
    new = _checked(old.type, params)
    gone = split_list(params.text("delete"))
    kept = {option: value for option, value in old.options.items() if option not in gone}
    _put(world, replace(old, options={**kept, **new}), default=new.get("default"))


def _require_digest(world: World, digest: str) -> None:
    """That of a file which has yet to be written is not known; that of another one is wrong."""
    now, first = world.realms, world.before.realms.value
    if now.digest:
        fits = digest == now.digest
    else:
        fits = first is None or digest != first.digest or now.realms == first.realms
    if truthy(digest) and not fits:
        raise Refusal("The realms were changed since they were read.")


def remove_realm(world: World, params: Params) -> None:
    """Its users, groups and jobs stay; pam and pve come back as they were at first."""
    name = params.text("realm")
    realm = world.realms.realms.get(name)
    if realm is None or realm.type is None:
        raise missing(f"The realm {name} does not exist.")
    realms = {other: found for other, found in world.realms.realms.items() if other != name}
    _require_writable(realms)
    if name in BUILT_IN:
        realms[name] = Realm(name, name, {"comment": BUILT_IN[name]})
    world.realms = replace(world.realms, realms=realms, digest="")


def _checked(kind: str, params: Params) -> dict[str, str]:
    """The options that were given, as sections of that type take them."""
    given = params.without(*_NOT_STORED)
    for option, value in given.items():
        if option not in PLUGINS.options[kind]:
            raise Refusal(f"A realm of type {kind} has no {option}.")
        if "\n" in value or "\r" in value:
            raise Refusal(f"PVE takes no line feed in {option}.")
    if kind in _DIRECTORIES and _SYNC_DEFAULTS in given:
        given[_SYNC_DEFAULTS] = _in_todays_words(given[_SYNC_DEFAULTS])
    return given


def _in_todays_words(defaults: str) -> str:
    """The defaults of a sync as PVE stores them: without `full` and `purge`."""
    options = propertystring.split(defaults, SYNC_OPTIONS)
    full, purge = (truthy(options.pop(name, None)) for name in ("full", "purge"))
    if "remove-vanished" not in options and (full or purge):
        options["remove-vanished"] = ";".join(["entry", "properties"] * full + ["acl"] * purge)
    return propertystring.join(options, SYNC_OPTIONS)


def _put(world: World, realm: Realm, *, default: str | None) -> None:
    """A realm put in as the file will have it; if it becomes the default one, no other is."""
    realms = dict(world.realms.realms)
    if truthy(default):
        for name, other in realms.items():
            if "default" in other.options:
                options = {o: value for o, value in other.options.items() if o != "default"}
                realms[name] = replace(other, options=options)
    realms.pop(realm.name, None)
    _require_writable(realms)
    old = world.realms.realms.get(realm.name)
    stored = _stored(realm, old)
    realms[realm.name] = old if stored == old and old is not None else stored
    order = [*world.realms.realms, realm.name]
    realms = {name: realms[name] for name in dict.fromkeys(order)}
    world.realms = replace(world.realms, realms=realms, digest="")


def _require_writable(realms: Mapping[str, Realm]) -> None:
    """PVE writes all realms or none."""
    for realm in realms.values():
        if realm.type is None:
            raise Refusal(
                f"PVE cannot read the section of realm {realm.name}, and until that is mended"
                " it changes no realm."
            )


def _stored(realm: Realm, old: Realm | None) -> Realm:
    """The realm written and read again.

    What only a newer PVE knows stays as it is; what a picture from PVE's API lacks, because the
    asker may not see it, is no mistake.
    """
    unknown = {name: value for name, value in realm.options.items() if name not in REALM}
    before = old.options if old is not None else realm.options
    unseen = {
        name: _UNSEEN
        for name, rule in PLUGINS.options[realm.type or ""].items()
        if not (rule.optional or name in before or name in realm.options)
    }
    whole = replace(realm, options={**realm.options, **unseen})
    try:
        found = parse_domains(write_domains(Domains({realm.name: whole}))).realms[realm.name]
    except WriteRefused as error:
        raise _not_written(error) from None
    options = {name: value for name, value in found.options.items() if name not in unseen}
    return replace(found, options={**options, **unknown})


def _not_written(error: WriteRefused) -> Refusal:
    return Refusal(f"PVE would not write that: {' '.join(error.original.split())}.")


# --- options of the datacenter ---


def change_options(world: World, params: Params) -> None:
    """What is to be deleted goes last, even when it was set in the same call."""
    old, gone = world.datacenter, split_list(params.text("delete"))
    notes = params.text("description", old.notes)
    options = {**old.options, **params.without("description", "delete")}
    options = {name: value for name, value in options.items() if name not in gone}
    newer = {name: value for name, value in options.items() if name not in DATACENTER}
    known = {name: value for name, value in options.items() if name in DATACENTER}
    wanted = Datacenter(known, "" if "description" in gone else notes)
    try:
        found = parse_datacenter(write_datacenter(wanted))
    except WriteRefused as error:
        raise _not_written(error) from None
    world.datacenter = old._replace(
        options={
            name: _same(old.options.get(name), value)
            for name, value in {**found.options, **newer}.items()
        },
        notes=found.notes,
    )


def _same(
    old: str | Mapping[str, str] | None, new: str | Mapping[str, str]
) -> str | Mapping[str, str]:
    return old if old is not None and old == new else new
