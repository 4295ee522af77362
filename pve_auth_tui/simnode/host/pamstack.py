"""/etc/pam.d of a fresh Proxmox VE 9 node, and pam-auth-update.

Sources: recorded common-auth and common-session of Debian 13 (reference/host.md 5), the templates
of libpam-runtime 1.7 for the other two, Debian's login, sshd and other; pve-access-control for
proxmox-ve-auth. What somebody wrote outside of the block that pam-auth-update owns stays, as there.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

FOLDER: Final = "etc/pam.d"
STACKS: Final = ("auth", "account", "session", "password")
HOMES: Final = "mkhomedir"
_START: Final = '# here are the per-package modules (the "Primary" block)'
_END: Final = "# end of pam-auth-update config"
_ABOUT: Final = {
    "auth": (
        "authentication settings common to all services",
        "# and should contain a list of the authentication modules that define\n"
        "# the central authentication scheme for use on the system\n"
        "# (e.g., /etc/shadow, LDAP, Kerberos, etc.).  The default is to use the\n"
        "# traditional Unix authentication mechanisms.\n",
    ),
    "account": (
        "authorization settings common to all services",
        "# and should contain a list of the authorization modules that define\n"
        "# the central access policy for use on the system.  The default is to\n"
        "# only deny service to users whose accounts are expired in /etc/shadow.\n",
    ),
    "session": (
        "session-related modules common to all services",
        "# and should contain a list of modules that define tasks to be performed\n"
        "# at the start and end of interactive sessions.\n",
    ),
    "password": (
        "password-related modules common to all services",
        "# and should contain a list of modules that define the services to be\n"
        "# used to change user passwords.  The default is pam_unix.\n",
    ),
}
_MANAGED: Final = (
    "#\n"
    "# As of pam 1.0.1-6, this file is managed by pam-auth-update by default.\n"
    "# To take advantage of this, it is recommended that you configure any\n"
    "# local modules either before or after the default block, and use\n"
    "# pam-auth-update to manage selection of other modules.  See\n"
    "# pam-auth-update(8) for details.\n\n"
)
_PRIME: Final = (
    "# prime the stack with a positive return value if there isn't one already;\n"
    "# this avoids us returning an error just because nothing sets a success code\n"
    "# since the modules above will each just jump around\n"
)
_MORE: Final = '# and here are more per-package modules (the "Additional" block)\n'
_FALLBACK: Final = "# here's the fallback if no module succeeds\n"

FIXED: Final[Mapping[str, str]] = {
    "login": (
        "auth       optional   pam_faildelay.so  delay=3000000\n"
        "auth       requisite  pam_nologin.so\n"
        "session [success=ok ignore=ignore module_unknown=ignore default=bad] "
        "pam_selinux.so close\n"
        "session    required     pam_loginuid.so\n"
        "session    optional   pam_motd.so motd=/run/motd.dynamic\n"
        "session    optional   pam_motd.so noupdate\n"
        "session [success=ok ignore=ignore module_unknown=ignore default=bad] "
        "pam_selinux.so open\n"
        "session       required   pam_env.so readenv=1\n"
        "auth       optional   pam_group.so\n"
        "session    required   pam_limits.so\n"
        "session    optional   pam_lastlog2.so\n"
        "session    optional   pam_mail.so standard\n"
        "session    optional   pam_keyinit.so force revoke\n"
        "@include common-auth\n@include common-account\n"
        "@include common-session\n@include common-password\n"
    ),
    "sshd": (
        "@include common-auth\n"
        "account    required     pam_nologin.so\n"
        "@include common-account\n"
        "session [success=ok ignore=ignore module_unknown=ignore default=bad] "
        "pam_selinux.so close\n"
        "session    required     pam_loginuid.so\n"
        "session    optional     pam_keyinit.so force revoke\n"
        "@include common-session\n"
        "session    optional     pam_motd.so  motd=/run/motd.dynamic\n"
        "session    optional     pam_motd.so noupdate\n"
        "session    optional     pam_mail.so standard noenv\n"
        "session    required     pam_limits.so\n"
        "session    required     pam_env.so\n"
        "session [success=ok ignore=ignore module_unknown=ignore default=bad] "
        "pam_selinux.so open\n"
        "@include common-password\n"
    ),
    "proxmox-ve-auth": ("@include common-auth\n@include common-account\n@include common-session\n"),
    "other": (
        "@include common-auth\n@include common-account\n"
        "@include common-password\n@include common-session\n"
    ),
}
MODULES: Final = frozenset(
    f"pam_{name}.so"
    for name in (
        *("access", "cap", "debug", "deny", "echo", "env", "exec", "faildelay", "faillock"),
        *("filter", "ftp", "group", "issue", "keyinit", "limits", "listfile", "localuser"),
        *("lastlog2", "loginuid", "mail", "mkhomedir", "motd", "namespace", "nologin", "permit"),
        *("pwhistory", "rhosts", "rootok", "securetty", "selinux", "sepermit", "setquota"),
        *("shells", "stress", "succeed_if", "systemd", "time", "timestamp", "tty_audit"),
        *("umask", "unix", "usertype", "userdb", "warn", "wheel", "xauth"),
    )
)


def fresh() -> dict[str, str]:
    """Path -> text of a node without sssd."""
    made = {f"{FOLDER}/common-{kind}": whole(kind, ()) for kind in STACKS}
    return made | {f"{FOLDER}/{name}": text for name, text in FIXED.items()}


def whole(kind: str, profiles: Collection[str]) -> str:
    """A file as pam-auth-update makes it; unix and systemd are always among the profiles."""
    title, about = _ABOUT[kind]
    return (
        f"#\n# /etc/pam.d/common-{kind} - {title}\n#\n"
        "# This file is included from other service-specific PAM config files,\n"
        f"{about}{_MANAGED}{block(kind, profiles)}"
    )


def block(kind: str, profiles: Collection[str]) -> str:
    """What pam-auth-update owns of it."""
    return f"{_START}\n{_MAKERS[kind]('sss' in profiles, HOMES in profiles)}{_END}\n"


def _auth(sss: bool, homes: bool) -> str:
    first = f"auth\t[success={2 if sss else 1} default=ignore]\tpam_unix.so nullok\n"
    second = "auth\t[success=1 default=ignore]\tpam_sss.so use_first_pass\n" if sss else ""
    return (
        f"{first}{second}{_FALLBACK}auth\trequisite\t\t\tpam_deny.so\n"
        f"{_PRIME}auth\trequired\t\t\tpam_permit.so\n{_MORE}"
    )


def _account(sss: bool, homes: bool) -> str:
    more = (
        "account\tsufficient\t\t\tpam_localuser.so \n"
        "account\t[default=bad success=ok user_unknown=ignore]\tpam_sss.so \n"
    )
    return (
        "account\t[success=1 new_authtok_reqd=done default=ignore]\tpam_unix.so \n"
        f"{_FALLBACK}account\trequisite\t\t\tpam_deny.so\n"
        f"{_PRIME}account\trequired\t\t\tpam_permit.so\n{_MORE}{more if sss else ''}"
    )


def _session(sss: bool, homes: bool) -> str:
    return (
        "session\t[default=1]\t\t\tpam_permit.so\n"
        f"{_FALLBACK}session\trequisite\t\t\tpam_deny.so\n"
        f"{_PRIME}session\trequired\t\t\tpam_permit.so\n"
        "# reset the umask for new sessions\nsession optional\t\t\tpam_umask.so\n"
        f"{_MORE}session\trequired\tpam_unix.so \n"
        f"{'session	optional			pam_sss.so ' + chr(10) if sss else ''}"
        "session\toptional\tpam_systemd.so \n"
        f"{'session	optional			pam_mkhomedir.so ' + chr(10) if homes else ''}"
    )


def _password(sss: bool, homes: bool) -> str:
    second = "password\t[success=1 default=ignore]\tpam_sss.so use_authtok\n" if sss else ""
    return (
        f"password\t[success={2 if sss else 1} default=ignore]\tpam_unix.so obscure yescrypt\n"
        f"{second}{_FALLBACK}password\trequisite\t\t\tpam_deny.so\n"
        f"{_PRIME}password\trequired\t\t\tpam_permit.so\n{_MORE}"
    )


_MAKERS: Final = {
    "auth": _auth,
    "account": _account,
    "session": _session,
    "password": _password,
}
_OWNED: Final = re.compile(
    f"^{re.escape(_START)}\n.*?^{re.escape(_END)}\n", re.MULTILINE | re.DOTALL
)


def updated(text: str, kind: str, profiles: Collection[str]) -> str:
    """A file with the block of these profiles; one without any block is left alone."""
    return _OWNED.sub(lambda _: block(kind, profiles), text, count=1)
