"""What a console's font can show."""

from __future__ import annotations

import os
import pty
from array import array

from pve_auth_tui.terminal.unimap import characters, read_unimap


def test_the_map_is_pairs_of_character_and_position() -> None:
    pairs = array("H", [ord("A"), 65, ord("─"), 196, ord("━"), 196, 0, 0])
    assert characters(pairs) == frozenset("A─━")


def test_an_empty_map_tells_nothing() -> None:
    assert characters(array("H")) is None


def test_a_terminal_that_is_no_console_does_not_say() -> None:
    ours, theirs = pty.openpty()
    try:
        assert read_unimap(theirs) is None
    finally:
        os.close(ours)
        os.close(theirs)
