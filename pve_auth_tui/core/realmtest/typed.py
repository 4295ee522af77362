"""What of a realm can be typed for a test of it."""

from __future__ import annotations

from typing import Final

REALM_OPTIONS: Final = {
    "server1": ("HOST", "the first server"),
    "server2": ("HOST", "the fallback server"),
    "port": ("N", "389, or 636 for ldaps, if left out"),
    "mode": ("MODE", "ldap, ldap+starttls or ldaps"),
    "verify": ("0|1", "check the certificate"),
    "capath": ("PATH", "a file or a folder of CAs"),
    "cert": ("PATH", "a client certificate"),
    "certkey": ("PATH", "its key"),
    "sslversion": ("V", "tlsv1_2 if left out; exactly that one"),
    "domain": ("NAME", "of an AD realm"),
    "base_dn": ("DN", "where users and groups are"),
    "bind_dn": ("DN", "who reads them; its password is asked for"),
    "user_attr": ("NAME", "the attribute with the login name"),
    "filter": ("FILTER", "of users"),
    "user_classes": ("LIST", "of users"),
    "group_dn": ("DN", "where groups are, if elsewhere"),
    "group_filter": ("FILTER", "of groups"),
    "group_classes": ("LIST", "of groups"),
    "group_name_attr": ("NAME", "the attribute with a group's name"),
    "sync_attributes": ("LIST", "ours=theirs,..."),
    "case-sensitive": ("0|1", "whether ann and Ann are two"),
}
"""PVE's name -> how its value is called, and the help."""
