"""What counts as equal, what stands for what, and what never does."""

import re
from pathlib import Path

import pytest

from tests.conformance.artefacts import ARTEFACTS
from tests.conformance.comparison import Comparison
from tests.conformance.conftest import GOLDEN
from tests.conformance.recording import topics

ONE, OTHER = ("PVE:ann@pve:6B022041::" + sign * 342 + "==" for sign in "AB")
SECRET, OUR_SECRET = "0" * 8 + "-0000" * 3 + "-" + "0" * 12, "f" * 8 + "-0000" * 3 + "-" + "0" * 12
TASK = "UPID:pve1:00002CAB:0003CDC9:6B021FBE:auth-realm-sync:corp:root@pam:"
OUR_TASK = "UPID:pve1:00001268:01ABCDEF:6B021FBE:auth-realm-sync:corp:root@pam:"


@pytest.mark.parametrize(
    ("recorded", "ours"),
    [
        ({"a": 1, "b": None}, {"b": None, "a": 1}),
        ([{"a": 1}, {"a": 2}], [{"a": 2}, {"a": 1}]),
        ({"ticket": ONE}, {"ticket": OTHER}),
        ({"value": SECRET}, {"value": OUR_SECRET}),
        ({"upid": TASK, "pid": 11435}, {"upid": OUR_TASK, "pid": 4712}),
        ({"created": 1795301418}, {"created": 1795301420}),
        ({"version": "9.1.1-harness", "release": "9.1"}, {"version": "9.2.11", "release": "9.2"}),
        ({"next-run": 1}, {"next-run": 1795306089}),
    ],
)
def test_equal(recorded, ours):
    assert Comparison().difference(recorded, ours) == ""


@pytest.mark.parametrize(
    ("recorded", "ours", "where"),
    [
        ({"a": 1}, {"a": "1"}, ".a: '1', recorded 1"),
        ({"a": 1}, {"a": True}, ".a: True, recorded 1"),
        ({"a": 1}, {}, ": without ['a'], but with []"),
        ([{"a": 1}], [{"a": 1}, {"a": 1}], ": 2 items, recorded 1"),
        (["a", "a", "b"], ["a", "b", "b"], "[1]: 'b', recorded 'a'"),
        ({"ticket": ONE}, {"ticket": ONE.replace("ann", "bob")}, ".ticket: "),
        ({"ticket": ONE}, {"ticket": ONE[:-9]}, ".ticket: "),
        ({"created": 1795301418}, {"created": 1795307418}, ".created: "),
        ({"created": 1795301418}, {"created": "1795301418"}, ".created: "),
        ({"upid": TASK}, {"upid": OUR_TASK.replace("corp", "other")}, ".upid: "),
        ({"version": "9.1.1-harness"}, {"version": "8.1.1"}, ".version: "),
        ({"comment": "9.1.1-harness"}, {"comment": "9.2.1"}, ".comment: "),
        ({"starttime": None}, {"starttime": 1}, ".starttime: "),
        ({"data": []}, {"data": {}}, ".data: {}, recorded []"),
        (None, [], ": [], recorded None"),
    ],
)
def test_different_and_where(recorded, ours, where):
    assert Comparison().difference(recorded, ours).startswith(where)


def test_ours_stands_for_what_was_recorded_wherever_it_turns_up():
    comparison = Comparison()
    assert comparison.same({"value": SECRET, "ticket": ONE}, {"value": OUR_SECRET, "ticket": OTHER})
    assert comparison.ours(f"/access/tfa/ann@pve/{SECRET}") == f"/access/tfa/ann@pve/{OUR_SECRET}"
    assert comparison.same(f"No such tfa entry '{SECRET}'", f"No such tfa entry '{OUR_SECRET}'")
    assert not comparison.same(f"No such tfa entry '{SECRET}'", f"No such tfa entry '{SECRET}'")


def test_an_id_stands_for_the_same_one_until_the_end():
    third = OUR_SECRET.replace("f", "e")
    comparison = Comparison()
    assert comparison.same(SECRET, OUR_SECRET)
    assert not comparison.same(SECRET, third)
    assert not comparison.same(third, OUR_SECRET)


def test_a_user_may_have_several_tickets():
    comparison = Comparison()
    assert comparison.same(ONE, ONE)
    assert comparison.same(ONE, OTHER)
    assert comparison.ours(ONE) == OTHER


def test_recovery_codes_keep_their_order():
    recorded = {"recovery": ["0000-0000-0000-0001", "ffff-0000-0000-0002"]}
    ours = {"recovery": ["ffff-0000-0000-000a", "0000-0000-0000-000b"]}
    comparison = Comparison()
    assert comparison.same(recorded, ours)
    assert comparison.ours("recovery:ffff-0000-0000-0002") == "recovery:0000-0000-0000-000b"


def test_texts_of_a_stand_in_are_only_excused_where_it_answered():
    recorded, ours = "STUB-WEBAUTHN: no good\n", "The clients relying party origin is another one\n"
    comparison = Comparison()
    assert not comparison.same(recorded, ours, "message")
    comparison.stub = True
    assert comparison.same(recorded, ours, "message")
    assert not comparison.same("no such challenge\n", ours, "message")


def test_each_artefact_stands_once_with_its_reason():
    assert len({kind.name for kind in ARTEFACTS}) == len(ARTEFACTS)
    assert all(kind.reason and (kind.pattern or kind.number) for kind in ARTEFACTS)
    for kind in ARTEFACTS:
        groups = {re.compile(text).groups for text in (kind.pattern, kind.ours or kind.pattern)}
        assert len(groups) == 1  # what must be the same is named on both sides


def test_nothing_is_compared_by_topic():
    for module in ("artefacts", "comparison", "leftfiles", "leftout", "http", "replay"):
        text = (Path(__file__).parent / f"{module}.py").read_text()
        assert not re.search(r'"\d\d-[a-z]+', text), module


def leaves(value, path=()):
    """(where, value) of all that is neither a dict nor a list."""
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for name, part in items:
            yield from leaves(part, (*path, name))
    else:
        yield path, value


def changed(value, path, leaf):
    """A copy with another leaf."""
    if not path:
        return leaf
    copied = value.copy()
    copied[path[0]] = changed(value[path[0]], path[1:], leaf)
    return copied


def other(leaf):
    """Something else of the same type, and of another one."""
    if isinstance(leaf, str):
        return (f"{leaf}x", leaf[:-1], None) if leaf else ("x", None)
    return (leaf + 100_000, str(leaf)) if isinstance(leaf, int) else (0, "")


def test_a_deviation_anywhere_in_any_answer_is_noticed():
    unnoticed = set()
    tried = 0
    for topic in topics(GOLDEN, "replay"):
        for call in topic.calls:
            data = call.answer.data
            for path, leaf in list(leaves(data))[:60]:
                for instead in other(leaf):
                    tried += 1
                    if Comparison().same(data, changed(data, path, instead)):
                        unnoticed.add(path[-1])
    assert tried > 3000
    assert unnoticed == {"next-run", "repoid"}  # any number, any length: see ARTEFACTS
