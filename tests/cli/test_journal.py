"""`journal`: shown, verified, purged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pve_auth_tui.actions import journal as action
from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.adapters.journal import FILE, FileJournal
from pve_auth_tui.arguments import parse
from pve_auth_tui.core.errors import Unreadable, UsageError
from pve_auth_tui.core.journal import Entry, Who

PLAN = "20260801-160000-a1b2c3"
TITLE = "disable joe@pve"


class Desk:
    """A journal in a folder, and what undo keeps."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "own" / "journal" / FILE
        who = Who("joe (uid 1001), session 7", "SUDO_USER mary", differs=True)
        self.journal = FileJournal(self.file.parent, who, FixedClock(1_785_600_000.0))
        self.kept = 2

    def purge(self) -> int:
        count, self.kept = self.kept, 0
        return count

    def fill(self) -> None:
        text = "pveum user modify joe@pve --enable 0"
        self.journal.write(Entry("begin", PLAN, TITLE))
        self.journal.write(Entry("intent", PLAN, TITLE, 1, text))
        self.journal.write(Entry("result", PLAN, TITLE, 1, outcome="ok"))
        self.journal.write(Entry("end", PLAN, TITLE, outcome="ok", reason="he left"))

    def run(self, *words: str) -> tuple[int, str]:
        desk = action.Desk(self.journal, self.purge)
        return action.run(parse(["journal", *words]), desk)

    def json(self, *words: str) -> Any:
        return json.loads(self.run("--json", *words)[1])


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_who_did_what_and_what_came_of_it_is_one_line_each(desk: Desk) -> None:
    desk.fill()
    code, text = desk.run()
    assert code == 0
    lines = text.splitlines()
    assert lines[0].split() == ["Time", "Who", "Plan", "Step", "Command", "Outcome", "No."]
    assert len(lines) == 5
    assert "joe (uid 1001), session 7" in lines[3]
    assert PLAN in lines[3]
    assert "1     pveum user modify joe@pve --enable 0  ok" in lines[3]


def test_at_80_columns_the_command_and_the_outcome_are_there(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.fill()
    monkeypatch.setattr(action, "terminal_width", lambda _: 80)
    text = desk.run()[1]
    assert max(map(len, text.splitlines())) <= 80
    assert "joe " in text
    assert "a1b2c3" in text
    assert "pveum user modify joe@pve" in text


def test_an_empty_journal_says_so(desk: Desk) -> None:
    assert desk.run() == (0, "The journal has no entries.\n")
    assert desk.run("verify") == (0, "The journal has no entries.\n")
    assert desk.json() == []


def test_as_json_an_entry_has_every_field(desk: Desk) -> None:
    desk.fill()
    entries = desk.json()
    assert [entry["number"] for entry in entries] == [1, 2, 3, 4]
    assert entries[3]["entry"] == {
        "event": "end", "plan": PLAN, "title": TITLE,
        "step": 0, "text": "", "outcome": "ok", "reason": "he left",
    }  # fmt: skip
    assert entries[3]["who"] == {
        "kernel": "joe (uid 1001), session 7", "claimed": "SUDO_USER mary", "differs": True,
    }  # fmt: skip


def test_names_cannot_move_the_cursor_or_make_lines(desk: Desk) -> None:
    desk.journal.write(Entry("begin", "p\n1", "disable \x1b[2J\u202ejoe\n@pve"))
    text = desk.run()[1]
    assert len(text.splitlines()) == 2
    assert text.replace("\n", "").isprintable()


def test_an_unbroken_chain_is_ok_and_tells_its_head(desk: Desk) -> None:
    desk.fill()
    code, text = desk.run("verify")
    head = desk.journal.read()[-1].hash
    assert code == 0
    assert text == (
        f"ok: 4 entries in one chain. Head {head}\n"
        "Without --head nobody can tell whether it was cut off or written anew.\n"
    )
    for given in (head, f"sha256:{head}", head.upper()):
        assert desk.run("verify", "--head", given)[1] == text.splitlines(keepends=True)[0]


def test_a_broken_chain_is_exit_1_and_told_by_show_as_well(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.fill()
    desk.file.write_bytes(desk.file.read_bytes().replace(b"--enable 0", b"--enable 1"))
    code, text = desk.run("verify")
    assert code == 1
    assert text.startswith("The journal is BROKEN at entry 2, after 1 entry: it was edited")
    assert desk.run()[0] == 0
    assert "BROKEN at entry 2" in capsys.readouterr().err
    assert desk.json("verify") == {
        "ok": False, "entries": 1, "head": desk.journal.read()[0].hash, "broken_at": 2,
        "why": "it was edited: its hash is not that of its content.", "notes": [],
    }  # fmt: skip


def test_what_was_cut_off_is_exit_1_with_a_head(desk: Desk) -> None:
    desk.fill()
    head = desk.journal.read()[-1].hash
    lines = desk.file.read_bytes().splitlines(keepends=True)
    desk.file.write_bytes(b"".join(lines[:3]))
    assert desk.run("verify")[0] == 0
    assert desk.run("verify", "--head", head)[0] == 1


def test_a_plan_that_did_not_end_is_told(desk: Desk) -> None:
    desk.journal.write(Entry("intent", PLAN, TITLE, 1, "pveum"))
    code, text = desk.run("verify")
    assert code == 0
    assert f"LOOK Plan {PLAN} ({TITLE}) has no end: step 1 was intended" in text
    (note,) = desk.json("verify")["notes"]
    assert note.startswith(f"Plan {PLAN}")


@pytest.mark.parametrize("head", ["x", "00", "g" * 64, "0" * 65])
def test_what_is_no_hash_is_refused(desk: Desk, head: str) -> None:
    with pytest.raises(UsageError, match="is no hash"):
        desk.run("verify", "--head", head)


def test_a_head_without_verify_is_refused(desk: Desk) -> None:
    with pytest.raises(UsageError, match="--head is for verify"):
        desk.run("--head", "0" * 64)


def test_purging_tells_how_much_was_removed(desk: Desk) -> None:
    desk.fill()
    assert desk.run("purge") == (0, "Removed what was kept to undo 2 changes.\n")
    assert desk.run("purge") == (0, "Nothing was kept for undo.\n")
    assert desk.json("purge") == {"purged": 0}
    assert desk.journal.verify().entries == 4, "what was done stays in the journal"


def test_a_journal_that_others_can_read_is_not_trusted(desk: Desk) -> None:
    desk.fill()
    desk.file.chmod(0o644)
    with pytest.raises(Unreadable, match="can be used by others"):
        desk.run()
