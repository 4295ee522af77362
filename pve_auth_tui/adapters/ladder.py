"""The ways to PVE's API, best first: which apply, which one answers, why the better ones do not.

Users read `direct`, `https`, `pvesh`; the ways behind them (files, config.db) are `source`'s.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol, runtime_checkable

from pve_auth_tui.core.apitrouble import explained
from pve_auth_tui.core.cluster import full_name, node_name
from pve_auth_tui.core.errors import ApiError, AuthTuiError, LoginRefused, Refused, Unreachable
from pve_auth_tui.core.node import DIRECT, HTTPS, PVESH, Tried
from pve_auth_tui.core.ports import Api, ClusterLog, Param
from pve_auth_tui.core.secret import Secret

PROBE_SECONDS: Final = 10.0
_PORT: Final = 8006  # pveproxy's
_MOST_HOSTS: Final = 64 * 1024  # bytes
_NOT_LOADED: Final = 501  # of a path that PVE, or what of it could be loaded, does not have
_NAMES: Final = {"bridge": DIRECT, "https": HTTPS, "pvesh": PVESH}
_PROBE: Final = ("access",)  # everybody may see it, and every way has it


class Way(NamedTuple):
    """A way to the API. `name` is in the user's words; `open` may raise any AuthTuiError."""

    name: str
    open: Callable[[], Api]


@runtime_checkable
class Restarting(Protocol):
    """An Api that has given up starting what it needs, until somebody asks."""

    def again(self) -> None:
        """Try to start it anew with the next call."""


def own_address() -> str:
    """`pve1.example.com:8006`: how browsers know this node. PVE takes WebAuthn's origin from it
    and, where none is configured, refuses every new second factor without it (reference 8.4).
    """
    try:
        with open("/etc/hosts", "rb") as hosts:
            known = hosts.read(_MOST_HOSTS)
    except OSError:
        known = b""
    return f"{full_name(node_name(socket.gethostname()), known)}:{_PORT}"


def api_ways(rung: str = "auto", *, https: Callable[[], Api] | None = None) -> tuple[Way, ...]:
    """The ways to this node's own API that `--rung` asks for, best first.

    `https` opens a connection and logs in, once. It would need a password that nobody gave, so
    it is no way of `auto`.
    """

    def bridge() -> Api:
        from pve_auth_tui.adapters.bridge import Bridge

        return Bridge(host=own_address())

    def pvesh() -> Api:
        from pve_auth_tui.adapters.pvesh import Pvesh

        return Pvesh()

    known: Mapping[str, Callable[[], Api] | None] = {
        "bridge": bridge,
        "https": https,
        "pvesh": pvesh,
    }
    wanted = ("bridge", "pvesh") if rung == "auto" else (rung,)
    return tuple(Way(_NAMES[name], opened) for name in wanted if (opened := known.get(name)))


class LadderApi:
    """An Api over the best of several ways that answers. Thread-safe.

    A call that only reads may go one way further down when its own has died; nothing that
    writes is ever repeated. What has died is tried anew by `again` alone, and a login that was
    refused not even then (R23).
    """

    def __init__(self, ways: Sequence[Way]) -> None:
        self._ways = tuple(ways)
        self._lock = threading.RLock()
        self._opened: dict[int, Api] = {}
        self._tried: dict[int, Tried] = {}
        self._refused: set[int] = set()
        self._at: int | None = None
        self._closed = False

    @property
    def way(self) -> str:
        """The way in use; "" while there is none."""
        at = self._at
        return "" if at is None else self._ways[at].name

    @property
    def user(self) -> str:
        """Who asks; "" while nobody does."""
        api = self._opened.get(-1 if self._at is None else self._at)
        return api.user if api else ""

    @property
    def simulated(self) -> bool:
        """Whether the node says that it is no real one."""
        api = self._opened.get(-1 if self._at is None else self._at)
        return bool(getattr(api, "simulated", False))

    @property
    def tried(self) -> tuple[Tried, ...]:
        """The ways that do not work and why, best first."""
        return tuple(self._tried[number] for number in sorted(self._tried))

    def again(self) -> bool:
        """Look for the best way anew; whether there is one."""
        with self._lock:
            if self._closed:
                return False
            self._at = None
            self._tried = {k: why for k, why in self._tried.items() if k in self._refused}
            for api in self._opened.values():
                if isinstance(api, Restarting):
                    api.again()
            return self._down_from(0)

    def call(
        self,
        method: str,
        path: Sequence[str],
        params: Mapping[str, Param] | None = None,
        secrets: Mapping[str, Secret] | None = None,
        *,
        seconds: float = 30.0,
    ) -> Any:
        """One call, as the port says. Raises Unreachable when no way is left."""
        at, api = self._best()
        try:
            return api.call(method, path, params, secrets, seconds=seconds)
        except ApiError as error:
            carrier = self._carrier(at) if error.code == _NOT_LOADED and not secrets else None
            if carrier is None:
                raise
            return carrier.call(method, path, params, seconds=seconds)
        except Unreachable as error:
            if method != "GET" or error.unsure or not self._step_down(at, error):
                raise
            return self._best()[1].call(method, path, params, secrets, seconds=seconds)

    def log_message(self, text: str, *, seconds: float = 5.0) -> None:
        """One line into the cluster's log, over the way in use, if that is one that can."""
        _, api = self._best()
        if not isinstance(api, ClusterLog):
            raise Refused(f"PVE's own modules write it, and the way in use is {self.way}.")
        api.log_message(text, seconds=seconds)

    def close(self) -> None:
        """Close every way, at once: a call or a look for a way that is under way is given up."""
        self._closed = True
        for api in list(self._opened.values()):  # before the lock: who holds it waits for these
            api.close()
        with self._lock:
            self._at = None
            for number in list(self._opened):
                self._shut(number)

    # --- climbing ------------------------------------------------------------------------

    def _best(self) -> tuple[int, Api]:
        with self._lock:
            if self._closed:
                raise Unreachable("The ways to PVE's API are closed.")
            if self._at is None and not self._tried:
                self.again()
            if self._at is None:
                raise self._nobody()
            return self._at, self._opened[self._at]

    def _nobody(self) -> Unreachable:
        if not self._tried:
            return Unreachable("There is no way to PVE's API from here.")
        best = self.tried[0]
        return Unreachable(best.reason, best.hint, best.original)

    def _down_from(self, start: int) -> bool:
        for number in range(start, len(self._ways)):
            if self._closed:
                return False
            if number not in self._refused and self._works(number):
                self._at = number
                return True
        return False

    def _works(self, number: int) -> bool:
        """A bridge whose child has ended meanwhile says so once, then starts another."""
        had_child = number in self._opened and self._ways[number].name == DIRECT
        for last in (False, True) if had_child else (True,):
            try:
                self._open(number).call("GET", _PROBE, seconds=PROBE_SECONDS)
            except AuthTuiError as error:
                if last or not isinstance(error, Unreachable):
                    self._give_up(number, error)
                    return False
            else:
                break
        self._tried.pop(number, None)
        return True

    def _open(self, number: int) -> Api:
        if number not in self._opened:
            self._opened[number] = self._ways[number].open()
        if self._closed:  # just now, and perhaps before this one was there to be closed
            self._opened[number].close()
        return self._opened[number]

    def _give_up(self, number: int, error: AuthTuiError) -> None:
        """It stays open: a bridge starts another child by itself, https keeps its ticket."""
        self._tried[number] = _tried(self._ways[number].name, error)
        if isinstance(error, LoginRefused):
            self._refused.add(number)
            self._shut(number)

    def _shut(self, number: int) -> None:
        api = self._opened.pop(number, None)
        if api is not None:
            api.close()

    def _step_down(self, at: int, error: Unreachable) -> bool:
        """Whether there is now another way than the one that just did not answer.

        One that still answers something is only slow for that one call: it stays.
        """
        with self._lock:
            if self._at != at:
                return self._at is not None  # another thread has seen it die before
            try:
                self._opened[at].call("GET", _PROBE, seconds=PROBE_SECONDS)
            except AuthTuiError:
                self._give_up(at, error)
            else:
                return False
            self._at = None
            return self._down_from(at + 1)

    def _carrier(self, at: int) -> Api | None:
        """pvesh, for what PVE's own modules could not load; None where there is none."""
        if self._ways[at].name != DIRECT:
            return None
        with self._lock:
            for number, way in enumerate(self._ways):
                if way.name == PVESH and number > at and number not in self._refused:
                    try:
                        return self._open(number)
                    except AuthTuiError as error:
                        self._give_up(number, error)
        return None


def _tried(way: str, error: AuthTuiError) -> Tried:
    if isinstance(error, ApiError):
        error = explained(error)
    return Tried(way, str(error), error.hint, error.original)
