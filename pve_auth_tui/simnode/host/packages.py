"""dpkg and apt on the simulated node: what is installed stands in /var/lib/dpkg/status.

Versions are those of Debian 13 and Proxmox VE 9; sizes are made up. Recommended packages are left
out, as with --no-install-recommends, which is how this program asks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from pve_auth_tui.simnode.host.files import HostFiles

STATUS: Final = "var/lib/dpkg/status"


class Package(NamedTuple):
    """What the demo's archive has of it: `kb` to download; 100 to 400 times that when unpacked."""

    version: str
    needs: tuple[str, ...] = ()
    kb: int = 80
    arch: str = "amd64"
    at: str = "Debian:13.2/stable"


_SSSD: Final = "2.10.1-2+b1"
_SAMBA: Final = "2:4.22.6+dfsg-0+deb13u1"
ARCHIVE: Final = {
    "adcli": Package("0.9.2-1+b1", ("libsasl2-modules-gssapi-mit",), 113),
    "libsasl2-modules-gssapi-mit": Package("2.1.28+dfsg1-9", (), 36),
    "packagekit": Package(
        "1.3.1-1+deb13u1", ("libglib2.0-bin", "libpackagekit-glib2-18", "libappstream5"), 642
    ),
    "libglib2.0-bin": Package("2.84.4-3~deb13u1", (), 134),
    "libpackagekit-glib2-18": Package("1.3.1-1+deb13u1", (), 124),
    "libappstream5": Package("1.0.5-1", (), 229),
    "realmd": Package("0.17.1-3+b2", (), 246),
    "sssd": Package(
        _SSSD,
        ("python3-sss", "sssd-ad", "sssd-ipa", "sssd-krb5", "sssd-ldap", "sssd-proxy"),
        20,
    ),
    "python3-sss": Package(_SSSD, ("libipa-hbac0t64",), 44),
    "libipa-hbac0t64": Package(_SSSD, (), 26),
    "sssd-ad": Package(_SSSD, ("sssd-ad-common", "sssd-common", "sssd-krb5-common"), 192),
    "sssd-ad-common": Package(_SSSD, ("sssd-common",), 91),
    "sssd-common": Package(_SSSD, ("libsss-idmap0", "libsss-certmap0", "libtevent0t64"), 1207),
    "libsss-idmap0": Package(_SSSD, (), 32),
    "libsss-certmap0": Package(_SSSD, (), 58),
    "libtevent0t64": Package("2:0.16.2+samba4.22.6+dfsg-0+deb13u1", (), 41),
    "sssd-ipa": Package(_SSSD, ("sssd-ad-common", "sssd-krb5-common"), 266),
    "sssd-krb5": Package(_SSSD, ("sssd-krb5-common",), 28),
    "sssd-krb5-common": Package(_SSSD, ("sssd-common",), 111),
    "sssd-ldap": Package(_SSSD, ("sssd-common", "sssd-krb5-common"), 46),
    "sssd-proxy": Package(_SSSD, ("sssd-common",), 62),
    "sssd-tools": Package(_SSSD, ("python3-sss", "sssd-common", "sssd-dbus"), 118),
    "sssd-dbus": Package(_SSSD, ("sssd-common",), 119),
    "libnss-sss": Package(_SSSD, (), 45),
    "libpam-sss": Package(_SSSD, (), 62),
    "samba-common": Package(_SAMBA, (), 62, "all"),
    "samba-common-bin": Package(_SAMBA, ("samba-common",), 1216),
    "krb5-user": Package("1.21.3-5", ("krb5-config",), 120),
    "krb5-config": Package("2.7", (), 23, "all"),
    "oddjob-mkhomedir": Package("0.34.7-2.1", ("oddjob",), 30),
    "oddjob": Package("0.34.7-2.1", (), 40),
}
BASE: Final = {
    "adduser": "3.152",
    "apt": "3.0.3",
    "bash": "5.2.37-2+b5",
    "ca-certificates": "20250419",
    "chrony": "4.6.1-3+deb13u1",
    "coreutils": "9.7-3",
    "dpkg": "1.22.21",
    "libc-bin": "2.41-12",
    "libpam-modules": "1.7.0-5",
    "libpam-runtime": "1.7.0-5",
    "libpam-systemd": "257.9-1~deb13u1",
    "openssl": "3.5.4-1~deb13u1",
    "systemd": "257.9-1~deb13u1",
}
"""What a fresh node has beside PVE's own packages, as far as this program looks at it."""
_STANZA: Final = re.compile(r"\n{2,}")


def stanza(name: str, version: str, arch: str = "amd64", status: str = "installed") -> str:
    """An entry of dpkg's status file, without the empty line after it."""
    wanted = "install" if status == "installed" else "deinstall"
    return (
        f"Package: {name}\nStatus: {wanted} ok {status}\nPriority: optional\nSection: admin\n"
        "Maintainer: Debian Developers <debian-devel@lists.debian.org>\n"
        f"Architecture: {arch}\nVersion: {version}\nDescription: part of the demo cluster\n"
    )


def stanzas(text: str) -> list[str]:
    """The entries of a status file."""
    return [f"{each}\n" for each in _STANZA.split(text.strip("\n")) if each]


def joined(texts: Sequence[str]) -> str:
    """A status file of entries."""
    return "\n".join(sorted(texts))


class Entry(NamedTuple):
    """`short`: as `${db:Status-Abbrev}`, with its blank: `ii `, `rc `."""

    name: str
    short: str
    version: str
    arch: str


class Dpkg:
    """Reads and writes dpkg's status file."""

    def __init__(self, files: HostFiles) -> None:
        self._files = files
        self._read: tuple[bytes, dict[str, Entry]] | None = None

    @property
    def entries(self) -> dict[str, Entry]:
        """By name."""
        data = self._files.disk.read(STATUS) or b""
        if self._read is None or self._read[0] != data:
            found = {}
            for text in _STANZA.split(data.decode(errors="replace")):
                fields = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line[1:])
                if name := fields.get("Package"):
                    found[name] = Entry(
                        name,
                        _short(fields.get("Status", "")),
                        fields.get("Version", ""),
                        fields.get("Architecture", "all"),
                    )
            self._read = data, found
        return self._read[1]

    def has(self, name: str) -> bool:
        """Whether it is installed."""
        entry = self.entries.get(name)
        return entry is not None and entry.short.startswith("ii")

    def add(self, names: Sequence[str]) -> None:
        """Raises Unwritable."""
        texts = self._without(names)
        texts += [stanza(name, ARCHIVE[name].version, ARCHIVE[name].arch) for name in names]
        self._write(texts)

    def drop(self, names: Sequence[str], *, purge: bool) -> None:
        """Removed packages with configuration files stay in the list as `rc`."""
        texts = self._without(names)
        if not purge:
            texts += [
                stanza(name, self.entries[name].version, status="config-files")
                for name in names
                if name in self.entries
            ]
        self._write(texts)

    def _without(self, names: Sequence[str]) -> list[str]:
        gone = {f"Package: {name}" for name in names}
        texts = stanzas(self._files.text(STATUS))
        return [text for text in texts if text.partition("\n")[0] not in gone]

    def _write(self, texts: Sequence[str]) -> None:
        self._files.write(STATUS, joined(texts))


def _short(status: str) -> str:
    want, _, state = status.partition(" ok ")
    signs = {"installed": "i", "config-files": "c", "unpacked": "U", "half-configured": "F"}
    return f"{'i' if want == 'install' else 'r'}{signs.get(state, 'n')} "


def added(dpkg: Dpkg, names: Sequence[str]) -> list[str]:
    """All that would be installed for these, sorted."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found and not dpkg.has(name) and name in ARCHIVE:
            found.add(name)
            waiting += ARCHIVE[name].needs
    return sorted(found)


def leaning(dpkg: Dpkg, names: Sequence[str]) -> list[str]:
    """These, as far as they are there, and all that need one of them, sorted."""
    gone = {name for name in names if name in dpkg.entries}
    while True:
        more = {
            name
            for name, package in ARCHIVE.items()
            if dpkg.has(name) and name not in gone and gone.intersection(package.needs)
        }
        if not more:
            return sorted(gone)
        gone |= more
