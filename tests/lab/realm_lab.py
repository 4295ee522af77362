"""How the lab's realms are asked, by the program's own services over this system's own network."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Final

import ldap3

from pve_auth_tui.adapters.directory.directories import LdapDirectories
from pve_auth_tui.adapters.directory.network import SystemNetwork
from pve_auth_tui.adapters.web import NetworkWeb
from pve_auth_tui.core.directory.settings import DirectorySettings, settings_of
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.openid.report import OpenIdTest
from pve_auth_tui.core.openid.settings import settings_of as openid_settings
from pve_auth_tui.core.ports import Api
from pve_auth_tui.core.realmtest.report import Check, RealmTest
from pve_auth_tui.core.realmtest.report import Stage as RealmStage
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.openid import OpenIdService
from pve_auth_tui.services.realmtest import RealmTestService
from pve_auth_tui.simnode.faults import Faults
from pve_auth_tui.simnode.network import STORE
from tests.conformance.start import Stage
from tests.lab.adlab import names
from tests.lab.adlab.lab import Lab
from tests.lab.faults import openid
from tests.lab.faults.directory import HEALTHY, PASSWORDS, WRONG
from tests.lab.faults.rows import Around, DirectoryFault, OpenIdFault, Server

_PORTS: Final = "tcp dport { 389, 636, 8443 }"


class NodeClock:
    """This system's, or one that is some seconds ahead of it. Nobody sets a clock for that."""

    def __init__(self, ahead: float = 0.0) -> None:
        self._ahead = ahead

    def now(self) -> float:
        return time.time() + self._ahead


def realm(options: Mapping[str, str]) -> Realm:
    """One of that kind, as PVE would have it; an empty option is none."""
    kept = {name: value for name, value in options.items() if value and name != "type"}
    return Realm("lab", options["type"], options=kept)


def settings(lab: Lab, server: Server, options: Mapping[str, str]) -> DirectorySettings:
    """Of a healthy realm with some options changed; `{pki}` is the folder of certificates."""
    wanted = {**HEALTHY[server], **options}
    pki = str(lab.pki.folder)
    return settings_of(realm({name: text.replace("{pki}", pki) for name, text in wanted.items()}))


def service(ahead: float = 0.0) -> RealmTestService:
    return RealmTestService(LdapDirectories(SystemNetwork()), lambda name: None, NodeClock(ahead))


def started(lab: Lab, server: Server) -> Callable[[], int]:
    """The servers of that kind run; what comes back counts the binds that they refused."""
    lab.slapds, lab.oddities, lab.provider  # noqa: B018 (they start when they are asked for)
    lab.dc  # noqa: B018 (it is the DNS server of all)
    return lab.slapds.bad_binds if server == "slapd" else lab.dc.bad_binds


@contextmanager
def around(lab: Lab, state: Around) -> Iterator[None]:
    """The network is so while the block runs."""
    client = lab.client
    rules = {
        "dns dropped": ("udp dport 53 drop", "tcp dport 53 drop"),
        "ports dropped": (f"{_PORTS} drop",),
        "ports rejected": (f"{_PORTS} reject with tcp reset",),
    }
    if state == "dns nowhere":
        with client.asking(names.NOBODY, names.DC_ADDRESS):
            yield
    else:
        with client.without(*rules[state]) if state else nullcontext():
            yield


def report_of(lab: Lab, fault: DirectoryFault) -> RealmTest:
    """All stages of a realm with that fault."""
    wanted = settings(lab, fault.server, fault.options)
    password = PASSWORDS[fault.server] if fault.password is None else fault.password
    with around(lab, fault.around):
        return lab.inside(
            lambda: service(fault.offset).run(wanted, Secret(password), agreed=fault.agreed)
        )


def logged_in(
    lab: Lab, server: Server, options: Mapping[str, str], name: str, password: str
) -> Check:
    """One person's login, tried."""
    wanted = settings(lab, server, options)
    own = Secret(PASSWORDS[server])
    return lab.inside(
        lambda: service().try_login(wanted, name, Secret(password), bind_password=own)
    )


def probed(lab: Lab, fault: OpenIdFault, api: Api | None = None) -> OpenIdTest:
    """All stages of an OpenID realm with that fault. `api`: PVE has the realm, and is asked too."""
    wanted = openid_settings(realm({**openid.HEALTHY, **fault.options}))
    system, clock = SystemNetwork(), NodeClock()
    service = OpenIdService(NetworkWeb(system, clock, seconds=6.0), lambda: api, clock)
    redirect = fault.redirect or openid.REDIRECT
    with around(lab, fault.around):
        return lab.inside(
            lambda: service.probe(wanted, redirect=redirect, ask_secret=True, saved=api is not None)
        )


def check_of(lab: Lab, fault: DirectoryFault) -> Check:
    """Of the stage at which it is to be recognised, at the first server."""
    if fault.person:
        return logged_in(lab, fault.server, fault.options, *fault.person)
    test = report_of(lab, fault)
    return test.at(fault.stage, test.settings.servers[0])


def node_in(lab: Lab, keys: Mapping[str, bytes]) -> Stage:
    """A simulated node with the lab's names, DNS server and CA."""
    hosts = "".join(f"{address} {name}\n" for name, address in names.addresses().items())
    files = {
        **keys,
        "etc/hosts": f"127.0.0.1 localhost\n127.0.0.2 pve1.example.test pve1\n{hosts}".encode(),
        "etc/resolv.conf": f"nameserver {names.DC_ADDRESS}\n".encode(),
        STORE: lab.pki.ca.read_bytes(),
    }
    stage = Stage({}, files, Faults())
    stage.now = time.time()
    return stage


def lock_accounts(lab: Lab) -> None:
    """Some of the domain's accounts get wrong passwords: enough, or one less than that."""

    def miss(account: str, times: int) -> None:
        for _ in range(times):
            who = f"{account}@{names.DOMAIN}"
            line = ldap3.Connection(ldap3.Server(names.DC, use_ssl=True), who, WRONG)
            assert not line.bind()
            line.unbind()

    assert lab.dc
    lab.inside(lambda: miss("svc-locked", names.LOCKS_AFTER))
    lab.inside(lambda: miss("locked", names.LOCKS_AFTER))
    lab.inside(lambda: miss("near", names.LOCKS_AFTER - 1))


STAGES: Final = tuple(stage for stage in RealmStage if stage is not RealmStage.LOGIN)
