"""An unfinished rack as JSON: it comes back as it was, and nothing foreign does harm."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.errors import Unreadable
from pve_auth_tui.core.proofs import How
from pve_auth_tui.core.rack import Place, Proving, Rack, Tag, failed, new_rack, proved, stored
from pve_auth_tui.core.rackjson import MOST_BYTES, from_json, to_json
from tests.core.test_rack import THREE, Step, after, rack, steps


def worked() -> Rack:
    made = new_rack(THREE, 2, pattern="k {label}", proving=Proving.NOW, now=1_800_000_000.5)
    made = stored(made, Place(0, 0), "e1", Tag("Key\x1b[2J", "1234", "aa"), 1_800_000_100.0)
    return failed(proved(made, Place(0, 0), How.LOGIN), Place(2, 1), "The key was unplugged.")


def test_it_comes_back_as_it_was() -> None:
    assert from_json(to_json(worked())) == worked()


@given(steps(rack(3, THREE)))
def test_whatever_happened_to_it_it_comes_back_as_it_was(taken: list[Step]) -> None:
    now = rack(3, THREE)
    for step in taken:
        now = after(now, step)
    assert from_json(to_json(now)) == now


@given(st.text())
def test_no_text_makes_it_crash(text: str) -> None:
    with pytest.raises(Unreadable):
        from_json(text)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(st.data())
def test_a_foreign_value_anywhere_is_refused_or_harmless(data: st.DataObject) -> None:
    tree: Any = json.loads(to_json(worked()))
    node, names = tree, list(tree)
    while True:
        name = data.draw(st.sampled_from(names))
        inner = node[name]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            node[name] = data.draw(ANYTHING)
            break
        node = inner
        names = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
    try:
        read = from_json(json.dumps(tree))
    except Unreadable:
        return
    assert from_json(to_json(read)) == read
    assert len(read.places) == len(read.people) * read.keys_each


def changed(**members: Any) -> str:
    return json.dumps({**json.loads(to_json(worked())), **members})


def of_cell(**members: Any) -> str:
    tree = json.loads(to_json(worked()))
    tree["people"][0]["cells"][0].update(members)
    return json.dumps(tree)


def doubled() -> str:
    tree = json.loads(to_json(worked()))
    cells = tree["people"][0]["cells"]
    cells[1] = copy.deepcopy(cells[0])
    return json.dumps(tree)


def same_person() -> str:
    tree = json.loads(to_json(worked()))
    tree["people"][1]["userid"] = tree["people"][0]["userid"]
    return json.dumps(tree)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        " " * (MOST_BYTES + 1),
        changed(form=2),
        changed(form=True),
        changed(more=1),
        changed(pattern="the same for both"),
        changed(pattern=" k {label} "),
        changed(proving="never"),
        changed(begun=-1),
        changed(begun=float("nan")),
        changed(begun=2**41),
        changed(people=[]),
        changed(people=[{"userid": "ann@pve", "cells": []}]),
        changed(people=[1]),
        of_cell(entry=""),
        of_cell(state="open"),
        of_cell(state="gone"),
        of_cell(how="perhaps"),
        of_cell(tag=["a", "b"]),
        of_cell(why="x" * 513),
        of_cell(at="now"),
        doubled(),
        same_person(),
    ],
)
def test_what_is_not_of_just_this_form_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        from_json(text)
