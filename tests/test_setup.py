"""What stands around the application: setting up, and what CI counts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def set_up(python: Path, venv: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "requirements/setup", venv, "run"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHON": str(python)},
        capture_output=True,
        text=True,
        check=False,
    )


def program(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_a_python_that_is_too_old_is_refused(tmp_path: Path) -> None:
    done = set_up(program(tmp_path / "python", "exit 1"), tmp_path / "venv")
    assert done.returncode == 1
    assert "is not a Python 3.11 or newer" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_a_python_without_venv_is_told_with_the_line_that_helps(tmp_path: Path) -> None:
    python = program(tmp_path / "python", 'case "$*" in *ensurepip*) exit 1 ;; esac')
    done = set_up(python, tmp_path / "venv")
    assert done.returncode == 1
    assert "apt install python3-venv" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_pip_that_fails_leaves_nothing_that_looks_ready(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    making = f'mkdir -p "{venv}/bin" && cp "$0" "{venv}/bin/python"'
    script = f'case "$*" in *"-m venv"*) {making} ;; *"pip "*) echo no index >&2; exit 1 ;; esac'
    done = set_up(program(tmp_path / "python", script), venv)
    assert done.returncode == 1
    assert "no index" in done.stderr
    assert "It needs a package index once" in done.stderr
    assert not list(venv.glob(".has-*"))


@pytest.mark.parametrize(
    ("cases", "code", "last"),
    [
        ('<testcase name="a"/><testcase name="b"/>', 0, "2 passed, 0 failed"),
        ('<testcase name="a"/><testcase name="b"><failure/></testcase>', 1, "1 passed, 1 failed"),
        ('<testcase name="a"/><testcase name="b"><skipped/></testcase>', 1, "1 passed, 1 failed"),
        ("", 1, "0 passed, 1 failed"),
    ],
    ids=["all passed", "one failed", "one skipped", "none run"],
)
def test_ci_counts_what_was_not_run_as_failed(
    tmp_path: Path, cases: str, code: int, last: str
) -> None:
    report = tmp_path / "3.11.xml"
    report.write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
    done = subprocess.run(
        [sys.executable, ROOT / ".ci/count.py", report], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (code, last)


def test_ci_misses_a_suite_that_left_no_report(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / ".ci/count.py", tmp_path / "3.13.xml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "3.13: no test was run" in done.stdout
