"""What is computed here beside what PVE answers."""

import pytest

from pve_auth_tui.core.errors import Unreadable
from pve_auth_tui.core.why.check import answered, check_line
from pve_auth_tui.core.why.explain import explain
from tests.core.pictures import NOW, picture


def asked():
    made = picture("user:ann@pve:1:0:::::", "role:R:VM.Audit:", "acl:1:/vms:ann@pve:R:")
    return explain(made, "ann@pve", "/vms/100", "", now=NOW)


def test_an_answer_is_read_as_perl_writes_it():
    assert answered({"/vms": {"VM.Audit": 1, "VM.Console": "0"}}, "/vms") == {
        "VM.Audit": True,
        "VM.Console": False,
    }
    assert answered({}, "/vms") == {}


@pytest.mark.parametrize("answer", [None, [], {"/vms": 1}, {"/vms": {"VM.Audit": []}}])
def test_an_answer_of_another_shape_is_none(answer):
    with pytest.raises(Unreadable):
        answered(answer, "/vms")


@pytest.mark.parametrize(
    ("by_pve", "word", "text"),
    [
        ({"VM.Audit": True}, "ok", "PVE answers the same: VM.Audit."),
        ({"VM.Audit": False}, "LOOK", "PVE answers otherwise: VM.Audit. r reads"),
        ({}, "LOOK", "PVE answers otherwise: no privilege. r reads"),
        (None, "-", "PVE was not asked: its API is not reached. Computed here: VM.Audit."),
    ],
)
def test_what_was_checked_is_said_and_nothing_more(by_pve, word, text):
    line = check_line(asked(), by_pve)
    assert line.word == word
    assert line.text.startswith(text)


def test_why_pve_could_not_be_asked_is_said():
    line = check_line(asked(), None, "PVE did not answer in time.")
    assert line.text.startswith("PVE was not asked: PVE did not answer in time. Computed here:")
