"""What may become a CA of this node, and what is refused (security.md R30b)."""

from __future__ import annotations

import pytest
from cryptography import x509

from pve_auth_tui.adapters.directory.certificatefile import read_certificates
from pve_auth_tui.core.directory.certificate import Certificate
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.trust.judging import judged, lacking_root, offered
from pve_auth_tui.core.trust.naming import called, file_name, fingerprint, groups
from tests.authorities import DAY, NOW, certificate, key_pem, pem, sha256


def read(*found: x509.Certificate):
    return read_certificates(pem(*found)).authorities


def words(one: x509.Certificate) -> list[str]:
    return [f"{found.word} {found.text}" for found in judged(read(one)[0].certificate, NOW)]


def test_a_root_as_it_should_be_has_nothing_against_it():
    assert words(certificate()) == []


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (certificate("dc1", by="Lab Root CA", ca=False), "It is no CA's certificate"),
        (certificate("Old", ca=None), "It is no CA's certificate"),
        (certificate("Ended", ends=-1), "It ended on"),
        (certificate("Later", begins=1), "It is not valid before"),
        (certificate("No signing", signs=False), "does not allow it to sign"),
    ],
    ids=["leaf", "no basicConstraints", "expired", "not yet", "key usage"],
)
def test_what_nobody_should_trust_is_refused(one, why):
    assert words(one)[0].startswith("BAD")
    assert why in words(one)[0]


def test_it_may_be_used_to_its_last_second_and_not_longer():
    one = read(certificate("Short", ends=10))[0].certificate
    assert all(found.word != "BAD" for found in judged(one, one.ends - 1))
    assert any(found.word == "BAD" for found in judged(one, one.ends))


def test_an_intermediate_is_looked_at_for_its_root_is_what_should_be_trusted():
    assert words(certificate("Issuing", by="Lab Root CA"))[0].startswith("LOOK It is an interm")


def test_weak_signatures_and_short_keys_are_looked_at():
    old = Certificate(
        "CN=Old", "CN=Old", begins=NOW - DAY, ends=NOW + 900 * DAY, self_signed=True, is_ca=True,
        key="RSA 1024", signature="sha1",
    )  # fmt: skip
    texts = [f"{one.word} {one.text}" for one in judged(old, NOW)]
    assert texts == [
        "LOOK It is signed with SHA1, which can be forged.",
        "LOOK Its key is RSA 1024: OpenSSL refuses less than 2048 bits.",
    ]


def test_one_that_ends_soon_is_looked_at():
    assert words(certificate("Soon", ends=30))[0].startswith("LOOK It ends on")


def test_an_input_with_a_private_key_is_refused_whole():
    contents = read_certificates(pem(certificate()) + key_pem("Lab Root CA"))
    with pytest.raises(Refused, match="private key"):
        offered("/root/ca.pem", contents, (), NOW)


def test_an_input_without_a_certificate_is_refused():
    with pytest.raises(Refused, match="no certificate that can be read"):
        offered("/root/x", read_certificates(b"hello"), (), NOW)


def test_of_a_bundle_what_can_be_imported_is_told_from_what_cannot():
    root, leaf = certificate(), certificate("dc1", by="Lab Root CA", ca=False)
    offer = offered("/root/b.pem", read_certificates(pem(leaf, root)), {sha256(leaf)}, NOW)
    assert [one.word for one in offer.candidates] == ["BAD", "ok"]
    assert [one.trusted for one in offer.candidates] == [True, False]
    assert [one.authority.sha256 for one in offer.importable] == [sha256(root)]
    assert offer.picked([sha256(root)]) == offer.importable
    with pytest.raises(UsageError, match="no certificate with that SHA-256"):
        offer.picked(["ab" * 32])


def test_an_intermediate_lacks_its_root_until_that_is_trusted_or_comes_along():
    inter, root = certificate("Issuing", by="Lab Root CA"), certificate()
    assert lacking_root(read(inter), ()) == "CN=Lab Root CA,O=Lab"
    assert lacking_root(read(inter, root), ()) == ""
    assert lacking_root(read(inter), {"CN=Lab Root CA,O=Lab"}) == ""


# --- names -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "name", "file"),
    [
        ("CN=Lab Root CA,O=Lab", "Lab Root CA", "lab-root-ca-abababab.crt"),
        ("O=Lab", "Lab", "lab-abababab.crt"),
        (r"CN=Smith\, Jones \+ Co", "Smith, Jones + Co", "smith-jones-co-abababab.crt"),
        ("CN=../../etc/passwd", "../../etc/passwd", "etc-passwd-abababab.crt"),
        ("CN=\x1b[2J\nrm -rf", "\x1b[2J\nrm -rf", "2j-rm-rf-abababab.crt"),
        ("CN=Звезда", "Звезда", "ca-abababab.crt"),
        ("CN=" + "x" * 300, "x" * 300, "x" * 40 + "-abababab.crt"),
        ("", "a certificate without a name", "a-certificate-without-a-name-abababab.crt"),
    ],
)
def test_a_file_has_a_safe_name_whatever_the_subject_is(subject, name, file):
    one = Certificate(subject=subject, sha256="ab" * 32)
    assert called(one) == name
    assert file_name(one) == file


def test_a_fingerprint_is_shown_in_groups_and_taken_as_people_type_it():
    digits = "0123456789abcdef" * 4
    assert groups(digits).startswith("0123 4567 89AB CDEF 0123")
    assert len(groups(digits).split()) == 16
    colons = ":".join(digits[at : at + 2].upper() for at in range(0, 64, 2))
    for typed in (digits, groups(digits), colons, f"sha256={digits}", f" {digits}\n"):
        assert fingerprint(typed) == digits


@pytest.mark.parametrize("typed", ["", "ab" * 31, "zz" * 32, "ab" * 33])
def test_what_is_no_sha256_is_refused(typed):
    with pytest.raises(UsageError, match="no SHA-256"):
        fingerprint(typed)


def test_a_sha1_is_refused_as_one():
    with pytest.raises(UsageError, match="SHA-1"):
        fingerprint("ab" * 20)
