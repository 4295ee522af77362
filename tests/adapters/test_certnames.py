"""The names in a certificate, and what is none."""

from __future__ import annotations

from base64 import b64decode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.adapters.certnames import certificate_names
from pve_auth_tui.adapters.suffixes import is_public_suffix
from pve_auth_tui.core.errors import Unreadable
from pve_auth_tui.simnode.rack_certificates import FILES
from tests.adapters.tls_server import Authority

PVE2 = FILES["etc/pve/nodes/pve2/pve-ssl.pem"].encode()


def test_alternative_names_come_before_the_common_name_and_each_once() -> None:
    names = certificate_names(PVE2)
    assert names == (
        *("localhost", "pve2", "pve2.example.com"),
        *("127.0.0.1", "::1", "192.0.2.22"),
    )


def test_the_first_certificate_of_a_chain_counts() -> None:
    ca = Authority("Somebody's CA")
    issued = ca.issue("*.example.org", "192.0.2.7")
    assert certificate_names(b"# chain\n" + issued.pem + ca.pem) == ("*.example.org", "192.0.2.7")
    assert certificate_names(ca.pem) == ("Somebody's CA",)


def test_no_more_names_than_a_screen_could_use() -> None:
    many = [f"n{number}.example.com" for number in range(300)]
    assert certificate_names(Authority().issue(*many).pem) == tuple(many[:100])


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"hello",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        PVE2.replace(b"MIIBPTCB8KAD", b"MIIBPTCB8KAE"),
        PVE2[:200],
    ],
)
def test_what_is_no_certificate_is_unreadable(text: bytes) -> None:
    with pytest.raises(Unreadable):
        certificate_names(text)


@given(at=st.integers(28, len(PVE2) - 30), byte=st.integers(0, 255))
def test_a_damaged_one_is_read_or_unreadable_and_nothing_else(at: int, byte: int) -> None:
    damaged = PVE2[:at] + bytes([byte]) + PVE2[at + 1 :]
    try:
        names = certificate_names(damaged)
    except Unreadable:
        return
    assert all(len(name) <= 253 for name in names)


def test_a_serial_number_that_no_certificate_should_have_is_no_matter_and_no_warning() -> None:
    lines = PVE2.splitlines()
    der = bytearray(b64decode(b"".join(lines[1:-1])))
    at = der.index(b"\x02\x01\x02\x02\x01\x02")  # version 3, serial number 2
    der[at + 5] = 0
    pem = b"\n".join([lines[0], b64encode(der), lines[-1]])
    assert "pve2.example.com" in certificate_names(pem)


def test_the_whole_list_of_public_suffixes_is_asked() -> None:
    assert is_public_suffix("co.uk")
    assert is_public_suffix("k12.ca.us")
    assert is_public_suffix("github.io")
    assert not is_public_suffix("example.com")
