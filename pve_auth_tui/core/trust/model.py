"""What was found in a file that should hold certificates of CAs."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Final, NamedTuple, Protocol

from pve_auth_tui.core.directory.certificate import Certificate
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.finding import Finding, Word
from pve_auth_tui.core.trust.pem import as_pem

MOST: Final = 1024 * 1024  # octets of a file (R30b)


class Form(Enum):
    """How a file is made, in the words that people know."""

    PEM = "PEM"
    DER = "DER"
    PKCS7_PEM = "PKCS#7, PEM"
    PKCS7_DER = "PKCS#7, DER"
    KEY = "private key"
    OTHER = "no certificate"


class Authority(NamedTuple):
    """A certificate with its octets. It may turn out to be no CA's."""

    certificate: Certificate
    der: bytes

    @property
    def pem(self) -> str:
        return as_pem(self.der)

    @property
    def sha256(self) -> str:
        return self.certificate.sha256


class Contents(NamedTuple):
    """`authorities`: in the file's order, none twice. `has_key`: a private key stands there, too.
    `broken`: blocks that should hold a certificate and cannot be read at all.
    """

    form: Form
    authorities: tuple[Authority, ...] = ()
    has_key: bool = False
    broken: int = 0


class Reader(Protocol):
    """Takes apart whatever the octets are; never raises."""

    def __call__(self, data: bytes) -> Contents: ...


class Candidate(NamedTuple):
    """One certificate of an input, judged. `trusted`: this node trusts it already."""

    authority: Authority
    findings: tuple[Finding, ...]
    trusted: bool = False

    @property
    def word(self) -> Word:
        """The worst of its findings."""
        words = {one.word for one in self.findings}
        return "BAD" if "BAD" in words else "LOOK" if "LOOK" in words else "ok"

    @property
    def why_not(self) -> str:
        """Why it cannot be imported; "" when it can."""
        return next((one.text for one in self.findings if one.word == "BAD"), "")


class Offer(NamedTuple):
    """What an input holds. `source`: the file or server that it came from, as it was named."""

    source: str
    form: Form
    candidates: tuple[Candidate, ...]

    @property
    def importable(self) -> tuple[Candidate, ...]:
        return tuple(one for one in self.candidates if not one.why_not)

    def picked(self, fingerprints: Sequence[str]) -> tuple[Candidate, ...]:
        """Those with these SHA-256 (64 hex digits). Raises UsageError for one that is not there."""
        known = {one.authority.sha256: one for one in self.candidates}
        for fingerprint in fingerprints:
            if fingerprint not in known:
                raise UsageError(
                    f"{self.source} holds no certificate with that SHA-256: {fingerprint}",
                    "If it came from whoever runs the CA, this file is not theirs.",
                )
        return tuple(known[one] for one in dict.fromkeys(fingerprints))
