"""What the screens start from: the picture, what is to be looked at in it, and the node.

There are up to two of them: first what PVE's files say, within a tenth of a second, then what
PVE's API says beside them. Nothing that the second needs is imported before it is asked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from threading import Thread
from typing import Final, NamedTuple, Protocol

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.grants import Flags
from pve_auth_tui.core.node import Node, node_of
from pve_auth_tui.core.overview import Overview, overview
from pve_auth_tui.core.ports import Proofs
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.services.node import NodeService

_OFTEN: Final = 0.3  # seconds between pictures that are not whole yet
_SOON: Final = 5.0  # seconds for an answer that somebody waits for


class Outlook(NamedTuple):
    """What the screens get: a picture, what Start says of it, and what is possible now."""

    snapshot: Snapshot
    overview: Overview
    node: Node


class Pictures(Protocol):
    """SnapshotService; NodeService where there are no files."""

    def load(self) -> Snapshot:
        """Read everything anew. Raises Unreadable when there is nothing to read from."""


def with_proofs(snapshot: Snapshot, proofs: Proofs | None) -> tuple[Snapshot, Finding | None]:
    """The picture with what was seen of second factors, or without it and why."""
    try:
        marks = proofs.all() if proofs else {}
    except AuthTuiError as error:
        return snapshot, Finding("LOOK", str(error).rstrip("."), error.hint)
    return (replace(snapshot, proofs=marks) if marks else snapshot), None


class OutlookService:
    """Blocking, no Textual; the first one can be read ahead while the caller does other things.

    With `nodes` there is a second stage, unless the pictures are the API's already (`pictures`
    and `nodes` are the same). `proofs`: what was seen of second factors, which PVE does not tell.
    """

    def __init__(
        self,
        pictures: Pictures,
        nodes: NodeService | None = None,
        proofs: Proofs | None = None,
    ) -> None:
        self._pictures = pictures
        self._nodes = nodes
        self._proofs = proofs
        self._unread: Finding | None = None
        self._ahead: Future[Outlook] | None = None
        self._last: Snapshot | None = None

    def begin(self) -> None:
        """Start reading in a thread; the next `load` takes what it finds."""
        self._ahead = Future()
        # A daemon: the program can end while a dead mount keeps the thread waiting.
        Thread(target=self._read_ahead, args=(self._ahead,), daemon=True).start()

    @property
    def is_ready(self) -> bool:
        """Whether `load` returns at once, and without raising."""
        return self._ahead is not None and self._ahead.done() and self._ahead.exception() is None

    @property
    def has_second(self) -> bool:
        """Whether `refine` can tell more than `load` did."""
        return self._nodes is not None and self._nodes is not self._pictures

    def load(self) -> Outlook:
        """The first stage, read anew. Raises what `Pictures.load` raises."""
        ahead, self._ahead = self._ahead, None
        return ahead.result() if ahead else self._read()

    def refine(self, on_outlook: Callable[[Outlook], None] | None = None) -> Outlook:
        """The second stage, beside what `load` found: what PVE's API says now.

        Looks for the best way to it. An API that does not answer raises nothing: then the picture
        is the first one again and its node tells why. `on_outlook` gets what is there so far, now
        and then, while it takes long. Raises what `load` raises when nothing was loaded.
        """
        before = self._last or self.load().snapshot
        return self._refined(before, on_outlook)

    def fresh(self) -> Outlook:
        """Everything read anew, both stages: what a change is judged with, and what came of it.

        Raises what `load` raises.
        """
        self._last = self._pictured()
        return self._refined(self._last) if self.has_second else self._outlook(self._last)

    def _refined(
        self, before: Snapshot, on_outlook: Callable[[Outlook], None] | None = None
    ) -> Outlook:
        if self._nodes is None:
            return self._outlook(before)
        began = told_at = time.monotonic()

        def on_part(snapshot: Snapshot) -> None:
            nonlocal told_at
            now = time.monotonic()
            if on_outlook and now - told_at > _OFTEN:
                on_outlook(self._outlook(snapshot, waiting=True, seconds=now - began))
                told_at = now

        snapshot, node = self._nodes.refined(before, on_part)
        node = replace(node, seconds=time.monotonic() - began if node.asks_pve else 0.0)
        return Outlook(snapshot, self._overview(snapshot), node)

    def by_pve(self, subject: str, path: str) -> Flags | None:
        """What PVE itself says that somebody may do on a path: privilege -> propagates.

        None where its API is not reached. Raises ApiError when it does not answer, and Unreadable
        for what is no answer.
        """
        api = self._nodes.api if self._nodes else None
        if api is None or not api.way:
            return None
        from pve_auth_tui.core.why.check import answered

        params = {"userid": subject, "path": path}
        answer = api.call("GET", ("access", "permissions"), params, seconds=_SOON)
        return answered(answer, path)

    def close(self) -> None:
        """Ends what the second stage has opened, and a call that is under way with it."""
        if self._nodes:
            self._nodes.close()

    def _read(self) -> Outlook:
        self._last = self._pictured()
        return self._outlook(self._last, waiting=self.has_second)

    def _outlook(
        self, snapshot: Snapshot, *, waiting: bool = False, seconds: float = 0.0
    ) -> Outlook:
        if self._nodes is None:
            node = node_of(snapshot)
        else:
            node = replace(self._nodes.node(snapshot, waiting=waiting), seconds=seconds)
        return Outlook(snapshot, self._overview(snapshot), node)

    def _overview(self, snapshot: Snapshot) -> Overview:
        found = overview(snapshot, snapshot.taken_at)
        if self._unread is None:
            return found
        return replace(found, findings=(*found.findings, self._unread))

    def _pictured(self) -> Snapshot:
        snapshot, self._unread = with_proofs(self._pictures.load(), self._proofs)
        return snapshot

    def entries(self) -> frozenset[tuple[str, str]] | None:
        """What a proof can be of: (userid, id) of each second factor, and (userid, "") of each user
        for a login without one. None where that is not known.
        """
        last = self._last
        if last is None or last.restricted or last.tfa.value is None or last.access.value is None:
            return None
        users = last.tfa.value.users.values()
        factors = ((user.userid, entry.id) for user in users for entry in user.entries)
        return frozenset((*factors, *((userid, "") for userid in last.access.value.users)))

    def _read_ahead(self, ahead: Future[Outlook]) -> None:
        try:
            ahead.set_result(self._read())
        except BaseException as error:  # noqa: BLE001 (raised where the picture is asked for)
            ahead.set_exception(error)
