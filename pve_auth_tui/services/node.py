"""The node that the program works on: how it is reached, and its picture by PVE's API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Lock
from typing import Protocol

from pve_auth_tui.core.errors import Unreadable
from pve_auth_tui.core.node import Node, Tried, node_of
from pve_auth_tui.core.ports import Api, Clock
from pve_auth_tui.core.snapshot import Snapshot

OnPart = Callable[[Snapshot], None]


class Ladder(Api, Protocol):
    """An Api that knows several ways (`adapters.ladder`)."""

    @property
    def tried(self) -> tuple[Tried, ...]:
        """Ways that do not work, and why; the best first."""

    @property
    def simulated(self) -> bool:
        """Whether the node says that it is no real one."""

    def again(self) -> bool:
        """Look for the best way anew; False when there is none."""


class NodeService:
    """Blocking, and safe from several threads.

    Whatever asks PVE is imported and opened with the first picture, not before.
    `open_ladder` makes the ways to the API. `demo` marks what comes without files as simulated.
    """

    def __init__(
        self,
        open_ladder: Callable[[], Ladder],
        clock: Clock,
        *,
        read_only: bool = False,
        demo: bool = False,
    ) -> None:
        self._open_ladder = open_ladder
        self._clock = clock
        self._read_only = read_only
        self._demo = demo
        self._opening = Lock()
        self._ladder: Ladder | None = None
        self._closed = False

    @property
    def api(self) -> Ladder | None:
        """The way to the API; None before the first picture."""
        return self._ladder

    def load(self) -> Snapshot:
        """The picture by the API alone: of another host, or where a way was asked for by name.

        Raises Unreadable when no way answers, or none tells the users: what was read before is
        worth more then. In this a NodeService is a source of pictures as SnapshotService is.
        """
        ladder = self._climbed()
        found = self._pictured(ladder, None, None) if ladder.way else None
        if found is None or not ladder.way:
            reason = ladder.tried[0] if ladder.tried else Tried("", "There is no way to PVE's API.")
            raise Unreadable(reason.reason, reason.hint, reason.original)
        if found.access.value is None:
            raise Unreadable(found.access.problem, found.access.hint, found.access.original)
        return found

    def refined(self, before: Snapshot, on_part: OnPart | None = None) -> tuple[Snapshot, Node]:
        """What the API says beside the files; `before` itself while no way answers."""
        ladder = self._climbed()
        if not ladder.way:
            return before, self.node(before)
        found = self._pictured(ladder, before, on_part)
        if not ladder.way:  # the last one has died meanwhile
            found = replace(found, source=before.source)
        return found, self.node(found)

    def node(self, snapshot: Snapshot, *, waiting: bool = False) -> Node:
        """How the node is reached and what is possible, with a picture of it."""
        ladder = self._ladder
        return node_of(
            snapshot,
            way=ladder.way if ladder else "",
            user=ladder.user if ladder else "",
            tried=ladder.tried if ladder else (),
            read_only=self._read_only,
            waiting=waiting,
        )

    def close(self) -> None:
        """End what was opened, and what is being opened as soon as it is there."""
        self._closed = True
        if self._ladder:
            self._ladder.close()

    def _climbed(self) -> Ladder:
        """Each time the user asks for a new picture is a time to look for a better way."""
        with self._opening:
            ladder = self._ladder = self._ladder or self._open_ladder()
        if self._closed:
            ladder.close()
        ladder.again()
        return ladder

    def _pictured(
        self, ladder: Ladder, before: Snapshot | None, on_part: OnPart | None
    ) -> Snapshot:
        from pve_auth_tui.services.apipicture import ApiPicture

        demo = self._demo or ladder.simulated
        return ApiPicture(ladder, self._clock, demo=demo).load(before, on_part)
