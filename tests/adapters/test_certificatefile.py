"""Files with certificates are taken apart, whatever they are; keys are seen for what they are."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.adapters.directory.certificatefile import read_certificates
from pve_auth_tui.core.trust.model import Form
from pve_auth_tui.core.trust.pem import as_pem, blocks_of, certificates_of
from tests.authorities import certificate, der, key_der, key_pem, packed, pem, sha256

ROOT = certificate()
INTER = certificate("Lab Issuing CA", by="Lab Root CA", length=0)
LEAF = certificate("dc1.lab.test", by="Lab Issuing CA", ca=False, names=("dc1.lab.test",))


@pytest.mark.parametrize(
    ("data", "form", "found"),
    [
        (pem(ROOT), Form.PEM, [ROOT]),
        (pem(ROOT).replace(b"\n", b"\r\n"), Form.PEM, [ROOT]),
        (pem(ROOT).replace(b"\n", b" "), Form.PEM, [ROOT]),  # as a field takes a paste
        (pem(ROOT).decode().encode("utf-16"), Form.PEM, [ROOT]),
        (b"\xef\xbb\xbf" + pem(ROOT), Form.PEM, [ROOT]),
        (b"subject=CN = Lab\n" + pem(LEAF, INTER, ROOT), Form.PEM, [LEAF, INTER, ROOT]),
        (pem(ROOT, ROOT), Form.PEM, [ROOT]),
        (der(ROOT), Form.DER, [ROOT]),
        (packed(INTER, ROOT), Form.PKCS7_PEM, [INTER, ROOT]),
        (packed(INTER, ROOT, encoding=Encoding.DER), Form.PKCS7_DER, [INTER, ROOT]),
    ],
    ids=["pem", "crlf", "one line", "utf-16", "bom", "bundle", "twice", "der", "p7b", "p7b der"],
)
def test_every_form_that_a_ca_gives_is_read(data, form, found):
    contents = read_certificates(data)
    assert contents.form is form
    assert not contents.has_key
    assert sorted(one.sha256 for one in contents.authorities) == sorted(map(sha256, found))


@pytest.mark.parametrize(
    "data",
    [
        key_pem("Lab Root CA"),
        pem(ROOT) + key_pem("Lab Root CA"),
        b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nhalf of it",
        b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
        key_der("Lab Root CA"),
    ],
    ids=["pem", "beside a certificate", "encrypted and cut off", "openssh", "der"],
)
def test_a_private_key_is_seen(data):
    assert read_certificates(data).has_key


@pytest.mark.parametrize("data", [b"", b"hello\n", b"0", b"\x30\x03\x02\x01", b"\x00" * 100])
def test_what_holds_nothing_is_told_so(data):
    contents = read_certificates(data)
    assert contents.form is Form.OTHER
    assert contents.authorities == ()


def test_a_block_that_is_no_base64_counts_as_broken():
    broken = b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n"
    assert read_certificates(broken + pem(ROOT)).broken == 1
    assert len(read_certificates(broken + pem(ROOT)).authorities) == 1


def test_what_is_no_certificate_inside_a_block_is_told_as_one_that_cannot_be_read():
    found = read_certificates(as_pem(b"\x30\x03\x02\x01\x05").encode())
    assert "cannot be read" in found.authorities[0].certificate.problem


def test_the_facts_of_a_ca_are_read():
    read = read_certificates(pem(INTER)).authorities[0].certificate
    assert (read.is_ca, read.path_length, read.self_signed) == (True, 0, False)
    assert read.issuer == "CN=Lab Root CA,O=Lab"
    assert read_certificates(pem(ROOT)).authorities[0].certificate.path_length is None
    no_signing = certificate("Odd CA", signs=False)
    assert not read_certificates(pem(no_signing)).authorities[0].certificate.signs


@given(st.binary(max_size=400))
def test_no_octets_make_it_fail(data):
    read_certificates(data)


@given(st.binary(min_size=1, max_size=300))
def test_a_block_that_is_written_is_read_again(data):
    assert certificates_of(as_pem(data).encode()) == (data,)


def test_a_million_beginnings_take_no_time():
    """Nobody can keep this busy with a file of less than 1 MiB."""
    data = b"-----BEGIN CERTIFICATE-----" * 38_000
    assert blocks_of(data).found == ()
    assert len(blocks_of(data + b"-----END CERTIFICATE-----").found) == 1
