"""docs/realm-causes.md names every cause, in the program's own words."""

from tests.lab.faults.table import with_tables
from tests.realm_causes import DOCUMENT, tables


def test_the_document_is_what_the_program_says():
    """`.venv/bin/python -m tests.realm_causes` writes it anew."""
    text = DOCUMENT.read_text("utf-8")
    assert with_tables(text, tables()) == text
