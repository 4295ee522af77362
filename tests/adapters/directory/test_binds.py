"""Binds: one attempt each, never an empty password, and never a password in what is told."""

from __future__ import annotations

import traceback

import pytest

from pve_auth_tui.core.directory.causes import Cause, DirectoryTrouble
from pve_auth_tui.core.secret import Secret
from tests.adapters.directory.conftest import HOST
from tests.adapters.directory.server import (
    BIND,
    UNBIND,
    answer,
    ber,
    directory,
    integer,
    refusing,
    result,
    serving,
    unpacked,
)

PASSWORD = Secret("correct-horse-battery")


@pytest.fixture
def opened(directories, realm):
    """A connection in the clear to a port, somebody having agreed."""

    def connect(server):
        return directories.open(realm(server.port, "ldap"), HOST, agreed=True)

    return connect


def refused(opened, answering, dn="cn=svc,dc=example", password=PASSWORD):
    """The trouble that a bind ends in."""
    with serving(directory(answering)) as server:
        connection = opened(server)
        with pytest.raises(DirectoryTrouble) as caught:
            connection.bind(dn, password) if dn else connection.bind_nobody()
        connection.close()
    assert server.operations().count(BIND) <= 1
    return caught.value


def test_a_bind_sends_version_name_and_password_once(opened):
    """R23"""
    with serving(directory()) as server:
        connection = opened(server)
        connection.bind("cn=Müller,dc=example", PASSWORD)
        connection.close()
    assert server.operations() == [BIND, UNBIND]
    version, name, password = unpacked(server.requests[0].content)
    assert version == (2, b"\x03")
    assert name == (4, "cn=Müller,dc=example".encode())
    assert password == (0x80, b"correct-horse-battery")


def test_a_bind_as_nobody_has_neither_name_nor_password(opened):
    with serving(directory()) as server:
        connection = opened(server)
        connection.bind_nobody()
        connection.close()
    assert unpacked(server.requests[0].content)[1:] == [(4, b""), (0x80, b"")]


@pytest.mark.parametrize(
    ("dn", "password", "cause"),
    [("cn=svc", Secret(""), Cause.NO_PASSWORD), ("", PASSWORD, Cause.BAD_BIND_DN)],
)
def test_what_a_server_would_take_as_nobody_is_never_sent(opened, dn, password, cause):
    """R20: an unauthenticated bind succeeds with any name."""
    with serving(directory()) as server:
        connection = opened(server)
        with pytest.raises(DirectoryTrouble) as caught:
            connection.bind(dn, password)
        connection.close()
    assert caught.value.cause is cause
    assert set(server.operations()) <= {UNBIND}


AD = b"80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data %s, v4563\0"
CODES = {
    (49, b""): Cause.WRONG_CREDENTIALS,
    (49, AD % b"52e"): Cause.WRONG_PASSWORD,
    (49, AD % b"525"): Cause.UNKNOWN_ACCOUNT,
    (49, AD % b"530"): Cause.NOT_NOW,
    (49, AD % b"531"): Cause.NOT_FROM_HERE,
    (49, AD % b"532"): Cause.PASSWORD_EXPIRED,
    (49, AD % b"533"): Cause.ACCOUNT_DISABLED,
    (49, AD % b"701"): Cause.ACCOUNT_EXPIRED,
    (49, AD % b"773"): Cause.MUST_CHANGE,
    (49, AD % b"775"): Cause.ACCOUNT_LOCKED,
    (49, AD % b"57"): Cause.WRONG_CREDENTIALS,
    (49, b"password expired!"): Cause.PASSWORD_EXPIRED,
    (19, b"Exceed password retry limit. Please try later."): Cause.ACCOUNT_LOCKED,
    (53, b"Account inactivated. Contact system administrator."): Cause.ACCOUNT_DISABLED,
    (8, b"BindSimple: Transport encryption required."): Cause.STRONGER_AUTH,
    (7, b""): Cause.STRONGER_AUTH,
    (13, b"confidentiality required"): Cause.CONFIDENTIALITY,
    (32, b""): Cause.UNKNOWN_ACCOUNT,
    (34, b"invalid DN"): Cause.BAD_BIND_DN,
    (51, b""): Cause.BUSY,
    (52, b""): Cause.UNAVAILABLE,
    (53, b"unwilling"): Cause.BIND_REFUSED,
    (10, b""): Cause.BIND_REFUSED,
    (12345, b""): Cause.BIND_REFUSED,
}


@pytest.mark.parametrize(("code", "text"), list(CODES))
def test_every_refusal_has_its_cause_and_the_server_s_words(opened, code, text):
    trouble = refused(opened, refusing(code, text))
    assert trouble.cause is CODES[code, text]
    assert trouble.original == text.decode().rstrip("\0")
    assert trouble.facts["code"] == str(code)


@pytest.mark.parametrize("code", [7, 48, 49, 50, 53])
def test_a_server_that_wants_nobody_without_a_name(opened, code):
    trouble = refused(opened, refusing(code, b"anonymous bind disallowed"), dn="")
    assert trouble.cause is Cause.NOBODY_REFUSED


def test_a_password_that_the_server_repeats_is_not_told(opened):
    trouble = refused(opened, refusing(49, b"no, correct-horse-battery is wrong"))
    told = f"{trouble} {trouble.hint} {trouble.original} {trouble.facts} {trouble!r}"
    assert PASSWORD.reveal() not in told
    assert "is wrong" in trouble.original
    assert PASSWORD.reveal() not in "".join(traceback.format_exception(trouble))


def test_a_password_that_is_repeated_later_is_not_told_either(opened):
    def answering(asked):
        if asked.operation == BIND:
            return answer(asked.identity, ber(0x61, result(0)))
        said = result(50, b"correct-horse-battery", b"cn=correct-horse-battery")
        if len(unpacked(asked.content)[0][1]) > 2:
            return answer(asked.identity, ber(0x65, said))
        return ber(0x30, integer(0), ber(0x78, said))  # hangs up

    for base in ("dc=example", ""):
        with serving(directory(answering)) as server:
            connection = opened(server)
            connection.bind("cn=svc", PASSWORD)
            with pytest.raises(DirectoryTrouble) as caught:
                connection.search(base, "(a=b)", ["cn"])
            connection.close()
        told = f"{caught.value.original} {caught.value.facts}"
        assert "********" in told
        assert PASSWORD.reveal() not in told


def test_a_password_in_the_text_of_an_answer_that_was_cut_is_not_told_either(opened):
    def answering(asked):
        if asked.operation == BIND:
            return answer(asked.identity, ber(0x61, result(0)))
        found = ber(0x64, ber(4, b"cn=a"), ber(0x30))
        said = result(4, b"correct-horse-battery asked for too much")
        return answer(asked.identity, found) + answer(asked.identity, ber(0x65, said))

    with serving(directory(answering)) as server:
        connection = opened(server)
        connection.bind("cn=svc", PASSWORD)
        found = connection.search("dc=example", "(a=b)", ["cn"])
        connection.close()
    assert (len(found.entries), found.code) == (1, 4)
    assert found.message == "******** asked for too much"


def test_a_notice_of_disconnection_is_told_with_its_text(opened):
    def notice(code):
        name = ber(0x8A, b"1.3.6.1.4.1.1466.20036")
        text = b"correct-horse-battery: the server goes down"
        return lambda asked: ber(0x30, integer(0), ber(0x78, result(code, text, b"", name)))

    for code, cause in (
        (52, Cause.UNAVAILABLE),
        (8, Cause.STRONGER_AUTH),
        (2, Cause.BROKEN_OFF),
    ):
        trouble = refused(opened, notice(code))
        assert trouble.cause is cause
        assert trouble.original.endswith(": the server goes down")
        assert PASSWORD.reveal() not in trouble.original


@pytest.mark.parametrize(
    "said",
    [
        lambda asked: answer(asked.identity, ber(0x65, result(0))),  # a search's
        lambda asked: answer(asked.identity + 1, ber(0x61, result(0))),
        lambda asked: answer(asked.identity, ber(0x61, b"")),
        lambda asked: answer(asked.identity, ber(0x61, ber(0x0A, b""), ber(4), ber(4))),
        lambda asked: ber(0x30, b"\xff"),
        lambda asked: b"\x30\x80\x02\x01\x01\x00\x00",
    ],
)
def test_an_answer_that_is_none_never_counts_as_a_bind(opened, said):
    assert refused(opened, said).cause is Cause.NOT_LDAP
