"""A node's config.db while no pmxcfs runs, for tests: made, held, looked at, and killed over."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from pve_auth_tui.adapters.database import DatabaseTree
from pve_auth_tui.adapters.dbexchange import DatabaseEdits
from pve_auth_tui.core.plan import DatabaseEdit
from pve_auth_tui.core.secret import Secret
from tests.adapters.conftest import DATABASE

NOW = 1_800_000_000.5
NEW = "user:root@pam:1:0::::::\ncaf\xe9\n"
USER_CFG = "/etc/pve/user.cfg"


class StoppedNode:
    """Below `root`. `proc` shows the processes that a test names, and is real otherwise."""

    def __init__(self, base: Path) -> None:
        self.root = base / "root"
        self.folder = self.root / "var/lib/pve-cluster"
        self.folder.mkdir(parents=True)
        self.database = self.folder / "config.db"
        self.proc = base / "proc"
        self.proc.mkdir()
        (self.proc / "self").symlink_to("/proc/self")
        shutil.copyfile(DATABASE, self.database)
        self.database.chmod(0o600)
        # It was recorded on a node with a corosync.conf, and datacenter.cfg was put in later.
        self.sql("DELETE FROM tree WHERE name = 'corosync.conf'")
        self.sql("UPDATE tree SET version = 6959 WHERE inode = 0")

    def sql(self, *statements: str) -> list[Any]:
        """Run by somebody who closes the database properly; the last one's rows."""
        with closing(sqlite3.connect(self.database, isolation_level=None)) as connection:
            for statement in statements:
                rows = connection.execute(statement).fetchall()
            return rows

    def left_by_a_killed_pmxcfs(self, *statements: str) -> None:
        """The statements stand in the -wal alone, with a -shm beside it."""
        child = os.fork()
        if not child:
            connection = sqlite3.connect(self.database, isolation_level=None)
            for statement in ("PRAGMA journal_mode = WAL", *statements):
                connection.execute(statement).fetchall()
            os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(child, 0)
        assert Path(f"{self.database}-wal").stat().st_size > 0

    def content(self, path: str = USER_CFG) -> bytes:
        """As our own reader finds it, log included."""
        return DatabaseTree(self.root).read(path.strip("/"))

    def step(self, path: str = USER_CFG, content: str = NEW, **others: str) -> DatabaseEdit:
        """As a plan has it, made when the database was looked at."""
        expected = others.get("expected")
        if expected is None:
            expected = hashlib.sha256(self.content(path)).hexdigest()
        database = others.get("database", str(self.database))
        return DatabaseEdit(path, Secret(content), expected, database)

    def edits(self, owner: int | None = None) -> DatabaseEdits:
        return DatabaseEdits(os.geteuid() if owner is None else owner, lambda: NOW, self.proc)

    def edit(self, *args: str, **others: str) -> None:
        self.edits().edit(self.step(*args, **others))

    def files(self) -> Mapping[str, bytes]:
        """Every file in the folder and below it, pmxcfs's lock left out."""
        found = sorted(path for path in self.folder.rglob("*") if path.is_file())
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in found
            if path.name != ".pmxcfs.lockfile"
        }

    def rows(self) -> Mapping[int, Any]:
        """Inode -> row, as SQLite itself reads a copy of the folder."""
        with self._copy() as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            return {row[0]: row[1:] for row in connection.execute("SELECT * FROM tree")}

    def journal_mode(self) -> str:
        """What the file itself says."""
        with self._copy() as connection:
            return connection.execute("PRAGMA journal_mode").fetchone()[0]

    @contextmanager
    def _copy(self) -> Iterator[sqlite3.Connection]:
        copy = self.root.parent / "copy"
        shutil.copytree(self.folder, copy)
        try:
            with closing(sqlite3.connect(copy / "config.db")) as connection:
                yield connection
        finally:
            shutil.rmtree(copy)

    @contextmanager
    def another_process(self, do: Callable[[], object]) -> Iterator[int]:
        """Within: a process that has done something and stays. It shows itself in `proc`."""
        ready, say_ready = os.pipe()
        child = os.fork()
        if not child:
            kept = do()
            os.write(say_ready, b"." if kept is not None else b"?")
            signal.pause()
        os.read(ready, 1)
        (self.proc / str(child)).symlink_to(f"/proc/{child}")
        try:
            yield child
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            (self.proc / str(child)).unlink()
            os.close(ready)
            os.close(say_ready)

    def killed_at(self, number: int, step: DatabaseEdit) -> bool:
        """Edit in a child that is killed before its nth call that may change a folder, or open a
        file. Whether it was; False: it came to its end.
        """
        child = os.fork()
        if not child:
            left = [number]

            def count(event: str, _: Any) -> None:
                if event in {"open", "os.mkdir", "os.rename", "os.remove", "os.chmod", "os.chown"}:
                    left[0] -= 1
                    if not left[0]:
                        os.kill(os.getpid(), signal.SIGKILL)

            sys.addaudithook(count)
            try:
                self.edits().edit(step)
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        return os.WIFSIGNALED(status)
