"""Bursts: what a touched YubiKey or a paste does must not press a key (R4)."""

from __future__ import annotations

import pytest

from pve_auth_tui.terminal.burst import WINDOW, Bursts, Gate, Kind

MODHEX = "cccjgjgkhcbbirdrfdnlnghhfgrtnnlgedjlftrbdeut"


@pytest.mark.parametrize(
    ("situation", "times", "burst"),
    [
        ("one key", [0.0], []),
        ("three at once", [0.0, 0.01, 0.02], []),
        ("a held key", [0.0, 0.033, 0.066, 0.099, 0.132], []),
        ("four at once", [0.0, 0.01, 0.02, 0.03], [0.0, 0.01, 0.02, 0.03]),
        (
            "a key long before, and one in its wake",
            [0.0, 1.0, 1.01, 1.02, 1.03, 1.08],
            [1.0, 1.01, 1.02, 1.03, 1.08],
        ),
        ("a key long after", [0.0, 0.01, 0.02, 0.03, 1.0], [0.0, 0.01, 0.02, 0.03]),
    ],
)
def test_four_keys_within_50_ms_are_a_burst(
    situation: str, times: list[float], burst: list[float]
) -> None:
    bursts = Bursts()
    covered: set[float] = set()
    for now in times:
        bursts.heard(now, printable=True)
        covered |= {time for time in times if time <= now and bursts.covers(time)}
    assert sorted(covered) == burst


def test_a_yubikeys_enter_belongs_to_its_burst_and_a_later_one_does_not() -> None:
    bursts = Bursts()
    for number, _ in enumerate(MODHEX):
        bursts.heard(number * 0.01, printable=True)
    enter = len(MODHEX) * 0.01
    bursts.heard(enter, printable=False)
    assert bursts.covers(enter)
    assert not bursts.covers(enter + 0.5)


def test_arrows_held_down_are_no_burst() -> None:
    bursts = Bursts()
    for number in range(20):
        bursts.heard(number * 0.005, printable=False)
    assert not any(bursts.covers(number * 0.005) for number in range(20))


def test_the_enter_behind_a_paste_belongs_to_it() -> None:
    bursts = Bursts()
    bursts.pasted(5.0)
    assert bursts.covers(5.01)
    assert not bursts.covers(4.99)
    assert not bursts.covers(5.1)


def play(gate: Gate[str], keys: list[tuple[str, float, Kind]]) -> list[tuple[str, float]]:
    """Feed keys at their times as an application would, timers included: (key, let through at)."""
    through: list[tuple[str, float]] = []

    def timers(until: float) -> None:
        while (due := gate.due) is not None and due < until:
            now = due + 0.001
            through.extend((key, now) for key in gate.released(now))

    for key, time, kind in keys:
        timers(time)
        printable = len(key) == 1
        through.extend((k, time) for k in gate.arrived(key, time, kind, printable=printable))
    timers(float("inf"))
    return through


def typed(
    text: str, kind: Kind, start: float = 0.0, step: float = 0.01
) -> list[tuple[str, float, Kind]]:
    names = {"\r": "enter"}
    return [
        (names.get(c, c), start + number * step, "acts" if c == "\r" else kind)
        for number, c in enumerate(text)
    ]


def test_a_key_that_acts_waits_a_moment_and_then_acts() -> None:
    [(key, at)] = play(Gate(Bursts()), [("a", 1.0, "acts")])
    assert key == "a"
    assert 1.0 + WINDOW <= at <= 1.0 + 2 * WINDOW


def test_movement_and_typing_never_wait() -> None:
    keys: list[tuple[str, float, Kind]] = [("j", 1.0, "moves"), ("x", 2.0, "types")]
    assert play(Gate(Bursts()), keys) == [("j", 1.0), ("x", 2.0)]


@pytest.mark.parametrize("step", [0.0, 0.001, 0.01, 0.016])
def test_a_touched_yubikey_presses_nothing(step: float) -> None:
    assert play(Gate(Bursts()), typed(MODHEX + "\r", "acts", step=step)) == []


def test_a_yubikey_moves_a_cursor_by_three_steps_at_most() -> None:
    assert len(play(Gate(Bursts()), typed(MODHEX, "moves"))) <= 3


def test_a_yubikey_types_into_a_field_and_its_enter_does_not_submit() -> None:
    through = play(Gate(Bursts()), typed(MODHEX + "\r", "types"))
    assert "".join(key for key, _ in through) == MODHEX


def test_a_paste_of_several_lines_into_a_field_submits_none_of_them() -> None:
    through = play(Gate(Bursts()), typed("ab\rcdef\rgh\r", "types", step=0.0005))
    assert "".join(key for key, _ in through) == "abcdefgh"


def test_a_person_typing_fast_submits_with_enter() -> None:
    through = play(Gate(Bursts()), typed("anna\r", "types", step=0.06))
    assert [key for key, _ in through] == [*"anna", "enter"]


def test_keys_keep_their_order_behind_one_that_waits() -> None:
    keys: list[tuple[str, float, Kind]] = [
        ("a", 1.0, "acts"),
        ("x", 1.02, "types"),
        ("y", 1.03, "types"),
    ]
    assert [key for key, _ in play(Gate(Bursts()), keys)] == ["a", "x", "y"]


def test_a_held_key_acts_each_time() -> None:
    through = play(Gate(Bursts()), typed("nnnnnn", "acts", step=0.033))
    assert [key for key, _ in through] == ["n"] * 6
