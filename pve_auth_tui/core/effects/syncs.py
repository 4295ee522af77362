"""What the next sync of a realm, or the next OpenID login, makes undone (reference 5.3, 6)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.effects.scene import Scene, realm_name, realms_of
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.perltext import split_list, truthy
from pve_auth_tui.core.propertystring import Malformed, split
from pve_auth_tui.core.realmrisks import DIRECTORIES, is_on
from pve_auth_tui.core.schema import SYNC_OPTIONS
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import count_words, listed

_FEW: Final = 3
_FIELDS: Final[Mapping[str, str]] = {
    "enable": "Enabled",
    "expire": "Expire",
    "firstname": "First Name",
    "lastname": "Last Name",
    "email": "E-Mail",
    "comment": "Comment",
}
"""Field of a record -> PVE's word for it; a sync can set all of them."""


@dataclass(frozen=True, slots=True)
class Sync:
    """What syncs of a realm do, those by hand and by job together.

    `when`: how to speak of it. `attributes`: our field -> the directory's attribute.
    `removes`: what `remove-vanished` takes (entry, acl, properties).
    """

    when: str
    users: bool
    groups: bool
    attributes: Mapping[str, str]
    removes: frozenset[str]


def sync_of(snapshot: Snapshot, realm: Realm) -> Sync | None:
    """How the realm is synced; None for one that never is."""
    if realm.type not in DIRECTORIES:
        return None
    defaults = _defaults(realm)
    jobs = snapshot.jobs.value.sync.values() if snapshot.jobs.value else ()
    mine = [{**defaults, **job.options} for job in jobs if job.realm == realm.name]
    active = [options for options in mine if truthy(options.get("enabled", "1"))]
    ways = active or [defaults]
    scopes = {options.get("scope", "both") for options in ways}
    removes = frozenset(
        what for options in ways for what in options.get("remove-vanished", "").split(";") if what
    )
    pairs = (item.partition("=") for item in split_list(realm.options.get("sync_attributes")))
    return Sync(
        f"The next sync of {realm.name}" if active else f"A sync of {realm.name}",
        bool(scopes & {"users", "both"}),
        bool(scopes & {"groups", "both"}),
        {ours: theirs for ours, _, theirs in pairs},
        removes - {"none"},
    )


def _defaults(realm: Realm) -> dict[str, str]:
    try:
        return dict(split(realm.options.get("sync-defaults-options", ""), SYNC_OPTIONS))
    except Malformed:
        return {}


def sync_findings(scene: Scene, synced: Collection[str] = ()) -> Iterator[Finding]:
    """One line for each thing that a sync does to what is changed here. Of realms that are being
    `synced` there is nothing to tell: the next one finds what this one left.
    """
    realms = realms_of(scene.after)
    names = dict.fromkeys(realm_name(key.name) for key in scene.kind("user"))
    for name in names:
        realm = realms.get(name)
        if realm is None or name in synced:
            continue
        if sync := sync_of(scene.after, realm):
            yield from _of_users(scene, name, sync)
        elif realm.type == "openid" and is_on(realm, "autocreate"):
            yield from _autocreated(scene, name)
    for name, realm in realms.items():
        if name not in synced and (sync := sync_of(scene.after, realm)):
            yield from _of_groups(scene, name, sync)


def _of_users(scene: Scene, realm: str, sync: Sync) -> Iterator[Finding]:
    gone = [key.name for key in scene.gone("user") if realm_name(key.name) == realm]
    if gone and sync.users:
        yield Finding(
            "LOOK",
            f"{sync.when} adds {_who(gone)} again, without rights, if the directory still has "
            f"{'the name' if len(gone) == 1 else 'the names'}.",
        )
    made = [key.name for key in scene.made("user") if realm_name(key.name) == realm]
    if made and sync.users and "entry" in sync.removes:
        yield Finding(
            "LOOK", f"{sync.when} removes {_who(made)} unless the directory has the name."
        )
    if sync.users:
        yield from _overwritten(scene, realm, sync)


def _overwritten(scene: Scene, realm: str, sync: Sync) -> Iterator[Finding]:
    """Fields that come from the directory, or are wiped with `properties`."""
    fields: dict[str, list[str]] = {}
    for key, old, new in scene.changed("user"):
        if realm_name(key.name) == realm:
            for field in _FIELDS:
                if old[field] != new[field]:
                    fields.setdefault(field, []).append(key.name)
    for field, people in fields.items():
        if theirs := sync.attributes.get(field):
            if field == "enable" and "properties" in sync.removes:
                continue  # then PVE keeps what it has
            doing = f"sets {_FIELDS[field]} of {_who(people)} anew"
            if field == "enable" and not any(scene.new.users[u].enable for u in people):
                doing = f"may enable {_who(people)} again"
            yield Finding("LOOK", f'{sync.when} {doing} (attribute "{theirs}").')
        elif "properties" in sync.removes and field != "enable":
            text = f"{sync.when} wipes {_FIELDS[field]} of {_who(people)}"
            yield Finding("LOOK", f'{text} (remove-vanished "properties").')


def _of_groups(scene: Scene, realm: str, sync: Sync) -> Iterator[Finding]:
    """Groups of a realm end in its name; their members come from the directory."""
    if not sync.groups:
        return
    end = f"-{realm}"
    gone = [key.name for key in scene.gone("group") if key.name.endswith(end)]
    if gone:
        yield Finding(
            "LOOK",
            f"{sync.when} adds group {listed(gone)} again, if the directory still has it.",
        )
    kept = [
        key.name
        for key, old, new in scene.changed("group")
        if key.name.endswith(end) and _differ(scene, key, old["members"], new["members"])
    ]
    if kept:
        yield Finding("LOOK", f"{sync.when} sets the members of {listed(kept)} anew.")


def _differ(scene: Scene, key: Key, old: str, new: str) -> bool:
    """Do members differ who are still there? Those who are removed are no members anyway."""
    people = {*old.split(",")} ^ {*new.split(",")}
    return any(who and not scene.is_gone(Key("user", who)) for who in people)


def _autocreated(scene: Scene, realm: str) -> Iterator[Finding]:
    gone = [key.name for key in scene.gone("user") if realm_name(key.name) == realm]
    if gone:
        yield Finding(
            "LOOK",
            f"The next login at the provider makes {_who(gone)} anew, without rights (autocreate).",
            "To keep somebody out for good, disable the user, or end the access at the provider.",
        )


def _who(people: list[str]) -> str:
    return listed(people) if len(people) <= _FEW else count_words(len(people), "user", "users")
