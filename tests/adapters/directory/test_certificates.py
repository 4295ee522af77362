"""What a certificate says, and what is said of one that is none."""

from __future__ import annotations

import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.adapters.directory.certificates import LONGEST, described
from tests.adapters.directory.authority import NOW, Authority, self_signed

AUTHORITY = Authority()
SHOWN = AUTHORITY.issue("dc01.example.com", "192.0.2.10", "2001:db8::1", common_name="dc01")


def test_everything_that_people_ask_for_is_told():
    found = described(SHOWN.der)
    assert (found.subject, found.issuer) == ("CN=dc01", "CN=Example CA")
    assert found.names == ("dc01.example.com",)
    assert found.addresses == ("192.0.2.10", "2001:db8::1")
    assert found.purposes == ("serverAuth",)
    assert (found.key, found.signature) == ("EC secp256r1", "sha256")
    assert not found.self_signed
    assert not found.is_ca
    assert found.problem == ""
    assert found.sha256 == hashlib.sha256(SHOWN.der).hexdigest()
    assert found.ends - found.begins == pytest.approx(301 * 86400)
    assert found.days_left(NOW.timestamp() - 1) == 300
    assert found.days_left(NOW.timestamp() + 301 * 86400) == -2


def test_an_authority_signed_itself():
    found = described(x509.load_pem_x509_certificate(AUTHORITY.pem).public_bytes(Encoding.DER))
    assert found.is_ca
    assert found.self_signed
    assert found.purposes == ()


def test_what_a_certificate_is_for_is_told_in_names_or_numbers():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    client = (ExtendedKeyUsageOID.CLIENT_AUTH, x509.ObjectIdentifier("1.2.3.4"))
    found = described(AUTHORITY.issue("pve1", key=key, purposes=client).der)
    assert found.purposes == ("clientAuth", "1.2.3.4")
    assert found.key == "RSA 2048"


def test_a_certificate_without_extensions_says_less():
    found = described(self_signed().der)
    assert (found.names, found.addresses, found.purposes) == ((), (), ())
    assert found.self_signed


def test_what_is_none_has_a_problem():
    for octets in (b"", b"rubbish", SHOWN.der[:-1], SHOWN.der + b"\0", b"\x30" * (LONGEST + 1)):
        found = described(octets)
        assert found.problem
        assert found.sha256 == hashlib.sha256(octets).hexdigest()
        assert found.subject == ""


@given(st.integers(0, len(SHOWN.der) - 1), st.integers(0, 255))
def test_no_changed_octet_makes_it_fail(at, octet):
    changed = SHOWN.der[:at] + bytes([octet]) + SHOWN.der[at + 1 :]
    assert described(changed).sha256
