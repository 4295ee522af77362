"""What takes a change back when nobody keeps it (security.md R15): a timer of systemd's, which
outlives this program, or for the demo one inside it.

The unit holds a plan's id and nothing else: what is taken back stands in root's own folder, and
the program that does it is checked to be one that nobody but root can change.
"""

from __future__ import annotations

import os
import re
import stat
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from pve_auth_tui.adapters.host import run_command
from pve_auth_tui.core.errors import AuthTuiError, CommandFailed, Refused
from pve_auth_tui.core.plan import HostCommand

UNIT: Final = "pve-auth-tui-take-back-"
_SYSTEMD_RUN: Final = "/usr/bin/systemd-run"
_ID: Final = re.compile(r"[0-9a-z][0-9a-z-]{0,63}")
_RUNS: Final = Path("/run/systemd/system")  # sd_booted(3)
_SECONDS: Final = 15.0  # for a call of systemd's tools, and for a first start of our own
_UNIT_PROPERTIES: Final = (
    "WorkingDirectory=/",
    "UMask=0077",
    "LimitCORE=0",
    "StandardInput=null",
    "TimeoutStopSec=30",
    "RuntimeMaxSec=900",
)


def own_command() -> tuple[str, ...]:
    """How this very program is started again, from any folder: absolute paths, isolated (-I).

    The interpreter is not resolved: a virtual environment is one by the place of its link.
    """
    return (os.path.abspath(sys.executable), "-I", os.path.abspath(sys.argv[0]))


def changeable(command: Sequence[str]) -> str:
    """The first file or folder by which somebody but root could change what `command` runs;
    "" if there is none.

    That is the interpreter, the script, the folders that modules come from, and our own modules
    one by one; each as it is written and as it is meant (links), with every folder above it.
    """
    package = _existing(Path(__file__).parent.parent)
    libraries = (path for path in sys.path if path and os.path.exists(path))
    ways = {
        way(path)
        for path in (command[0], command[-1], package, *libraries)
        for way in (os.path.abspath, os.path.realpath)
    }
    above = {str(folder) for way in ways for folder in Path(way).parents}
    for path in (*sorted(above | ways), *_below(package)):
        if _others_may_change(path):
            return path
    return ""


def _existing(path: Path) -> str:
    """Itself, or the archive that it is in."""
    return next(str(one) for one in (path, *path.parents) if one.exists())


def _others_may_change(path: str) -> bool:
    try:
        state = os.lstat(path)
    except OSError:
        return True
    if stat.S_ISLNK(state.st_mode):
        return state.st_uid != 0
    return state.st_uid != 0 or bool(state.st_mode & (stat.S_IWGRP | stat.S_IWOTH))


def _below(folder: str) -> Iterator[str]:
    for where, folders, files in os.walk(folder):
        yield from (os.path.join(where, name) for name in (*folders, *files))


class SystemdTimers:
    """Transient timers of the system's own systemd: root only.

    `command` starts this program; `systemd_run` and `systemctl` are the tools' absolute paths.
    `changeable_by_others` tells what of the program is so, "" for nothing.
    """

    def __init__(
        self,
        command: Sequence[str] = (),
        *,
        systemd_run: str = _SYSTEMD_RUN,
        systemctl: str = "/usr/bin/systemctl",
        runs: Path = _RUNS,
        changeable_by_others: Callable[[Sequence[str]], str] = changeable,
    ) -> None:
        self._command = tuple(command) or own_command()
        self._systemd_run = systemd_run
        self._systemctl = systemctl
        self._runs = runs
        self._changeable = changeable_by_others
        self._problem: str | None = None

    def problem(self) -> str:
        """Why nothing could be taken back by itself here; looked at once."""
        if self._problem is None:
            self._problem = self._find_problem()
        return self._problem

    def arm(self, plan: str, seconds: float) -> None:
        """Raises Refused when there is no timer afterwards."""
        if problem := self.problem():
            raise Refused(problem)
        unit = _unit(plan)
        self._run(
            self._systemd_run,
            "--quiet",
            "--collect",
            f"--unit={unit}",
            "--description=pve-auth-tui takes a change back that nobody kept",
            f"--on-active={max(1, round(seconds))}",
            "--timer-property=AccuracySec=1s",
            *(f"--property={each}" for each in _UNIT_PROPERTIES),
            "--",
            *self._command,
            "take-back",
            plan,
        )

    def disarm(self, plan: str) -> None:
        """Raises Refused when the timer still runs afterwards; one that is gone is none."""
        timer = f"{_unit(plan)}.timer"
        try:
            self._run(self._systemctl, "--quiet", "--no-ask-password", "stop", timer)
        except Refused:  # also for a timer that is not there any more
            if self._is_active(timer):
                raise

    def _is_active(self, timer: str) -> bool:
        try:
            self._run(self._systemctl, "--quiet", "is-active", timer)
        except Refused:
            return False
        return True

    def _find_problem(self) -> str:
        if os.geteuid() != 0:
            return "Only root can have a change taken back by itself."
        if not self._runs.is_dir():
            return "systemd does not run here, so nothing could take the change back."
        if found := self._changeable(self._command):
            return f"Others than root can change {found}: nothing is run from there by itself."
        try:
            # In the unit's own way: what does not start now would not start then.
            run_command(HostCommand((*self._command, "--version"), seconds=_SECONDS))
        except CommandFailed as error:
            return f"This program does not start by its own path: {error}"
        return ""

    def _run(self, *argv: str) -> None:
        try:
            run_command(HostCommand(argv, seconds=_SECONDS))
        except CommandFailed as error:
            raise Refused(f"systemd does not take the timer: {error}", error.hint) from None


def wipe_later(path: Path, seconds: float) -> None:
    """Remove a file after that time even if this program is never started again; where systemd
    does not run, that is left to its next start.
    """
    if os.geteuid() != 0 or not _RUNS.is_dir():
        return
    unit = f"--unit=pve-auth-tui-wipe-{path.stem}"
    when = f"--on-active={max(1, round(seconds))}"
    remove = ("/usr/bin/rm", "-f", "--", str(path))
    with suppress(CommandFailed):
        argv = (_SYSTEMD_RUN, "--quiet", "--collect", unit, when, "--", *remove)
        run_command(HostCommand(argv, seconds=_SECONDS))


class ProcessTimers:
    """Timers inside this process, for the simulated node: they end with it.

    `take_back` is called with the plan's id, in a thread of its own; what it raises of our own
    errors is in the journal already.
    """

    def __init__(self, take_back: Callable[[str], object]) -> None:
        self._take_back = take_back
        self._lock = threading.Lock()
        self._running: dict[str, threading.Timer] = {}

    def problem(self) -> str:
        return ""

    def arm(self, plan: str, seconds: float) -> None:
        self.disarm(plan)
        timer = threading.Timer(max(0.0, seconds), self._fire, (plan,))
        timer.daemon = True
        with self._lock:
            self._running[plan] = timer
        timer.start()

    def disarm(self, plan: str) -> None:
        with self._lock:
            timer = self._running.pop(plan, None)
        if timer:
            timer.cancel()

    def close(self) -> None:
        """None of them fires any more."""
        for plan in list(self._running):
            self.disarm(plan)

    def _fire(self, plan: str) -> None:
        with self._lock:
            self._running.pop(plan, None)
        with suppress(AuthTuiError):
            self._take_back(plan)


class NoTimers:
    """Where nothing can be taken back by itself, and why."""

    def __init__(self, problem: str) -> None:
        self._problem = problem

    def problem(self) -> str:
        return self._problem

    def arm(self, plan: str, seconds: float) -> None:
        raise Refused(self._problem)

    def disarm(self, plan: str) -> None:
        """There is none."""


def _unit(plan: str) -> str:
    if not _ID.fullmatch(plan):
        raise Refused("That is no plan's id.")
    return f"{UNIT}{plan}"
