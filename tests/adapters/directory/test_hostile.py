"""Servers that mean harm: whatever they send, a directory's trouble comes out, soon and cheap."""

from __future__ import annotations

import contextlib
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.adapters.directory import wire as module
from pve_auth_tui.adapters.directory.ber import NotBer, element, measure, number, packed
from pve_auth_tui.adapters.directory.compiled import compiled
from pve_auth_tui.adapters.directory.messages import (
    Message,
    TooLong,
    cookie,
    entry,
    paging,
    received,
    result,
    simple_bind,
)
from pve_auth_tui.core.directory.causes import Cause, DirectoryTrouble
from pve_auth_tui.core.secret import Secret
from tests.adapters.directory import server as theirs
from tests.adapters.directory.conftest import HOST
from tests.adapters.directory.server import ber, serving


def spoken(directories, realm, sent, ask):
    """The trouble that comes of a server that says `sent` to whatever is asked, and hangs up."""

    def serve(line, server):
        line.asked()
        line.send(sent)

    with serving(serve) as server:
        connection = directories.open(realm(server.port, "ldap"), HOST, agreed=True)
        with pytest.raises(DirectoryTrouble) as caught:
            ask(connection)
        connection.close()
    return caught.value


def search(connection):
    return connection.search("dc=example", "(a=b)", ["cn"], page=100, seconds=5)


def bind(connection):
    connection.bind("cn=svc", Secret("correct-horse-battery"))


ASKED = [search, bind, lambda connection: connection.root()]
HUGE = b"\x30\x84\x7f\xff\xff\xff"


@pytest.mark.parametrize("ask", ASKED)
@pytest.mark.parametrize(
    ("sent", "cause"),
    [
        (b"", Cause.BROKEN_OFF),
        (b"\x30", Cause.BROKEN_OFF),
        (b"\x30\x0c\x02\x01\x01\x65\x07", Cause.BROKEN_OFF),
        (HUGE, Cause.TOO_MUCH),
        (b"\x30\x85\x01\x00\x00\x00\x00", Cause.NOT_LDAP),
        (b"\x30\xff" + b"\xff" * 127, Cause.NOT_LDAP),
        (b"\x30\x80\x00\x00", Cause.NOT_LDAP),
        (b"\x30\x00", Cause.NOT_LDAP),
        (b"220 mail.example.com ESMTP\r\n", Cause.NOT_LDAP),
        (b"\x15\x03\x01\x00\x02\x02\x28", Cause.TLS_WANTED),
        (b"\x30" * 5000, Cause.NOT_LDAP),
        (ber(0x30, ber(2, b"\x01"), b"\x30\x03" * 3000), Cause.NOT_LDAP),
    ],
)
def test_rubbish_has_a_cause(sent, cause, ask, directories, realm):
    assert spoken(directories, realm, sent, ask).cause is cause


@pytest.mark.parametrize("ask", ASKED)
def test_random_octets_have_a_cause(ask, directories, realm):
    for start in (b"", b"\x30\x82\x01\x00", b"\x30\x82\x01\x00\x02\x01\x01\x64\x81\xf9"):
        trouble = spoken(directories, realm, start + os.urandom(600), ask)
        assert trouble.cause in (Cause.NOT_LDAP, Cause.BROKEN_OFF, Cause.TOO_MUCH, Cause.TLS_WANTED)


def test_a_flood_of_entries_ends_at_the_limit(directories, realm):
    """R12"""

    def serve(line, server):
        asked = line.asked()
        many = theirs.answer(asked.identity, theirs.entry(b"cn=a", cn=[b"a"])) * 500
        while not server.over.is_set():
            line.send(many)

    with serving(serve) as server:
        connection = directories.open(realm(server.port, "ldap"), HOST, agreed=True)
        found = connection.search("dc=example", "(a=b)", ["cn"], most=20_000)
        connection.close()
    assert found.stopped
    assert len(found.entries) == 20_000


def test_a_long_message_is_refused_by_its_length_before_it_is_there(
    directories, realm, monkeypatch
):
    """R12"""
    monkeypatch.setattr(module, "MESSAGE_OCTETS", 1000)
    trouble = spoken(directories, realm, b"\x30\x82\x03\xe9\x02", search)
    assert trouble.cause is Cause.TOO_MUCH
    assert trouble.facts == {"octets": "1001"}


def test_a_cookie_that_never_ends_has_an_end_in_time(directories, realm):
    def answering(asked):
        return theirs.answer(
            asked.identity, ber(0x65, theirs.result(0)), theirs.page_control(b"again")
        )

    with serving(theirs.directory(answering)) as server:
        connection = directories.open(realm(server.port, "ldap"), HOST, agreed=True)
        with pytest.raises(DirectoryTrouble) as caught:
            connection.search("dc=example", "(a=b)", ["cn"], page=10, seconds=0.3)
        connection.close()
    assert caught.value.cause is Cause.SILENT


# --- the readers ---


@given(st.binary(max_size=300))
def test_no_octets_make_the_readers_fail(data):
    for make in (
        lambda: received(data),
        lambda: result(Message(1, 0x65, data, 0, len(data))),
        lambda: entry(Message(1, 0x64, data, 0, len(data)), {}),
        lambda: cookie(Message(1, 0x65, data, 0, 0)),
        lambda: measure(data, 0),
        lambda: element(data, 0, len(data)),
        lambda: number(data, 0, len(data)),
    ):
        with contextlib.suppress(NotBer, TooLong):
            make()


_names = st.text(st.characters(codec="ascii", categories=("Lu", "Ll")), min_size=1, max_size=8)


@given(
    st.binary(max_size=200),
    st.dictionaries(_names.map(str.lower), st.lists(st.binary(max_size=200), min_size=1)),
)
def test_an_entry_that_was_written_is_read_again(dn, values):
    message = received(theirs.answer(7, theirs.entry(dn, **values)))
    assert message.number == 7
    assert entry(message, {}) == (dn, values)


@given(st.integers(0, 2**31 - 1), st.binary(max_size=100), st.binary(max_size=100))
def test_a_result_that_was_written_is_read_again(code, text, matched):
    found = result(received(theirs.answer(1, ber(0x61, theirs.result(code, text, matched)))))
    assert found == (code, matched, text, b"")


@given(st.binary(max_size=70_000), st.integers(0, 255))
def test_what_is_packed_is_read_by_somebody_else(content, tag):
    assert theirs.unpacked(packed(tag, content)) == [(tag, content)]


@given(st.binary(max_size=300), st.integers(1, 100_000))
def test_a_cookie_that_is_sent_is_the_one_that_came(given_cookie, size):
    came = received(
        theirs.answer(1, ber(0x65, theirs.result(0)), theirs.page_control(given_cookie))
    )
    assert cookie(came) == given_cookie
    asked = theirs.Asked(1, 0x63, b"", ber(0xA0, paging(size, given_cookie)))
    assert asked.cookie == given_cookie


@given(st.text(max_size=80))
def test_any_name_can_be_sent(text):
    assert theirs.unpacked(simple_bind(text, text))


@given(st.one_of(st.text(max_size=60), st.text("()&|!=*\\<>~:ab0 ", max_size=60)))
def test_any_filter_is_composed_or_malformed(text):
    causes = set()
    for wanted in (text, f"(cn={text})", f"(&(a=b){text})"):
        try:
            found = compiled(wanted)
        except DirectoryTrouble as trouble:
            causes.add(trouble.cause)
        else:
            assert theirs.unpacked(found)
    assert causes <= {Cause.BAD_FILTER}


@pytest.mark.parametrize("depth", [20, 100_00])
def test_a_deep_filter_is_composed_or_malformed(depth):
    text = "(&" * depth + "(a=b)" + ")" * depth
    if depth < 100:
        assert compiled(text)
        return
    with pytest.raises(DirectoryTrouble) as caught:
        compiled(text)
    assert caught.value.cause is Cause.BAD_FILTER
