"""What is made wrong around or on a node, and right again afterwards. Each gives a `Seed`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final, TypeAlias

from tests.lab.adlab import names
from tests.lab.adlab.lab import Lab
from tests.lab.joinlab.node import JoinNode
from tests.lab.joinlab.sievedns import SieveDns

Seed: TypeAlias = Callable[[JoinNode, Lab], AbstractContextManager[object]]

_STARTS: Final = 180.0  # seconds: after a new start its DNS may be silent for half a minute
_SETTINGS: Final = ("/etc/resolv.conf", "/etc/hosts", "/etc/hostname")
_KEEP: Final = """\
rm -rf /run/kept; mkdir /run/kept
for path; do if [ -e "$path" ]; then cp --archive --parents "$path" /run/kept; fi; done
"""
_BACK: Final = """\
for path; do
    if [ -e "/run/kept$path" ]; then cp --archive "/run/kept$path" "$path"; else rm -f "$path"; fi
done
hostname "$(cat /etc/hostname)"
"""


def nothing(node: JoinNode, lab: Lab) -> AbstractContextManager[object]:
    """It is wrong by itself."""
    return nullcontext()


@contextmanager
def kept(node: JoinNode, *paths: str) -> Iterator[None]:
    """These files are as they were, afterwards."""
    _do(node, _KEEP, *paths)
    try:
        yield
    finally:
        _do(node, _BACK, *paths)


def file(path: str, text: str, mode: int = 0o644) -> Seed:
    """It holds this."""

    @contextmanager
    def seed(node: JoinNode, lab: Lab) -> Iterator[None]:
        with kept(node, path):
            node.put(path, text, mode)
            yield

    return seed


def first_line(path: str, line: str) -> Seed:
    """It begins with this, and goes on as before."""

    @contextmanager
    def seed(node: JoinNode, lab: Lab) -> Iterator[None]:
        with kept(node, path):
            node.put(path, f"{line}\n{(node.file(path) or b'').decode()}")
            yield

    return seed


def script(text: str, back: str = ":", *paths: str) -> Seed:
    """A script of the shell on the node, and one that takes it back; `paths` come back as well."""

    @contextmanager
    def seed(node: JoinNode, lab: Lab) -> Iterator[None]:
        with kept(node, *paths):
            try:
                _do(node, text)
                yield
            finally:
                _do(node, back)

    return seed


def beside(text: str, said: str) -> Seed:
    """Something that runs on the node meanwhile, in Python, once it has said so."""

    @contextmanager
    def seed(node: JoinNode, lab: Lab) -> Iterator[None]:
        process = node.start("/usr/bin/python3", "-c", text)
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            assert process.stdout.readline() == f"{said}\n"
            yield
        finally:
            process.communicate(timeout=30)  # it ends with its input

    return seed


def dropped(*rules: str) -> Seed:
    """nft's rules for what leaves the node."""
    return lambda node, lab: node.place.without(*rules)


def asks(*resolvers: str, lacks: tuple[str, ...] = ()) -> Seed:
    """Its DNS servers; the one at GATE lacks these answers."""

    @contextmanager
    def seed(node: JoinNode, lab: Lab) -> Iterator[None]:
        with kept(node, *_SETTINGS), SieveDns(lab.switch, *lacks):
            node.resolver(*resolvers)
            yield

    return seed


def called(name: str) -> Seed:
    """Its host name."""

    @contextmanager
    def seed(node: JoinNode, lab: Lab) -> Iterator[None]:
        with kept(node, *_SETTINGS):
            node.rename(name)
            yield

    return seed


def hosts(address: str, *others: str) -> Seed:
    """A line more in /etc/hosts, or another one of the node's own."""

    @contextmanager
    def seed(node: JoinNode, lab: Lab) -> Iterator[None]:
        with kept(node, *_SETTINGS):
            if others:
                node.alias(address, " ".join(others))
            else:
                short = node.name.partition(".")[0]
                node.put("/etc/hosts", f"127.0.0.1 localhost\n{address} {node.name} {short}\n")
            yield

    return seed


def account(name: str, host: str) -> Seed:
    """A computer of that name is in the domain, and belongs to that host."""

    @contextmanager
    def seed(node: JoinNode, lab: Lab) -> Iterator[None]:
        lab.dc.add_computer(name, host)
        try:
            yield
        finally:
            lab.dc.remove_computers()

    return seed


def at_the_dc(*tool: str, back: tuple[str, ...] = ()) -> Seed:
    """samba-tool there, and what takes it back."""

    @contextmanager
    def seed(node: JoinNode, lab: Lab) -> Iterator[None]:
        for words in filter(None, (tool, back)):
            done = lab.dc.machine.run("samba-tool", *words)
            assert done.returncode == 0, done.stderr
            if words is tool:
                yield

    return seed


def account_gone(node: JoinNode, lab: Lab) -> AbstractContextManager[object]:
    lab.dc.remove_computers()
    return nullcontext()


def dc_gone(node: JoinNode, lab: Lab) -> AbstractContextManager[object]:
    return lab.dc.gone()


def dc_ahead(seconds: int) -> Seed:
    """The clock of its processes; nobody sets one. It starts anew for that."""

    @contextmanager
    def seed(node: JoinNode, lab: Lab) -> Iterator[None]:
        def is_found() -> bool:
            return (
                "active-directory" in node.run("/usr/sbin/realm", "discover", names.DOMAIN).stdout
            )

        with lab.dc.ahead(seconds):
            node.wait_for(is_found, _STARTS)
            yield
        node.wait_for(is_found, _STARTS)

    return seed


def _do(node: JoinNode, text: str, *arguments: str) -> None:
    done = node.run("/bin/sh", "-ec", text, "sh", *arguments)
    assert done.returncode == 0, f"{text}: {done.stdout}{done.stderr}"
