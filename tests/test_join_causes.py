"""docs/join-causes.md names every cause, in the program's own words."""

from pve_auth_tui.core.join.causes import JoinCause
from tests.join_causes import DOCUMENT, tables
from tests.lab.faults.table import with_tables


def test_the_document_is_what_the_program_says():
    """`.venv/bin/python -m tests.join_causes` writes it anew."""
    text = DOCUMENT.read_text("utf-8")
    assert with_tables(text, tables()) == text


def test_every_cause_stands_in_it_once():
    text = DOCUMENT.read_text("utf-8")
    assert {cause: text.count(f"| `{cause.value}` |") for cause in JoinCause} == dict.fromkeys(
        JoinCause, 1
    )
