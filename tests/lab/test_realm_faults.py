"""Faults of LDAP and AD realms, seeded at a real slapd and Samba: each is recognised by name.

No Windows was ever asked: Samba stands for Active Directory.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.realmtest.report import Stage
from tests.lab.adlab.lab import Lab
from tests.lab.adlab.names import (
    AD_BASE,
    AD_MANY,
    AD_USER_PASSWORD,
    DOMAIN,
    LDAP_BASE,
    LDAP_MANY,
    LDAP_USER_PASSWORD,
    SLAPDS,
    addresses,
)
from tests.lab.faults.directory import FAULTS, LDAPS
from tests.lab.faults.rows import DirectoryFault, Server
from tests.lab.realm_lab import STAGES, check_of, lock_accounts, logged_in, report_of, started

BY_ADDRESS = addresses()[SLAPDS["byaddress"]]


@pytest.fixture(scope="session")
def directories(lab: Lab) -> Lab:
    started(lab, "slapd")
    lock_accounts(lab)
    return lab


@pytest.mark.parametrize(
    "fault", [pytest.param(row, id=f"{row.server}: {row.name}") for row in FAULTS]
)
def test_a_fault_is_recognised_by_its_name(directories: Lab, fault: DirectoryFault) -> None:
    """R23: with no more refused binds than the one that found out."""
    refused = started(directories, fault.server)
    before = refused()
    check = check_of(directories, fault)
    assert (check.word, check.causes[:1]) == (fault.word, (fault.cause,)), check
    assert refused() - before == fault.refused


def below(ou: str) -> dict[str, str]:
    """People and groups of that folder."""
    return {"base_dn": f"ou={ou},{LDAP_BASE}", "group_dn": f"ou={ou},{LDAP_BASE}"}


# what of the healthy realm is another -> how many users and groups come
HEALTHY_WAYS: Mapping[str, tuple[Server, Mapping[str, str], tuple[int, int]]] = {
    "StartTLS": ("slapd", {}, (3, 2)),
    "LDAPS": ("slapd", LDAPS, (3, 2)),
    "the CA in a file": ("slapd", {"capath": "{pki}/ca.crt"}, (3, 2)),
    "both servers": ("slapd", {"server2": SLAPDS["second"]}, (3, 2)),
    "a CA in between": ("slapd", {"server1": SLAPDS["inter"]}, (3, 2)),
    "TLS 1.2 only": ("slapd", {"server1": SLAPDS["tls12"]}, (3, 2)),
    "TLS 1.3 only, and the realm knows": (
        "slapd",
        {"server1": SLAPDS["tls13"], "sslversion": "tlsv1_3"},
        (3, 2),
    ),
    "a certificate for an address": ("slapd", {"server1": BY_ADDRESS}, (3, 2)),
    "a client certificate": (
        "slapd",
        {
            "server1": SLAPDS["clientcert"],
            "cert": "{pki}/clientonly.crt",
            "certkey": "{pki}/clientonly.key",
        },
        (3, 2),
    ),
    "nobody's bind": ("slapd", {"server1": SLAPDS["open"], "bind_dn": ""}, (3, 2)),
    "referrals among the entries": ("slapd", below("split"), (3, 1)),
    "more people than slapd gives at once": (
        "slapd",
        below("many"),
        (LDAP_MANY, 1),
    ),
    "AD by LDAPS": ("Samba AD", {}, (10, 2)),
    "AD by StartTLS": ("Samba AD", {"mode": "ldap+starttls"}, (10, 2)),
    "AD by the domain's own base": (
        "Samba AD",
        {
            "base_dn": "",
            "filter": f"(memberOf=CN=ProxmoxUsers,OU=Proxmox Groups,{AD_BASE})",
            "group_filter": "(cn=ProxmoxUsers)",
        },
        (3, 1),
    ),
    "AD by the domain's name": ("Samba AD", {"server1": DOMAIN}, (10, 2)),
    "a large group": (
        "Samba AD",
        {
            "base_dn": f"OU=Many,{AD_BASE}",
            "sync_attributes": "email=mail",
            "group_filter": "(cn=BigGroup)",
        },
        (AD_MANY, 1),
    ),
}


@pytest.mark.parametrize("way", HEALTHY_WAYS)
def test_a_healthy_realm_is_well_at_every_stage(directories: Lab, way: str) -> None:
    server, options, (users, groups) = HEALTHY_WAYS[way]
    fault = DirectoryFault(server, "none", "", Stage.NAMES, Cause.NO_USERS, options)
    test = report_of(directories, fault)
    for host in test.settings.servers:
        checks = [test.at(stage, host) for stage in STAGES]
        assert [check.word for check in checks] == ["ok"] * len(STAGES), checks
        assert test.at(Stage.USERS, host).text == f"{users:,}"
        assert test.at(Stage.GROUPS, host).text == str(groups)


@pytest.mark.parametrize(
    ("server", "name", "password"),
    [("slapd", "alice", LDAP_USER_PASSWORD), ("Samba AD", "alice", AD_USER_PASSWORD)],
)
def test_a_person_s_login_is_tried(
    directories: Lab, server: Server, name: str, password: str
) -> None:
    refused = started(directories, server)
    before = refused()
    assert logged_in(directories, server, {}, name, password).word == "ok"
    assert refused() == before
