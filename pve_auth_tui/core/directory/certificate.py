"""A certificate as people are told of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Certificate:
    """Everything in it is untrusted, for whoever made it wrote what they liked.

    `subject`, `issuer`: RFC 4514. `names`, `addresses`: of its subjectAltName, nothing else of
    it. `begins`, `ends`: Unix times in seconds. `sha256`: of the DER, 64 hex digits in small
    letters. `purposes`: extended key usage, OpenSSL's short names (`serverAuth`) or dotted
    numbers, () for any. `key`: such as `RSA 2048`; `signature`: such as `sha256`, "" where the
    algorithm names no digest. `path_length`: how many CAs may stand below it, None for any number;
    `signs`: its key usage, if it has one, allows it to sign certificates. `problem`: why it could
    not be read; then only `sha256` is told.
    """

    subject: str = ""
    issuer: str = ""
    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    begins: float = 0.0
    ends: float = 0.0
    sha256: str = ""
    purposes: tuple[str, ...] = ()
    self_signed: bool = False
    is_ca: bool = False
    key: str = ""
    signature: str = ""
    problem: str = ""
    path_length: int | None = None
    signs: bool = True

    def days_left(self, now: float) -> int:
        """Whole days from a Unix time until it ends; less than 0 when it has ended."""
        return int((self.ends - now) // 86400)
