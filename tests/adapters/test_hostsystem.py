"""This node's operating system: real processes and files, none of them a shell."""

import os
import sys
import threading
import time
from hashlib import sha256
from pathlib import Path

import pytest

from pve_auth_tui.adapters.hostchild import HEAD, LONGEST_LINE, MOST_BYTES, TAIL
from pve_auth_tui.adapters.hostfiles import MOST as MOST_REPLACED
from pve_auth_tui.adapters.hostrecords import KEPT, MOST, FileRecords
from pve_auth_tui.adapters.hostsystem import SystemHost
from pve_auth_tui.core.errors import (
    CommandFailed,
    Missing,
    Refused,
    ToolMissing,
    Unreadable,
    Unwritable,
)
from pve_auth_tui.core.secret import Secret

PASSWORD = "Secr3t-of-AD"


@pytest.fixture
def host():
    return SystemHost()


def python(code, *words):
    return (sys.executable, "-I", "-c", code, *words)


def alive(pid):
    """Whether that process still runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until(holds, seconds=20.0):
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


# --- what it says --------------------------------------------------------------------------------


def test_both_streams_are_kept_apart_and_heard_together(host):
    heard = []
    code = "import sys; print('one'); print('two', file=sys.stderr); sys.exit(3)"
    said = host.ask(python(code), on_line=heard.append)
    assert (said.tool, said.code) == (os.path.basename(sys.executable), 3)
    assert (said.out, said.err) == (("one",), ("two",))
    assert sorted(heard) == ["one", "two"]
    assert said.seconds > 0


def test_lines_are_heard_as_they_come_and_not_at_the_end(host, tmp_path):
    """The child goes on only when its first line was heard."""
    gate = tmp_path / "heard"
    code = (
        "import sys, os, time\n"
        "print('first', flush=True)\n"
        "while not os.path.exists(sys.argv[1]): time.sleep(0.01)\n"
        "print('second')\n"
    )
    said = host.ask(python(code, str(gate)), on_line=lambda line: gate.touch())
    assert said.out == ("first", "second")


def test_a_prompt_without_a_newline_is_a_line_too(host):
    assert host.ask(python("print('Password for A: ', end='')")).out == ("Password for A: ",)


def test_what_is_no_utf8_and_carriage_returns_do_not_disturb(host):
    code = r"import sys; sys.stdout.buffer.write(b'a\xff\r\nb\r\n')"
    assert host.ask(python(code)).out == ("a�", "b")


def test_a_long_line_comes_in_pieces(host):
    heard = []
    said = host.ask(python(f"print('x' * {LONGEST_LINE * 3})"), on_line=heard.append)
    assert max(map(len, heard)) <= LONGEST_LINE
    assert "".join(said.out) == "x" * LONGEST_LINE * 3


def test_of_a_flood_the_start_and_the_end_are_kept_and_a_part_is_heard(host):
    heard = []
    count = 300_000
    code = f"import sys; sys.stdout.write(''.join(f'{{n}} some words\\n' for n in range({count})))"
    said = host.ask(python(code), seconds=60, on_line=heard.append)
    assert len(said.out) == HEAD + TAIL + 1
    assert said.out[HEAD] == f"[{count - HEAD - TAIL} lines are left out]"
    assert said.out[-1] == f"{count - 1} some words"
    assert sum(map(len, heard)) <= MOST_BYTES + LONGEST_LINE
    assert heard[-1] == "[it says more than is shown]"


def test_a_flood_on_one_stream_does_not_hide_the_other(host):
    code = "import sys; print('x\\n' * 500000); print('! the reason', file=sys.stderr)"
    assert host.ask(python(code), seconds=60).err == ("! the reason",)


# --- its surroundings (R1) -----------------------------------------------------------------------

POISON = {
    "PATH": "/evil",
    "LD_PRELOAD": "/evil.so",
    "PYTHONPATH": "/evil",
    "PERL5LIB": "/evil",
    "OPENSSL_CONF": "/evil.cnf",
    "KRB5_CONFIG": "/evil.conf",
    "KRB5CCNAME": "/evil.cc",
    "LC_ALL": "de_DE.UTF-8",
    "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/evil",
    "TMPDIR": "/evil",
    "SYSTEMCTL_FORCE_BUS": "1",
    "DPKG_ROOT": "/evil",
    "APT_CONFIG": "/evil",
    "DEBIAN_FRONTEND": "dialog",
}


def environment_of(host, argv):
    return dict(line.split("=", 1) for line in host.ask(argv).out)


def test_nothing_of_our_environment_reaches_a_command(host, monkeypatch):
    for name, value in POISON.items():
        monkeypatch.setenv(name, value)
    found = environment_of(host, ("/usr/bin/env",))
    assert sorted(found) == ["HOME", "LC_ALL", "PATH"]
    assert (found["LC_ALL"], found["PATH"]) == ("C", "/usr/sbin:/usr/bin:/sbin:/bin")


@pytest.mark.parametrize("tool", ["apt-get", "pam-auth-update", "update-ca-certificates"])
def test_debians_tools_are_told_to_ask_nobody(host, tool, tmp_path, monkeypatch):
    monkeypatch.setenv("DEBIAN_FRONTEND", "dialog")
    link = tmp_path / tool
    link.symlink_to("/usr/bin/env")
    found = environment_of(host, (str(link),))
    assert found["DEBIAN_FRONTEND"] == "noninteractive"


@pytest.mark.parametrize(("tool", "mode"), [("apt-get", 0o644), ("touch", 0o600)])
def test_only_what_debians_tools_make_can_be_read_by_everybody(host, tool, mode, tmp_path):
    link = tmp_path / tool
    link.symlink_to("/usr/bin/touch")
    assert host.ask((str(link), str(tmp_path / "made"))).code == 0
    assert (tmp_path / "made").stat().st_mode & 0o777 == mode


def test_it_has_no_terminal_its_own_session_and_folder(host):
    code = (
        "import os, sys\n"
        "print(os.getcwd(), oct(os.umask(0)), os.getsid(0) == os.getpid())\n"
        "print(repr(sys.stdin.read()))\n"
        "try: os.open('/dev/tty', os.O_RDWR); print('tty')\n"
        "except OSError: print('no tty')\n"
    )
    assert host.ask(python(code)).out == ("/ 0o77 True", "''", "no tty")


def test_no_file_of_ours_is_open_in_it(host):
    handle = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(handle, True)
    try:
        code = "import os; print(sorted(int(n) for n in os.listdir('/proc/self/fd')))"
        assert host.ask(python(code)).out == ("[0, 1, 2, 3]",)  # 3 is the folder that it lists
    finally:
        os.close(handle)


def test_words_are_never_read_by_a_shell(host):
    words = ("$(id)", "; true", "a b", "*", "`id`", "\n", "'")
    code = "import sys; print(sys.argv[1:] == eval(sys.stdin.read()))"
    said = host.ask(python(code, *words), stdin=Secret(repr(list(words))))
    assert said.out == ("True",)


def test_a_tool_without_its_whole_path_is_not_looked_for(host):
    with pytest.raises(CommandFailed, match="no absolute path"):
        host.ask(("true",))


def test_a_tool_that_is_not_there_is_missing_and_one_that_does_not_start_has_failed(host, tmp_path):
    with pytest.raises(ToolMissing, match="/no/such/tool is not there"):
        host.ask(("/no/such/tool",))
    folder = tmp_path / "tool"
    folder.mkdir()
    with pytest.raises(CommandFailed) as caught:
        host.ask((str(folder),))
    assert not isinstance(caught.value, ToolMissing)
    with pytest.raises(CommandFailed, match="cannot be passed on"):
        host.ask(("/usr/bin/true", "a\0b"))


# --- secrets (R8) --------------------------------------------------------------------------------


def test_a_secret_goes_to_its_stdin_which_is_closed_then(host):
    code = "import sys; print(len(sys.stdin.read()))"
    assert host.ask(python(code), stdin=Secret(f"{PASSWORD}\n")).out == (str(len(PASSWORD) + 1),)


def test_a_secret_stands_in_no_process_list_and_no_environment(host):
    code = (
        "import sys; sys.stdin.read()\n"
        "for name in ('cmdline', 'environ'):\n"
        "    data = open(f'/proc/self/{name}', 'rb').read()\n"
        "    print(name, bytes.fromhex(sys.argv[1]) in data, len(data) > 10)\n"
    )
    said = host.ask(python(code, PASSWORD.encode().hex()), stdin=Secret(PASSWORD))
    assert said.out == ("cmdline False True", "environ False True")


@pytest.mark.parametrize("sent", [PASSWORD, f"{PASSWORD}\n", f"admin\n{PASSWORD}\n"])
def test_a_command_that_repeats_its_secret_is_not_heard(host, sent):
    heard = []
    code = (
        "import sys; t = sys.stdin.read().split()[-1]; print('got', t); print(t, file=sys.stderr)"
    )
    said = host.ask(python(code), stdin=Secret(sent), on_line=heard.append)
    assert (said.out, said.err) == (("got ****",), ("****",))
    assert sorted(heard) == ["****", "got ****"]


@pytest.mark.parametrize("before", range(LONGEST_LINE - len(PASSWORD) - 1, LONGEST_LINE + 2))
def test_nor_where_a_long_line_is_cut_in_its_middle(host, before):
    code = f"import sys; t = sys.stdin.read(); print('x' * {before} + t + 'y' * {LONGEST_LINE})"
    heard = []
    said = host.ask(python(code), stdin=Secret(PASSWORD), on_line=heard.append)
    assert PASSWORD[:6] not in "".join(said.out)
    assert PASSWORD[-6:] not in "".join(heard)


def test_a_command_that_reads_nothing_is_not_waited_for(host):
    said = host.ask(("/usr/bin/true",), stdin=Secret("x" * 1_000_000), seconds=30)
    assert said.code == 0


# --- its end -------------------------------------------------------------------------------------


def test_after_its_time_it_is_ended_with_its_whole_group(host, tmp_path):
    pids = tmp_path / "pids"
    code = (
        "import os, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-I', '-c', 'import signal, time;"
        " signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(600)'],"
        " stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\n"
        "open(sys.argv[1], 'w').write(f'{os.getpid()} {child.pid}')\n"
        "print('working', flush=True)\n"
        "time.sleep(600)\n"
    )
    for seconds in (2, 8, 30, 90):  # a busy machine may need longer until both are there
        said = host.ask(python(code, str(pids)), seconds=seconds)
        if said.out:
            break
    assert (said.code, said.out) == (None, ("working",))
    own = pids.read_text().split()
    until(lambda: not any(map(alive, own)))


def test_what_ends_by_a_signal_says_which(host):
    assert host.ask(python("import os, signal; os.kill(os.getpid(), 15)")).code == -15


def test_a_service_that_it_leaves_running_is_neither_waited_for_nor_ended(host, tmp_path):
    """It holds the pipes open, as what a package starts may."""
    pid = tmp_path / "pid"
    code = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-I', '-c', 'import time; time.sleep(600)'])\n"
        "open(sys.argv[1], 'w').write(str(child.pid))\n"
        "print('started')\n"
    )
    begun = time.monotonic()
    said = host.ask(python(code, str(pid)), seconds=300)
    left = int(pid.read_text())
    try:
        assert (said.code, said.out) == (0, ("started",))
        assert time.monotonic() - begun < 200
        assert alive(left)
    finally:
        os.kill(left, 9)


def test_two_threads_ask_at_a_time(host):
    found = {}

    def ask(number):
        found[number] = host.ask(python(f"print({number})")).out

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert found == {number: (str(number),) for number in range(4)}


# --- files ---------------------------------------------------------------------------------------


@pytest.fixture
def disk(tmp_path):
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    return root


@pytest.fixture
def below(disk):
    return SystemHost(disk)


def digest(text):
    return sha256(text.encode()).hexdigest()


def test_a_file_is_made_whole_with_its_mode_and_its_folders(below, disk):
    below.write("/etc/sssd/conf.d/zz.conf", "[domain]\n", 0o600, "")
    path = disk / "etc/sssd/conf.d/zz.conf"
    assert path.read_text() == "[domain]\n"
    assert path.stat().st_mode & 0o7777 == 0o600
    assert (disk / "etc/sssd").stat().st_mode & 0o7777 == 0o755
    assert os.listdir(path.parent) == ["zz.conf"]
    assert below.look("/etc/sssd/conf.d/zz.conf") == ("file", 0o600, os.geteuid(), 9)
    assert below.files.read("etc/sssd/conf.d/zz.conf") == b"[domain]\n"


def test_it_is_replaced_only_while_it_is_what_was_looked_at(below, disk):
    path = disk / "etc/x"
    path.write_text("old")
    with pytest.raises(Refused, match="not what was looked at"):
        below.write("/etc/x", "new", 0o644, digest("older"))
    with pytest.raises(Refused):
        below.write("/etc/x", "new", 0o644, "")
    with pytest.raises(Refused):
        below.write("/etc/x", None, 0o644, "")
    assert path.read_text() == "old"
    below.write("/etc/x", "new", 0o640, digest("old"))
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o640)


def test_it_is_removed_and_removing_nothing_is_no_mistake(below, disk):
    (disk / "etc/x").write_text("old")
    below.write("/etc/x", None, 0o644, digest("old"))
    assert os.listdir(disk / "etc") == []
    below.write("/etc/x", None, 0o644, "")
    below.write("/no/such/folder/x", None, 0o644, "")
    assert not (disk / "no").exists()


def test_an_owner_reads_on_in_the_old_file_while_it_is_replaced(below, disk):
    """A new file takes its place: nobody ever sees half of it."""
    path = disk / "etc/x"
    path.write_text("old")
    with path.open() as reader:
        below.write("/etc/x", "new", 0o644, digest("old"))
        assert reader.read() == "old"


def test_neither_a_link_nor_what_is_no_file_is_written(below, disk):
    (disk / "secret").write_text("theirs")
    (disk / "etc/link").symlink_to("../secret")
    os.mkfifo(disk / "etc/pipe")
    (disk / "etc/folder").mkdir()
    for name in ("link", "pipe", "folder"):
        for content in ("new", None):
            with pytest.raises((Refused, Unwritable)):
                below.write(f"/etc/{name}", content, 0o644, "")
    assert (disk / "secret").read_text() == "theirs"


def test_nor_a_link_to_what_was_expected(below, disk):
    (disk / "theirs").write_text("old")
    (disk / "etc/link").symlink_to("../theirs")
    for content in ("new", None):
        with pytest.raises(Refused, match="not a regular file"):
            below.write("/etc/link", content, 0o644, digest("old"))
    assert (disk / "etc/link").is_symlink()


def test_nor_a_pipe_that_reads_as_empty(below, disk):
    os.mkfifo(disk / "etc/pipe")
    with pytest.raises(Refused, match="not a regular file"):
        below.write("/etc/pipe", "new", 0o644, digest(""))


def test_nor_a_file_that_is_too_large_to_be_looked_at(below, disk):
    large = "x" * (MOST_REPLACED + 1)
    (disk / "etc/x").write_text(large)
    with pytest.raises(Refused, match="too large"):
        below.write("/etc/x", "new", 0o644, digest(large))


def test_while_it_is_written_only_its_owner_reads_it(below, disk, monkeypatch):
    """Whatever the umask is, and whatever its mode will be."""
    modes = []
    fchmod = os.fchmod

    def looked(handle, mode):
        modes.append(os.fstat(handle).st_mode & 0o777)
        fchmod(handle, mode)

    monkeypatch.setattr("os.fchmod", looked)
    umask = os.umask(0)
    try:
        below.write("/etc/x", "new", 0o644, "")
    finally:
        os.umask(umask)
    assert modes == [0o600]


def test_a_link_of_roots_on_the_way_is_followed_below_the_root(below, disk):
    """An admin may have moved /var/lib to another disk."""
    (disk / "data/lib").mkdir(parents=True)
    (disk / "var").mkdir()
    (disk / "var/lib").symlink_to("/data/lib")
    below.write("/var/lib/own/x", "new", 0o644, "")
    assert (disk / "data/lib/own/x").read_text() == "new"


def test_a_link_of_somebody_elses_on_the_way_is_not(below, disk, monkeypatch):
    (disk / "theirs").mkdir()
    (disk / "etc/conf.d").symlink_to("../theirs")
    monkeypatch.setattr("os.geteuid", lambda: 12345)
    if os.stat(disk / "etc/conf.d", follow_symlinks=False).st_uid == 0:
        os.chown(disk / "etc/conf.d", 54321, -1, follow_symlinks=False)
    with pytest.raises(Unwritable, match=r"/etc/conf\.d/x"):
        below.write("/etc/conf.d/x", "new", 0o644, "")
    assert os.listdir(disk / "theirs") == []


def test_links_in_a_circle_come_to_an_end(below, disk):
    (disk / "a").symlink_to("b")
    (disk / "b").symlink_to("a")
    with pytest.raises(Unwritable):
        below.write("/a/x", "new", 0o644, "")


@pytest.mark.parametrize("path", ["etc/x", "/etc/../x", "/", "", "/etc/x\0y"])
def test_only_a_whole_path_is_written(below, path):
    with pytest.raises(Refused):
        below.write(path, "new", 0o644, "")


def test_a_full_disk_leaves_the_old_file(below, disk, monkeypatch):
    (disk / "etc/x").write_text("old")

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(Unwritable, match="No space left"):
        below.write("/etc/x", "new", 0o644, digest("old"))
    assert os.listdir(disk / "etc") == ["x"]
    assert (disk / "etc/x").read_text() == "old"


def test_looking_tells_what_lies_there(below, disk):
    (disk / "etc/link").symlink_to("folder")
    (disk / "etc/folder").mkdir()
    os.mkfifo(disk / "etc/pipe")
    assert below.look("/etc/link").kind == "folder"
    assert below.look("/etc/pipe").kind == "other"
    assert below.look("/etc/none") is None
    assert below.look("/etc/pipe/x") is None
    with pytest.raises(Unreadable):
        below.look("/etc/" + "x" * 300)
    with pytest.raises(Missing):
        below.files.read("etc/none")


# --- what is kept of it --------------------------------------------------------------------------


class Now:
    at = 1_700_000_000.0

    def now(self):
        return self.at


@pytest.fixture
def own(tmp_path):
    folder = tmp_path / "own"
    folder.mkdir(mode=0o700)
    return folder


def test_what_a_command_said_lies_in_a_file_of_its_own(own):
    records = FileRecords(own, Now())
    record = records.begin("/usr/sbin/realm join")
    record.line(" * Resolving\x1b[2J")
    record.close()
    path = Path(record.name)
    assert path.parent == own / "host-steps"
    assert path.name == "20231114-221320-000.txt"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text() == "# /usr/sbin/realm join\n * Resolving\\x1b[2J\n"
    assert records.begin("another").name != record.name


def test_a_record_is_bounded(own):
    record = FileRecords(own, Now()).begin("flood")
    for _ in range(3000):
        record.line("x" * 4096)
    record.close()
    text = Path(record.name).read_text()
    assert len(text) <= MOST + 100
    assert text.endswith("[it said more than is kept]\n")


def test_the_oldest_records_go(own):
    clock = Now()
    names = []
    for _ in range(KEPT + 5):
        clock.at += 1
        record = FileRecords(own, clock).begin("x")
        record.close()
        names.append(Path(record.name).name)
    assert sorted(os.listdir(own / "host-steps")) == names[-KEPT:]


def test_what_is_not_ours_in_that_folder_stays(own):
    FileRecords(own, Now()).begin("x").close()
    (own / "host-steps/notes").write_text("mine")
    for _ in range(KEPT + 2):
        FileRecords(own, Now()).begin("x").close()
    assert (own / "host-steps/notes").exists()


def test_without_a_place_nothing_is_kept_and_nothing_fails(tmp_path):
    own = tmp_path / "own"
    own.mkdir(mode=0o755)
    (own / "host-steps").write_text("no folder")
    record = FileRecords(own, Now()).begin("x")
    record.line("y")
    record.close()
    assert record.name == ""


def test_a_disk_that_fills_up_ends_no_command(own, monkeypatch):
    record = FileRecords(own, Now()).begin("x")

    def full(handle, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.write", full)
    record.line("y")
    record.line("z")
    record.close()
