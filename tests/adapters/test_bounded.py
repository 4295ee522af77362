"""A tree that answers within a bounded time, whatever the file system below it does."""

import gc
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pve_auth_tui.adapters import bounded
from pve_auth_tui.adapters.bounded import BoundedTree
from pve_auth_tui.core.errors import Missing, Unreadable
from pve_auth_tui.core.ports import BulkTree, LiveTree
from pve_auth_tui.environment import child_environment
from tests.adapters.conftest import can_mount, in_a_dead_mount, our_python, run

USER_CFG = "etc/pve/user.cfg"


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


SILENT = "import time; time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SILENT}"
HALF = f"import os; os.read(0, 5); os.write(1, b'+\\0\\0'); {SILENT}"
WAITING_AT_A_FIFO = "import os, sys; os.mkfifo(sys.argv[1]); open(sys.argv[1])"


@pytest.fixture
def hang(tmp_path):
    """Makes a tree whose child runs such code instead of reading."""

    def make(code, seconds=0.3):
        return BoundedTree(
            tmp_path, "files", seconds=seconds, command=[*python(code), str(tmp_path / "fifo")]
        )

    return make


# --- as long as all is well ------------------------------------------------------------------


def test_it_answers_like_the_tree_in_the_child(root):
    tree = BoundedTree(root, "files")
    assert tree.source == "files"
    assert tree.read(USER_CFG) == b"user:ann@pve:1:0::::::\n"
    assert tree.names("etc/pve") == ("local", "nodes", "priv", "user.cfg")
    assert tree.names("etc/pve/priv") == ()
    assert tree.names("etc/nothing") == ()
    assert tree.owner_may_write("etc/pve/local")
    assert isinstance(tree, BulkTree)
    assert isinstance(tree, LiveTree)


def test_it_answers_like_the_database_in_the_child(root, database):
    tree = BoundedTree(root, "database", "/etc/pve is not mounted.")
    assert tree.read(USER_CFG).startswith(b"user:-dash@pve")
    assert tree.source == "config.db"
    with pytest.raises(Unreadable, match=r"/etc/pve is not mounted\."):
        tree.read("etc/pve/.members")
    with pytest.raises(Unreadable, match="says nothing about who may write"):
        tree.owner_may_write("etc/pve/local")


def test_errors_come_over_as_they_are(root):
    tree = BoundedTree(root, "files")
    with pytest.raises(Missing, match=r"etc/pve/jobs\.cfg is not there"):
        tree.read("etc/pve/jobs.cfg")
    (root / USER_CFG).unlink()
    os.mkfifo(root / USER_CFG)
    with pytest.raises(Unreadable, match="is a FIFO, not a file") as caught:
        tree.read(USER_CFG)
    assert caught.value.hint
    assert not isinstance(caught.value, Missing)


def test_bytes_and_names_of_any_kind_come_over(root):
    name = os.fsdecode(b"\xfc\xff\xe4")
    everything = bytes(range(256)) * 5000
    (root / USER_CFG).write_bytes(everything)
    (root / "etc/pve" / name).write_bytes(b"\0\xff")
    tree = BoundedTree(root, "files")
    assert name in tree.names("etc/pve")
    assert tree.read(f"etc/pve/{name}") == b"\0\xff"
    assert tree.read(USER_CFG) == everything


def test_many_files_come_together_and_what_cannot_be_read_is_left_out(root):
    paths = [f"etc/pve/nodes/pve1/qemu-server/{number}.conf" for number in range(100, 300)]
    for path in paths[::2]:
        (root / path).write_bytes(path.encode())
    os.mkfifo(root / paths[1])
    found = BoundedTree(root, "files").read_many(paths)
    assert found == {path: path.encode() for path in paths[::2]}
    assert BoundedTree(root, "files").read_many([]) == {}


def test_a_root_of_any_name_is_read(tmp_path):
    folder = tmp_path / os.fsdecode(b"\xfcber 'all' -c $(x)")
    (folder / "etc").mkdir(parents=True)
    (folder / "etc/hostname").write_bytes(b"pve1")
    assert BoundedTree(folder, "files").read("etc/hostname") == b"pve1"


def test_a_relative_root_is_meant_from_where_we_are(root, monkeypatch):
    monkeypatch.chdir(root.parent)
    assert BoundedTree(Path("root"), "files").read("etc/hostname") == b"pve1\n"


def test_threads_get_their_own_answers(root):
    for number in range(8):
        (root / f"etc/{number}").write_bytes(str(number).encode() * 50_000)
    tree = BoundedTree(root, "files")
    wrong = []

    def read(number):
        for _ in range(30):
            if tree.read(f"etc/{number}") != str(number).encode() * 50_000:
                wrong.append(number)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_root_that_is_not_there_is_told(tmp_path):
    with pytest.raises(Unreadable, match="There is no folder") as caught:
        BoundedTree(tmp_path / "nothing", "files").read(USER_CFG)
    assert not isinstance(caught.value, Missing)


def test_a_path_without_measure_is_refused_before_it_is_asked(tmp_path):
    with pytest.raises(Unreadable, match="is not a path below the root"):
        BoundedTree(tmp_path, "files").read("x" * 1_000_000)


# --- the child ---------------------------------------------------------------------------------


def child_of(tree):
    return tree._child._process


def test_the_child_leaves_with_its_tree(root):
    tree = BoundedTree(root, "files")
    tree.read(USER_CFG)
    child = child_of(tree)
    assert child.poll() is None
    del tree
    gc.collect()
    assert child.returncode == 0


def test_the_child_leaves_when_we_are_killed(root):
    code = (
        "import time\nfrom pathlib import Path\n"
        "from pve_auth_tui.adapters.bounded import BoundedTree\n"
        "tree = BoundedTree(Path(sys.argv[1]), 'files')\ntree.names('etc')\n"
        "print(tree._child._process.pid, flush=True)\ntime.sleep(60)"
    )
    with subprocess.Popen(our_python(code, str(root)), stdout=subprocess.PIPE) as ours:
        pid = int(ours.stdout.readline())
        assert Path(f"/proc/{pid}").exists()
        ours.kill()
    until = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists() and "Z" not in _state(pid):
        assert time.monotonic() < until
        time.sleep(0.01)


def _state(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def test_the_child_holds_neither_our_terminal_nor_our_files_nor_our_environment(root, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    monkeypatch.setenv("LD_PRELOAD_OF_SOMEBODY", "1")
    with (root / "etc/hostname").open():
        tree = BoundedTree(root, "files")
        tree.read(USER_CFG)
        proc = Path(f"/proc/{child_of(tree).pid}")
        held = {os.readlink(fd) for fd in (proc / "fd").iterdir()}
    assert {link.partition(":")[0] for link in held} == {"pipe", "/dev/null"}
    environ = (proc / "environ").read_text().split("\0")[:-1]
    assert environ == [f"{name}={value}" for name, value in child_environment().items()]
    assert os.readlink(proc / "cwd") == "/"
    assert os.getsid(child_of(tree).pid) == child_of(tree).pid
    limits = (proc / "limits").read_text()
    assert "Max file size             0                    0" in limits
    assert "Max core file size        0                    0" in limits
    assert re.search(r"Max address space +\d+ +\d+ ", limits)
    assert "Umask:\t0077\n" in (proc / "status").read_text()
    flags = (proc / "cmdline").read_bytes().split(b"\0")
    assert {b"-I", b"-S", b"-B"} < set(flags)  # no PYTHON variable, no site, no .pyc beside us


def test_ctrl_c_at_the_terminal_does_not_reach_the_child(root):
    tree = BoundedTree(root, "files")
    tree.read(USER_CFG)
    assert os.getpgid(child_of(tree).pid) != os.getpgid(0)


def test_a_child_that_ends_is_told_now_and_later(root):
    tree = BoundedTree(root, "files")
    tree.read(USER_CFG)
    os.kill(child_of(tree).pid, signal.SIGKILL)
    for _ in range(2):
        with pytest.raises(Unreadable, match="cannot be read: the reading process ended"):
            tree.read(USER_CFG)


def test_a_child_that_cannot_start_is_told(tmp_path):
    tree = BoundedTree(tmp_path, "files", command=["/nonexistent/python"])
    with pytest.raises(Unreadable, match="the reading process ended"):
        tree.read(USER_CFG)


# --- when the file system hangs -------------------------------------------------------------------


@pytest.mark.parametrize(
    "code", [SILENT, STUBBORN, HALF, WAITING_AT_A_FIFO], ids=["silent", "stubborn", "half", "fifo"]
)
def test_what_does_not_answer_is_left_and_told_once_for_all(hang, code, tmp_path):
    tree = hang(code)
    started = time.monotonic()
    with pytest.raises(Unreadable) as caught:
        tree.read(USER_CFG)
    assert 0.25 < time.monotonic() - started < 3
    assert str(caught.value) == f"{tmp_path / USER_CFG} did not answer within 0.3 seconds."
    assert caught.value.hint == "See `systemctl status pve-cluster`."
    started = time.monotonic()
    for ask in (tree.read, tree.names, tree.owner_may_write, lambda path: tree.read_many([path])):
        with pytest.raises(Unreadable) as later:
            ask("etc/pve/priv/tfa.cfg")
        assert str(later.value) == str(caught.value)
    assert time.monotonic() - started < 0.1


def test_outside_etc_pve_the_hint_is_not_about_pmxcfs(hang):
    with pytest.raises(Unreadable) as caught:
        hang(SILENT).read("etc/hostname")
    assert "pve-cluster" not in caught.value.hint


def test_a_child_that_was_left_is_ended_where_that_is_possible(hang):
    tree = hang(STUBBORN)
    with pytest.raises(Unreadable):
        tree.read(USER_CFG)
    assert child_of(tree).returncode == -signal.SIGKILL
    assert child_of(tree) not in bounded._left_behind


LEAVES = """
import time
from pathlib import Path
from pve_auth_tui.adapters.bounded import BoundedTree
from pve_auth_tui.core.errors import Unreadable
root, *command = sys.argv[1:]
tree = BoundedTree(Path(root), "files", seconds=0.5, command=command)
for path in ("etc/pve/user.cfg", "etc/pve/priv/tfa.cfg"):
    try:
        tree.read(path)
    except Unreadable as error:
        print(error)
print(Path(f"/proc/{tree._child._process.pid}/stat").exists())
"""
DEAD = ["a child that sleeps", *["a mount that is dead"] * can_mount()]


@pytest.mark.parametrize("dead", DEAD)
def test_the_program_can_leave_although_its_child_hangs(root, dead):
    """With a dead mount the child sleeps uninterruptibly: it is there after SIGKILL, too."""
    command = our_python(LEAVES, str(root))
    if dead == "a mount that is dead":
        command = in_a_dead_mount(root / "etc/pve", command)
    else:
        command += python(STUBBORN)
    started = time.monotonic()
    code, lines = run(command)
    sentence = f"{root / USER_CFG} did not answer within 0.5 seconds."
    assert (code, lines) == (0, [sentence, sentence, str(dead == "a mount that is dead")])
    assert time.monotonic() - started < 5


AGAIN = """
import time
from pathlib import Path
from pve_auth_tui.adapters import bounded
from pve_auth_tui.adapters.bounded import BoundedTree
from pve_auth_tui.core.errors import Unreadable
root = Path(sys.argv[1])
for path in ("etc/pve/user.cfg", "etc/pve/priv/tfa.cfg", "etc/hostname"):
    tree = BoundedTree(root, "files", seconds=1 if path.startswith("etc/pve") else 60)
    try:
        print(tree.read(path))
    except Unreadable as error:
        print(str(error).removeprefix(f"{root}/"), error.hint)
print(len(bounded._left_behind))
"""


@pytest.mark.parametrize("folder", ["etc/pve"] * can_mount())
def test_one_child_is_left_in_a_dead_mount_however_often_it_is_asked(root, folder):
    """Recover looks every few seconds. What lies elsewhere is read all the same."""
    (root / "etc/hostname").write_text("pve1")
    code, lines = run(in_a_dead_mount(root / folder, our_python(AGAIN, str(root))))
    see = "See `systemctl status pve-cluster`."
    assert (code, lines) == (
        0,
        [
            f"etc/pve/user.cfg did not answer within 1 seconds. {see}",
            f"etc/pve/priv/tfa.cfg has not answered since it was asked before. {see}",
            "b'pve1'",
            "1",
        ],
    )


def test_nobody_is_sent_where_somebody_still_sleeps_and_then_is_again(root, monkeypatch):
    with subprocess.Popen(python(STUBBORN)) as sleeper:
        monkeypatch.setattr(bounded, "_left_behind", {sleeper: (root, "files", "etc/pve")})
        tree = BoundedTree(root, "files")
        with pytest.raises(Unreadable, match="has not answered since it was asked before"):
            tree.read_many(["etc/pve/none", USER_CFG])
        assert tree.read("etc/hostname") == b"pve1\n"
        sleeper.kill()
        sleeper.wait()
        assert BoundedTree(root, "files").read(USER_CFG)
        assert not bounded._left_behind
