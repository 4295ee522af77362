"""The system's CA certificates: update-ca-certificates and `openssl verify` of the simulated node.

As Debian 13 does it (recorded, reference/host.md 5): it ends with 0 whatever it was given, takes
every `.crt` without looking into it, and nothing else. Links of the hashed directory are copies
here. A folder holds only what has exactly one certificate in PEM.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode
from typing import TYPE_CHECKING, Final

from pve_auth_tui.simnode.host.files import HostFiles

if TYPE_CHECKING:
    from cryptography import x509

LOCAL: Final = "usr/local/share/ca-certificates"
CERTS: Final = "etc/ssl/certs"
BUNDLE: Final = f"{CERTS}/ca-certificates.crt"
DEMO_CA: Final = f"{LOCAL}/demo-ca.crt"
_PEM: Final = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_HASHED: Final = re.compile(r"[0-9a-f]{8}\.\d+")


def certificates(data: bytes) -> list[bytes]:
    """Those in PEM."""
    return _PEM.findall(data)


def parsed(pem: bytes) -> x509.Certificate | None:
    """None for what is no certificate."""
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError:
        return None


def as_der(pem: bytes) -> bytes:
    """A certificate without PEM's envelope."""
    return b64decode(b"".join(pem.strip().splitlines()[1:-1]))


def subject_hash(pem: bytes) -> str:
    """As `openssl x509 -hash`: of the subject's canonical form (crypto/x509/x_name.c)."""
    found = parsed(pem)
    if found is None:
        return ""
    from cryptography.x509 import Name

    name: Name = found.subject
    data = b""
    for rdn in name.rdns:
        members = sorted(_canonical(each.oid.dotted_string, str(each.value)) for each in rdn)
        data += _der(0x31, b"".join(members))
    digest = hashlib.sha1(data, usedforsecurity=False).digest()
    return digest[3::-1].hex()


def _canonical(oid: str, value: str) -> bytes:
    folded = " ".join(value.split()).translate(
        {number: number + 32 for number in range(ord("A"), ord("Z") + 1)}
    )
    return _der(0x30, _der(0x06, _oid(oid)) + _der(0x0C, folded.encode()))


def _oid(text: str) -> bytes:
    first, second, *rest = (int(part) for part in text.split("."))
    data = b""
    for number in (first * 40 + second, *rest):
        octets = [number & 0x7F]
        while number := number >> 7:
            octets.insert(0, number & 0x7F | 0x80)
        data += bytes(octets)
    return data


def _der(tag: int, data: bytes) -> bytes:
    size = len(data)
    if size < 0x80:
        return bytes([tag, size]) + data
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + data


def link(files: HostFiles, name: str, data: bytes) -> str:
    """/etc/ssl/certs/NAME.pem and its hashed name; why there is none of these, "" for done."""
    files.write(f"{CERTS}/{name}.pem", data)
    found = certificates(data)
    if len(found) != 1 or parsed(found[0]) is None:
        return (
            f"rehash: warning: skipping {name}.pem, it does not contain exactly one certificate "
            "or CRL"
        )
    start = subject_hash(found[0])
    held = [each for each in files.names(CERTS) if each.startswith(f"{start}.")]
    same = parsed(found[0])
    for each in held:
        others = certificates(files.disk.read(f"{CERTS}/{each}") or b"")
        if others and parsed(others[0]) == same:
            return f"rehash: warning: skipping duplicate certificate in {name}.pem"
    files.write(f"{CERTS}/{start}.{len(held)}", data)
    return ""


def update(files: HostFiles, *, fresh: bool) -> tuple[int, int, list[str]]:
    """(added, removed, complaints). Raises Unwritable."""
    wanted = {
        name.removesuffix(".crt"): files.disk.read(f"{LOCAL}/{name}") or b""
        for name in files.names(LOCAL)
        if name.endswith(".crt")
    }
    before = {
        name.removesuffix(".pem"): files.disk.read(f"{CERTS}/{name}")
        for name in files.names(CERTS)
        if name.endswith(".pem")
    }
    added = len(wanted) if fresh else len(wanted.keys() - before.keys())
    removed = 0 if fresh else len(before.keys() - wanted.keys())
    changed = {name for name in wanted if before.get(name) != wanted[name]}
    for name in files.names(CERTS):
        if name.endswith(".pem") or _HASHED.fullmatch(name):
            files.remove(f"{CERTS}/{name}")
    complaints = [
        "rehash: warning: skipping ca-certificates.crt, it does not contain exactly one "
        "certificate or CRL"
    ]
    for name, data in sorted(wanted.items()):
        if complaint := link(files, name, data):
            complaints.append(complaint)
    files.write(BUNDLE, b"".join(_ended(wanted[name]) for name in sorted(wanted)))
    return added, removed, sorted(complaints) if added or removed or changed or fresh else []


def _ended(data: bytes) -> bytes:
    return data if data.endswith(b"\n") else data + b"\n"


def issuers(files: HostFiles, *, folder: str = "", file: str = "") -> list[x509.Certificate]:
    """Whom a verification trusts: certificates of a file, and those under hashed names."""
    data = [files.disk.read(file.strip("/")) or b""] if file else []
    if folder:
        data += [
            files.disk.read(f"{folder.strip('/')}/{name}") or b""
            for name in files.names(folder)
            if _HASHED.fullmatch(name)
        ]
    found = (parsed(pem) for each in data for pem in certificates(each))
    return [each for each in found if each is not None]
