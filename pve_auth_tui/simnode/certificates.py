"""The simulated node's CA and its certificate for port 8006, where PVE keeps them.

Source: PVE::Cluster::Setup (gen_pve_ssl_key, gen_pveca_cert, gen_pve_node_files). What PVE's
`openssl` commands leave out and stricter clients ask for (key usage, key identifiers) is there.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from pve_auth_tui.simnode import signing
from pve_auth_tui.simnode.disk import Disk

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

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
    from cryptography.hazmat.primitives.serialization import Encoding

    start = datetime.fromtimestamp(now, UTC) - timedelta(days=1)
    ca_key = signing.read_private(disk.read(CA_KEY) or b"")
    stale = ca_key is None or disk.read(CA) is None
    if ca_key is None or stale:
        ca_key = signing.new_key()
        disk.write(CA_KEY, signing.private_pem(ca_key))
        disk.write(CA, _ca(ca_key, start).public_bytes(Encoding.PEM))
    if stale or disk.read(certificate_path(node)) is None or disk.read(key_path(node)) is None:
        key = signing.new_key()
        signed = _signed(disk.read(CA) or b"", ca_key, node, key.public_key(), start)
        disk.write(key_path(node), signing.private_pem(key))
        disk.write(certificate_path(node), signed.public_bytes(Encoding.PEM))


def _ca(key: RSAPrivateKey, start: datetime) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, _NAME)])
    return (
        _certificate(name, name, key.public_key(), start, _CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(_SIGNS), critical=True)
        .sign(key, SHA256())
    )


def _signed(
    ca_pem: bytes, ca_key: RSAPrivateKey, node: str, key: RSAPublicKey, start: datetime
) -> x509.Certificate:
    """A certificate for this machine's own addresses and the node's names."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509.oid import ExtendedKeyUsageOID

    ca = x509.load_pem_x509_certificate(ca_pem)
    addresses = [x509.IPAddress(ip_address(address)) for address in _ADDRESSES]
    names = [x509.DNSName(name) for name in ("localhost", node)]
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, node)])
    known_as = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    issuer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(known_as)
    server = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    return (
        _certificate(subject, ca.subject, key, start, _NODE_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(_SERVES), critical=True)
        .add_extension(server, critical=False)
        .add_extension(x509.SubjectAlternativeName([*addresses, *names]), critical=False)
        .add_extension(issuer, critical=False)
        .sign(ca_key, SHA256())
    )


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: RSAPublicKey, start: datetime, days: int
) -> x509.CertificateBuilder:
    from cryptography import x509

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
    from cryptography import x509

    return x509.KeyUsage(**{use: use in uses for use in _USES})
