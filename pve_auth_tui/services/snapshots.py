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
    UnixPasswords,
)
from pve_auth_tui.core.tfaconfig import TfaConfig, parse_tfa
from pve_auth_tui.core.tokensecrets import parse_token_secrets
from pve_auth_tui.core.unixshadow import usable_names
from pve_auth_tui.core.userconfig import parse_user_config
from pve_auth_tui.services.reading import Found, Reading
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
            return self._loaded(Reading(self._tree, self._clock), self._clock.now())

    def _loaded(self, reading: Reading, taken_at: float) -> Snapshot:
        cluster = reading.part(lambda: read_cluster(reading))
        access = reading.part(lambda: _access(reading, cluster))
        mentioned = _mentioned(access.value)
        return Snapshot(
            taken_at=taken_at,
            source=self._tree.source,
            access=access,
            realms=reading.part(lambda: _realms(reading)),
            tfa=reading.part(lambda: _tfa(reading, taken_at)),
            datacenter=reading.part(lambda: _datacenter(reading)),
            jobs=reading.part(lambda: _jobs(reading)),
            passwords=reading.part(lambda: _passwords(reading)),
            token_secrets=reading.part(lambda: _token_secrets(reading)),
            cluster=cluster,
            inventory=reading.part(lambda: read_inventory(reading, mentioned)),
            unix=reading.part(lambda: _unix(reading, taken_at)),
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


def _access(reading: Reading, cluster: Part[Cluster]) -> Found[UserConfig]:
    release = cluster.value.access_control if cluster.value else ""
    data = reading.optional("etc/pve/user.cfg")
    config = parse_user_config(data, release=release or versions.NEWEST)
    dropped = [text for text in config.warnings if not text.startswith(_KEPT)]
    return _found(config, "user.cfg", dropped)


def _realms(reading: Reading) -> Found[Domains]:
    domains = parse_domains(reading.optional("etc/pve/domains.cfg"))
    return _found(domains, "domains.cfg", domains.warnings)


def _tfa(reading: Reading, now: float) -> Found[TfaConfig]:
    """Raises TfaUnreadable for a file with which nobody can log in."""
    config = parse_tfa(reading.optional("etc/pve/priv/tfa.cfg"), now=now)
    return _found(config, "priv/tfa.cfg", config.warnings)


def _datacenter(reading: Reading) -> Found[Datacenter]:
    datacenter = parse_datacenter(reading.optional("etc/pve/datacenter.cfg"))
    return _found(datacenter, "datacenter.cfg", datacenter.warnings)


def _jobs(reading: Reading) -> Found[Jobs]:
    jobs = parse_jobs(reading.optional("etc/pve/jobs.cfg"))
    paths = {job: f"etc/pve/priv/jobs/realm-sync-{job}.json" for job in jobs.sync}
    states = reading.read_many(list(paths.values()))
    sync = {}
    for name, job in jobs.sync.items():
        run, error = parse_job_state(states.get(paths[name], b""))
        sync[name] = replace(job, last_run=run, last_result=error)
    return _found(replace(jobs, sync=sync), "jobs.cfg", jobs.warnings)


def _passwords(reading: Reading) -> Found[Passwords]:
    shadow = parse_shadow(reading.optional("etc/pve/priv/shadow.cfg"))
    usable = frozenset(name for name, value in shadow.hashes.items() if not _locked(value))
    return _found(Passwords(usable), "priv/shadow.cfg", shadow.warnings)


def _token_secrets(reading: Reading) -> Found[TokenSecrets]:
    file = parse_token_secrets(reading.optional("etc/pve/priv/token.cfg"))
    return _found(TokenSecrets(frozenset(file.secrets)), "priv/token.cfg", file.warnings)


def _unix(reading: Reading, now: float) -> Found[UnixPasswords]:
    """Raises Unreadable where there is no /etc/shadow, too: then nothing is known of anybody."""
    return Found(UnixPasswords(usable_names(reading.read("etc/shadow"), now)))


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
