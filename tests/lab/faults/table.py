"""The tables in docs/realm-faults.md, made of the rows that `make lab` seeds at real servers.

    .venv/bin/python -m tests.lab.faults.table

writes them anew. No server is needed for that.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

from pve_auth_tui.core.words import count_words
from tests.lab.faults import directory, openid
from tests.lab.faults.rows import DirectoryFault, OpenIdFault

DOCUMENT: Final = Path(__file__).parents[3] / "docs" / "realm-faults.md"


def tables() -> dict[str, str]:
    """Marker -> what stands behind it, as Markdown."""
    return {"directories": _directories(), "providers": _providers()}


def _directories() -> str:
    counts = Counter(row.server for row in directory.FAULTS)
    many = " and ".join(f"{number} at {server}" for server, number in counts.items())
    head = (
        f"{count_words(len(directory.FAULTS), 'fault', 'faults')}: {many}.",
        "",
        "| server | fault | how it is seeded | stage | told as | refused binds |",
        "|---|---|---|---|---|---|",
    )
    return "\n".join((*head, *map(_directory_row, directory.FAULTS)))


def _directory_row(row: DirectoryFault) -> str:
    told = f"{row.word} `{row.cause.value}`"
    return (
        f"| {row.server} | {row.name} | {row.seeded} | {row.stage.value} | {told} | {row.refused} |"
    )


def _providers() -> str:
    head = (
        f"{count_words(len(openid.FAULTS), 'fault', 'faults')}.",
        "",
        "| fault | how it is seeded | stage | told as |",
        "|---|---|---|---|",
    )
    return "\n".join((*head, *map(_provider_row, openid.FAULTS)))


def _provider_row(row: OpenIdFault) -> str:
    return f"| {row.name} | {row.seeded} | {row.stage.value} | {row.word} `{row.cause.value}` |"


def with_tables(document: str, new: dict[str, str]) -> str:
    """The document with these tables in it."""
    for name, text in new.items():
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        head, found, rest = document.partition(begin)
        _, closed, tail = rest.partition(end)
        if not (found and closed):
            raise ValueError(f"{DOCUMENT.name} lacks its markers {begin} and {end}")
        document = f"{head}{begin}\n{text}\n{end}{tail}"
    return document


if __name__ == "__main__":
    DOCUMENT.write_text(with_tables(DOCUMENT.read_text(), tables()))
