"""A rack: what happens to its cells."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.errors import AuthTuiError, Refused, UsageError
from pve_auth_tui.core.keys import KeyInfo, KeyPlace
from pve_auth_tui.core.proofs import How
from pve_auth_tui.core.rack import (
    MOST_KEYS,
    MOST_PEOPLE,
    NO_TAG,
    Cell,
    Place,
    Proving,
    Rack,
    State,
    Tag,
    failed,
    letters,
    new_rack,
    next_open,
    pattern_problem,
    proved,
    reopened,
    skipped,
    stored,
    tag_of,
)

A1, A2, B1, B2 = Place(0, 0), Place(0, 1), Place(1, 0), Place(1, 1)
THREE = ("ann@pve", "bob@pve", "eve@pve")


def rack(keys: int = 2, people: tuple[str, ...] = THREE[:2]) -> Rack:
    return new_rack(people, keys, now=1_800_000_000.0)


def test_a_new_rack_has_a_cell_for_each_key_of_each_person_and_all_are_open() -> None:
    new = rack()
    assert [place.label for place in new.places] == ["A1", "A2", "B1", "B2"]
    assert {new.cell(place) for place in new.places} == {Cell()}
    assert new.userid(B2) == "bob@pve"
    assert new.summary == "0 of 4 keys"


def test_who_is_named_twice_stands_there_once() -> None:
    assert len(new_rack(["ann@pve", "ann@pve"], 1).people) == 1


@pytest.mark.parametrize(
    ("people", "keys", "pattern"),
    [
        ([], 1, "k {number}"),
        (["a@pve"] * 0 + [f"u{n}@pve" for n in range(MOST_PEOPLE + 1)], 1, "k {number}"),
        (["a@pve"], 0, "k {number}"),
        (["a@pve"], MOST_KEYS + 1, "k {number}"),
        (["a@pve"], 1, " "),
        (["a@pve"], 2, "the same for both"),
        (["a@pve"], 1, "{serial}"),
        (["a@pve"], 1, "{number.real}"),
        (["a@pve"], 1, "{number!r}"),
        (["a@pve"], 1, "{number:>9}"),
        (["a@pve"], 1, "{0}"),
        (["a@pve"], 1, "}"),
        (["a@pve"], 1, "x" * 201),
        ([f"{'n' * 60}@pve"], 1, "{user}" * 5),
    ],
)
def test_what_makes_no_table_is_refused(people: list[str], keys: int, pattern: str) -> None:
    with pytest.raises(UsageError):
        new_rack(people, keys, pattern=pattern)


def test_a_description_names_the_cell_the_day_and_the_person() -> None:
    new = new_rack(["ann@pve"], 2, pattern="{user} {label} {number} {date}", now=1_800_000_000.0)
    assert new.description(A2) == "ann A2 2 2027-01-15"


def test_one_key_each_needs_no_number() -> None:
    assert pattern_problem("rack key", 1) == ""
    assert pattern_problem("rack key", 2) != ""


@pytest.mark.parametrize(("number", "text"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ")])
def test_people_are_named_by_letters(number: int, text: str) -> None:
    assert letters(number) == text


def test_the_next_cell_is_the_first_after_this_one_that_waits_and_goes_round_the_end() -> None:
    now = stored(rack(), A2, "e1", NO_TAG, 1.0)
    now = skipped(now, B1)
    assert next_open(now) == A1
    assert next_open(now, A1) == B2
    assert next_open(now, B2) == A1
    now = failed(now, B2, "no")
    assert next_open(now, A1) == B2
    for place in (A1, B2):
        now = skipped(now, place)
    assert next_open(now) is None
    assert next_open(now, A1) is None


def test_a_stored_cell_says_which_key_under_which_name_and_when() -> None:
    now = stored(rack(), B1, "e1", Tag("Key", "1234", "aa"), 7.0)
    assert now.cell(B1) == Cell(
        State.STORED, "e1", "key 1, 2027-01-15", Tag("Key", "1234", "aa"), 7.0
    )
    assert now.summary == "1 of 4 keys"


def test_no_cell_is_stored_twice_and_no_entry_of_one_person_stands_in_two_cells() -> None:
    now = stored(rack(), A1, "e1", NO_TAG, 1.0)
    for place, entry in ((A1, "e2"), (A2, "e1"), (A2, "")):
        with pytest.raises(Refused):
            stored(now, place, entry, NO_TAG, 1.0)
    assert stored(now, B1, "e1", NO_TAG, 1.0).cell(B1).entry == "e1"


def test_what_is_stored_is_neither_skipped_nor_failed() -> None:
    now = stored(rack(), A1, "e1", NO_TAG, 1.0)
    with pytest.raises(Refused):
        skipped(now, A1)
    with pytest.raises(Refused):
        failed(now, A1, "no")


def test_only_a_stored_key_is_proved_and_a_login_is_not_forgotten_for_a_signature() -> None:
    with pytest.raises(Refused):
        proved(rack(), A1, How.LOGIN)
    now = stored(rack(), A1, "e1", NO_TAG, 1.0)
    assert now.cell(A1).how is How.ENROLLED
    now = proved(now, A1, How.SIGNATURE)
    assert now.cell(A1).how is How.SIGNATURE
    now = proved(proved(now, A1, How.LOGIN), A1, How.SIGNATURE)
    assert now.cell(A1).how is How.LOGIN


def test_why_it_failed_is_kept_in_bounds_and_another_try_may_follow() -> None:
    now = failed(rack(), A1, "x" * 5000)
    assert now.cell(A1).state is State.BAD
    assert len(now.cell(A1).why) == 400
    assert stored(now, A1, "e1", NO_TAG, 1.0).cell(A1).why == ""


def test_of_a_serial_number_the_end_alone_is_kept() -> None:
    info = KeyInfo(KeyPlace("/dev/hidraw0", "P" * 500, "123456789"), aaguid="g" * 500)
    tag = tag_of(info)
    assert tag.serial == "6789"
    assert len(tag.product) == len(tag.aaguid) == 64


# --- whatever happens ---------------------------------------------------------------------

Step = tuple[str, Place, str]


def steps(of: Rack) -> st.SearchStrategy[list[Step]]:
    names = st.sampled_from(["stored", "proved", "failed", "skipped", "reopened"])
    entries = st.sampled_from(["e1", "e2", "e3", "e4"])
    return st.lists(st.tuples(names, st.sampled_from(of.places), entries), max_size=30)


def after(now: Rack, step: Step) -> Rack:
    name, place, entry = step
    try:
        match name:
            case "stored":
                return stored(now, place, entry, Tag("k", entry, ""), 2.0)
            case "proved":
                return proved(now, place, How.SIGNATURE)
            case "failed":
                return failed(now, place, "no")
            case "skipped":
                return skipped(now, place)
            case _:
                return reopened(now, place)
    except AuthTuiError:
        return now


@given(steps(rack(3, THREE)))
def test_no_sequence_of_steps_loses_or_doubles_a_cell(taken: list[Step]) -> None:
    now = rack(3, THREE)
    for step in taken:
        then = after(now, step)
        changed = [place for place in now.places if now.cell(place) != then.cell(place)]
        assert changed in ([], [step[1]])
        now = then
    assert now.places == rack(3, THREE).places
    assert tuple(person.userid for person in now.people) == THREE
    assert sum(len(now.in_state(state)) for state in State) == len(now.places)
    for person in now.people:
        entries = [cell.entry for cell in person.cells if cell.entry]
        assert len(set(entries)) == len(entries)
    for place in now.places:
        cell = now.cell(place)
        assert bool(cell.entry) == (cell.state is State.STORED)
        assert cell.how is How.ENROLLED or cell.state is State.STORED
    following = next_open(now)
    assert (following is None) == (not now.unfinished)


@given(st.lists(st.sampled_from(["pull", "skip"]), min_size=6, max_size=6))
def test_going_from_cell_to_cell_visits_each_once(answers: list[str]) -> None:
    now, at, seen = rack(2, THREE), None, []
    for number, answer in enumerate(answers):
        at = next_open(now, at)
        assert at is not None
        seen.append(at)
        done = answer == "skip"
        now = skipped(now, at) if done else stored(now, at, f"e{number}", NO_TAG, 1.0)
    assert sorted(seen) == list(now.places)
    assert next_open(now, at) is None


def test_the_plan_of_proof_is_a_part_of_the_rack() -> None:
    assert replace(rack(), proving=Proving.NOW) != rack()
