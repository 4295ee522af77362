"""In words: the address, the port, and whether TLS comes about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.realmtest.report import Fix, Stage
from pve_auth_tui.core.realmtest.seen import KNOWS, OFFERED, TLS, WOULD
from pve_auth_tui.core.realmtest.told import Said, Table, Told
from pve_auth_tui.core.realmtest.words_tls import CERTIFICATES

_VERSIONS: Final = {
    "TLSv1": "tlsv1", "TLSv1.0": "tlsv1", "TLSv1.1": "tlsv1_1", "TLSv1.2": "tlsv1_2",
    "TLSv1.3": "tlsv1_3",
}  # fmt: skip
START_TLS: Final = Fix(
    "use STARTTLS with the certificate verified", {"mode": "ldap+starttls", "verify": "1"}
)


def other_port(told: Told, mode: str, text: str) -> Fix:
    """A port that was typed does not go along with another mode."""
    gone = {"port": ""} if told.settings.port not in (389, 636) else {}
    return Fix(text, {"mode": mode, **gone})


def to_tls(told: Told) -> Iterator[Fix]:
    """Out of the clear, as the server offers it."""
    if told.fact(OFFERED) or told.check.stage is not Stage.STARTTLS:
        yield START_TLS
    else:
        yield Fix("give the directory a certificate, then use STARTTLS (directory team)")


def _who_is_read(told: Told) -> str:
    own = f", and of {told.names['bind']}" if told.settings.bind_dn else ""
    return f"Whoever sees the network reads the password of everybody who logs in{own}."


def _verified(told: Told) -> Iterator[Fix]:
    others = [cause for cause in told.check.causes if cause is not Cause.NOT_VERIFIED]
    if told.check.stage is Stage.CERTIFICATE and not others:
        yield Fix("switch Verify Certificate on: this one would be accepted", {"verify": "1"})
    for cause in others:
        yield from CERTIFICATES[cause].more(told)


def _what_if_verified(told: Told) -> str:
    would = told.fact(WOULD)
    begin = "Verify Certificate is off: PVE takes any certificate, and whoever shows one"
    return f"{begin}. Verified, {would}." if would else f"{begin}."


def _other_version(told: Told) -> Iterator[Fix]:
    spoken = told.fact(KNOWS) or told.fact(TLS).partition(" ")[0]
    option = _VERSIONS.get(spoken)
    if option and option != told.settings.version:
        yield Fix(f"let PVE use {spoken}, which the server took just now", {"sslversion": option})


def _lacks_version(told: Told) -> str:
    spoken = told.fact(KNOWS) or told.fact(TLS).partition(" ")[0]
    takes = f" It takes {spoken}." if spoken else ""
    return (
        f"{told.check.server} refuses TLS {told.names['version']}, the only one PVE offers.{takes}"
    )


REACH: Final[Table] = {
    Cause.NAME_UNKNOWN: Said(
        "No DNS server of this node knows the name {server}.",
        ("correct the name of the server", "let this node ask the DNS of the directory (DNS)"),
    ),
    Cause.DNS_SILENT: Said(
        "The DNS servers of this node did not answer the question for {server}.",
        ("see which DNS servers this node asks, and whether they answer (DNS)",),
    ),
    Cause.NO_SRV: Said(
        "DNS names no domain controllers of {domain}, as far as this node is told.",
        ("let this node ask the DNS of the domain", "correct the domain of the realm"),
        "PVE asks the servers of the realm and needs no such entry; a join to the domain does.",
    ),
    Cause.REFUSED: Said(
        "{server} refuses connections to port {port}: nothing listens there, or a firewall "
        "says no.",
        (
            "start the directory, or correct the port",
            "let this node through to port {port} (firewall)",
        ),
    ),
    Cause.SILENT: Said(
        "{server} did not answer on port {port} in time: it is off, or a firewall drops the "
        "packets.",
        ("see whether the server runs", "let this node through to port {port} (firewall)"),
    ),
    Cause.NO_ROUTE: Said(
        "This node knows no way into the network of {server}.",
        ("see the routes and the VLANs of this node (network)",),
    ),
    Cause.BROKEN_OFF: Said(
        "{server} closed the connection instead of answering.",
        ("look into the log of the directory", "see whether a load balancer stands before it"),
    ),
    Cause.NOT_LDAP: Said(
        "Something other than LDAP answers on port {port} of {server}.",
        ("correct the port or the mode of the realm",),
    ),
    Cause.STARTTLS_NOT_OFFERED: Said(
        "{server} does not offer STARTTLS on port {port}.",
        ("give the directory a certificate, so that it can (directory team)",),
        more=lambda told: [other_port(told, "ldaps", "use LDAPS, if the server offers that")],
    ),
    Cause.NO_TLS: Said(
        "{server} does not speak TLS on port {port}.",
        ("give the directory a certificate (directory team)",),
        more=lambda told: (
            [other_port(told, "ldap+starttls", "use STARTTLS instead of LDAPS")]
            if told.settings.mode == "ldaps"
            else []
        ),
    ),
    Cause.TLS_WANTED: Said(
        "{server} wants TLS from the first octet on port {port}: that is LDAPS.",
        ("correct the port",),
        more=lambda told: [Fix("use LDAPS", {"mode": "ldaps"})],
    ),
    Cause.OTHER_TLS_VERSION: Said(
        _lacks_version,
        ("let the server offer TLS {version}, too (directory team)",),
        more=_other_version,
    ),
    Cause.NO_COMMON_TLS: Said(
        "{server} and this node have no version or cipher of TLS in common.",
        ("let the server offer TLS 1.2 or 1.3 with today's ciphers (directory team)",),
    ),
    Cause.CLIENT_CERT_WANTED: Said(
        "{server} only talks to those who show a certificate of their own.",
        (
            "name a client certificate and its key: cert and certkey of the realm; PVE shows it "
            "only with Verify Certificate on",
            "let the server do without one (directory team)",
        ),
    ),
    Cause.CLIENT_CERT_UNREADABLE: Said(
        "The client certificate {cert} or its key cannot be used on this node.",
        ("correct cert and certkey of the realm, or put the files there on every node",),
        more=lambda told: [Fix("do without a client certificate", {"cert": "", "certkey": ""})],
    ),
    Cause.CA_MISSING: Said(
        "There is no {capath} on this node, where the realm wants its CAs from.",
        ("put the CA there, on every node",),
        more=lambda told: [Fix("use this node's store of CAs", {"capath": ""})],
    ),
    Cause.CA_UNREADABLE: Said(
        "{capath} holds no CA that could be read.",
        ("write the CA into it as PEM (BEGIN CERTIFICATE)",),
        more=lambda told: [Fix("use this node's store of CAs", {"capath": ""})],
    ),
    Cause.NOT_VERIFIED: Said(
        _what_if_verified,
        ("make the certificate one that this node trusts, then switch verify on",),
        "Whoever gets between this node and {server} reads every password, unseen.",
        _verified,
    ),
    Cause.IN_CLEAR: Said(
        "Nothing is encrypted between this node and {server}.",
        (),
        _who_is_read,
        to_tls,
    ),
}
