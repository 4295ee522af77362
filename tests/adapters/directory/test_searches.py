"""Searches: pages, limits, codes, referrals that nobody follows."""

from __future__ import annotations

import threading

import pytest

from pve_auth_tui.adapters.directory import connection as module
from pve_auth_tui.core.directory.causes import Cause, DirectoryTrouble
from pve_auth_tui.core.directory.ports import Entry
from tests.adapters.directory.conftest import HOST
from tests.adapters.directory.server import (
    ABANDON,
    SEARCH,
    answer,
    ber,
    directory,
    entry,
    page_control,
    refusing,
    result,
    serving,
    unpacked,
)

DONE = ber(0x65, result(0))


@pytest.fixture
def opened(directories, realm):
    """A connection in the clear to a port, somebody having agreed."""

    def connect(server):
        return directories.open(realm(server.port, "ldap"), HOST, agreed=True)

    return connect


def searched(opened, answering, wanted="(objectClass=*)", attributes=("cn",), **options):
    """(what a search brought, the server)."""
    with serving(directory(answering)) as server:
        connection = opened(server)
        try:
            return connection.search("dc=example", wanted, attributes, **options), server
        finally:
            connection.close()


def trouble_of(opened, answering, **options):
    with pytest.raises(DirectoryTrouble) as caught:
        searched(opened, answering, **options)
    return caught.value


def everything(*operations):
    """These, to whatever is asked."""
    return lambda asked: b"".join(answer(asked.identity, one) for one in operations)


def paged(count, size, last=0):
    """A directory of so many people, in pages; `last` is the code at the end."""

    def answering(asked):
        start = int(asked.cookie or b"0")
        stop = min(start + size, count)
        people = b"".join(
            answer(asked.identity, entry(b"uid=%d" % one, uid=[b"%d" % one]))
            for one in range(start, stop)
        )
        cookie = b"%d" % stop if stop < count else b""
        code = last if stop >= count else 0
        return people + answer(asked.identity, ber(0x65, result(code)), page_control(cookie))

    return answering


# --- what comes ---


def test_entries_come_as_octets_under_names_in_small_letters(opened):
    found, _ = searched(
        opened,
        everything(
            entry("cn=Ö".encode(), givenName=[b"Ann", b"\xff\x00"], mail=[]),
            entry(b"cn=b", **{"member;range=0-1": [b"x"], "MAIL": [b"a"], "mail": [b"b"]}),
            DONE,
        ),
    )
    assert list(found.entries) == [
        Entry("cn=Ö".encode(), {"givenname": [b"Ann", b"\xff\x00"]}),
        Entry(b"cn=b", {"member;range=0-1": [b"x"], "mail": [b"a", b"b"]}),
    ]
    assert (found.code, found.stopped) == (0, False)


def test_a_search_asks_as_pve_does(opened):
    """Net::LDAP: derefFindingBaseObj, no limits of its own; the filter as ldap3 composes it."""
    _, server = searched(opened, everything(DONE), "(&(cn=\\2a*)(!(a=b)))", ("uid", "mail"))
    base, scope, deref, size, time, types, wanted, attributes = unpacked(server.requests[0].content)
    assert base == (4, b"dc=example")
    assert (scope, deref) == ((0x0A, b"\x02"), (0x0A, b"\x02"))
    assert (size, time, types) == ((2, b"\x00"), (2, b"\x00"), (1, b"\x00"))
    assert wanted[0] == 0xA0
    assert b"\x80\x01*" in wanted[1]
    assert unpacked(attributes[1]) == [(4, b"uid"), (4, b"mail")]
    assert server.requests[0].rest == b""


def test_referrals_are_never_followed_and_bring_nothing(opened):
    """R20: a domain's root answers with three of them."""
    elsewhere = b"ldap://127.0.0.1:1/dc=example"
    with serving(directory()) as other:
        elsewhere = b"ldap://127.0.0.1:%d/dc=example" % other.port
        found, server = searched(
            opened,
            everything(
                ber(0x73, ber(4, elsewhere)),
                entry(b"cn=a", cn=[b"a"]),
                ber(0x79, b""),
                ber(0x73, ber(4, elsewhere)),
                DONE,
            ),
        )
        assert other.connections == 0
    assert [one.dn for one in found.entries] == [b"cn=a"]
    assert server.connections == 1


def test_the_root_is_read_before_any_bind(opened):
    answering = everything(entry(b"", defaultNamingContext=[b"DC=example"]), DONE)
    with serving(directory(answering)) as server:
        connection = opened(server)
        assert connection.root() == {"defaultnamingcontext": [b"DC=example"]}
        assert connection.host == HOST
        connection.close()
    assert server.operations()[0] == SEARCH


# --- pages ---


def test_page_by_page_and_told_how_many(opened):
    heard = []
    found, server = searched(opened, paged(2345, 900), page=900, on_page=heard.append)
    assert len(found.entries) == 2345
    assert heard == [900, 1800, 2345]
    assert [one.cookie for one in server.requests if one.operation == SEARCH] == [
        b"", b"900", b"1800",
    ]  # fmt: skip
    assert (found.code, found.stopped) == (0, False)


def test_the_code_after_the_last_page_is_not_lost(opened):
    """ldap3's own pages end quietly there."""
    found, _ = searched(opened, paged(500, 900, last=4), page=900)
    assert len(found.entries) == 500
    assert found.code == 4


def test_a_server_without_pages_answers_at_once(opened):
    found, _ = searched(opened, everything(entry(b"cn=a", cn=[b"a"]), DONE), page=900)
    assert len(found.entries) == 1


def test_other_controls_are_passed_over(opened):
    other = ber(0x30, ber(4, b"1.2.3"), ber(1, b"\xff"), ber(4, b"x"))

    def answering(asked):
        return answer(asked.identity, DONE, other + page_control(b""))

    found, _ = searched(opened, answering, page=10)
    assert found.code == 0


# --- codes ---


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (3, Cause.TIME_LIMIT),
        (4, Cause.SIZE_LIMIT),
        (10, Cause.BASE_ELSEWHERE),
        (11, Cause.ADMIN_LIMIT),
        (12, Cause.NO_PAGING),
        (32, Cause.BASE_UNKNOWN),
        (34, Cause.BASE_MALFORMED),
        (50, Cause.NOT_ALLOWED),
        (51, Cause.BUSY),
        (52, Cause.UNAVAILABLE),
        (53, Cause.SEARCH_REFUSED),
        (8, Cause.STRONGER_AUTH),
        (13, Cause.CONFIDENTIALITY),
        (9999, Cause.SEARCH_REFUSED),
    ],
)
def test_every_code_that_brings_nothing_has_its_cause(opened, code, cause):
    trouble = trouble_of(opened, refusing(code, b"said so", b"dc=com"))
    assert trouble.cause is cause
    assert trouble.original == "said so"
    assert trouble.facts == {"code": str(code), "matched": "dc=com"}


def test_active_directory_to_whoever_has_not_bound(opened):
    text = (
        b"000004DC: LdapErr: DSID-0C090A5C, comment: In order to perform this operation a"
        b" successful bind must be completed on the connection., data 0, v4563"
    )
    assert trouble_of(opened, refusing(1, text)).cause is Cause.NOT_ALLOWED


@pytest.mark.parametrize("wanted", ["", "(", "(cn=a", "cn=a)(", "(!)", "(cn=a)(b=c)", "x" * 70000])
def test_a_malformed_filter_is_never_sent(opened, wanted):
    with serving(directory()) as server:
        connection = opened(server)
        with pytest.raises(DirectoryTrouble) as caught:
            connection.search("dc=example", wanted, ["cn"])
        connection.close()
    assert caught.value.cause is Cause.BAD_FILTER
    assert SEARCH not in server.operations()


# --- limits ---


def test_no_more_entries_than_wanted_and_the_server_is_told(opened):
    """R12"""
    found, server = searched(opened, paged(30, 10), page=10, most=15)
    assert len(found.entries) == 15
    assert found.stopped
    assert ABANDON in server.operations()


def test_exactly_as_many_as_wanted_is_all_of_them(opened):
    found, _ = searched(opened, paged(20, 10), page=10, most=20)
    assert (len(found.entries), found.stopped) == (20, False)


def test_the_connection_serves_on_after_a_limit(opened):
    with serving(directory(paged(30, 30))) as server:
        connection = opened(server)
        first = connection.search("dc=example", "(a=b)", ["uid"], page=30, most=3)
        again = connection.search("dc=example", "(a=b)", ["uid"], page=30)
        connection.close()
    assert (len(first.entries), len(again.entries)) == (3, 30)


@pytest.mark.parametrize("over", [0, 1])
def test_a_value_above_64_kib_is_refused_by_name(opened, over):
    """R12"""
    answering = everything(entry(b"cn=a", jpegPhoto=[b"x" * (64 * 1024 + over)]), DONE)
    if not over:
        assert len(searched(opened, answering)[0].entries) == 1
        return
    trouble = trouble_of(opened, answering)
    assert trouble.cause is Cause.TOO_MUCH
    assert trouble.facts == {"entry": "cn=a", "attribute": "jpegphoto"}


def test_a_search_has_an_end_in_octets(opened, monkeypatch):
    """R12: 256 MiB, and less in this test."""
    monkeypatch.setattr(module, "SEARCH_OCTETS", 200_000)
    many = [entry(b"cn=a", cn=[b"x" * 1000])] * 300
    assert trouble_of(opened, everything(*many, DONE)).cause is Cause.TOO_MUCH


def test_a_search_has_an_end_in_values(opened, monkeypatch):
    """R12: small values take more room here than on the wire."""
    monkeypatch.setattr(module, "SEARCH_VALUES", 999)
    group = entry(b"cn=g", member=[b"" for _ in range(250)])
    assert trouble_of(opened, everything(*[group] * 4, DONE)).cause is Cause.TOO_MUCH
    assert len(searched(opened, everything(*[group] * 3, DONE))[0].entries) == 3


def test_whoever_asked_may_stop_between_pages(opened):
    heard = []
    found, server = searched(
        opened, paged(300, 10), page=10, on_page=heard.append, stopped=lambda: len(heard) >= 2
    )
    assert found.stopped
    assert len(found.entries) < 300
    assert len([one for one in server.operations() if one == SEARCH]) <= 3


def test_whoever_asked_may_stop_while_the_server_is_silent(opened):
    started = threading.Event()

    def serve(line, server):
        line.asked()
        started.set()
        server.over.wait()

    with serving(serve) as server:
        connection = opened(server)
        found = connection.search("dc=example", "(a=b)", ["cn"], stopped=started.is_set)
        connection.close()
    assert found.stopped


def test_a_server_that_stays_silent_is_told_after_the_seconds(opened):
    def serve(line, server):
        line.asked()
        server.over.wait()

    with serving(serve) as server:
        connection = opened(server)
        with pytest.raises(DirectoryTrouble) as caught:
            connection.search("dc=example", "(a=b)", ["cn"], seconds=0.3)
        connection.close()
    assert caught.value.cause is Cause.SILENT


def test_entries_that_come_one_by_one_for_ever_have_an_end(opened):
    """R12: total time"""

    def serve(line, server):
        asked = line.asked()
        while not server.over.wait(0.02):
            line.send(answer(asked.identity, entry(b"cn=a", cn=[b"a"])))

    with serving(serve) as server:
        connection = opened(server)
        found = connection.search("dc=example", "(a=b)", ["cn"], seconds=0.5)
        connection.close()
    assert found.stopped
    assert found.entries
