"""Demo stories about the node's operating system: joins, CAs, PAM.

What files or the directory tell of is read there, so whoever repairs it by another way has mended
the story, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.ports import Story
from pve_auth_tui.simnode.disk import Disk
from pve_auth_tui.simnode.faults import Faults
from pve_auth_tui.simnode.rack_certificates import CA

if TYPE_CHECKING:
    from pve_auth_tui.simnode.host.machine import Machine
    from pve_auth_tui.simnode.host.simhost import SimHost

READY: Final = "join packages"
TAKEN: Final = "account taken"
DIES: Final = "sssd dies"
WRONG_DNS: Final = "wrong DNS"
PAM_OPEN: Final = "PAM open"
CA_GONE: Final = "CA not trusted"
CA_FILE: Final = "root/example-ca.cer"
"""The domain's CA as somebody copied it from a DC: in DER, under a name that Debian passes over."""
OLD_HOST: Final = "pve1.old.example.com"
OPEN_LINE: Final = "auth sufficient pam_permit.so\n"
OTHER_DNS: Final = "nameserver 192.0.2.53\n"

_AGE: Final = 21 * 86400.0  # seconds: a host changes its password every 30 days
_PAM: Final = "etc/pam.d/common-auth"
_RESOLV: Final = "etc/resolv.conf"
_BUNDLE: Final = "etc/ssl/certs/ca-certificates.crt"
_IS_OPEN: Final = re.compile(rb"^auth[ \t]+sufficient[ \t]+pam_permit\.so", re.MULTILINE)


class _Switch(NamedTuple):
    name: str
    text: str
    is_on: Callable[[HostStories], bool]
    turn: Callable[[HostStories, bool], None]
    breaks: bool = True


class HostStories:
    """`host` makes the node's operating system when a story first needs it."""

    def __init__(self, disk: Disk, faults: Faults, host: Callable[[], SimHost]) -> None:
        self.disk = disk
        self.faults = faults
        self._host = host
        self.was_taken = False

    @property
    def machine(self) -> Machine:
        return self._host().machine

    @property
    def stories(self) -> tuple[Story, ...]:
        """As they are now; to ask loads nothing."""
        return tuple(Story(s.name, s.text, s.is_on(self), s.breaks) for s in _SWITCHES)

    def turn(self, name: str, *, on: bool) -> None:
        """Break it, or mend it; an unknown name does nothing, nor does a full disk."""
        for switch in _SWITCHES:
            if switch.name == name and switch.is_on(self) != on:
                with suppress(AuthTuiError):
                    switch.turn(self, on)

    def mend(self) -> None:
        """All that is broken; packages stay."""
        for switch in _SWITCHES:
            if switch.breaks:
                self.turn(switch.name, on=False)

    # --- what they do -------------------------------------------------------------------

    def has_packages(self) -> bool:
        return b"\nPackage: realmd\n" in (self.disk.read("var/lib/dpkg/status") or b"")

    def install(self, on: bool) -> None:
        from pve_auth_tui.core.join.packages import NEEDED
        from pve_auth_tui.simnode.host.packages import ARCHIVE

        dpkg = self.machine.dpkg
        names = NEEDED if on else tuple(name for name in ARCHIVE if dpkg.has(name))
        self._host().ask(("/usr/bin/apt-get", "-y", "install" if on else "purge", *names))

    def is_taken(self) -> bool:
        return self.was_taken and self._account_host() == OLD_HOST

    def take(self, on: bool) -> None:
        from pve_auth_tui.simnode.demopeople import COMPUTERS

        domain, name = self.machine.domain, self.machine.name.upper()
        found = domain.computer(name)
        if on:
            services = tuple(
                f"{kind}/{host}"
                for kind in ("host", "RestrictedKrbHost")
                for host in (name, OLD_HOST)
            )
            dn, kvno = f"CN={name},{COMPUTERS}", 2
            if found is not None:
                dn, kvno = found.dn, found.kvno + 1
            domain.put_computer(name, dn, OLD_HOST, kvno, services, age=_AGE)
        elif found is not None:
            domain.delete(found)
        self.was_taken = on

    def _account_host(self) -> str:
        found = self.machine.domain.computer(self.machine.name.upper())
        return found.host if found else ""

    def dies(self, on: bool) -> None:
        (self.faults.host.add if on else self.faults.host.discard)("sssd dies")

    def asks_wrong_dns(self) -> bool:
        return self.disk.read(_RESOLV) == OTHER_DNS.encode()

    def ask_wrong_dns(self, on: bool) -> None:
        from pve_auth_tui.simnode.host.fresh import RESOLV

        self.machine.files.write(_RESOLV, OTHER_DNS if on else RESOLV)

    def is_open(self) -> bool:
        return bool(_IS_OPEN.search(self.disk.read(_PAM) or b""))

    def open_pam(self, on: bool) -> None:
        files = self.machine.files
        text = files.text(_PAM)
        kept = [line for line in text.splitlines(True) if not _IS_OPEN.match(line.encode())]
        files.write(_PAM, OPEN_LINE + text if on else "".join(kept))

    def lacks_ca(self) -> bool:
        return CA.encode() not in (self.disk.read(_BUNDLE) or b"")

    def drop_ca(self, on: bool) -> None:
        from pve_auth_tui.simnode.host import certstore

        files = self.machine.files
        if on:
            files.remove(certstore.DEMO_CA)
            files.write(CA_FILE, certstore.as_der(CA.encode()))
        else:
            files.write(certstore.DEMO_CA, CA)
            files.remove(CA_FILE)
        certstore.update(files, fresh=True)


_SWITCHES: Final = (
    _Switch(
        READY,
        "all that a join needs is installed",
        HostStories.has_packages,
        HostStories.install,
        breaks=False,
    ),
    _Switch(
        TAKEN,
        f"PVE1$ belongs to {OLD_HOST}: join pve1",
        HostStories.is_taken,
        HostStories.take,
    ),
    _Switch(
        DIES,
        "sssd ends at once: join pve1, and nothing is left",
        lambda stories: "sssd dies" in stories.faults.host,
        HostStories.dies,
    ),
    _Switch(
        WRONG_DNS,
        "/etc/resolv.conf names no DC: see why no join works",
        HostStories.asks_wrong_dns,
        HostStories.ask_wrong_dns,
    ),
    _Switch(
        PAM_OPEN,
        "PAM takes every password: find the line",
        HostStories.is_open,
        HostStories.open_pam,
    ),
    _Switch(
        CA_GONE,
        f"the DCs' CA is unknown: import /{CA_FILE}",
        HostStories.lacks_ca,
        HostStories.drop_ca,
    ),
)
