"""Which adapters a command line asks for: together with `cli`, the one place that builds them.

What is heavy is imported where it is needed: the first rows come from PVE's files, which need
the standard library alone.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pve_auth_tui import environment
from pve_auth_tui.adapters.clock import RunningClock, SystemClock
from pve_auth_tui.arguments import API_RUNGS, PROGRAM
from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.cluster import full_name
from pve_auth_tui.core.errors import AuthTuiError, UsageError
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.ports import Api, Clock, HidBus, Proofs, Recoveries, Stories
from pve_auth_tui.services.node import Ladder, NodeService
from pve_auth_tui.services.outlook import Pictures
from pve_auth_tui.services.snapshots import SnapshotService

if TYPE_CHECKING:
    from pve_auth_tui.adapters.certificate import Pin
    from pve_auth_tui.adapters.https import Https
    from pve_auth_tui.asking import Answers
    from pve_auth_tui.core.challenge import Challenge
    from pve_auth_tui.core.secret import Secret
    from pve_auth_tui.simnode.node import SimNode

PORT = 8006
_MOST_CA = 1024 * 1024  # bytes
LOOPBACK = "127.0.0.1"
_SECONDS = 5.0  # for a first look at somebody's certificate


class NotRoot(AuthTuiError):
    """This node's own files are for root alone."""


class Wired(NamedTuple):
    """Where pictures come from; `nodes` ask PVE's API, after the files where there are any.

    `login`: the connection of somebody who logged in for this (`--host`). `simulated`: the demo's
    node, and `clock` its time; `bus`: its USB, where it is not this machine's. `proofs`: what was
    seen of second factors there.
    """

    pictures: Pictures
    nodes: NodeService | None = None
    stories: Stories | None = None
    login: Login | None = None
    simulated: Callable[[], SimNode] | None = None
    clock: Clock = SystemClock()
    bus: HidBus | None = None
    proofs: Proofs | None = None


class Login(NamedTuple):
    """Somebody's own connection to a node, and what another one to the same node needs.

    `known_as`: name and port by which PVE is asked there, as a browser has them.
    """

    api: Https
    host: str
    port: int
    pin: Pin
    known_as: str = ""


def wired(options: argparse.Namespace, clock: Clock | None = None) -> Wired:
    """What `options` name, opened as far as that may ask for a password.

    `clock` is the demo's, which runs if none is given. Raises NotRoot, Unreadable without PVE
    there, UsageError, and what a login raises.
    """
    if options.command == "demo":
        return _demo(options, clock)
    if options.host:
        return _of_login(_logged_in(options), options)
    pictures: Callable[[Path, str], Pictures]
    pictures = _whatever_there_is if options.command == "recover" else _files
    if is_rescue(options):
        return Wired(pictures(Path(os.path.abspath(options.root)), options.rung))
    _require_root(options)
    if options.rung == "https" and options.user:
        return _of_login(_logged_in(options), options)
    if options.rung in API_RUNGS:
        return _api_only(_opener(options), options)._replace(proofs=_own_proofs())
    files = pictures(Path("/"), options.rung)
    if options.rung != "auto":
        return Wired(files, proofs=_own_proofs())
    nodes = NodeService(_opener(options), SystemClock(), read_only=options.read_only)
    return Wired(files, nodes, proofs=_own_proofs())


def is_rescue(options: argparse.Namespace) -> bool:
    """Whether it is about the disk of a system that does not run here (`--root /mnt`)."""
    root = getattr(options, "root", None)
    return root is not None and Path(os.path.abspath(root)) != Path("/")


def place_of(login: Login | None) -> str:
    """Under which name what belongs to another cluster is kept apart; "" for this one."""
    return f"{login.host}-{login.port}" if login else ""


def _own_proofs(login: Login | None = None) -> Proofs:
    from pve_auth_tui.adapters.proofs import FileProofs

    return FileProofs(environment.own_folder(), place=place_of(login))


def own_recoveries(options: argparse.Namespace, login: Login | None) -> Recoveries:
    """What was done to get back in there, and is told until somebody has seen it (R18)."""
    from pve_auth_tui.adapters.recoveries import FileRecoveries

    place = f"root-{options.root}" if is_rescue(options) else place_of(login)
    return FileRecoveries(environment.own_folder(), place=place)


def _require_root(options: argparse.Namespace) -> None:
    if os.geteuid() != 0:
        command = " ".join(filter(None, (PROGRAM, options.command)))
        raise NotRoot(
            "PVE's access files on this node are for root alone.",
            f"Start it as root: sudo {command}. To look around: {PROGRAM} demo",
        )


def _files(root: Path, rung: str) -> SnapshotService:
    from pve_auth_tui.adapters.source import open_tree

    again = partial(open_tree, root, rung)
    return SnapshotService(again(), SystemClock(), again=again)


def _whatever_there_is(root: Path, rung: str) -> Pictures:
    """For an emergency: where nothing can be read, that is what is known."""
    from pve_auth_tui.services.anypicture import AnyPicture

    return AnyPicture(lambda: _files(root, rung), SystemClock())


# --- PVE's API -----------------------------------------------------------------------


def _api_only(open_ladder: Callable[[], Ladder], options: argparse.Namespace) -> Wired:
    nodes = NodeService(open_ladder, SystemClock(), read_only=options.read_only)
    return Wired(nodes, nodes)


def _of_login(login: Login, options: argparse.Namespace) -> Wired:
    only = _api_only(lambda: _ladder([("https", lambda: login.api)]), options)
    return only._replace(login=login, proofs=_own_proofs(login))


def _opener(options: argparse.Namespace) -> Callable[[], Ladder]:
    """The ways to this node's own API."""

    def ladder() -> Ladder:
        from pve_auth_tui.adapters.ladder import LadderApi, api_ways

        return LadderApi(api_ways(options.rung, https=_minted))

    return ladder


def _ladder(ways: Sequence[tuple[str, Callable[[], Api]]]) -> Ladder:
    from pve_auth_tui.adapters.ladder import LadderApi, Way

    return LadderApi([Way(*way) for way in ways])


def _minted() -> Api:
    """This node over https as root@pam, with a ticket that PVE's own modules make (R18)."""
    from pve_auth_tui.adapters.bridge import Bridge
    from pve_auth_tui.adapters.https import Https
    from pve_auth_tui.adapters.ladder import own_address

    bridge = Bridge()
    try:
        ticket, csrf = bridge.mint()
    finally:
        bridge.close()
    https = Https(LOOPBACK, PORT, own_pin(), known_as=own_address())
    https.use_ticket(ROOT, ticket, csrf)
    return https


def own_pin() -> Pin:
    """The certificate that this node's pveproxy must show (R5)."""
    from pve_auth_tui.adapters.certificate import pveproxy_certificate
    from pve_auth_tui.adapters.source import open_tree

    return pveproxy_certificate(open_tree(Path("/")).read)


def _logged_in(options: argparse.Namespace) -> Login:
    """Over https with a password, in PVE's two steps: one attempt (R23)."""
    from pve_auth_tui.adapters.certificate import Pin
    from pve_auth_tui.adapters.https import Https
    from pve_auth_tui.adapters.ladder import own_address
    from pve_auth_tui.asking import answers

    host, port = _place(options.host) if options.host else (LOOPBACK, PORT)
    asked = answers(from_stdin=options.password_stdin)
    if not options.host:
        pin = own_pin()
    elif options.ca or options.fingerprint:
        ca = _ca(options.ca) if options.ca else None
        pin = Pin(ca_pem=ca, fingerprint=options.fingerprint)
    else:
        pin = _confirmed_pin(host, port, asked)
    known_as = f"{host}:{port}" if options.host else own_address()
    api = Https(host, port, pin, known_as="" if options.host else known_as)
    api.greet()
    user = options.user or ROOT
    password = asked.password(user, host)
    by_key = answers(from_stdin=options.password_stdin, key=_key_here(asked, known_as))
    api.login(user, password, by_key.second_factor)
    return Login(api, host, port, pin, known_as)


def _key_here(asked: Answers, known_as: str) -> Callable[[Challenge], Secret | None] | None:
    """What answers with a security key in this machine's USB; None where there is none."""
    from pve_auth_tui.actions.at_key import login_key, there_is_one
    from pve_auth_tui.adapters.keys.hidraw import HidrawBus
    from pve_auth_tui.adapters.keys.usb import UsbKeys

    keys = UsbKeys(HidrawBus())
    return login_key(keys, asked, known_as) if there_is_one(keys) else None


def _confirmed_pin(host: str, port: int, asked: Answers) -> Pin:
    """The certificate that is shown there, if the user says that it is the right one (R5)."""
    from pve_auth_tui.adapters.certificate import Pin, fingerprint, shown_certificate
    from pve_auth_tui.adapters.nettrouble import unreachable

    try:
        shown = fingerprint(shown_certificate(host, port, _SECONDS))
    except (OSError, ValueError) as error:
        raise unreachable(error, host, port) from None
    compare = f"{plain(host)} shows the certificate\n  SHA-256 {shown}\n"
    if asked.says_yes(f"{compare}Is it the one in its web interface, under Node, Certificates?"):
        return Pin(fingerprint=shown)
    raise UsageError(
        f"Nothing says whom to trust at {host}, so nothing was sent.",
        "If its web interface shows the same under Node, Certificates: "
        f"--fingerprint {shown}. Or --ca FILE.",
    )


def _place(host: str) -> tuple[str, int]:
    """`pve1`, `pve1:8006`, `[2001:db8::1]:8006` or `2001:db8::1`."""
    name, colon, port = host.rpartition(":")
    if not colon or (host.count(":") > 1 and not name.endswith("]")):
        return host.removeprefix("[").removesuffix("]"), PORT
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536):
        raise UsageError(f"{port} is no port.", "For example: --host pve1.example.com:8006")
    return name.removeprefix("[").removesuffix("]"), int(port)


def _ca(file: Path) -> bytes:
    try:
        with file.open("rb") as text:
            return text.read(_MOST_CA)
    except OSError as error:
        raise UsageError(
            f"{file} cannot be read: {error.strerror}.",
            "It is the CA's certificate: /etc/pve/pve-root-ca.pem of that cluster.",
        ) from error


# --- the demo ------------------------------------------------------------------------


def _demo(options: argparse.Namespace, clock: Clock | None) -> Wired:
    from pve_auth_tui.adapters.proofs import MemoryProofs
    from pve_auth_tui.simnode.demo import DEMO_NOW, demo_tree
    from pve_auth_tui.simnode.demousb import DemoUsb
    from pve_auth_tui.simnode.disk import Disk, FolderDisk, MemoryDisk
    from pve_auth_tui.simnode.faults import Faults
    from pve_auth_tui.simnode.filestories import FileStories
    from pve_auth_tui.simnode.hoststories import HostStories
    from pve_auth_tui.simnode.outside import Outside
    from pve_auth_tui.simnode.outsidestories import OutsideStories
    from pve_auth_tui.simnode.rack_proofs import marks
    from pve_auth_tui.simnode.stories import DemoStories
    from pve_auth_tui.simnode.tree import best_tree

    tree = demo_tree(users=options.users) if options.users else demo_tree()
    clock = clock or RunningClock(DEMO_NOW)
    disk: Disk = MemoryDisk(tree.files)
    if options.state is not None:
        tree.written_to(options.state)
        disk = FolderDisk(options.state)
    faults, outside = Faults(), Outside(disk, clock.now)
    again = partial(best_tree, disk, faults)

    @cache
    def node() -> SimNode:
        from pve_auth_tui.simnode.node import SimNode
        from pve_auth_tui.simnode.sources import system_sources

        return SimNode(disk, system_sources(clock), faults, outside)

    def ladder() -> Ladder:
        from pve_auth_tui.simnode.direct import DirectApi

        address = f"{full_name(node().name, disk.read('etc/hosts') or b'')}:{PORT}"
        return _ladder([("direct", lambda: DirectApi(node(), address))])

    nodes = NodeService(ladder, clock, read_only=options.read_only, demo=True)
    files = SnapshotService(again(), clock, demo=True, again=again)
    usb = DemoUsb()
    stories = DemoStories(
        faults,
        usb,
        FileStories(disk, clock),
        OutsideStories(outside),
        HostStories(disk, faults, lambda: node().host),
    )
    proofs = MemoryProofs(marks(DEMO_NOW))
    return Wired(files, nodes, stories, simulated=node, clock=clock, bus=usb, proofs=proofs)
