"""`ca check` at real servers: Samba's domain controller, and slapds with every kind of certificate.

The node trusts the lab's CA alone. Verify codes are OpenSSL's own (x509_vfy.h).
"""

from __future__ import annotations

from typing import Any, cast

import pytest

from pve_auth_tui.adapters.directory.certificatefile import read_certificates
from pve_auth_tui.adapters.directory.directories import LdapDirectories
from pve_auth_tui.adapters.directory.network import SystemNetwork
from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.trust.check import TrustCheck, Way
from pve_auth_tui.services.trust import TrustService
from tests.lab.adlab.lab import Lab
from tests.lab.adlab.names import DC, DOMAIN, SLAPDS, addresses
from tests.lab.realm_lab import NodeClock, started

OK, NOT_YET, EXPIRED, SELF_SIGNED, ISSUER_UNKNOWN, OTHER_NAME = 0, 9, 10, 18, 20, 62

SLAPDS_SEEN = {
    "good": ("ok", OK, None),
    "inter": ("ok", OK, None),
    "expired": ("BAD", EXPIRED, Cause.CERT_EXPIRED),
    "future": ("BAD", NOT_YET, Cause.CERT_NOT_YET),
    "othername": ("BAD", OTHER_NAME, Cause.CERT_OTHER_NAME),
    "selfsigned": ("BAD", SELF_SIGNED, Cause.CERT_SELF_SIGNED),
    "otherca": ("BAD", ISSUER_UNKNOWN, Cause.CERT_UNTRUSTED),
    "nointer": ("BAD", ISSUER_UNKNOWN, Cause.CERT_INCOMPLETE),
}


@pytest.fixture(scope="module")
def servers(lab: Lab) -> Lab:
    started(lab, "slapd")
    return lab


def check(lab: Lab, target: str) -> TrustCheck:
    """From a machine that is none of PVE's: it looks at servers, and changes nothing."""
    directories = LdapDirectories(SystemNetwork())
    nobody = cast(Any, None)
    service = TrustService(
        None, directories, nobody, nobody, clock=NodeClock(), read_certificates=read_certificates
    )
    return lab.inside(lambda: service.check(target))


@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize("kind", SLAPDS_SEEN)
def test_the_verify_code_is_told_truly(servers: Lab, kind: str, way: Way) -> None:
    seen = check(servers, SLAPDS[kind]).at(SLAPDS[kind], way)
    assert (seen.word, seen.code, seen.cause) == SLAPDS_SEEN[kind]
    assert seen.chain


@pytest.mark.parametrize("way", Way)
def test_a_domain_is_all_its_controllers(servers: Lab, way: Way) -> None:
    found = check(servers, DOMAIN)
    assert (found.domain, found.servers) == (True, (DC,))
    assert (found.at(DC, way).word, found.at(DC, way).code) == ("ok", OK)


def test_a_server_by_its_address(servers: Lab) -> None:
    address = addresses()[SLAPDS["byaddress"]]
    assert check(servers, address).worst == "ok"
    other = addresses()[SLAPDS["good"]]
    causes = {one.cause for one in check(servers, other).checks}
    assert causes == {Cause.CERT_OTHER_ADDRESS}


def test_a_server_without_tls_is_no_success(servers: Lab) -> None:
    """`openssl s_client` ends with "Verify return code: 0 (ok)" there (host-transcripts/tls)."""
    found = check(servers, SLAPDS["notls"])
    assert found.at(SLAPDS["notls"], Way.STARTTLS).cause is Cause.STARTTLS_NOT_OFFERED
    assert found.at(SLAPDS["notls"], Way.LDAPS).cause is Cause.REFUSED
    assert found.worst == "BAD"


def test_an_untrusted_root_that_is_not_sent_is_named(servers: Lab) -> None:
    """It has to come from a file: the server has nothing that could be imported."""
    seen = check(servers, SLAPDS["otherca"]).at(SLAPDS["otherca"], Way.LDAPS)
    assert seen.root is None
    assert seen.lacks == "CN=Other Root CA"
