"""A CA on real Debian nodes: imported, verified by openssl, removed; and the traps, told truly.

Named with the joins: it needs their nodes, and no join.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.authorities import certificate, der, pem, sha256
from tests.lab.adlab.lab import Lab
from tests.lab.joinlab.node import JoinNode
from tests.lab.joinlab.systems import SUITES

# of whatever time it is: the lab's nodes have this machine's clock
ROOT = certificate("Lab Trust Root", begins=-3650, ends=7300)
OTHER = certificate("Lab Other Root", begins=-3650, ends=7300)
LEAF = certificate("srv.lab.test", by="Lab Trust Root", ca=False, begins=-3650, ends=7300)
NAME = f"lab-trust-root-{sha256(ROOT)[:8]}.crt"
FOLDER = "/usr/local/share/ca-certificates"
VERIFY = "/usr/bin/openssl verify -no-CAfile -no-CAstore -CApath /etc/ssl/certs"


@pytest.fixture(params=SUITES)
def node(request: pytest.FixtureRequest, lab: Lab, tmp_path: Path) -> Iterator[JoinNode]:
    with JoinNode(lab, tmp_path / "node", request.param, bare=True) as node:
        node.put("/root/leaf.pem", pem(LEAF).decode())
        yield node


def put(node: JoinNode, path: str, data: bytes) -> None:
    """Octets that may be no text."""
    text = base64.b64encode(data).decode()
    node.put("/root/.octets", text)
    node.sh(f"base64 -d /root/.octets > {path}")


def verified(node: JoinNode) -> bool:
    """A server of that CA, by the hashed folder alone: as PVE's realms have it."""
    return node.sh(f"{VERIFY} /root/leaf.pem").strip().endswith(": OK")


def in_bundle(node: JoinNode) -> bool:
    found = (node.file("/etc/ssl/certs/ca-certificates.crt") or b"").replace(b"\r", b"")
    return pem(ROOT).split(b"\n")[5] in found


def test_a_der_is_imported_verified_and_removed_again(node: JoinNode) -> None:
    put(node, "/root/ca.cer", der(ROOT))
    assert not verified(node)
    done = node.program("ca", "import", "/root/ca.cer", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert node.file(f"{FOLDER}/{NAME}") == pem(ROOT)
    assert verified(node)
    assert in_bundle(node)
    (listed,) = [one for one in node.asked("ca", "list")["files"] if one["name"] == NAME]
    assert (listed["state"], listed["in_bundle"], listed["in_hashed_folder"]) == ("ok", True, True)
    again = node.program("ca", "import", "/root/ca.cer", "--yes")
    assert again.returncode == 3, "it is trusted already"
    gone = node.program("ca", "remove", NAME, "--yes")
    assert gone.returncode == 0, gone.stdout + gone.stderr
    assert node.file(f"{FOLDER}/{NAME}") is None
    assert not verified(node)
    assert not in_bundle(node)


def test_the_traps_of_the_real_tool_are_told_as_they_are(node: JoinNode) -> None:
    put(node, f"{FOLDER}/der.crt", der(ROOT))
    put(node, f"{FOLDER}/two.crt", pem(ROOT, OTHER))
    put(node, f"{FOLDER}/lab.cer", pem(ROOT))
    said = node.sh("/usr/sbin/update-ca-certificates; echo code $?")
    assert "2 added" in said
    assert "code 0" in said
    assert not verified(node), "two in one file are not in the hashed folder"
    assert in_bundle(node)
    files = {one["name"]: one for one in node.asked("ca", "list")["files"]}
    assert {name: one["state"] for name, one in files.items()} == {
        "der.crt": "BAD", "lab.cer": "LOOK", "two.crt": "BAD",
    }  # fmt: skip
    two = files["two.crt"]
    assert (two["in_bundle"], two["in_hashed_folder"]) == (True, False)


def test_a_file_whose_update_was_never_run_and_one_that_is_gone(node: JoinNode) -> None:
    put(node, f"{FOLDER}/lab.crt", pem(ROOT))
    (listed,) = node.asked("ca", "list")["files"]
    assert "update-ca-certificates has not run" in listed["findings"][0]["text"]
    node.sh("/usr/sbin/update-ca-certificates")
    node.sh(f"rm {FOLDER}/lab.crt")
    without = node.asked("ca", "list")["without_file"]
    assert [one["sha256"] for one in without] == [sha256(ROOT)]


def test_an_update_that_fails_leaves_nothing(node: JoinNode) -> None:
    """It ends with 0 as ever, and trusts nobody: the import is taken back."""
    put(node, "/root/ca.pem", pem(ROOT))
    real = "/usr/sbin/update-ca-certificates"
    script = f'#!/bin/sh\n[ "$1" = --fresh ] && exec {real}.real "$@"\necho 1 added; exit 0\n'
    node.sh(f"mv {real} {real}.real")
    node.put(real, script, 0o755)
    done = node.program("ca", "import", "/root/ca.pem", "--yes")
    assert done.returncode == 1
    assert "It was taken back." in done.stderr
    assert node.file(f"{FOLDER}/{NAME}") is None
    assert not verified(node)


def test_a_fifo_and_somebody_else_s_link_are_not_read(node: JoinNode) -> None:
    put(node, "/root/ca.pem", pem(ROOT))
    node.sh("mkfifo /root/fifo; ln -s /root/ca.pem /root/link; chown -h 65534 /root/link")
    for path, told in (("/root/fifo", "FIFO"), ("/root/link", "somebody else's link")):
        done = node.program("ca", "import", path, "--yes", patience=60)
        assert done.returncode != 0
        assert told in done.stderr
