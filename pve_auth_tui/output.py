"""What the command line prints: aligned tables, one JSON value, sentences on stderr.

Nothing untrusted reaches the terminal raw: tables and sentences go through `core.plain`,
JSON is ASCII with everything else escaped.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import TextIO

from pve_auth_tui.core.listing import Column
from pve_auth_tui.core.plain import cells, fit, plain

GAP = "  "
ALL_COLUMNS_FROM = 132  # cells, as on the screens
NARROWEST = 6  # cells that a shrinking column keeps


def json_line(value: object) -> str:
    """The value as one line of JSON in printable ASCII, line feed included."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False)
    return text.replace("\x7f", "\\u007f") + "\n"


def table(columns: Sequence[Column], rows: Iterable[Sequence[str]], width: int | None) -> str:
    """A heading and one line for each row, columns aligned, no space at the ends.

    `rows` are raw texts, one for each column. `width` is the terminal's in cells: wide
    columns are left out below 132, growing ones are cut, widest first, then whatever does
    not fit. None prints everything in full.
    """
    shown = [
        index
        for index, column in enumerate(columns)
        if width is None or width >= ALL_COLUMNS_FROM or not column.wide
    ]
    lines = [[columns[index].title for index in shown]]
    lines += [[plain(row[index]) for index in shown] for row in rows]
    widths = [max(map(cells, column)) for column in zip(*lines, strict=True)]
    if width is not None:
        _shrink(widths, [columns[index] for index in shown], width)
    else:
        widths[-1] = 0  # nothing stands behind it: no need to fill it up
    aligned = (GAP.join(map(_padded, line, widths)).rstrip() for line in lines)
    if width is not None:
        aligned = (line if cells(line) <= width else fit(line, width).rstrip() for line in aligned)
    return "".join(f"{line}\n" for line in aligned)


def _padded(text: str, width: int) -> str:
    return fit(text, width) if width else text


def _shrink(widths: list[int], columns: Sequence[Column], width: int) -> None:
    """Take cells from the widest column until the line fits or all are at their narrowest."""
    least = [
        min(wide, max(NARROWEST, len(column.title)))
        for wide, column in zip(widths, columns, strict=True)
    ]
    too_much = sum(widths) + len(GAP) * (len(widths) - 1) - width
    while too_much > 0:
        spare = [wide - few for wide, few in zip(widths, least, strict=True)]
        if not any(spare):
            return
        # growing columns give first: they hold comments, the others hold names
        index = max(
            range(len(widths)),
            key=lambda i: (spare[i] > 0, columns[i].grow, widths[i]),
        )
        widths[index] -= 1
        too_much -= 1


def headed(heading: str, text: str, width: int | None, *, room: int) -> str:
    """A heading in `room` cells and raw text beside it, wrapped between words where it must."""
    lines = [""]
    for word in plain(text).split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if width is None or not lines[-1] or cells(longer) <= width - room:
            lines[-1] = longer
        else:
            lines.append(word)
    heads = [heading, *[""] * (len(lines) - 1)]
    pairs = zip(heads, lines, strict=True)
    return "".join(f"{fit(head, room)}{line}".rstrip() + "\n" for head, line in pairs)


def terminal_width(stream: TextIO | None) -> int | None:
    """How many cells a line of this terminal has; None when it is no terminal."""
    if stream is None or not stream.isatty():
        return None
    columns = os.environ.get("COLUMNS", "")
    if columns.isascii() and columns.isdigit() and int(columns) > 0:
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:
        return 80


def write(text: str, *, ascii_only: bool = False) -> None:
    """Write to stdout and flush; what its encoding lacks becomes an escape.

    Raises OSError (BrokenPipeError among them) when the text cannot be delivered.
    """
    stream = sys.stdout
    if stream is None:
        raise OSError("there is no standard output")
    encoding = "ascii" if ascii_only else (stream.encoding or "ascii")
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        shown = text.replace("…", "~")
        text = shown.encode(encoding, "backslashreplace").decode(encoding)
    stream.write(text)
    stream.flush()


def complain(*sentences: str) -> None:
    """One line on stderr for each sentence that says something; no name in it makes another."""
    if sys.stderr is None:
        return
    for sentence in sentences:
        if sentence:
            print(plain(sentence), file=sys.stderr)
