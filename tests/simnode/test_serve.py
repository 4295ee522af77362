"""`simnode serve` as a process, and where it refuses to run."""

from __future__ import annotations

import http.client
import json
import os
import signal
import ssl
import stat
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from pve_auth_tui.core.errors import ApiError, Refused, UsageError
from pve_auth_tui.core.tokensecrets import parse_token_secrets
from pve_auth_tui.simnode import serve, tickets
from pve_auth_tui.simnode.demo import PASSWORD, demo_tree
from pve_auth_tui.simnode.faults import Faults
from pve_auth_tui.simnode.memory import MARKER
from pve_auth_tui.simnode.passwords import check_password
from tests.simnode.door import headers_of

PROJECT = Path(__file__).parents[2]
PROGRAM = f"""
import sys
sys.path[:0] = [{str(PROJECT)!r}]
from pve_auth_tui.cli import main
sys.exit(main())
"""


def program(*arguments: object) -> list[str]:
    return [sys.executable, "-P", "-c", PROGRAM, "simnode", "serve", *map(str, arguments)]


class Running:
    """A server in a process of its own, and what it said."""

    def __init__(self, process: subprocess.Popen[str], said: str) -> None:
        self.process = process
        self.said = said
        self.about: dict[str, str] = json.loads(said)
        self.password_file = Path(self.about["password_file"])

    @property
    def password(self) -> str:
        return self.password_file.read_text().strip()

    def ask(
        self, method: str, path: str, body: dict[str, str] | None = None, **headers: str
    ) -> tuple[int, Any]:
        host, port = self.about["url"].removeprefix("https://").split(":")
        context = ssl.create_default_context(cafile=self.about["ca"])
        connection = http.client.HTTPSConnection(host, int(port), context=context, timeout=20)
        form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        connection.request(method, f"/api2/json{path}", body and urlencode(body), form | headers)
        response = connection.getresponse()
        content = response.read()
        return response.status, json.loads(content) if content else response.reason

    def log_in(self) -> dict[str, str]:
        params = {"username": "root@pam", "password": self.password}
        status, answer = self.ask("POST", "/access/ticket", params)
        assert status == 200
        assert "NeedTFA" not in answer["data"]
        return headers_of(answer["data"])

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, float, str, str]:
        """Exit code, seconds that it took, and what else was said."""
        start = time.monotonic()
        self.process.send_signal(number)
        output, errors = self.process.communicate(timeout=20)
        return self.process.returncode, time.monotonic() - start, output, errors


@contextmanager
def served(*arguments: object) -> Iterator[Running]:
    process = subprocess.Popen(
        program(*arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield Running(process, process.stdout.readline())
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def failed(*arguments: object) -> tuple[int, str, str]:
    done = subprocess.run(
        program(*arguments), capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout, done.stderr


def test_a_client_finds_all_it_needs_in_one_line(tmp_path: Path) -> None:
    state = tmp_path / "node"
    with served("--state", state) as running:
        assert running.about["url"].startswith("https://127.0.0.1:")
        assert running.about["node"] == "pve1"
        assert Path(running.about["ca"]).is_relative_to(state)
        headers = running.log_in()
        assert len(running.ask("GET", "/access/users", **headers)[1]["data"]) == 212
        made = running.ask("POST", "/access/groups", {"groupid": "new"}, **headers)
        assert made == (200, {"data": None})
        code, _, output, errors = running.end()
    assert (code, output, errors) == (0, "", "")
    assert b"group:new:" in (state / "etc/pve/user.cfg").read_bytes()


def test_the_password_is_random_and_stands_in_its_file_alone(tmp_path: Path) -> None:
    with served("--state", tmp_path / "one") as one, served("--state", tmp_path / "two") as two:
        assert one.password != two.password
        assert len(one.password) >= 24
        assert stat.S_IMODE(one.password_file.stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "one").stat().st_mode) == 0o700
        command = Path(f"/proc/{one.process.pid}/cmdline").read_bytes()
        environment = Path(f"/proc/{one.process.pid}/environ").read_bytes()
        one.log_in()
        password = one.password
        said = one.said + "".join(one.end()[2:])
    assert password not in said
    assert password.encode() not in command + environment
    holders = [
        file.name
        for file in (tmp_path / "one").rglob("*")
        if file.is_file() and password.encode() in file.read_bytes()
    ]
    assert holders == [serve.PASSWORD]


def test_no_key_and_no_secret_of_a_token_is_the_demos_or_another_nodes(tmp_path: Path) -> None:
    """Who has our source has them, and whoever is on this machine reaches the port."""
    nodes = [serve.prepared(tmp_path / name, Faults(), serve.Ending()) for name in ("one", "two")]
    for node in nodes:
        node.tickets.ticket("root@pam")
    demo, one, two = demo_tree().files, *(node.disk for node in nodes)
    for path in (tickets.WWW, tickets.PRIVATE, "etc/pve/priv/token.cfg"):
        assert len({demo.get(path), one.read(path), two.read(path)}) == 3
    given, ours = (
        parse_token_secrets(data or b"").secrets
        for data in (demo["etc/pve/priv/token.cfg"], one.read("etc/pve/priv/token.cfg"))
    )
    assert given.keys() == ours.keys()
    assert not {secret.reveal() for secret in given.values()} & {
        secret.reveal() for secret in ours.values()
    }
    again = serve.prepared(tmp_path / "one", Faults(), serve.Ending())
    assert again.state.token_secrets.secrets == ours, "an earlier state goes on"


def test_the_password_of_the_demo_lets_nobody_in(tmp_path: Path) -> None:
    """Not even into accounts that have one there: everybody can read it in our source."""
    node = serve.prepared(tmp_path, Faults(), serve.Ending())
    users = [userid for userid in node.state.access.users if userid.endswith(("@pam", "@pve"))]
    assert {"root@pam", "backup-admin@pve"} <= set(users)
    for userid in users:
        with pytest.raises(ApiError):
            check_password(node, userid, PASSWORD)
    assert len(node.state.shadow.hashes) > 5, "they still have one, which nobody knows"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_a_second_and_nothing_is_left(
    tmp_path: Path, number: signal.Signals
) -> None:
    state = tmp_path / "node"
    with served("--state", state) as running:
        host, port = running.about["url"].removeprefix("https://").split(":")
        idle = http.client.HTTPSConnection(
            host, int(port), context=ssl.create_default_context(cafile=running.about["ca"])
        )
        idle.connect()
        slow = http.client.HTTPSConnection(
            host, int(port), context=ssl.create_default_context(cafile=running.about["ca"])
        )
        slow.request("GET", "/api2/json/access/users")  # a refusal, which waits three seconds
        pid = running.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        code, seconds, output, errors = running.end(number)
        idle.close()
        slow.close()
    assert children == ""
    assert (code, output, errors) == (0, "", "")
    assert seconds < 1
    assert [file.name for file in state.rglob("*.new")] == []


def test_an_earlier_state_goes_on_with_its_password_and_its_certificate(tmp_path: Path) -> None:
    with served("--state", tmp_path) as first:
        password, ca = first.password, Path(first.about["ca"]).read_bytes()
        first.ask("POST", "/access/groups", {"groupid": "kept"}, **first.log_in())
        first.end()
    with served("--state", tmp_path) as second:
        assert (second.password, Path(second.about["ca"]).read_bytes()) == (password, ca)
        headers = second.log_in()
        assert second.ask("GET", "/access/groups/kept", **headers)[0] == 200


def test_faults_are_given_at_the_start_and_changed_while_it_runs(tmp_path: Path) -> None:
    with served("--state", tmp_path, "--fault", "pvedaemon-dead") as running:
        login = {"username": "root@pam", "password": running.password}
        assert running.ask("POST", "/access/ticket", login) == (595, "Connection refused")
        faults = tmp_path / serve.FAULTS
        assert json.loads(faults.read_text()) == ["pvedaemon-dead"]
        faults.write_text("[]")
        headers = running.log_in()
        assert running.ask("GET", "/access/users", **headers)[0] == 200
        faults.write_text('["disk full"]')
        status, answer = running.ask("POST", "/access/groups", {"groupid": "new"}, **headers)
        assert (status, "No space left on device" in answer["message"]) == (500, True)
        faults.unlink()
        assert running.ask("POST", "/access/groups", {"groupid": "new"}, **headers)[0] == 200


def test_a_new_node_without_quorum_lets_its_password_in(tmp_path: Path) -> None:
    with served("--state", tmp_path, "--fault", "no-quorum") as running:
        assert running.ask("GET", "/access/users", **running.log_in())[0] == 200


def test_it_says_which_faults_there_are(tmp_path: Path) -> None:
    code, output, errors = failed("--state", tmp_path / "node", "--fault", "gremlins")
    assert (code, output) == (2, "")
    assert "There is no fault gremlins." in errors
    assert "no-quorum, pvedaemon-dead, pveproxy-dead" in errors
    assert not (tmp_path / "node").exists()


@pytest.mark.parametrize("port", ["-1", "65536", "http", "8006x"])
def test_a_port_is_a_number(tmp_path: Path, port: str) -> None:
    assert failed("--state", tmp_path / "node", f"--port={port}")[0] == 2
    assert not (tmp_path / "node").exists()


def test_it_fills_no_folder_that_holds_something_else(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("to my mother")
    code, _, errors = failed("--state", tmp_path)
    assert code == 3
    assert "is not empty and holds no demo" in errors
    assert [file.name for file in tmp_path.iterdir()] == ["letter"]


def test_the_port_can_be_chosen_and_one_that_is_taken_is_told(tmp_path: Path) -> None:
    with served("--state", tmp_path / "one") as running:
        port = running.about["url"].rpartition(":")[2]
        code, _, errors = failed("--state", tmp_path / "two", "--port", port)
    assert code == 3
    assert f"Port {port} of this machine cannot be used" in errors


# --- in this process ---


DPKG = "Package: pve-manager\nStatus: install ok installed\nVersion: 9.2.11\n\n"


@pytest.mark.parametrize(
    ("sign", "content"),
    [
        ("usr/bin/pveversion", ""),
        ("usr/bin/pmxcfs", ""),
        ("etc/pve/local", ""),
        ("var/lib/pve-cluster/config.db", ""),
        ("var/lib/dpkg/status", DPKG),
    ],
)
def test_where_pve_is_installed_it_refuses_before_it_writes(
    tmp_path: Path, sign: str, content: str
) -> None:
    root = tmp_path / "root"
    (root / sign).parent.mkdir(parents=True)
    (root / sign).write_text(content)
    with pytest.raises(Refused, match="Proxmox VE is installed here"):
        serve.serve(tmp_path / "node", 0, [], say=print, complain=print, root=root)
    assert not (tmp_path / "node").exists()


def test_pves_mount_point_alone_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    serve.refuse_real_nodes(tmp_path)
    monkeypatch.setattr(os.path, "ismount", lambda path: Path(path) == tmp_path / "etc/pve")
    with pytest.raises(Refused, match="/etc/pve"):
        serve.refuse_real_nodes(tmp_path)


def test_a_broken_link_and_a_removed_package(tmp_path: Path) -> None:
    (tmp_path / "usr/bin").mkdir(parents=True)
    (tmp_path / "var/lib/dpkg").mkdir(parents=True)
    (tmp_path / "var/lib/dpkg/status").write_text(DPKG.replace("install ok inst", "deinstall ok "))
    serve.refuse_real_nodes(tmp_path)
    os.symlink("nowhere", tmp_path / "usr/bin/pvesh")
    with pytest.raises(Refused):
        serve.refuse_real_nodes(tmp_path)


def test_a_faults_file_that_makes_no_sense_changes_nothing(tmp_path: Path) -> None:
    faults, said = Faults(), []
    file = tmp_path / "faults.json"
    news = serve.FaultsFile(file, faults, said.append)
    file.write_text('["disk-full", "lock held"]')
    news.read()
    assert (faults.disk_full, faults.held_locks) == (True, {"file-user_cfg"})
    for text in ("{", '{"a": 1}', '["gremlins"]', "[" * 100_000, "\x00"):
        file.write_text(text)
        news.read()
        news.read()
        assert faults.disk_full
    assert len(said) == 5
    file.unlink()
    news.read()
    assert not faults.disk_full


def test_faults_go_together(tmp_path: Path) -> None:
    faults = Faults()
    serve.turn(faults, ["no-quorum", "slow"])
    assert not faults.quorate
    assert faults.slow
    serve.turn(faults, ["slow"])
    assert faults.quorate
    with pytest.raises(UsageError):
        serve.turn(faults, ["slow", "fast"])
    assert faults.slow


def contracts() -> Sequence[dict[str, Any]]:
    text = (PROJECT / "pyproject.toml").read_text()
    return tomllib.loads(text)["tool"]["importlinter"]["contracts"]  # type: ignore[no-any-return]


def test_a_way_to_a_real_node_cannot_load_the_simulated_one() -> None:
    """R32. That the contracts are kept is for the linter; that they are there, for us."""
    assert any(
        contract["source_modules"] == ["pve_auth_tui.adapters"]
        and "pve_auth_tui.simnode" in contract["forbidden_modules"]
        for contract in contracts()
        if contract["type"] == "forbidden"
    )


def test_the_folder_is_marked_as_a_demo(tmp_path: Path) -> None:
    serve.prepared(tmp_path, Faults(), serve.Ending())
    assert (tmp_path / MARKER).exists()
    assert "Nothing in here belongs to a real node" in (tmp_path / MARKER).read_text()
