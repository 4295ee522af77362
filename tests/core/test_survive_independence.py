"""How many ways in are independent: compared with trying every set of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from pve_auth_tui.core.survive.cell import Cell, no, unknown, yes
from pve_auth_tui.core.survive.independence import Judged, independent, taken_by
from pve_auth_tui.core.survive.threat import Threat
from pve_auth_tui.core.survive.way import First, Way

ALL = tuple(Threat)


def judged(userid: str, *falls: Threat, way: Way | None = None) -> Judged:
    cells: dict[Threat, Cell] = {one: no("x") if one in falls else yes("x") for one in Threat}
    return way or Way(userid, First.STORED, "known"), cells


def count(*ways: Judged) -> int:
    return len(independent(ways))


# --- in words -----------------------------------------------------------------------------


def test_two_people_with_nothing_in_common_are_two() -> None:
    assert count(judged("ann", Threat.PHONE), judged("bob", Threat.CERTIFICATE)) == 2


def test_two_ways_in_of_one_person_are_one() -> None:
    key = Way("ann", First.STORED, "known", "key")
    assert count(judged("ann", Threat.PHONE), judged("ann", Threat.DNS, way=key)) == 1


def test_two_apps_are_one_whoever_has_them() -> None:
    taken = (Threat.PHONE, Threat.QUORUM, Threat.CLOCK)
    assert count(judged("ann", *taken), judged("bob", *taken)) == 1


def test_passwords_alone_count_each() -> None:
    assert count(*(judged(name) for name in ("ann", "bob", "carl"))) == 3


def test_root_at_the_console_is_root_at_the_web_interface() -> None:
    """Both ask for the same Linux password."""
    console = judged("root", way=Way("root", First.CONSOLE, "known"))
    assert count(judged("root@pam", Threat.DNS), console) == 1


def test_what_is_not_known_is_not_relied_on() -> None:
    may_be = {one: unknown("x") if one is Threat.DNS else yes("x") for one in Threat}
    pair: Judged = (Way("ann", First.STORED, "known"), may_be)
    assert count(pair, judged("bob", Threat.DNS)) == 1
    nobody = Way("carl", First.STORED, "unknown")
    assert count(judged("carl", way=nobody)) == 0


def test_a_way_in_that_falls_to_most_does_not_hide_two_that_fall_to_less() -> None:
    most = judged("ann", Threat.DNS, Threat.PHONE)
    assert count(most, judged("bob", Threat.DNS), judged("carl", Threat.PHONE)) == 2


# --- every set tried ------------------------------------------------------------------------

_threats = st.sets(st.sampled_from(ALL[:4]))
_people = st.sampled_from(["ann", "bob", "carl", "root@pam", "root"])


@st.composite
def worlds(draw: st.DrawFn) -> list[Judged]:
    found: list[Judged] = []
    for at in range(draw(st.integers(0, 7))):
        userid = draw(_people)
        first = First.CONSOLE if userid == "root" else First.STORED
        certainty = draw(st.sampled_from(["known", "known", "depends", "unknown"]))
        way = Way(userid, first, certainty, reason=str(at))  # type: ignore[arg-type]
        found.append(judged(userid, *draw(_threats), way=way))
    return found


def are_independent(chosen: Sequence[Judged]) -> bool:
    """As the definition has it, said another way."""
    for one, other in combinations(chosen, 2):
        people = {"root@pam" if way.userid == "root" else way.userid for way, _ in (one, other)}
        both = [at for at in Threat if one[1][at].word != "yes" and other[1][at].word != "yes"]
        if len(people) == 1 or both:
            return False
    return all(way.certainty != "unknown" for way, _ in chosen)


@settings(max_examples=300)
@given(worlds())
def test_no_larger_set_can_be_found_by_trying_all(ways: list[Judged]) -> None:
    largest = max(
        size
        for size in range(len(ways) + 1)
        if any(are_independent(chosen) for chosen in combinations(ways, size))
    )
    chosen = independent(ways)
    assert len(chosen) == largest
    assert are_independent([pair for pair in ways if pair[0] in chosen])


@given(worlds())
def test_after_any_one_trouble_all_but_one_are_left(ways: list[Judged]) -> None:
    cells = dict(ways)
    chosen = independent(ways)
    for threat in Threat:
        left = [way for way in chosen if threat not in taken_by(cells[way])]
        assert len(left) >= len(chosen) - 1


def test_ten_thousand_people_are_no_puzzle() -> None:
    """No clock is asked: of people who are alike eight are looked at, as no more can be of use."""
    many = [judged(f"u{at}", ALL[at % 8], ALL[(at + 1) % 8]) for at in range(10_000)]
    assert count(*many) == 4
