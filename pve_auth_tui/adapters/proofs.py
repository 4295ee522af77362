"""What was seen of second factors, kept beside the journal. `core.ports.Proofs`."""

from __future__ import annotations

from collections.abc import Mapping

from pve_auth_tui.core.proofs import Mark


class MemoryProofs:
    """As long as the program runs: for the demo."""

    def __init__(self, marks: Mapping[tuple[str, str], Mark] | None = None) -> None:
        self._marks = dict(marks or {})

    def all(self) -> Mapping[tuple[str, str], Mark]:
        """(userid, entry's id) -> the last mark."""
        return dict(self._marks)

    def put(self, mark: Mark) -> None:
        """Note one, in place of the older one of the same entry."""
        self._marks[mark.userid, mark.entry] = mark
