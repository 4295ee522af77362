"""Who and what there is in the lab. Addresses are of TEST-NET-1 (RFC 5737): they lead nowhere."""

from __future__ import annotations

from typing import Final

# the domain
DOMAIN: Final = "ad.lab.test"
NETBIOS: Final = "ADLAB"
AD_BASE: Final = "DC=ad,DC=lab,DC=test"
DC: Final = "dc1.ad.lab.test"
ADMIN_PASSWORD: Final = "Adm1n-Lab-Pass!"
AD_BIND_DN: Final = f"CN=proxmox_auth,OU=Service Accounts,{AD_BASE}"
AD_BIND_PASSWORD: Final = "B1nd-Lab-Pass!"
AD_USER_PASSWORD: Final = "Us3r-Lab-Pass!"
AD_MANY: Final = 2600  # people in OU=Bulk
BIG_GROUP: Final = 2500  # of them in one group: more than the 1500 values of one answer
LOCKS_AFTER: Final = 5  # wrong passwords

# OpenLDAP
LDAP_BASE: Final = "dc=lab,dc=test"
LDAP_PEOPLE: Final = f"ou=people,{LDAP_BASE}"
LDAP_BIND_DN: Final = f"cn=proxmox,ou=services,{LDAP_BASE}"
LDAP_PASSWORD: Final = "Sl4pd-Lab-Pass!"
LDAP_USER_PASSWORD: Final = "Us3r-Lab-Pass!"
LDAP_MANY: Final = 600  # people in ou=many: more than the 500 that slapd gives by default

# the network
GATE: Final = "192.0.2.1"
NETWORK: Final = 24
DC_ADDRESS: Final = "192.0.2.10"
NODE: Final = "pve1.ad.lab.test"
NODE_ADDRESS: Final = "192.0.2.20"
NOBODY: Final = "192.0.2.99"  # an address that nobody has
FAR: Final = "198.51.100.1"  # an address with no route
IDP: Final = "idp.lab.test"
IDP_PORT: Final = 8443  # https; the next one is http
IDP_ORIGIN: Final = f"https://{IDP}:{IDP_PORT}"
ODDITIES: Final = "odd.lab.test"

# slapd, one process for each kind of TLS or of rules: kind -> name
SLAPDS: Final = {
    kind: f"{kind}.ldap.lab.test"
    for kind in (
        "good",
        "second",
        "expired",
        "future",
        "soon",
        "othername",
        "otherca",
        "selfsigned",
        "inter",
        "nointer",
        "weak",
        "clientonly",
        "byaddress",
        "notls",
        "tls13",
        "tls12",
        "clientcert",
        "strict",
        "open",
    )
}
_FIRST: Final = 31
# of the provider's certificate at another address of it
IDPS: Final = (
    "expired",
    "future",
    "soon",
    "othername",
    "otherca",
    "selfsigned",
    "nointer",
    "weak",
)


def addresses() -> dict[str, str]:
    """name -> address, of everything that no DNS server knows."""
    slapds = {name: f"192.0.2.{_FIRST + at}" for at, name in enumerate(SLAPDS.values())}
    idps = {f"{kind}.{IDP}": f"192.0.2.{71 + at}" for at, kind in enumerate(IDPS)}
    others = {IDP: "192.0.2.70", ODDITIES: "192.0.2.80", "closed.lab.test": NOBODY}
    return {**slapds, **others, **idps}
