"""Every command, when all goes well and when it does not: no secret is left anywhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pve_auth_tui.arguments import ACTIONS, COMMANDS
from tests.canary.commandline import ELSEWHERE, FLOWS, names
from tests.canary.desk import Desk, Flow, Ran
from tests.canary.evidence import Evidence, require_none, watching
from tests.canary.trouble import Trouble, troubled, troubled_reading


def test_every_command_has_its_canaries() -> None:
    known = {*names(), *ACTIONS, *COMMANDS}
    new = sorted(known - FLOWS.keys() - ELSEWHERE.keys())
    assert not new, (
        f"{', '.join(new)}: new on the command line, and nobody looks whether it leaks a secret."
        " Give it a Flow in tests/canary/commandline.py; what that file says on top tells how."
    )
    assert (FLOWS.keys() | ELSEWHERE.keys()) - known == set(), "these commands are no more"
    assert not [command for command, flows in FLOWS.items() if not flows]


def cases(*, troubles: bool) -> Iterator[object]:
    for command, flows in FLOWS.items():
        for flow in flows:
            for trouble in flow.troubles if troubles else (Trouble.NONE,):
                name = f"{command}: {flow.name}{f', {trouble.value}' if troubles else ''}"
                yield pytest.param(flow, trouble, id=name)


def followed(desk: Desk, flow: Flow, monkeypatch: pytest.MonkeyPatch, trouble: Trouble) -> Ran:
    with watching(desk.evidence, monkeypatch, ours=desk.home.all, not_ours=[desk.served.folder]):
        for one in flow.before:
            assert desk.run(one).code == one.code
        hit = troubled(trouble, monkeypatch, late=flow.late)
        ran = desk.run(flow)
        assert hit or trouble is Trouble.NONE, "nothing went wrong: it shows nothing"
    return ran


@pytest.mark.parametrize(("flow", "trouble"), cases(troubles=False))
def test_a_flow_leaves_no_secret(
    flow: Flow, trouble: Trouble, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = followed(desk, flow, monkeypatch, trouble)
    assert ran.code == flow.code, ran.err
    require_none(desk.evidence.leaks(flow.may))


@pytest.mark.parametrize(("flow", "trouble"), cases(troubles=True))
def test_what_goes_wrong_in_it_leaves_none_either(
    flow: Flow, trouble: Trouble, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = followed(desk, flow, monkeypatch, trouble)
    assert "Traceback" not in ran.err
    if trouble.is_mistake:
        assert "stopped because of a mistake of its own (Mistake)" in ran.err
        assert any("tests.canary.trouble.Mistake" in text for text in desk.evidence.texts("file"))
    require_none(desk.evidence.leaks(flow.may_in_trouble or flow.may))


READING = [flow for flows in FLOWS.values() for flow in flows if flow.reads]


@pytest.mark.parametrize("flow", READING, ids=lambda flow: flow.name)
@pytest.mark.parametrize("trouble", [Trouble.CRASH, Trouble.UNREACHABLE])
def test_what_goes_wrong_while_it_reads_leaves_none(
    flow: Flow, trouble: Trouble, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with watching(desk.evidence, monkeypatch, ours=desk.home.all, not_ours=[desk.served.folder]):
        hit = troubled_reading(trouble, monkeypatch)
        ran = desk.run(flow)
    assert hit
    assert (ran.code == 1) is (trouble is Trouble.CRASH)
    require_none(desk.evidence.leaks())


def test_a_flow_is_noted_wherever_it_leaves_something(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (flow,) = (flow for flow in FLOWS["keep"])
    followed(desk, flow, monkeypatch, Trouble.NONE)
    texts = {place: " ".join(desk.evidence.texts(place)) for place in ("argv", "syslog")}
    noted(desk.evidence)
    assert "bridge_child" in texts["argv"]
    assert "--on-active=300" in texts["argv"], "the timer's own command"
    assert "sha256:" in texts["syslog"]


def noted(evidence: Evidence) -> None:
    wanted = {
        *("argv", "environment", "file", "removed file", "syslog", "cluster log"),
        *("stdout", "repr"),
    }
    assert wanted - {place for place, _, raw in evidence.pieces if raw} == set()
