"""`kill -9` at every point of a plan: what was done has its intent on the disk, and goes back."""

import subprocess
import sys
from pathlib import Path

import pytest

from pve_auth_tui.core.errors import Refused
from tests.services.killed import PHONE, bench_in

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The folders of all runs, and how many there were."""
    folder = tmp_path_factory.mktemp("killed")
    folder.chmod(0o700)
    done = subprocess.run(
        [sys.executable, "-m", "tests.services.killed", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [folder / str(number) for number in range(int(done.stdout))]


def is_done(bench):
    """Of the two steps, which were carried out."""
    user = bench.user("ann@pve")
    phone = PHONE in (bench.node.disk.read("etc/pve/priv/tfa.cfg") or b"").decode()
    return [not user.enable, not phone]


def entries(bench):
    try:
        return bench.journal.read()
    except Refused:
        return ()


def test_there_are_many_points_and_the_last_run_came_to_its_end(runs):
    assert len(runs) > 20
    last = bench_in(runs[-1])
    assert is_done(last) == [True, True]
    assert [one.entry.event for one in last.journal.read()][-1] == "end"


def test_nothing_is_done_without_its_intent_and_no_intent_is_followed_by_another_step(runs):
    seen = set()
    for folder in runs:
        bench = bench_in(folder)
        intents = [one.entry.step for one in entries(bench) if one.entry.event == "intent"]
        results = [one.entry.step for one in entries(bench) if one.entry.event == "result"]
        done = [number for number, was in enumerate(is_done(bench), 1) if was]
        assert set(done) <= set(intents)
        assert results == intents[: len(results)]
        assert len(intents) - len(results) <= 1
        seen.add((tuple(intents), tuple(results), tuple(done)))
    assert len(seen) > 6  # killed before and after each of them


def test_the_chain_of_the_journal_holds_after_each(runs):
    assert all(bench_in(folder).journal.verify().ok for folder in runs)


def test_whatever_was_done_is_taken_back_by_a_later_session(runs):
    for folder in runs:
        bench = bench_in(folder)
        if not any(is_done(bench)):
            continue
        bench.clock.at += 120  # a code of the removed entry may have been used until then
        plan = bench.review(bench.plans.undo())
        assert bench.plans.apply(plan, override=plan.confirm).ok
        tfa = (bench.node.disk.read("etc/pve/priv/tfa.cfg") or b"").decode()
        assert bench.user("ann@pve").enable
        assert "JBSWY3DPEHPK3PXP" in tfa


def test_the_secret_that_undo_needs_lies_in_memory_alone(runs):
    for folder in runs:
        for path in (folder / "own").rglob("*"):
            assert path.is_dir() or b"JBSWY3DPEHPK3PXP" not in path.read_bytes()
