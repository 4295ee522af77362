"""`kill -9` at every point of a plan of the node's: what was done has its intent on the disk."""

import subprocess
import sys
from pathlib import Path

import pytest

from pve_auth_tui.core.errors import Refused
from tests.services.killed_host import SECRET, done_in, journal_in
from tests.services.workbench import Bench

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The folders of all runs."""
    folder = tmp_path_factory.mktemp("killed")
    folder.chmod(0o700)
    done = subprocess.run(
        [sys.executable, "-m", "tests.services.killed_host", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [folder / str(number) for number in range(int(done.stdout))]


def entries(folder):
    try:
        return [one.entry for one in journal_in(folder, Bench()).read()]
    except Refused:
        return []


def test_there_are_many_points_and_the_last_run_came_to_its_end(runs):
    assert len(runs) > 20
    assert done_in(runs[-1]) == [True, True, True]
    assert entries(runs[-1])[-1].event == "end"
    assert entries(runs[-1])[-1].outcome == "ok"


def test_nothing_is_done_without_its_intent_and_no_intent_is_followed_by_another_step(runs):
    seen = set()
    for folder in runs:
        intents = [one.step for one in entries(folder) if one.event == "intent"]
        results = [one.step for one in entries(folder) if one.event == "result"]
        done = [number for number, was in enumerate(done_in(folder), 1) if was]
        assert set(done) <= set(intents)
        assert results == intents[: len(results)]
        assert len(intents) - len(results) <= 1
        seen.add((tuple(intents), tuple(results), tuple(done)))
    assert len(seen) > 9  # killed before and after each of them


def test_a_result_that_says_ok_was_reached(runs):
    for folder in runs:
        ok = [one.step for one in entries(folder) if one.event == "result" and one.outcome == "ok"]
        assert all(done_in(folder)[number - 1] for number in ok)


def test_no_file_is_ever_half_there(runs):
    for folder in runs:
        for path in (folder / "root/etc").iterdir():
            assert path.name in {"made", "copy"}
            assert path.read_text() == "access_provider = deny\n"


def test_the_journal_has_the_commands_and_nothing_of_what_they_said_nor_the_secret(runs):
    told = "\n".join(f"{one.text} {one.outcome}" for one in entries(runs[-1]))
    assert "/usr/bin/cp --verbose" in told
    assert "install -D -m 0600 /dev/stdin /etc/made" in told
    assert "->" not in told  # cp --verbose: 'one' -> 'other'
    for path in (runs[-1] / "own").rglob("*"):
        assert path.is_dir() or SECRET.encode() not in path.read_bytes()


def test_what_a_command_said_lies_beside_the_journal(runs):
    (record,) = (runs[-1] / "own/host-steps").iterdir()
    title, line = record.read_text().splitlines()
    assert title.startswith("# /usr/bin/cp --verbose")
    assert "->" in line
