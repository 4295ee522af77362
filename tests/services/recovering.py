"""The demo cluster with everything that recovers it, somebody's phone, key and paper, and a door.

As the command line puts it together; the clock is moved by hand, nothing of this machine is used.
"""

from __future__ import annotations

import functools
from base64 import b32decode
from collections.abc import Mapping
from typing import Any

from pve_auth_tui.arguments import parse
from pve_auth_tui.core.challenge import Challenge
from pve_auth_tui.core.otpauth import Totp
from pve_auth_tui.core.plan import Plan
from pve_auth_tui.core.recover.condition import Condition
from pve_auth_tui.core.recover.diagnosis import Diagnosis, diagnose
from pve_auth_tui.core.recover.evidence import Recovered
from pve_auth_tui.core.recover.have import guessed, questions
from pve_auth_tui.core.recover.situation import Situation
from pve_auth_tui.core.recover.ways import WayBack, ways_back
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.equipment import equipped
from pve_auth_tui.services.outlook import OutlookService
from pve_auth_tui.services.prove import Proof
from pve_auth_tui.services.report import Report
from pve_auth_tui.simnode import demousb
from pve_auth_tui.simnode.demo import PASSWORD
from pve_auth_tui.simnode.demousb import DEMO_PIN, FIRST_PORT
from pve_auth_tui.simnode.made_up import some_bytes, totp_secret
from pve_auth_tui.simnode.tfa import totp as on_phone
from pve_auth_tui.wiring import wired
from tests.services.factor_node import Clock, files
from tests.services.keystand import StandHands

ROOT = "root@pam"
REASON = "three in the morning, nobody else is awake"
PHONE = Totp(b32decode(totp_secret(ROOT)), account=ROOT, issuer="Proxmox VE - rack")


def recovery_key(place: int) -> str:
    """One key of root's paper, 0 to 9; the demo has used up all but the last three."""
    digits = some_bytes(f"recovery {ROOT} {place}", 8).hex()
    return "-".join(digits[start : start + 4] for start in range(0, 16, 4))


class Trouble:
    """A node in trouble, and whoever gets back in."""

    def __init__(self) -> None:
        options = parse(["demo"])
        self.clock = Clock()
        found = wired(options, self.clock)
        assert found.simulated is not None
        assert found.stories is not None
        self.node = found.simulated()
        for path, data in files().items():  # keys and certificates, which take long to make
            if self.node.disk.read(path) is None:
                self.node.disk.write(path, data)
        self.node.sources.sleep = lambda seconds: None
        with self.node.state.change("user_cfg") as change:
            change.access = change.access  # as PVE itself writes it: the demo's has a role of PVE 8
        self.stories = found.stories
        self.outlooks = OutlookService(found.pictures, found.nodes, found.proofs)
        self.shop = equipped(options, found, self.outlooks, {})
        self.report: Report | None = None

    @property
    def files(self) -> Mapping[str, bytes]:
        """PVE's own files, as they are now."""
        return {path: data for path, data in self.disk_files.items() if path.startswith("etc/")}

    @property
    def disk_files(self) -> dict[str, bytes]:
        """All files, the daemons' own, too."""
        return dict(self.node.disk.files)  # type: ignore[attr-defined]

    def breaks(self, *names: str) -> None:
        """Turn stories on."""
        for name in names:
            self.stories.turn(name, on=True)

    def mends(self, name: str) -> None:
        """What was broken outside of this node works again."""
        self.stories.turn(name, on=False)

    def pve(self, method: str, path: str, **params: Any) -> Any:
        """Somebody changes something by PVE's own tools."""
        return self.node.answer(method, path, params)

    # --- recover ------------------------------------------------------------------------

    def look(self, userid: str = ROOT) -> Situation:
        """All that Recover looks at, the other nodes included."""
        recover = self.shop.recover
        return recover.ask(recover.look(self.outlooks.fresh(), userid))

    @property
    def condition(self) -> Condition:
        return self.shop.recover.probe.look()

    @property
    def snapshot(self) -> Snapshot:
        return self.outlooks.fresh().snapshot

    def diagnosis(self, userid: str = ROOT) -> Diagnosis:
        return diagnose(self.look(userid))

    def ways(self, held: frozenset[str] | None = None, userid: str = ROOT) -> dict[str, WayBack]:
        """By id, in their order; without `held` what is guessed."""
        situation = self.look(userid)
        known = guessed(questions(situation)) if held is None else held
        return {way.id: way for way in ways_back(situation, known)}

    def held(self, *types: str) -> frozenset[str]:
        """The ids of root's entries of these types."""
        config = self.snapshot.tfa.value
        assert config is not None
        return frozenset(one.id for one in config.users[ROOT].entries if one.type in types)

    def plan(self, ident: str, held: frozenset[str] | None = None, userid: str = ROOT) -> Plan:
        """That of a way, as it is shown before it is run."""
        way = self.ways(held, userid)[ident]
        assert way.intent is not None
        return self.shop.plans.review(way.intent, self.outlooks.fresh())

    def go(
        self,
        ident: str,
        held: frozenset[str] | None = None,
        *,
        word: str = "",
        userid: str = ROOT,
    ) -> Report:
        """Take that way, to its end."""
        self.clock.at += 1  # two recoveries are two
        plan = self.plan(ident, held, userid)
        self.report = self.shop.recover.apply(plan, userid=userid, reason=REASON, override=word)
        return self.report

    @property
    def recovered(self) -> list[Recovered]:
        """What every later session is told."""
        return list(self.shop.recover.unseen())

    @property
    def journal(self) -> list[str]:
        """`begin`, `intent`, `result`, `end` with their outcome, of all plans."""
        return [
            f"{one.entry.event} {one.entry.outcome}".strip() for one in self.shop.journal.read()
        ]

    @property
    def ended(self) -> str:
        """How the last plan ended."""
        return next(line for line in reversed(self.journal) if line.startswith("end "))

    @property
    def reasons(self) -> list[str]:
        """Those that the journal has, one for each plan."""
        read = self.shop.journal.read()
        return [one.entry.reason for one in read if one.entry.event == "begin"]

    # --- the door -----------------------------------------------------------------------

    def code(self) -> str:
        """What root's phone shows."""
        self.clock.at += 30  # no code is used twice
        return f"totp:{on_phone.code(PHONE, self.clock.at)}"

    def login(self, answer: str = "", userid: str = ROOT, password: str = PASSWORD) -> Proof:
        """A real login over TLS, in two steps. Nothing is checked before it is sent."""

        def second(challenge: Challenge) -> Secret | None:
            return Secret(answer) if answer else None

        return self.shop.prove.prove(userid, Secret(password), second)

    def login_by_recovery(self) -> Proof:
        """With a key of root's paper."""
        return self.login(f"recovery:{recovery_key(7)}")

    def login_by_key(self) -> Proof:
        """The same with the demo's own key, touched and with its PIN."""
        hands = StandHands(DEMO_PIN, DEMO_PIN)
        answer = self.shop.prove.with_key(FIRST_PORT, hands, self.snapshot, ROOT)
        return self.shop.prove.prove(ROOT, Secret(PASSWORD), answer)


@functools.cache
def quick_touch() -> None:
    """The demo's keys touch themselves at once."""
    demousb.TOUCH_SECONDS = 0.0


def changed(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> set[str]:
    """Paths of the files that differ."""
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
