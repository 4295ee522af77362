"""Security keys at real /dev/hidraw nodes, in a virtual machine that is started once for all.

`make lab` fails where the machine cannot start: that is no reason to leave these out.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.lab.hid.checks import CHECKS
from tests.lab.machine import ROOT

VM = Path(__file__).parent / "hid" / "vm"
CACHE = ROOT / "build" / "hid"
SECONDS = 400  # emulated, one run takes 30 s; the first one fetches a kernel


@pytest.fixture(scope="module")
def said(record_testsuite_property: Callable[[str, object], None]) -> Mapping[str, str]:
    """Name of a check -> what it said: `ok` and what was measured, or `failed` and why.

    What was measured is in the JUnit file, too, and in build/hid/said.
    """
    done = subprocess.run(
        [str(VM), str(CACHE), sys.executable, "-m", "tests.lab.hid.checks"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"The machine did not do its work:\n{done.stdout}{done.stderr}"
    found = {}
    for line in done.stdout.splitlines():
        result, _, rest = line.partition(" ")
        name, colon, measured = rest.partition(": ")
        if colon and result in {"ok", "failed"} and name in CHECKS:
            found[name] = f"{result}: {measured}"
            record_testsuite_property(name, measured)
    return found


@pytest.mark.parametrize("name", CHECKS)
def test_at_a_real_hidraw_node(name: str, said: Mapping[str, str]) -> None:
    assert said.get(name, "it was not run").startswith("ok: "), said.get(name)
