"""Commands at a security key in software, which python-fido2 talks to as to a real one."""

from __future__ import annotations

from dataclasses import replace

from pve_auth_tui.adapters.keys.usb import UsbKeys
from pve_auth_tui.adapters.proofs import MemoryProofs
from pve_auth_tui.adapters.runner import StepRunner
from pve_auth_tui.adapters.signature import verified
from pve_auth_tui.core.tfaconfig import TfaEntry
from pve_auth_tui.services.enrolkey import KeyEnrolService
from pve_auth_tui.services.keycare import KeyCareService
from pve_auth_tui.services.keyproof import KeyProver
from pve_auth_tui.services.prove import ProveService
from pve_auth_tui.simnode.softbus import SoftBus
from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from tests.cli.enrolling import Bench
from tests.services.factor_node import KNOWN_AS, WITHOUT

PIN = "24680"


class KeyBench(Bench):
    """A FactorNode with its workshop and USB ports."""

    def __init__(self, *keys: SoftKey) -> None:
        super().__init__()
        self.bus = SoftBus()
        self.paths = [self.bus.plug(key) for key in keys]
        self.usb = UsbKeys(self.bus)
        self.marks = MemoryProofs()
        plans, clock = self.workshop.plans, self.clock
        runner = StepRunner(lambda: self.api)
        prover = KeyProver(self.usb, verified, clock, lambda: KNOWN_AS)
        self.proofs = ProveService(self.door, self.app, clock, prover=prover, proofs=self.marks)
        self.workshop = replace(
            self.workshop,
            keys=self.usb,
            prove=self.proofs,
            key_enrol=KeyEnrolService(
                self.usb, plans, runner, clock, lambda: KNOWN_AS, proofs=self.marks
            ),
            key_care=KeyCareService(self.usb, self.journal, clock),
            proofs=self.marks,
        )

    def entries(self, userid: str = WITHOUT) -> tuple[TfaEntry, ...]:
        tfa = self.snapshot.tfa.value
        assert tfa is not None
        user = tfa.users.get(userid)
        return user.entries if user else ()
