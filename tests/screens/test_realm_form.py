"""Realms: added, edited, mended and tested before they are saved; what ends in domains.cfg."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
from textual.pilot import Pilot

from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.adapters.state import StateFolder
from pve_auth_tui.app import PveAuthApp
from pve_auth_tui.arguments import parse
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.plan import Weight
from pve_auth_tui.equipment import equipped
from pve_auth_tui.services.exports import Exports
from pve_auth_tui.simnode.demo import DEMO_NOW
from pve_auth_tui.simnode.direct import DirectApi
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.wiring import wired
from screens.details import DetailsScreen
from screens.plan import PlanScreen
from screens.realm_form import RealmForm
from screens.realm_preset_form import DirectoryPresetForm, OpenIdPresetForm
from screens.realm_remove import RealmRemoveForm
from screens.realm_test import RealmTestScreen
from screens.realms import RealmsScreen
from screens.sync_jobs import SyncJobsScreen
from screens.sync_preview import SyncPreviewScreen
from tests.screens.conftest import (
    UNICODE,
    BothAtOnce,
    listening,
    on_top,
    press,
    says,
    sees,
    settle,
    shown,
    status,
    table,
    type_text,
    until,
)
from tests.screens.test_plan import ran
from tests.screens.test_user_form import remark
from widgets.field import SecretEntry, TextEntry

SECRET = "s3cret-b1nd"


async def realms(pilot: Pilot[None], name: str = "") -> None:
    await press(pilot, "8")
    if name:
        await until(pilot, lambda: table(pilot).go_to(name))


async def opened(pilot: Pilot[None], *keys: str) -> RealmForm:
    await press(pilot, *keys)
    screen = pilot.app.screen
    assert isinstance(screen, RealmForm), status(pilot)
    return screen


async def into(pilot: Pilot[None], **texts: str) -> None:
    """Texts in place of what stands in fields, secrets by keys; `_0`: a minus, `__`: a dot."""
    for name, text in texts.items():
        ident = name.replace("__", ".").replace("_0", "-")
        screen = cast(Any, pilot.app.screen)
        field = screen.form.field(ident)
        assert isinstance(field, TextEntry | SecretEntry)
        if not field.display:
            await show(pilot, screen.fields.group_of(ident))
        screen.form.focus_field(ident)
        if isinstance(field, TextEntry):
            field.choose(text)
            await settle(pilot)
        else:
            await type_text(pilot, text)


async def show(pilot: Pilot[None], group: str) -> None:
    """Another group of options, by keys."""
    form = cast(RealmForm, pilot.app.screen).form
    form.focus_field("show")
    for _ in range(4):
        if form.field("show").value == group:
            return
        await press(pilot, "right")
    await until(pilot, lambda: form.field("show").value == group)


async def turn(pilot: Pilot[None], ident: str, value: object) -> None:
    """A choice, by keys."""
    form = cast(Any, pilot.app.screen).form
    form.focus_field(ident)
    for _ in range(9):
        if form.field(ident).value == value:
            return
        await press(pilot, "right")
    raise AssertionError(f"{ident} has no {value}")


async def run_it(pilot: Pilot[None]) -> None:
    """From the form through its plan, with its word where it is HEAVY, back to the list."""
    await press(pilot, "ctrl+o")
    screen = pilot.app.screen
    assert isinstance(screen, PlanScreen), status(pilot)
    await listening(pilot)
    await press(pilot, "end", "y")
    if screen.plan.weight is Weight.HEAVY:
        await type_text(pilot, screen.plan.confirm)
        await press(pilot, "enter")
    await ran(pilot)
    await press(pilot, "escape")
    await until(pilot, lambda: isinstance(pilot.app.screen, RealmsScreen))
    await settle(pilot)


@pytest.fixture
async def pilot(tmp_path: Path, still_cursor: None) -> AsyncIterator[Pilot[None]]:
    """The demo, with its node at hand."""
    options = parse(["demo"])
    found = wired(options, FixedClock(DEMO_NOW))
    outlooks = BothAtOnce(found.pictures, found.nodes)
    app = PveAuthApp(
        outlooks,
        UNICODE,
        Exports(StateFolder(tmp_path / "saved")),
        found.stories,
        lambda: equipped(options, found, outlooks, {}),
    )
    assert found.simulated is not None
    NODES[app] = found.simulated()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        yield pilot
    del NODES[app]


NODES: dict[Any, SimNode] = {}


def node(pilot: Pilot[None]) -> SimNode:
    return NODES[pilot.app]


def cfg(pilot: Pilot[None]) -> str:
    return (node(pilot).disk.read("etc/pve/domains.cfg") or b"").decode()


def known(pilot: Pilot[None], name: str) -> Realm:
    snapshot = cast(PveAuthApp, pilot.app).snapshot
    assert snapshot is not None
    assert snapshot.realms.value is not None
    return snapshot.realms.value.realms[name]


def answer(pilot: Pilot[None], method: str, path: tuple[str, ...], given: dict[str, Any]) -> None:
    """Somebody else's call."""
    DirectApi(node(pilot)).call(method, path, given)


# --- add -----------------------------------------------------------------------------------


async def test_an_ad_realm_is_added_with_its_password(pilot: Pilot[None]) -> None:
    await realms(pilot)
    await opened(pilot, "a", "1")
    await into(pilot, realm="lab2", domain="example.com", server1="dc1.example.com")
    await turn(pilot, "mode", "ldap+starttls")
    await turn(pilot, "verify", True)
    await into(pilot, bind_dn="proxmox_auth@example.com", password=SECRET)
    assert SECRET not in shown(pilot)
    await run_it(pilot)
    assert known(pilot, "lab2").options == {
        "domain": "example.com",
        "server1": "dc1.example.com",
        "mode": "ldap+starttls",
        "verify": "1",
        "bind_dn": "proxmox_auth@example.com",
    }
    assert "ad: lab2\n" in cfg(pilot)
    assert node(pilot).disk.read("etc/pve/priv/realm/lab2.pw") == SECRET.encode()


async def test_few_basics_stand_first_and_the_others_are_folded(pilot: Pilot[None]) -> None:
    await realms(pilot)
    form = await opened(pilot, "a", "3")
    names = {field.ident for field in form.form.asked}
    assert {"realm", "server1", "base_dn", "user_attr", "mode"} <= names
    assert not {"filter", "capath", "bind_dn", "group_dn"} & names
    await show(pilot, "Sync Options")
    assert {"filter", "bind_dn", "sync_attributes"} <= {f.ident for f in form.form.asked}
    await show(pilot, "Advanced")
    assert {"capath", "cert", "certkey", "sslversion", "group_dn"} <= {
        f.ident for f in form.form.asked
    }


async def test_what_is_missing_is_shown_whatever_group_is_open(pilot: Pilot[None]) -> None:
    await realms(pilot)
    form = await opened(pilot, "a", "3")
    await into(pilot, realm="lab2")
    await show(pilot, "Advanced")
    await press(pilot, "ctrl+o")
    await until(pilot, lambda: form.form.field("show").value == "General")
    assert form.form.field("base_dn").problem.startswith("It must not be empty: PVE would take")
    await on_top(pilot, RealmForm)


async def test_what_is_final_and_who_asks_for_factors_is_said_of_openid(
    pilot: Pilot[None],
) -> None:
    await realms(pilot)
    await opened(pilot, "a", "5")
    await into(pilot, realm="idp")
    await remark(pilot, "Username Claim once the realm is there")
    await remark(pilot, "never asked for by PVE there")


async def test_a_secret_is_shown_by_its_key_alone(pilot: Pilot[None]) -> None:
    await realms(pilot)
    await opened(pilot, "a", "5")
    await into(pilot, client_0key=SECRET)
    assert SECRET not in shown(pilot)
    await press(pilot, "ctrl+r")
    await sees(pilot, SECRET)
    await press(pilot, "up")
    assert SECRET not in shown(pilot)


# --- presets -----------------------------------------------------------------------------


async def test_a_directory_from_a_preset_needs_few_answers(pilot: Pilot[None]) -> None:
    await realms(pilot)
    await press(pilot, "a", "2")
    await on_top(pilot, DirectoryPresetForm)
    await into(pilot, realm="lab2", domain="example.com", server1="dc1.example.com")
    await remark(pilot, "proxmox_auth")
    await press(pilot, "ctrl+t")
    await on_top(pilot, DetailsScreen)
    await press(pilot, "escape", "ctrl+o")
    await on_top(pilot, RealmForm)
    await into(pilot, password=SECRET)
    await run_it(pilot)
    realm = known(pilot, "lab2")
    assert realm.options["case-sensitive"] == "0"
    assert "memberOf=CN=ProxmoxAdmins,OU=Proxmox Groups" in realm.options["filter"]
    assert realm.options["sync-defaults-options"] == (
        "enable-new=1,remove-vanished=acl;entry,scope=both"
    )


async def test_a_provider_from_a_preset_names_every_redirect_uri(pilot: Pilot[None]) -> None:
    await realms(pilot)
    await press(pilot, "a", "6", "4")
    screen = pilot.app.screen
    assert isinstance(screen, OpenIdPresetForm)
    screen.form.fill({"also": "pve.example.com:443"})
    await into(pilot, realm="idp", ask__host="sso.example.com")
    questions = [field.ident for field in screen.form.fields if field.ident.startswith("ask.")]
    for ident in questions:
        if not screen.form.field(ident).value:
            await into(pilot, **{ident.replace(".", "__"): "lab"})
    await press(pilot, "ctrl+t")
    await until(pilot, lambda: isinstance(pilot.app.screen, DetailsScreen))
    text = " ".join(shown(pilot).split())
    for uri in ("https://pve1.example.com:8006", "https://pve.example.com"):
        assert uri in text
    await press(pilot, "escape", "ctrl+o")
    form = pilot.app.screen
    assert isinstance(form, RealmForm)
    assert str(form.form.field("issuer-url").value).startswith("https://sso.example.com")
    await into(pilot, client_0id="pve", client_0key=SECRET)
    await run_it(pilot)
    assert known(pilot, "idp").options["client-id"] == "pve"
    assert f"client-key {SECRET}" in cfg(pilot)


# --- edit --------------------------------------------------------------------------------


async def test_only_what_was_changed_is_changed(pilot: Pilot[None]) -> None:
    await realms(pilot, "corp")
    before = known(pilot, "corp").options
    await opened(pilot, "e")
    await remark(pilot, "Nothing is changed yet")
    await into(pilot, server2="", port="3269")
    await run_it(pilot)
    after = {name: value for name, value in before.items() if name != "server2"}
    assert known(pilot, "corp").options == {**after, "port": "3269"}


async def test_the_password_stays_unless_another_is_given(pilot: Pilot[None]) -> None:
    await realms(pilot, "corp")
    kept = node(pilot).disk.read("etc/pve/priv/realm/corp.pw")
    form = await opened(pilot, "e")
    await into(pilot, comment="AD of Example")
    assert form.form.field("password").display is False
    await run_it(pilot)
    assert node(pilot).disk.read("etc/pve/priv/realm/corp.pw") == kept
    await realms(pilot, "corp")
    await opened(pilot, "e")
    await show(pilot, "Sync Options")
    await turn(pilot, "password.how", "other")
    await into(pilot, password=SECRET)
    await run_it(pilot)
    assert node(pilot).disk.read("etc/pve/priv/realm/corp.pw") == SECRET.encode()


async def test_a_client_key_can_be_taken_away(pilot: Pilot[None]) -> None:
    await realms(pilot, "entra")
    await opened(pilot, "e")
    await turn(pilot, "client-key.how", "none")
    await run_it(pilot)
    assert "client-key" not in known(pilot, "entra").options


async def test_the_default_realm_moves_and_both_are_told(pilot: Pilot[None]) -> None:
    await realms(pilot, "pve")
    await opened(pilot, "e")
    await turn(pilot, "default", True)
    await remark(pilot, "corp: no longer the default realm")
    await run_it(pilot)
    assert known(pilot, "pve").default
    assert not known(pilot, "corp").default


async def test_require_tfa_says_who_cannot_log_in_then(pilot: Pilot[None]) -> None:
    await realms(pilot, "pam")
    await opened(pilot, "e")
    await turn(pilot, "tfa.type", "oath")
    await remark(pilot, "paul@pam can no longer log in")
    await remark(pilot, "Security keys (WebAuthn) are refused")


async def test_a_yubico_demand_needs_its_key_each_time(pilot: Pilot[None]) -> None:
    await realms(pilot, "pve")
    form = await opened(pilot, "e")
    await turn(pilot, "tfa.type", "yubico")
    await press(pilot, "ctrl+o")
    await until(pilot, lambda: "needs an API ID" in form.form.field("tfa.id").problem)
    await into(pilot, tfa__id="7")
    await press(pilot, "ctrl+o")
    await until(pilot, lambda: "give the API key" in form.form.field("tfa.key").problem)
    await into(pilot, tfa__key="K3YK3Y")
    await press(pilot, "ctrl+o")
    await on_top(pilot, PlanScreen)
    assert "K3YK3Y" not in shown(pilot)


async def test_what_others_changed_since_is_told(pilot: Pilot[None]) -> None:
    await realms(pilot, "lab")
    await opened(pilot, "e")
    await into(pilot, comment="mine")
    answer(pilot, "PUT", ("access", "domains", "lab"), {"server1": "other.example.com"})
    await press(pilot, "ctrl+o")
    await listening(pilot)
    await press(pilot, "y")
    await until(pilot, lambda: "changed by somebody else meanwhile: Server" in flat(pilot))
    assert known_there(pilot, "server1 other.example.com")
    assert not known_there(pilot, "comment mine")


def known_there(pilot: Pilot[None], line: str) -> bool:
    return f"\t{line}\n" in cfg(pilot)


def flat(pilot: Pilot[None]) -> str:
    return " ".join(shown(pilot).split())


async def test_what_was_typed_is_there_again(pilot: Pilot[None]) -> None:
    await realms(pilot, "lab")
    await opened(pilot, "e")
    await into(pilot, comment="half")
    await press(pilot, "escape", "e")
    await until(pilot, lambda: status(pilot).startswith("What was typed here before is back"))
    form = cast(RealmForm, pilot.app.screen)
    assert form.form.field("comment").value == "half"


async def test_several_realms_are_edited_one_at_a_time(pilot: Pilot[None]) -> None:
    await realms(pilot, "corp")
    await press(pilot, "space", "space", "e")
    await says(pilot, "one at a time")


# --- a realm that PVE cannot read --------------------------------------------------------------


async def test_a_broken_realm_is_mended_by_its_form(pilot: Pilot[None]) -> None:
    answer(
        pilot,
        "POST",
        ("access", "domains"),
        {"realm": "new", "type": "ldap", "server1": "x.example.com", "base_dn": "",
         "user_attr": "uid", "mode": "ldaps", "verify": "1", "comment": "kept"},
    )  # fmt: skip
    await realms(pilot)
    await press(pilot, "r")
    await until(pilot, lambda: table(pilot).go_to("new"))
    await until(pilot, lambda: "lacks base_dn" in flat(pilot))
    form = await opened(pilot, "e")
    await sees(pilot, "Mend: Realm new")
    assert form.form.field("comment").value == "kept"
    await into(pilot, base_dn="dc=example,dc=com")
    await run_it(pilot)
    assert known(pilot, "new").type == "ldap"
    assert known(pilot, "new").options["comment"] == "kept"
    answer(pilot, "PUT", ("access", "domains", "lab"), {"comment": "works again"})


# --- the test before it is saved ------------------------------------------------------------


async def test_what_is_typed_is_tested_unsaved_and_a_fix_comes_back(pilot: Pilot[None]) -> None:
    await realms(pilot, "corp")
    form = await opened(pilot, "e")
    await into(pilot, server2="dc9.example.com")
    await press(pilot, "ctrl+t")
    screen = pilot.app.screen
    assert isinstance(screen, RealmTestScreen)
    assert screen._realm.options["server2"] == "dc9.example.com"
    assert screen._saved is False
    await press(pilot, "escape")
    await until(pilot, lambda: pilot.app.screen is form)
    form.take_fix({"server2": "dc2.example.com", "capath": "/etc/ca.pem", "verify": "1"})
    await settle(pilot)
    await until(pilot, lambda: form.form.field("server2").value == "dc2.example.com")
    assert form.form.field("capath").value == "/etc/ca.pem"
    await says(pilot, "The fix is filled in")
    await run_it(pilot)
    assert known(pilot, "corp").options["server2"] == "dc2.example.com"


async def test_pam_has_no_server_to_test(pilot: Pilot[None]) -> None:
    await realms(pilot, "pam")
    await opened(pilot, "e")
    await press(pilot, "ctrl+t")
    await says(pilot, "no server to test")


# --- the list's own keys -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "screen"),
    [("t", RealmTestScreen), ("p", SyncPreviewScreen), ("o", SyncJobsScreen)],
)
async def test_a_key_on_a_directory_opens_its_screen(
    pilot: Pilot[None], key: str, screen: type
) -> None:
    await realms(pilot, "corp")
    await press(pilot, key)
    await until(pilot, lambda: isinstance(pilot.app.screen, screen))


@pytest.mark.parametrize(
    ("name", "key", "words"),
    [
        ("pam", "t", "has no server"),
        ("pam", "p", "LDAP and AD realms are synced"),
        ("entra", "o", "LDAP and AD realms are synced"),
        ("pve", "d", "always there"),
    ],
)
async def test_a_key_that_makes_no_sense_says_why(
    pilot: Pilot[None], name: str, key: str, words: str
) -> None:
    await realms(pilot, name)
    await press(pilot, key)
    await says(pilot, words)


# --- remove ------------------------------------------------------------------------------------


async def test_what_a_realm_leaves_is_shown_and_stays_unless_chosen(pilot: Pilot[None]) -> None:
    await realms(pilot, "lab")
    await press(pilot, "d")
    await on_top(pilot, RealmRemoveForm)
    await remark(pilot, "users of lab: none of them can log in any more")
    await press(pilot, "ctrl+o")
    plan = pilot.app.screen
    assert isinstance(plan, PlanScreen)
    assert len(plan.plan.steps) == 1


async def test_users_groups_and_jobs_can_go_with_it(pilot: Pilot[None]) -> None:
    await realms(pilot, "old")
    await press(pilot, "d")
    form = pilot.app.screen
    assert isinstance(form, RealmRemoveForm)
    await turn(pilot, "users", True)
    await press(pilot, "ctrl+o")
    plan = pilot.app.screen
    assert isinstance(plan, PlanScreen)
    assert [step.path[1] for step in plan.plan.steps] == ["domains", "users", "users"]
