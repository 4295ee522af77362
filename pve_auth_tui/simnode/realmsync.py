"""How PVE makes users and groups of a directory's entries, with each line of the task's log.

Sources: PVE::API2::Domains (sync) and PVE::Auth::LDAP of pve-access-control 9.1.1, recorded
task logs. Where PVE's order is random, lines come in the order of the configuration.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from pve_auth_tui.core import formats, propertystring
from pve_auth_tui.core.accessdata import AclEntry, Group, SubjectKind, User, UserConfig
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.perltext import decode_utf8, number, split_list, truthy
from pve_auth_tui.core.schema import SYNC_OPTIONS, Property
from pve_auth_tui.core.validation import value_problems
from pve_auth_tui.simnode.router import BAD_PARAMETERS
from pve_auth_tui.simnode.state import as_text
from pve_auth_tui.simnode.tasklog import Say

_NO_SCOPE: Final = "Not passed as parameter and not defined in realm default sync options."
_USER_NAME: Final = {"ldap": "uid", "ad": "sAMAccountName"}
_SETTABLE: Final = ("enable", "expire", "firstname", "lastname", "email", "comment", "keys")
_RULES: Final[Mapping[str, Property]] = {
    "expire": Property("integer", minimum=0),
    "firstname": Property(max_length=1024),
    "lastname": Property(max_length=1024),
    "email": Property(format="decoded-email-opt", max_length=254),
    "comment": Property(max_length=2048),
    "keys": Property(pattern="[0-9a-zA-Z!=]{0,4096}"),
}
_MAPPED: Final = re.compile(r"\s*(\w+)=(.*)", re.DOTALL)
_FIRST_NAME: Final = re.compile(r"[^=]+=([^,]+),")
_LINE: Final = "\n"


class DirectoryEntry(NamedTuple):
    """A person: `values` by the name that was asked for, octets as they came."""

    dn: bytes
    values: Mapping[str, Sequence[bytes]]


class DirectoryGroup(NamedTuple):
    """`name` is "" where the first part of the DN is to be taken."""

    dn: bytes
    name: bytes
    members: Sequence[bytes]


class Found(NamedTuple):
    """What came from the directory: userid -> values, group -> members."""

    users: Mapping[str, Mapping[str, str]]
    groups: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """`scope`: users, groups or both. `vanished`: `none`, or `acl;entry;properties`."""

    scope: str
    enable_new: bool
    vanished: str

    @property
    def users(self) -> bool:
        return self.scope in ("users", "both")

    @property
    def groups(self) -> bool:
        return self.scope in ("groups", "both")

    @property
    def what(self) -> str:
        """As PVE's lines name it."""
        return "users and groups" if self.scope == "both" else self.scope

    def removes(self, what: str) -> bool:
        return what in self.vanished.split(";")


def options_of(params: Mapping[str, Any], realm: Realm) -> SyncOptions:
    """A call's parameters before the realm's defaults before PVE's own.

    The old `full` and `purge` of a call mean nothing any more: PVE's own default for
    `remove-vanished` comes before them. Raises ApiError 400 when nothing says what to sync.
    """
    defaults = propertystring.split(realm.options.get("sync-defaults-options", ""), SYNC_OPTIONS)
    usual = {"remove-vanished": "none", "enable-new": "1"}
    found = {**usual, **defaults, **{name: str(value) for name, value in params.items()}}
    if "scope" not in found:
        raise ApiError(400, BAD_PARAMETERS, {"scope": _NO_SCOPE})
    return SyncOptions(found["scope"], truthy(found["enable-new"]), found["remove-vanished"])


def name_attribute(realm: Realm) -> str:
    """The attribute that is a user's name."""
    return realm.options.get("user_attr") or _USER_NAME.get(realm.type or "", "uid")


def attributes(realm: Realm, say: Say) -> dict[str, str]:
    """The directory's attributes that are asked for, and what they become."""
    mapping = {name_attribute(realm): "username", **{name: name for name in _SETTABLE}}
    for item in split_list(realm.options.get("sync_attributes")):
        found = _MAPPED.fullmatch(item)
        ours, theirs = found.groups() if found else ("", "")
        if ours != "username" and ours not in _SETTABLE:
            text = f"'sync_attributes' entry – '{ours}' is not a valid target attribute"  # noqa: RUF001 (PVE's own dash)
            say([f"skipping bad {text}"])
        else:
            mapping[theirs] = ours
    return mapping


def users_of(
    entries: Iterable[DirectoryEntry], realm: Realm, mapping: Mapping[str, str], say: Say
) -> tuple[dict[str, dict[str, str]], dict[bytes, str]]:
    """(userid -> values, DN in small letters -> userid); names that PVE refuses are told.

    PVE takes a name's octets for characters: `Zoë` becomes `ZoÃ«`, as in its own files.
    """
    users: dict[str, dict[str, str]] = {}
    people: dict[bytes, str] = {}
    lines: list[str] = []
    for entry in entries:
        names = entry.values.get(name_attribute(realm), ())
        userid = f"{(names[0] if names else b'').decode('latin-1')}@{realm.name}"
        if problem := formats.problem("pve-userid", userid):
            lines.append(problem.rstrip(_LINE))
            continue
        users[userid] = _values(entry, userid, mapping, lines)
        people[entry.dn.lower()] = userid
    say(lines)
    return users, people


def _values(
    entry: DirectoryEntry, userid: str, mapping: Mapping[str, str], lines: list[str]
) -> dict[str, str]:
    values = {}
    for theirs, ours in mapping.items():
        if not entry.values.get(theirs):
            continue
        value = decode_utf8(entry.values[theirs][0])
        if ours in _RULES and (problems := value_problems(value, _RULES[ours])):
            text = as_text(ApiError(400, f"invalid value '{value}'\n", problems))
            skipped = f"skipping attribute mapping '{theirs}'->'{ours}' for user '{userid}'"
            lines.append(f"{skipped} - {text}".removesuffix(_LINE))
            continue
        values[ours] = value
    return values


def groups_of(
    groups: Iterable[DirectoryGroup], realm: Realm, people: Mapping[bytes, str], say: Say
) -> dict[str, tuple[str, ...]]:
    """Group -> its members, of those who were found; a group's name ends in `-REALM`."""
    found: dict[str, tuple[str, ...]] = {}
    lines: list[str] = []
    for dn, name, members in groups:
        if truthy(known := name.decode("latin-1")):
            short = known
        else:
            first = _FIRST_NAME.match(dn.decode("latin-1"))
            short = first[1].strip() if first else ""
        if not truthy(short):
            continue
        full = f"{short}-{realm.name}"
        if problem := formats.problem("pve-groupid", full):
            lines.append(problem.rstrip(_LINE))
            continue
        userids = {people[member.lower()] for member in members if member.lower() in people}
        found[full] = tuple(sorted(userids))
    say(lines)
    return found


def synced(
    access: UserConfig, realm: str, found: Found, options: SyncOptions, say: Say
) -> UserConfig:
    """The configuration afterwards. Nothing is written."""
    if options.users:
        access = _with_users(access, realm, found.users, options, say)
    if options.groups:
        access = _with_groups(access, realm, found.groups, options, say)
    return access


def _with_users(
    access: UserConfig,
    realm: str,
    wanted: Mapping[str, Mapping[str, str]],
    options: SyncOptions,
    say: Say,
) -> UserConfig:
    # as in PVE the realm's name is an expression: a dot in it stands for any character
    lines = [f"syncing users (remove-vanished opts: {options.vanished})"]
    known = dict(access.users)
    gone = {name for name in known if re.search(f"@{realm}$", name) and name not in wanted}
    lines += _removed(known, gone, "user", options)
    for userid, values in sorted(wanted.items()):
        old = known.get(userid)
        if old is None:
            lines.append(f"adding user '{userid}'")
            known[userid] = _user(User(userid), {**values, "enable": str(int(options.enable_new))})
        elif options.removes("properties"):
            lines.append(f"overwriting user '{userid}'")
            bare = User(userid, enable=old.enable, tokens=old.tokens)
            known[userid] = _user(bare, {**values, "enable": str(int(old.enable))})
        else:
            lines.append(f"updating user '{userid}'")
            known[userid] = _user(old, values)
    say(lines)
    return replace(access, users=known, acl=_acl(access, "user", gone, options))


def _user(user: User, values: Mapping[str, str]) -> User:
    """A user with new values; `username` is not one of PVE's."""
    fresh: dict[str, Any] = {name: values[name] for name in _SETTABLE if name in values}
    if "enable" in fresh:
        fresh["enable"] = truthy(fresh["enable"])
    if "expire" in fresh:
        fresh["expire"] = number(fresh["expire"].lstrip("+-"))
    return replace(user, **fresh)


def _with_groups(
    access: UserConfig,
    realm: str,
    wanted: Mapping[str, tuple[str, ...]],
    options: SyncOptions,
    say: Say,
) -> UserConfig:
    lines = [f"syncing groups (remove-vanished opts: {options.vanished})"]
    known = dict(access.groups)
    gone = {name for name in known if re.search(f"-{realm}$", name) and name not in wanted}
    lines += _removed(known, gone, "group", options)
    for name, members in sorted(wanted.items()):
        old = known.get(name)
        if old is None:
            lines.append(f"adding group '{name}'")
        else:
            doing = "overwriting" if options.removes("properties") else "updating"
            lines.append(f"{doing} group '{name}'")
        keeps = old is not None and not options.removes("properties")
        known[name] = Group(name, members, old.comment if old and keeps else None)
    say(lines)
    return replace(access, groups=known, acl=_acl(access, "group", gone, options))


def _removed(
    known: dict[str, Any], gone: set[str], kind: SubjectKind, options: SyncOptions
) -> list[str]:
    """Remove who is not in the directory any more, as far as that is wanted; the lines about it."""
    entry, acl = options.removes("entry"), options.removes("acl")
    lines = [f"deleting outdated existing {kind}s first"] * entry
    for name in sorted(gone):
        lines += [f"remove {kind} '{name}'"] * entry
        lines += [f"purge {kind}s '{name}' ACL entries"] * acl
        if entry:
            del known[name]
    return lines


def _acl(
    access: UserConfig, kind: SubjectKind, gone: set[str], options: SyncOptions
) -> tuple[AclEntry, ...]:
    if not options.removes("acl"):
        return access.acl
    return tuple(entry for entry in access.acl if entry.kind != kind or entry.subject not in gone)
