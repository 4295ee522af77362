"""What the screens start from: the picture, and what is to be looked at in it."""

from __future__ import annotations

from concurrent.futures import Future
from threading import Thread
from typing import NamedTuple

from pve_auth_tui.core.overview import Overview, overview
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.services.snapshots import SnapshotService


class Outlook(NamedTuple):
    """What the screens get: a picture, and what Start says of it."""

    snapshot: Snapshot
    overview: Overview


class OutlookService:
    """Blocking, no Textual; the first one can be read ahead while the caller does other things."""

    def __init__(self, snapshots: SnapshotService) -> None:
        self._snapshots = snapshots
        self._ahead: Future[Outlook] | None = None

    def begin(self) -> None:
        """Start reading in a thread; the next `load` takes what it finds."""
        self._ahead = Future()
        # A daemon: the program can end while a dead mount keeps the thread waiting.
        Thread(target=self._read_ahead, args=(self._ahead,), daemon=True).start()

    @property
    def is_ready(self) -> bool:
        """Whether `load` returns at once, and without raising."""
        return self._ahead is not None and self._ahead.done() and self._ahead.exception() is None

    def load(self) -> Outlook:
        """Read everything anew. Raises what SnapshotService.load raises."""
        ahead, self._ahead = self._ahead, None
        return ahead.result() if ahead else self._read()

    def _read(self) -> Outlook:
        snapshot = self._snapshots.load()
        return Outlook(snapshot, overview(snapshot, snapshot.taken_at))

    def _read_ahead(self, ahead: Future[Outlook]) -> None:
        try:
            ahead.set_result(self._read())
        except BaseException as error:  # noqa: BLE001 (raised where the picture is asked for)
            ahead.set_exception(error)
