"""Names for certificates: of the file that holds one, of it in a sentence, of its fingerprint."""

from __future__ import annotations

import re
from typing import Final

from pve_auth_tui.core.directory.certificate import Certificate
from pve_auth_tui.core.errors import UsageError

_LONGEST: Final = 40  # characters of a file's name, before the fingerprint
_FEW: Final = 8  # hex digits of the fingerprint in it
_VALUE: Final = r"(?:^|[,+]){}=((?:\\.|[^\\,+])*)"
_HEX: Final = re.compile(r"[0-9a-f]{64}")
_GROUP: Final = 4


def called(certificate: Certificate) -> str:
    """The common name, else the unit or organisation, else the whole subject: untrusted."""
    for attribute in ("CN", "OU", "O"):
        found = re.search(_VALUE.format(attribute), certificate.subject)
        if found and found[1].strip():
            return re.sub(r"\\(.)", r"\1", found[1]).strip()
    return certificate.subject or "a certificate without a name"


def file_name(certificate: Certificate) -> str:
    """`lab-root-ca-9d3a41ce.crt`: lower case, ASCII, never two alike for two certificates."""
    words = re.findall(r"[a-z0-9]+", called(certificate).lower())
    name = "-".join(words)[:_LONGEST].strip("-") or "ca"
    return f"{name}-{certificate.sha256[:_FEW]}.crt"


def groups(sha256: str) -> str:
    """`9D3A 41CE ...`, sixteen groups of four, to compare by eye and to read to somebody."""
    digits = sha256.upper()
    return " ".join(digits[at : at + _GROUP] for at in range(0, len(digits), _GROUP))


def fingerprint(text: str) -> str:
    """64 small hex digits of a SHA-256 as people type it, with colons, blanks and capitals.

    Raises UsageError for anything else: a SHA-1, which Windows shows first, is too short.
    """
    digits = re.sub(r"[\s:.-]", "", text).lower().removeprefix("sha256")
    digits = digits.lstrip("=")
    if _HEX.fullmatch(digits):
        return digits
    hint = "64 hex digits: openssl x509 -noout -fingerprint -sha256 -in FILE"
    if re.fullmatch(r"[0-9a-f]{40}", digits):
        raise UsageError("That is a SHA-1, which can be forged.", hint)
    raise UsageError("That is no SHA-256.", hint)
