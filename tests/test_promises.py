"""What README promises of every command line, asked from outside."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pve_auth_tui.arguments import ACTIONS, WRITES
from pve_auth_tui.simnode.demo import demo_tree
from tests.cli.writes import verbs_of

ROOT = Path(__file__).parent.parent
COMMANDS = (
    *("status", "survive", "realms", "users", "groups", "roles", "pools", "tokens", "tfa", "acl"),
    "permissions anna.admin@corp",
    "explain anna.admin@corp /vms/101",
    "who-can VM.PowerMgmt /vms/101",
    "what-if -- user disable carl@corp",
    "compare anna.admin@corp carl@corp",
    "script",
)
EVERY_COMMAND = """
import sys
from pve_auth_tui.cli import main
for line in sys.stdin.read().splitlines():
    main([*line.split(), *sys.argv[1:]])
"""


@pytest.fixture(scope="module")
def demo_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo cluster as files below a root."""
    root = tmp_path_factory.mktemp("root") / "demo"
    demo_tree().written_to(root)
    return root


def everything_said(root: Path, folder: Path, *options: str) -> str:
    """All commands in one process that stands in `folder` and calls it its home."""
    done = subprocess.run(
        [sys.executable, "-c", EVERY_COMMAND, "--root", str(root), *options],
        input="\n".join(COMMANDS),
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env={
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
        },
    )
    return done.stdout + done.stderr


def secrets_of_the_demo() -> Iterator[str]:
    tree = demo_tree()
    for line in tree.read("etc/pve/priv/token.cfg").decode().splitlines():
        yield line.split()[1]
    for line in tree.read("etc/pve/priv/shadow.cfg").decode("latin-1").splitlines():
        yield line.split(":")[1]
    yield from re.findall(r"client-key (\S+)", tree.read("etc/pve/domains.cfg").decode())
    tfa = tree.read("etc/pve/priv/tfa.cfg").decode()
    yield from re.findall(r"secret=(\w+)", tfa)
    for user in json.loads(tfa)["users"].values():
        if recovery := user.get("recovery"):
            yield from filter(None, [recovery["secret"], *recovery["entries"]])


def test_no_command_shows_a_secret(demo_root: Path, tmp_path: Path) -> None:
    secrets = list(secrets_of_the_demo())
    assert len(secrets) > 100
    said = everything_said(demo_root, tmp_path) + everything_said(demo_root, tmp_path, "--json")
    assert "anna.admin" in said
    assert [secret for secret in secrets if secret in said] == []


def test_reading_leaves_everything_as_it_was(demo_root: Path, tmp_path: Path) -> None:
    def state() -> dict[Path, tuple[int, int, bytes]]:
        return {
            path: (path.stat().st_mtime_ns, path.stat().st_mode, path.read_bytes())
            for path in demo_root.rglob("*")
            if path.is_file()
        }

    before = state()
    everything_said(demo_root, tmp_path)
    assert state() == before
    assert list(tmp_path.iterdir()) == []


SPEAKS = {"asyncio", "ftplib", "http", "requests", "smtplib", "socket", "socketserver", "ssl"}
THE_HTTPS_WAY = {
    f"pve_auth_tui/adapters/{name}.py"
    for name in ("certificate", "https", "nettrouble", "pinned", "pvesession")
}


STAYS_HERE = {
    "pve_auth_tui/adapters/ladder.py",  # the name of this machine
    "pve_auth_tui/adapters/syslog.py",  # systemd's socket in /run
    "pve_auth_tui/app.py",  # signals
}
THE_OTHER_NODES = {  # asked by Recover alone, and only where this one has no quorum
    f"pve_auth_tui/adapters/neighbours/{name}.py" for name in ("asking", "https", "material")
}
TYPES_ALONE = {"pve_auth_tui/core/directory/ports.py"}  # of sockets, for whoever checks types
DIRECTORIES = {  # asked when somebody tests or previews a realm, at the servers that it names
    f"pve_auth_tui/adapters/directory/{name}.py"
    for name in (
        "compiled",  # ldap3 composes filters; it opens nothing
        "connection",
        "contexts",
        "directories",
        "network",
        "resolver",
        "starttls",
        "tls",
        "wire",
    )
}
PROVIDERS = {f"pve_auth_tui/adapters/{name}.py" for name in ("web", "webline")}
LEAVES = re.compile(r"AF_INET|create_connection|open_connection|create_datagram_endpoint")


def modules_that_import(names: set[str]) -> set[str]:
    """Those of the program that import any of these, at the top or in a function."""
    found = set()
    for package in ("pve_auth_tui", "screens", "widgets"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                imported = []
                if isinstance(node, ast.Import):
                    imported = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom):
                    imported = [node.module or ""]
                tops = {name.partition(".")[0] for name in imported if name != "urllib.parse"}
                if tops & names:
                    found.add(str(path.relative_to(ROOT)))
    return found


def test_only_the_https_way_and_questions_to_other_nodes_speak_to_a_network() -> None:
    speaks = modules_that_import(SPEAKS | {"urllib", "urllib3", "ldap3"})
    assert {path for path in speaks if "/simnode/" not in path} == (
        THE_HTTPS_WAY | STAYS_HERE | THE_OTHER_NODES | TYPES_ALONE | DIRECTORIES | PROVIDERS
    )
    assert [path for path in STAYS_HERE if LEAVES.search((ROOT / path).read_text())] == []


def test_only_the_simulated_node_listens() -> None:
    listens = re.compile(r"HTTPServer|socketserver|\.listen\(|start_server|create_server")
    found = {
        path.relative_to(ROOT).parts[1]
        for package in ("pve_auth_tui", "screens", "widgets")
        for path in (ROOT / package).rglob("*.py")
        if listens.search(path.read_text())
    }
    assert found == {"simnode"}


DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


OURS = [name for name in ACTIONS if name not in WRITES]


def test_the_documents_name_only_commands_that_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    known = {"demo", "simnode", *ACTIONS, *WRITES, *(command.split()[0] for command in COMMANDS)}
    for document in DOCUMENTS:
        text = document.read_text()
        assert set(re.findall(r"^\s*`?make ([a-z]+)", text, re.MULTILINE)) <= targets
        assert set(re.findall(r"pve-auth-tui ([a-z][a-z-]*)", text)) <= known


def test_the_documents_name_every_option_and_none_that_does_not_exist() -> None:
    helped = [
        subprocess.run(
            [sys.executable, "-c", "from pve_auth_tui.cli import main; main()", *words, "--help"],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        ).stdout
        for words in ([], ["demo"], ["permissions"], ["simnode", "serve"], *([a] for a in OURS))
    ]
    helped += [verb.format_help() for name in WRITES for verb in verbs_of(name).values()]
    options = set(re.findall(r"--[a-z][a-z-]+", "".join(helped)))
    text = "".join(document.read_text() for document in (ROOT / "docs").glob("*.md"))
    tools = "pve(um|sh)|update-ca-certificates|pam-auth-update|dpkg|realm (deny|permit|join|leave)"
    others = rf"(?<!pve-auth-tui )\b({tools}) [^`\n]*"  # those have options of their own
    text = re.sub(others, "", text)
    assert options - {"--help"} == set(re.findall(r"--[a-z][a-z-]+", text))
    readme = (ROOT / "README.md").read_text().partition("## Command line")[2].partition("\n## ")[0]
    assert set(re.findall(r"--[a-z][a-z-]+", readme)) <= options
