"""Everything of the simulated operating system that its tools share."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from pve_auth_tui.simnode.disk import Disk
from pve_auth_tui.simnode.faults import Faults
from pve_auth_tui.simnode.host import fresh
from pve_auth_tui.simnode.host.domain import Domain
from pve_auth_tui.simnode.host.files import HostFiles
from pve_auth_tui.simnode.host.packages import Dpkg
from pve_auth_tui.simnode.host.pamstack import MODULES
from pve_auth_tui.simnode.host.sssd import Sssd
from pve_auth_tui.simnode.host.units import PACKAGE_OF, SSSD, Units
from pve_auth_tui.simnode.outside import Outside

PROGRAMS: Final = {
    "realm": "realmd",
    "adcli": "adcli",
    "sssctl": "sssd-tools",
    "klist": "krb5-user",
    **dict.fromkeys(("id", "cp", "install", "rm", "mkdir", "cat"), "coreutils"),
    **dict.fromkeys(("getent",), "libc-bin"),
    "systemctl": "systemd",
    "apt-get": "apt",
    "dpkg-query": "dpkg",
    "pam-auth-update": "libpam-runtime",
    "update-ca-certificates": "ca-certificates",
    "openssl": "openssl",
    "hostname": "hostname",
    "chronyc": "chrony",
}
"""Program -> the package that brings it; those of a fresh node are always there."""
OPTIONAL: Final = frozenset({"realmd", "adcli", "sssd-tools", "krb5-user"})
_PLACE: Final = re.compile(r"(?:usr/)?s?bin/([a-z-]+)")
_MODULE: Final = re.compile(r"(?:usr/)?lib/(?:x86_64-linux-gnu/)?security/(pam_\w+\.so)")


class Machine:
    """`sleep` waits so many seconds; `now`: seconds since 1970."""

    def __init__(
        self,
        disk: Disk,
        faults: Faults,
        outside: Outside | None,
        now: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self.faults = faults
        self.now = now
        self.sleep = sleep
        self.files = HostFiles(disk, faults, self._shipped)
        fresh.lay(self.files)
        self.dpkg = Dpkg(self.files)
        self.domain = Domain(outside, self.files, now)
        self.sssd = Sssd(self.files, self.domain)
        self.units = Units(now, self._has_unit, self._unit_starts)
        self._turn = 0

    def has(self, program: str) -> bool:
        """Whether a program is installed."""
        package = PROGRAMS.get(program)
        return package is not None and (package not in OPTIONAL or self.dpkg.has(package))

    @property
    def runs_sssd(self) -> bool:
        unit = self.units.get(SSSD)
        return unit is not None and unit.state == "active"

    @property
    def name(self) -> str:
        """Short."""
        return self.files.text("etc/hostname").strip().partition(".")[0] or "localhost"

    @property
    def full_name(self) -> str:
        """As `hostname --fqdn` finds it in /etc/hosts; "" when it finds nothing."""
        for line in self.files.text("etc/hosts").splitlines():
            _, *names = line.partition("#")[0].split() or [""]
            if self.name in names:
                return names[0]
        return ""

    def chance(self) -> str:
        """Six signs as mkstemp makes them, always another, and in each run the same."""
        from pve_auth_tui.simnode.made_up import some_bytes

        self._turn += 1
        signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        return "".join(signs[b % 62] for b in some_bytes(f"temporary {self._turn}", 6))

    def _has_unit(self, unit: str) -> bool:
        package = PACKAGE_OF.get(unit)
        return package is not None and self.dpkg.has(package)

    def _unit_starts(self, unit: str) -> bool:
        if unit != SSSD:
            return True
        return "sssd dies" not in self.faults.host and self.sssd.starts()

    def _shipped(self, path: str) -> bool:
        if program := _PLACE.fullmatch(path):
            return self.has(program[1])
        if module := _MODULE.fullmatch(path):
            if module[1] == "pam_sss.so":
                return self.dpkg.has("libpam-sss")
            return module[1] in MODULES
        return False
