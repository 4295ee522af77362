"""Answers about large immutable things are worked out once."""

from pve_auth_tui.core.memo import remembered


def test_the_same_thing_is_worked_out_once_and_an_equal_one_again():
    asked = []

    @remembered
    def length(thing):
        asked.append(thing)
        return len(thing)

    first, second = [1], [1]
    assert (length(first), length(first), length(second)) == (1, 1, 1)
    assert len(asked) == 2


def test_the_last_two_are_kept():
    asked = []

    @remembered
    def answer(thing):
        asked.append(thing[0])
        return thing[0]

    one, two, three = ["1"], ["2"], ["3"]
    for thing in (one, two, one, three, two):
        answer(thing)
    assert asked == ["1", "2", "3"]


def test_none_is_an_answer_too():
    asked = []

    @remembered
    def nothing(thing):
        asked.append(thing)

    thing = []
    nothing(thing)
    nothing(thing)
    assert len(asked) == 1
