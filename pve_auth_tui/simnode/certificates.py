"""The simulated node's CA and its certificate for port 8006, where PVE keeps them.

Source: PVE::Cluster::Setup (gen_pve_ssl_key, gen_pveca_cert, gen_pve_node_files). What PVE's
`openssl` commands leave out and stricter clients ask for (key usage, key identifiers) is there.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pve_auth_tui.simnode.disk import Disk

CA: Final = "etc/pve/pve-root-ca.pem"
CA_KEY: Final = "etc/pve/priv/pve-root-ca.key"
_CA_DAYS: Final = 3650
_NODE_DAYS: Final = 730
_ADDRESSES: Final = ("127.0.0.1", "::1")
_NAME: Final = "Simulated PVE cluster of pve-auth-tui"
_SIGNS: Final = ("key_cert_sign", "crl_sign")
_SERVES: Final = ("digital_signature", "key_encipherment")
_USES: Final = (
    *(*_SIGNS, *_SERVES, "content_commitment", "data_encipherment"),
    *("key_agreement", "encipher_only", "decipher_only"),
)


def certificate_path(node: str) -> str:
    """Where a node's certificate lies; its key lies beside it."""
    return f"etc/pve/nodes/{node}/pve-ssl.pem"


def key_path(node: str) -> str:
    """Where the key of a node's certificate lies."""
    return f"etc/pve/nodes/{node}/pve-ssl.key"


def ensure(disk: Disk, node: str, now: float) -> None:
    """Make what is missing; what is there stays. `now` is the clock of those who connect."""
    start = datetime.fromtimestamp(now, UTC) - timedelta(days=1)
    if disk.read(CA) is None or disk.read(CA_KEY) is None:
        key = rsa.generate_private_key(65537, 2048)
        disk.write(CA_KEY, _private(key))
        disk.write(CA, _ca(key, start).public_bytes(Encoding.PEM))
        stale = True
    else:
        stale = any(disk.read(path) is None for path in (certificate_path(node), key_path(node)))
    if stale:
        key = rsa.generate_private_key(65537, 2048)
        disk.write(key_path(node), _private(key))
        disk.write(certificate_path(node), _signed(disk, node, key, start))


def _ca(key: rsa.RSAPrivateKey, start: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _NAME)])
    return (
        _certificate(name, name, key.public_key(), start, _CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(_SIGNS), critical=True)
        .sign(key, SHA256())
    )


def _signed(disk: Disk, node: str, key: rsa.RSAPrivateKey, start: datetime) -> bytes:
    """A certificate for this machine's own addresses and the node's names."""
    ca = x509.load_pem_x509_certificate(disk.read(CA) or b"")
    ca_key = load_pem_private_key(disk.read(CA_KEY) or b"", None)
    if not isinstance(ca_key, rsa.RSAPrivateKey):
        raise TypeError("the CA of a simulated node has an RSA key")
    names = x509.SubjectAlternativeName(
        [
            *(x509.IPAddress(ip_address(address)) for address in _ADDRESSES),
            *(x509.DNSName(name) for name in ("localhost", node)),
        ]
    )
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, node)])
    identifier = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return (
        _certificate(subject, ca.subject, key.public_key(), start, _NODE_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(_SERVES), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(names, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier),
            critical=False,
        )
        .sign(ca_key, SHA256())
        .public_bytes(Encoding.PEM)
    )


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPublicKey, start: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(uses: tuple[str, ...]) -> x509.KeyUsage:
    return x509.KeyUsage(**{use: use in uses for use in _USES})


def _private(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
