"""Going on although nothing records it: for an emergency, after a typed yes (security.md R16)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from pve_auth_tui.core.applied import Applied
from pve_auth_tui.core.errors import Unreadable, Unwritable
from pve_auth_tui.core.journal import Entry, Kept, Written
from pve_auth_tui.core.journalcheck import Verdict
from pve_auth_tui.core.ports import Journal, Saved
from pve_auth_tui.core.secret import Secret

NOT_RECORDED: Final = "NOT RECORDED: neither disk nor syslog takes a line. Write down what you do."
NO_UNDO: Final = "It cannot be taken back with u: what that needs could not be kept."


class ForgivingJournal:
    """A `core.ports.Journal` that says so where nothing takes an entry, and goes on."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def write(self, entry: Entry) -> Kept:
        """Never raises Unwritable."""
        try:
            return self._journal.write(entry)
        except Unwritable as error:
            return Kept((), (NOT_RECORDED, f"{error} {error.hint}".strip()))

    def read(self) -> Sequence[Written]:
        """As the journal does."""
        return self._journal.read()

    def verify(self, head: str = "") -> Verdict:
        """As the journal does."""
        return self._journal.verify(head)


class ForgivingSaved:
    """A `core.ports.Saved` that keeps what it can."""

    def __init__(self, saved: Saved) -> None:
        self._saved = saved
        self.lost = False

    @contextmanager
    def exclusively(self, seconds: float = 0.0) -> Iterator[None]:
        """Where no lock can be made, nobody else can have one either. Raises Refused as ever."""
        within = self._saved.exclusively(seconds)
        try:
            within.__enter__()
        except (Unwritable, Unreadable):
            self.lost = True
            yield
            return
        try:
            yield
        finally:
            within.__exit__(None, None, None)

    def put(self, applied: Applied) -> None:
        """Never raises."""
        try:
            self._saved.put(applied)
        except Unwritable:
            self.lost = True

    def all(self) -> Sequence[Applied]:
        """As what is kept says."""
        return self._saved.all()

    def put_material(self, plan: str, material: Mapping[str, Secret]) -> None:
        """Never raises."""
        try:
            self._saved.put_material(plan, material)
        except Unwritable:
            self.lost = True

    def material(self, plan: str) -> Mapping[str, Secret]:
        """As what is kept says."""
        return self._saved.material(plan)

    def wipe(self, plan: str = "") -> int:
        """As what is kept says; 0 where nothing can be written."""
        try:
            return self._saved.wipe(plan)
        except Unwritable:
            self.lost = True
            return 0

    def caution(self) -> str:
        """What is to be said of the place, or that there is none."""
        return NO_UNDO if self.lost else self._saved.caution()
