"""The BER of the simulated directory: what it writes it reads, and rubbish is refused."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pyasn1.codec.ber import decoder

from pve_auth_tui.simnode.ldapserver import ber, messages
from pve_auth_tui.simnode.ldapserver.names import BadName, compared, escaped


@given(some.integers(-(1 << 62), 1 << 62))
def test_numbers_come_back_and_another_decoder_reads_the_same(value):
    data = ber.integer(value)
    ((tag, content),) = ber.elements(data)
    assert (tag, ber.number(content)) == (ber.INTEGER, value)
    assert int(decoder.decode(data)[0]) == value


@given(some.integers(0, 70_000))
def test_octets_of_any_length_come_back(size):
    data = ber.octets(b"x" * size)
    assert list(ber.elements(data)) == [(ber.OCTETS, b"x" * size)]
    assert len(bytes(decoder.decode(data)[0])) == size


@given(some.binary(max_size=60))
def test_rubbish_is_refused_or_read_never_anything_else(data):
    with suppress(ber.BadBer):
        messages.request(data)
    with suppress(ber.BadBer):
        messages.search(data)
    with suppress(ber.BadBer):
        messages.page(data)


@pytest.mark.parametrize(
    "data", [b"\x30\x80", b"\x1f\x01\x00", b"\x04\x05ab", b"\x30\x85" + b"1" * 5]
)
def test_what_ldap_does_not_have_is_no_ber_of_its_kind(data):
    with pytest.raises(ber.BadBer):
        list(ber.elements(data))


@given(some.text(some.characters(exclude_categories=("Cs",)), min_size=1, max_size=20))
def test_an_escaped_value_is_one_part_of_a_name(value):
    name = compared(f"cn={escaped(value)},dc=example")
    if value.strip() == value:
        assert name == (f"cn={value.casefold()}", "dc=example")
    assert len(name) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CN=Anna Admin,DC=Example", "cn = anna admin , dc=example"),
        (r"cn=M\C3\BCller", "CN=müller"),
        (r"cn=a\,b,dc=x", r"cn=a\2Cb,dc=x"),
        ("cn=a;dc=x", "cn=a,dc=x"),
    ],
)
def test_ways_of_writing_one_name_are_one_name(one, other):
    assert compared(one) == compared(other)


@pytest.mark.parametrize("text", ["anna", "=x", "cn=a,,dc=x", "anna@example.com"])
def test_what_is_no_name_is_refused(text):
    with pytest.raises(BadName):
        compared(text)
