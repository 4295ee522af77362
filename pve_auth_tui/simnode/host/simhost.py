"""The simulated node's operating system behind `core.host.ports.Host`.

Nothing real is run, read or written. What is not known here is refused like a program that is not
there, so that no test is content with an answer that nobody gave.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final

from pve_auth_tui.core.errors import AuthTuiError, CommandFailed, Refused, ToolMissing, Unwritable
from pve_auth_tui.core.host.ports import Look, OnLine, Said
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.simnode.disk import Disk
from pve_auth_tui.simnode.faults import Faults
from pve_auth_tui.simnode.host.call import Call

if TYPE_CHECKING:
    from pve_auth_tui.simnode.host.machine import Machine
    from pve_auth_tui.simnode.host.tree import HostTree
    from pve_auth_tui.simnode.outside import Outside

_FOLDERS: Final = ("/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/")


class SimHost:
    """`outside` None: a node without any network. `sleep` waits where a tool would hang.

    What it is made of is loaded, and a fresh node's files are put on the disk, when it is first
    asked for anything.
    """

    def __init__(
        self,
        disk: Disk,
        faults: Faults,
        outside: Outside | None,
        now: Callable[[], float],
        sleep: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        self._disk = disk
        self._faults = faults
        self._outside = outside
        self._now = now
        self._sleep = sleep

    @cached_property
    def machine(self) -> Machine:
        """Everything that its tools share."""
        from pve_auth_tui.simnode.host.machine import Machine

        return Machine(self._disk, self._faults, self._outside, self._now, self._sleep)

    def ask(
        self,
        argv: Sequence[str],
        *,
        stdin: Secret | None = None,
        seconds: float = 15.0,
        on_line: OnLine = lambda line: None,
    ) -> Said:
        from pve_auth_tui.simnode.host.tools import TOOLS

        path, *args = argv or [""]
        name = path.rpartition("/")[2]
        if not path.startswith(_FOLDERS) or path not in {f"{place}{name}" for place in _FOLDERS}:
            raise CommandFailed(f"{name or path} has no absolute path, so it was not started.")
        tool = TOOLS.get(name)
        if tool is None or not self.machine.has(name):
            raise ToolMissing(
                f"{name} could not be started: No such file or directory.",
                "Is its package installed?",
            )
        typed = None if stdin is None else stdin.reveal()
        call = Call(name, args, typed, seconds, on_line)
        start = self.machine.now()
        try:
            tool(self.machine, call)
        except CommandFailed:
            raise
        except Unwritable as error:
            call.fail(f"{name}: {error}")
        except AuthTuiError as error:
            raise CommandFailed(str(error)) from error
        took = max(self.machine.now() - start, 0.0)
        return Said(name, call.code, tuple(call.output), tuple(call.errors), took)

    @cached_property
    def files(self) -> HostTree:
        from pve_auth_tui.simnode.host.tree import HostTree

        return HostTree(self.machine.files)

    def look(self, path: str) -> Look | None:
        return self.machine.files.look(path)

    def write(self, path: str, content: str | None, mode: int, expected: str) -> None:
        files = self.machine.files
        before = files.disk.read(path.strip("/"))
        found = "" if before is None else hashlib.sha256(before).hexdigest()
        if found != expected:
            raise Refused(f"{path} is not what was looked at any more, so it was left as it is.")
        if content is None:
            files.remove(path)
        else:
            files.write(path, content, mode)
