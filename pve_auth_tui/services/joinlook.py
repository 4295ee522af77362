"""How the node stands, as far as a join changes it. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from pve_auth_tui.core.cluster import full_name
from pve_auth_tui.core.errors import CommandFailed, Missing, Unreadable
from pve_auth_tui.core.host import pamlines, units
from pve_auth_tui.core.host.keytab import principals
from pve_auth_tui.core.host.ports import Host, Said
from pve_auth_tui.core.join import packages, realmd, steps
from pve_auth_tui.core.join.access import CONF_D, is_read
from pve_auth_tui.core.join.model import Membership, NodeState
from pve_auth_tui.core.join.orders import KEYTAB, NSSWITCH, WATCHED

_HOMES: Final = "/etc/pam.d/common-session"
_QUICK: Final = 5.0  # seconds for a question that is answered from this machine alone
_MOST: Final = 3  # resolvers that the C library asks


class NodeLook:
    """Looks once; what could not be looked at stands in `troubles`."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._troubles: list[str] = []
        self._unread: list[str] = []

    @property
    def troubles(self) -> tuple[str, ...]:
        """What could not be looked at until now, as sentences."""
        return tuple(self._troubles)

    def state(self) -> NodeState:
        """Within some 20 s, whatever hangs."""
        self._troubles, self._unread = [], []
        short, fqdn = self._names()
        contents = self._contents()
        session = contents.get(_HOMES, b"").decode(errors="replace")
        states = {unit: self._unit(unit) for unit in (steps.SSSD, steps.PACKAGEKIT)}
        return NodeState(
            short=short,
            fqdn=fqdn,
            resolvers=resolvers(self.text("/etc/resolv.conf")),
            packages=self._packages(),
            memberships=self._memberships(),
            files={path: sha256(data).hexdigest() for path, data in contents.items()},
            principals=principals(contents.get(KEYTAB, b"")),
            units={unit: word for unit, (word, _) in states.items() if word},
            enabled=tuple(unit for unit, (_, starts) in states.items() if starts),
            homes="pam_mkhomedir.so" in pamlines.modules(session),
            sudo=asks_sss_for_sudo(contents.get(NSSWITCH, b"")),
            troubles=self.troubles,
            unread=tuple(self._unread),
        )

    # --- files -----------------------------------------------------------------------------

    def text(self, path: str) -> str:
        """ "" for no file; what cannot be read is a trouble."""
        return self._read(path).decode(errors="replace")

    def snippets(self) -> dict[str, str]:
        """Path -> text of what sssd reads besides sssd.conf."""
        try:
            names = self._host.files.names(CONF_D.lstrip("/"))
        except Unreadable as error:
            self._troubles.append(f"{CONF_D} cannot be read: {error}")
            return {}
        return {
            f"{CONF_D}/{name}": self.text(f"{CONF_D}/{name}") for name in names if is_read(name)
        }

    def _read(self, path: str) -> bytes:
        try:
            return self._host.files.read(path.lstrip("/"))
        except Missing:
            return b""
        except Unreadable as error:
            self._troubles.append(f"{path} cannot be read: {error}")
            return b""

    def _contents(self) -> Mapping[str, bytes]:
        found = {}
        for path in WATCHED:
            try:
                found[path] = self._host.files.read(path.lstrip("/"))
            except Missing:
                continue
            except Unreadable as error:
                self._unread.append(path)
                self._troubles.append(f"{path} cannot be read: {error}")
        return found

    def _names(self) -> tuple[str, str]:
        """The host name, and with its domain: of /etc/hosts, else as the resolver has it."""
        named = self.text("/etc/hostname").strip()
        short = named.partition(".")[0]
        full = full_name(short, self._read("/etc/hosts")) if short else ""
        if "." in full:
            return short, full
        said = self.ask(steps.ask_fqdn(), _QUICK)
        full = said.out[0].strip() if said and said.code == 0 and said.out else ""
        return short or full.partition(".")[0], full if "." in full else ""

    # --- tools -----------------------------------------------------------------------------

    def ask(self, argv: tuple[str, ...], seconds: float) -> Said | None:
        """None when it could not be started, which is a trouble."""
        try:
            said = self._host.ask(argv, seconds=seconds)
        except CommandFailed as error:
            self._troubles.append(str(error))
            return None
        if said.code is None:
            self._troubles.append(f"{said.tool} gave no answer within {seconds:g} s.")
        return said

    def _packages(self) -> Mapping[str, str]:
        said = self.ask(packages.query(), _QUICK * 2)
        return packages.parse_query(said.out) if said else {}

    def _memberships(self) -> tuple[Membership, ...]:
        if self._host.look(steps.REALM) is None:  # not installed: then no trouble either
            return ()
        said = self.ask(steps.ask_list(), _QUICK * 3)
        return realmd.parse(said.out) if said and said.code == 0 else ()

    def _unit(self, unit: str) -> tuple[str, bool]:
        """systemd's word, "" for no such unit, and whether it starts by itself."""
        said = self.ask(steps.ask_unit(unit), _QUICK)
        found = units.parse(said.out if said else ())
        if found.load in ("", "not-found"):
            return "", False
        return found.word, found.file == "enabled"


def resolvers(text: str) -> tuple[str, ...]:
    """The addresses of /etc/resolv.conf that are asked."""
    lines = (line.split() for line in text.splitlines())
    found = [words[1] for words in lines if len(words) > 1 and words[0] == "nameserver"]
    return tuple(found[:_MOST])


def asks_sss_for_sudo(data: bytes) -> bool:
    """Does nsswitch.conf let the domain make sudo's rules (R30)?"""
    for line in data.decode(errors="replace").splitlines():
        name, _, sources = line.partition("#")[0].partition(":")
        if name.strip() == "sudoers":
            return "sss" in sources.split()
    return False
