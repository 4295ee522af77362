"""What the command line prints is aligned, in one piece and harmless."""

from __future__ import annotations

import io
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui import output
from pve_auth_tui.core.listing import Column
from pve_auth_tui.core.plain import cells

USER = Column("User name", 20)
REALM = Column("Realm", 8)
COMMENT = Column("Comment", 20, grow=True)
ID = Column("Id", 8, wide=True)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(anything)
def test_json_is_one_line_of_printable_ascii_and_nothing_is_lost(value: object) -> None:
    line = output.json_line(value)

    assert line.endswith("\n")
    assert line[:-1].isascii()
    assert line[:-1].isprintable()
    assert json.loads(line) == value


def test_columns_are_as_wide_as_their_widest_text_where_nothing_limits_them() -> None:
    text = output.table([USER, COMMENT], [("anna@corp", "x" * 200), ("bo@pve", "")], None)

    assert text == f"User name  Comment\nanna@corp  {'x' * 200}\nbo@pve\n"


def test_on_a_terminal_comments_are_cut_before_names_are() -> None:
    text = output.table([USER, COMMENT], [("a-rather-long-name@corp", "c" * 50)], 40)

    head, row = text.splitlines()
    assert row == f"a-rather-long-name@corp  {'c' * 14}…"
    assert head == "User name                Comment"


def test_columns_for_wide_terminals_are_left_out_below_132_cells() -> None:
    rows = [("anna@corp", "17")]

    assert "Id" not in output.table([USER, ID], rows, 131)
    assert "Id" in output.table([USER, ID], rows, 132)
    assert "Id" in output.table([USER, ID], rows, None)


def test_escape_sequences_in_names_are_spelled_out() -> None:
    text = output.table([USER], [("\x1b[2J\nroot@pam",)], None)

    assert text == "User name\n\\x1b[2J\\nroot@pam\n"


def test_a_list_without_rows_still_has_its_heading() -> None:
    assert output.table([USER, REALM], [], 80) == "User name  Realm\n"


@given(
    rows=st.lists(st.tuples(st.text(), st.text(), st.text(), st.text()), max_size=5),
    width=st.integers(1, 200),
)
def test_no_line_is_ever_wider_than_the_terminal(
    rows: list[tuple[str, str, str, str]], width: int
) -> None:
    text = output.table([USER, REALM, COMMENT, ID], rows, width)

    lines = text.splitlines()
    assert len(lines) == 1 + len(rows)
    assert all(cells(line) <= width for line in lines)


@given(st.lists(st.tuples(st.text(), st.text()), min_size=1, max_size=5))
def test_the_second_column_starts_in_the_same_cell_on_every_line(
    rows: list[tuple[str, str]],
) -> None:
    marked = [(first, f"|{second}") for first, second in rows]
    lines = output.table([USER, Column("|", 5)], marked, None).splitlines()

    start = cells(lines[0][: lines[0].rindex("|")])
    for line, (first, _) in zip(lines[1:], marked, strict=True):
        assert cells(line) >= start
        assert cells(line[: line.index("|", len(output.plain(first)))]) == start


def stdout_that_speaks(encoding: str, monkeypatch: pytest.MonkeyPatch) -> io.BytesIO:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    return written


def test_letters_that_the_terminal_lacks_become_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    written = stdout_that_speaks("latin-1", monkeypatch)

    output.write("J\u00fcrgen \u0141ukasz cut\u2026\n")

    assert written.getvalue() == b"J\xfcrgen \\u0141ukasz cut~\n"


def test_ascii_only_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    written = stdout_that_speaks("utf-8", monkeypatch)

    output.write("J\u00fcrgen\n", ascii_only=True)

    assert written.getvalue() == b"J\\xfcrgen\n"


def test_without_any_stdout_writing_fails_as_a_full_disk_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdout", None)

    with pytest.raises(OSError, match="no standard output"):
        output.write("x\n")


def test_complaints_are_plain_lines_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    output.complain("user.cfg\x1b[2J cannot be read.", "", "Look at it.")

    assert capsys.readouterr() == ("", "user.cfg\\x1b[2J cannot be read.\nLook at it.\n")


def test_no_name_in_a_complaint_makes_a_line_of_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output.complain("a\nBAD  root@pam\u2028x\r has no owner.")

    assert capsys.readouterr().err == "a\\nBAD  root@pam\\u2028x\\r has no owner.\n"
