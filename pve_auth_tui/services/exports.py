"""Lists as files: CSV that neither a spreadsheet nor a terminal takes for commands (R9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.ports import Shelf

_FORMULA = ("=", "+", "-", "@")


def as_csv(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The table as CSV. A cell that a spreadsheet would run gets a `'` in front."""
    import csv  # neither is needed before somebody saves
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(titles)
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return text.getvalue()


def _cell(value: str) -> str:
    shown = plain(value)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


class Exports:
    """Saves what the admin asks for; blocking, no Textual."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def save_table(self, name: str, titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
        """Save a table as CSV; the path. Raises Unwritable."""
        return str(self._shelf.save(f"{name}.csv", as_csv(titles, rows)))

    def save_text(self, name: str, text: str) -> str:
        """Save lines that hold no secret and are `plain` already; the path. Raises Unwritable."""
        return str(self._shelf.save(name, text))
