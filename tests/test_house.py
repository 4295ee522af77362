"""The rules of the house that no single module can keep: layers, what is packed, what is said."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from pve_auth_tui import __version__
from pve_auth_tui.simnode.demo import demo_tree

ROOT = Path(__file__).parent.parent
PACKAGES = ("pve_auth_tui", "screens", "widgets")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
HEAVY = ("cryptography", "dns", "fido2", "ldap3", "proxmoxer", "pyotp", "qrcode", "requests")
COMMANDS = (
    ["status"],
    ["survive"],
    ["realms"],
    ["users"],
    ["groups"],
    ["roles"],
    ["pools"],
    ["tokens"],
    ["tfa"],
    ["acl"],
    ["permissions", "root@pam"],
    ["explain", "root@pam", "/vms/100"],
    ["who-can", "VM.Audit", "/"],
    ["what-if", "--", "user", "disable", "nina@pve"],
    ["compare", "root@pam", "nina@pve"],
    ["script"],
    ["recover"],
)


def modules(package: str) -> Iterator[str]:
    """All modules of a package, by their dotted names."""
    for file in sorted((ROOT / package).rglob("*.py")):
        parts = file.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def bare_python(code: str, *argv: str) -> subprocess.CompletedProcess[str]:
    """Run code where nothing can be imported but the standard library and our three packages."""
    start = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", start + code, *argv],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def our_files() -> Iterator[Path]:
    """What belongs to the project: everything that no tool has put there."""
    ignored = re.compile(
        r"\.git|\.venv.*|__pycache__|\..*_cache|\.hypothesis|build|dist|.*\.egg-info"
    )
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if not ignored.fullmatch(name)]
        yield from (Path(folder, name) for name in files if name != "snapshot_report.html")


@pytest.fixture(scope="module")
def demo_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo cluster as files below a root."""
    root = tmp_path_factory.mktemp("root") / "demo"
    demo_tree().written_to(root)
    return root


# --- layers ----------------------------------------------------------------------------


def test_core_imports_only_the_standard_library_and_core() -> None:
    foreign = []
    for path in (ROOT / "pve_auth_tui/core").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            foreign += [
                f"{path.name}: {name}"
                for name in names
                if name.partition(".")[0] not in sys.stdlib_module_names
                and not name.startswith("pve_auth_tui.core")
            ]
    assert foreign == []


def test_every_module_stands_on_a_floor() -> None:
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    (floors,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    on_floors = {name.strip() for floor in floors for name in floor.split("|")}
    parts = [
        f"pve_auth_tui.{path.stem}"
        for path in (ROOT / "pve_auth_tui").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    ]
    assert {*parts, "screens", "widgets"} - on_floors == {"pve_auth_tui.__init__"}


def test_everything_without_a_screen_loads_with_the_standard_library_alone() -> None:
    code = (
        "import importlib\n"
        "for name in sys.argv[1:]:\n"
        "    try:\n"
        "        importlib.import_module(name)\n"
        "    except ImportError as error:\n"
        "        print(name, error)"
    )
    on_screen = tuple(
        f"pve_auth_tui.{name}"
        for name in ("app", "changing", "terminal", "__main__", "adapters.keys.fido")
    )  # the last one has none, but needs python-fido2: tests/adapters/keys sees who imports it
    behind = "pve_auth_tui.adapters.keys."  # it speaks CTAP with python-fido2, behind these doors:
    doors = {f"{behind}{name}" for name in ("hidraw", "usb")}
    without = [
        name
        for name in modules("pve_auth_tui")
        if not name.startswith(on_screen) and (name in doors or not name.startswith(behind))
    ]
    assert len(without) > 50
    assert doors <= set(without)
    done = bare_python(code, *without)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_commands_work_when_every_dependency_is_broken(command: list[str], demo_root: Path) -> None:
    code = "from pve_auth_tui.cli import main\nsys.exit(main(sys.argv[1:]))"
    done = bare_python(code, *command, "--root", str(demo_root))
    assert done.returncode == (4 if command in (["status"], ["recover"]) else 0)
    assert done.stdout.strip()


def test_a_real_node_loads_no_screen_no_simulated_node_and_nothing_heavy(demo_root: Path) -> None:
    code = (
        "import sys\nfrom pve_auth_tui.cli import main\n"
        "main(sys.argv[1:])\nprint('LOADED', *sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "users", "--root", str(demo_root)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    names = done.stdout.rpartition("LOADED")[2].split()
    assert [name for name in names if name.startswith("pve_auth_tui.simnode")] == []
    loaded = {name.partition(".")[0] for name in names}
    assert not loaded & {"textual", "rich", "screens", "widgets", "asyncio", *HEAVY}


def test_lists_load_nothing_of_plans_and_answers() -> None:
    plans = ("intents", "planning", "predict", "effects", "guard", "why")
    lists = ("acl", "users", "tokens", "tfa", "groups", "pools", "roles", "realms", "start")
    code = (
        "import sys\nimport pve_auth_tui.app\n"
        + "".join(f"import screens.{name}\n" for name in lists)
        + "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    loaded = {name.removeprefix("pve_auth_tui.core.") for name in done.stdout.split()}
    assert "lists.acl" in loaded
    assert not {name for name in loaded if name.partition(".")[0] in plans}


# --- what is packed ----------------------------------------------------------------------


def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    leave = shutil.ignore_patterns("__pycache__")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=leave)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    out.mkdir()
    subprocess.run(
        [
            sys.executable,
            "-c",
            f"from setuptools import build_meta as b; b.build_wheel({str(out)!r})",
        ],
        cwd=source,
        check=True,
        capture_output=True,
    )
    (wheel,) = out.glob("*.whl")
    packed = [name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name]
    wanted = [
        str(file.relative_to(ROOT))
        for package in PACKAGES
        for file in (ROOT / package).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    ]
    assert sorted(packed) == sorted(wanted)
    assert {"pve_auth_tui/app.tcss", "screens/py.typed"} <= set(packed)


def test_the_console_script_is_the_command_line() -> None:
    (script,) = entry_points(group="console_scripts", name="pve-auth-tui")
    assert script.value == "pve_auth_tui.cli:main"


def test_the_version_is_told_before_anything_else_is_looked_at() -> None:
    done = bare_python(
        "from pve_auth_tui.cli import main\nsys.exit(main(['--version']))",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert __version__ in done.stdout


def test_the_lock_has_every_package_with_hashes_and_no_address() -> None:
    named = [
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["dev"],
    ]
    lock = (ROOT / "requirements/dev.txt").read_text()
    for requirement in named:
        name = re.match(r"[\w-]+", requirement)
        assert name
        assert re.search(rf"^{name[0]}==\S+ \\\n    --hash=sha256:", lock, re.MULTILINE)
    for file in ("dev.txt", "run.txt"):
        text = (ROOT / "requirements" / file).read_text()
        assert "://" not in text
        assert "--index" not in text
        assert "--find-links" not in text


def test_both_locks_choose_the_same_versions() -> None:
    def pins(file: str) -> set[str]:
        text = (ROOT / "requirements" / file).read_text()
        return set(re.findall(r"^([\w.-]+==\S+)", text, re.MULTILINE))

    assert pins("run.txt") < pins("dev.txt")


# --- what is forbidden ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("import pickle", "TID251"),
        ("import marshal", "TID251"),
        ("import yaml", "TID251"),
        ("import shelve", "TID251"),
        ("import tempfile", "TID251"),
        ("from ssl import CERT_NONE", "TID251"),
        ("eval(input())", "S307"),
        ("exec(input())", "S102"),
        ("import subprocess\nsubprocess.run('ls', shell=True)", "S602"),
        ("import os\nos.system('/bin/ls ' + input())", "S605"),
        ("import requests\nrequests.get('https://x', verify=False, timeout=1)", "S501"),
        ("try:\n    print()\nexcept Exception:\n    pass", "BLE001"),
        ("try:\n    print()\nexcept:\n    pass", "E722"),
    ],
    ids=lambda value: value.replace("\n", " ")[:30],
)
def test_dangerous_code_does_not_pass_the_checks(code: str, rule: str) -> None:
    ruff = Path(sys.executable).with_name("ruff")
    done = subprocess.run(
        [ruff, "check", "--quiet", "--stdin-filename", "pve_auth_tui/core/x.py", "-"],
        input=code,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert rule in done.stdout


def test_the_project_names_no_package_registry() -> None:
    hosts = "|".join(("pypi", "pythonhosted", "npmjs", r"deb\.debian", r"snapshot\.debian"))
    bad = re.compile(rf"//[\w.-]*({hosts})\.|/work/".encode())
    found = [
        f"{file.relative_to(ROOT)}: {hit[0].decode()}"
        for file in our_files()
        if file != Path(__file__) and (hit := bad.search(file.read_bytes()))
    ]
    assert found == []
