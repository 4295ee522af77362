"""Certificates, stores and checks in rows of a heading and a text: screens and commands share
them. Everything in them that a certificate says is untrusted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pve_auth_tui.core.directory.certificate import Certificate
from pve_auth_tui.core.realmtest.report import Fact
from pve_auth_tui.core.trust.check import TrustCheck, Way, WayCheck
from pve_auth_tui.core.trust.judging import form_words
from pve_auth_tui.core.trust.model import Authority, Offer
from pve_auth_tui.core.trust.naming import called, groups
from pve_auth_tui.core.trust.store import LocalStore, Stored
from pve_auth_tui.core.words import count_words, date, listed

_NAMES: Final = 6  # of a certificate's that are shown
_EACH: Final = 12  # certificates of a file that are shown


def facts_of(certificate: Certificate, now: float) -> tuple[Fact, ...]:
    """What somebody compares and decides by, the fingerprint first."""
    found = [Fact("SHA-256", groups(certificate.sha256))]
    if certificate.problem:
        return (*found, Fact("Unreadable", certificate.problem))
    issuer = "itself: a root" if certificate.self_signed else certificate.issuer
    names = (*certificate.names, *certificate.addresses)
    return (
        *found,
        Fact("Subject", certificate.subject),
        Fact("Issued by", issuer),
        *((Fact("Is for", listed(names, _NAMES)),) if names else ()),
        Fact(
            "Valid",
            f"{date(certificate.begins)} to {date(certificate.ends)}, {_left(certificate, now)}",
        ),
        Fact("CA", ca_words(certificate)),
        Fact("Key", " ".join(filter(None, (certificate.key, certificate.signature)))),
    )


def ca_words(certificate: Certificate) -> str:
    """`TRUE, path length 0`"""
    if not certificate.is_ca:
        return "no: CA:TRUE is missing"
    length = certificate.path_length
    limit = "any path length" if length is None else f"path length {length}"
    return f"TRUE, {limit}"


def _left(certificate: Certificate, now: float) -> str:
    days = certificate.days_left(now)
    if now < certificate.begins:
        return "not yet"
    return f"{count_words(days, 'day', 'days')} left" if now < certificate.ends else "ended"


def offer_words(offer: Offer) -> str:
    """`/root/ca.p7b: PKCS#7, DER, 3 certificates`"""
    return f"{offer.source}: {form_words(offer.form, len(offer.candidates))}"


# --- the store -------------------------------------------------------------------------------


def stored_words(stored: Stored) -> str:
    """What a file holds, in a few words for a table."""
    contents = stored.contents
    if stored.problem:
        return "unreadable"
    if not contents.authorities:
        return contents.form.value
    title = called(contents.authorities[0].certificate)
    more = len(contents.authorities) - 1
    return f"{title} and {more} more" if more else title


def ends_words(stored: Stored) -> str:
    """When the first of its certificates to end does; "" for none."""
    ends = [one.certificate.ends for one in stored.contents.authorities if one.certificate.ends]
    return date(min(ends)) if ends else ""


def stored_facts(stored: Stored, now: float) -> tuple[Fact, ...]:
    """Everything about a file but its findings."""
    if stored.problem:
        return (Fact("File", stored.path),)
    authorities = stored.contents.authorities
    found = [
        Fact("File", stored.path),
        Fact("Form", form_words(stored.contents.form, len(authorities))),
        Fact("Trusted by", trusted_words(stored)),
    ]
    for one in authorities[:_EACH]:
        found += facts_of(one.certificate, now)
    if len(authorities) > _EACH:
        found.append(Fact("And", f"{len(authorities) - _EACH} more"))
    return tuple(found)


def trusted_words(stored: Stored) -> str:
    """`bundle and hashed folder`, `bundle alone`, `nothing`"""
    bundle, hashed = bool(stored.bundled), bool(stored.hashed)
    if bundle and hashed:
        return "the bundle and the hashed folder"
    if bundle:
        return "the bundle alone" if stored.asked else "the bundle; the folder was not asked"
    return "the hashed folder alone" if hashed else "nothing"


def store_summary(store: LocalStore) -> str:
    """One sentence."""
    if store.problem:
        return store.problem
    if not store.files:
        return "This node trusts no CA of its own, only those that Debian ships."
    return f"{count_words(len(store.files), 'file', 'files')}. Debian's own CAs are not listed."


# --- checks ----------------------------------------------------------------------------------


def way_words(check: WayCheck) -> str:
    """`0 ok`, `20 unable to get local issuer certificate`; else the few words."""
    return check.text if check.code is None else f"{check.code} {check.reason}"


def way_facts(check: WayCheck, now: float) -> tuple[Fact, ...]:
    """What it means, the verify code, and the chain as it was sent."""
    return tuple(_way_facts(check, now))


def _way_facts(check: WayCheck, now: float) -> Iterator[Fact]:
    if check.means:
        yield Fact("Means", check.means)
    if check.code is not None:
        yield Fact("Verify code", f"{check.code} ({check.reason})")
    yield from (fact for fact in check.facts if fact.heading == "TLS")
    if check.lacks:
        yield Fact("CA", f"{check.lacks}: the server does not send it, so import it from a file.")
    for number, one in enumerate(check.chain):
        role = "Server" if number == 0 else "Root" if one.certificate.self_signed else "CA"
        yield Fact(role, called(one.certificate))
        yield from facts_of(one.certificate, now)
    if check.original:
        yield Fact("Original", check.original)


def check_summary(check: TrustCheck) -> str:
    """One sentence."""
    if check.stopped:
        return "Stopped: not every server was looked at."
    if not check.checks:
        return "Nothing was looked at yet."
    bad = [one for one in check.checks if one.word == "BAD"]
    if not bad:
        names = count_words(len(check.servers), "server", "servers")
        return (
            f"This node trusts {names} of {check.target}."
            if check.domain
            else (f"This node trusts {check.target}.")
        )
    if check.roots:
        return f"Not trusted. The CA that was sent: {called(check.roots[0].certificate)}."
    return f"{len(bad)} of {len(check.checks)} ways do not work."


def all_ways(check: TrustCheck) -> Sequence[tuple[str, Way]]:
    """Every row, in the order in which they are gone through."""
    return [(host, way) for host in check.servers for way in Way]


COMPARE: Final = (
    "Whoever stands between this node and the server could have sent this certificate.",
    "Compare the SHA-256 with the one that whoever runs the CA tells you, by another way: by"
    " telephone, on paper, from the CA's own console.",
)


def compare_sentences(authority: Authority) -> tuple[str, ...]:
    """Before a CA is imported that came over the network."""
    return (f"{called(authority.certificate)}: {groups(authority.sha256)}", *COMPARE)
