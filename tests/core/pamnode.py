"""A node's PAM as Debian installs it, with what a test has put into its files."""

from __future__ import annotations

from collections.abc import Mapping

from pve_auth_tui.core.host.ports import Look
from pve_auth_tui.core.pam.model import PamReport
from pve_auth_tui.core.pam.profiles import ADDITIONAL, END, FALLBACK, MKHOMEDIR, PRIMARY, SSS, UNIX
from pve_auth_tui.core.pam.report import Node, examine

_KINDS = ("auth", "account", "session", "password")


def common(kind: str, primary: str, additional: str = "", more: str = "") -> str:
    """/etc/pam.d/common-KIND between pam-auth-update's marks."""
    return (
        f"#\n# /etc/pam.d/common-{kind}\n#\n{PRIMARY}\n{primary}{FALLBACK}\n"
        f"{kind}\trequisite\t\t\tpam_deny.so\n"
        "# prime the stack with a positive return value if there isn't one already;\n"
        f"{kind}\trequired\t\t\tpam_permit.so\n{more}{ADDITIONAL}\n{additional}{END}\n"
    )


FRESH = {
    "common-auth": common("auth", "auth\t[success=1 default=ignore]\tpam_unix.so nullok\n"),
    "common-account": common(
        "account", "account\t[success=1 new_authtok_reqd=done default=ignore]\tpam_unix.so \n"
    ),
    "common-session": common(
        "session",
        "session\t[default=1]\t\t\tpam_permit.so\n",
        "session\trequired\tpam_unix.so \nsession\toptional\tpam_systemd.so \n",
        "session optional\t\t\tpam_umask.so\n",
    ),
    "common-password": common(
        "password", "password\t[success=1 default=ignore]\tpam_unix.so obscure yescrypt\n"
    ),
    "other": (
        "@include common-auth\n@include common-account\n"
        "@include common-password\n@include common-session\n"
    ),
    "login": (
        "auth       optional   pam_faildelay.so  delay=3000000\n"
        "auth       requisite  pam_nologin.so\n"
        "session [success=ok module_unknown=ignore default=bad] pam_selinux.so close\n"
        "session    required     pam_loginuid.so\nsession    optional   pam_motd.so noupdate\n"
        "session [success=ok module_unknown=ignore default=bad] pam_selinux.so open\n"
        "session       required   pam_env.so readenv=1\n@include common-auth\n"
        "auth       optional   pam_group.so\nsession    required   pam_limits.so\n"
        "session    optional   pam_lastlog.so\nsession    optional   pam_mail.so standard\n"
        "session    optional   pam_keyinit.so force revoke\n"
        "@include common-account\n@include common-session\n@include common-password\n"
    ),
    "sshd": (
        "@include common-auth\naccount    required     pam_nologin.so\n@include common-account\n"
        "session    required     pam_loginuid.so\n@include common-session\n"
        "session    required     pam_limits.so\n@include common-password\n"
    ),
}
"""Debian 13 without sssd. Debian 12 has no pam_umask there."""

JOINED = {
    **FRESH,
    "common-auth": common(
        "auth",
        "auth\t[success=2 default=ignore]\tpam_unix.so nullok\n"
        "auth\t[success=1 default=ignore]\tpam_sss.so use_first_pass\n",
    ),
    "common-account": common(
        "account",
        "account\t[success=1 new_authtok_reqd=done default=ignore]\tpam_unix.so \n",
        "account\tsufficient\t\t\tpam_localuser.so \n"
        "account\t[default=bad success=ok user_unknown=ignore]\tpam_sss.so \n",
    ),
    "common-session": common(
        "session",
        "session\t[default=1]\t\t\tpam_permit.so\n",
        "session\trequired\tpam_unix.so \nsession\toptional\t\t\tpam_sss.so \n"
        "session\toptional\tpam_systemd.so \nsession\toptional\t\t\tpam_mkhomedir.so \n",
    ),
}
"""The same once libpam-sss is installed and mkhomedir is on."""

MODULES = (
    *("access", "cap", "deny", "env", "exec", "faildelay", "faillock", "group", "keyinit"),
    *("lastlog", "limits", "localuser", "loginuid", "mail", "mkhomedir", "motd", "nologin"),
    *("permit", "rootok", "selinux", "sss", "succeed_if", "systemd", "umask", "unix"),
)


class PamNode:
    """`files`: what stands in /etc/pam.d. `looks` takes the place of what a path is."""

    def __init__(self, files: Mapping[str, str] = FRESH) -> None:
        self.files = {f"/etc/pam.d/{name}": text for name, text in files.items()}
        self.looks: dict[str, Look] = {}
        self.modules = {f"pam_{name}.so" for name in MODULES}
        self.folder = "/usr/lib/x86_64-linux-gnu/security"

    def chosen(self, *names: str) -> None:
        """What pam-auth-update notes of the profiles, and the profiles."""
        profiles = {"unix": UNIX, "sss": SSS, "mkhomedir": MKHOMEDIR, "systemd": _SYSTEMD}
        for name in names:
            self.files[f"/usr/share/pam-configs/{name}"] = profiles[name]
        for kind in _KINDS:
            field = f"{kind.capitalize()}-Type"
            noted = [name for name in names if field in profiles[name]]
            saved = "".join(f"Module: {name}\nsomething\n" for name in noted)
            if kind != "password":
                self.files[f"/var/lib/pam/{kind}"] = saved

    def put(self, name: str, text: str) -> None:
        self.files[f"/etc/pam.d/{name}"] = text

    def change(self, name: str, old: str, new: str) -> None:
        """In one of the files, once."""
        path = f"/etc/pam.d/{name}"
        assert self.files[path].count(old) == 1
        self.files[path] = self.files[path].replace(old, new)

    def top(self, name: str, *lines: str) -> None:
        """Lines put before everything, as `sed 1i` does."""
        self.put(name, "".join(f"{line}\n" for line in lines) + self.files[f"/etc/pam.d/{name}"])

    def look(self, path: str) -> Look | None:
        if path in self.looks:
            return self.looks[path]
        folder, _, name = path.rpartition("/")
        if path in self.files or (folder == self.folder and name in self.modules):
            return Look("file", 0o644, 0, 1)
        return Look("folder", 0o755, 0, 0) if path in ("/etc/pam.d", self.folder) else None

    def report(self) -> PamReport:
        return examine(Node(self.files.get, self.look))

    def causes(self) -> set[str]:
        return {one.cause for one in self.report().everything}

    def words(self) -> dict[str, str]:
        """key of each check -> its word; `-` left out."""
        return {one.key: one.word for one in self.report().checks if one.word != "-"}


_SYSTEMD = """\
Name: Register user sessions in the systemd control group hierarchy
Default: yes
Priority: 0
Session-Interactive-Only: yes
Session-Type: Additional
Session:
	optional	pam_systemd.so
"""
