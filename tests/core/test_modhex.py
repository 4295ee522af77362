"""What a touched YubiKey types, and what somebody typed before it."""

from __future__ import annotations

import pytest

from pve_auth_tui.core.modhex import holds_code, is_code, without_codes

CODE = "cccjgjgkhcbbirdrfdnlnghhfgrtnnlgedjlftrbdeut"


def test_a_code_is_44_of_its_letters():
    assert is_code(CODE)
    assert not any(map(is_code, (CODE[:-1], CODE + "c", CODE[:-1] + "a", "")))


@pytest.mark.parametrize("text", [CODE, f"rack 3{CODE}", CODE + CODE, CODE[:32], f"{CODE} x"])
def test_a_code_is_found_wherever_it_was_typed(text):
    assert holds_code(text)


@pytest.mark.parametrize("text", ["", "rack 3", "edited", CODE[:31], CODE.upper()])
def test_what_people_type_is_no_code(text):
    assert not holds_code(text)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"rack 3{CODE}", "rack 3"),
        (f"fine{CODE}", "fine"),
        (f"{CODE}{CODE}", ""),
        (f"{CODE[:40]} x", " x"),
        ("rack 3", "rack 3"),
    ],
)
def test_what_was_typed_before_a_code_stays(text, left):
    assert without_codes(text) == left
