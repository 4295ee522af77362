"""/access/domains (PVE::API2::Domains)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from pve_auth_tui.core import answers, propertystring
from pve_auth_tui.core.domains import PLUGINS, Domains, Realm
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.perltext import split_list, truthy
from pve_auth_tui.core.schema import SYNC_OPTIONS
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.simnode import realmsync
from pve_auth_tui.simnode.node import Handler, SimNode
from pve_auth_tui.simnode.request import Request
from pve_auth_tui.simnode.router import BAD_PARAMETERS
from pve_auth_tui.simnode.sectionchecks import checked, required
from pve_auth_tui.simnode.tasklog import Say

_REALMS: Final = "/access/domains"
_REALM: Final = f"{_REALMS}/{{realm}}"
_DIRECTORIES: Final = ("ldap", "ad")
_SYNC_DEFAULTS: Final = "sync-defaults-options"
_NO_TYPE: Final = (
    "cannot lookup undefined type! at /usr/share/perl5/PVE/API2/Domains.pm line 261.\n"
)
_CHANGED: Final = "detected modified configuration - file changed by other user? Try again.\n"
_ONLY_DIRECTORIES: Final = (
    "'check-connection' parameter can only be set for realms of type 'ldap' or 'ad'\n"
)


def list_realms(node: SimNode, request: Request) -> list[dict[str, Any]]:
    """What the login box needs; nobody needs to be logged in."""
    return answers.domains(node.state.realms)


def show_realm(node: SimNode, request: Request) -> dict[str, Any]:
    return answers.domain(node.state.realms, request.params["realm"])


def add_realm(node: SimNode, request: Request) -> None:
    """The password is stored before the connection is checked, and stays when that fails."""
    given = {name: str(value) for name, value in request.params.items()}
    password, check = given.pop("password", None), given.pop("check-connection", None)
    with node.state.change("domains_cfg", "add auth server failed: ") as change:
        name, kind = given.pop("realm"), given.pop("type")
        known = change.realms.realms.get(name)
        if known and known.type is not None:
            raise ApiError(500, f"domain '{name}' already exists\n")
        if kind in ("pam", "pve"):
            raise ApiError(500, f"unable to create builtin type '{kind}'\n")
        if check is not None and kind not in _DIRECTORIES:
            raise ApiError(500, _ONLY_DIRECTORIES)
        options = checked(kind, _in_today_s_words(kind, given), PLUGINS)
        required(kind, options, PLUGINS)
        realm = Realm(name, kind, options)
        change.realms = _with(change.realms, realm, default=options.get("default"))
        if kind in _DIRECTORIES:
            _store(node, name, password)
        if truthy(check):
            _check_connection(node, realm, password)


def change_realm(node: SimNode, request: Request) -> None:
    """What is to be deleted goes first: one option may stand in both."""
    given = {name: str(value) for name, value in request.params.items()}
    password, check = given.pop("password", None), given.pop("check-connection", None)
    name, digest = given.pop("realm"), given.pop("digest", "")
    gone = given.pop("delete", "")
    with node.state.change("domains_cfg", "update auth server failed: ") as change:
        if truthy(digest) and digest != change.realms.digest:
            raise ApiError(500, _CHANGED)
        old = change.realms.realms.get(name) or Realm(name, None)
        if check is not None and old.type not in _DIRECTORIES:
            raise ApiError(500, _ONLY_DIRECTORIES)
        if not truthy(gone) and not given and password is None:
            raise ApiError(500, "no options specified\n")
        if old.type is None:
            raise ApiError(500, _NO_TYPE)
        deleted = split_list(gone)
        new = checked(old.type, _in_today_s_words(old.type, given), PLUGINS)
        kept = {option: value for option, value in old.options.items() if option not in deleted}
        realm = replace(old, options={**kept, **new})
        change.realms = _with(change.realms, realm, default=new.get("default"))
        if old.type in _DIRECTORIES and (password is not None or "password" in deleted):
            _store(node, name, password)
        if truthy(check):
            _check_connection(node, realm, password)


def remove_realm(node: SimNode, request: Request) -> None:
    """Its users, groups and jobs stay; pam and pve come back as they were at first."""
    name = request.params["realm"]
    with node.state.change("domains_cfg", "delete auth server failed: ") as change:
        realm = change.realms.realms.get(name)
        if realm is None or realm.type is None:
            raise ApiError(500, f"authentication domain '{name}' does not exist\n")
        if realm.type in _DIRECTORIES:
            _store(node, name, None)
        kept = {other: found for other, found in change.realms.realms.items() if other != name}
        change.realms = replace(change.realms, realms=kept)


def sync_realm(node: SimNode, request: Request) -> str:
    """As a task: the rest of the work and all its errors are in there."""
    name = request.params["realm"]
    realm = node.state.realms.realms.get(name)
    if realm is None or realm.type is None:
        raise ApiError(400, BAD_PARAMETERS, {"realm": "Realm does not exist."})
    if realm.type not in _DIRECTORIES:
        text = f"Cannot sync realm type '{realm.type}'! Only LDAP/AD realms can be synced.\n"
        raise ApiError(500, text)
    options = realmsync.options_of(request.params, realm)
    dry = bool(request.params.get("dry-run"))

    def work(say: Say) -> None:
        say([f"{'(dry test run) ' * dry}starting sync for realm {name}"])
        _sync(node, realm, options, say, dry=dry)

    kind = "auth-realm-sync-test" if dry else "auth-realm-sync"
    return node.tasks.run(kind, name, request.caller.authid, work)


def _sync(
    node: SimNode, realm: Realm, options: realmsync.SyncOptions, say: Say, *, dry: bool
) -> None:
    from pve_auth_tui.simnode.directory import connected

    with connected(node, realm) as directory:
        mapping = realmsync.attributes(realm, say)
        entries = directory.users(list(mapping))
    users, people = realmsync.users_of(entries, realm, mapping, say)
    groups: dict[str, tuple[str, ...]] = {}
    if options.groups:
        with connected(node, realm) as directory:
            groups = realmsync.groups_of(directory.groups(), realm, people, say)
    found = realmsync.Found(users, groups)
    with node.state.change("user_cfg", f"syncing {options.what} failed: ") as change:
        say([f"got data from server, updating {options.what}"])
        synced = realmsync.synced(change.access, realm.name, found, options, say)
        if not dry:
            change.access = synced
    if dry:
        say(["", "NOTE: Dry test run, changes were NOT written to the configuration."])
    else:
        say([f"successfully updated {options.what} configuration"])


def _with(realms: Domains, realm: Realm, default: str | None) -> Domains:
    """A realm put in; when it was just made the default one, no other is."""
    found = dict(realms.realms)
    if truthy(default):
        found = {name: _no_default(other) for name, other in found.items()}
    found[realm.name] = realm
    return replace(realms, realms=found)


def _no_default(realm: Realm) -> Realm:
    options = {name: value for name, value in realm.options.items() if name != "default"}
    return replace(realm, options=options)


def _in_today_s_words(kind: str, given: Mapping[str, str]) -> dict[str, str]:
    """The defaults of a sync as PVE stores them: without `full` and `purge`."""
    if kind not in _DIRECTORIES or _SYNC_DEFAULTS not in given:
        return dict(given)
    options = propertystring.split(given[_SYNC_DEFAULTS], SYNC_OPTIONS)
    full, purge = (truthy(options.pop(name, None)) for name in ("full", "purge"))
    if "remove-vanished" not in options and (full or purge):
        options["remove-vanished"] = ";".join(["entry", "properties"] * full + ["acl"] * purge)
    return {**given, _SYNC_DEFAULTS: propertystring.join(options, SYNC_OPTIONS)}


def _store(node: SimNode, realm: str, password: str | None) -> None:
    """PVE keeps a directory's password apart, and only looks at today's place when it writes."""
    if password is not None:
        node.state.put(f"priv/realm/{realm}.pw", password.encode())
        return
    folders = ("realm", "ldap")
    known = (f"priv/{folder}/{realm}.pw" for folder in folders)
    found = next((path for path in known if node.disk.read(f"etc/pve/{path}") is not None), None)
    if found:
        node.state.put(found, None)


def _check_connection(node: SimNode, realm: Realm, password: str | None) -> None:
    from pve_auth_tui.simnode.directory import connected

    with connected(node, realm, Secret(password) if truthy(password) and password else None):
        pass


HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", _REALMS): list_realms,
    ("POST", _REALMS): add_realm,
    ("GET", _REALM): show_realm,
    ("PUT", _REALM): change_realm,
    ("DELETE", _REALM): remove_realm,
    ("POST", f"{_REALM}/sync"): sync_realm,
}
