"""Recovery keys: as PVE gives them, as people type them, as a page of paper."""

import json

import pytest

from pve_auth_tui.core.errors import Unreadable
from pve_auth_tui.core.recovery import (
    COUNT,
    hashed,
    keys_from,
    listed,
    number_of,
    sheet,
    typed_back,
)
from tests.core.recorded import GOLDEN

CASES = json.loads((GOLDEN / "tfa/recovery.json").read_text())["cases"]
SETS = [
    (case["steps"][0]["result"], case)
    for case in CASES
    if case["steps"][0].get("op") == "add" and "recovery" in case["steps"][0]["result"]
]
ANSWER = {"id": "recovery", "recovery": [f"0123-4567-89ab-cde{n:x}" for n in range(COUNT)]}
KEYS = keys_from(ANSWER)
WHEN = 1_800_000_000.0


def test_recorded_answers_give_ten_keys():
    assert len(SETS) > 10
    for answer, _ in SETS:
        assert [key.reveal() for key in keys_from(answer).keys] == answer["recovery"]


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        {"recovery": None},
        {"recovery": []},
        {"recovery": ANSWER["recovery"][:9]},
        {"recovery": [*ANSWER["recovery"], "0123-4567-89ab-cdef"]},
        {"recovery": [*ANSWER["recovery"][:9], "0123-4567-89AB-CDEF"]},
        {"recovery": [*ANSWER["recovery"][:9], "0123-4567-89ab-cdef\n"]},
        {"recovery": [*ANSWER["recovery"][:9], 7]},
    ],
)
def test_any_other_answer_is_no_set_of_keys(answer):
    with pytest.raises(Unreadable, match="gave an answer that this program does not know"):
        keys_from(answer)


def test_keys_are_hidden_unless_they_are_revealed():
    assert "0123" not in repr(KEYS)
    assert "0123" not in f"{listed(KEYS)} {sheet(KEYS, 'ann@pve', 'pve1', WHEN)!r}"


def test_keys_are_listed_with_their_numbers_in_two_columns():
    lines = listed(KEYS).reveal().splitlines()
    assert len(lines) == 5
    assert lines[0] == "0  0123-4567-89ab-cde0     5  0123-4567-89ab-cde5"
    assert lines[4] == "4  0123-4567-89ab-cde4     9  0123-4567-89ab-cde9"


@pytest.mark.parametrize("typed", ["0123-4567-89ab-cde7", "  0123-4567-89ab-cde0 \n"])
def test_a_key_typed_back_is_recognized(typed):
    assert typed_back(KEYS, typed) == ""


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "Type one of the ten"),
        ("0123-4567-89AB-CDE7", "small letters only"),
        ("0123456789abcde7", "three dashes"),
        ("0123 4567 89ab cde7", "three dashes"),
        ("0123\u20134567\u201389ab\u2013cde7", "three dashes"),
        ("7  0123-4567-89ab-cde7", "looks like"),
        ("0123-4567-89ab-cdef", "none of the ten"),
        ("hello", "looks like"),
        ("\ud800", "looks like"),
    ],
)
def test_what_was_typed_wrong_is_told_and_not_repeated(typed, why):
    problem = typed_back(KEYS, typed)
    assert why in problem
    assert "cde7" not in problem


def test_the_sheet_says_whose_keys_they_are_and_what_counts():
    text = sheet(KEYS, "ann@pve", "pve1", WHEN).reveal()
    assert all(key.reveal() in text for key in KEYS.keys)
    assert "ann@pve" in text
    assert "pve1" in text
    assert "2027-01-15 08:00" in text
    assert "SIMULATED" not in text
    assert "SIMULATED" in sheet(KEYS, "ann@pve", "pve1", WHEN, simulated=True).reveal()
    assert max(map(len, text.splitlines())) <= 80


def test_no_name_steers_the_printer_of_a_sheet():
    assert "\x1b" not in sheet(KEYS, "a\x1b[2J@pve", "\x1b]0;x", WHEN).reveal()


def test_stored_hashes_are_those_that_pve_has_recorded():
    compared = 0
    for answer, case in SETS:
        after = case.get("tfa_cfg_before") or {}
        stored = after.get("users", {}).get(case["userid"], {}).get("recovery")
        if stored:
            for number, key in enumerate(answer["recovery"]):
                if stored["entries"][number] is not None:
                    assert stored["entries"][number] == hashed(stored["secret"], key)
                    assert number_of(stored, key) == number
                    compared += 1
    assert compared > 20


def test_a_key_that_was_used_is_no_key_any_more():
    key = "0123-4567-89ab-cde0"
    stored = {"secret": "00" * 8, "entries": [None, hashed("00" * 8, key)]}
    assert number_of(stored, key) == 1
    assert number_of({**stored, "entries": [None, None]}, key) is None
    assert number_of(stored, key.upper()) is None
