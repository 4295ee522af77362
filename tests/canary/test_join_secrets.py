"""The passwords of a join: in memory and on the tool's standard input, and nowhere else.

The demo's node is joined, refused, rolled back and left by the command line. What a real process
of this machine could show is asked of a stand-in of realm and adcli, which repeats on both streams
whatever it gets, looks through every process while it runs, and tells what it saw.
"""

from __future__ import annotations

import copy
import json
import pickle
import resource
import sys
from collections.abc import Callable, Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from pve_auth_tui import crash, environment
from pve_auth_tui.actions import join
from pve_auth_tui.adapters.clock import SystemClock
from pve_auth_tui.adapters.hostrecords import FileRecords
from pve_auth_tui.adapters.hostsystem import SystemHost
from pve_auth_tui.arguments import parse
from pve_auth_tui.core.commands import shown
from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.host.ports import OnLine, Said
from pve_auth_tui.core.host.trouble import HostTrouble
from pve_auth_tui.core.join import steps
from pve_auth_tui.core.plan import HostStep
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.hoststeps import AT_ONCE, HostSteps
from pve_auth_tui.simnode.demo import PASSWORD as OF_THE_DOMAIN
from pve_auth_tui.simnode.demopeople import DOMAIN
from tests.canary.evidence import Evidence, note_exception, require_none, watching
from tests.canary.node import Home, live_in
from tests.canary.planted import NEW_PASSWORD
from tests.canary.trouble import Mistake
from tests.services.joinnode import JoinNode

WHO = ("--user", "Administrator", "--password-stdin")
RUN = ("run", DOMAIN, *WHO, "--permit-group", "Domain Admins")
PASSWORDS = frozenset({"a wrong password", "the password of the domain"})
DELETE = ("leave", DOMAIN, "--clean-up", "--delete-account", *WHO, "--override", "PVE1")

# --- the command line, on the demo's node ------------------------------------------------------


class Sitting:
    """Somebody who runs commands on the demo's node; everything that is left is evidence."""

    def __init__(self, node: JoinNode, evidence: Evidence, patch: pytest.MonkeyPatch) -> None:
        self.node = node
        self._evidence, self._patch = evidence, patch

    def run(self, *words: str, password: str = OF_THE_DOMAIN) -> int:
        """Its exit code, 1 for what it refused."""
        streams = {"stdout": StringIO(), "stderr": StringIO()}
        for name, stream in streams.items():
            self._patch.setattr(sys, name, stream)
        self._patch.setattr(sys, "stdin", StringIO(f"{password}\n"))
        try:
            code, text = join.run(parse(["join", *words]), self.node.shop)
            self._evidence.add("stdout", " ".join(words), text)
        except AuthTuiError as error:
            code = 1
            note_exception(self._evidence, error)
        for name, stream in streams.items():
            self._evidence.add(name, " ".join(words), stream.getvalue())
        return code


@pytest.fixture
def sitting(home: Home, evidence: Evidence, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sitting]:
    live_in(home, monkeypatch)
    for name, value in zip(sorted(PASSWORDS), (NEW_PASSWORD, OF_THE_DOMAIN), strict=True):
        evidence.canaries.add(name, value)
    node = JoinNode()
    with watching(evidence, monkeypatch, ours=home.all, not_ours=[]):
        yield Sitting(node, evidence, monkeypatch)
        for path, data in node.node.disk.files.items():  # type: ignore[attr-defined]
            # the node's other secrets are its own
            for name in PASSWORDS.intersection(evidence.canaries.found_in(data)):
                evidence.blame("file", path, name)
        for argv in node.host.asked:
            evidence.add("argv", argv[0], "\0".join(argv))
        for plan in node.backs:
            evidence.add("repr", "a plan of the way back", f"{plan!r} {plan}")
        for progress in node.progress:
            evidence.add("repr", "progress", f"{progress!r} {progress}")
    node.close()
    require_none(evidence.leaks())
    assert evidence.canaries.taken, "no secret was at hand"
    assert evidence.texts("argv")


@pytest.mark.parametrize("more", [(), ("--json",)], ids=["text", "json"])
def test_from_the_check_to_the_deleted_account(sitting: Sitting, more: tuple[str, ...]) -> None:
    assert sitting.run("check", DOMAIN, *WHO, *more) in {0, 4}
    assert sitting.run(*RUN, "--dry-run", *more) == 0
    assert sitting.run(*RUN, "--yes", *more) == 0
    assert sitting.run("permit", DOMAIN, "--permit-nobody", "--yes", *more) == 0
    assert sitting.run("validate", DOMAIN, *more) in {0, 4}
    assert sitting.run(*DELETE, "--dry-run", *more) == 0
    assert sitting.run(*DELETE, "--yes", *more) == 0
    assert len(sitting.node.host.fed) >= 3, "realm and adcli were sent it"


@pytest.mark.parametrize("more", [(), ("--json",)], ids=["text", "json"])
def test_a_join_that_fails_after_the_account_was_made(
    sitting: Sitting, more: tuple[str, ...]
) -> None:
    """It is rolled back with the same password."""
    sitting.node.host.fails = lambda argv: "deny" in argv
    assert sitting.run(*RUN, "--yes", *more) == 1
    assert any("delete-computer" in argv for argv in sitting.node.host.fed)


@pytest.mark.parametrize("words", [("check", DOMAIN, *WHO), (*RUN, "--yes"), (*DELETE, "--yes")])
def test_a_password_that_the_domain_does_not_take(sitting: Sitting, words: Sequence[str]) -> None:
    if words[0] == "leave":
        assert sitting.run(*RUN, "--yes") == 0
    assert sitting.run(*words, password=NEW_PASSWORD) != 0
    assert sitting.node.host.fed


@pytest.mark.parametrize(
    "when", ["show-computer", "join", "deny", "delete-computer"], ids=lambda one: f"in {one}"
)
def test_a_mistake_of_the_program_in_the_middle(
    sitting: Sitting, evidence: Evidence, home: Home, when: str
) -> None:
    """As bad as can be: the secret is in a local variable, in the text and in the cause of it."""

    def breaks(argv: Sequence[str]) -> bool:
        if when in argv:
            password = Secret(OF_THE_DOMAIN).reveal()
            try:
                raise KeyError(password)
            except KeyError as error:
                raise Mistake(f"{argv} {password}") from error
        return False

    words = (*DELETE, "--yes") if when == "delete-computer" else (*RUN, "--yes")
    if words[0] == "leave":
        assert sitting.run(*RUN, "--yes") == 0
    sitting.node.host.fails = breaks
    with pytest.raises(Mistake) as caught:
        sitting.run(*words)
    sitting.node.mends()
    evidence.add("stderr", "what is told", crash.sentence(caught.value, crash.report(caught.value)))
    (report,) = home.own.rglob("report-*.txt")
    assert "tests.canary.trouble.Mistake" in report.read_text()
    assert "because of: builtins.KeyError" in report.read_text()


# --- real processes ----------------------------------------------------------------------------

STAND_IN = """
import os, resource, sys
got = sys.stdin.read()
print("got", got.strip(), flush=True)
print("refused:", repr(got), file=sys.stderr, flush=True)
sys.stdout.write("Password for Administrator: " + got)
sys.stdout.flush()
word = got.strip().encode()
looked = 0
for pid in filter(str.isdigit, os.listdir("/proc")):
    for name in ("cmdline", "environ"):
        try:
            with open(f"/proc/{pid}/{name}", "rb") as file:
                data = file.read()
        except OSError:
            continue
        looked += 1
        if word in data:
            print("FOUND in", name, "of a process")
print("looked at some" if looked else "looked at nothing")
print("core", resource.getrlimit(resource.RLIMIT_CORE)[0])
for handle in os.listdir("/proc/self/fd"):
    if int(handle) > 2 and os.path.exists(f"/proc/self/fd/{handle}"):
        print("inherited", os.readlink(f"/proc/self/fd/{handle}"))
sys.exit(3)
"""


class Standing(SystemHost):
    """This machine, on which every tool is the stand-in."""

    def ask(
        self,
        argv: Sequence[str],
        *,
        stdin: Secret | None = None,
        seconds: float = 15.0,
        on_line: OnLine = lambda line: None,
    ) -> Said:
        words = (sys.executable, "-I", "-c", STAND_IN, *argv)
        return super().ask(words, stdin=stdin, seconds=seconds, on_line=on_line)


def joins() -> HostStep:
    return steps.join(DOMAIN, "Administrator", Secret(NEW_PASSWORD), computer="PVE1")


def deletes() -> HostStep:
    return steps.delete_account(DOMAIN, "Administrator", Secret(NEW_PASSWORD), "PVE1")


@pytest.mark.parametrize("make", [joins, deletes])
def test_a_tool_that_repeats_what_it_gets_is_not_heard_and_nobody_else_sees_it(
    home: Home,
    evidence: Evidence,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[], HostStep],
) -> None:
    live_in(home, monkeypatch)
    home.own.mkdir(mode=0o700)
    evidence.canaries.add("a password", NEW_PASSWORD)
    host = Standing(home.here)
    runner = HostSteps(host, FileRecords(home.own, SystemClock()), patience=AT_ONCE)
    lines: list[str] = []
    core = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (core[1], core[1]))
    try:
        with (
            watching(evidence, monkeypatch, ours=home.all, not_ours=[]),
            environment.scrubbed(),
            pytest.raises(HostTrouble) as caught,
        ):
            runner.run(make(), lines.append)
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, core)
    note_exception(evidence, caught.value)
    evidence.add("screen", "what it was heard to say", "\n".join(lines))
    evidence.add("stdout", "the step", f"{shown(make())} {make()!r}")
    assert {"got ****", "looked at some", "core 0"} <= set(lines)
    assert not [line for line in lines if line.startswith(("FOUND", "inherited"))]
    assert "got ****" in Path(caught.value.record).read_text()
    require_none(evidence.leaks())


def test_what_a_check_asks_the_domain_comes_back_without_it(home: Home, evidence: Evidence) -> None:
    evidence.canaries.add("a password", NEW_PASSWORD)
    argv = steps.ask_account(DOMAIN, "Administrator", "PVE1")
    said = Standing(home.here).ask(argv, stdin=Secret(f"{NEW_PASSWORD}\n"))
    evidence.add("repr", "what it said", f"{said!r} {said.text}")
    assert "got ****" in said.out
    require_none(evidence.leaks())


# --- objects -----------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [joins, deletes])
def test_a_step_with_a_password_is_never_written_out(
    evidence: Evidence, make: Callable[[], HostStep]
) -> None:
    evidence.canaries.add("a password", NEW_PASSWORD)
    step = make()
    for text in (repr(step), str(step), repr(copy.deepcopy(step)), shown(step)):
        evidence.add("repr", "a step", text)
    writes: tuple[Callable[[Any], Any], ...] = (pickle.dumps, json.dumps)
    for write in writes:
        with pytest.raises(TypeError):
            write(step)
    require_none(evidence.leaks())
