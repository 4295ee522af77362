"""What a device's descriptor and its uevent say, whatever bytes they are."""

from __future__ import annotations

import pytest
from fido2.hid.base import parse_report_descriptor
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.adapters.keys.descriptor import Named, is_security_key, named
from tests.adapters.keys.descriptors import BEHIND, KEY, NO_KEYS, WIDE


@pytest.mark.parametrize("descriptor", [KEY, BEHIND, WIDE], ids=["key", "behind", "wide"])
def test_keys_are_found(descriptor: bytes) -> None:
    assert is_security_key(descriptor)


@pytest.mark.parametrize("what", NO_KEYS)
def test_other_devices_are_not(what: str) -> None:
    assert not is_security_key(NO_KEYS[what])


def test_a_long_item_is_skipped() -> None:
    assert is_security_key(b"\xfe\x03\x00abc" + KEY)
    assert not is_security_key(b"\xfe\xff\x00" + KEY)
    assert not is_security_key(b"\xfe")


def test_what_the_library_takes_for_a_key_is_one_here() -> None:
    assert parse_report_descriptor(KEY) == (64, 64)


@given(st.binary(max_size=5000))
def test_no_bytes_make_it_fail(data: bytes) -> None:
    assert is_security_key(data) in {True, False}
    assert isinstance(named(data), Named)


@given(st.lists(st.sampled_from([KEY[at : at + n] for at in range(len(KEY)) for n in (1, 2, 3)])))
def test_no_pieces_of_a_key_make_it_fail(pieces: list[bytes]) -> None:
    assert is_security_key(b"".join(pieces)) in {True, False}


@given(st.integers(0, len(KEY) - 1), st.integers(0, 255))
def test_no_single_other_byte_makes_it_fail(at: int, value: int) -> None:
    assert is_security_key(KEY[:at] + bytes([value]) + KEY[at + 1 :]) in {True, False}


@given(st.text(), st.text())
def test_names_are_one_printable_line(product: str, serial: str) -> None:
    told = named(f"HID_NAME={product}\nHID_UNIQ={serial}\n".encode("utf-8", "surrogatepass"))
    for text in (told.product, told.serial):
        assert text.isprintable()
        assert len(text) <= 64


def test_a_name_with_a_line_break_forges_no_number() -> None:
    told = named(b"HID_ID=0003:00001050:00000407\nHID_NAME=x\nHID_ID=0003:0000dead:0000beef\n")
    assert (told.vendor_id, told.product_id) == (0x1050, 0x0407)
    assert named(b"HID_ID=0003:FFFFFFFFF:-0000001").vendor_id == 0
    assert named(b"HID_ID=0003").product_id == 0
