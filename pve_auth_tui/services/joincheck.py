"""The prerequisites of a join, looked at one after the other. Nothing is changed by it, and no
secret leaves but the password that somebody gave to look for the computer's account.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Final

from pve_auth_tui.core.directory.causes import Cause, DirectoryTrouble
from pve_auth_tui.core.directory.ports import Directories, Network, ServiceRecord
from pve_auth_tui.core.directory.settings import DirectorySettings
from pve_auth_tui.core.errors import AuthTuiError, CommandFailed, ToolMissing
from pve_auth_tui.core.host.ports import Host, Said
from pve_auth_tui.core.join import packages, prerequisites, reachable, steps
from pve_auth_tui.core.join.adtimes import generalized_time
from pve_auth_tui.core.join.causes import JoinCause
from pve_auth_tui.core.join.model import JoinCheck, JoinReport, JoinWish, Membership, NodeState
from pve_auth_tui.core.join.model import Topic as T
from pve_auth_tui.core.join.names import login_name
from pve_auth_tui.core.join.orders import BACKED_UP, SSSD_CONF
from pve_auth_tui.core.join.reachable import PORTS, PortSight
from pve_auth_tui.core.join.realmd import discovered
from pve_auth_tui.core.join.rows import row
from pve_auth_tui.core.ports import Clock
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.joinlook import NodeLook
from pve_auth_tui.services.pam import PamService

_DNS: Final = 5.0  # seconds for a question
_PORT: Final = 3.0
_APT: Final = 60.0
_ACCOUNT: Final = 45.0  # adcli waits 15 s for a KDC that does not answer
_MOST: Final = 4  # domain controllers that are looked at
_PLACES: Final = ("_ldap._tcp.dc._msdcs.{}", "_ldap._tcp.{}")

OnCheck = Callable[[JoinCheck], None]


class JoinChecker:
    """One run. `others`: the names of the cluster's other nodes; `cluster`: its own."""

    def __init__(
        self,
        host: Host,
        network: Network,
        directories: Directories,
        clock: Clock,
        wish: JoinWish,
        *,
        others: Sequence[str] = (),
        cluster: str = "",
        password: Secret | None = None,
        on_check: OnCheck = lambda check: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._host = host
        self._network = network
        self._directories = directories
        self._clock = clock
        self._wish = wish
        self._others = tuple(others)
        self._cluster = cluster
        self._password = password
        self._on_check = on_check
        self._stopped = stopped
        self._state = NodeState()
        self._membership: Membership | None = None
        self._controllers: dict[str, tuple[str, ...]] = {}
        self._open: list[str] = []

    def run(self) -> JoinReport:
        """Row by row; what was reached until somebody stopped it."""
        begun = self._clock.now()
        checks: list[JoinCheck] = []
        last = begun
        rows = self._rows()
        stopped = self._stopped()
        while not stopped:
            check = next(rows, None)
            if check is None:
                break
            now = self._clock.now()
            check = replace(check, seconds=max(0.0, now - last))
            last = now
            checks.append(check)
            self._on_check(check)
            stopped = self._stopped()
        return JoinReport(
            self._wish.domain,
            tuple(checks),
            self._state,
            self._membership,
            tuple(self._controllers),
            max(0.0, self._clock.now() - begun),
            stopped=stopped,
        )

    def _rows(self) -> Iterator[JoinCheck]:
        look = NodeLook(self._host)
        self._state = state = look.state()
        conf, snippets = look.text(SSSD_CONF), look.snippets()
        yield prerequisites.membership(state, self._wish.domain, conf, snippets)
        yield prerequisites.host_name(state, self._wish, self._own_addresses(), self._others)
        yield from self._names()
        yield self._ports()
        yield self._clocks()
        yield self._discovery()
        yield self._packages()
        yield self._account()
        yield self._pam()
        yield prerequisites.sudo(state)
        kept = [path for path in BACKED_UP if path in state.files]
        yield prerequisites.backup(kept, state.unread)
        yield prerequisites.others(self._others)

    # --- names and ways ----------------------------------------------------------------------

    def _own_addresses(self) -> Sequence[str]:
        with suppress(DirectoryTrouble):
            if self._state.fqdn:
                return tuple(self._network.resolve(self._state.fqdn, _DNS))
        return ()

    def _names(self) -> Iterator[JoinCheck]:
        """DNS and its records: the records tell who is a DC, and so whom this node asks."""
        trouble: JoinCause | None = None
        ldap: tuple[str, ...] = ()
        kerberos: tuple[str, ...] = ()
        try:
            ldap = self._services(*_PLACES)
            kerberos = self._services("_kerberos._udp.{}", "_kerberos._tcp.{}")
        except DirectoryTrouble as error:
            if error.cause is not Cause.NAME_UNKNOWN:
                trouble = JoinCause.DNS_SILENT
        self._controllers = dict(self._resolved(ldap[:_MOST])) if not trouble else {}
        found = {host: addresses for host, addresses in self._controllers.items() if addresses}
        yield reachable.dns(self._state.resolvers, found, trouble)
        unresolved = [host for host, addresses in self._controllers.items() if not addresses]
        yield reachable.srv(ldap, kerberos, unresolved, trouble)

    def _services(self, *names: str) -> tuple[str, ...]:
        """Of the first name that has records. Raises DirectoryTrouble."""
        for name in names:
            records: Sequence[ServiceRecord] = ()
            try:
                records = self._network.services(name.format(self._wish.domain), _DNS)
            except DirectoryTrouble as error:
                if error.cause is not Cause.NAME_UNKNOWN:
                    raise
            if records:
                return tuple(dict.fromkeys(one.host.rstrip(".") for one in records))
        return ()

    def _resolved(self, hosts: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
        for host in hosts:
            addresses: tuple[str, ...] = ()
            with suppress(DirectoryTrouble):
                addresses = tuple(self._network.resolve(host, _DNS))
            yield host, addresses

    def _ports(self) -> JoinCheck:
        """All at the same time: what drops them is silent for seconds."""
        wanted = [
            (host, port)
            for host, addresses in self._controllers.items()
            if addresses
            for port in PORTS
        ]
        if not wanted:
            return reachable.ports(())
        with ThreadPoolExecutor(max_workers=len(wanted)) as pool:
            sights = tuple(pool.map(lambda one: self._port(*one), wanted))
        closed = {sight.host for sight in sights if sight.port == 389 and sight.trouble}
        self._open = [host for host in self._controllers if host not in closed]
        return reachable.ports(sights)

    def _port(self, host: str, port: int) -> PortSight:
        try:
            self._network.connect(host, port, _PORT).close()
        except DirectoryTrouble as error:
            refused = error.cause is Cause.REFUSED
            why = JoinCause.PORT_REFUSED if refused else JoinCause.PORT_SILENT
            return PortSight(host, port, why)
        except OSError:
            return PortSight(host, port, JoinCause.PORT_SILENT)
        return PortSight(host, port)

    def _clocks(self) -> JoinCheck:
        """Their own `currentTime`, which needs no bind: nothing secret is sent."""
        hosts = [host for host in self._open if self._controllers.get(host)]
        if not hosts:
            if self._controllers:
                return reachable.clock({})
            return JoinCheck(T.CLOCK, "-", "no domain controller is known")
        return reachable.clock({host: self._offset(host) for host in hosts})

    def _offset(self, host: str) -> float | None:
        settings = DirectorySettings(self._wish.domain, "ad", (host,), 389)
        try:
            directory = self._directories.open(settings, host, agreed=True)
            try:
                root: Mapping[str, Sequence[bytes]] = directory.root()
            finally:
                directory.close()
        except AuthTuiError:
            return None
        told = next(iter(root.get("currenttime", ())), b"")
        theirs = generalized_time(told.decode("ascii", "replace"))
        if theirs is None:
            return None
        # it is told in whole seconds, so less than one is no difference that anybody can see
        off = theirs - self._clock.now()
        return 0.0 if -1.0 < off <= 0.0 else off

    # --- the node's tools ----------------------------------------------------------------------

    def _discovery(self) -> JoinCheck:
        try:
            said = self._host.ask(
                steps.ask_discover(self._wish.domain), seconds=steps.DISCOVER_SECONDS
            )
        except ToolMissing:
            return row(T.DISCOVERY, "-", "realmd is not installed yet")
        except CommandFailed as error:
            return _not_asked(T.DISCOVERY, error)
        self._membership = discovered(said)
        return prerequisites.discovery(said)

    def _packages(self) -> JoinCheck:
        missing = packages.missing(self._state.packages)
        if not missing:
            return prerequisites.package_state(self._state.packages)
        try:
            said = self._host.ask(packages.preview_command(missing), seconds=_APT)
        except CommandFailed as error:
            return _not_asked(T.PACKAGES, error)
        return prerequisites.package_state(self._state.packages, packages.preview(said), said.text)

    def _account(self) -> JoinCheck:
        if self._password is None or not self._wish.user:
            return prerequisites.account(self._wish, self._state, None, self._clock.now())
        try:
            said = show_account(self._host, self._wish, self._state, self._password)
        except ToolMissing:
            text = "not looked for yet: adcli is not installed"
            return row(T.ACCOUNT, "LOOK", text, JoinCause.TOOL_MISSING)
        except CommandFailed as error:
            return _not_asked(T.ACCOUNT, error)
        return prerequisites.account(
            self._wish, self._state, said, self._clock.now(), cluster=self._cluster
        )

    def _pam(self) -> JoinCheck:
        try:
            report = PamService(self._host).check()
        except AuthTuiError as error:
            return row(T.PAM, "BAD", str(error), JoinCause.PAM_UNSAFE)
        found = report.for_join
        details = [one.text for one in report.everything if one.word != "ok"]
        return prerequisites.pam(found.word, found.text, details)


def show_account(host: Host, wish: JoinWish, state: NodeState, password: Secret) -> Said:
    """One attempt with that password. Raises CommandFailed."""
    computer = wish.computer or state.computer
    argv = steps.ask_account(wish.domain, login_name(wish.user), computer)
    return host.ask(argv, stdin=Secret(f"{password.reveal()}\n"), seconds=_ACCOUNT)


def _not_asked(topic: T, error: CommandFailed) -> JoinCheck:
    cause = JoinCause.TOOL_MISSING if isinstance(error, ToolMissing) else JoinCause.UNKNOWN
    return row(topic, "BAD", str(error), cause)
