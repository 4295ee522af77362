"""A node with a few of everything, for the commands that write as pveum does."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from pve_auth_tui.parser import Parser
from pve_auth_tui.writearguments import add_verbs
from tests.cli.desk import Desk, Pipe, Ran
from tests.services.workbench import USERS, Bench, HeldTimers

PASSWORD = "canary-5e1f-long-enough"
_MORE = (
    "token:bob@pve!ci:0:1:builds:\n"
    "group:dev:bob@pve,eve@pve:Developers:\n"
    "pool:lab:test machines:100:local:\n"
    "pool:old::200::\n"
    "role:Watch:VM.Audit:\n"
)
_ACL = (
    "acl:1:/vms:@ops:PVEVMUser:\n"
    "acl:0:/vms/100:bob@pve:Watch:\n"
    "acl:1:/vms/100:eve@pve:Watch:\n"
    "acl:1:/vms/100:bob@pve!ci:Watch:\n"
)
_GUESTS = (
    '{"version": 3, "ids": {'
    '"100": {"node": "pve1", "type": "qemu", "version": 1},'
    '"101": {"node": "pve1", "type": "qemu", "version": 2},'
    '"200": {"node": "pve1", "type": "lxc", "version": 3}}}'
)
_STORAGE = "dir: local\n\tpath /var/lib/vz\n\ndir: nas\n\tpath /mnt/nas\n"


def small_bench(**more: str) -> Bench:
    """root@pam, ann, bob with a token, and eve; two groups, two pools, a role, four entries."""
    files = {"users": USERS + _MORE, "guests": _GUESTS, "storage": _STORAGE, **more}
    return Bench(_ACL, timers=HeldTimers(), **files)


def lines(desk: Desk, *words: str) -> list[str]:
    """The commands of the plan; the node is left as it is."""
    before = desk.bench.node.disk.read("etc/pve/user.cfg")
    ran = desk.run(*words, "--dry-run", "--json", stdin=Pipe(PASSWORD))
    assert ran.code == 0, ran.error
    assert desk.bench.api.writes == []
    assert desk.bench.journal.entries == []
    assert desk.bench.node.disk.read("etc/pve/user.cfg") == before
    commands: list[str] = ran.value["plan"]["commands"]
    return commands


def done(desk: Desk, *words: str, typed: str = PASSWORD) -> Ran:
    """Run it for real, whatever word it asks for."""
    dry = desk.run(*words, "--dry-run", "--json", stdin=Pipe(*[typed] * 2))
    assert dry.code == 0, dry.error
    word = dry.value["plan"]["confirm"]
    sure = ("--override", word) if word else ()
    ran = desk.run(*words, "--yes", *sure, stdin=Pipe(*[typed] * 2))
    assert ran.code == 0, ran.error
    assert "PVE was asked again, and it is as foretold." in ran.out
    assert PASSWORD not in ran.out + ran.err + repr(desk.bench.journal.entries)
    return ran


def verbs_of(command: str) -> Mapping[str, Parser]:
    """The parser of each verb of a command, by all of its names."""
    parser = Parser(command)
    add_verbs(command, parser, Parser(add_help=False), required=True)
    (verbs,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return dict(verbs.choices)
