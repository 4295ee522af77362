"""The simulated node's configuration: files as PVE reads and writes them, changed under its locks.

A change is one transaction: it is made on the parsed objects and written at the end, through
core's own writers; after an error nothing has changed. This is also the one place for locks,
quorum and a full disk. Texts: PVE::Cluster::cfs_lock, PVE::File of PVE 9, recorded answers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock, RLock
from typing import Any, Final, Generic, TypeVar

from pve_auth_tui.core.accessdata import UserConfig
from pve_auth_tui.core.datacenter import parse_datacenter, write_datacenter
from pve_auth_tui.core.domains import Domains, parse_domains, write_domains
from pve_auth_tui.core.errors import ApiError, AuthTuiError
from pve_auth_tui.core.jobs import parse_jobs, write_jobs
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.sectionconfig import WriteRefused
from pve_auth_tui.core.shadow import ShadowFile, parse_shadow, write_shadow
from pve_auth_tui.core.snapshot import Datacenter, Jobs
from pve_auth_tui.core.tfaconfig import TfaConfig, parse_tfa, write_tfa
from pve_auth_tui.core.tokensecrets import (
    TokenSecretsFile,
    parse_token_secrets,
    write_token_secrets,
)
from pve_auth_tui.core.userconfig import parse_user_config, write_user_config
from pve_auth_tui.simnode.disk import Disk
from pve_auth_tui.simnode.faults import Faults
from pve_auth_tui.simnode.sources import Sources

_PVE: Final = "etc/pve"
_DIED: Final = 500  # a plain text, as opposed to an exception that has a code
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class _File(Generic[T]):
    """One of PVE's files; as an attribute it is what the file says."""

    name: str
    parse: Callable[[bytes], T]
    write: Callable[[T], bytes]

    def __get__(self, holder: _Files, kind: object) -> T:
        return holder.value(self)

    def __set__(self, holder: _Files, value: T) -> None:
        holder.assign(self, value)

    @property
    def path(self) -> str:
        """Where it lies."""
        return f"{_PVE}/{self.name}"


class _Files(ABC):
    """The files that have parsers of their own."""

    __slots__ = ()

    access = _File[UserConfig]("user.cfg", parse_user_config, write_user_config)
    realms = _File[Domains]("domains.cfg", parse_domains, write_domains)
    tfa = _File[TfaConfig]("priv/tfa.cfg", parse_tfa, write_tfa)
    datacenter = _File[Datacenter]("datacenter.cfg", parse_datacenter, write_datacenter)
    jobs = _File[Jobs]("jobs.cfg", parse_jobs, write_jobs)
    shadow = _File[ShadowFile]("priv/shadow.cfg", parse_shadow, write_shadow)
    token_secrets = _File[TokenSecretsFile](
        "priv/token.cfg", parse_token_secrets, write_token_secrets
    )

    @abstractmethod
    def value(self, file: _File[T]) -> T:
        """What a file says."""

    @abstractmethod
    def assign(self, file: _File[T], value: T) -> None:
        """What it shall say."""


class Change(_Files):
    """What is being changed; an attribute that is assigned is written at the end."""

    __slots__ = ("_state", "_values")  # a file's name that is mistyped is an error

    def __init__(self, state: State, outer: Change | None) -> None:
        self._state = state
        self._values: dict[_File[Any], Any] = outer._values if outer else {}

    def value(self, file: _File[T]) -> T:
        """What was assigned; until then what the file says."""
        if file not in self._values:
            return self._state.value(file)
        assigned: T = self._values[file]
        return assigned

    def assign(self, file: _File[T], value: T) -> None:
        """Remember it, to be written at the end."""
        self._values[file] = value

    def save(self) -> None:
        """Write now what was assigned, as PVE does in some places; a later error leaves it so."""
        self._state.write(self.written)
        self._values.clear()

    @property
    def written(self) -> dict[str, bytes]:
        """Path -> bytes of all that was assigned. Raises ApiError where PVE would not write it."""
        try:
            return {file.path: file.write(value) for file, value in self._values.items()}
        except WriteRefused as error:
            raise ApiError(500, error.original) from error


class State(_Files):
    """Parsed files, read anew whenever their bytes have changed. Who reads waits for no change."""

    def __init__(self, disk: Disk, sources: Sources, faults: Faults) -> None:
        self.disk = disk
        self._sources = sources
        self._faults = faults
        self._parsed: dict[_File[Any], tuple[bytes, Any]] = {}
        self._parsing = Lock()
        self._changing = RLock()
        self._open: list[Change] = []

    def value(self, file: _File[T]) -> T:
        """As the file is now."""
        data = self.disk.read(file.path) or b""
        with self._parsing:
            known = self._parsed.get(file)
            if known is None or known[0] != data:
                known = self._parsed[file] = (data, file.parse(data))
        value: T = known[1]
        return value

    def assign(self, file: _File[T], value: T) -> None:
        """Never: files are changed within `change`."""
        raise AttributeError(f"{file.name} is changed within a change")

    def realm_password(self, realm: str) -> Secret | None:
        """A directory's bind password (priv/realm/REALM.pw, or where PVE 6 kept it)."""
        for folder in ("realm", "ldap"):
            data = self.disk.read(f"{_PVE}/priv/{folder}/{realm}.pw")
            if data is not None:
                return Secret(data.decode(errors="replace").partition("\n")[0])
        return None

    @contextmanager
    def change(self, lock: str, prefix: str = "") -> Iterator[Change]:
        """A transaction under PVE's lock `file-LOCK`: `user_cfg`, `priv_tfa_cfg`, ...

        Nested ones see what the outer one has assigned and are written with it. Every error
        within gets `prefix` in front, as text, as PVE does: then it is a 500.
        """
        try:
            self._require(f"file-{lock}")
            with self._changing:
                outer = self._open[-1] if self._open else None
                change = Change(self, outer)
                self._open.append(change)
                try:
                    yield change
                    if outer is None:
                        self.write(change.written)
                finally:
                    self._open.pop()
        except ApiError as error:
            if not prefix:
                raise
            raise ApiError(500, f"{prefix}{as_text(error)}") from error
        except AuthTuiError as error:
            raise ApiError(500, f"{prefix}{error.original or error}\n") from error

    def put(self, path: str, data: bytes | None) -> None:
        """Write (or with None remove) a file that has no parser of its own: `priv/realm/x.pw`."""
        if data is None:
            self.disk.remove(f"{_PVE}/{path}")
        else:
            self.write({f"{_PVE}/{path}": data})

    def _require(self, lock: str) -> None:
        if not self._faults.writable:
            self._sources.sleep(self._faults.lock_wait)
            raise ApiError(500, f"cfs-lock '{lock}' error: no quorum!\n")
        if lock in self._faults.held_locks:
            self._sources.sleep(self._faults.lock_wait)
            raise ApiError(500, f"cfs-lock '{lock}' error: got lock request timeout\n")

    def write(self, files: Mapping[str, bytes]) -> None:
        """Path -> bytes, all of them or none; a change does that itself."""
        for path in files:
            new = f"/{path}.tmp.{self._sources.pid}"
            if not self._faults.writable:
                raise ApiError(500, f"unable to open file '{new}' - Permission denied\n")
            if self._faults.disk_full:
                raise ApiError(500, f"unable to write '{new}' - No space left on device\n")
        for path, data in files.items():
            self.disk.write(path, data)


def as_text(error: ApiError) -> str:
    """An exception as PVE writes it into another's text: code, message, parameters."""
    if error.code == _DIED:
        return error.original
    lines = "".join(f"{name}: {problem}\n" for name, problem in error.errors.items())
    return f"{error.code} {error.original}{lines}"
