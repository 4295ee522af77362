"""The document about faults of joins says what `make lab` seeds; no node is joined here."""

from __future__ import annotations

from collections import Counter

from pve_auth_tui.core.join.causes import JoinCause
from tests.lab.joinlab.faults import FAULTS
from tests.lab.joinlab.systems import SUITES
from tests.lab.joinlab.table import DOCUMENT, tables, with_tables


def test_the_document_is_what_the_rows_say() -> None:
    """`.venv/bin/python -m tests.lab.joinlab.table` writes it anew."""
    text = DOCUMENT.read_text("utf-8")
    assert with_tables(text, tables()) == text


def test_there_are_enough_of_them() -> None:
    assert len(FAULTS) >= 20
    assert len({one.fault.cause for one in FAULTS}) >= 20
    assert {one.suite for one in FAULTS} == set(SUITES)


def test_each_has_a_name_of_its_own() -> None:
    names = Counter((one.fault.command, one.fault.name) for one in FAULTS)
    assert not [name for name, count in names.items() if count > 1]


def test_none_is_expected_to_be_told_as_nothing_that_is_known() -> None:
    assert JoinCause.UNKNOWN not in {one.fault.cause for one in FAULTS}
