"""The document about faults of realms says what `make lab` seeds; no server is asked here."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.lab.faults import directory, openid
from tests.lab.faults.table import DOCUMENT, tables, with_tables


def test_the_document_is_what_the_rows_say() -> None:
    """`.venv/bin/python -m tests.lab.faults.table` writes it anew."""
    text = DOCUMENT.read_text("utf-8")
    assert with_tables(text, tables()) == text


def test_a_document_without_its_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks its markers"):
        with_tables("# Faults", tables())


def test_there_are_enough_of_them() -> None:
    assert len(directory.FAULTS) >= 25
    assert len(openid.FAULTS) >= 20


@pytest.mark.parametrize("rows", [directory.FAULTS, openid.FAULTS], ids=["directory", "openid"])
def test_each_has_a_name_of_its_own(rows: tuple[directory.DirectoryFault, ...]) -> None:
    names = Counter((getattr(row, "server", ""), row.name) for row in rows)
    assert not [name for name, count in names.items() if count > 1]


def test_no_fault_costs_more_than_one_refused_bind() -> None:
    """R23: a lock is nearer after each of them."""
    assert {row.refused for row in directory.FAULTS} <= {0, 1}
