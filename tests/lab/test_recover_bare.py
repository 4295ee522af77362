"""Recover where nothing can be written, for root, with real mounts: / read-only, the disk full.

The node is a stand-in (tests/cli/bare.py) whose files stay writable, as /etc/pve does, which is a
file system of its own. Python has no package but its own library, no HOME and no terminal.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from pve_auth_tui.arguments import FINDINGS, OK, REFUSED
from tests.cli.test_recover_bare import BARE, PROJECT, Node, Ran, leave_the_cluster, mounted
from tests.lab.machine import require_root

READ_ONLY = """\
set -e
mount --make-rprivate /
mount --bind "$1" "$1"
mount -o remount,ro,bind /
if touch "$2/x" 2>/dev/null; then echo "it is writable" >&2; exit 99; fi
shift 2
exec "$@"
"""
FULL = """\
set -e
mount --make-rprivate /
mkdir -p "$2"
mount -t tmpfs -o size=64k,mode=700 tmpfs "$2"
cat /dev/zero > "$2/full" 2>/dev/null || true
if echo x > "$2/more" 2>/dev/null; then echo "it is not full" >&2; exit 99; fi
shift 2
exec "$@"
"""
_UNSHARED = ("/usr/bin/unshare", "--mount", "/bin/sh", "-c")
WAY = ("--way", "unlock", "--yes")


class Stuck(Node):
    """The same node, in a mount namespace where the program's own folder takes nothing."""

    trouble = ""

    def run(self, *words, **how) -> Ran:
        python = [sys.executable, "-I", "-S", "-B", str(BARE), str(PROJECT)]
        program = [*python, json.dumps(self.how | how), *words]
        folders = [str(self.folder), str(self.own)]
        done = subprocess.run(
            [*_UNSHARED, self.trouble, "sh", *folders, *program],
            env={},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture(params=[READ_ONLY, FULL], ids=["read-only", "full"])
def node(request, tmp_path):
    require_root()
    made = Stuck(tmp_path)
    made.trouble = request.param
    made.own.mkdir()
    return made


def test_it_says_what_is_wrong(node):
    ran = node.run("recover", "--json")
    assert ran.code == FINDINGS, ran.err
    assert "LOCKED" in ran.value["diagnosis"]["causes"]


def test_nothing_is_changed_without_a_yes(node):
    """R16."""
    ran = node.run("recover", *WAY)
    assert ran.code == REFUSED, ran.err
    assert "so nothing was changed" in ran.err
    assert node.is_locked


def test_it_goes_on_after_a_yes_and_says_that_nothing_tells_of_it(node):
    """R16: recover may go on after a typed yes."""
    ran = node.run("recover", *WAY, "--unrecorded")
    assert ran.code == OK, ran.out + ran.err
    assert "NOT RECORDED" in ran.out
    assert not node.is_locked


def test_this_machine_itself_is_looked_at_all_the_same(node):
    ran = node.run("recover", "--json", real=True)
    assert ran.code == FINDINGS, ran.err
    if node.trouble == READ_ONLY:
        assert "READ_ONLY" in ran.value["diagnosis"]["causes"]


def test_a_database_is_edited_where_every_process_of_the_machine_is_looked_at(tmp_path):
    """R11. The machine is a namespace of processes, all of which root may see."""
    require_root()
    alone = ("/usr/bin/unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
    disk = mounted(tmp_path)._replace(before=alone)
    leave_the_cluster(disk.database)
    disk.unlocked()
