"""What this edge never does."""

from __future__ import annotations

import ast
import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pve_auth_tui.core.secret import Secret
from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from tests.adapters.keys.parts import ORIGIN, PIN, FakeHands, Server, opened, quick

ROOT = Path(__file__).parents[3]
PROGRAM = [
    path
    for folder in ("pve_auth_tui", "screens", "widgets")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "simnode" not in path.parts
]
RESET = re.compile(r"CMD\.RESET|ctap2?\.reset\(|Ctap2\.reset|send_cbor\(\s*(0x0?7|7)\b")


def test_nothing_resets_a_key() -> None:
    assert len(PROGRAM) > 100
    assert [str(path) for path in PROGRAM if RESET.search(path.read_text())] == []
    assert RESET.search("Ctap2.CMD.RESET")


def test_nothing_resets_a_key_when_everything_is_done_with_it() -> None:
    software, server = SoftKey(script=quick()), Server()
    key = opened(software)
    key.set_pin(Secret(PIN))
    server.enrol(key.register(server.creation(), ORIGIN, FakeHands(PIN)))
    key.sign(server.request(), ORIGIN, FakeHands(PIN))
    key.set_pin(Secret("another-1"), Secret(PIN))
    key.info()
    assert software.credentials
    assert "cbor:0x07" not in software.log


def test_nothing_that_goes_to_a_key_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(1)
    key = opened(SoftKey(pin=PIN, always_uv=True, script=quick()))
    key.register(Server().creation(), ORIGIN, FakeHands("0000", PIN))
    assert [record for record in caplog.records if record.name.startswith("fido2")] == []
    assert not logging.getLogger("fido2.hid").isEnabledFor(logging.CRITICAL)


def test_looking_for_keys_loads_no_library() -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys\n"
            "from pve_auth_tui.adapters.keys.hidraw import HidrawBus\n"
            "from pve_auth_tui.adapters.keys.usb import UsbKeys\n"
            "UsbKeys(HidrawBus()).scan()\n"
            "print([n for n in sys.modules if n.split('.')[0] in ('fido2', 'cryptography')])",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == "[]\n"


def test_what_needs_the_library_is_imported_inside_functions_alone() -> None:
    needs = "pve_auth_tui.adapters.keys.fido"
    early = [
        str(path)
        for path in PROGRAM
        if "fido" not in path.parts
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith((needs, "fido2"))
    ]
    assert early == []


def test_a_program_without_the_library_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from pve_auth_tui.core.keytrouble import KeyTrouble

    monkeypatch.setitem(sys.modules, "pve_auth_tui.adapters.keys.fido.channel", None)
    with pytest.raises(KeyTrouble, match="python-fido2"):
        opened(SoftKey())
