"""Certificates of every kind, made anew for each lab: of the domain controller, of each slapd and
of the OpenID provider.
"""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_Key: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
_SERVER: Final = ExtendedKeyUsageOID.SERVER_AUTH
_CLIENT: Final = ExtendedKeyUsageOID.CLIENT_AUTH


@dataclass(frozen=True)
class Wanted:
    """`names`: names and addresses of the certificate. `days`: from and to, counted from today.
    `signed_by`: `ca`, `inter`, `other` or `self`. `chain`: the one between is sent along.
    """

    names: tuple[str, ...]
    days: tuple[int, int] = (-1, 400)
    signed_by: str = "ca"
    chain: bool = True
    weak: bool = False
    use: x509.ObjectIdentifier = _SERVER


def wanted_of(kind: str, name: str) -> Wanted:
    """The certificate of a slapd or of an OpenID provider of that kind."""
    return {
        "expired": Wanted((name,), days=(-400, -365)),
        "future": Wanted((name,), days=(30, 400)),
        "soon": Wanted((name,), days=(-300, 5)),
        "othername": Wanted(("elsewhere.lab.test",)),
        "otherca": Wanted((name,), signed_by="other"),
        "selfsigned": Wanted((name,), signed_by="self"),
        "inter": Wanted((name,), signed_by="inter"),
        "nointer": Wanted((name,), signed_by="inter", chain=False),
        "weak": Wanted((name,), weak=True),
        "clientonly": Wanted((name,), use=_CLIENT),
    }.get(kind, Wanted((name,)))


class Pki:
    """`folder` gets NAME.crt and NAME.key of all that is issued, and of the authorities."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self._authorities: dict[str, tuple[x509.Certificate, _Key]] = {}
        self._authority("ca", "Lab Root CA")
        self._authority("inter", "Lab Issuing CA 1", below="ca")
        self._authority("other", "Other Root CA")

    @property
    def ca(self) -> Path:
        return self.folder / "ca.crt"

    @property
    def other_ca(self) -> Path:
        return self.folder / "other.crt"

    def issue(self, file: str, wanted: Wanted) -> None:
        key: _Key = _weak_key() if wanted.weak else _new_key()
        name = _called(wanted.names[0])
        if wanted.signed_by == "self":
            issuer, signer, sent = name, key, []
        else:
            authority, signer = self._authorities[wanted.signed_by]
            issuer = authority.subject
            sent = [authority] if wanted.signed_by == "inter" and wanted.chain else []
        draft = (
            _draft(name, issuer, key, wanted.days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_alternatives(wanted.names), critical=False)
            .add_extension(x509.ExtendedKeyUsage([wanted.use]), critical=False)
            .add_extension(_signed_with(signer), critical=False)
        )
        self._write(file, [draft.sign(signer, hashes.SHA256()), *sent], key)

    def _authority(self, file: str, name: str, below: str = "") -> None:
        key, subject = _new_key(), _called(name)
        issuer: x509.Name = subject
        signer: _Key = key
        if below:
            authority, signer = self._authorities[below]
            issuer = authority.subject
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        certificate = (
            _draft(subject, issuer, key, (-2, 3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(own, critical=False)
            .add_extension(_signed_with(signer), critical=False)
            .sign(signer, hashes.SHA256())
        )
        self._authorities[file] = (certificate, key)
        self._write(file, [certificate], key)

    def _write(self, file: str, certificates: Sequence[x509.Certificate], key: _Key) -> None:
        pem = b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)
        (self.folder / f"{file}.crt").write_bytes(pem)
        private = self.folder / f"{file}.key"
        private.touch(mode=0o600)
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _weak_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 1024)  # noqa: S505 (that is the fault)


def _called(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _signed_with(key: _Key) -> x509.AuthorityKeyIdentifier:
    """Python 3.13 takes no chain without it."""
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _alternatives(names: Sequence[str]) -> x509.SubjectAlternativeName:
    found: list[x509.GeneralName] = []
    for name in names:
        try:
            found.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            found.append(x509.DNSName(name))
    return x509.SubjectAlternativeName(found)


def _draft(
    subject: x509.Name, issuer: x509.Name, key: _Key, days: tuple[int, int]
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    first, last = (now + datetime.timedelta(days=count) for count in days)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(first)
        .not_valid_after(last)
    )
