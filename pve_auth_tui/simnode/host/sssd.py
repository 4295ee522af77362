"""sssd on the simulated node: whom it knows, and who may log in.

It goes by the configuration that it read when it started: /etc/sssd/sssd.conf, and what
/etc/sssd/conf.d adds, file by file. Sources: sssd.conf(5), sssd-simple(5), sssd-ad(5), recorded
answers of sssd 2.10.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from pve_auth_tui.simnode.host import ini
from pve_auth_tui.simnode.host.domain import DOMAIN, SHORT, Domain, Human
from pve_auth_tui.simnode.host.files import HostFiles

CONFIG: Final = "etc/sssd/sssd.conf"
SNIPPETS: Final = "etc/sssd/conf.d"
_OTHERS: Final = 0o007
_OPEN_TO_ALL: Final = frozenset({"permit", "ad", "ldap", "krb5", "ipa"})


@dataclass
class Sssd:
    """`settings`: of each domain, as they were read at the last start."""

    files: HostFiles
    domain: Domain
    settings: dict[str, dict[str, str]] = field(default_factory=dict)
    cached: set[str] = field(default_factory=set)

    def starts(self) -> bool:
        """Read the configuration; False where sssd ends at once."""
        if self.files.disk.read(CONFIG) is None or self.files.mode(CONFIG) & _OTHERS:
            return False
        try:
            found = ini.read(self.files.text(CONFIG))
            for name in self.files.names(SNIPPETS):
                path = f"{SNIPPETS}/{name}"
                if name.endswith(".conf") and name[0] != "." and not self.files.mode(path) & 0o077:
                    for section, values in ini.read(self.files.text(path)).items():
                        found.setdefault(section, {}).update(values)
        except ini.Broken:
            return False
        names = ini.words(found.get("sssd", {}).get("domains", ""))
        domains = {name: found.get(f"domain/{name}", {}) for name in names}
        if not domains or any(each.get("id_provider") != "ad" for each in domains.values()):
            return False
        self.settings = domains
        return True

    def human(self, name: str, *, runs: bool) -> Human | None:
        """Somebody by `alice@example.com` or `EXAMPLE\\alice`; None for nobody that it tells of."""
        login = self._login(name) if runs else None
        if login is None:
            return None
        found = self.domain.human(login)
        if found is None:
            return None
        if self.domain.online:
            self.cached.add(found.name)
        return found if found.name in self.cached else None

    def group(self, name: str, *, runs: bool) -> tuple[int, str, tuple[str, ...]] | None:
        """A group by its full name."""
        login = self._login(name) if runs and self.domain.online else None
        return None if login is None else self.domain.group(login)

    def _login(self, name: str) -> str | None:
        short, sign, login = name.partition("\\")
        if sign:
            return login if short.upper() in (SHORT, DOMAIN.upper()) and self.settings else None
        login, sign, domain = name.rpartition("@")
        known = {each.lower() for each in self.settings}
        return login if sign and login and domain.lower() in known else None

    def lets_in(self, human: Human) -> bool:
        """Whether its access provider does; a disabled account stays out with `ad` alone."""
        values = self.settings.get(DOMAIN, {})
        provider = values.get("access_provider", "permit")
        if provider == "simple":
            users = ini.words(values.get("simple_allow_users", ""))
            groups = ini.words(values.get("simple_allow_groups", ""))
            if not users and not groups:
                return True  # sssd-simple(5): without any list everybody may
            member = {name for _, name in human.groups}
            return human.name in map(_bare, users) or bool(member.intersection(map(_bare, groups)))
        if provider == "permit":
            return True
        return provider in _OPEN_TO_ALL and human.usable


def _bare(name: str) -> str:
    lowered = name.lower()
    return lowered.removesuffix(f"@{DOMAIN}")
