"""Whatever holds a secret hides it: in repr, str, logs and exceptions; and it is never written out.

A new class with a Secret in it needs a sample here.
"""

from __future__ import annotations

import copy
import dataclasses
import json
import logging
import pickle
import pkgutil
from collections.abc import Callable, Iterator
from importlib import import_module
from inspect import get_annotations, isclass
from pathlib import Path
from typing import Any

import pytest

import pve_auth_tui
import screens
import widgets
from pve_auth_tui.adapters import host
from pve_auth_tui.adapters.clock import SystemClock
from pve_auth_tui.adapters.hostrecords import FileRecords
from pve_auth_tui.adapters.hostsystem import SystemHost
from pve_auth_tui.adapters.login import Session
from pve_auth_tui.adapters.pvesh import Pvesh
from pve_auth_tui.adapters.runner import StepRunner
from pve_auth_tui.adapters.swap import FileSwaps
from pve_auth_tui.core.challenge import Challenge
from pve_auth_tui.core.changed import Way
from pve_auth_tui.core.commands import shown
from pve_auth_tui.core.errors import AuthTuiError, Refused
from pve_auth_tui.core.host.goals import FileIs
from pve_auth_tui.core.host.trouble import HostTrouble
from pve_auth_tui.core.intents.call import call
from pve_auth_tui.core.join.manifest import Manifest
from pve_auth_tui.core.join.model import JoinWish, NodeState
from pve_auth_tui.core.join.orders import BackOrder, JoinOrder, LeaveOrder
from pve_auth_tui.core.openid.assisted import WayBack
from pve_auth_tui.core.openid.settings import OpenIdSettings
from pve_auth_tui.core.otpauth import Totp, decode_base32
from pve_auth_tui.core.plan import ApiCall, Draft, FileSwap, HostCommand, HostStep
from pve_auth_tui.core.realmanswers import Wanted
from pve_auth_tui.core.recovery import RecoveryKeys
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.shadow import ShadowFile
from pve_auth_tui.core.snapshot import Part, Snapshot
from pve_auth_tui.core.tokensecrets import TokenSecretsFile
from pve_auth_tui.services.enrol import TotpDraft
from pve_auth_tui.services.hoststeps import HostSteps
from pve_auth_tui.services.openidprobe import Probing
from pve_auth_tui.services.proofwords import Attempt
from pve_auth_tui.services.report import Progress, State, StepResult
from screens.join_after_forms import Leaving
from screens.join_flow import Flow
from screens.join_forms import Account
from tests.canary.canaries import Canaries
from tests.canary.evidence import Evidence, require_none, watching
from tests.canary.node import Home
from tests.canary.planted import NEW_PASSWORD, NEW_TOTP

SECRET = Secret(NEW_PASSWORD)
TOTP = Totp(decode_base32(NEW_TOTP), "ann@pve")
CALL = ApiCall("PUT", ("access", "password"), {"userid": "ann@pve"}, {"password": SECRET})
ASKED = Challenge(webauthn={"challenge": NEW_PASSWORD})
OPENID = OpenIdSettings("idp", "https://idp.example.com", "proxmox", SECRET)
NOTHING: Part[Any] = Part(None, "nowhere", 0.0)
PICTURE = Snapshot(0.0, "files", *[NOTHING] * 9)
STATE = NodeState()
KEPT = Manifest("/own/join/1", "d", "PVE1", True, 0.0)
SAMPLES: dict[str, Callable[[], Any]] = {
    "adapters.login.Session": lambda: Session("ann@pve", SECRET, SECRET),
    "core.changed.Way": lambda: Way({}, {"a": SECRET}, PICTURE, 0.0, None),
    "core.join.orders.BackOrder": lambda: BackOrder("d", STATE, KEPT, "ann", SECRET),
    "core.join.orders.JoinOrder": lambda: JoinOrder(JoinWish("d"), SECRET, STATE, KEPT),
    "core.join.orders.LeaveOrder": lambda: LeaveOrder("d", STATE, "ann", SECRET),
    "core.openid.assisted.WayBack": lambda: WayBack("state", SECRET),
    "core.openid.settings.OpenIdSettings": lambda: OPENID,
    "core.plan.ApiCall": lambda: CALL,
    "core.plan.FileSwap": lambda: FileSwap("/etc/pve/user.cfg", SECRET),
    "core.plan.HostCommand": lambda: HostCommand(("/bin/true",), SECRET),
    "core.realmanswers.Wanted": lambda: Wanted({}, (), {"password": SECRET}),
    "core.recovery.RecoveryKeys": lambda: RecoveryKeys((SECRET,)),
    "core.shadow.ShadowFile": lambda: ShadowFile({"ann": SECRET}, ()),
    "core.tokensecrets.TokenSecretsFile": lambda: TokenSecretsFile({"ann@pve!ci": SECRET}, ()),
    "screens.join_after_forms.Leaving": lambda: Leaving(True, "ann", SECRET, True, False),
    "screens.join_flow.Flow": lambda: Flow("d", password=SECRET),
    "screens.join_forms.Account": lambda: Account("ann", SECRET, "", ""),
    "services.enrol.TotpDraft": lambda: TotpDraft("ann@pve", "x", TOTP, SECRET, SECRET, SECRET),
    "services.openidprobe.Probing": lambda: Probing(
        None, None, None, OPENID, SECRET, "", True, "", False, SECRET, True, print, bool
    ),
    "services.proofwords.Attempt": lambda: Attempt(ASKED, SECRET),
}
HOLD_THESE: dict[str, Callable[[], Any]] = {
    "a draft": lambda: Draft("set a password", (CALL,)),
    "a result": lambda: StepResult(CALL, State.DONE, None, {"value": NEW_PASSWORD}),
    "progress": lambda: Progress(1, 1, CALL, State.RUNS),
    "a list": lambda: [CALL, SECRET, TOTP],
    "a mapping": lambda: {"password": SECRET},
    "an exception": lambda: ValueError(CALL, SECRET, TOTP),
    "a TOTP entry": lambda: TOTP,
    "what a key is asked": lambda: ASKED,
}

_REVEALING = (Totp, TotpDraft, StepResult, Challenge, Attempt)
"""Those whose parts are no Secrets; as they are they hide them."""


def classes_with_secrets() -> Iterator[str]:
    """Those whose fields are told to be Secrets."""
    for package in (pve_auth_tui, screens, widgets):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.endswith("__main__"):
                continue
            for name, found in vars(import_module(module.name)).items():
                if isclass(found) and found.__module__ == module.name and _holds_fields(found):
                    told = str(list(get_annotations(found).values()))
                    if "Secret" in told.replace("TokenSecrets", ""):
                        yield f"{module.name.removeprefix('pve_auth_tui.')}.{name}"


def _holds_fields(found: type[Any]) -> bool:
    return dataclasses.is_dataclass(found) or hasattr(found, "_fields")


@pytest.fixture
def found(home: Home) -> Evidence:
    evidence = Evidence(Canaries())
    evidence.canaries.add("a password", NEW_PASSWORD)
    evidence.canaries.add("an app", NEW_TOTP)
    return evidence


def test_every_class_that_holds_a_secret_has_a_sample() -> None:
    assert set(classes_with_secrets()) == SAMPLES.keys()


@pytest.mark.parametrize("name", [*SAMPLES, *HOLD_THESE])
def test_it_hides_its_secret(name: str, found: Evidence) -> None:
    thing = {**SAMPLES, **HOLD_THESE}[name]()
    for text in (repr(thing), str(thing), f"{thing}", repr(copy.deepcopy(thing))):
        found.add("repr", name, text)
    if dataclasses.is_dataclass(thing) and not isinstance(thing, _REVEALING):
        found.add("repr", "as a mapping", repr(dataclasses.asdict(thing)))
    found.add(
        "log", name, logging.LogRecord("", 0, "", 0, "%s %r", (thing, thing), None).getMessage()
    )
    found.add("exception", name, repr(AuthTuiError(f"no {thing}", f"{thing!r}")))
    require_none(found.leaks())


@pytest.mark.parametrize("name", SAMPLES)
def test_it_is_never_written_out(name: str) -> None:
    thing = SAMPLES[name]()
    for write in (json.dumps, pickle.dumps):
        with pytest.raises(TypeError):
            write(dataclasses.asdict(thing) if dataclasses.is_dataclass(thing) else thing)


# --- where they leave --------------------------------------------------------------------------


def test_pvesh_carries_none_for_everybody_could_read_it(
    home: Home, found: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    pvesh = Pvesh(command=("/bin/echo",), euid=lambda: 0)
    with watching(found, monkeypatch, ours=home.all, not_ours=[]):
        for method in ("GET", "POST", "PUT", "DELETE"):
            with pytest.raises(Refused):
                pvesh.call(method, CALL.path, CALL.params, CALL.secrets)
    assert found.texts("argv") == []
    require_none(found.leaks())


def test_a_command_of_the_node_gets_it_on_standard_input_alone(
    home: Home, found: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And when it repeats what it got, nobody hears it."""
    step = HostCommand(("/bin/cat",), SECRET)
    runner = StepRunner(lambda: None, host.run_command)
    with watching(found, monkeypatch, ours=home.all, not_ours=[]):
        runner.run(step, lambda line: found.add("screen", "a line of its output", line))
        found.add("stdout", "as it is shown", shown(step))
    assert found.texts("argv") != []
    assert found.texts("screen") == ["****"]
    require_none(found.leaks())


def test_a_step_on_the_node_gets_it_on_standard_input_alone_and_its_record_has_none_of_it(
    home: Home, found: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As realm and adcli get it, with an end of line; `cat` repeats it, and its goal is missed."""
    step = HostStep(("/bin/cat",), Secret(f"{SECRET.reveal()}\n"), goal=FileIs("/no/such", "ab"))
    own = home.here / "own"
    own.mkdir(mode=0o700)
    steps = HostSteps(SystemHost(home.here), FileRecords(own, SystemClock()))
    with (
        watching(found, monkeypatch, ours=home.all, not_ours=[]),
        pytest.raises(HostTrouble) as caught,
    ):
        StepRunner(lambda: None, host_steps=steps).run(
            step, lambda line: found.add("screen", "a line of its output", line)
        )
    error = caught.value
    record = Path(error.record).read_text()
    assert record.splitlines()[1:] == ["****"]
    for name, text in (
        ("what went wrong", f"{error} {error.hint} {error.original}"),
        ("what it said", repr(error.said)),
        ("its record", record),
        ("as it is shown", shown(step)),
    ):
        found.add("stdout", name, text)
    assert found.texts("argv") != []
    assert found.texts("screen") == ["****"]
    require_none(found.leaks())


def test_a_file_that_is_not_swapped_leaves_nothing(
    home: Home, found: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = home.here / "etc/pve/priv"
    folder.mkdir(parents=True, mode=0o700)
    (home.here / "etc").chmod(0o700)
    (home.here / "etc/pve").chmod(0o700)
    step = FileSwap("/etc/pve/priv/shadow.cfg", SECRET, "0" * 64)
    with (
        watching(found, monkeypatch, ours=home.all, not_ours=[]),
        pytest.raises(Refused, match="not what was looked at"),
    ):
        FileSwaps(home.here).swap(step)
    require_none(found.leaks())


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/access/password", "password"),
        ("/access/password", "confirmation-password"),
        ("/access/domains", "client-key"),
        ("/access/tfa/ann@pve", "totp"),
        ("/access/tfa/ann@pve", "value"),
        ("/cluster/notifications/endpoints/gotify", "token"),
        ("/cluster/metrics/server/x", "token"),
        ("/cluster/acme/account", "eab-hmac-key"),
        ("/cluster/acme/plugins", "data"),
        ("/storage", "encryption-key"),
        ("/storage", "keyring"),
        ("/nodes/pve1/qemu/100/config", "cipassword"),
        ("/nodes/pve1/certificates/custom", "key"),
        ("/cluster/notifications/endpoints/webhook", "secret"),
    ],
)
def test_a_call_takes_it_as_a_secret_only(path: str, name: str, found: Evidence) -> None:
    """What is no secret parameter is shown, journalled, and stands in a plan."""
    intent = call("POST", path.strip("/").split("/"), {name: NEW_PASSWORD})
    with pytest.raises(AuthTuiError, match="is a secret") as caught:
        intent(PICTURE)
    found.add("exception", name, f"{caught.value} {caught.value.hint}")
    require_none(found.leaks())
