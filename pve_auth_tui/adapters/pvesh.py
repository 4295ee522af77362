"""PVE's API through its own program, `pvesh`: for where the bridge cannot start or load a path.

proxmoxer's `local` backend runs pvesh and puts together what it is told. How the program is run
is ours (R1, R2), for proxmoxer takes `pvesh` from the PATH with the whole environment and the
terminal as STDIN, leaves it running after a time-out, splits paths at `#` and `?`, and takes
whatever was printed to STDERR for an error, and no exit code. So a `_Program` of ours stands
in its session: it gets the finished command line, runs it, and raises PVE's error itself. What
goes back into proxmoxer is only ever the answer of a program that ended well.

A command line is readable by everybody on the machine (/proc/PID/cmdline), hence no secrets
here. Half a second a call, so it is never the first choice.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from pve_auth_tui.adapters.bridge import METHODS, is_text, not_ready
from pve_auth_tui.core.apipath import unquoted
from pve_auth_tui.core.errors import ApiError, AuthTuiError, Refused, Unreachable, UsageError
from pve_auth_tui.core.ports import Param, param_text
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.environment import child_environment

PVESH: Final = ("/usr/bin/pvesh",)
_PATIENCE: Final = 0.2  # seconds for a killed program to be gone
_UMASK: Final = 0o022  # as for the bridge: PVE's web server reads what is made

_CLOSED: Final = "The way through pvesh is closed."
_LOOK: Final = "It may have been carried out all the same: look before you do it again."
_DOWN: Final = re.compile(
    r"Can't locate PVE/|ipcc_send_rec|Unable to load access control list|please run as root"
)
_NOT_THERE: Final = re.compile(r"no '\w+' handler", re.IGNORECASE)
_WITH_CODE: Final = re.compile(r"^([45][0-9]{2}) (.*)", re.MULTILINE)
_PROBLEM: Final = re.compile(r"([A-Za-z][\w.-]*): (.*)", re.DOTALL)
_BAD_PARAMETERS: Final = "Parameter verification failed."
_UNKNOWN: Final = re.compile(r"^Unknown option: (\S+)$", re.MULTILINE)
_NO_ERROR: Final = re.compile(r"trying to acquire |WARN: ")

# Children that not even SIGKILL could end, kept so that nobody waits for them.
_left_behind: list[subprocess.Popen[bytes]] = []


class Pvesh:
    """An Api. Thread-safe: every call is a program of its own. `command` is what runs pvesh."""

    way: Final = "pvesh"
    user: Final = "root@pam"

    def __init__(
        self, *, command: Sequence[str] = PVESH, euid: Callable[[], int] = os.geteuid
    ) -> None:
        self._command = command
        self._euid = euid
        self._running = _Running()

    def call(
        self,
        method: str,
        path: Sequence[str],
        params: Mapping[str, Param] | None = None,
        secrets: Mapping[str, Secret] | None = None,
        *,
        seconds: float = 30.0,
    ) -> Any:
        """One call, as `core.ports.Api` says; Refused with secrets.

        Most errors have code 500: pvesh prints no other than those of 400 to 599 that PVE's
        text begins with.
        """
        if method not in METHODS:
            raise UsageError(f"{method} is no method of PVE's API.")
        if secrets:
            raise Refused(
                "pvesh would show a secret to everybody on this machine, so it was not asked.",
                "It needs PVE's own modules, or HTTPS.",
            )
        place = unquoted(path)
        values = {name: param_text(value) for name, value in (params or {}).items()}
        if not all(
            is_text(text) and "\0" not in text for text in (place, *values, *values.values())
        ):
            raise UsageError("A value is not text, so nothing was sent.")
        if self._running.closed:
            raise Unreachable(_CLOSED)
        if self._euid() != 0:
            raise Unreachable("pvesh answers only to root.", "Run it as root on the node.")
        program = _Program(self._command, self._running, seconds, writes=method != "GET")
        found = _asked(program, method, _not_an_upload(place), values)
        return None if found == {"errors": ""} else found  # proxmoxer's way to say null

    def close(self) -> None:
        """Kill what runs; calls under way and calls after this raise Unreachable."""
        self._running.close()


class _Running:
    """The programs that run now, in whichever thread."""

    def __init__(self) -> None:
        self._processes: set[subprocess.Popen[bytes]] = set()
        self.closed = False

    @contextlib.contextmanager
    def noted(self, process: subprocess.Popen[bytes]) -> Iterator[None]:
        """Within: `close` kills it."""
        self._processes.add(process)
        try:
            if self.closed:  # just now, and perhaps before this one was there to be killed
                _kill(process)
            yield
        finally:
            self._processes.discard(process)

    def close(self) -> None:
        """Kill them all, and each that is started later."""
        self.closed = True
        for process in list(self._processes):
            _kill(process)


class _Program:
    """pvesh, run in our way; it takes the place of `LocalSession._exec`."""

    def __init__(
        self, command: Sequence[str], running: _Running, seconds: float, *, writes: bool
    ) -> None:
        self._command = command
        self._running = running
        self._seconds = seconds
        self._writes = writes

    def __call__(self, cmd: list[str]) -> tuple[str, str, int]:
        """(the answer's line of JSON or nothing, no errors, 0); raises what went wrong."""
        out, said, code = self._run([*self._command, *cmd[1:]])
        if code != 0 and self._running.closed:
            raise Unreachable(_CLOSED, _LOOK if self._writes else "", said, unsure=self._writes)
        if code != 0:
            raise _error(said)
        answer = out.rstrip("\n").rpartition("\n")[2]  # a worker's lines stand before it
        if _is_json(answer):
            return answer, "", 0
        if out.strip() and not self._writes:
            raise Unreachable("pvesh answered something that is no answer.", "", out + said)
        return "", "", 0

    def _run(self, command: list[str]) -> tuple[str, str, int]:
        try:
            process = subprocess.Popen(  # noqa: S603 (a list of ours, no shell)
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                # PVE reads its arguments in the locale's character set; in C it has but ASCII.
                env=child_environment() | {"LC_ALL": "C.UTF-8"},
                cwd="/",
                umask=_UMASK,
                start_new_session=True,
            )
        except OSError as error:
            raise Unreachable(
                "pvesh cannot be started.",
                "It belongs to pve-manager. Is this a Proxmox VE node?",
                str(error),
            ) from None
        try:
            with self._running.noted(process):
                out, said = process.communicate(timeout=self._seconds)
        except subprocess.TimeoutExpired:
            _end(process)
            raise Unreachable(
                f"pvesh did not answer within {round(self._seconds, 1):g} seconds.",
                _LOOK if self._writes else "",
                unsure=self._writes,
            ) from None
        return out.decode("utf-8", "replace"), said.decode("utf-8", "replace"), process.returncode


def _asked(program: _Program, method: str, place: str, values: dict[str, str]) -> Any:
    """Through proxmoxer, with a path that it joins no parts of."""
    try:
        from proxmoxer.backends.local import Backend  # type: ignore[import-untyped]
        from proxmoxer.core import ProxmoxResource  # type: ignore[import-untyped]
    except ImportError as error:
        raise Unreachable(
            "The way through pvesh needs the package proxmoxer, which is not here.",
            "Install the program anew.",
            str(error),
        ) from None
    backend = Backend()
    session = backend.get_session()
    session._exec = program
    resource = ProxmoxResource(base_url=place, session=session, serializer=backend.get_serializer())
    kind = "params" if method in {"GET", "DELETE"} else "data"
    return resource._request(method, **{kind: values})


def _not_an_upload(place: str) -> str:
    """proxmoxer takes what ends in `upload` for a file to send; PVE overlooks a last `/`."""
    return f"{place}/" if place.endswith("upload") else place


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _kill(process: subprocess.Popen[bytes]) -> None:
    """With all that it started; from any thread."""
    with contextlib.suppress(ProcessLookupError):
        if process.returncode is None:  # not waited for: the number is still its own
            os.killpg(process.pid, signal.SIGKILL)


def _end(process: subprocess.Popen[bytes]) -> None:
    _kill(process)
    for pipe in (process.stdout, process.stderr):
        if pipe:
            pipe.close()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:  # it sleeps in the kernel: a dead mount
        _left_behind.append(process)


def _error(said: str) -> AuthTuiError:
    """What pvesh printed to STDERR before it gave up (recorded in golden/api/17-cli.json)."""
    if _DOWN.search(said):
        return not_ready(said, "")
    if _NOT_THERE.search(said):
        return ApiError(501, said)
    if found := _WITH_CODE.search(said):
        problems = dict.fromkeys(_UNKNOWN.findall(said), "unknown option")
        if found[2] == _BAD_PARAMETERS:
            problems |= _problems(said[found.end() :])
        return ApiError(int(found[1]), f"{found[2]}\n", problems)
    lines = said.splitlines(keepends=True)
    return ApiError(500, "".join(line for line in lines if not _NO_ERROR.match(line)) or said)


def _problems(rest: str) -> dict[str, str]:
    """`userid: invalid format - ...` a line, or more when the text has some; then a usage."""
    block = rest.lstrip("\n").partition("\n\n")[0]
    found: dict[str, str] = {}
    name = ""
    for line in block.splitlines():
        if problem := _PROBLEM.fullmatch(line):
            name = problem[1]
            found[name] = problem[2]
        elif name:
            found[name] += f"\n{line}"
    return found
