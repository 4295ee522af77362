"""Faults of LDAP and AD realms. The healthy realms that they start from stand below them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.realmtest.report import Stage
from tests.lab.adlab import names, oddities
from tests.lab.adlab.names import AD_BASE, LDAP_BASE, SLAPDS
from tests.lab.faults.rows import DirectoryFault

HEALTHY: Final[Mapping[str, Mapping[str, str]]] = {
    "slapd": {
        "type": "ldap",
        "server1": SLAPDS["good"],
        "mode": "ldap+starttls",
        "verify": "1",
        "base_dn": names.LDAP_PEOPLE,
        "bind_dn": names.LDAP_BIND_DN,
        "user_attr": "uid",
        "group_dn": f"ou=groups,{LDAP_BASE}",
        "sync_attributes": "firstname=givenName,lastname=sn,email=mail",
    },
    "Samba AD": {
        "type": "ad",
        "server1": names.DC,
        "mode": "ldaps",
        "verify": "1",
        "domain": names.DOMAIN,
        "base_dn": f"OU=Staff,{AD_BASE}",
        "bind_dn": names.AD_BIND_DN,
        "group_dn": f"OU=Proxmox Groups,{AD_BASE}",
        "group_filter": "(|(cn=ProxmoxAdmins)(cn=ProxmoxUsers))",
        "sync_attributes": "firstname=givenName,lastname=sn,email=mail",
    },
}
PASSWORDS: Final = {"slapd": names.LDAP_PASSWORD, "Samba AD": names.AD_BIND_PASSWORD}
WRONG: Final = "not-the-password"
LDAPS: Final = {"mode": "ldaps"}


def _ldap(
    name: str, seeded: str, stage: Stage, cause: Cause, options: Mapping[str, str], **more: object
) -> DirectoryFault:
    return DirectoryFault("slapd", name, seeded, stage, cause, options, **more)  # type: ignore[arg-type]


def _ad(
    name: str, seeded: str, stage: Stage, cause: Cause, options: Mapping[str, str], **more: object
) -> DirectoryFault:
    return DirectoryFault("Samba AD", name, seeded, stage, cause, options, **more)  # type: ignore[arg-type]


def _at(kind: str, **more: str) -> dict[str, str]:
    return {"server1": SLAPDS[kind], **more}


def _below(ou: str, **more: str) -> dict[str, str]:
    return {"base_dn": f"ou={ou},{LDAP_BASE}", **more}


def _bound_as(service: str, **more: str) -> dict[str, str]:
    return {"bind_dn": f"cn={service},ou=services,{LDAP_BASE}", **more}


def _account(name: str) -> dict[str, str]:
    return {"bind_dn": f"CN={name},OU=Service Accounts,{AD_BASE}"}


def _groups(ou: str) -> dict[str, str]:
    return {"group_dn": f"ou={ou},{LDAP_BASE}"}


def _odd(port: int, **more: str) -> dict[str, str]:
    return {"server1": names.ODDITIES, "port": str(port), **more}


_ADDRESS: Final = (
    _ad(
        "The server's name is wrong",
        "a name that the domain's DNS does not have",
        Stage.ADDRESS,
        Cause.NAME_UNKNOWN,
        {"server1": f"nosuch.{names.DOMAIN}"},
    ),
    _ad(
        "The DNS server does not answer",
        "nft drops what goes to port 53",
        Stage.ADDRESS,
        Cause.DNS_SILENT,
        {},
        around="dns dropped",
    ),
    _ad(
        "resolv.conf names an address without a DNS server",
        "an address that nobody has",
        Stage.ADDRESS,
        Cause.DNS_SILENT,
        {},
        around="dns nowhere",
    ),
    _ad(
        "DNS names no controller for the domain",
        "a domain without SRV records",
        Stage.ADDRESS,
        Cause.NO_SRV,
        {"domain": f"old.{names.DOMAIN}"},
        word="LOOK",
    ),
)
_PORT: Final = (
    _ldap(
        "Nothing listens at the port",
        "port 3890",
        Stage.PORT,
        Cause.REFUSED,
        {"port": "3890"},
    ),
    _ad(
        "A firewall refuses the port",
        "nft rejects with a reset",
        Stage.PORT,
        Cause.REFUSED,
        {},
        around="ports rejected",
    ),
    _ldap(
        "A firewall drops packets to the port",
        "nft drops them",
        Stage.PORT,
        Cause.SILENT,
        {},
        around="ports dropped",
    ),
    _ldap(
        "No route leads to the address",
        "an address outside of the lab",
        Stage.PORT,
        Cause.NO_ROUTE,
        {"server1": names.FAR},
    ),
    _ldap(
        "The server is off",
        "an address on the same network that nobody has",
        Stage.PORT,
        Cause.NO_ROUTE,
        {"server1": "closed.lab.test"},
    ),
    _ldap(
        "Another service is at the port",
        "the greeting of an ssh server",
        Stage.STARTTLS,
        Cause.NOT_LDAP,
        _odd(oddities.SSH),
    ),
    _ldap(
        "The server takes the connection and says nothing",
        "a listener that never answers",
        Stage.STARTTLS,
        Cause.SILENT,
        _odd(oddities.MUTE),
    ),
    _ldap(
        "The server hangs up",
        "a listener that breaks off what it hears",
        Stage.STARTTLS,
        Cause.BROKEN_OFF,
        _odd(oddities.HANG_UP),
    ),
)
_TLS: Final = (
    _ldap(
        "STARTTLS is not offered",
        "slapd without a certificate",
        Stage.STARTTLS,
        Cause.STARTTLS_NOT_OFFERED,
        _at("notls"),
    ),
    _ldap(
        "LDAPS at the port for plain LDAP",
        "mode ldaps, port 389",
        Stage.STARTTLS,
        Cause.NO_TLS,
        {**LDAPS, "port": "389"},
    ),
    _ldap(
        "Plain LDAP at the port for LDAPS",
        "mode ldap, port 636",
        Stage.STARTTLS,
        Cause.TLS_WANTED,
        {"mode": "ldap", "port": "636"},
        agreed=True,
    ),
    _ldap(
        "The certificate has expired",
        "it ended a year ago",
        Stage.CERTIFICATE,
        Cause.CERT_EXPIRED,
        _at("expired"),
    ),
    _ldap(
        "The certificate is not valid yet",
        "it begins in a month",
        Stage.CERTIFICATE,
        Cause.CERT_NOT_YET,
        _at("future"),
    ),
    _ldap(
        "The certificate ends soon",
        "in five days",
        Stage.CERTIFICATE,
        Cause.CERT_ENDS_SOON,
        _at("soon"),
        word="LOOK",
    ),
    _ldap(
        "The certificate is for another name",
        "elsewhere.lab.test",
        Stage.CERTIFICATE,
        Cause.CERT_OTHER_NAME,
        _at("othername"),
    ),
    _ldap(
        "The server is given by an address that its certificate lacks",
        "server1 is the address",
        Stage.CERTIFICATE,
        Cause.CERT_OTHER_ADDRESS,
        {"server1": names.addresses()[SLAPDS["good"]]},
    ),
    _ldap(
        "The certificate is of a CA that nobody trusts here",
        "another root CA",
        Stage.CERTIFICATE,
        Cause.CERT_UNTRUSTED,
        _at("otherca", **LDAPS),
    ),
    _ldap(
        "The realm's CA file is of another CA",
        "capath",
        Stage.CERTIFICATE,
        Cause.CERT_UNTRUSTED,
        {"capath": "{pki}/other.crt"},
    ),
    _ldap(
        "The certificate is signed by itself",
        "its own issuer",
        Stage.CERTIFICATE,
        Cause.CERT_SELF_SIGNED,
        _at("selfsigned"),
    ),
    _ldap(
        "The server does not send the CA in between",
        "its certificate alone",
        Stage.CERTIFICATE,
        Cause.CERT_INCOMPLETE,
        _at("nointer"),
    ),
    _ldap(
        "The key is too short",
        "RSA with 1024 bits",
        Stage.CERTIFICATE,
        Cause.CERT_WEAK,
        _at("weak"),
    ),
    _ldap(
        "The certificate is not for servers",
        "its extended key usage is clientAuth",
        Stage.CERTIFICATE,
        Cause.CERT_NOT_FOR_SERVERS,
        _at("clientonly"),
    ),
    _ldap(
        "The server knows TLS 1.3 only",
        "slapd without 1.2, which PVE asks for exactly",
        Stage.VERSION,
        Cause.OTHER_TLS_VERSION,
        _at("tls13"),
    ),
    _ldap(
        "The realm wants TLS 1.3, the server has 1.2",
        "sslversion tlsv1_3",
        Stage.VERSION,
        Cause.OTHER_TLS_VERSION,
        _at("tls12", sslversion="tlsv1_3", **LDAPS),
    ),
    _ldap(
        "The server wants a client certificate",
        "TLSVerifyClient demand",
        Stage.VERSION,
        Cause.CLIENT_CERT_WANTED,
        _at("clientcert"),
    ),
    _ldap(
        "The realm's CA file is missing",
        "capath",
        Stage.CERTIFICATE,
        Cause.CA_MISSING,
        {"capath": "/nonexistent/ca.pem"},
    ),
    _ldap(
        "The realm's CA file holds no certificate",
        "capath is a private key",
        Stage.CERTIFICATE,
        Cause.CA_UNREADABLE,
        {"capath": "{pki}/good.key"},
    ),
    _ldap(
        "The realm's client certificate cannot be read",
        "cert and certkey of two pairs",
        Stage.CERTIFICATE,
        Cause.CLIENT_CERT_UNREADABLE,
        {"cert": "{pki}/good.crt", "certkey": "{pki}/expired.key"},
    ),
    _ldap(
        "The certificate is not verified",
        "verify 0",
        Stage.CERTIFICATE,
        Cause.NOT_VERIFIED,
        {"verify": "0"},
        word="LOOK",
    ),
    _ldap(
        "Passwords cross the network in clear",
        "mode ldap",
        Stage.STARTTLS,
        Cause.IN_CLEAR,
        {"mode": "ldap"},
        word="LOOK",
    ),
)
_BIND: Final = (
    _ldap(
        "The bind password is wrong",
        "another password, two servers",
        Stage.BIND,
        Cause.WRONG_CREDENTIALS,
        {"server2": SLAPDS["second"]},
        password=WRONG,
        refused=1,
    ),
    _ldap(
        "The bind account is not there",
        "another name",
        Stage.BIND,
        Cause.WRONG_CREDENTIALS,
        _bound_as("nobody"),
        refused=1,
    ),
    _ldap(
        "The bind DN is no DN",
        "bind_dn proxmox",
        Stage.BIND,
        Cause.BAD_BIND_DN,
        {"bind_dn": "proxmox"},
    ),
    _ldap(
        "There is no bind password",
        "an empty one",
        Stage.BIND,
        Cause.NO_PASSWORD,
        {},
        password="",
        word="LOOK",
    ),
    _ldap(
        "Nobody may bind without a name",
        "disallow bind_anon, no bind_dn",
        Stage.BIND,
        Cause.NOBODY_REFUSED,
        _at("strict", bind_dn=""),
    ),
    _ldap(
        "The server takes no password in clear",
        "security simple_bind=128, mode ldap",
        Stage.BIND,
        Cause.CONFIDENTIALITY,
        _at("strict", mode="ldap"),
        agreed=True,
    ),
    _ad(
        "The controller wants stronger authentication",
        "Samba's default, mode ldap",
        Stage.BIND,
        Cause.STRONGER_AUTH,
        {"mode": "ldap"},
        agreed=True,
    ),
    _ad(
        "The bind password is wrong (data 52e)",
        "another password, two names of the controller",
        Stage.BIND,
        Cause.WRONG_PASSWORD,
        {"server2": names.DOMAIN},
        password=WRONG,
        refused=1,
    ),
    _ad(
        "The bind account is not there",
        "another name; Samba says 52e as well, Windows 525",
        Stage.BIND,
        Cause.WRONG_PASSWORD,
        _account("nobody"),
        refused=1,
    ),
    _ad(
        "The bind account is disabled (data 533)",
        "userAccountControl",
        Stage.BIND,
        Cause.ACCOUNT_DISABLED,
        _account("svc-disabled"),
        password=names.AD_USER_PASSWORD,
        refused=1,
    ),
    _ad(
        "The bind account has expired (data 701)",
        "accountExpires",
        Stage.BIND,
        Cause.ACCOUNT_EXPIRED,
        _account("svc-expired"),
        password=names.AD_USER_PASSWORD,
        refused=1,
    ),
    _ad(
        "The bind account has to change its password (data 773)",
        "pwdLastSet 0",
        Stage.BIND,
        Cause.MUST_CHANGE,
        _account("svc-mustchange"),
        password=names.AD_USER_PASSWORD,
        refused=1,
    ),
    _ad(
        "The bind account is locked (data 775)",
        "as many wrong passwords as the domain allows",
        Stage.BIND,
        Cause.ACCOUNT_LOCKED,
        _account("svc-locked"),
        password=names.AD_USER_PASSWORD,
        refused=1,
    ),
)
_BASE: Final = (
    _ldap(
        "There is no base",
        "base_dn empty; slapd names none of its own",
        Stage.BASE,
        Cause.NO_BASE,
        {"base_dn": ""},
    ),
    _ldap(
        "The base is not there",
        "a folder that does not exist",
        Stage.BASE,
        Cause.BASE_UNKNOWN,
        _below("nosuch"),
    ),
    _ldap(
        "The base is no DN",
        "base_dn people",
        Stage.BASE,
        Cause.BASE_MALFORMED,
        {"base_dn": "people"},
    ),
    _ldap(
        "The base is at another server",
        "a referral comes back, and is not followed",
        Stage.BASE,
        Cause.BASE_ELSEWHERE,
        _at("second", base_dn="dc=other,dc=test"),
    ),
    _ldap(
        "The bind account may not read the base",
        "an access rule of slapd",
        Stage.BASE,
        Cause.NOT_ALLOWED,
        _below("closed"),
    ),
    _ad(
        "The clocks differ by ten minutes",
        "this node's is ahead of what the controller tells",
        Stage.BASE,
        Cause.CLOCK,
        {},
        offset=600,
    ),
)
_USERS: Final = (
    _ldap(
        "The filter is malformed",
        "a parenthesis is missing",
        Stage.USERS,
        Cause.BAD_FILTER,
        {"filter": "(&(uid=*)"},
    ),
    _ldap(
        "The server gives fewer entries than there are",
        f"{names.LDAP_MANY} people, and the 500 that slapd gives by default",
        Stage.USERS,
        Cause.SIZE_LIMIT,
        _bound_as("plain", **_below("many")),
    ),
    _ldap(
        "The server gives fewer entries than one page",
        "a size limit of 2 for the bind account",
        Stage.USERS,
        Cause.SIZE_LIMIT,
        _bound_as("limited"),
    ),
    _ldap(
        "The server does not look at so many entries",
        "a limit of unchecked entries",
        Stage.USERS,
        Cause.ADMIN_LIMIT,
        _bound_as("watched", **_below("many")),
    ),
    _ldap(
        "The server gives no pages",
        "size.prtotal=disabled",
        Stage.USERS,
        Cause.ADMIN_LIMIT,
        _bound_as("unpaged"),
    ),
    _ldap("Nobody fits", "a folder without people", Stage.USERS, Cause.NO_USERS, _below("empty")),
    _ldap(
        "Nobody has the attribute for the name",
        "user_attr employeeNumber",
        Stage.USERS,
        Cause.NO_NAME_ATTRIBUTE,
        {"user_attr": "employeeNumber"},
    ),
    _ldap(
        "An attribute never comes",
        "the mail address is read of another one",
        Stage.USERS,
        Cause.ATTRIBUTE_NEVER_COMES,
        {"sync_attributes": "email=mailPrimaryAddress"},
        word="LOOK",
    ),
    _ldap(
        "The mapping of attributes is malformed",
        "sync_attributes email:mail",
        Stage.USERS,
        Cause.BAD_MAPPING,
        {"sync_attributes": "email:mail"},
        word="LOOK",
    ),
    _ldap(
        "Nothing is mapped",
        "sync_attributes empty",
        Stage.USERS,
        Cause.NO_MAPPING,
        {"sync_attributes": ""},
        word="LOOK",
    ),
    _ldap(
        "A value is none that PVE takes",
        "a mail address that is none",
        Stage.USERS,
        Cause.VALUES_SKIPPED,
        _below("badvalues"),
        word="LOOK",
    ),
    _ad(
        "A mail address is none that PVE takes",
        "an apostrophe in it",
        Stage.USERS,
        Cause.VALUES_SKIPPED,
        {"base_dn": f"OU=Odd Names,{AD_BASE}"},
        word="LOOK",
    ),
    _ldap(
        "Names that PVE leaves out",
        "a blank, a slash and a colon in a name",
        Stage.NAMES,
        Cause.NAMES_SKIPPED,
        _below("odd"),
        word="LOOK",
    ),
    _ldap(
        "Two people have the same name",
        "in two folders",
        Stage.NAMES,
        Cause.NAMES_TWICE,
        _below("twice"),
        word="LOOK",
    ),
)
_GROUPS: Final = (
    _ldap(
        "There are no groups",
        "a folder without any",
        Stage.GROUPS,
        Cause.NO_GROUPS,
        _groups("empty"),
        word="LOOK",
    ),
    _ldap(
        "A group is in a group",
        "PVE takes direct members only",
        Stage.GROUPS,
        Cause.NESTED_GROUPS,
        _groups("nested"),
        word="LOOK",
    ),
    _ldap(
        "Groups name their members by memberUid",
        "posixGroup",
        Stage.GROUPS,
        Cause.MEMBERS_BY_NAME,
        {**_groups("posix"), "group_classes": "posixGroup"},
        word="LOOK",
    ),
    _ldap(
        "Members that are not among the users",
        "people of another folder",
        Stage.GROUPS,
        Cause.MEMBERS_ELSEWHERE,
        _groups("outsiders"),
        word="LOOK",
    ),
    _ad(
        "A group of AD is in a group",
        "NestedOps holds ProxmoxAdmins",
        Stage.GROUPS,
        Cause.NESTED_GROUPS,
        {"group_filter": "(|(cn=ProxmoxAdmins)(cn=NestedOps))"},
        word="LOOK",
    ),
    _ad(
        "A group's name is none that PVE takes",
        "Tier2 (Ops), EMEA",
        Stage.GROUPS,
        Cause.GROUPS_SKIPPED,
        {"group_filter": "(cn=Tier2*)"},
        word="LOOK",
    ),
    _ad(
        "A group is the primary one of its members",
        "Staffers, which does not name pia",
        Stage.GROUPS,
        Cause.PRIMARY_GROUP,
        {"group_filter": "(cn=Staffers)"},
        word="LOOK",
    ),
)
_LOGIN: Final = (
    _ldap(
        "Nobody has that name",
        "a login as zed",
        Stage.LOGIN,
        Cause.NOT_FOUND,
        {},
        person=("zed", WRONG),
    ),
    _ldap(
        "Two people have that name",
        "a login as hal, who is there twice",
        Stage.LOGIN,
        Cause.AMBIGUOUS,
        _below("twice"),
        word="LOOK",
        person=("hal", names.LDAP_USER_PASSWORD),
    ),
    _ldap(
        "The person's password is wrong",
        "one attempt, two servers",
        Stage.LOGIN,
        Cause.WRONG_CREDENTIALS,
        {"server2": SLAPDS["second"]},
        person=("alice", WRONG),
        refused=1,
    ),
    _ad(
        "The person's password is wrong (data 52e)",
        "one attempt",
        Stage.LOGIN,
        Cause.WRONG_PASSWORD,
        {},
        person=("alice", WRONG),
        refused=1,
    ),
    _ad(
        "One more wrong password would lock the account",
        f"{names.LOCKS_AFTER - 1} wrong ones before; no attempt is made",
        Stage.LOGIN,
        Cause.LOCK_NEAR,
        {},
        word="LOOK",
        person=("near", WRONG),
    ),
    _ad(
        "The person's account is locked",
        "lockoutTime tells; no attempt is made",
        Stage.LOGIN,
        Cause.ACCOUNT_LOCKED,
        {},
        person=("locked", names.AD_USER_PASSWORD),
    ),
    _ad(
        "The person's account is disabled",
        "userAccountControl tells; no attempt is made",
        Stage.LOGIN,
        Cause.ACCOUNT_DISABLED,
        {},
        person=("disabled", names.AD_USER_PASSWORD),
    ),
    _ad(
        "The person's account has expired",
        "accountExpires tells; no attempt is made",
        Stage.LOGIN,
        Cause.ACCOUNT_EXPIRED,
        {},
        person=("expired", names.AD_USER_PASSWORD),
    ),
    _ad(
        "The person has to change the password",
        "pwdLastSet tells; no attempt is made",
        Stage.LOGIN,
        Cause.MUST_CHANGE,
        {},
        person=("mustchange", names.AD_USER_PASSWORD),
    ),
)
FAULTS: Final = (
    *_ADDRESS, *_PORT, *_TLS, *_BIND, *_BASE, *_USERS, *_GROUPS, *_LOGIN
)  # fmt: skip
