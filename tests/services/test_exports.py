"""A saved list runs nothing, in a spreadsheet or in a terminal (R9, R19)."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.plain import plain
from pve_auth_tui.services.exports import as_csv


def test_it_is_csv_with_titles():
    assert as_csv(["User name", "Comment"], [["anna", 'a "b", c']]) == (
        'User name,Comment\nanna,"a ""b"", c"\n'
    )


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x")'])
def test_a_spreadsheet_takes_no_cell_for_a_formula(cell):
    assert as_csv(["x"], [[cell]]).split("\n")[1].lstrip('"').startswith("'")


@given(st.lists(st.text(), min_size=1, max_size=3))
def test_whatever_a_cell_holds_it_stays_one_plain_cell(cells):
    text = as_csv(["x"] * len(cells), [cells])
    assert text.count("\n") == 2
    (_, row) = csv.reader(io.StringIO(text))
    for cell, raw in zip(row, cells, strict=True):
        assert cell in (plain(raw), f"'{plain(raw)}")
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)
