"""Files that somebody broke, or made to break us: realms, jobs, options, second factors."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pve_auth_tui.core.datacenter import parse_datacenter, write_datacenter
from pve_auth_tui.core.domains import parse_domains, write_domains
from pve_auth_tui.core.jobs import parse_jobs, write_jobs
from pve_auth_tui.core.sectionconfig import WriteRefused
from pve_auth_tui.core.tfaconfig import TfaUnreadable, parse_tfa

READERS = [parse_domains, parse_datacenter, parse_jobs, parse_tfa]

PIECES = st.sampled_from(
    [
        *(b"ldap: a1\n", b"\n", b"\t", b" ", b"realm-sync: j\n", b"vzdump: v\n", b"pam: pam\n"),
        *(b"server1 a.b", b"default 1", b"comment %ff", b"tfa type=oath", b"\xff", b"#", b":"),
        *(b"webauthn: rp=x,", b"migration: ", b"crs:", b"registered-tags: ;", b"0\n", b"\r"),
        *(b'{"users":', b"{", b"}", b"[", b"]", b'"', b"\\u", b"d800", b"a@bc:oath:", b"eyJ"),
        *(b'"totp":', b'"entry":"otpauth://totp/a?secret=', b"1e999", b"-", b"\0", b","),
    ]
)


def reason(act, given):
    """Why it is refused, in the one way that is allowed; None when it is not."""
    try:
        act(given)
    except (TfaUnreadable, WriteRefused) as refused:
        return refused
    return None


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)
@given(data=st.lists(st.binary(max_size=8) | PIECES, max_size=30).map(b"".join))
@example(data=b"")
def test_no_bytes_make_a_reader_crash(read, data):
    refused = reason(read, data)
    assert refused is None or (read is parse_tfa and str(refused) and refused.hint)


@given(data=st.lists(st.binary(max_size=8) | PIECES, max_size=30).map(b"".join))
def test_what_was_read_can_be_written_or_is_refused_with_a_reason(data):
    for read, write in [
        (parse_domains, write_domains),
        (parse_datacenter, write_datacenter),
        (parse_jobs, write_jobs),
    ]:
        found = read(data)
        refused = reason(write, found)
        assert refused is None or refused.original


LONG = 200_000
LONG_LINES = [
    b"a" * LONG,
    b":" * LONG,
    b"a:" * LONG,
    b" " * LONG + b"x y z",
    b"x" + b" " * LONG + b"y" + b" " * LONG,
    b"ldap: a1\n\tserver2 " + b"a." * LONG + b"!",
    b"ldap: a1\n\tsync_attributes " + b"a=b," * LONG,
    b"ldap: a1\n\tuser_classes " + b"a, " * LONG,
    b"ldap: a1\n\ttfa " + b"type," * LONG,
    b"realm-sync: a1\n\tremove-vanished " + b"acl;" * LONG + b"x",
    b"realm-sync: a1\n\tschedule " + b"1," * 2000,
    b"registered-tags: " + b"a;" * LONG + b"!",
    b"tag-style: color-map=" + b"a:000000;" * LONG + b"!",
    b"email_from: " + b"a." * LONG,
    b"webauthn: " + b"rp=x," * LONG,
    b'{"users":{"' + b"a" * LONG,
    b'{"users":{"' + b"\\n" * LONG,
    b"[" + b"1," * LONG,
    b"a@bc:oath:" + b"A" * LONG,
    b'{"users":{"a@bc":{"totp":[{"entry":"otpauth://totp/' + b"%20" * LONG + b'?secret=A"}]}}}',
]


@pytest.mark.parametrize("line", LONG_LINES, ids=lambda line: line[:24].decode())
def test_long_hostile_lines_take_linear_time(line):
    start = time.process_time()
    for read in READERS:
        reason(read, line)
    assert time.process_time() - start < 5  # quadratic would be minutes
