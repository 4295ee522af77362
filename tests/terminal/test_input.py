"""Nothing that a terminal sends ends the program, or makes it deaf."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import constants, events
from textual.message import Message

from pve_auth_tui.terminal.input import PASTE_SILENCE, Input


@pytest.fixture(autouse=True, scope="module")
def _no_patience() -> Iterator[None]:
    """An escape sequence that is not complete at the next tick never will be."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "ESCAPE_DELAY", 0.0)
        yield


def hears(source: Input) -> bool:
    """Whether a key pressed after a pause, and an Esc to end what may be open, arrives."""
    list(source.tick(100.0))
    list(source.feed(b"\x1b", 101.0))
    list(source.tick(200.0))
    return keys(list(source.feed(b"q", 201.0))) == ["q"]


def keys(messages: list[Message]) -> list[str]:
    return [message.key for message in messages if isinstance(message, events.Key)]


@pytest.mark.parametrize(
    ("data", "pressed"),
    [
        (b"ja", ["j", "a"]),
        (b"\x1b[A\x1b[[A\x1bOP\x1b[11~", ["up", "f1", "f1", "f1"]),
        ("é".encode(), ["é"]),
        (b"\xff\xe9a", ["\ufffd", "\ufffd", "a"]),
        (b"\x1b[99999999999ua", ["a"]),
        (b"\x1b[1114112ua", ["a"]),
    ],
)
def test_each_key_is_heard_and_noise_is_survived(data: bytes, pressed: list[str]) -> None:
    messages = list(Input().feed(data, 0.0))
    heard = [
        m.character if m.key not in pressed else m.key
        for m in messages
        if isinstance(m, events.Key)
    ]
    assert heard == pressed


@given(st.lists(st.binary(max_size=80), max_size=8))
def test_any_bytes_leave_an_input_that_hears(chunks: list[bytes]) -> None:
    source = Input()
    for chunk in chunks:
        list(source.feed(chunk, 0.0))
    assert hears(source)


@given(
    st.lists(
        st.sampled_from([b"\x1b[", b"\x1b]", b"\x1bO", b";", b":", b"<", b"?", b"999999999999"])
        | st.sampled_from([b"u", b"~", b"M", b"m", b"R", b"t", b"$y", b"I", b"\x1b", b"\xff"]),
        max_size=30,
    )
)
def test_any_escape_sequences_leave_an_input_that_hears(parts: list[bytes]) -> None:
    source = Input()
    list(source.feed(b"".join(parts), 0.0))
    assert hears(source)


def test_a_character_and_a_sequence_may_come_in_pieces() -> None:
    source = Input()
    heard = [source.feed(part, 0.0) for part in (b"\xc3", b"\xa9", b"\x1b", b"[", b"A")]
    assert keys([message for part in heard for message in part]) == ["é", "up"]


def test_a_paste_comes_as_one() -> None:
    [paste] = Input().feed(b"\x1b[200~a\rb\x1b[201~", 0.0)
    assert isinstance(paste, events.Paste)
    assert paste.text == "a\rb"


def test_a_paste_whose_end_got_lost_is_over_when_nothing_more_comes() -> None:
    source = Input()
    assert list(source.feed(b"\x1b[200~abc", 0.0)) == []
    assert list(source.tick(PASTE_SILENCE)) == []
    [paste] = source.tick(PASTE_SILENCE + 0.1)
    assert isinstance(paste, events.Paste)
    assert paste.text == "abc"
    assert keys(list(source.feed(b"q", 5.0))) == ["q"]
