"""PVE's API without its daemons: a Perl child that has PVE's own modules loaded (bridge.pl).

It is pvesh that stays open: about half a second to start, then less than a millisecond a
reading, and needs neither pveproxy nor pvedaemon. It asks as root@pam and as nobody else, runs
under `perl -T` as pvedaemon does (then PERL5LIB and PERL5OPT count for nothing, either), and
what it loads is found by Perl's own @INC. Secrets travel over a private pipe. The program text
reaches Perl from memory: the one that was installed with this very module.

One child serves all calls, one after another. It is killed for whatever is no answer (R3) and
for a call that takes too long; the next call starts another, at most three within a minute. A
new one also starts when dpkg changed any package: PVE's daemons are restarted then, too.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from pve_auth_tui.adapters.linechild import Broken, LineChild
from pve_auth_tui.adapters.rootfs import PMXCFS
from pve_auth_tui.core.apipath import unquoted
from pve_auth_tui.core.errors import ApiError, Refused, Unreachable, UsageError
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.ports import Param, param_text
from pve_auth_tui.core.secret import Secret

PERL: Final = "/usr/bin/perl"
PACKAGES: Final = Path("/var/lib/dpkg/status")
METHODS: Final = frozenset({"GET", "POST", "PUT", "DELETE"})
_START: Final = 10.0  # seconds
_STARTS: Final = 3
_WITHIN: Final = 60.0  # seconds

_LOOK: Final = "It may have been carried out all the same: look before you do it again."
_ROOT: Final = "Run it as root on the node."

# What Perl says when it cannot start, and the same in the user's words.
_KNOWN: Final = (
    (
        "Can't locate PVE/",
        "PVE's own modules are not installed here.",
        "They belong to pve-manager and libpve-access-control. Is this a Proxmox VE node?",
    ),
    (
        "Unable to load access control list",
        "pmxcfs does not answer, so PVE's modules cannot read their configuration.",
        PMXCFS,
    ),
    ("ipcc_send_rec", "pmxcfs does not answer PVE's modules.", PMXCFS),
    ("please run as root", "PVE's own modules answer only to root.", _ROOT),
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the child has loaded.

    `whole`: all of PVE's API; if not, only what is below /access, and `missing` is Perl's
    reason. `release`: as `pveversion` says, or empty. `taint`: Perl's -T is on.
    """

    whole: bool
    missing: str
    release: str
    perl: str
    taint: bool
    json: str


class Bridge:
    """An Api. Thread-safe; the child starts with the first call, or with `start`.

    `host`: what WebAuthn's origin is made of when none is configured: `pve1.example.com:8006`.
    `include`: a folder with other modules than PVE's; `command`: another child, which takes
    the same lines. `watched`: the file that changes with a package.
    """

    way: Final = "direct"
    user: Final = "root@pam"

    def __init__(
        self,
        host: str = "",
        *,
        include: Path | None = None,
        command: Sequence[str] = (),
        watched: Path = PACKAGES,
        start_seconds: float = _START,
        euid: Callable[[], int] = os.geteuid,
    ) -> None:
        self._host = host
        self._command = command
        self._include = include
        self._watched = watched
        self._start_seconds = start_seconds
        self._euid = euid
        self._lock = threading.Lock()
        self._child: LineChild | None = None
        self._loaded: Loaded | None = None
        self._stamp: object = None
        self._starts: deque[float] = deque(maxlen=_STARTS)
        self._trouble: Unreachable | None = None
        self._said = ""
        self._closed = False

    @property
    def said(self) -> str:
        """The last that PVE's modules printed: a log, and untrusted text."""
        child = self._child
        return child.said if child else self._said

    def start(self) -> Loaded:
        """What is loaded, by a child that answers; raises Unreachable as `call` does."""
        self._enter(self._start_seconds)
        try:
            self._running()
            if self._loaded is None:  # never: a running child has said it
                raise Unreachable("PVE's own modules did not start.")
            return self._loaded
        finally:
            self._lock.release()

    def again(self) -> None:
        """Somebody asked to try it anew: forget that it ended too often."""
        with self._lock:
            self._starts.clear()

    def call(
        self,
        method: str,
        path: Sequence[str],
        params: Mapping[str, Param] | None = None,
        secrets: Mapping[str, Secret] | None = None,
        *,
        seconds: float = 30.0,
    ) -> Any:
        """One call, as `core.ports.Api` says.

        Values are sent as HTTP would: as text, a boolean as `1` or `0`. Refused is raised for
        what belongs to another node.
        """
        if method not in METHODS:
            raise UsageError(f"{method} is no method of PVE's API.")
        values = {name: param_text(value) for name, value in (params or {}).items()}
        values |= {name: secret.reveal() for name, secret in (secrets or {}).items()}
        if not all(is_text(text) for text in (*path, *values, *values.values(), self._host)):
            raise UsageError("A value is not text (half a character), so nothing was sent.")
        question = {"op": "call", "method": method, "path": unquoted(path), "params": values}
        return self._ask(question | {"host": self._host}, method != "GET", seconds)

    def mint(self) -> tuple[Secret, Secret]:
        """A ticket of root@pam and its CSRF token, valid for two hours (reference 9.4).

        Keep them in memory only: whoever has them is root in the cluster (R18).
        """
        found = self._ask({"op": "mint"}, False, self._start_seconds)
        match found:
            case {"ticket": str(ticket), "csrf": str(csrf)} if ticket and csrf:
                return Secret(ticket), Secret(csrf)
        raise Unreachable("PVE's own modules made no ticket.")

    def log_message(self, text: str, *, seconds: float = 5.0) -> None:
        """One line into the cluster's log, as `core.ports.ClusterLog` says (PVE::Cluster::log_msg).

        Whether pmxcfs took it is not told: PVE's modules only complain to syslog.
        """
        self._ask({"op": "log", "text": plain(text)}, True, seconds)

    def close(self) -> None:
        """Kill the child, whatever it does; a call under way raises Unreachable."""
        self._closed = True
        child = self._child
        if child:
            child.kill()
        with self._lock:
            self._end()

    def _ask(self, question: Mapping[str, Any], writes: bool, seconds: float) -> Any:
        self._enter(seconds)
        try:
            try:
                answer = self._running().ask(question, seconds)
            except Broken as broken:
                if broken.sent or self._closed:
                    raise
                self._end()  # it ended just now, before it had read the question
                answer = self._running().ask(question, seconds)
        except Broken as broken:
            self._end()
            unsure = broken.sent and writes
            raise Unreachable(
                f"PVE's own modules gave no answer: {broken.why}.",
                _LOOK if unsure else PMXCFS,
                self._said,
                unsure=unsure,
            ) from None
        finally:
            self._lock.release()
        return self._data(answer)

    def _data(self, answer: Mapping[str, Any]) -> Any:
        if "data" in answer:
            return answer["data"]
        if "refused" in answer:
            raise Refused(
                "PVE's own modules were not asked: " + str(answer["refused"]) + ".",
                "Another node is reached over HTTPS, or from a shell there.",
            )
        if "unready" in answer:
            raise not_ready(str(answer["unready"]), self.said)
        raise as_api_error(answer)

    def _enter(self, seconds: float) -> None:
        if not self._lock.acquire(timeout=seconds):
            raise Unreachable("PVE's own modules are busy with another call.", "Try again later.")

    def _running(self) -> LineChild:
        """A child that is of the packages installed now and has nothing to say."""
        if self._closed:
            raise Unreachable("The way to PVE's own modules is closed.")
        if self._euid() != 0:
            raise Unreachable("PVE's own modules answer only to root.", _ROOT)
        if self._child and self._stamp != self._packages():
            self._end()
            self._starts.clear()
        if self._child and not self._child.quiet():
            self._end()
        return self._child or self._started()

    def _started(self) -> LineChild:
        now = time.monotonic()
        if len(self._starts) == _STARTS and now - self._starts[0] < _WITHIN and self._trouble:
            raise _copy(self._trouble)
        self._starts.append(now)
        self._stamp = self._packages()
        self._trouble = Unreachable(
            f"PVE's own modules ended {_STARTS} times within a minute.", "Try again in a minute."
        )
        try:
            child = self._child = self._new_child()
            answer = child.ask({"op": "hello"}, self._start_seconds)
        except OSError as error:
            self._trouble = Unreachable("Perl cannot be started.", _ROOT, str(error))
            raise _copy(self._trouble) from None
        except Broken as broken:
            self._end()
            self._trouble = not_ready(f"{broken.why}\n", self._said)
            raise _copy(self._trouble) from None
        if not isinstance(answer.get("data"), dict):
            self._end()
            self._trouble = not_ready(str(answer.get("unready", answer)), self._said)
            raise _copy(self._trouble)
        self._loaded = _loaded(answer["data"])
        return child

    def _new_child(self) -> LineChild:
        if self._command:
            return LineChild(self._command)
        include = [f"-I{self._include.absolute()}"] if self._include else []
        program = files("pve_auth_tui.adapters").joinpath("bridge.pl").read_bytes()
        return LineChild([PERL, "-T", *include, "-"], program)

    def _packages(self) -> object:
        try:
            found = os.stat(self._watched)
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _end(self) -> None:
        child, self._child = self._child, None
        if child:
            child.end()
            self._said = child.said


def is_text(value: str) -> bool:
    """Whether it can be sent as UTF-8: no lone surrogates."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def as_api_error(answer: Mapping[str, Any]) -> ApiError:
    """PVE's own exception, its texts untouched; its code may be text, or none (then 500)."""
    try:
        code = int(answer.get("code", 500))
    except (OverflowError, TypeError, ValueError):
        code = 500
    errors = answer.get("errors") or {}
    return ApiError(
        code,
        str(answer.get("message", "")),
        {str(name): str(text) for name, text in errors.items()} if isinstance(errors, dict) else {},
    )


def _copy(trouble: Unreachable) -> Unreachable:
    """The same again: an exception that is raised twice collects tracebacks."""
    return Unreachable(str(trouble), trouble.hint, trouble.original)


def not_ready(reason: str, said: str) -> Unreachable:
    """Why PVE's modules do not start, from what Perl says; `said` is what it said before."""
    original = f"{said}{reason}"
    for text, message, hint in _KNOWN:
        if text in original:
            return Unreachable(message, hint, original)
    return Unreachable("PVE's own modules could not be started.", "", original)


def _loaded(data: Mapping[str, Any]) -> Loaded:
    return Loaded(
        whole=bool(data.get("whole")),
        missing=str(data.get("missing", "")),
        release=str(data.get("release", "")),
        perl=str(data.get("perl", "")),
        taint=bool(data.get("taint")),
        json=str(data.get("json", "")),
    )
