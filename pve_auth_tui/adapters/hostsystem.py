"""This node's own operating system: the real `core.host.ports.Host`.

Every command runs without a shell, by its absolute path, in an environment made anew (R1). What
it prints is untrusted; what was sent to it does not come back (R8).
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pve_auth_tui.adapters.bounded import BoundedTree
from pve_auth_tui.adapters.hostchild import Child, Stream, hidden_in
from pve_auth_tui.adapters.hostfiles import look_at, put
from pve_auth_tui.core.errors import CommandFailed, ToolMissing, Unreadable
from pve_auth_tui.core.host.ports import Look, OnLine, Said
from pve_auth_tui.core.host.settings import settings_for
from pve_auth_tui.core.ports import Tree
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.environment import child_environment

_PATIENCE: Final = 2.0  # seconds between "please end" and the end,
_WITH_DPKG: Final = 30.0  # and for what may be in the middle of a package
_FOR_ROOT: Final = 0o077
_FOR_ALL: Final = 0o022  # maintainer scripts and pam-auth-update make files that everybody reads


class SystemHost:
    """`root`: where its files lie; tests give a folder of their own. Safe from several threads."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._files: BoundedTree | None = None

    def ask(
        self,
        argv: Sequence[str],
        *,
        stdin: Secret | None = None,
        seconds: float = 15.0,
        on_line: OnLine = lambda line: None,
    ) -> Said:
        """Run it to its end, as the port says. After `seconds` it is ended with its whole group;
        what it had asked of a service (realmd) goes on there.
        """
        tool = os.path.basename(argv[0])
        if not os.path.isabs(argv[0]):
            raise CommandFailed(f"{tool} has no absolute path, so it was not started.")
        settings = settings_for(argv)
        value = None if stdin is None else stdin.reveal()
        begun = time.monotonic()
        try:
            child = Child(
                tuple(argv),
                {**child_environment(), **settings},
                stdin=None if value is None else value.encode(),
                patience=_WITH_DPKG if settings else _PATIENCE,
                umask=_FOR_ALL if settings else _FOR_ROOT,
            )
        except FileNotFoundError:
            raise ToolMissing(f"{argv[0]} is not there.", "Is its package installed?") from None
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "its words cannot be passed on"
            raise CommandFailed(f"{tool} could not be started: {why}.") from None
        hidden = hidden_in(value or "")
        out, err = Stream(on_line, hidden), Stream(on_line, hidden)
        try:
            code = child.follow(out, err, seconds)
        finally:
            child.end()
        return Said(tool, code, out.end(), err.end(), time.monotonic() - begun)

    @property
    def files(self) -> Tree:
        """Read by a child; after one that hung there is a new one."""
        with self._lock:
            if self._files is None or self._files.has_given_up:
                self._files = BoundedTree(self._root, "files")
            return self._files

    def look(self, path: str) -> Look | None:
        """What lies at an absolute path; None for nothing. Raises Unreadable."""
        try:
            return look_at(self._root, path)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "that is no path"
            raise Unreadable(f"{path}: {why}.", "", str(error)) from error

    def write(self, path: str, content: str | None, mode: int, expected: str) -> None:
        """Put it in its place, or remove it, as the port says."""
        put(self._root, path, content, mode, expected)
