"""Who runs it: what the kernel says is not moved by what the environment claims (R17b)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pve_auth_tui.adapters.who import who
from pve_auth_tui.core.journal import Who

UNSET = "4294967295"
SSH = "192.0.2.7 50022 192.0.2.1 22"


class Machine:
    """The files that tell of a login, below a root of their own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\njoe:x:1001:1001::/:/bin/sh\n")

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, newline="")
        return file

    def login(self, uid: str, session: str = UNSET, tty: int = 0, cgroup: str = "0::/\n") -> None:
        self.write("proc/self/loginuid", uid)
        self.write("proc/self/sessionid", session)
        self.write("proc/self/cgroup", cgroup)
        self.write("proc/self/stat", f"42 (a ) name) S 1 42 42 {tty} 42 4194304 0\n")

    def session(self, name: str, **values: str) -> None:
        lines = (f"{key}={value}\n" for key, value in values.items())
        self.write(f"run/systemd/sessions/{name}", "# private\n" + "".join(lines))

    def who(self, **environment: str) -> Who:
        return who(environment, self.root)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Joe, by ssh, in session 7 on pts/3."""
    found = Machine(tmp_path)
    found.login("1001", "7", os.makedev(136, 3))
    found.session(
        "7", UID="1001", USER="joe", TTY="pts/3", REMOTE_HOST="192.0.2.7", SERVICE="sshd", AUDIT="7"
    )
    return found


def me() -> str:
    return f"as uid {os.getuid()}"


def test_the_login_the_session_the_terminal_and_the_remote_host_are_told(machine: Machine) -> None:
    found = machine.who(SUDO_USER="joe", SUDO_UID="1001", SSH_CONNECTION=SSH, SSH_CLIENT="x")
    assert found == Who(
        f"joe (uid 1001), session 7, on pts/3, from 192.0.2.7, by sshd, {me()}",
        f"SUDO_USER joe, SUDO_UID 1001, SSH_CONNECTION {SSH}",
        differs=False,
    )


@pytest.mark.parametrize(
    "forged",
    [
        {"SUDO_USER": "mary"},
        {"SUDO_UID": "1002"},
        {"SUDO_USER": "mary", "SUDO_UID": "1002"},
        {"SUDO_USER": "joe", "SUDO_UID": "0"},
        {"SUDO_UID": "01001"},
        {"SUDO_UID": "joe"},
    ],
)
def test_a_forged_sudo_user_changes_nothing_but_that_it_differs(
    machine: Machine, forged: dict[str, str]
) -> None:
    honest, found = machine.who(), machine.who(**forged)
    assert found.kernel == honest.kernel
    assert found.differs
    assert not honest.differs


def test_what_ssh_claims_changes_nothing(machine: Machine) -> None:
    found = machine.who(SSH_CLIENT="203.0.113.9 1 22")
    assert found.kernel == machine.who().kernel
    assert found.claimed == "SSH_CLIENT 203.0.113.9 1 22"


def test_without_a_login_uid_nothing_can_differ(machine: Machine) -> None:
    machine.login(UNSET)
    found = machine.who(SUDO_USER="mary", SUDO_UID="1002")
    assert found.kernel == f"no login on record, {me()}"
    assert found.claimed == "SUDO_USER mary, SUDO_UID 1002"
    assert not found.differs


def test_roots_own_login_is_a_login(machine: Machine) -> None:
    machine.login("0", "3", os.makedev(4, 1))
    assert machine.who().kernel == f"root (uid 0), session 3, on tty1, {me()}"
    assert machine.who(SUDO_USER="root", SUDO_UID="0").differs is False


@pytest.mark.parametrize(
    ("device", "name"),
    [
        ((136, 0), "pts/0"),
        ((137, 4), "pts/260"),
        ((4, 64), "ttyS0"),
        ((4, 63), "tty63"),
        ((229, 0), "terminal 229:0"),
    ],
)
def test_the_controlling_terminal_is_told_by_its_number(
    machine: Machine, device: tuple[int, int], name: str
) -> None:
    machine.login("1001", UNSET, os.makedev(*device))
    assert machine.who().kernel == f"joe (uid 1001), on {name}, {me()}"


def test_in_tmux_both_terminals_are_told(machine: Machine) -> None:
    machine.login("1001", "7", os.makedev(136, 9))
    assert "on pts/9, login on pts/3, from 192.0.2.7" in machine.who().kernel


def test_where_the_kernel_counts_no_sessions_the_control_group_names_it(machine: Machine) -> None:
    machine.login("1001", UNSET, cgroup="0::/user.slice/user-1001.slice/session-c4.scope\n")
    machine.session("c4", UID="1001", USER="joe", REMOTE_HOST="192.0.2.9")
    assert "session c4, from 192.0.2.9" in machine.who().kernel


def test_a_session_that_is_another_audit_session_is_not_ours(machine: Machine) -> None:
    machine.session("7", UID="1001", USER="eve", REMOTE_HOST="203.0.113.9", AUDIT="8")
    assert machine.who().kernel == f"joe (uid 1001), session 7, on pts/3, {me()}"


def test_the_name_of_a_session_of_somebody_else_is_not_taken(machine: Machine) -> None:
    machine.session("7", UID="1002", USER="eve", REMOTE_HOST="192.0.2.7")
    assert machine.who().kernel.startswith("joe (uid 1001), session 7")


def test_a_user_of_a_directory_has_a_number_and_nobody_waits_for_the_name(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("pwd.getpwuid")
    machine.login("1844400513")
    assert machine.who(SUDO_USER="anna@corp").kernel.startswith("uid 1844400513, as uid ")
    assert not machine.who(SUDO_USER="anna@corp").differs


def test_control_characters_and_long_values_make_one_short_line(machine: Machine) -> None:
    machine.session("7", REMOTE_HOST="\x1b[2Jh\u202e" + "h" * 5000, TTY="a\x00b", SERVICE="s\r")
    found = machine.who(SUDO_USER="a\n{}" * 900, SSH_CONNECTION="\u2028" * 900)
    for text in (found.kernel, found.claimed):
        assert text.isprintable()
        assert len(text) < 1000


@pytest.mark.parametrize("name", ["loginuid", "sessionid", "cgroup", "stat"])
@pytest.mark.parametrize("content", [None, "", "x", "9" * 50, "-1", ") ) )", "\x00", "¹"])
def test_whatever_the_files_hold_somebody_is_told(
    machine: Machine, name: str, content: str | None
) -> None:
    if content is None:
        (machine.root / "proc/self" / name).unlink()
    else:
        machine.write(f"proc/self/{name}", content)
    assert machine.who().kernel.endswith(me())


def test_pipes_links_and_folders_in_place_of_the_files_are_not_read(
    machine: Machine, tmp_path: Path
) -> None:
    for name in ("proc/self/loginuid", "run/systemd/sessions/7"):
        (machine.root / name).unlink()
    os.mkfifo(machine.root / "proc/self/loginuid")
    secret = machine.write("secret", "USER=secret\nREMOTE_HOST=secret\n")
    (machine.root / "run/systemd/sessions/7").symlink_to(secret)
    assert machine.who().kernel == f"no login on record, session 7, on pts/3, {me()}"


def test_this_very_process_is_somebody() -> None:
    found = who({})
    assert me() in found.kernel
    assert (found.claimed, found.differs) == ("", False)
