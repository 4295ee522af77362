"""Pictures that are always there, for an emergency: of nothing, where nothing can be read."""

from __future__ import annotations

from collections.abc import Callable

from pve_auth_tui.core.errors import Unreadable
from pve_auth_tui.core.ports import Clock
from pve_auth_tui.core.recover.nothing import nothing_read
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.services.outlook import Pictures


class AnyPicture:
    """A `Pictures` that never raises Unreadable. `opened` gives the one that may; it is asked
    again until it gives one.
    """

    def __init__(self, opened: Callable[[], Pictures], clock: Clock) -> None:
        self._opened = opened
        self._clock = clock
        self._pictures: Pictures | None = None

    def load(self) -> Snapshot:
        """The picture; where there is none, one whose parts all say why."""
        try:
            self._pictures = self._pictures or self._opened()
            return self._pictures.load()
        except Unreadable as error:
            return nothing_read(error, self._clock.now())
