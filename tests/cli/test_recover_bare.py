"""Recover needs nothing but Python's standard library: no package, no HOME, no terminal, no disk.

Each test starts a Python without site-packages (tests/cli/bare.py).
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pexpect
import pytest

from pve_auth_tui.arguments import FINDINGS, INTERRUPTED, OK, REFUSED
from tests.adapters.conftest import DATABASE

PROJECT = Path(__file__).parents[2]
BARE = Path(__file__).with_name("bare.py")
STANDIN = PROJECT / "tests/adapters/standin"
PHONE, LOST = "9f6c2d3e-0000-4000-8000-000000000001", "9f6c2d3e-0000-4000-8000-000000000002"
NOTHING: dict[str, str] = {}
DUMB = {"TERM": "dumb", "LANG": "C"}


def app(ident: str, name: str) -> dict[str, object]:
    entry = "otpauth://totp/x:root?secret=JBSWY3DPEHPK3PXP&issuer=x"
    return {"id": ident, "description": name, "created": 1_700_000_000, "entry": entry}


def locked() -> dict[str, Any]:
    apps = [app(PHONE, "phone"), app(LOST, "old phone")]
    return {"users": {"root@pam": {"totp": apps, "totp-locked": True}}}


class Ran(NamedTuple):
    """What a run left behind."""

    code: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        return json.loads(self.out)


class Node:
    """A small node below a folder, whose root@pam is locked out, and this program on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "node"
        self.own = folder / "own" / "pve-auth-tui"
        self.own.parent.mkdir()
        self.how = {
            "node": str(self.folder),
            "own": str(self.own),
            "run": str(folder / "run"),
            "log": str(folder / "no-log"),
        }
        files = {
            "etc/hostname": "pve1\n",
            "etc/shadow": "root:$y$j9T$0123456789$abcdefghijklmnopqrstuvwxyz:19000:0:99999:7:::\n",
            "etc/pve/user.cfg": "user:root@pam:1:0:::::\nuser:ann@pve:1:0::::::\n",
            "etc/pve/priv/tfa.cfg": json.dumps(locked()),
        }
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    @property
    def factors(self) -> dict[str, Any]:
        """root@pam's, as they stand in the file."""
        users = json.loads((self.folder / "etc/pve/priv/tfa.cfg").read_text())["users"]
        found: dict[str, Any] = users.get("root@pam", {})
        return found

    @property
    def is_locked(self) -> bool:
        return bool(self.factors.get("totp-locked"))

    @property
    def journal(self) -> list[Any]:
        file = self.own / "journal/journal.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()]

    def run(
        self,
        *words: str,
        env: dict[str, str] = NOTHING,
        before: Callable[[], object] | None = None,
        closed: bool = False,
        **how: object,
    ) -> Ran:
        argv = [sys.executable, "-I", "-S", "-B", str(BARE), str(PROJECT)]
        argv += [json.dumps(self.how | how), *words]
        if closed:
            argv = ["/bin/sh", "-c", '"$@" <&-', "sh", *argv]
        done = subprocess.run(
            argv,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            preexec_fn=before,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert "mistake of its own" not in done.stderr, done.stderr
        return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


# --- reading and diagnosis ----------------------------------------------------------------


@pytest.mark.parametrize("env", [NOTHING, DUMB], ids=["no environment", "TERM=dumb"])
@pytest.mark.parametrize("closed", [False, True], ids=["", "stdin closed"])
def test_it_says_what_is_wrong_without_anything(
    node: Node, env: dict[str, str], closed: bool
) -> None:
    ran = node.run("recover", env=env, closed=closed)
    assert ran.code == FINDINGS
    assert "TOTP" in ran.out
    assert "Ways back, least harm first" in ran.out
    assert node.is_locked


def test_where_pve_does_not_answer_it_says_so_and_goes_on(node: Node) -> None:
    ran = node.run("recover", "--json", dead=True)
    assert ran.code == FINDINGS
    assert "LOCKED" in ran.value["diagnosis"]["causes"]


@pytest.mark.parametrize("place", ["", "/empty", "/not/there"], ids=["this", "empty", "none"])
def test_another_system_is_read_whatever_lies_there(node: Node, tmp_path: Path, place: str) -> None:
    (tmp_path / "empty").mkdir()
    root = str(tmp_path) + place if place else str(node.folder)
    argv = [sys.executable, "-I", "-S", "-B", "-c"]
    start = f"import sys; sys.path.insert(0, {str(PROJECT)!r})\n"
    code = "from pve_auth_tui.cli import main\nsys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [*argv, start + code, "--root", root, "recover", "--json"],
        env={"XDG_STATE_HOME": str(tmp_path)}, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.returncode == FINDINGS
    assert json.loads(done.stdout)["diagnosis"]["sentences"]


# --- writing ------------------------------------------------------------------------------


def test_a_lock_is_taken_off_through_the_bridge(node: Node) -> None:
    """And nobody gets in quietly (R18): the journal and later sessions tell of it."""
    ran = node.run("recover", "--way", "unlock", "--yes", "--json", "--reason", "8 typos")
    assert ran.code == OK, ran.out + ran.err
    assert ran.value["result"]["ok"] is True
    assert not node.is_locked
    assert len(node.factors["totp"]) == 2
    told = [line.get("entry", line) for line in node.journal]
    assert [one["event"] for one in told] == ["begin", "intent", "result", "end"]
    assert told[0]["reason"] == "8 typos"
    assert node.run("recover", "--acknowledge").out.startswith("1 recovery acknowledged")


def test_a_lost_factor_is_removed_through_the_bridge(node: Node) -> None:
    found = node.run("recover", "--json", "--have", PHONE, "--lost", LOST).value
    (way,) = [one for one in found["ways"] if LOST in " ".join(one["commands"])][:1]
    words = ("--have", PHONE, "--lost", LOST, "--way", way["id"], "--yes")
    ran = node.run("recover", *words)
    assert ran.code == OK, ran.out + ran.err
    assert [one["id"] for one in node.factors["totp"]] == [PHONE]


def test_perls_own_bridge_writes_with_the_standard_library_alone(tmp_path: Path) -> None:
    """The Perl is real, PVE's modules are the stand-ins."""
    code = (
        f"import sys; sys.path.insert(0, {str(PROJECT)!r})\n"
        "from pathlib import Path\n"
        "from pve_auth_tui.adapters.bridge import Bridge\n"
        "from pve_auth_tui.adapters.runner import StepRunner\n"
        "from pve_auth_tui.core.plan import ApiCall\n"
        "bridge = Bridge(include=Path(sys.argv[1]), euid=lambda: 0)\n"
        "where = ('access', 'users', 'root@pam')\n"
        "StepRunner(lambda: bridge).run(ApiCall('PUT', where, {'comment': 'in'}), print)\n"
        "print(bridge.way, bridge.call('GET', where)['comment'])\n"
        "bridge.close()"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", code, str(STANDIN)],
        env=NOTHING, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "direct in\n", "")


class Rescue(NamedTuple):
    """A disk that is mounted at `root`, with a copy of a real config.db and a locked TOTP in it.

    `how`: as tests/cli/bare.py takes it.
    """

    root: Path
    how: dict[str, str]
    before: tuple[str, ...] = ()

    @property
    def database(self) -> Path:
        return self.root / "var/lib/pve-cluster/config.db"

    def run(self, *words: str) -> Ran:
        argv = [*self.before, sys.executable, "-I", "-S", "-B", str(BARE), str(PROJECT)]
        done = subprocess.run(
            [*argv, json.dumps(self.how), "--root", str(self.root), "recover", "--json", *words],
            env=NOTHING, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
            check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return Ran(done.returncode, done.stdout, done.stderr)

    def unlocked(self) -> None:
        """R11, and R18: what was done there is told later, too."""
        assert "LOCKED" in self.run().value["diagnosis"]["causes"]
        ran = self.run("--way", "unlock", "--yes")
        assert ran.code == OK, ran.out + ran.err
        assert "LOCKED" not in self.run().value["diagnosis"]["causes"]
        assert self.run("--acknowledge").value == {"acknowledged": 1}


def mounted(folder: Path) -> Rescue:
    """A disk without what a running system would have."""
    own = folder / "pve-auth-tui"
    made = Rescue(folder / "mnt", {"own": str(own), "run": str(own), "log": "/no/log"})
    made.database.parent.mkdir(parents=True)
    (made.root / "etc/pve").mkdir(parents=True)
    shutil.copyfile(DATABASE, made.database)
    return made


@pytest.fixture
def rescue(tmp_path: Path) -> Rescue:
    """Only root may see what every process has open: here nobody else runs."""
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/self").symlink_to("/proc/self")
    made = mounted(tmp_path)
    return made._replace(how={**made.how, "proc": str(tmp_path / "proc")})


def leave_the_cluster(database: Path) -> None:
    """As on a node that never was in one."""
    with closing(sqlite3.connect(database)) as opened, opened:
        opened.execute("DELETE FROM tree WHERE name = 'corosync.conf'")


def test_a_lock_is_taken_off_in_a_database(rescue: Rescue) -> None:
    leave_the_cluster(rescue.database)
    rescue.unlocked()


def test_the_database_of_a_cluster_is_left_alone_and_the_steps_are_told(rescue: Rescue) -> None:
    """R11: refused when corosync.conf is in the database."""
    before = rescue.database.read_bytes()
    ran = rescue.run("--way", "unlock", "--yes")
    assert ran.code == FINDINGS
    assert ran.value["plan"] is None
    (way,) = [one for one in ran.value["ways"] if one["id"] == "unlock"]
    assert (way["kind"], way["commands"]) == ("show", [])
    assert "pveum user tfa unlock root@pam" in [line["text"] for line in way["lines"]]
    assert rescue.database.read_bytes() == before


# --- nothing takes a line -------------------------------------------------------------------


def no_room() -> None:
    """No file of ours may grow by a byte, as on a full disk."""
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))


@pytest.fixture
def unwritable(node: Node) -> Node:
    """The own folder is no folder, and syslog's socket is not there: so for root, too."""
    node.own.write_text("")
    return node


def test_without_a_journal_nothing_is_done(unwritable: Node) -> None:
    """R16."""
    ran = unwritable.run("recover", "--way", "unlock", "--yes")
    assert ran.code == REFUSED
    assert "Nothing can be written down, so nothing was changed" in ran.err
    assert unwritable.is_locked


def test_without_a_journal_it_goes_on_when_somebody_says_so(unwritable: Node) -> None:
    """R16: recover may go on after a typed yes, and says that nothing tells of it."""
    ran = unwritable.run("recover", "--way", "unlock", "--yes", "--unrecorded")
    assert ran.code == OK, ran.out + ran.err
    assert "NOT RECORDED" in ran.out
    assert "Later sessions are not told of it" in ran.out
    assert not unwritable.is_locked


def test_ctrl_c_at_a_question_changes_nothing(node: Node) -> None:
    argv = ["-I", "-S", "-B", str(BARE), str(PROJECT), json.dumps(node.how), "recover"]
    child = pexpect.spawn(sys.executable, argv, env=DUMB, timeout=60, cwd="/")
    child.expect("Numbers of these")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == INTERRUPTED
    assert node.is_locked


def test_on_a_terminal_the_yes_is_typed(unwritable: Node) -> None:
    argv = ["-I", "-S", "-B", str(BARE), str(PROJECT), json.dumps(unwritable.how)]
    child = pexpect.spawn(
        sys.executable, [*argv, "recover", "--way", "unlock"], env=DUMB, timeout=60,
        encoding="utf-8", cwd="/",
    )  # fmt: skip
    child.expect("The reason")
    child.sendline("nobody writes anything here")
    child.expect("Run it\\? Type yes: ")
    child.sendline("yes")
    child.expect("Go on all the same\\? Type yes: ")
    assert unwritable.is_locked
    child.sendline("yes")
    child.expect("NOT RECORDED")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == OK
    assert not unwritable.is_locked


def test_a_full_disk_is_as_good_as_none(node: Node) -> None:
    """The bridge's child may write: what is full is where our own files lie."""
    ran = node.run("recover", before=no_room)
    assert ran.code == FINDINGS
    assert "TOTP" in ran.out


# --- a home that is not there ---------------------------------------------------------------


@pytest.mark.parametrize("uid", [0, 65534, 54321], ids=["root", "nobody", "unknown"])
def test_our_own_folder_is_known_without_a_home(uid: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from pve_auth_tui import environment

    monkeypatch.setattr(os, "geteuid", lambda: uid)
    for name in ("HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    folder = environment.own_folder()
    assert folder.is_absolute()
    assert folder.name == "pve-auth-tui"
