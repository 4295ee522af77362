"""What somebody wants of a leave, settled: who deletes the account, what goes and what stays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from pve_auth_tui.core.errors import AuthTuiError, UsageError
from pve_auth_tui.core.host.ports import Host
from pve_auth_tui.core.join import access, names, packages
from pve_auth_tui.core.join.manifest import Manifest
from pve_auth_tui.core.join.model import NodeState
from pve_auth_tui.core.join.orders import KEYTAB, KRB5, SSSD_CONF, LeaveOrder
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.words import listed
from pve_auth_tui.services.joinlook import NodeLook
from pve_auth_tui.services.joinmaking import require, require_member, require_password
from pve_auth_tui.services.joinnotes import added, after, manifests

_MOST: Final = 5  # homes that are named


@dataclass(frozen=True)
class LeaveMaking:
    """`own`: this program's folder on the node."""

    host: Host
    own: str

    def order(
        self,
        domain: str,
        who: tuple[str, Secret | None] | None,
        *,
        clean_up: bool,
        purge: bool,
    ) -> LeaveOrder:
        """`who` deletes the account, None: it stays. Raises UsageError and Refused."""
        user, password = self._deleter(who)
        look = NodeLook(self.host)
        state = look.state()
        every = manifests(self.host, self.own, domain)
        kept = next(reversed(every), None)
        if state.member_of(domain) is None and (user or not (clean_up and kept)):
            require_member(state, domain)
        stays: list[str] = []
        clean: tuple[str, ...] = ()
        if clean_up:
            clean = tuple(self._clean(domain, state, kept, look.text(SSSD_CONF), stays))
        stays += self._homes(domain)
        gone = tuple(self._added(state)) if purge else ()
        if kept is not None:
            stays.append(f"The backup stays in {kept.folder}.")
        stays += self._keytabs(every)
        return LeaveOrder(
            domain,
            state,
            user=user,
            password=password,
            computer=(kept.computer if kept else "") or _own_name(state),
            clean_up=clean_up,
            clean=clean,
            manifest=kept,
            purge=gone,
            kept=tuple(stays),
        )

    def _deleter(self, who: tuple[str, Secret | None] | None) -> tuple[str, Secret | None]:
        if who is None:
            return "", None
        user, password = who
        require(names.login_problem(user))
        if password is None:
            raise UsageError("Deleting the account needs a password.", "Nothing was done.")
        require_password(password)
        return names.login_name(user), password

    def _clean(
        self,
        domain: str,
        state: NodeState,
        kept: Manifest | None,
        sssd_conf: str,
        stays: list[str],
    ) -> Iterator[str]:
        """What is put back or removed; what is not goes to `stays`, with why."""
        if kept is None:
            stays.append("No backup of a join by this program is here: files stay as realmd left.")
            return
        noted = after(self.host, kept.folder)
        if state.files.get(KRB5) != kept.files.get(KRB5):
            if KRB5 in state.files and state.files.get(KRB5) == noted.get(KRB5):
                yield KRB5
            else:
                stays.append(f"{KRB5} was changed since the join, so it stays.")
        foreign = [one for one in access.domains(sssd_conf) if one.lower() != domain.lower()]
        if foreign:
            stays.append(f"{SSSD_CONF} serves {', '.join(foreign)}, too, so it stays.")
        else:
            yield SSSD_CONF

    def _homes(self, domain: str) -> Iterator[str]:
        try:
            found = self.host.files.names("home")
        except AuthTuiError:
            return
        homes = [one for one in found if one.lower().endswith(f"@{domain.lower()}")]
        if homes:
            more = f" and {len(homes) - _MOST} more" if len(homes) > _MOST else ""
            told = ", ".join(f"/home/{one}" for one in homes[:_MOST])
            yield f"Homes stay: {told}{more}."

    def _keytabs(self, every: Iterable[Manifest]) -> Iterator[str]:
        """Copies of keytabs, of all joins: they may be the only ones of keys that realmd took out
        of the node's own, so nobody removes them but a person.
        """
        copies = [one.backup_of(KEYTAB) for one in every if KEYTAB in one.files]
        there = [copy for copy in copies if self._lies_at(copy)]
        if there:
            told = f"A keytab of before a join stays, and is a secret: {listed(there)}."
            yield f"{told} Remove it when nothing needs its keys any more."

    def _lies_at(self, path: str) -> bool:
        try:
            return self.host.look(path) is not None
        except AuthTuiError:
            return True

    def _added(self, state: NodeState) -> Iterator[str]:
        for name in added(self.host, self.own):
            if state.packages.get(name) == packages.INSTALLED:
                yield name


def _own_name(state: NodeState) -> str:
    """Of the keytab: `PVE1$@AD.EXAMPLE.COM`."""
    for one in state.principals:
        name = one.partition("@")[0]
        if name.endswith("$"):
            return name[:-1]
    return ""
