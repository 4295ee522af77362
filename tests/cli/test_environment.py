"""R1: what a caller left in the environment steers nothing."""

from __future__ import annotations

import ctypes
import os
import resource
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from pve_auth_tui import environment

PROJECT = Path(__file__).parents[2]

LOCALE = {"LC_ALL": "C.UTF-8"}  # without one, Python sets LC_CTYPE itself

# What the program sees of its surroundings once the command line has cleaned them.
LOOK_AROUND = """
import os, sys
sys.path.insert(0, {project!r})
from pve_auth_tui import environment
{first}
with environment.scrubbed() as terminal:
    import time
    core = __import__("resource").getrlimit(4)[0]
    print(sorted(os.environ.items()))
    print(sys.path, sys.flags, sys.warnoptions, sys.pycache_prefix, sys.stdout.encoding)
    print(core, os.umask(0o077), time.tzname)
"""


def look_around(env: dict[str, str], first: str = "environment.start_afresh()") -> str:
    program = LOOK_AROUND.format(project=str(PROJECT), first=first)
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=env,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


def poison(folder: Path) -> dict[str, str]:
    """Variables that make Python, OpenSSL, Perl, libc or Textual do something else."""
    bad = folder / "bad"
    bad.mkdir()
    (bad / "textual.py").write_text("raise SystemExit('poisoned')")
    (bad / "openssl.cnf").write_text("openssl_conf = x")
    return {
        "TEXTUAL_PRESS": "q",
        "TEXTUAL_LOG": str(bad / "log"),
        "TEXTUAL_DRIVER": "os:system",
        "TEXTUAL_THEME": "nord",
        "TEXTUAL_SCREENSHOT": "1",
        "TEXTUAL": "debug,devtools",
        "PYTHONPATH": str(bad),
        "PYTHONUSERBASE": str(bad),
        "PYTHONINSPECT": "1",
        "PYTHONWARNINGS": "error",
        "PYTHONSTARTUP": str(bad / "textual.py"),
        "PYTHONPYCACHEPREFIX": str(bad),
        "PYTHONIOENCODING": "utf-16",
        "PYTHONBREAKPOINT": "os.abort",
        "PYTHONDEVMODE": "1",
        "PYTHONOPTIMIZE": "2",
        "PERL5LIB": str(bad),
        "PERL5OPT": "-Mbad",
        "SSL_CERT_FILE": str(bad / "ca.pem"),
        "SSL_CERT_DIR": str(bad),
        "SSLKEYLOGFILE": str(bad / "keys"),
        "OPENSSL_CONF": str(bad / "openssl.cnf"),
        "OPENSSL_MODULES": str(bad),
        "LD_LIBRARY_PATH": str(bad),
        "LD_BIND_NOW": "1",
        "LD_AUDIT": "",
        "GCONV_PATH": str(bad),
        "LOCPATH": str(bad),
        "TMPDIR": str(bad),
        "TZ": "Antarctica/Troll",
        "PATH": str(bad),
        "HOME": str(bad),
        "IFS": "/",
        "BASH_ENV": str(bad),
        "REQUESTS_CA_BUNDLE": str(bad),
        "https_proxy": "http://192.0.2.1:1",
        "XDG_CONFIG_HOME": str(bad),
        "XDG_DATA_HOME": str(bad),
        "COLUMNS": "$(reboot)",
        "LANG": "../../bad",
        "TERM": "../bad",
    }


def test_poisoned_variables_change_nothing(tmp_path: Path) -> None:
    poisoned = poison(tmp_path)
    assert len(poisoned) > 30

    assert look_around(poisoned | LOCALE) == look_around(LOCALE)


def test_without_cleaning_the_poison_would_be_seen(tmp_path: Path) -> None:
    assert look_around(poison(tmp_path) | LOCALE, first="") != look_around(LOCALE, first="")


def test_it_starts_afresh_only_once_even_if_the_variable_comes_back() -> None:
    again = 'os.environ["LD_BIND_NOW"] = "1"; print("started", flush=True)\n'

    seen = look_around({}, first=again + "environment.start_afresh()")

    assert seen.count("started") == 2


def test_harmless_python_variables_cost_no_second_start() -> None:
    once = 'print("started", flush=True)\nenvironment.start_afresh()'
    env = {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "1"}

    assert look_around(env, first=once).count("started") == 1


def test_arguments_survive_the_second_start(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(f"""
            import os, sys
            sys.path.insert(0, {str(PROJECT)!r})
            from pve_auth_tui import environment
            environment.start_afresh()
            print(sys.argv[1:], os.environ.get("LD_BIND_NOW"))
        """)
    )

    seen = subprocess.run(
        [sys.executable, script, "users", "--root", "a b"],
        env={"LD_BIND_NOW": "1"},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    ).stdout

    assert seen == "['users', '--root', 'a b'] None\n"


def test_our_own_place_stays_on_the_python_path_and_nothing_else_does() -> None:
    env = {"PYTHONPATH": "/evil:/opt/ours", "TERM": "xterm"}

    assert environment.without_start_up_traps(env, {"PYTHONPATH": "/opt/ours"}) == {
        "PYTHONPATH": "/opt/ours",
        "TERM": "xterm",
    }


def test_a_python_path_that_is_only_our_own_place_is_no_trap() -> None:
    env = {"PYTHONPATH": "/opt/ours"}

    assert environment.without_start_up_traps(env, {"PYTHONPATH": "/opt/ours"}) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TERM", "xterm-256color"),
        ("LANG", "de_DE.UTF-8"),
        ("LC_ALL", "C"),
        ("COLUMNS", "132"),
        ("LINES", "43"),
        ("NO_COLOR", ""),
        ("PVE_AUTH_TUI_GLYPHS", "ascii"),
    ],
)
def test_what_describes_the_terminal_and_our_own_variables_stay(name: str, value: str) -> None:
    assert environment.clean({name: value}, "/root")[name] == value


def test_path_and_home_are_fixed() -> None:
    assert environment.clean({"PATH": "/evil", "HOME": "/evil"}, "/root") == {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
    }


def test_the_terminal_profile_may_know_of_ssh_and_tmux_but_the_environment_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22")
    monkeypatch.setenv("TMUX", "/tmp/tmux")  # noqa: S108

    with environment.scrubbed() as terminal:
        assert terminal["SSH_CONNECTION"].startswith("192.0.2.1")
        assert terminal["TMUX"]
        assert not {"SSH_CONNECTION", "TMUX"} & os.environ.keys()


def test_the_journal_may_know_who_claims_to_have_called_sudo_but_the_environment_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SUDO_USER", "mary")
    monkeypatch.setenv("SUDO_UID", "1001")
    with environment.scrubbed() as noted:
        assert (noted["SUDO_USER"], noted["SUDO_UID"]) == ("mary", "1001")
        assert not any(name.startswith("SUDO_") for name in os.environ)


def test_inside_there_is_no_core_dump(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = {resource.RLIMIT_CORE: (4096, 8192)}  # this machine may allow none to begin with
    monkeypatch.setattr(resource, "getrlimit", limits.__getitem__)
    monkeypatch.setattr(resource, "setrlimit", limits.__setitem__)
    with environment.scrubbed():
        assert limits == {resource.RLIMIT_CORE: (0, 8192)}
    assert limits == {resource.RLIMIT_CORE: (4096, 8192)}


def dumpable() -> int:
    """PR_GET_DUMPABLE: whether others of the same user may read this process's memory."""
    return ctypes.CDLL(None).prctl(3)


def test_inside_nobody_but_root_can_read_our_memory() -> None:
    assert dumpable() == 1
    with environment.scrubbed():
        assert dumpable() == 0
        with environment.scrubbed():
            assert dumpable() == 0
        assert dumpable() == 0
    assert dumpable() == 1


def test_without_ctypes_the_rest_is_scrubbed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ctypes", None)
    monkeypatch.setenv("PERL5LIB", "/evil")
    with environment.scrubbed():
        assert "PERL5LIB" not in os.environ


# Somebody who is not root: what it may still read of itself inside, and what others of it.
NOT_ROOT = """
import ctypes, os, sys
sys.path.insert(0, {project!r})
from pve_auth_tui import environment
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    ctypes.CDLL(None).prctl(4, 1)  # as after an exec

def others_see():
    if child := os.fork():
        return os.waitpid(child, 0)[1] == 0
    try:
        ctypes.CDLL(None).prctl(4, 1)
        open(f"/proc/{{os.getppid()}}/environ", "rb").close()
    except PermissionError:
        os._exit(1)
    os._exit(0)

print(others_see())
with environment.scrubbed():
    own = [open(f"/proc/self/{{name}}", "rb").read() for name in ("stat", "maps", "loginuid")]
    print(len(own), os.path.samefile("/proc/self/fd/0", "/dev/null"), others_see())
print(others_see())
"""


def test_who_is_not_root_still_reads_what_is_his_and_nobody_else_does() -> None:
    program = NOT_ROOT.format(project=str(PROJECT))
    done = subprocess.run(
        [sys.executable, "-c", program],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.stdout.splitlines() == ["True", "3 True False", "True"], done.stderr


def test_inside_new_files_are_private() -> None:
    with environment.scrubbed():
        assert os.umask(0o077) == 0o077


def test_afterwards_everything_is_as_it_was() -> None:
    mask = os.umask(0o022)
    before = dict(os.environ), resource.getrlimit(resource.RLIMIT_CORE)

    with environment.scrubbed():
        os.environ["NEW"] = "1"

    assert (dict(os.environ), resource.getrlimit(resource.RLIMIT_CORE)) == before
    assert os.umask(mask) == 0o022


def test_children_get_a_known_environment_and_nothing_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PERL5LIB", "/evil")

    assert environment.child_environment() == {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": environment.home_folder(),
        "LC_ALL": "C",
    }
