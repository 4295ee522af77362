"""shadow.cfg: password hashes of realm pve, read and written as PVE does it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.shadow import ShadowFile, parse_shadow, write_shadow
from tests.core.recorded import recorded

CASES = pytest.mark.parametrize("case", recorded("priv/shadow.cfg"), ids=str)


@CASES
def test_hashes_are_what_pve_reads(case):
    hashes = parse_shadow(case.data).hashes
    assert {name: hash.reveal() for name, hash in hashes.items()} == {
        name: entry["shadow"] for name, entry in case.parsed["users"].items()
    }


@CASES
def test_warnings_are_pves_without_its_line_number_of_another_file(case):
    told = tuple(warning.rstrip("0123456789").rstrip() for warning in case.warnings)
    assert parse_shadow(case.data).warnings == told


@CASES
def test_written_back_the_file_has_pves_own_bytes(case):
    assert write_shadow(parse_shadow(case.data)) in case.rewritten


@given(st.binary())
def test_any_bytes_are_read(data):
    parse_shadow(data)


_NAMES = st.from_regex(r"[!-9;-~\x80-\xff]{1,20}", fullmatch=True)


@given(st.dictionaries(_NAMES, _NAMES.map(Secret)))
def test_hashes_come_back_from_their_file(hashes):
    assert parse_shadow(write_shadow(ShadowFile(hashes))).hashes == hashes


@pytest.mark.parametrize(
    "line", [b"ann", b"ann:", b"ann::", b":x:", b"ann:x", b"a b:x:", b"ann:x y:"]
)
def test_a_line_is_a_name_and_a_hash_and_two_colons(line):
    file = parse_shadow(line)
    assert (file.hashes, len(file.warnings)) == ({}, 1)


def test_what_follows_the_hash_is_ignored():
    assert parse_shadow(b"ann:$5$x:y:z:\n").hashes["ann"].reveal() == "$5$x"


def test_a_line_of_a_megabyte_is_read_at_once():
    before = time.process_time()
    parse_shadow(b"a:" * 500_000 + b"x")
    assert time.process_time() - before < 1


def test_no_hash_is_shown():
    assert "$5$" not in repr(parse_shadow(b"ann:$5$salt$hash:\n"))
