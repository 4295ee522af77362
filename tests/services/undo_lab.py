"""A simulated node on which something is changed and taken back, and what is really there then."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.objects import Key, differing, record
from pve_auth_tui.core.otpauth import Totp
from pve_auth_tui.core.plan import ApiCall, KeyCall
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.takeback import Changed, beyond_records, changed, material_of, way_back
from pve_auth_tui.core.tfaconfig import parse_tfa, write_tfa
from pve_auth_tui.core.undo import Applied, applied_of, undo_intent
from pve_auth_tui.core.userconfig import parse_user_config, write_user_config
from pve_auth_tui.core.webauthn import creation_of
from pve_auth_tui.services.snapshots import SnapshotService
from pve_auth_tui.simnode.demo import DEMO_NOW, demo_tree
from pve_auth_tui.simnode.direct import DirectApi
from pve_auth_tui.simnode.disk import MemoryDisk
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.sources import system_sources
from pve_auth_tui.simnode.tfa import totp
from tests.simnode import softkey

FILES = demo_tree().files


def small_files(userids: Collection[str]) -> dict[str, bytes]:
    """The demo cluster with just these users and root@pam: quicker, where many runs are made."""
    access = parse_user_config(FILES["etc/pve/user.cfg"])
    tfa = parse_tfa(FILES["etc/pve/priv/tfa.cfg"])
    users = {name: user for name, user in access.users.items() if name in {*userids, ROOT}}
    groups = {
        name: replace(group, members=tuple(who for who in group.members if who in users))
        for name, group in access.groups.items()
        if any(who in users for who in group.members)
    }
    names = {
        *users,
        *groups,
        *(f"{user.id}!{name}" for user in users.values() for name in user.tokens),
    }
    acl = tuple(entry for entry in access.acl if entry.subject in names)
    small = replace(access, users=users, groups=groups, acl=acl, groups_of={})
    factors = {name: user for name, user in tfa.users.items() if name in users}
    return {
        **FILES,
        "etc/pve/user.cfg": write_user_config(small),
        "etc/pve/priv/tfa.cfg": write_tfa(replace(tfa, users=factors)),
    }


class Clock:
    """Seconds since 1970, moved by hand."""

    def __init__(self, at: float) -> None:
        self.at = at

    def now(self) -> float:
        return self.at


@dataclass(frozen=True)
class Done:
    """A change that was made: pictures around it, what differs, what only undo may know."""

    before: Snapshot
    after: Snapshot
    touched: tuple[Key, ...]
    changes: tuple[Changed, ...]
    material: Mapping[str, Secret]
    beyond: tuple[str, ...]
    time: float

    def applied(self, title: str = "some change") -> Applied:
        return applied_of(
            "1", title, self.time, before=self.before, after=self.after, touched=self.touched
        )


def _answered(question: object) -> Mapping[str, Secret]:
    """What a security key in software says to PVE's question."""
    assert isinstance(question, dict)
    asked, key = creation_of(question["challenge"]), softkey.SoftKey()
    auth = hashlib.sha256(asked.rp_id.encode()).digest() + key.auth_data(attested=True)[32:]
    value = json.dumps(key.create(asked.challenge, auth=auth))
    return {"challenge": Secret(asked.challenge), "value": Secret(value)}


class Lab:
    """The demo node; its ids are counted, so that every run gives the same."""

    def __init__(self, files: Mapping[str, bytes] | None = None) -> None:
        self.clock = Clock(DEMO_NOW)
        chance = random.Random(4)  # noqa: S311 (no secret of anybody)
        sources = replace(
            system_sources(self.clock),
            uuid=lambda: f"{chance.getrandbits(32):08x}-1111-4222-8333-444444444444",
            random=chance.randbytes,
            recovery_secret=lambda: f"{chance.getrandbits(64):016x}",
        )
        self.disk = MemoryDisk(dict(files or FILES))
        self.node = SimNode(self.disk, sources)
        self.api = DirectApi(self.node, "pve1.example.com:8006")

    def picture(self) -> Snapshot:
        return SnapshotService(self.node.tree, self.clock, demo=True).load()

    def code(self, of: Totp) -> Secret:
        return Secret(totp.code(of, self.clock.at))

    def carry_out(self, steps: Iterable[ApiCall]) -> None:
        answer = None
        for step in steps:
            secrets = _answered(answer) if isinstance(step, KeyCall) else step.secrets
            answer = self.api.call(step.method, step.path, step.params, secrets)

    def change(self, steps: Sequence[ApiCall]) -> Done:
        before = self.picture()
        self.carry_out(steps)
        after = self.picture()
        touched = differing(before, after)
        changes = changed(before, after, touched)
        material = material_of(before, changes)
        return Done(
            before, after, touched, changes, material, beyond_records(steps, changes), self.clock.at
        )

    def way_back(self, done: Done, *, material: Mapping[str, Secret] | None = None):
        return way_back(
            done.changes,
            done.material if material is None else material,
            self.picture(),
            now=self.clock.at,
            code_of=self.code,
        )

    def undo(self, done: Done) -> tuple[str, ...]:
        """Take it back; what no call brings back."""
        way = self.way_back(done)
        self.carry_out(way.steps)
        return (*way.lost, *done.beyond)

    def draft(self, done: Done, **more):
        intent = undo_intent(
            done.applied(), done.material, now=self.clock.at, code_of=self.code, **more
        )
        return intent(self.picture())

    # --- what is really there ---

    def depths(self) -> dict[tuple[str, ...], str]:
        """What no record shows, hidden in a hash: passwords, secrets, and what factors are."""
        state = self.node.state
        found: dict[tuple[str, ...], str] = {}
        for name, value in state.shadow.hashes.items():
            found["password", f"{name}@pve"] = value.reveal()
        for name, value in state.token_secrets.secrets.items():
            if _has_token(state.access, name):  # PVE leaves those of removed users behind
                found["token", name] = value.reveal()
        for name, realm in state.realms.realms.items():
            for option in ("client-key", "tfa"):
                if option in realm.options:
                    found["realm", name, option] = realm.options[option]
            if password := state.realm_password(name):
                found["realm", name, "password"] = password.reveal()
        for userid, user in state.tfa.users.items():
            for entry in user.entries:
                data = entry.data
                if entry.type == "totp":
                    data = data if isinstance(data, str) else data["totp"]
                key = ("factor", userid, entry.type, entry.description)
                found[key] = json.dumps([entry.enable, data])
        return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in found.items()}


def _has_token(access, tokenid):
    userid, _, name = tokenid.rpartition("!")
    return userid in access.users and name in access.users[userid].tokens


def records_that_differ(before: Snapshot, now: Snapshot) -> dict[Key, tuple]:
    """Objects with their records, but for TOTP entries that are there under another id."""
    found = {key: (record(before, key), record(now, key)) for key in differing(before, now)}
    factors = [key for key in found if key.kind == "factor"]
    for old in factors:
        for new in factors:
            was, comes = found.get(old, (None,))[0], found.get(new, (None, None))[1]
            if old.name == new.name and was is not None and was == comes and was["type"] == "totp":
                found.pop(old)
                found.pop(new)
    return found
