"""A Secret shows itself in no way but `reveal` (R8)."""

import copy
import json
import logging
import pickle
import traceback
from dataclasses import asdict, dataclass

import pytest

from pve_auth_tui.core.secret import HIDDEN, Secret

CANARY = "canary-7c1e"


@dataclass
class Account:
    name: str
    password: Secret


@pytest.fixture
def secret():
    return Secret(CANARY)


def test_whoever_needs_it_reveals_it(secret):
    assert secret.reveal() == CANARY


@pytest.mark.parametrize(
    "show",
    [
        str,
        repr,
        "{}".format,
        "{!r:>20}".format,
        "{:.3}".format,
        lambda secret: f"{secret} {secret!s} {[secret]} {(secret,)}",
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031 (as a logger does it)
        lambda secret: repr(Account("ann", secret)),
        lambda secret: repr(asdict(Account("ann", secret))),
        lambda secret: repr(copy.deepcopy(secret)),
        lambda secret: logging.LogRecord("", 0, "", 0, "%s", (secret,), None).getMessage(),
        lambda secret: "".join(traceback.format_exception(ValueError(secret))),
        lambda secret: str(dir(secret)),
    ],
)
def test_it_is_hidden_wherever_it_is_shown(secret, show):
    assert CANARY not in show(secret)


def test_what_is_shown_has_always_the_same_length():
    assert str(Secret("")) == str(Secret("x" * 50)) == HIDDEN


@pytest.mark.parametrize("write", [json.dumps, pickle.dumps, copy.copy])
def test_it_is_never_written_out(secret, write):
    with pytest.raises(TypeError):
        write(secret)


def test_it_is_equal_by_what_it_hides_and_no_key_of_a_table(secret):
    assert secret == Secret(CANARY)
    assert secret != Secret("another")
    assert secret != CANARY
    assert secret != Secret("\ud800")  # no encoding error with the value in it
    with pytest.raises(TypeError):
        hash(secret)
