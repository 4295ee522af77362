"""The simulated node's configuration: files as PVE reads and writes them, changed under its locks.

A change is one transaction: it is made on the parsed objects and written at the end, through
core's own writers; after an error nothing has changed. This is also the one place for locks,
quorum and a full disk. Texts: PVE::Cluster::cfs_lock, PVE::File of PVE 9, recorded answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import RLock
from typing import Any, Final

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
_FILES: Final[dict[str, tuple[str, Callable[[bytes], Any], Callable[[Any], bytes]]]] = {
    "access": ("user.cfg", parse_user_config, write_user_config),
    "realms": ("domains.cfg", parse_domains, write_domains),
    "tfa": ("priv/tfa.cfg", parse_tfa, write_tfa),
    "datacenter": ("datacenter.cfg", parse_datacenter, write_datacenter),
    "jobs": ("jobs.cfg", parse_jobs, write_jobs),
    "shadow": ("priv/shadow.cfg", parse_shadow, write_shadow),
    "token_secrets": ("priv/token.cfg", parse_token_secrets, write_token_secrets),
}


class Change:
    """What is being changed; an attribute that is assigned is written at the end."""

    access: UserConfig
    realms: Domains
    tfa: TfaConfig
    datacenter: Datacenter
    jobs: Jobs
    shadow: ShadowFile
    token_secrets: TokenSecretsFile

    def __init__(self, state: State) -> None:
        self.__dict__.update(_state=state, _values={})

    def __getattr__(self, name: str) -> Any:
        values = self.__dict__["_values"]
        return values[name] if name in values else getattr(self.__dict__["_state"], name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _FILES:
            raise AttributeError(name)
        self.__dict__["_values"][name] = value

    def save(self) -> None:
        """Write now what was assigned, as PVE does in some places; a later error leaves it so."""
        self.__dict__["_state"].write(self.written)
        self.__dict__["_values"].clear()

    @property
    def written(self) -> dict[str, bytes]:
        """Path -> bytes of all that was assigned. Raises ApiError where PVE would not write it."""
        found = {}
        for name, value in self.__dict__["_values"].items():
            file, _, write = _FILES[name]
            try:
                found[f"{_PVE}/{file}"] = write(value)
            except WriteRefused as error:
                raise ApiError(500, error.original) from error
        return found


class State:
    """Parsed files, read anew whenever their bytes have changed."""

    def __init__(self, disk: Disk, sources: Sources, faults: Faults) -> None:
        self.disk = disk
        self._sources = sources
        self._faults = faults
        self._parsed: dict[str, tuple[bytes, Any]] = {}
        self._lock = RLock()
        self._open: list[Change] = []

    @property
    def access(self) -> UserConfig:
        return self._value("access")  # type: ignore[no-any-return]

    @property
    def realms(self) -> Domains:
        return self._value("realms")  # type: ignore[no-any-return]

    @property
    def tfa(self) -> TfaConfig:
        return self._value("tfa")  # type: ignore[no-any-return]

    @property
    def datacenter(self) -> Datacenter:
        return self._value("datacenter")  # type: ignore[no-any-return]

    @property
    def jobs(self) -> Jobs:
        return self._value("jobs")  # type: ignore[no-any-return]

    @property
    def shadow(self) -> ShadowFile:
        return self._value("shadow")  # type: ignore[no-any-return]

    @property
    def token_secrets(self) -> TokenSecretsFile:
        return self._value("token_secrets")  # type: ignore[no-any-return]

    def realm_password(self, realm: str) -> Secret | None:
        """A directory's bind password (priv/realm/REALM.pw, or where PVE 6 kept it)."""
        for folder in ("realm", "ldap"):
            data = self.disk.read(f"{_PVE}/priv/{folder}/{realm}.pw")
            if data is not None:
                return Secret(data.decode(errors="replace").partition("\n")[0])
        return None

    def _value(self, name: str) -> Any:
        file, parse, _ = _FILES[name]
        data = self.disk.read(f"{_PVE}/{file}") or b""
        with self._lock:
            known = self._parsed.get(name)
            if known is None or known[0] != data:
                known = self._parsed[name] = (data, parse(data))
        return known[1]

    @contextmanager
    def change(self, lock: str, prefix: str = "") -> Iterator[Change]:
        """A transaction under PVE's lock `file-LOCK`: `user_cfg`, `priv_tfa_cfg`, ...

        Nested ones see what the outer one has assigned and are written with it. Every error
        within gets `prefix` in front, as text, as PVE does: then it is a 500.
        """
        try:
            self._require(f"file-{lock}")
            with self._lock:
                outer = self._open[-1] if self._open else None
                change = Change(self)
                if outer:
                    change.__dict__["_values"] = outer.__dict__["_values"]
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
        if not self._faults.quorate:
            self._sources.sleep(self._faults.lock_wait)
            raise ApiError(500, f"cfs-lock '{lock}' error: no quorum!\n")
        if lock in self._faults.held_locks:
            self._sources.sleep(self._faults.lock_wait)
            raise ApiError(500, f"cfs-lock '{lock}' error: got lock request timeout\n")

    def write(self, files: Mapping[str, bytes]) -> None:
        """Path -> bytes, all of them or none; a change does that itself."""
        for path in files:
            new = f"/{path}.tmp.{self._sources.pid}"
            if not self._faults.quorate:
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
