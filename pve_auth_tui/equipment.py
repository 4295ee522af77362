"""Puts the workshop together: with `cli` and `wiring`, the places that build adapters.

Nothing of it is needed to show a list, so it is imported when somebody wants to change something.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pve_auth_tui import environment
from pve_auth_tui.actions.journal import Desk
from pve_auth_tui.adapters.authenticator import PyotpAuthenticator
from pve_auth_tui.adapters.certnames import certificate_names
from pve_auth_tui.adapters.clock import SystemClock
from pve_auth_tui.adapters.condition import FarProbe, NodeProbe, RescueProbe
from pve_auth_tui.adapters.dbedit import edit_database
from pve_auth_tui.adapters.directory.certificatefile import read_certificates
from pve_auth_tui.adapters.directory.directories import LdapDirectories
from pve_auth_tui.adapters.directory.network import SystemNetwork
from pve_auth_tui.adapters.door import HttpsDoor
from pve_auth_tui.adapters.host import run_command
from pve_auth_tui.adapters.hostrecords import FileRecords
from pve_auth_tui.adapters.hostsystem import SystemHost
from pve_auth_tui.adapters.inputfile import input_reader
from pve_auth_tui.adapters.journal import FileJournal, MemoryJournal
from pve_auth_tui.adapters.keepsake import Keepsake
from pve_auth_tui.adapters.keys.hidraw import HidrawBus
from pve_auth_tui.adapters.keys.usb import UsbKeys
from pve_auth_tui.adapters.mail import Sendmail
from pve_auth_tui.adapters.proofs import FileProofs
from pve_auth_tui.adapters.rackfile import FileRacks, MemoryRacks
from pve_auth_tui.adapters.recoveries import MemoryRecoveries
from pve_auth_tui.adapters.runner import StepRunner
from pve_auth_tui.adapters.saved import FileSaved, MemorySaved
from pve_auth_tui.adapters.signature import verified
from pve_auth_tui.adapters.suffixes import is_public_suffix
from pve_auth_tui.adapters.swap import FileSwaps
from pve_auth_tui.adapters.syslog import Syslog
from pve_auth_tui.adapters.timers import NoTimers, ProcessTimers, SystemdTimers
from pve_auth_tui.adapters.tokendoor import HttpsTokenDoor
from pve_auth_tui.adapters.web import NetworkWeb
from pve_auth_tui.adapters.who import who
from pve_auth_tui.core.cluster import full_name
from pve_auth_tui.core.directory.ports import Network
from pve_auth_tui.core.errors import AuthTuiError, Refused
from pve_auth_tui.core.host.ports import Host
from pve_auth_tui.core.journal import Who
from pve_auth_tui.core.ports import (
    Api,
    Clock,
    Journal,
    Mail,
    Probe,
    Proofs,
    Racks,
    Recoveries,
    Saved,
    Timers,
    Tree,
)
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.enrol import EnrolService
from pve_auth_tui.services.enrolkey import KeyEnrolService
from pve_auth_tui.services.hoststeps import AT_ONCE, HostSteps
from pve_auth_tui.services.join import JoinService
from pve_auth_tui.services.keycare import KeyCareService
from pve_auth_tui.services.keyproof import KeyProver
from pve_auth_tui.services.nodenames import NodeNames
from pve_auth_tui.services.openid import OpenIdService
from pve_auth_tui.services.outlook import OutlookService
from pve_auth_tui.services.pam import PamService
from pve_auth_tui.services.plans import PlanService
from pve_auth_tui.services.prove import ProveService
from pve_auth_tui.services.rack import RackService
from pve_auth_tui.services.realmtest import RealmTestService
from pve_auth_tui.services.recover import RecoverService
from pve_auth_tui.services.sync import SyncService
from pve_auth_tui.services.tokentest import TokenTrials
from pve_auth_tui.services.trust import TrustService
from pve_auth_tui.services.undoing import Undoing
from pve_auth_tui.wiring import (
    LOOPBACK,
    PORT,
    Login,
    Wired,
    is_rescue,
    own_pin,
    own_recoveries,
    place_of,
)
from pve_auth_tui.workshop import Closing, Workshop

if TYPE_CHECKING:
    from pve_auth_tui.adapters.certificate import Pin
    from pve_auth_tui.adapters.https import Https
    from pve_auth_tui.simnode.node import SimNode

_ELSEWHERE = "Only on the node itself can a change be taken back by itself."


def equipped(
    options: argparse.Namespace,
    found: Wired,
    outlooks: OutlookService,
    caller: Mapping[str, str],
) -> Workshop:
    """The workshop for what `options` name; `caller` is what the environment said at the start."""
    authenticator, clock = PyotpAuthenticator(), found.clock

    def api() -> Api | None:
        ladder = found.nodes.api if found.nodes else None
        return ladder if ladder is not None and ladder.way else None

    here = found.simulated is None and found.login is None
    only_files = here and found.nodes is None
    machine = _machine(options, found)
    runner = _runner(options, found, api, machine)
    journal: Journal
    saved: Saved
    racks: Racks
    if found.simulated is not None:
        journal, saved = MemoryJournal(who(caller), clock, cluster=api), MemorySaved(clock)
        racks = MemoryRacks()
    else:
        journal = own_journal(caller, clock, api)
        place = place_of(found.login)
        saved = FileSaved(environment.own_folder(), clock, place=place)
        racks = FileRacks(environment.own_folder(), place=place)

    def take_back(plan: str) -> object:
        return plans.take_back(plan)

    timers, held = _timers(found, take_back)
    way = _way_in(found)
    plans = PlanService(
        outlooks,
        runner,
        journal,
        saved,
        clock,
        timers=timers,
        authenticator=authenticator,
        logged_in=lambda: found.login.api.user if found.login else "",
        api=api,
    )
    keys = UsbKeys(found.bus or HidrawBus(), far=found.login is not None)
    proofs = _proofs(found, outlooks)
    host = partial(_web_host, found)
    prove = ProveService(
        lambda: HttpsDoor(*way()),
        authenticator,
        clock,
        prover=KeyProver(keys, verified, clock, host),
        proofs=proofs,
        journal=journal,
    )
    key_enrol = KeyEnrolService(keys, plans, runner, clock, host, proofs=proofs)
    names = NodeNames(
        lambda: _files_of(options, found),
        certificate_names,
        lambda: "" if only_files else host(),
        is_public_suffix,
    )
    network = _network(found)
    directories = LdapDirectories(network)
    stored = partial(_stored_password, options, found)
    return Workshop(
        outlooks=outlooks,
        plans=plans,
        enrol=EnrolService(authenticator, clock, api),
        prove=prove,
        token_test=TokenTrials(lambda: HttpsTokenDoor(*way()), clock, _secrets(found)),
        journal=journal,
        keepsake=Keepsake(),
        keys=keys,
        key_enrol=key_enrol,
        key_care=KeyCareService(
            keys, journal, clock, lambda snapshot: tuple(names.known(snapshot).names.values())
        ),
        rack=RackService(
            keys=keys,
            enrol=key_enrol,
            prove=prove,
            plans=plans,
            world=outlooks,
            proofs=proofs,
            racks=racks,
            clock=clock,
        ),
        proofs=proofs,
        names=names,
        recover=_recover(options, found, outlooks, plans, partial(who, caller)),
        realm_test=RealmTestService(directories, stored, clock),
        sync=SyncService(directories, stored, api, clock),
        openid=OpenIdService(NetworkWeb(network, clock), api, clock),
        host=machine,
        join=JoinService(
            machine, network, directories, plans, clock=clock, own=_folder_on_node(found)
        ),
        pam=PamService(machine),
        trust=TrustService(
            machine,
            directories,
            plans,
            outlooks,
            clock=clock,
            read_certificates=read_certificates,
            read_file=None if found.simulated is not None else _input_of(machine),
        ),
        clock=clock,
        simulated=found.simulated is not None,
        demo_key=_about_keys(found),
        demo_login=_about_passwords(found),
        held=held,
    )


def _machine(options: argparse.Namespace, found: Wired) -> Host | None:
    """The node's operating system; None where it is none of ours: `--host`, `--root`."""
    if found.simulated is not None:
        return found.simulated().host
    if found.login is not None or is_rescue(options):
        return None
    return SystemHost()


def _input_of(machine: Host | None) -> Callable[[str], bytes] | None:
    """Reads a file that somebody names."""
    return None if machine is None else input_reader(lambda: machine.files)


def _folder_on_node(found: Wired) -> Path:
    """Where backups of the node's files lie, on that node."""
    return environment.ROOTS_FOLDER if found.simulated is not None else environment.own_folder()


def _runner(
    options: argparse.Namespace,
    found: Wired,
    api: Callable[[], Api | None],
    machine: Host | None,
) -> StepRunner:
    """Commands run, and files are replaced, on the node itself; of a system that does not run
    (`--root`) only the database can be edited.
    """
    if found.simulated is not None:
        from pve_auth_tui.simnode.fileswaps import SimSwaps
        from pve_auth_tui.simnode.hostcommands import SimCommands

        node = found.simulated()
        swaps = SimSwaps(node.disk, node.faults)
        in_demo = HostSteps(machine, patience=AT_ONCE) if machine is not None else None
        return StepRunner(api, SimCommands(node.faults).run, swaps.swap, host_steps=in_demo)
    if found.login is not None:
        return StepRunner(api)
    if is_rescue(options):
        return StepRunner(api, edit_database=edit_database)
    steps = None
    if machine is not None:
        steps = HostSteps(machine, FileRecords(environment.own_folder(), found.clock))
    return StepRunner(api, run_command, FileSwaps().swap, edit_database, steps)


def _recover(
    options: argparse.Namespace,
    found: Wired,
    outlooks: OutlookService,
    plans: PlanService,
    who_it_is: Callable[[], Who],
) -> RecoverService:
    recoveries: Recoveries
    mail: Mail | None = None
    if found.simulated is not None:
        from pve_auth_tui.simnode.probe import SimProbe

        node = found.simulated()
        probe: Probe = SimProbe(node.disk, node.faults, found.clock)
        recoveries = MemoryRecoveries()
    else:
        recoveries = own_recoveries(options, found.login)
        if found.login is not None:
            probe = FarProbe(found.clock)
        elif is_rescue(options):
            probe = RescueProbe(found.clock, Path(os.path.abspath(options.root)))
        else:
            probe, mail = NodeProbe(found.clock), Sendmail()
    return RecoverService(
        world=outlooks,
        probe=probe,
        plans=plans,
        recoveries=recoveries,
        clock=found.clock,
        who=lambda: who_it_is().kernel,
        files=lambda: _files_of(options, found),
        host=lambda: "" if is_rescue(options) else _web_host(found),
        mail=mail,
    )


def _network(found: Wired) -> Network:
    """Where directories and providers are looked for: the demo has a network of its own."""
    if found.simulated is None:
        return SystemNetwork()
    from pve_auth_tui.simnode.demonetwork import DemoNetwork

    node = found.simulated()
    return DemoNetwork(node.disk, node.outside)


def _stored_password(options: argparse.Namespace, found: Wired, realm: str) -> Secret | None:
    """What PVE binds as; None where its file cannot be read from here."""
    tree = _files_of(options, found)
    if tree is None:
        return None
    for folder in ("realm", "ldap"):  # PVE looks at its old place, too
        try:
            return Secret(tree.read(f"etc/pve/priv/{folder}/{realm}.pw").decode().strip())
        except (AuthTuiError, UnicodeDecodeError):
            continue
    return None


def _about_keys(found: Wired) -> str:
    if found.simulated is None:
        return ""
    from pve_auth_tui.simnode.demousb import DEMO_PIN

    return f"The keys are software and touch themselves. Their PIN is {DEMO_PIN}."


def _about_passwords(found: Wired) -> str:
    if found.simulated is None:
        return ""
    from pve_auth_tui.simnode.made_up import PASSWORD

    return f"DEMO: everybody who has a password has {PASSWORD}."


def _proofs(found: Wired, outlooks: OutlookService) -> Proofs:
    """Where proofs are noted; what is kept of entries that are gone is dropped then."""
    if found.simulated is not None and found.proofs is not None:
        return found.proofs
    place = place_of(found.login)
    return FileProofs(environment.own_folder(), place=place, there=outlooks.entries)


def own_journal(
    caller: Mapping[str, str], clock: Clock, cluster: Callable[[], object] | None = None
) -> Journal:
    """The journal of this user on this computer; `cluster` gives the way to PVE in use."""
    folder = environment.own_folder() / "journal"
    return FileJournal(folder, who(caller), clock, syslog=Syslog(), cluster=cluster)


def own_desk(caller: Mapping[str, str]) -> Desk:
    """The journal command's: it works on a node on which nothing else does."""
    clock = SystemClock()
    journal = own_journal(caller, clock)
    saved = FileSaved(environment.own_folder(), clock)
    undoing = Undoing(saved, journal, clock, SystemdTimers(), None)

    def purge() -> int:
        with saved.exclusively():
            return undoing.purge()

    return Desk(journal, purge)


def _timers(found: Wired, take_back: Callable[[str], object]) -> tuple[Timers, tuple[Closing, ...]]:
    if found.simulated is not None:
        inside = ProcessTimers(take_back)
        return inside, (inside,)
    return (NoTimers(_ELSEWHERE) if found.login else SystemdTimers()), ()


def _web_host(found: Wired) -> str:
    """Name and port as browsers have them: WebAuthn's origin where the settings have none."""
    if found.login is not None:
        return found.login.known_as
    if found.simulated is not None:
        node = found.simulated()
        return f"{full_name(node.name, node.disk.read('etc/hosts') or b'')}:{PORT}"
    from pve_auth_tui.adapters.ladder import own_address

    return own_address()


_WayIn = tuple[Callable[[], "AbstractContextManager[Https]"], str]
"""What opens a connection of its own to the node's pveproxy, and its address for the user."""


def _way_in(found: Wired) -> Callable[[], _WayIn]:
    if found.simulated is not None:
        simulated = found.simulated
        return lambda: _into_demo(simulated(), _web_host(found))
    if found.login is not None:
        login = found.login
        return lambda: _into_place_of(login)
    return _into_own_node if found.nodes is not None else _nowhere


def _into_own_node() -> _WayIn:
    from pve_auth_tui.adapters.ladder import own_address

    here = partial(_https, LOOPBACK, PORT, own_pin, known_as=own_address())
    return here, f"https://{LOOPBACK}:{PORT}"


def _nowhere() -> _WayIn:
    """What is read below another root, or from files alone, is not what answers on port 8006."""
    raise Refused(
        "Only files are read here, so nobody can log in to what they are of.",
        "Leave out --root and --rung.",
    )


def _into_place_of(login: Login) -> _WayIn:
    name = f"[{login.host}]" if ":" in login.host else login.host
    address = f"https://{name}:{login.port}"
    known_as = "" if login.known_as == f"{login.host}:{login.port}" else login.known_as
    return partial(_https, login.host, login.port, lambda: login.pin, known_as=known_as), address


def _into_demo(node: SimNode, name: str) -> _WayIn:
    from pve_auth_tui.adapters.certificate import Pin
    from pve_auth_tui.simnode.front import Front

    @contextmanager
    def opened() -> Iterator[Https]:
        with Front(node) as front:
            pin = Pin(certificate_pem=front.certificate_pem)
            with _https(front.host, front.port, lambda: pin, known_as=name) as https:
                yield https

    return opened, f"https://{node.name}:{PORT} (DEMO)"


def _secrets(found: Wired) -> Callable[[], Tree] | None:
    """The files in which the secrets of API tokens stand, for whoever may read them here."""
    if found.simulated is not None:
        simulated = found.simulated
        return lambda: simulated().tree
    if found.login is not None or found.nodes is None:
        return None
    return _own_tree


def _files_of(options: argparse.Namespace, found: Wired) -> Tree | None:
    """What there is of the nodes' files; None where PVE is asked from elsewhere."""
    from pve_auth_tui.adapters.source import open_tree

    if found.simulated is not None:
        return found.simulated().tree
    if found.login is not None:
        return None
    rung = options.rung if found.nodes is None else "auto"
    return open_tree(options.root or Path("/"), rung)


def _own_tree() -> Tree:
    from pve_auth_tui.adapters.source import open_tree

    return open_tree(Path("/"), "auto")


@contextmanager
def _https(host: str, port: int, pin: Callable[[], Pin], *, known_as: str = "") -> Iterator[Https]:
    from pve_auth_tui.adapters.https import Https

    https = Https(host, port, pin(), known_as=known_as)
    try:
        yield https
    finally:
        https.close()
