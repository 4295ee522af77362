"""A small node's files, and the command line run in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pve_auth_tui.cli import main
from pve_auth_tui.simnode.demo import demo_tree

OLD_TOTP_SECRET = "x-canary-JBSWY3DPEHPK3PXP"
CLIENT_KEY = "canary-client-key"
YUBICO_KEY = "canaryyubico="

USER_CFG = f"""\
user:root@pam:1:0:::root@example.com::x:
user:anna@corp:1:0:Anna:Admin:anna@example.com:from the directory::
user:bo@pve:0:1700000000:::::{OLD_TOTP_SECRET}:
token:anna@corp!ci:0:1:builds:

group:ops:anna@corp:Operators:
pool:lab:test machines:100,101:local:
role:Looker:VM.Audit:

acl:1:/:@ops:PVEAuditor:
acl:0:/vms/200:anna@corp:Looker:
"""
DOMAINS_CFG = f"""\
pam: pam
	comment Linux PAM
	default 1

pve: pve
	tfa type=yubico,id=4711,key={YUBICO_KEY}

openid: entra
	issuer-url https://login.example.com
	client-id pve
	client-key {CLIENT_KEY}
"""
PHONE = {
    "id": "9f6c2d3e-0000-4000-8000-000000000001",
    "description": "phone",
    "created": 1700000000,
}
TOTP = {**PHONE, "entry": "otpauth://totp/x:anna?secret=JBSWY3DPEHPK3PXP&issuer=x"}
TFA_CFG = {"users": {"anna@corp": {"totp": [TOTP]}, "root@pam": {"totp": [TOTP]}}}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run left behind."""

    code: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Outcome]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line in this process."""

    def once(*arguments: str | Path) -> Outcome:
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Outcome(code, out, err)

    return once


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small node's files below a folder."""
    files = {
        "etc/hostname": "pve1\n",
        "etc/pve/user.cfg": USER_CFG,
        "etc/pve/domains.cfg": DOMAINS_CFG,
        "etc/pve/priv/tfa.cfg": json.dumps(TFA_CFG),
    }
    folder = tmp_path / "root"
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.fixture(scope="session")
def rack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo cluster's files; tests only read them."""
    folder = tmp_path_factory.mktemp("demo") / "rack"
    demo_tree().written_to(folder)
    return folder
