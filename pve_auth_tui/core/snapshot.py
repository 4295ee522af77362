"""An immutable picture of a cluster's access, each part with its source and time, or why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeVar

from pve_auth_tui.core.domains import Domains
from pve_auth_tui.core.health import Health
from pve_auth_tui.core.sectionconfig import Section
from pve_auth_tui.core.tfaconfig import TfaConfig
from pve_auth_tui.core.userconfig import UserConfig

if TYPE_CHECKING:
    from pve_auth_tui.core.proofs import Mark

T = TypeVar("T")


class Part(NamedTuple, Generic[T]):
    """One subject of the picture.

    `value` is what could be read, or None; then `problem` says why in one sentence and
    `hint` what to do. `problem` may also accompany a value ("3 lines were ignored").
    `original` is the text as the system or PVE gave it; `refused`: PVE itself cannot read it.
    `read_at` is seconds since 1970; `source` is in the user's words (`files`, `config.db`).
    """

    value: T | None
    source: str
    read_at: float
    problem: str = ""
    hint: str = ""
    original: str = ""
    refused: bool = False


class ClusterNode(NamedTuple):
    """`online` and `ip` are None where that cannot be known (config.db, another root)."""

    name: str
    online: bool | None = None
    ip: str | None = None


class Guest(NamedTuple):
    """A guest; `name` is empty where it was not read (`services.surroundings`)."""

    vmid: int
    name: str
    node: str
    type: str  # qemu or lxc


@dataclass(frozen=True)
class Cluster:
    """`name` is None for a node that is in no cluster; it always has quorum.

    `node` is the one whose files these are, "" when unknown; `nodes` are all of them.
    `quorate` is None where it cannot be known.
    `pve_release` is `9.2` or "" when unknown; `access_control` the exact version of
    libpve-access-control ("" when unknown). `locks`: files of PVE's that somebody holds locked
    at this moment, as PVE names the locks (`file-user_cfg`).
    """

    node: str
    name: str | None
    quorate: bool | None
    nodes: tuple[ClusterNode, ...] = ()
    pve_release: str = ""
    access_control: str = ""
    locks: tuple[str, ...] = ()

    @property
    def online(self) -> int:
        """How many nodes are known to be online."""
        return sum(1 for node in self.nodes if node.online)


class Inventory(NamedTuple):
    """What ACL paths can point at."""

    guests: Mapping[int, Guest] = MappingProxyType({})
    storages: tuple[str, ...] = ()


class Datacenter(NamedTuple):
    """datacenter.cfg: scalar options as text, property strings (`webauthn`, `u2f`, ...) as maps.

    `http_proxy` and a warning may hold a password: out of repr.
    """

    options: Mapping[str, str | Mapping[str, str]]
    notes: str = ""
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Datacenter({', '.join(self.options)})"


@dataclass(frozen=True)
class SyncJob:
    """A realm-sync job of jobs.cfg; `last_run` from priv/jobs/realm-sync-<id>.json, if readable."""

    id: str
    realm: str
    options: Mapping[str, str] = field(default_factory=dict)
    last_run: int | None = None
    last_result: str = ""


@dataclass(frozen=True)
class Jobs:
    """`sections`: everything in jobs.cfg in PVE's order, so that it can be written again."""

    sync: Mapping[str, SyncJob]
    warnings: tuple[str, ...] = field(default=(), repr=False)
    sections: tuple[Section, ...] = field(default=(), repr=False)


class Passwords(NamedTuple):
    """Which users of realm pve have a usable hash (priv/shadow.cfg). Never the hashes."""

    users: frozenset[str]


class UnixPasswords(NamedTuple):
    """Which Linux users of this node have a password that can be right (/etc/shadow).

    Names without a realm: those of realm pam. Locked and expired ones are left out, as of the
    time of reading (`core.unixshadow`). Never the hashes.
    """

    users: frozenset[str]


class TokenSecrets(NamedTuple):
    """Which full token ids have a secret (priv/token.cfg). Never the secrets."""

    tokens: frozenset[str]


UNTOLD: Final[Part[Any]] = Part(None, "", 0.0)
"""A subject that nobody was asked about."""


@dataclass(frozen=True)
class Snapshot:
    """The picture. `demo` is True for the simulated cluster: every UI says so.

    `restricted`: PVE showed whoever asked only a part of the users and ACL entries, so that
    nothing may be concluded from one that is not there. `health` is told by PVE's API alone:
    with files only it has neither value nor problem. `unix` is told by this node's files alone.
    `proofs`: what this program has seen of second factors, by (userid, entry id).
    """

    taken_at: float
    source: str
    access: Part[UserConfig]
    realms: Part[Domains]
    tfa: Part[TfaConfig]
    datacenter: Part[Datacenter]
    jobs: Part[Jobs]
    passwords: Part[Passwords]
    token_secrets: Part[TokenSecrets]
    cluster: Part[Cluster]
    inventory: Part[Inventory]
    health: Part[Health] = UNTOLD
    unix: Part[UnixPasswords] = UNTOLD
    demo: bool = False
    restricted: bool = False
    proofs: Mapping[tuple[str, str], Mark] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Never what is in it: a worker's description names every argument, each time it starts."""
        return f"Snapshot(taken_at={self.taken_at}, source={self.source!r})"

    @property
    def parts(self) -> Mapping[str, Part[Any]]:
        """Every part by its name, in this order."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: part for name, part in values.items() if isinstance(part, Part)}
