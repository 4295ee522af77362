"""What a flow left behind, and where: everything in which a secret could have got away.

`watching` notes it while the flow runs: children, files, log lines, exceptions, and what the
objects of a change say of themselves.
"""

from __future__ import annotations

import logging
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.secret import Secret
from tests.canary.canaries import Canaries, drawn_in
from tests.canary.trouble import Mistake

PLACES: Final = (
    "argv", "environment", "file", "removed file", "mode of a file", "file elsewhere",
    "syslog", "cluster log", "stdout", "stderr", "log", "address", "exception", "repr",
    "screen", "scrollback", "terminal", "clipboard",
)  # fmt: skip
"""Where there is something to look at; a meta-test puts a canary into each."""
_WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_OSC_52: Final = "OSC 52"
_CLIPBOARD: Final = {_OSC_52: "clipboard"}
_NO_CODES: Final = frozenset({"scrollback", "file"})
_BETWEEN: Final = b"\n\x1f\n"  # so that nothing is found across two pieces
_MOST: Final = 4 * 1024 * 1024  # bytes of a file


class Leak(NamedTuple):
    """A canary where it must not be."""

    place: str
    where: str
    what: str


@dataclass
class Evidence:
    """Pieces by place, each with where exactly it was found."""

    canaries: Canaries
    pieces: list[tuple[str, str, bytes]] = field(default_factory=list)
    wrong: list[Leak] = field(default_factory=list)
    _known: set[tuple[str, str, bytes]] = field(default_factory=set)

    def add(self, place: str, where: str, data: object) -> None:
        """Something to be looked through."""
        assert place in PLACES
        raw = data if isinstance(data, bytes) else str(data).encode("utf-8", "surrogatepass")
        if (piece := (place, where, raw)) not in self._known:
            self._known.add(piece)
            self.pieces.append(piece)

    def blame(self, place: str, where: str, what: str) -> None:
        """Something that is wrong whatever is in it."""
        assert place in PLACES
        self.wrong.append(Leak(place, where, what))

    def texts(self, place: str) -> list[str]:
        """What there is of a place: a flow that left nothing there has shown nothing."""
        return [raw.decode("utf-8", "replace") for where, _, raw in self.pieces if where == place]

    def leaks(self, may: Mapping[str, Iterable[str]] | None = None) -> list[Leak]:
        """What must not be; `may` names the canaries that are meant to be somewhere: by the place
        (`stdout`), or by place and a part of where exactly (`file:/keys/`).
        """
        found = list(self.wrong)
        alike: dict[tuple[str, frozenset[str]], list[tuple[str, bytes]]] = {}
        for place, where, raw in self.pieces:
            allowed = frozenset(_allowed(may or {}, place, where))
            alike.setdefault((place, allowed), []).append((where, raw))
        for (place, allowed), pieces in alike.items():
            whole = _BETWEEN.join(raw for _, raw in pieces)
            if self._wrong_in(place, whole, allowed):  # which one: that is asked one by one
                for where, raw in pieces:
                    names = self._wrong_in(place, raw, allowed)
                    found += [Leak(_CLIPBOARD.get(n, place), where, n) for n in names]
        return sorted(set(found))

    def _wrong_in(self, place: str, raw: bytes, allowed: Iterable[str]) -> list[str]:
        found = self.canaries.found_in(raw, allowed)
        if b"\x1b]52;" in raw:
            found.append(_OSC_52)
        if place in _NO_CODES and drawn_in(raw):
            found.append("a QR code")
        return found


def require_none(leaks: Iterable[Leak]) -> None:
    """Tell each on a line of its own."""
    lines = [f"{place} ({where}): {what}" for place, where, what in leaks]
    assert not lines, "\n".join(["secrets got away:", *lines])


def _allowed(may: Mapping[str, Iterable[str]], place: str, where: str) -> set[str]:
    found: set[str] = set()
    for key, names in may.items():
        wanted, _, part = key.partition(":")
        if wanted == place and part in where:
            found.update(names)
    return found


@contextmanager
def watching(
    evidence: Evidence, patch: pytest.MonkeyPatch, *, ours: Iterable[Path], not_ours: Iterable[Path]
) -> Iterator[Evidence]:
    """Within: everything is noted. `ours`: the folders that the program may write to, which are
    looked through at the end; `not_ours`: those of the simulated node, whose secrets are its own.
    """
    folders = Folders(tuple(ours), tuple(not_ours))
    _note_children(evidence, patch)
    _note_objects(evidence, patch)
    handler = _Noted(evidence)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    _audited.append((evidence, folders, threading.get_ident()))
    try:
        yield evidence
    finally:
        _audited.pop()
        root.setLevel(level)
        root.removeHandler(handler)
        evidence.add("environment", "our own", dict(os.environ))
        look_through(evidence, folders.ours)


# --- files -------------------------------------------------------------------------------------


class Folders(NamedTuple):
    """Where the program may write, and where the simulated node lives."""

    ours: tuple[Path, ...]
    not_ours: tuple[Path, ...]

    def are_of(self, path: str, which: Iterable[Path]) -> bool:
        """Whether a path is in one of them."""
        return any(Path(os.path.abspath(path)).is_relative_to(folder) for folder in which)


def look_through(evidence: Evidence, folders: Iterable[Path]) -> None:
    """Every file there: its name, its bytes, and whether others could read it."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            state = path.lstat()
            evidence.add("file", str(path), path.name)
            if stat.S_IMODE(state.st_mode) & 0o077 and not stat.S_ISLNK(state.st_mode):
                evidence.blame("mode of a file", str(path), oct(stat.S_IMODE(state.st_mode)))
            if stat.S_ISREG(state.st_mode):
                evidence.add("file", str(path), path.read_bytes())


_audited: list[tuple[Evidence, Folders, int]] = []
_busy = threading.local()


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    """Python tells of everything that opens, removes or starts something (PEP 578)."""
    if not _audited or event not in _HEARD or getattr(_busy, "now", False):
        return
    _busy.now = True
    try:
        evidence, folders, _ = _audited[-1]
        _HEARD[event](evidence, folders, *arguments)
    finally:
        _busy.now = False


def _opened(evidence: Evidence, folders: Folders, path: Any, mode: Any, flags: Any) -> None:
    if not isinstance(path, (str, bytes, os.PathLike)) or not isinstance(flags, int):
        return
    name = os.fsdecode(path)
    if not flags & _WRITES or name.startswith("/dev/"):
        return
    evidence.add("file", "the name of one that is opened", name)
    known = (*folders.ours, *folders.not_ours)
    if os.path.isabs(name) and not folders.are_of(name, known) and "__pycache__" not in name:
        evidence.blame("file elsewhere", name, "opened for writing")


def _goes(
    evidence: Evidence, folders: Folders, path: Any, *where: Any, place: str = "removed file"
) -> None:
    """What is about to be removed or moved away; nobody could look at it afterwards."""
    name = os.fsdecode(path)
    handle = where[-1] if where else -1
    if isinstance(handle, int) and handle >= 0:
        with suppress(OSError):
            name = os.path.join(os.readlink(f"/proc/self/fd/{handle}"), name)
    if folders.are_of(name, folders.not_ours):
        return
    with suppress(OSError), open(name, "rb") as file:
        evidence.add(place, name, file.read(_MOST))
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & 0o077:
            evidence.blame("mode of a file", name, oct(mode))


def _moves(evidence: Evidence, folders: Folders, source: Any, target: Any, *where: Any) -> None:
    _goes(evidence, folders, source, *where[:1])
    _goes(evidence, folders, target, *where[1:])


# --- children ----------------------------------------------------------------------------------


def _started(evidence: Evidence, folders: Folders, *what: Any) -> None:
    """Of Popen: program, arguments, folder, environment; of posix_spawn and exec: without the
    folder; of system: the line.
    """
    evidence.add("argv", "a child, as it was asked for", repr(what[:2]))
    evidence.add("environment", "a child, as it was asked for", repr(what[2:]))


def _connected(evidence: Evidence, folders: Folders, socket: Any, address: Any) -> None:
    evidence.add("address", "connected to", repr(address))


def _put(evidence: Evidence, folders: Folders, name: Any, value: Any) -> None:
    evidence.add("environment", "put into our own", f"{name!r} {value!r}")


_HEARD: Final[Mapping[str, Callable[..., None]]] = {
    "open": _opened,
    "os.remove": _goes,
    "os.rename": _moves,
    "subprocess.Popen": _started,
    "os.posix_spawn": _started,
    "os.exec": _started,
    "os.spawn": _started,
    "os.system": _started,
    "os.putenv": _put,
    "socket.connect": _connected,
}
sys.addaudithook(_hook)


def _note_children(evidence: Evidence, patch: pytest.MonkeyPatch) -> None:
    """What every user of the computer can read of a child that runs."""
    begin = subprocess.Popen.__init__

    def noted(self: Any, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **kwargs)
        with suppress(OSError):
            evidence.add(
                "argv", "/proc/PID/cmdline", Path(f"/proc/{self.pid}/cmdline").read_bytes()
            )
        with suppress(OSError):
            environ = Path(f"/proc/{self.pid}/environ").read_bytes()
            evidence.add("environment", "/proc/PID/environ", environ)

    patch.setattr(subprocess.Popen, "__init__", noted)


# --- what is said ------------------------------------------------------------------------------


class _Noted(logging.Handler):
    def __init__(self, evidence: Evidence) -> None:
        super().__init__(0)
        self._evidence = evidence

    def emit(self, record: logging.LogRecord) -> None:
        self._evidence.add("log", record.name, record.getMessage())
        if record.exc_info and record.exc_info[1]:
            note_exception(self._evidence, record.exc_info[1])


def note_exception(evidence: Evidence, error: BaseException) -> None:
    """All that it says and holds, with what led to it."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen or isinstance(one, Mistake):
            continue
        seen.add(id(one))
        name = type(one).__name__
        evidence.add("exception", name, f"{one} {one!r} {one.args!r} {_told(vars(one))}")
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions
        waiting += [one.__cause__, one.__context__]


def _told(held: Mapping[str, Any]) -> str:
    """What an exception carries; the errors of requests carry what was sent."""
    texts = []
    for value in held.values():
        texts += [repr(value), repr(getattr(value, "body", "")), repr(getattr(value, "url", ""))]
    return " ".join(texts)


def _note_objects(evidence: Evidence, patch: pytest.MonkeyPatch) -> None:
    """Our own exceptions and Secrets, wherever they are made; plans and their reports."""
    born = AuthTuiError.__init__

    def noted(self: AuthTuiError, *args: Any, **kwargs: Any) -> None:
        born(self, *args, **kwargs)
        if not _is_meant():
            evidence.add("exception", type(self).__name__, f"{self} {self.hint} {self.original}")

    patch.setattr(AuthTuiError, "__init__", noted)
    made = Secret.__init__

    def taken(self: Secret, value: str) -> None:
        made(self, value)
        evidence.canaries.take(value)

    patch.setattr(Secret, "__init__", taken)
    from pve_auth_tui.services.plans import PlanService

    for name in ("review", "apply", "take_back", "history", "undo", "keep"):
        patch.setattr(PlanService, name, _said_of(evidence, getattr(PlanService, name)))


def _is_meant() -> bool:
    """Whether an exception is a test's own, with a secret in it on purpose."""
    frame = sys._getframe(2)
    while frame.f_back and frame.f_globals["__name__"] == AuthTuiError.__module__:
        frame = frame.f_back
    return frame.f_globals["__name__"] == Mistake.__module__


def _said_of(evidence: Evidence, method: Callable[..., Any]) -> Callable[..., Any]:
    def noted(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            answer = method(self, *args, **kwargs)
        except BaseException as error:
            note_exception(evidence, error)
            raise
        for said in (args, kwargs, answer):
            evidence.add("repr", method.__name__, f"{said!r} {said}")
        return answer

    return noted
