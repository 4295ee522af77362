"""Directories that people have: what their realms look like, and what to do there first.

Of a few answers each preset makes the options of a realm, and the steps at the directory as
lines. All of them encrypt and verify, sync names and mail, and never wipe what was typed by hand
(`properties`). No preset was tried against a Windows domain controller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pve_auth_tui.core.directory.filters import escaped
from pve_auth_tui.core.listing import Line

IN_CHAIN: Final = "1.2.840.113556.1.4.1941"
"""AD's matching rule that follows groups in groups (LDAP_MATCHING_RULE_IN_CHAIN)."""

_ADMINS, _USERS = "ProxmoxAdmins", "ProxmoxUsers"
_ADMINS_GROUP, _USERS_GROUP = "proxmox-admins", "proxmox-users"
_BIND: Final = "proxmox_auth"
_NAMES: Final = "firstname=givenName,lastname=sn,email=mail"
_SYNC: Final = "enable-new=1,remove-vanished=acl;entry,scope=both"
_STARTTLS: Final = {"mode": "ldap+starttls", "verify": "1"}
_OU: Final = "OU=Proxmox Groups"
_NOT_NESTED: Final = (
    "Only direct members of the two groups are found: PVE follows no groups in groups."
)
_CHAIN_COST: Final = (
    "Groups in groups are followed for users: each sync makes the domain controller walk all"
    " groups, which takes long in large domains. In PVE only direct members come into the groups:"
    " the others are users without the groups' rights."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """`domain`: `example.com`. `server2` "": none. `nested`: AD's groups in groups, too."""

    domain: str
    server1: str
    server2: str = ""
    nested: bool = False

    @property
    def suffix(self) -> str:
        """`dc=example,dc=com`"""
        return ",".join(f"dc={part}" for part in self.domain.split(".") if part)

    @property
    def ad_suffix(self) -> str:
        """The same as AD writes it."""
        return ",".join(f"DC={part}" for part in self.domain.split(".") if part)


@dataclass(frozen=True, slots=True)
class DirectoryPreset:
    """`kind`: the type of its realms; `nests`: it has AD's rule for groups in groups."""

    name: str
    title: str
    kind: str
    make: Callable[[Asked], Mapping[str, str]] = field(repr=False)
    told: Callable[[Asked], Sequence[str]] = field(repr=False)
    nests: bool = False

    def options(self, asked: Asked) -> dict[str, str]:
        """PVE's options of such a realm; the bind password is not among them."""
        servers = {"server1": asked.server1}
        if asked.server2:
            servers["server2"] = asked.server2
        return {**servers, **self.make(asked), "sync_attributes": _NAMES}

    def steps(self, asked: Asked) -> tuple[Line, ...]:
        """What to do at the directory, in this order, and what to know."""
        told = self.told(asked)
        return tuple(Line(text, f"Step {number}") for number, text in enumerate(told, 1))


# --- Active Directory ------------------------------------------------------------------------


def _ad(asked: Asked) -> Mapping[str, str]:
    rule = f"memberOf:{IN_CHAIN}:" if asked.nested else "memberOf"
    groups = [escaped(f"CN={name},{_OU},{asked.ad_suffix}") for name in (_ADMINS, _USERS)]
    member = "".join(f"({rule}={group})" for group in groups)
    return {
        "domain": asked.domain,
        "base_dn": asked.ad_suffix,
        "bind_dn": f"{_BIND}@{asked.domain}",
        **_STARTTLS,
        "case-sensitive": "0",
        "filter": f"(&(objectClass=user)(|{member}))",
        "group_filter": f"(&(objectClass=group)(|(cn={_ADMINS})(cn={_USERS})))",
        "sync-defaults-options": _SYNC,
    }


def _ad_steps(asked: Asked) -> Sequence[str]:
    return (
        f"Create the user {_BIND}: Domain Users is enough, its password does not expire, and it"
        " may not log on interactively.",
        f"Create the global security groups {_ADMINS} and {_USERS} in {_OU},{asked.ad_suffix}."
        " Another place: correct it in User Filter.",
        "Give each domain controller a certificate with its own name in it (AD CS, template"
        " Kerberos Authentication), and let every node trust that CA: copy it to"
        " /usr/local/share/ca-certificates and run update-ca-certificates.",
        _CHAIN_COST if asked.nested else _NOT_NESTED,
        "After the first sync give the groups their roles: they are called"
        f" {_ADMINS}-REALM and {_USERS}-REALM in PVE. Domain Users and the like are never"
        " synced as groups: PVE takes no blank in a name.",
    )


def _samba_steps(asked: Asked) -> Sequence[str]:
    return (
        f"On the domain controller: samba-tool user create {_BIND}, then samba-tool user"
        f" setexpiry {_BIND} --noexpiry.",
        f"samba-tool ou create '{_OU}', then samba-tool group add {_ADMINS} --groupou='{_OU}',"
        f" and the same for {_USERS}.",
        "Samba refuses binds in clear (ldap server require strong auth). Its own certificate is"
        " signed by private/tls/ca.pem: copy that to every node and name it in CA Path, unless a"
        " real one is set up (tls certfile).",
        _CHAIN_COST if asked.nested else _NOT_NESTED,
        f"After the first sync give {_ADMINS}-REALM and {_USERS}-REALM their roles.",
    )


# --- LDAP ------------------------------------------------------------------------------------


def _openldap(asked: Asked) -> Mapping[str, str]:
    return {
        "base_dn": f"ou=people,{asked.suffix}",
        "user_attr": "uid",
        "bind_dn": f"cn=proxmox,ou=services,{asked.suffix}",
        **_STARTTLS,
        "user_classes": "inetOrgPerson",
        "group_dn": f"ou=groups,{asked.suffix}",
        "group_classes": "groupOfNames",
        "sync-defaults-options": _SYNC,
    }


def _openldap_steps(asked: Asked) -> Sequence[str]:
    return (
        f"Create cn=proxmox,ou=services,{asked.suffix} with a password, and let it read uid,"
        " givenName, sn, mail, member below the suffix, and more entries than the server's size"
        " limit (olcLimits).",
        f"Groups are groupOfNames below ou=groups,{asked.suffix}: PVE does not know memberUid of"
        " posixGroup.",
        "The server's certificate needs its name; every node must trust its CA, or CA Path names"
        " it.",
        "To sync only some: a User Filter on an attribute of theirs, or on memberOf where that"
        " overlay is loaded.",
    )


def _freeipa(asked: Asked) -> Mapping[str, str]:
    groups = f"cn=groups,cn=accounts,{asked.suffix}"
    return {
        "base_dn": f"cn=users,cn=accounts,{asked.suffix}",
        "user_attr": "uid",
        "bind_dn": f"uid=proxmox,cn=sysaccounts,cn=etc,{asked.suffix}",
        **_STARTTLS,
        "user_classes": "inetOrgPerson",
        "filter": f"(memberOf={escaped(f'cn={_USERS_GROUP},{groups}')})",
        "group_dn": groups,
        "group_classes": "ipausergroup",
        "group_filter": f"(|(cn={_ADMINS_GROUP})(cn={_USERS_GROUP}))",
        "sync-defaults-options": _SYNC,
    }


def _freeipa_steps(asked: Asked) -> Sequence[str]:
    return (
        f"Create the system account uid=proxmox,cn=sysaccounts,cn=etc,{asked.suffix} with"
        " ldapmodify: it reads, and can log in nowhere.",
        f"ipa group-add {_USERS_GROUP}, ipa group-add {_ADMINS_GROUP}, and make the admins a"
        " member of the users: IPA counts members of members in memberOf.",
        "PVE itself takes direct members of each group only: put admins into"
        f" {_ADMINS_GROUP} themselves.",
        "Copy /etc/ipa/ca.crt of the server to every node and name it in CA Path, or add it to"
        " the system's CAs.",
    )


def _lldap(asked: Asked) -> Mapping[str, str]:
    groups = f"ou=groups,{asked.suffix}"
    return {
        "base_dn": f"ou=people,{asked.suffix}",
        "user_attr": "uid",
        "bind_dn": f"uid=proxmox,ou=people,{asked.suffix}",
        "mode": "ldaps",
        "port": "6360",
        "verify": "1",
        "user_classes": "person",
        "filter": f"(memberOf={escaped(f'cn={_USERS_GROUP},{groups}')})",
        "group_dn": groups,
        "group_classes": "groupOfUniqueNames",
        "sync-defaults-options": _SYNC,
    }


def _lldap_steps(asked: Asked) -> Sequence[str]:
    return (
        "Create the user proxmox and put it into lldap_strict_readonly.",
        f"Create the group {_USERS_GROUP} with everybody who is to have a user in PVE.",
        "lldap has no STARTTLS: switch LDAPS on (ldaps_options, port 6360) with a certificate"
        " that has the server's name. Without it passwords cross the network in clear.",
        "Groups come as groupOfUniqueNames: PVE takes uniqueMember, direct members only.",
    )


PRESETS: Final[tuple[DirectoryPreset, ...]] = (
    DirectoryPreset("ad", "Microsoft Active Directory", "ad", _ad, _ad_steps, nests=True),
    DirectoryPreset("samba", "Samba AD", "ad", _ad, _samba_steps, nests=True),
    DirectoryPreset("openldap", "OpenLDAP", "ldap", _openldap, _openldap_steps),
    DirectoryPreset("freeipa", "FreeIPA", "ldap", _freeipa, _freeipa_steps),
    DirectoryPreset("lldap", "lldap", "ldap", _lldap, _lldap_steps),
)


def presets_of(kind: str) -> tuple[DirectoryPreset, ...]:
    """Those for a type of realm."""
    return tuple(preset for preset in PRESETS if preset.kind == kind)
