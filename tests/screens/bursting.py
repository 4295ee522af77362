"""Every screen and dialog of the program, opened: for what has to hold on all of them."""

from __future__ import annotations

import pkgutil
from collections.abc import Awaitable, Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, Final

from textual.pilot import Pilot
from textual.screen import Screen

import screens as package
from pve_auth_tui.core.directory.certificate import Certificate
from pve_auth_tui.core.directory.settings import DirectorySettings
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.intents.factors import unlock
from pve_auth_tui.core.keys import KeyInfo, KeyPlace, PinState
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.openid.assisted import Begun
from pve_auth_tui.core.openid.presets import PRESETS
from pve_auth_tui.core.openid.redirects import Uris
from pve_auth_tui.core.openid.settings import OpenIdSettings
from pve_auth_tui.core.recover.ways import Kind, WayBack
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.trust.model import Authority, Candidate, Form, Offer
from screens.join_after_forms import Tried
from screens.join_forms import Account
from tests.screens.conftest import listening, press, settle, shown, table, type_text, until

Open = Callable[[Pilot[None]], Awaitable[None]]

WHO: Final = "nina@pve"
TOKEN: Final = "mon@pve!grafana"


def all_screens() -> set[str]:
    """The names of all that somebody can open; what others are made of is none of them, but for
    the details, of which a way back has more.
    """
    for module in pkgutil.iter_modules(package.__path__):
        import_module(f"screens.{module.name}")
    return {
        kind.__name__
        for kind in _below(Screen)
        if kind.__module__.startswith("screens.")
        and (not kind.__subclasses__() or kind.__name__ == "DetailsScreen")
    }


def _below(kind: type[Any]) -> Iterator[type[Any]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


def _keys(*keys: str) -> Open:
    async def opened(pilot: Pilot[None]) -> None:
        await press(pilot, *keys)

    return opened


def _pushed(module: str, name: str, *arguments: Any) -> Open:
    async def opened(pilot: Pilot[None]) -> None:
        kind = getattr(import_module(f"screens.{module}"), name)
        pilot.app.push_screen(kind(*arguments))
        await settle(pilot)

    return opened


def _over(module: str, name: str) -> Open:
    """A dialog that is about the screen below it."""

    async def opened(pilot: Pilot[None]) -> None:
        kind = getattr(import_module(f"screens.{module}"), name)
        pilot.app.push_screen(kind(pilot.app.screen))
        await settle(pilot)

    return opened


async def _plan(pilot: Pilot[None]) -> None:

    await press(pilot, "2")
    table(pilot).go_to(WHO)
    await press(pilot, "x", "1")
    await listening(pilot)  # before, it takes no key at all


async def _what_if(pilot: Pilot[None]) -> None:
    from screens.what_if import WhatIfScreen

    await _plan(pilot)
    await press(pilot, "w")
    await until(pilot, lambda: isinstance(pilot.app.screen, WhatIfScreen))


async def _scan_totp(pilot: Pilot[None]) -> None:
    from screens.enrol_totp import EnrolTotpScreen

    pilot.app.push_screen(EnrolTotpScreen(WHO))
    await settle(pilot)
    await type_text(pilot, "phone")
    await press(pilot, "ctrl+o")


async def _sync_list(pilot: Pilot[None]) -> None:
    from screens.sync_preview import SyncPreviewScreen

    screen = SyncPreviewScreen("corp")
    pilot.app.push_screen(screen)
    await until(pilot, lambda: bool(screen.is_mounted and not screen.why_no_preview()))
    await press(pilot, "enter")


async def _tree(pilot: Pilot[None]) -> None:
    await press(pilot, "1", "v", "2")


async def _agreed(pilot: Pilot[None], name: str, leave: str = "") -> None:
    """Somebody says yes to the plan, and the screen behind it works."""

    await listening(pilot)
    await press(pilot, "y")
    if leave:
        await until(pilot, lambda: "Done:" in shown(pilot))
        await press(pilot, leave)
    await until(pilot, lambda: type(pilot.app.screen).__name__ == name)


async def _recovery(pilot: Pilot[None]) -> None:
    from screens.enrol_recovery import EnrolRecoveryScreen

    pilot.app.push_screen(EnrolRecoveryScreen(WHO))
    await _agreed(pilot, "EnrolRecoveryScreen", "escape")


async def _rack(pilot: Pilot[None]) -> None:
    from screens.rack import RackScreen

    pilot.app.push_screen(RackScreen([WHO]))
    await settle(pilot)
    await press(pilot, "ctrl+o")
    await _agreed(pilot, "RackScreen")


_OLD = Realm("old", "ldap", {"server1": "ldap.old.example.com", "mode": "ldaps", "verify": "1"})
_SETTINGS = DirectorySettings("old", "ldap", ("ldap.old.example.com",), 636)
_IDP = Realm("idp", "openid", {"issuer-url": "https://idp.example.com", "client-id": "pve"})
_OPENID = OpenIdSettings("idp", "https://idp.example.com", "pve")
_BACK = "https://pve1.example.com:8006"
_BEGUN = Begun("idp", _BACK, "https://idp.example.com/authorize?state=x", "x")
_ACL = Key("acl", "/vms", "group:ops-corp:PVEVMUser")
_INFO = KeyInfo(KeyPlace("/dev/hidraw9", "Key"), ("FIDO_2_1",), pin=PinState.NONE)
_OFFER = Offer("/root/ca.pem", Form.PEM, (Candidate(Authority(Certificate("CN=x"), b""), ()),))
_CORP = "ad.example.com"
_ACCOUNT = Account("Administrator", None, "", "")
_WAY = WayBack("unlock", "unlock", "nothing is removed", Kind.PLAN, (), unlock("root@pam"))


def _nothing(*_: object) -> None:
    """For whoever wants to be told."""


OPENERS: Final[Mapping[str, Open]] = {
    "StartScreen": _keys("escape"),
    **{
        name: _keys(str(digit))
        for digit, name in enumerate(
            ("AclScreen", "UsersScreen", "TokensScreen", "TfaScreen", "GroupsScreen",
             "PoolsScreen", "RolesScreen", "RealmsScreen"), start=1,
        )
    },
    "AclTreeScreen": _tree,
    "AnythingScreen": _keys("escape", "slash"),
    "JournalScreen": _pushed("journal", "JournalScreen"),
    "DetailsScreen": _pushed("details", "DetailsScreen", "Users", WHO, ()),
    "HelpScreen": _over("help", "HelpScreen"),
    "PromptScreen": _over("prompt", "PromptScreen"),
    "ChooseScreen": _pushed("choose", "ChooseScreen", "Which", ["one", "two"]),
    "PickScreen": _pushed("pick", "PickScreen", "Whom", [WHO, "anna@pam"]),
    "PickManyScreen": _pushed("pick_many", "PickManyScreen", "Whom", (), ()),
    "RenameScreen": _pushed("rename", "RenameScreen", "Description", "phone"),
    "PlanScreen": _plan,
    "WhatIfScreen": _what_if,
    "ExplainScreen": _pushed("explain", "ExplainScreen", WHO, "/vms/100", "VM.Audit"),
    "WhoCanScreen": _pushed("who_can", "WhoCanScreen", "VM.Audit", "/vms/100"),
    "CompareScreen": _pushed("compare", "CompareScreen", WHO, "anna@pam"),
    "RoleDiffScreen": _pushed("role_diff", "RoleDiffScreen", "PVEAdmin", "PVEAuditor"),
    "AclForm": _pushed("acl_form", "AclForm", ["/vms"]),
    "AclEditForm": _pushed("acl_edit_form", "AclEditForm", [_ACL]),
    "UserForm": _pushed("user_form", "UserForm"),
    "UsersForm": _pushed("users_form", "UsersForm", [WHO, "anna@pam"]),
    "PasswordForm": _pushed("password_form", "PasswordForm", WHO),
    "GroupForm": _pushed("group_form", "GroupForm"),
    "GroupsForm": _pushed("group_form", "GroupsForm", ["ops-corp", "admins-corp"]),
    "RoleForm": _pushed("role_form", "RoleForm"),
    "RolesForm": _pushed("role_form", "RolesForm", ["PVEAdmin"]),
    "PoolForm": _pushed("pool_form", "PoolForm"),
    "TokenForm": _pushed("token_form", "TokenForm", WHO),
    "TokenEditForm": _pushed("token_edit_form", "TokenEditForm", [TOKEN]),
    "TokenRightsScreen": _pushed("token_rights", "TokenRightsScreen", TOKEN),
    "TokenTestScreen": _pushed("token_test", "TokenTestScreen", TOKEN),
    "OnceScreen": _pushed("once", "OnceScreen", [(TOKEN, Secret("s3cret"))], _nothing),
    "EnrolTotpScreen": _pushed("enrol_totp", "EnrolTotpScreen", WHO),
    "ScanTotpScreen": _scan_totp,
    "EnrolRecoveryScreen": _recovery,
    "EnrolYubicoForm": _pushed("enrol_yubico", "EnrolYubicoForm", WHO),
    "EnrolKeyScreen": _pushed("enrol_key", "EnrolKeyScreen", WHO),
    "ProveScreen": _pushed("prove", "ProveScreen", "root@pam"),
    "KeysScreen": _pushed("keys", "KeysScreen"),
    "KeyPinForm": _pushed("key_pin_form", "KeyPinForm", _INFO, _nothing),
    "RackScreen": _rack,
    "RackSetup": _pushed("rack_setup", "RackSetup", _nothing, _nothing),
    "WebauthnForm": _pushed("webauthn_form", "WebauthnForm"),
    "RecoverScreen": _keys("0"),
    "WayScreen": _pushed("recover_details", "WayScreen", _WAY, _nothing),
    "ReasonScreen": _pushed("recover_reason", "ReasonScreen", "Why", "locked"),
    "TemporaryForm": _pushed("temporary_form", "TemporaryForm", "root@pam", "locked", _nothing),
    "SurviveScreen": _pushed("survive", "SurviveScreen"),
    "PamScreen": _pushed("pam", "PamScreen"),
    "RealmTestScreen": _pushed("realm_test", "RealmTestScreen", _OLD),
    "TryLoginForm": _pushed("try_login", "TryLoginForm", "corp", _nothing),
    "BindPasswordForm": _pushed("at_directory", "BindPasswordForm", _SETTINGS, _nothing),
    "YesScreen": _pushed("typed_yes", "YesScreen", "Not safe", ["Go on?"]),
    "JoinScreen": _pushed("join", "JoinScreen"),
    "AccountForm": _pushed("join_forms", "AccountForm", _CORP, _ACCOUNT, _nothing),
    "LoginsForm": _pushed("join_forms", "LoginsForm", _CORP, None, _nothing),
    "ProofForm": _pushed("join_after_forms", "ProofForm", _CORP, Tried((), ()), _nothing),
    "LeaveDomainForm": _pushed("join_after_forms", "LeaveDomainForm", _CORP, "root", _nothing),
    "RealmForm": _pushed("realm_form", "RealmForm", "ad"),
    "DirectoryPresetForm": _pushed("realm_preset_form", "DirectoryPresetForm", "ad"),
    "OpenIdPresetForm": _pushed("realm_preset_form", "OpenIdPresetForm", PRESETS[0]),
    "RealmRemoveForm": _pushed("realm_remove", "RealmRemoveForm", "old"),
    "OpenIdProbeScreen": _pushed("openid_probe", "OpenIdProbeScreen", _IDP),
    "OpenIdClaimsScreen": _pushed("openid_claims", "OpenIdClaimsScreen", _OPENID),
    "OpenIdLoginForm": _pushed("openid_login", "OpenIdLoginForm", _OPENID, Uris((_BACK,))),
    "OpenIdLoginScreen": _pushed("openid_login", "OpenIdLoginScreen", _BEGUN),
    "SyncPreviewScreen": _pushed("sync_preview", "SyncPreviewScreen", "corp"),
    "SyncListScreen": _sync_list,
    "SyncJobsScreen": _pushed("sync_jobs", "SyncJobsScreen"),
    "SyncJobForm": _pushed("sync_job_form", "SyncJobForm"),
    "TrustScreen": _pushed("trust", "TrustScreen"),
    "TrustImportForm": _pushed("trust_import", "TrustImportForm", _nothing),
    "OfferScreen": _pushed("trust_import", "OfferScreen", _OFFER, 0.0, _nothing),
    "TargetForm": _pushed("trust_check", "TargetForm", "dc01.example.com", _nothing, _nothing),
    "TrustCheckScreen": _pushed("trust_check", "TrustCheckScreen", "dc01.example.com"),
}  # fmt: skip
