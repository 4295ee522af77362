"""What Debian 13 was recorded to do with odd files, and what we tell of the same files.

`core/transcripts/host`: `ca-*` are runs of update-ca-certificates, `trust-*` ask afterwards who
trusts a server of that CA: the hashed folder alone, the bundle alone, Python.
"""

from __future__ import annotations

import pytest

from tests.authorities import certificate, der, packed, pem
from tests.core.replay import said
from tests.services.trustbench import TrustBench

ROOT, OTHER = certificate(), certificate("Other Root CA")


@pytest.mark.parametrize(
    ("recorded", "name", "data", "word"),
    [
        ("ca-crt", "lab.crt", pem(ROOT), "ok"),
        ("ca-crlf", "crlf.crt", pem(ROOT).replace(b"\n", b"\r\n"), "ok"),
        ("ca-der-as-crt", "der.crt", der(ROOT), "BAD"),
        ("ca-p7b-as-crt", "p7.crt", packed(ROOT, OTHER), "BAD"),
        ("ca-bundle-as-crt", "bundle.crt", pem(ROOT, OTHER), "BAD"),
        ("ca-leaf-as-crt", "leaf.crt", pem(certificate("dc1", "Lab Root CA", ca=False)), "LOOK"),
        ("ca-garbage", "x.crt", b"hello\n", "BAD"),
    ],
)
def test_the_tool_says_one_added_of_everything_and_we_do_not(recorded, name, data, word):
    run = said(recorded, "host")
    assert run.code == 0
    assert any("1 added, 0 removed" in line for line in run.out)
    bench = TrustBench()
    bench.lay(name, data)
    bench.update()
    states = [one.split()[0] for one in bench.state(name)] or ["ok"]
    assert states[0] == word


def test_a_cer_is_ignored_by_the_tool_and_that_is_told():
    assert any("0 added" in line for line in said("ca-cer-ext", "host").out)
    bench = TrustBench()
    bench.lay("lab2.cer", pem(ROOT))
    assert bench.state("lab2.cer")[0].startswith("LOOK It is ignored")


@pytest.mark.parametrize(
    ("recorded", "data"),
    [
        ("trust-one-pem", pem(ROOT)),
        ("trust-crlf", pem(ROOT).replace(b"\n", b"\r\n")),
        ("trust-two-in-one", pem(ROOT, OTHER)),
        ("trust-der", der(ROOT)),
        ("trust-pkcs7", packed(ROOT)),
    ],
)
def test_who_trusts_it_is_told_as_it_was_recorded(recorded, data):
    lines = said(recorded, "host").out
    by_folder = lines[lines.index("dir:") + 1].endswith("OK")
    by_bundle = lines[lines.index("file:") + 1].endswith("OK")
    bench = TrustBench()
    bench.lay("x.crt", data)
    bench.update("--fresh")
    stored = bench.trust.listed().at("x.crt")
    assert stored is not None
    assert (bool(stored.hashed), bool(stored.bundled)) == (by_folder, by_bundle)
