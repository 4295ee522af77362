"""The journal's lines: one entry is one line, and every change to the lines is found (R16, R17)."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.journal import (
    MOST_LINE,
    MOST_TOLD,
    START,
    Entry,
    Tip,
    Who,
    Written,
    bounded,
    half_of,
    link_of,
    next_line,
    tip_of,
    told,
    told_alone,
)
from pve_auth_tui.core.journalcheck import sentence, unfinished, verify
from pve_auth_tui.core.journalrows import facts, needs_look, rows
from pve_auth_tui.core.plain import plain

NOW = 1_785_600_000.25
JOE = Who("joe (uid 1001), session 7, on pts/0, from 192.0.2.7", "SUDO_USER joe")
EVIL = 'x\n{"number":9}\r\x1b[2J\u2028\x00\x85'
WILD = st.text(st.characters(codec=None), max_size=100)


def step(number: int, event: str = "intent", **more: object) -> Entry:
    return Entry(event, "p1", "disable joe@pve", number, f"pveum user modify u{number}", **more)  # type: ignore[arg-type]


def chained(*entries: Entry, tip: Tip | None = None) -> list[bytes]:
    """Lines as a file has them, without line feeds."""
    lines: list[bytes] = []
    for entry in entries:
        at = tip or tip_of(lines) or Tip()
        lines.append(next_line(entry, JOE, NOW, at)[1].rstrip(b"\n"))
        tip = None
    return lines


def written(line: bytes) -> Written:
    link = link_of(line)
    assert link is not None
    return link.written


@pytest.fixture
def lines() -> list[bytes]:
    return chained(*(step(number) for number in range(1, 7)))


def forged(line: bytes, **changes: object) -> bytes:
    """A line with other values, and a hash that fits them: what only an off-node copy tells."""
    value = json.loads(line) | changes
    del value["hash"]
    body = json.dumps(value, separators=(",", ":")).encode()
    return body[:-1] + f',"hash":"{sha256(body).hexdigest()}"}}'.encode()


# --- one entry, one line ---------------------------------------------------------------


@given(st.lists(WILD, min_size=6, max_size=6))
def test_whatever_an_entry_holds_it_is_one_line_and_comes_back_the_same(texts: list[str]) -> None:
    plan, title, text, reason, kernel, claimed = texts
    entry = Entry("intent", plan, title, 3, text, "ok", reason)
    who = Who(kernel, claimed, differs=True)
    made, line = next_line(entry, who, NOW, Tip(4, "a" * 64))
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert all(32 <= byte < 127 for byte in line[:-1])
    link = link_of(line.rstrip(b"\n"))
    assert link is not None
    assert link.right
    assert link.written == made
    assert (made.entry, made.who, made.number, link.previous) == (entry, who, 5, "a" * 64)


def test_an_entry_keeps_four_kib_of_text_and_says_what_was_cut() -> None:
    short = bounded(replace(step(1), text="x" * 4096))
    assert short.text == "x" * 4096
    long = bounded(replace(step(1), text="ä" * 4096, reason="r" * 10_000))
    assert len(long.text.encode()) <= 4096
    assert long.text.endswith("... (8192 bytes, cut)")
    assert len(long.reason) <= 512
    assert bounded(long) == long


def test_the_longest_entry_there_can_be_fits_a_line() -> None:
    worst = "\x01" * 100_000
    entry = Entry("result", worst, worst, 10**9, worst, worst, worst)
    _, line = next_line(entry, Who(worst, worst), NOW, Tip(10**9, "f" * 64, "f" * 64))
    assert len(line) < MOST_LINE
    assert link_of(line.rstrip(b"\n")) is not None


@given(st.binary(max_size=300))
def test_no_bytes_make_reading_fail(data: bytes) -> None:
    assert link_of(data) is None
    assert not verify([*chained(step(1)), data, *chained(step(2))]).ok


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 60_000,
        b'{"number":' + b"9" * 5000 + b"}",
        b"{}",
        b"null",
        b"7",
        b'{"number":NaN}',
        b"x" * (MOST_LINE + 1),
    ],
    ids=["deep", "long-number", "empty", "null", "number", "nan", "too-long"],
)
def test_json_that_is_no_entry_is_none(line: bytes) -> None:
    assert link_of(line) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"number": True},
        {"number": "1"},
        {"time": "now"},
        {"time": 1e300},
        {"time": -1},
        {"who": {"kernel": 1, "claimed": "", "differs": False}},
        {"who": {"kernel": "", "claimed": "", "differs": 0}},
        {"who": {"kernel": ""}, "half": 1},
        {"entry": {"event": "nothing", "plan": "", "title": ""}},
        {"entry": {"event": "begin", "plan": "", "title": "", "more": ""}},
        {"entry": {"event": "begin", "plan": "", "title": "", "step": True}},
        {"previous": None},
    ],
)
def test_a_value_of_another_kind_makes_it_no_entry_even_if_the_hash_fits(
    lines: list[bytes], changes: dict[str, object]
) -> None:
    assert link_of(forged(lines[0], **changes)) is None


@pytest.mark.parametrize("change", [b" ", b"\t"])
def test_an_entry_is_written_in_one_way_only(lines: list[bytes], change: bytes) -> None:
    link = link_of(lines[0].replace(b",", b"," + change, 1))
    assert link is not None
    assert not link.right


def test_a_key_that_stands_twice_makes_it_an_edited_line(lines: list[bytes]) -> None:
    link = link_of(b'{"number":7,' + lines[0][1:])
    assert link is not None
    assert not link.right


# --- the chain -------------------------------------------------------------------------


def test_lines_as_they_were_written_are_ok_and_the_head_is_the_last_hash(
    lines: list[bytes],
) -> None:
    verdict = verify(lines)
    assert verdict.ok
    assert (verdict.entries, verdict.head) == (6, written(lines[-1]).hash)
    assert sentence(verdict).startswith("ok: 6 entries in one chain. Head ")
    first = link_of(lines[0])
    assert first is not None
    assert first.previous == START


def test_no_lines_are_ok() -> None:
    assert verify([]).ok
    assert sentence(verify([b""])) == "The journal has no entries."


@pytest.mark.parametrize("at", range(6))
def test_an_edited_line_is_found(lines: list[bytes], at: int) -> None:
    lines[at] = lines[at].replace(b"user modify", b"user delete")
    verdict = verify(lines)
    assert not verdict.ok
    assert verdict.number == at + 1
    assert "edited" in verdict.why
    assert sentence(verdict).startswith(f"The journal is BROKEN at entry {at + 1}")


@pytest.mark.parametrize("at", range(5))
def test_a_removed_line_is_found(lines: list[bytes], at: int) -> None:
    del lines[at]
    verdict = verify(lines)
    assert (verdict.ok, verdict.number) == (False, at + 1)
    assert f"number {at + 1} is missing" in verdict.why


def test_several_removed_lines_are_told_as_a_range(lines: list[bytes]) -> None:
    del lines[1:4]
    assert "number 2 to 4 is missing; number 5 comes next" in verify(lines).why


@pytest.mark.parametrize("at", range(5))
def test_two_lines_in_another_order_are_found(lines: list[bytes], at: int) -> None:
    lines[at], lines[at + 1] = lines[at + 1], lines[at]
    assert (verify(lines).ok, verify(lines).number) == (False, at + 1)


@pytest.mark.parametrize("at", range(1, 7))
def test_a_line_that_stands_twice_is_found(lines: list[bytes], at: int) -> None:
    lines.insert(at, lines[0])
    verdict = verify(lines)
    assert (verdict.ok, verdict.number) == (False, at + 1)
    assert "moved or put there" in verdict.why


def test_a_line_with_a_fitting_hash_does_not_fit_those_behind_it(lines: list[bytes]) -> None:
    value = json.loads(lines[2])
    lines[2] = forged(lines[2], entry=value["entry"] | {"text": "pveum user delete u3"})
    assert link_of(lines[2])
    verdict = verify(lines)
    assert (verdict.ok, verdict.number) == (False, 4)
    assert "one of the two was replaced" in verdict.why


def test_entries_cut_off_at_the_end_are_found_only_with_a_copy_of_the_head(
    lines: list[bytes],
) -> None:
    head = written(lines[-1]).hash
    assert verify(lines, head).ok
    assert verify(lines[:4]).ok
    verdict = verify(lines[:4], head)
    assert (verdict.ok, verdict.number) == (False, 5)
    assert "cut off, or all was written anew" in verdict.why
    assert not verify([], head).ok


def test_a_head_copied_earlier_still_proves_what_came_before_it(lines: list[bytes]) -> None:
    assert verify(lines, written(lines[2]).hash).ok


def test_a_journal_written_anew_is_found_only_with_a_copy_of_the_head(lines: list[bytes]) -> None:
    anew = chained(step(1), step(2), step(3), step(4, reason="x"), step(5), step(6))
    assert verify(anew).ok
    assert not verify(anew, written(lines[-1]).hash).ok


# --- half lines ------------------------------------------------------------------------


def gone_on(lines: list[bytes], entry: Entry) -> list[bytes]:
    """The next entry behind whatever lies there."""
    tip = tip_of(lines) or Tip(half=half_of(lines))
    return [*lines, next_line(entry, JOE, NOW, tip)[1].rstrip(b"\n")]


@given(st.data())
def test_wherever_a_line_was_cut_the_next_entry_goes_on_and_says_so(data: st.DataObject) -> None:
    lines = chained(*(step(number) for number in range(1, 7)))
    kept = data.draw(st.integers(0, len(lines) - 1))
    cut = data.draw(st.integers(1, len(lines[kept]) - 1))
    lines = [*lines[:kept], lines[kept][:cut]]
    before = verify(lines)
    assert before.ok
    assert before.notes[0].startswith("The last line is half an entry")
    verdict = verify(gone_on(lines, step(1, "result")))
    assert verdict.ok
    assert verdict.entries == kept + 1
    assert verdict.notes[0].startswith(f"Before entry {kept + 1} stands a half line")


def test_a_whole_line_without_its_line_feed_counts(lines: list[bytes]) -> None:
    assert tip_of(lines) == Tip(6, written(lines[-1]).hash)


def test_several_half_lines_in_a_row_are_one_matter(lines: list[bytes]) -> None:
    verdict = verify(gone_on([*lines, lines[0][:50], b"\x00\x00\x00"], step(7)))
    assert verdict.ok
    assert len([note for note in verdict.notes if "half line" in note]) == 1


def test_a_half_line_that_no_entry_tells_of_was_put_there(lines: list[bytes]) -> None:
    lines.insert(3, b'{"number":4,"ti')
    verdict = verify(lines)
    assert (verdict.ok, verdict.number) == (False, 4)
    assert "no half line of ours" in verdict.why


def test_a_half_line_cannot_be_removed_later(lines: list[bytes]) -> None:
    lines = gone_on([*lines, lines[0][:50]], step(7))
    del lines[6]
    assert "half line before it" in verify(lines).why


def test_an_edited_last_line_is_not_excused_as_a_half_line(lines: list[bytes]) -> None:
    lines[-1] = lines[-1].replace(b"user modify", b"user delete")
    verdict = verify(gone_on(lines, step(7)))
    assert (verdict.ok, verdict.number) == (False, 6)
    assert "edited" in verdict.why


# --- what has no end -------------------------------------------------------------------


def history(*events: tuple[str, int]) -> list[Written]:
    entries = (step(number, event, outcome="ok" * (event == "result")) for event, number in events)
    return [written(line) for line in chained(*entries)]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([("begin", 0)], "none of its steps was begun"),
        ([("begin", 0), ("intent", 1)], "step 1 was intended and has no result"),
        ([("begin", 0), ("intent", 1), ("result", 1)], "the result of step 1 (ok)"),
        ([("intent", 2)], "look on the node whether it was done"),
    ],
)
def test_a_plan_without_an_end_is_told_with_how_far_it_came(
    events: list[tuple[str, int]], expected: str
) -> None:
    (told_of,) = unfinished(history(*events))
    assert told_of.startswith("Plan p1 (disable joe@pve) has no end: ")
    assert expected in told_of


def test_a_plan_that_ended_needs_no_word() -> None:
    events = (("begin", 0), ("intent", 1), ("result", 1), ("end", 0), ("armed", 0))
    assert unfinished(history(*events)) == ()


# --- told elsewhere --------------------------------------------------------------------


@given(text=WILD, who=WILD, reason=WILD)
def test_what_syslog_gets_is_one_short_printable_line_that_ends_in_the_hash(
    text: str, who: str, reason: str
) -> None:
    entry = Entry("intent", "p1", "t", 1, text, "", reason)
    made, _ = next_line(entry, Who(who, who, differs=True), NOW, Tip())
    line = told(made)
    assert line == plain(line)
    assert line.isprintable()
    assert len(line.encode()) <= MOST_TOLD
    assert line.endswith(f"[1 sha256:{made.hash}]")
    alone = told_alone(entry, Who(who), text)
    assert alone == plain(alone)
    assert len(alone.encode()) <= MOST_TOLD


def test_however_long_an_entry_is_its_hash_is_not_cut() -> None:
    entry = Entry("result", "p" * 900, "ü\n" * 900, 1, EVIL * 900, "o" * 900, "\u202e" * 900)
    made, _ = next_line(entry, Who("k\n" * 900, "c\n" * 900, differs=True), NOW, Tip())
    assert told(made).endswith(f"sha256:{made.hash}]")
    assert len(told(made).encode()) <= MOST_TOLD
    assert len(told_alone(entry, JOE, "n\n" * 900).encode()) <= MOST_TOLD


def test_what_syslog_gets_reads_well() -> None:
    made, _ = next_line(step(2, "result", outcome="ok", reason="ticket 12"), JOE, NOW, Tip(8))
    assert told(made) == (
        "plan p1 step 2 result: pveum user modify u2; outcome: ok; reason: ticket 12; "
        "by joe (uid 1001), session 7, on pts/0, from 192.0.2.7; claimed: SUDO_USER joe "
        f"[9 sha256:{made.hash}]"
    )


# --- shown -----------------------------------------------------------------------------


def test_rows_tell_the_command_of_a_result_and_the_title_of_a_plan() -> None:
    entries = history(("begin", 0), ("intent", 1), ("end", 0))
    entries += [replace(entries[1], entry=step(1, "result", outcome="failed: Refused"))]
    entries[-1] = replace(entries[-1], entry=replace(entries[-1].entry, text=""))
    assert [row.cells[4:6] for row in rows(entries)] == [
        ("pveum user modify u0", "begun"),
        ("pveum user modify u1", "intended"),
        ("pveum user modify u0", "ended"),
        ("pveum user modify u1", "failed: Refused"),
    ]
    assert [row.fields["look"] for row in rows(entries)] == ["no", "no", "no", "yes"]


def test_a_row_has_short_names_and_the_details_whole_ones() -> None:
    entry = Entry("begin", "20260801-160000-a1b2c3", "disable joe@pve")
    made, _ = next_line(entry, JOE, NOW, Tip())
    (row,) = rows([made])
    assert row.cells[1:3] == ("joe", "a1b2c3")
    (whole,) = rows([made], whole_names=True)
    assert whole.cells[1:3] == (JOE.kernel, "20260801-160000-a1b2c3")
    lines = {line.heading: line.text for line in facts(made)}
    assert lines["Who"] == JOE.kernel
    assert lines["Plan"] == "20260801-160000-a1b2c3: disable joe@pve"
    assert lines["Hash"] == made.hash
    assert "Command" not in lines


def test_a_claim_that_differs_needs_a_look() -> None:
    made, _ = next_line(step(1), replace(JOE, differs=True), NOW, Tip())
    assert needs_look(made)
    (claimed,) = (line for line in facts(made) if line.heading == "Claimed")
    assert claimed.word == "LOOK"
    assert "anybody can set" in claimed.text


@pytest.mark.parametrize(
    ("entry", "look"),
    [
        (step(1, "result", outcome="ok"), False),
        (step(1, "result", outcome="ok, seen by reading back"), False),
        (step(1, "result", outcome="not run"), True),
        (step(0, "fired"), True),
        (step(0, "kept"), False),
    ],
)
def test_what_went_wrong_needs_a_look(entry: Entry, look: bool) -> None:
    assert needs_look(next_line(entry, JOE, NOW, Tip())[0]) is look
