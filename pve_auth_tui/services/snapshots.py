"""The whole picture of a cluster's access, read from PVE's files."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Final, TypeVar

from pve_auth_tui.core import versions
from pve_auth_tui.core.accessdata import UserConfig
from pve_auth_tui.core.cluster import parse_job_state
from pve_auth_tui.core.datacenter import parse_datacenter
from pve_auth_tui.core.domains import Domains, parse_domains
from pve_auth_tui.core.jobs import parse_jobs
from pve_auth_tui.core.ports import Clock, Tree
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.shadow import parse_shadow
from pve_auth_tui.core.snapshot import (
    Cluster,
    Datacenter,
    Jobs,
    Part,
    Passwords,
    Snapshot,
    TokenSecrets,
)
from pve_auth_tui.core.tfaconfig import TfaConfig, parse_tfa
from pve_auth_tui.core.tokensecrets import parse_token_secrets
from pve_auth_tui.core.userconfig import parse_user_config
from pve_auth_tui.services.picture import Found, Picture
from pve_auth_tui.services.surroundings import read_cluster, read_inventory

T = TypeVar("T")

# PVE's parser says "ignore" of these and keeps them all the same (reference 3.2).
_KEPT: Final = tuple(
    f"user config - ignore invalid {what} " for what in ("acl member", "acl group", "group member")
)
_VMS: Final = re.compile(r"/vms/([1-9][0-9]{2,8})")


class SnapshotService:
    """Reads everything anew at each `load`; blocking, and safe from several threads at once.

    `demo` marks the picture as that of a simulated cluster. `again` opens the tree for the
    second and every later picture, so that a mount that has died or come back is noticed.
    """

    def __init__(
        self,
        tree: Tree,
        clock: Clock,
        *,
        demo: bool = False,
        again: Callable[[], Tree] | None = None,
    ) -> None:
        self._tree = tree
        self._clock = clock
        self._demo = demo
        self._again = again
        self._is_new = True

    def load(self) -> Snapshot:
        """The picture; a part that cannot be read says why.

        A file that is not there means what it means to PVE: nothing configured, and without
        user.cfg only root@pam. Raises Unreadable only when `again` finds no tree at all.
        """
        if self._again and not self._is_new:
            self._tree = self._again()
        self._is_new = False
        with _collector_at_rest():
            return self._loaded(Picture(self._tree, self._clock), self._clock.now())

    def _loaded(self, picture: Picture, taken_at: float) -> Snapshot:
        cluster = picture.part(lambda: read_cluster(picture))
        access = picture.part(lambda: _access(picture, cluster))
        mentioned = _mentioned(access.value)
        return Snapshot(
            taken_at=taken_at,
            source=self._tree.source,
            access=access,
            realms=picture.part(lambda: _realms(picture)),
            tfa=picture.part(lambda: _tfa(picture, taken_at)),
            datacenter=picture.part(lambda: _datacenter(picture)),
            jobs=picture.part(lambda: _jobs(picture)),
            passwords=picture.part(lambda: _passwords(picture)),
            token_secrets=picture.part(lambda: _token_secrets(picture)),
            cluster=cluster,
            inventory=picture.part(lambda: read_inventory(picture, mentioned)),
            demo=self._demo,
        )


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """While 100,000 objects come into being that stay, looking through them for garbage costs
    a fifth of the time (measured) and finds none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _access(picture: Picture, cluster: Part[Cluster]) -> Found[UserConfig]:
    release = cluster.value.access_control if cluster.value else ""
    data = picture.optional("etc/pve/user.cfg")
    config = parse_user_config(data, release=release or versions.NEWEST)
    dropped = [text for text in config.warnings if not text.startswith(_KEPT)]
    return _found(config, "user.cfg", dropped)


def _realms(picture: Picture) -> Found[Domains]:
    domains = parse_domains(picture.optional("etc/pve/domains.cfg"))
    return _found(domains, "domains.cfg", domains.warnings)


def _tfa(picture: Picture, now: float) -> Found[TfaConfig]:
    """Raises TfaUnreadable for a file with which nobody can log in."""
    config = parse_tfa(picture.optional("etc/pve/priv/tfa.cfg"), now=now)
    return _found(config, "priv/tfa.cfg", config.warnings)


def _datacenter(picture: Picture) -> Found[Datacenter]:
    datacenter = parse_datacenter(picture.optional("etc/pve/datacenter.cfg"))
    return _found(datacenter, "datacenter.cfg", datacenter.warnings)


def _jobs(picture: Picture) -> Found[Jobs]:
    jobs = parse_jobs(picture.optional("etc/pve/jobs.cfg"))
    paths = {job: f"etc/pve/priv/jobs/realm-sync-{job}.json" for job in jobs.sync}
    states = picture.read_many(list(paths.values()))
    sync = {}
    for name, job in jobs.sync.items():
        run, error = parse_job_state(states.get(paths[name], b""))
        sync[name] = replace(job, last_run=run, last_result=error)
    return _found(replace(jobs, sync=sync), "jobs.cfg", jobs.warnings)


def _passwords(picture: Picture) -> Found[Passwords]:
    shadow = parse_shadow(picture.optional("etc/pve/priv/shadow.cfg"))
    usable = frozenset(name for name, value in shadow.hashes.items() if not _locked(value))
    return _found(Passwords(usable), "priv/shadow.cfg", shadow.warnings)


def _token_secrets(picture: Picture) -> Found[TokenSecrets]:
    file = parse_token_secrets(picture.optional("etc/pve/priv/token.cfg"))
    return _found(TokenSecrets(frozenset(file.secrets)), "priv/token.cfg", file.warnings)


def _locked(value: Secret) -> bool:
    """No password gives a hash that begins like this (crypt(5))."""
    return value.reveal().startswith(("!", "*"))


def _mentioned(config: UserConfig | None) -> frozenset[int]:
    """The VMIDs that ACL entries and pools speak of."""
    if config is None:
        return frozenset()
    paths = {entry.path for entry in config.acl}
    in_acl = {int(match[1]) for path in paths if (match := _VMS.fullmatch(path))}
    in_pools = {vmid for pool in config.pools.values() for vmid in pool.vms}
    return frozenset(in_acl | in_pools)


def _found(value: T, file: str, ignored: Sequence[str]) -> Found[T]:
    """A value, told with the number of things that PVE ignores in its file."""
    if not ignored:
        return Found(value)
    things, them = (f"{len(ignored)} things", "them") if len(ignored) > 1 else ("1 thing", "it")
    return Found(
        value, f"PVE ignores {things} in {file} and drops {them} at the next change there."
    )
