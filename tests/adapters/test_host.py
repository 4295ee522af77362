"""Commands on this node: what they get, what they may cost, and how their end is told."""

import ast
import os
import sys
import time

import pytest

from pve_auth_tui.adapters.host import LONGEST_LINE, MOST_BYTES, run_command
from pve_auth_tui.core.errors import CommandFailed
from pve_auth_tui.core.plan import HostCommand
from pve_auth_tui.core.secret import Secret

CANARY = "canary-9f3c"


def python(code, *, stdin=None, seconds=30.0):
    """A command that runs this Python."""
    return HostCommand((sys.executable, "-I", "-c", code), stdin, seconds)


def output(command):
    lines = []
    assert run_command(command, lines.append) == 0
    return lines


def failure(command):
    lines = []
    with pytest.raises(CommandFailed) as caught:
        run_command(command, lines.append)
    return str(caught.value), lines


def test_its_lines_are_told_as_they_come_from_both_streams():
    code = "import sys\nprint('one', flush=True)\nprint('two', file=sys.stderr)"
    assert output(python(code)) == ["one", "two"]


def test_it_reads_nothing_of_what_somebody_types_to_us():
    before, (reads, writes) = os.dup(0), os.pipe()
    os.dup2(reads, 0)
    try:
        assert output(python("import os; print(os.readlink('/proc/self/fd/0'))")) == ["/dev/null"]
    finally:
        os.dup2(before, 0)
        for handle in (before, reads, writes):
            os.close(handle)


def test_a_last_line_without_an_end_is_told_too():
    assert output(python("import sys; sys.stdout.write('a\\nb')")) == ["a", "b"]


def test_it_gets_a_clean_environment_the_root_folder_and_a_closed_mask(monkeypatch):
    monkeypatch.setenv("LD_BOGUS", CANARY)
    monkeypatch.setenv("PATH", "/nowhere")
    code = (
        "import os\nprint(sorted(os.environ))\nprint(os.environ['PATH'], os.getcwd())\n"
        "print(oct(os.umask(0)), os.getsid(0) == os.getpid())"
    )
    names, place, mask = output(python(code))
    assert CANARY not in names
    assert set(ast.literal_eval(names)) <= {"HOME", "LC_ALL", "PATH", "LC_CTYPE"}
    assert place == "/usr/sbin:/usr/bin:/sbin:/bin /"
    assert mask == "0o77 True"


def test_it_inherits_nothing_that_is_open():
    held, other = os.pipe()
    os.set_inheritable(held, True)
    try:
        code = f"import os\ntry: os.fstat({held})\nexcept OSError: print('closed')"
        assert output(python(code)) == ["closed"]
    finally:
        os.close(held)
        os.close(other)


def test_without_a_secret_there_is_nothing_to_read():
    assert output(python("import sys; print(repr(sys.stdin.read()))")) == ["''"]


def test_a_secret_goes_to_its_stdin_alone():
    code = (
        "import os, sys\nread = sys.stdin.read()\nprint(read[::-1])\n"
        "print([read in open(f'/proc/self/{name}').read() for name in ('cmdline', 'environ')])"
    )
    command = python(code, stdin=Secret(CANARY))
    assert output(command) == [CANARY[::-1], "[False, False]"]
    assert CANARY not in repr(command)


def test_a_secret_that_nobody_reads_holds_nothing_up():
    assert output(python("print('done')", stdin=Secret("x" * 1_000_000))) == ["done"]


def test_a_bad_end_is_told_with_the_exit_code_and_nothing_that_it_printed():
    message, lines = failure(python(f"import sys; print('{CANARY}'); sys.exit(3)"))
    assert message == f"{os.path.basename(sys.executable)} ended with exit code 3."
    assert lines == [CANARY]


def test_an_end_by_a_signal_is_told_by_its_name():
    message, _ = failure(python("import os; os.kill(os.getpid(), 9)"))
    assert message.endswith("was ended by SIGKILL.")


def test_what_is_not_there_or_has_no_absolute_path_is_not_started():
    message, _ = failure(HostCommand(("/no/such/tool",)))
    assert message == "tool could not be started: No such file or directory."
    message, _ = failure(HostCommand(("true",)))
    assert message == "true has no absolute path, so it was not started."


def test_what_takes_too_long_ends_with_all_that_it_started():
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(child.pid, flush=True)\ntime.sleep(600)"
    )
    message, lines = failure(python(code, seconds=1.0))
    assert message.endswith("did not end within 1 s and was ended.")
    assert is_gone(int(lines[0]))


def test_what_will_not_end_is_killed():
    code = "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nprint(1, flush=True)\n"
    message, lines = failure(python(f"{code}time.sleep(600)", seconds=1.0))
    assert message.endswith("was ended.")
    assert lines == ["1"]


def test_what_it_left_running_holds_nothing_up():
    code = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(20)'])\n"
        "print(child.pid, flush=True)"
    )
    began = time.monotonic()
    (child,) = output(python(code))
    assert time.monotonic() - began < 15
    os.kill(int(child), 9)


def test_a_reader_that_fails_ends_it():
    def fail(line):
        raise RuntimeError(line)

    pids = []

    def note(line):
        pids.append(int(line))
        fail(line)

    with pytest.raises(RuntimeError):
        run_command(python("import os,time\nprint(os.getpid(), flush=True)\ntime.sleep(600)"), note)
    assert is_gone(pids[0])


def test_long_lines_come_in_pieces_and_bytes_that_are_no_text_do_not_hurt():
    code = f"import os\nos.write(1, b'x' * {LONGEST_LINE + 5} + b'\\n' + b'\\xff\\n')"
    lines = output(python(code))
    assert [len(line) for line in lines] == [LONGEST_LINE, 5, 1]


def test_output_without_end_is_told_up_to_a_bound():
    code = (
        f"import sys\nfor _ in range({MOST_BYTES // 100 * 3}): sys.stdout.write('y' * 99 + '\\n')"
    )
    told = sum(len(line) + 1 for line in output(python(code)))
    assert MOST_BYTES * 0.9 < told < MOST_BYTES * 1.2


def is_gone(pid):
    """Ended; perhaps nobody has waited for it yet."""
    for _ in range(200):
        try:
            with open(f"/proc/{pid}/stat") as stat:
                if stat.read().rpartition(")")[2].split()[0] in "ZX":
                    return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.01)
    return False
