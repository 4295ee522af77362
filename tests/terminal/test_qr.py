"""QR codes as drawn: read back into modules, they are what the library made."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.secret import Secret
from pve_auth_tui.terminal.profile import Profile
from pve_auth_tui.terminal.qr import QUIET, drawable, drawn, half_blocks, matrix

SECRET = base64.b32encode(bytes(range(7, 27))).decode()
LEAN = f"otpauth://totp/pve1:root%40pam?secret={SECRET}&issuer=pve1"
LONGER = f"otpauth://totp/Proxmox%20pve1:root%40pam?secret={SECRET}&issuer=Proxmox%20pve1"


def read_back(lines: tuple[str, ...]) -> list[list[bool]]:
    """The modules of drawn lines: upper and lower half of each character."""
    rows = []
    for line in lines:
        rows.append([sign in "▀█" for sign in line])
        rows.append([sign in "▄█" for sign in line])
    return rows


def the_library(text: str) -> list[list[bool]]:
    from qrcode.constants import ERROR_CORRECT_L
    from qrcode.main import QRCode

    code = QRCode(error_correction=ERROR_CORRECT_L, border=0)
    code.add_data(text)
    return [[bool(module) for module in row] for row in code.get_matrix()]


@pytest.mark.parametrize("text", [LEAN, LONGER, "a", "x" * 400])
def test_what_is_drawn_is_the_code_of_the_library_within_light_modules(text: str) -> None:
    expected, rows = the_library(text), read_back(drawn(Secret(text)).lines)
    size = len(expected)
    inside = [row[QUIET : QUIET + size] for row in rows[QUIET : QUIET + size]]
    assert inside == expected
    dark = sum(map(sum, rows))
    assert dark == sum(map(sum, expected)), "something dark stands in the quiet zone"
    assert all(len(row) == size + 2 * QUIET for row in rows)
    assert len(rows) >= size + 2 * QUIET


def test_modules_are_what_the_library_makes() -> None:
    assert [list(row) for row in matrix(Secret(LEAN))] == the_library(LEAN)


@given(st.integers(1, 30).flatmap(
    lambda n: st.lists(st.lists(st.booleans(), min_size=n, max_size=n), min_size=n, max_size=n)
))  # fmt: skip
def test_any_modules_can_be_read_back(modules: list[list[bool]]) -> None:
    rows = read_back(half_blocks(modules))
    size = len(modules)
    assert [row[QUIET : QUIET + size] for row in rows[QUIET : QUIET + size]] == modules


@pytest.mark.parametrize(
    ("text", "width", "height"), [(LEAN, 37, 19), (LONGER, 41, 21)], ids=["82", "102"]
)
def test_lean_uris_fit_21_rows_as_measured(text: str, width: int, height: int) -> None:
    code = drawn(Secret(text))
    assert (code.width, code.height) == (width, height)
    assert code.fits(80, 21)
    assert code.fits(width, height)
    assert not code.fits(width - 1, height)
    assert not code.fits(width, height - 1)


FONT = frozenset("".join(map(chr, range(32, 127))))


@pytest.mark.parametrize(
    ("profile", "is_drawn"),
    [
        (Profile("unicode", "true"), True),
        (Profile("unicode", "16"), True),
        (Profile("cp437", "16", console=True, font=FONT | set("▀▄█")), True),
        (Profile("cp437", "16", console=True, font=FONT | set("█")), False),
        (Profile("cp437", "16", console=True), False),
        (Profile("unicode", "none"), False),
        (Profile("ascii", "256"), False),
        (Profile("ascii", "none", serial=True), False),
    ],
    ids=["window", "16-colours", "console", "Debian font", "font unknown", "no colour", "ascii",
         "vt220"],
)  # fmt: skip
def test_a_code_is_drawn_only_where_it_arrives_as_it_is(profile: Profile, is_drawn: bool) -> None:
    assert drawable(profile) is is_drawn


def test_a_code_hides_from_repr() -> None:
    assert "█" not in repr(drawn(Secret(LEAN)))
