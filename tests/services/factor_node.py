"""The demo cluster with a clock that is moved by hand, its door over TLS, and somebody's phone."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

from pve_auth_tui.adapters.authenticator import PyotpAuthenticator
from pve_auth_tui.adapters.certificate import Pin
from pve_auth_tui.adapters.door import HttpsDoor
from pve_auth_tui.adapters.https import Https
from pve_auth_tui.adapters.tokendoor import HttpsTokenDoor
from pve_auth_tui.core.challenge import Challenge
from pve_auth_tui.core.otpauth import Totp
from pve_auth_tui.core.plan import ApiCall, Intent
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.services.enrol import EnrolService, TotpDraft
from pve_auth_tui.services.prove import Proof, ProveService
from pve_auth_tui.services.snapshots import SnapshotService
from pve_auth_tui.services.tokentest import TokenTrials
from pve_auth_tui.simnode import certificates
from pve_auth_tui.simnode.demo import DEMO_NOW, PASSWORD, demo_tree
from pve_auth_tui.simnode.direct import DirectApi
from pve_auth_tui.simnode.disk import MemoryDisk
from pve_auth_tui.simnode.front import Front
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.sources import system_sources
from pve_auth_tui.simnode.tfa import totp as on_phone
from pve_auth_tui.simnode.tickets import key_files

ADDRESS = "https://pve1:8006"
KNOWN_AS = "pve1.example.com:8006"
WITHOUT = "nina@pve"
"""An administrator with a password and no second factor."""


@functools.cache
def files() -> Mapping[str, bytes]:
    """The node's disk, with the keys that take long to make."""
    disk = MemoryDisk({**demo_tree().files, **key_files()})
    certificates.ensure(disk, "pve1", time.time())
    return dict(disk.files)


class Clock:
    """Seconds since 1970, moved by hand."""

    def __init__(self) -> None:
        self.at = DEMO_NOW

    def now(self) -> float:
        return self.at


class FactorNode:
    """Everything that enrols and proves, on one simulated node."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.disk = MemoryDisk(files())
        self.node = SimNode(self.disk, replace(system_sources(), now=self.clock.now))
        self.api = DirectApi(self.node, "pve1.example.com:8006")
        self.app = PyotpAuthenticator()
        self.enrol = EnrolService(self.app, self.clock, lambda: self.api)
        self.proofs = ProveService(self.door, self.app, self.clock)
        self.token_test = TokenTrials(self.token_door, self.clock, lambda: self.node.tree)
        self.logins = 0
        self._snapshots = SnapshotService(self.node.tree, self.clock, demo=True)

    def door(self) -> HttpsDoor:
        return HttpsDoor(self._https, ADDRESS)

    def token_door(self) -> HttpsTokenDoor:
        return HttpsTokenDoor(self._https, ADDRESS)

    @contextmanager
    def _https(self) -> Iterator[Https]:
        self.logins += 1
        with Front(self.node) as front:
            pin = Pin(certificate_pem=front.certificate_pem)
            with closing(Https(front.host, front.port, pin, known_as=KNOWN_AS)) as https:
                yield https

    @property
    def snapshot(self) -> Snapshot:
        """How the files are now."""
        return self._snapshots.load()

    def apply(self, intent: Intent) -> Any:
        """Carry an intent out; the last answer."""
        answer = None
        for step in intent(self.snapshot).steps:
            assert isinstance(step, ApiCall)
            answer = self.api.call(step.method, step.path, step.params, step.secrets)
        return answer

    def draft(self, userid: str = WITHOUT, **how: Any) -> TotpDraft:
        return self.enrol.start_totp(userid, self.snapshot, "phone", **how)

    def phone(self, totp: Totp, ahead: float = 0.0) -> str:
        """What the phone shows, whose clock may be ahead."""
        return on_phone.code(totp, self.clock.at + ahead)

    def enrolled(self, userid: str = WITHOUT) -> Totp:
        """An app that is added."""
        draft = self.draft(userid)
        self.apply(self.enrol.intent(draft, self.phone(draft.totp)))
        return draft.totp

    def prove(
        self, answer: str, userid: str = WITHOUT, *, password: str = PASSWORD, known: bool = True
    ) -> Proof:
        """One login; `known`: with PVE's files to compare the answer with."""

        def second(challenge: Challenge) -> Secret:
            return Secret(answer)

        snapshot = self.snapshot if known else None
        return self.proofs.prove(userid, Secret(password), second, snapshot)

    def failures(self, userid: str = WITHOUT) -> int:
        """How many wrong second factors the node has counted."""
        data = self.disk.read(f"run/pve-private/tfa-challenges/{userid}") or b"{}"
        return int(json.loads(data).get("tfa_failures", 0))

    @property
    def refusals(self) -> int:
        """Login attempts that the node has refused."""
        return sum("authentication failure" in line for line in self.node.journal)
