"""Every command and every screen, with the scene in which its secrets are looked for.

A new command, list, form or dialog has to stand in one of SCENES: what it is called in `covers`
is what the failing test calls it. Write a scene in tests/canary/scenes.py that runs it with
canaries (those of tests/canary/planted.py, or new ones: `canaries.add`), and say in `may` where a
secret is meant to be; everything else is searched. A command that deals with no secret of its own
goes into `scenes.HARMLESS` with the reason: the tour runs it wherever it is offered.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final

from textual.screen import Screen

import screens as package
from screens.at_directory import BindPasswordForm
from screens.base import EVERYWHERE, BaseScreen
from screens.commands import Command
from screens.compare import CompareScreen
from screens.enrol_key import EnrolKeyScreen
from screens.enrol_yubico import EnrolYubicoForm
from screens.explain import ExplainScreen
from screens.join import JoinScreen
from screens.join_after_forms import LeaveDomainForm, ProofForm
from screens.join_forms import AccountForm, LoginsForm
from screens.journal import JournalScreen
from screens.key_pin_form import KeyPinForm
from screens.keys import KeysScreen
from screens.openid_claims import OpenIdClaimsScreen
from screens.openid_login import OpenIdLoginForm, OpenIdLoginScreen
from screens.openid_probe import OpenIdProbeScreen
from screens.pam import PamScreen
from screens.password_form import PasswordForm
from screens.rack import RackScreen
from screens.rack_setup import RackSetup
from screens.realm_form import RealmForm
from screens.realm_preset_form import DirectoryPresetForm, OpenIdPresetForm
from screens.realm_remove import RealmRemoveForm
from screens.realm_test import RealmTestScreen
from screens.recover import RecoverScreen
from screens.recover_details import WayScreen
from screens.role_diff import RoleDiffScreen
from screens.start import StartScreen
from screens.survive import SurviveScreen
from screens.sync_job_form import SyncJobForm
from screens.sync_jobs import SyncJobsScreen
from screens.sync_list import SyncListScreen
from screens.sync_preview import SyncPreviewScreen
from screens.temporary_form import TemporaryForm
from screens.token_form import TokenForm
from screens.token_rights import TokenRightsScreen
from screens.token_test import TokenTestScreen
from screens.trust import TrustScreen
from screens.trust_check import TargetForm, TrustCheckScreen
from screens.trust_import import OfferScreen, TrustImportForm
from screens.try_login import TryLoginForm
from screens.user_form import UserForm
from screens.webauthn_form import WebauthnForm
from screens.what_if import WhatIfScreen
from screens.who_can import WhoCanScreen
from tests.canary import (
    formscenes,
    joinscenes,
    keyscenes,
    openidscenes,
    realmformscenes,
    realmscenes,
    recoverscenes,
    scenes,
    trustscenes,
)
from tests.canary.planted import ADMIN, LOCKED
from tests.canary.stage import Play, Scene, name_of, name_of_command, name_on
from tests.canary.trouble import Trouble

EVERY: Final = (Trouble.REFUSED, Trouble.ECHOED, Trouble.CRASH, Trouble.UNREACHABLE)
_WITH_KEY: Final = (*EVERY, Trouble.AT_KEY, Trouble.IN_LIBRARY)
_FACTORS: Final = (
    *("factors.FactorScreen", "form.FormScreen", "secrets.SecretScreen"),
    *("base.BaseScreen", "listing.ListScreen", "questions.QuestionScreen"),
    *("answer_rows.RowsScreen", "user_fields.PeopleForm", "role_form._PrivilegesForm"),
    *("acl._Permissions", "acl_form.AclFormScreen"),
    *("at_key.AtKey", "key_watch.KeyWatch", "rack_cells.RackCells", "rack_proof.RackProof"),
    *("enrol_key_proof.ProofStages", "enrol_key_stages.StagesScreen"),
    "trust_table.TrustTable",
    *("recover_watch.RecoverWatch", "at_directory.AtDirectory", "realm_preset_form.PresetForm"),
    *("openid_login.Waiting", "join_forms.AskForm", "join_work.JoinWork"),
    *("join_plans.JoinPlans", "join_fixes.JoinFixes"),
)
"""Screens that nobody opens: others are made of them."""


def existing() -> set[str]:
    """All screens, all commands that hold everywhere, and every other command on its screen."""
    for module in pkgutil.iter_modules(package.__path__):
        import_module(f"screens.{module.name}")
    found = {f":{command.name}" for command in EVERYWHERE}
    for screen in _below(Screen):
        name = name_of(screen)
        if not screen.__module__.startswith("screens.") or name in _FACTORS:
            continue
        found.add(name)
        if issubclass(screen, BaseScreen):
            found |= {name_on(screen, command) for command in screen.OFFERS}
    return found


def offered() -> set[str]:
    """The commands of all screens, as HARMLESS calls them."""
    every = {command for screen in _below(BaseScreen) for command in screen.OFFERS}
    return {name_of_command(command) for command in every}


def offered_nowhere() -> set[str]:
    """Commands with a name that no screen offers."""
    offers = {command for screen in _below(BaseScreen) for command in screen.OFFERS}
    ours = (one for one in _below(Command) if one.__module__.startswith("screens."))
    named = {one for one in ours if getattr(one, "name", "")}
    alike = {base for one in offers for base in one.__mro__}
    return {name_of_command(one) for one in named - offers - alike}


def _below(kind: type[Any]) -> Iterator[type[Any]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


# --- what covers what --------------------------------------------------------------------------


def _harmless(*kinds: type[BaseScreen]) -> set[str]:
    return {
        name_on(kind, command)
        for kind in kinds
        for command in kind.OFFERS
        if name_of_command(command) in scenes.HARMLESS
    }


def _scene(
    play: Play,
    *covers: str,
    may: dict[str, set[str]] | None = None,
    troubles: tuple[Trouble, ...] = (),
    in_trouble: dict[str, set[str]] | None = None,
    late: bool = False,
) -> Scene:
    return Scene(play, frozenset(covers), may or {}, troubles, in_trouble or {}, late)


def _all_of(*kinds: type[BaseScreen]) -> set[str]:
    """Screens with everything that only they offer."""
    own = {f"{name_of(kind)}: {name}" for kind in kinds for name in formscenes.own(kind)}
    return own | {name_of(kind) for kind in kinds}


def _on_realms() -> set[str]:
    return {f"realms.RealmsScreen: {name}" for name in ("test", "preview", "jobs")}


_AFTER_ALL_NOT: Final = {
    f"enrol_key.EnrolKeyScreen: {name}"
    for name in ("again", "original", "pin", "settings", "touch")
}
_PINS: Final = {"PIN of a key", "wrong PIN of a key", "new PIN of a key"}
_LISTS: Final = set(scenes.lists().values())
_RUN: Final = "file:/run/"
_GONE: Final = "removed file:/run/"
_APP: Final = {f"TOTP of {ADMIN}"}
_LOCKED_APP: Final = {f"TOTP of {LOCKED}"}
_SHOWN: Final = "screen:ScanTotpScreen shown"
_TYPED: Final = "screen:ScanTotpScreen"
_KEYS: Final = "screen:EnrolRecoveryScreen shown"
_ASKED: Final = "screen:ProveScreen shown"

SCENES: Final = (
    _scene(
        scenes.tour_of_lists,
        *_harmless(*_LISTS),
        *(name_of(screen) for screen in _LISTS),
        *("choose.ChooseScreen", "help.HelpScreen", "pick.PickScreen", "prompt.PromptScreen"),
        *("details.DetailsScreen", "journal.JournalScreen"),
    ),
    _scene(
        scenes.tour_of_the_rest,
        *(
            one
            for one in _harmless(StartScreen, JournalScreen, SurviveScreen, PamScreen)
            if ": " in one
        ),
        *(f":{one.name}" for one in EVERYWHERE if one.name in scenes.lists()),
        *(":back", ":collect", ":journal", ":quit", ":survive", ":pam"),
        *("start.StartScreen", "journal.JournalScreen: back", "details.DetailsScreen: back"),
        *("survive.SurviveScreen", "pam.PamScreen"),
    ),
    _scene(
        scenes.an_app,
        "users.UsersScreen: second-factor",
        "enrol_totp.EnrolTotpScreen",
        "enrol_totp.EnrolTotpScreen: review",
        "enrol_totp.EnrolTotpScreen: help",
        "scan_totp.ScanTotpScreen",
        "scan_totp.ScanTotpScreen: reveal",
        "scan_totp.ScanTotpScreen: help",
        "scan_totp.ScanTotpScreen: review",
        "plan.PlanScreen",
        "plan.PlanScreen: run",
        "plan.PlanScreen: back",
        "prove.ProveScreen",
        "prove.ProveScreen: log in",
        "prove.ProveScreen: reveal",
        "prove.ProveScreen: help",
        "prove.ProveScreen: back",
        may={
            _SHOWN: {"new TOTP secret", "typed code"},
            _TYPED: {"typed code"},
            _ASKED: {"password of everybody", "typed code"},
        },
        troubles=EVERY,
    ),
    _scene(
        scenes.an_app_after_all_not,
        "enrol_totp.EnrolTotpScreen: back",
        "scan_totp.ScanTotpScreen: back",
        "rename.RenameScreen",
        may={
            _SHOWN: {"new TOTP secret", "typed code"},
            _TYPED: {"typed code"},
            "screen:RenameScreen": {"typed code"},  # it is seen above the dialog
            "file:/keys/": {"new TOTP secret", "new URI"},
        },
        troubles=(Trouble.CRASH,),
    ),
    _scene(
        scenes.recovery_keys,
        "tfa.TfaScreen: add",
        "enrol_recovery.EnrolRecoveryScreen",
        "enrol_recovery.EnrolRecoveryScreen: check",
        "enrol_recovery.EnrolRecoveryScreen: reveal",
        "enrol_recovery.EnrolRecoveryScreen: back",
        "enrol_recovery.EnrolRecoveryScreen: help",
        may={_KEYS: {"made by PVE"}, "file:/keys/": {"made by PVE"}},
        troubles=EVERY,
    ),
    _scene(scenes.recovery_keys_after_all_not),
    _scene(
        scenes.a_proof,
        "tfa.TfaScreen: prove",
        "users.UsersScreen: prove",
        troubles=EVERY,
    ),
    _scene(
        scenes.changes_of_factors,
        "tfa.TfaScreen: edit",
        "tfa.TfaScreen: unlock",
        "users.UsersScreen: unlock",
        *("tfa.TfaScreen: disable", "tfa.TfaScreen: enable"),
    ),
    _scene(
        scenes.for_a_while,
        "plan.PlanScreen: try",
        "plan.PlanScreen: commands",
        "plan.PlanScreen: save",
        ":keep",
        may={_GONE: _APP},
        troubles=(Trouble.ECHOED,),
        in_trouble={_RUN: _APP, _GONE: _APP},
    ),
    _scene(
        scenes.the_way_back,
        ":undo",
        "plan.PlanScreen: undo",
        may={_GONE: {*_APP, "client key"}},
        troubles=(Trouble.CRASH, Trouble.UNREACHABLE),
        in_trouble={_RUN: {*_APP, "client key"}, _GONE: {*_APP, "client key"}},
    ),
    _scene(
        scenes.a_token_that_comes_back,
        "once.OnceScreen",
        "once.OnceScreen: reveal",
        "once.OnceScreen: save",
        "once.OnceScreen: back",
        may={"screen:OnceScreen shown": {"made by PVE"}, "file:/keys/": {"made by PVE"}},
        troubles=(Trouble.ECHOED, Trouble.CRASH),
    ),
    _scene(
        scenes.collected,
        ":review",
        "users.UsersScreen: switch",
        may={_RUN: _APP, _GONE: _APP},
    ),
    _scene(
        scenes.removals,
        *(
            name_on(screen, command)
            for screen in _LISTS
            for command in screen.OFFERS
            if command.name == "remove"
        ),
    ),
    _scene(
        formscenes.a_password,
        *_all_of(PasswordForm),
        *("users.UsersScreen: password", "what_if.WhatIfScreen", "plan.PlanScreen: what-if"),
        may={"screen:PasswordForm shown": {"password of everybody", "new password"}},
        troubles=EVERY,
    ),
    _scene(
        formscenes.a_new_user,
        *_all_of(UserForm),
        "pick_many.PickManyScreen",
        may={"screen:UserForm shown": {"new password", "new keys of a user"}},
        troubles=EVERY,
    ),
    _scene(formscenes.passwords_collected, troubles=(Trouble.ECHOED, Trouble.CRASH)),
    _scene(
        formscenes.secrets_of_tokens,
        *_all_of(TokenForm),
        *("tokens.TokensScreen: new-secret", "token_rights.TokenRightsScreen: new-secret"),
        may={"screen:OnceScreen shown": {"made by PVE"}, "file:/keys/": {"made by PVE"}},
        troubles=EVERY,
    ),
    _scene(
        formscenes.a_token_is_tried,
        *_all_of(TokenTestScreen, TokenRightsScreen)
        - {"token_rights.TokenRightsScreen: new-secret"},
        "tokens.TokensScreen: test",
        may={"screen:TokenTestScreen shown": {"token secret"}},
        troubles=EVERY,
    ),
    _scene(
        keyscenes.a_key,
        *_all_of(EnrolKeyScreen) - _AFTER_ALL_NOT,
        may={"screen:ProveScreen shown": {"password of everybody"}},
        troubles=(Trouble.REFUSED, Trouble.CRASH),
    ),
    _scene(keyscenes.a_key_is_stored, troubles=_WITH_KEY, late=True),
    _scene(
        keyscenes.a_key_after_all_not,
        *_AFTER_ALL_NOT,
        *("start.StartScreen: enrol a key", "start.StartScreen: give TOTP"),
    ),
    _scene(keyscenes.a_login_with_a_key, troubles=_WITH_KEY, late=True),
    _scene(
        keyscenes.a_pin,
        *_all_of(KeysScreen, KeyPinForm),
        *("tfa.TfaScreen: keys", ":keys"),
        may={"screen:KeyPinForm shown": _PINS},
        troubles=(Trouble.AT_KEY, Trouble.IN_LIBRARY),
    ),
    _scene(
        keyscenes.a_yubico_otp,
        *_all_of(EnrolYubicoForm),
        may={"screen:EnrolYubicoForm shown": {"Yubico OTP"}},
        troubles=(Trouble.ECHOED, Trouble.CRASH, Trouble.UNREACHABLE),
    ),
    _scene(
        keyscenes.webauthn_settings, *_all_of(WebauthnForm), "tfa.TfaScreen: webauthn", ":webauthn"
    ),
    _scene(
        keyscenes.a_rack,
        *_all_of(RackScreen, RackSetup) - {"rack_setup.RackSetup: back"},
        ":rack",
        troubles=(Trouble.ECHOED, Trouble.CRASH, Trouble.AT_KEY, Trouble.IN_LIBRARY),
        late=True,
    ),
    _scene(keyscenes.a_rack_that_is_left, "tfa.TfaScreen: rack", "rack_setup.RackSetup: back"),
    _scene(recoverscenes.everything_on_recover, *_all_of(RecoverScreen), ":recover"),
    _scene(
        recoverscenes.a_lost_factor,
        *_all_of(WayScreen),
        "recover_reason.ReasonScreen",
        may={_RUN: _LOCKED_APP, _GONE: _LOCKED_APP},
        troubles=(Trouble.ECHOED, Trouble.CRASH),
    ),
    _scene(
        recoverscenes.a_second_administrator,
        *_all_of(TemporaryForm),
        may={"screen:TemporaryForm shown": {"new password", "password of everybody"}},
        troubles=EVERY,
    ),
    _scene(
        realmscenes.a_realm_is_tested,
        *_all_of(RealmTestScreen) - {"realm_test.RealmTestScreen: try login"},
        ":realm-test",
    ),
    _scene(
        realmscenes.a_login_at_a_directory,
        *_all_of(TryLoginForm),
        "realm_test.RealmTestScreen: try login",
        may={"screen:TryLoginForm shown": {"new password"}},
    ),
    _scene(
        realmscenes.a_bind_password_is_typed,
        *_all_of(BindPasswordForm),
        "typed_yes.YesScreen",
        may={"screen:BindPasswordForm shown": {"new password"}},
    ),
    _scene(
        realmscenes.a_sync_is_previewed,
        *_all_of(SyncPreviewScreen, SyncListScreen),
        ":sync",
        troubles=(Trouble.REFUSED, Trouble.ECHOED, Trouble.UNREACHABLE),
    ),
    _scene(
        realmformscenes.a_new_realm,
        *_all_of(DirectoryPresetForm, RealmForm) - {"realm_form.RealmForm: test"},
        may={"screen:RealmForm shown": {"new password"}},
        troubles=(Trouble.REFUSED, Trouble.ECHOED, Trouble.CRASH),
    ),
    _scene(realmformscenes.a_realm_is_tested_unsaved, "realm_form.RealmForm: test"),
    _scene(
        realmformscenes.a_client_key,
        *_all_of(OpenIdPresetForm),
        may={"screen:RealmForm shown": {"new client key"}},
        troubles=(Trouble.ECHOED,),
    ),
    _scene(realmformscenes.keys_of_realms, *_on_realms(), troubles=()),
    _scene(realmformscenes.a_realm_removed, *_all_of(RealmRemoveForm), troubles=()),
    _scene(
        joinscenes.a_join_that_is_refused,
        *_all_of(AccountForm),
        *(f"join.JoinScreen: {name}" for name in ("fix", "commands", "edit", "open")),
        may={"screen:AccountForm shown": {"new password"}},
    ),
    _scene(
        joinscenes.a_join,
        *_all_of(JoinScreen, LoginsForm, ProofForm, LeaveDomainForm)
        - {f"join.JoinScreen: {name}" for name in ("fix", "commands", "edit", "open")},
        ":join",
        may={"screen:LeaveDomainForm shown": {"new password"}},
    ),
    _scene(
        openidscenes.a_provider_is_probed,
        *_all_of(OpenIdProbeScreen)
        - {f"openid_probe.OpenIdProbeScreen: {name}" for name in ("claims", "login")},
    ),
    _scene(openidscenes.a_provider_is_probed_unsaved),
    _scene(
        openidscenes.pasted_claims,
        *_all_of(OpenIdClaimsScreen),
        "openid_probe.OpenIdProbeScreen: claims",
    ),
    _scene(
        openidscenes.a_login_with_any_browser,
        *_all_of(OpenIdLoginForm, OpenIdLoginScreen),
        "openid_probe.OpenIdProbeScreen: login",
        troubles=EVERY,
        late=True,
    ),
    _scene(
        trustscenes.a_ca_is_imported,
        *_all_of(TrustImportForm, OfferScreen),
        *_all_of(TrustScreen) - {"trust.TrustScreen: remove", "trust.TrustScreen: test"},
        ":ca",
    ),
    _scene(
        trustscenes.a_ca_is_removed_and_servers_are_checked,
        *_all_of(TargetForm, TrustCheckScreen),
        "trust.TrustScreen: remove",
        "trust.TrustScreen: test",
    ),
    _scene(realmscenes.sync_jobs, *_all_of(SyncJobsScreen, SyncJobForm), ":sync-jobs"),
    _scene(formscenes.forms, *_all_of(*formscenes.FORMS)),
    _scene(
        formscenes.answers,
        *_all_of(ExplainScreen, WhoCanScreen, CompareScreen, WhatIfScreen, RoleDiffScreen),
    ),
)
