"""Another host over https, from the command line: the real program, a real socket, real logins."""

from __future__ import annotations

import hashlib
import json
import os
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pexpect
import pytest

from pve_auth_tui import wiring
from pve_auth_tui.adapters import bridge
from pve_auth_tui.adapters.bridge import Bridge
from pve_auth_tui.adapters.certificate import Pin
from pve_auth_tui.arguments import parse
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.simnode.bridge_child import command
from pve_auth_tui.wiring import _place

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-c", "import sys; from pve_auth_tui.cli import main; sys.exit(main())"]


class Served(NamedTuple):
    """A simulated node on a port."""

    place: str
    ca: str
    password: str
    state: Path


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    state = tmp_path_factory.mktemp("served") / "state"
    program = [*PROGRAM, "simnode", "serve", "--state", str(state)]
    with subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        about = json.loads(process.stdout.readline())
        password = Path(about["password_file"]).read_text().strip()
        place = about["url"].removeprefix("https://")
        yield Served(place, about["ca"], password, state)
        process.terminate()


def ask(served: Served, *words: str, typed: str | None = None) -> Any:
    """The list as JSON, with the answers to the login on standard input."""
    program = [*PROGRAM, "--host", served.place, "--user", "root@pam", "--password-stdin", *words]
    return subprocess.run(
        program,
        input=f"{served.password}\n" if typed is None else typed,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_list_of_another_host_is_what_its_api_says(served: Served) -> None:
    done = ask(served, "--ca", served.ca, "groups", "--json")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)) == 31


def test_status_says_how_the_node_was_reached(served: Served) -> None:
    done = ask(served, "--ca", served.ca, "status", "--json")
    assert json.loads(done.stdout)["source"] == "https"
    assert json.loads(done.stdout)["quorate"] is True


def test_a_simulated_node_is_said_to_be_one(served: Served) -> None:
    done = ask(served, "--ca", served.ca, "status")
    assert "DEMO" in done.stdout.splitlines()[0] + done.stdout.splitlines()[1]


def test_a_confirmed_fingerprint_is_enough(served: Served) -> None:
    pem = (served.state / "etc/pve/nodes/pve1/pve-ssl.pem").read_text()
    first = pem[: pem.index("-----END") + len("-----END CERTIFICATE-----\n")]
    fingerprint = hashlib.sha256(ssl.PEM_cert_to_DER_cert(first)).hexdigest()
    done = ask(served, "--fingerprint", fingerprint, "roles", "--json")
    assert done.returncode == 0, done.stderr


def test_without_a_ca_the_fingerprint_is_shown_and_nothing_is_sent(served: Served) -> None:
    done = ask(served, "roles")
    assert done.returncode == 2
    found = re.search(r"--fingerprint ([0-9A-F:]{95})\.", done.stderr)
    assert found, done.stderr
    assert ask(served, "--fingerprint", found[1], "roles", "--json").returncode == 0


@pytest.mark.parametrize(("typed", "code"), [("yes", 0), ("y", 2), ("", 2)])
def test_on_a_terminal_the_fingerprint_has_to_be_confirmed(
    served: Served, typed: str, code: int
) -> None:
    words = ["--host", served.place, "--user", "root@pam", "roles", "--json"]
    child = pexpect.spawn(PROGRAM[0], [*PROGRAM[1:], *words], cwd=str(ROOT), timeout=20)
    child.expect("SHA-256 [0-9A-F:]{95}")
    child.expect("Type yes: ")
    child.sendline(typed)
    if code == 0:
        child.expect("Password of root@pam")
        child.sendline(served.password)
    said = child.read().decode()
    child.close()
    assert child.exitstatus == code, said
    assert served.password not in said


def test_another_fingerprint_is_refused_and_no_password_leaves(served: Served) -> None:
    done = ask(served, "--fingerprint", "ab" * 32, "roles")
    assert done.returncode == 1
    assert served.password not in done.stderr
    assert "certificate" in done.stderr


def test_a_wrong_password_is_said_once_and_in_plain_words(served: Served) -> None:
    done = ask(served, "--ca", served.ca, "users", typed="not-the-password\n")
    assert done.returncode == 1
    assert done.stdout == ""
    first, second = done.stderr.splitlines()
    assert first == "PVE refused the login of root@pam."
    assert "journalctl" in second
    assert "not-the-password" not in done.stderr


def test_nobody_listening_is_said(served: Served) -> None:
    nobody = served._replace(place="127.0.0.1:1")
    done = ask(nobody, "--ca", served.ca, "users")
    assert done.returncode == 1
    assert re.search(r"127\.0\.0\.1", done.stderr)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--ca", "x"], "--ca goes with --host"),
        (["--host", "pve1", "--ca", "/no/such/file"], "cannot be read"),
        (["--host", "pve1:99999", "--fingerprint", "ab" * 32], "99999 is no port"),
        (["--host", "pve1", "--ca", "x", "--password-stdin"], "--password-stdin needs --user"),
        (["--host", "pve1", "--ca", "x", "--rung", "bridge"], "a way on the node itself"),
        (["--root", ".", "--rung", "pvesh"], "asks a running PVE"),
        (["--host", "pve 1", "--fingerprint", "ab" * 32], "no host to connect to"),
        (["--host", "pve1", "--fingerprint", "abc"], "SHA-256"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error_before_anything_is_asked(
    words: list[str], said: str
) -> None:
    done = subprocess.run(
        [*PROGRAM, *words, "users"],
        stdin=subprocess.DEVNULL,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ("pve1", ("pve1", 8006)),
        ("pve1:443", ("pve1", 443)),
        ("[2001:db8::1]:443", ("2001:db8::1", 443)),
        ("[2001:db8::1]", ("2001:db8::1", 8006)),
        ("2001:db8::1", ("2001:db8::1", 8006)),
    ],
)
def test_a_host_may_have_a_port_and_an_address_brackets(host: str, place: object) -> None:
    assert _place(host) == place


@pytest.mark.parametrize("port", ["", "0", "65536", "-1", "x", "9" * 5000, "\u0662"])
def test_what_is_no_port_is_said(port: str) -> None:
    with pytest.raises(UsageError, match="is no port"):
        _place(f"pve1:{port}")


def test_nobody_is_asked_for_a_password_before_the_right_one_answers(served: Served) -> None:
    words = ["--host", "127.0.0.1:1", "--ca", served.ca, "--user", "root@pam", "users"]
    child = pexpect.spawn(PROGRAM[0], [*PROGRAM[1:], *words], cwd=str(ROOT), timeout=20)
    said = child.read().decode()
    child.close()
    assert child.exitstatus == 1
    assert "Password" not in said


def test_status_says_how_the_node_was_reached_to_people_too(served: Served) -> None:
    first = ask(served, "--ca", served.ca, "status").stdout
    assert "https" in first.partition("\n\n")[0]
    assert "READ-ONLY" not in first
    assert "API does not tell" not in first


def test_on_the_node_https_takes_a_ticket_that_pves_own_modules_make(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is asked for a password: root's own modules vouch for root (R18)."""

    def open_bridge() -> Bridge:
        return Bridge(command=command(served.state), euid=lambda: 0)

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(bridge, "Bridge", open_bridge)
    monkeypatch.setattr(wiring, "PORT", int(served.place.partition(":")[2]))
    monkeypatch.setattr(wiring, "own_pin", lambda: Pin(ca_pem=Path(served.ca).read_bytes()))

    nodes = wiring.wired(parse(["--rung", "https", "users"])).nodes
    assert nodes is not None
    try:
        picture = nodes.load()
        assert nodes.node(picture).shown == "root@pam, https"
        assert picture.access.value is not None
        assert len(picture.access.value.users) == 212
    finally:
        nodes.close()
