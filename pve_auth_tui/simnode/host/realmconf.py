"""What realmd writes into sssd.conf and krb5.conf, and reads there (recorded; realm-sssd.c)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from pve_auth_tui.simnode.host import ini
from pve_auth_tui.simnode.host.domain import DOMAIN, REALM
from pve_auth_tui.simnode.host.files import HostFiles
from pve_auth_tui.simnode.host.sssd import CONFIG

KRB5: Final = "etc/krb5.conf"
NEEDED: Final = ("sssd-tools", "sssd", "libnss-sss", "libpam-sss", "adcli")
_SECTION: Final = f"domain/{DOMAIN}"
NOBODY: Final = "$"
"""realmd's word for an empty list: sssd lets everybody in where there is none (realm-sssd.c)."""
NO_LISTS: Final[dict[str, str | None]] = {"simple_allow_users": None, "simple_allow_groups": None}
_POLICIES: Final = {
    "deny": "deny-any-login",
    "permit": "allow-any-login",
    "simple": "allow-permitted-logins",
}


def section(files: HostFiles) -> dict[str, str] | None:
    """Of sssd.conf, where realmd has joined; a broken file is read as far as it goes."""
    text = files.text(CONFIG)
    found = re.search(rf"^\[{re.escape(_SECTION)}\]\n(.*?)(?=^\[|\Z)", text, re.M | re.S)
    if found is None or "realmd_tags" not in found[1]:
        return None
    lines = [line.partition("=") for line in found[1].splitlines() if "=" in line]
    return {key.strip(): value.strip() for key, _, value in lines}


def block(joined: Mapping[str, str] | None, *, found: bool = True) -> str:
    """As `realm list` and `realm discover` print it; `found`: the directory said what it is."""
    lines = [
        DOMAIN,
        "  type: kerberos",
        f"  realm-name: {REALM}",
        f"  domain-name: {DOMAIN}",
        f"  configured: {'kerberos-member' if joined is not None else 'no'}",
    ]
    if found:
        lines += ["  server-software: active-directory", "  client-software: sssd"]
        lines += [f"  required-package: {name}" for name in (*NEEDED, "samba-common-bin")]
    if joined is not None:
        provider = joined.get("access_provider", "")
        lines.append(f"  login-formats: %U@{DOMAIN}")
        lines.append(f"  login-policy: {_POLICIES.get(provider, 'allow-realm-logins')}")
        if provider == "simple":
            users, groups = (
                [word for word in ini.words(joined.get(key, "")) if word != NOBODY]
                for key in NO_LISTS
            )
            shown = ", ".join(f"{user}@{DOMAIN}" for user in users)
            lines.append(f"  permitted-logins: {shown}")
            lines.append(f"  permitted-groups: {', '.join(groups)}")
    return "\n".join(lines)


def configure(files: HostFiles, name: str) -> None:
    """krb5.conf and sssd.conf as realmd leaves them; `name`: a NetBIOS name of its own, or ""."""
    krb5 = ini.changed(
        files.text(KRB5),
        "libdefaults",
        {"udp_preference_limit": "0", "default_realm": REALM},
    )
    files.write(KRB5, krb5, 0o644)
    text = files.text(CONFIG)
    listed = ini.words(_value(text, "domains"))
    if DOMAIN not in listed:
        listed.append(DOMAIN)
    text = ini.changed(
        text,
        "sssd",
        {
            "domains": ", ".join(listed),
            "config_file_version": _value(text, "config_file_version") or "2",
            "services": _value(text, "services") or "nss, pam",
        },
    )
    settings: dict[str, str | None] = {
        "default_shell": "/bin/bash",
        "krb5_store_password_if_offline": "True",
        "cache_credentials": "True",
        "krb5_realm": REALM,
        "realmd_tags": "manages-system joined-with-adcli ",
        "id_provider": "ad",
        "ldap_sasl_authid": f"{name}$" if name else None,
        "fallback_homedir": "/home/%u@%d",
        "ad_domain": DOMAIN,
        "use_fully_qualified_names": "True",
        "ldap_id_mapping": "True",
        "access_provider": "ad",
    }
    files.write(CONFIG, ini.changed(text, _SECTION, settings), 0o640)


def change(files: HostFiles, values: Mapping[str, str | None]) -> None:
    """Settings of the domain."""
    files.write(CONFIG, ini.changed(files.text(CONFIG), _SECTION, values), 0o640)


def deconfigure(files: HostFiles) -> None:
    """What a leave takes out of sssd.conf; krb5.conf stays as it is."""
    text = ini.without(files.text(CONFIG), _SECTION)
    left = [name for name in ini.words(_value(text, "domains")) if name != DOMAIN]
    text = ini.changed(text, "sssd", {"domains": ", ".join(left)})
    files.write(CONFIG, text, 0o640)


def _value(text: str, key: str) -> str:
    found = re.search(rf"^{key}\s*=[ \t]*(.*)$", text, re.M)
    return found[1].strip() if found else ""
