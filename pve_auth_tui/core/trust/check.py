"""Whether this node trusts the servers of a domain: both ways of TLS, each told truly.

OpenSSL's own last line misleads (reference/host.md 3): what is told here is the verify code of a
handshake that was made with the server's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from pve_auth_tui.core.directory.causes import Cause, DirectoryTrouble
from pve_auth_tui.core.directory.ports import Handshake
from pve_auth_tui.core.directory.settings import DirectorySettings
from pve_auth_tui.core.directory.verifycodes import OK
from pve_auth_tui.core.finding import Word
from pve_auth_tui.core.realmtest.certificates import judge_certificate
from pve_auth_tui.core.realmtest.report import Fact
from pve_auth_tui.core.realmtest.short import SHORT
from pve_auth_tui.core.trust.model import Authority

_PORTS: Final = {"ldap+starttls": 389, "ldaps": 636}


class Way(Enum):
    """As PVE's realms have them."""

    STARTTLS = "ldap+starttls"
    LDAPS = "ldaps"

    @property
    def title(self) -> str:
        return self.name

    @property
    def port(self) -> int:
        return _PORTS[self.value]


_MEANS: Final[Mapping[Cause, str]] = {
    Cause.CERT_UNTRUSTED: "This node does not trust the CA that issued it.",
    Cause.CERT_SELF_SIGNED: "The server made its certificate itself; no CA vouches for it.",
    Cause.CERT_INCOMPLETE: "The server leaves out an intermediate CA; the directory team mends it.",
    Cause.CERT_EXPIRED: "The server's certificate, or its CA's, has ended.",
    Cause.CERT_NOT_YET: "It is not valid yet; or this node's clock is wrong.",
    Cause.CERT_OTHER_NAME: "It is trusted, and made for another name than this.",
    Cause.CERT_OTHER_ADDRESS: "It is trusted, and not made for this address.",
    Cause.CERT_WEAK: "A key or a signature in the chain is too weak for OpenSSL.",
    Cause.CERT_NOT_FOR_SERVERS: "It is not made for servers.",
    Cause.CERT_ENDS_SOON: "It is trusted, and ends soon.",
    Cause.STARTTLS_NOT_OFFERED: "The server does not offer STARTTLS: a DC without a certificate.",
    Cause.REFUSED: "Nothing listens there, or a firewall refuses.",
    Cause.SILENT: "No answer: a firewall, or the server is down.",
    Cause.BROKEN_OFF: "The server hung up: a DC without a certificate does that.",
    Cause.NAME_UNKNOWN: "DNS does not know this name.",
    Cause.DNS_SILENT: "No name server answers: look at those of this node (System, DNS).",
}
_MENDED_BY_IMPORT: Final = frozenset({Cause.CERT_UNTRUSTED})


@dataclass(frozen=True, slots=True)
class WayCheck:
    """One way at one server. `code`: OpenSSL's verify code, None where there was no handshake;
    `reason` its words. `chain`: as the server sent it, its own first. `original`: untrusted.
    """

    host: str
    way: Way
    word: Word
    text: str = ""
    code: int | None = None
    reason: str = ""
    cause: Cause | None = None
    chain: tuple[Authority, ...] = ()
    facts: tuple[Fact, ...] = ()
    seconds: float | None = None
    original: str = field(default="", repr=False)

    @property
    def means(self) -> str:
        """One sentence; "" for nothing more than `text`."""
        if self.cause is None:
            return "This node trusts it, and it is made for this name." if self.word == "ok" else ""
        return _MEANS.get(self.cause, "")

    @property
    def root(self) -> Authority | None:
        """The root that the server sent and this node does not trust: what could be imported."""
        if self.cause not in _MENDED_BY_IMPORT or not self.chain:
            return None
        last = self.chain[-1].certificate
        return self.chain[-1] if last.self_signed and last.is_ca else None

    @property
    def lacks(self) -> str:
        """The name of an untrusted root that the server does not send; "" for none."""
        if self.cause not in _MENDED_BY_IMPORT or not self.chain or self.root is not None:
            return ""
        return self.chain[-1].certificate.issuer


@dataclass(frozen=True, slots=True)
class TrustCheck:
    """`target`: as it was asked for; `domain`: DNS names domain controllers of it, `servers`."""

    target: str
    servers: tuple[str, ...]
    checks: tuple[WayCheck, ...]
    domain: bool = False
    stopped: bool = False

    def at(self, host: str, way: Way) -> WayCheck:
        """What has not been looked at is `-`."""
        for one in self.checks:
            if (one.host, one.way) == (host, way):
                return one
        return WayCheck(host, way, "-", "not reached")

    @property
    def roots(self) -> tuple[Authority, ...]:
        """Untrusted roots that were sent, each once."""
        found = (one.root for one in self.checks)
        return tuple(dict.fromkeys(one for one in found if one is not None))

    @property
    def worst(self) -> Word:
        words = {one.word for one in self.checks}
        order: tuple[Word, ...] = ("BAD", "LOOK", "ok")
        return next((word for word in order if word in words), "-")


def settings_for(host: str, way: Way) -> DirectorySettings:
    """As a realm without a capath would ask that server, and verify it."""
    mode = "ldaps" if way is Way.LDAPS else "ldap+starttls"
    return DirectorySettings(
        "", "ad", (host,), way.port, mode=mode, verify=True,  # type: ignore[arg-type]
    )  # fmt: skip


def shaken(
    place: tuple[str, Way],
    handshake: Handshake,
    chain: tuple[Authority, ...],
    now: float,
    seconds: float,
) -> WayCheck:
    """What a handshake came to. `place`: the server and the way."""
    host, way = place
    certificates = [one.certificate for one in chain]
    seen = judge_certificate(settings_for(host, way), handshake, certificates, (), now)
    cause = seen.causes[0] if seen.causes else None
    text = seen.text or "trusted"
    reason = "ok" if handshake.code == OK else handshake.reason
    return WayCheck(
        host, way, seen.word, text, handshake.code, reason, cause, chain, seen.facts, seconds,
    )  # fmt: skip


def troubled(host: str, way: Way, trouble: DirectoryTrouble, seconds: float) -> WayCheck:
    """There was no handshake."""
    facts = tuple(Fact(name.capitalize(), text) for name, text in trouble.facts.items())
    return WayCheck(
        host, way, "BAD", SHORT[trouble.cause], None, "", trouble.cause, (), facts, seconds,
        trouble.original or str(trouble),
    )  # fmt: skip
