"""Datacenter, Permissions, Realms: authentication realms."""

from __future__ import annotations

from typing import ClassVar, Final

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.lists.realms import REALMS
from pve_auth_tui.core.realmoptions import ADDED, TYPES
from pve_auth_tui.core.realmrisks import DIRECTORIES
from screens.base import EVERYWHERE
from screens.choose import ChooseScreen
from screens.commands import Commands
from screens.list_commands import (
    Add,
    Compare,
    Edit,
    Find,
    Mark,
    NextFinding,
    OnRow,
    Open,
    Remove,
    Save,
    ShowCommands,
    Sort,
    Views,
    WhoCan,
    Why,
)
from screens.listing import ListScreen
from screens.realm_commands import open_jobs, open_preview, open_test

_PRESET: Final = "from a preset ..."
_ONE: Final = "Realms are edited one at a time. Esc unmarks."


class TestRealm(OnRow["RealmsScreen"]):
    """Tests the realm: its servers stage by stage, or its OpenID provider. Nothing is changed."""

    keys, shown, word, name = "t", "t", "test", "test"

    @classmethod
    def problem(cls, screen: RealmsScreen) -> str:
        return super().problem(screen) or screen.why_no_test()

    @classmethod
    def run(cls, screen: RealmsScreen) -> None:
        screen.test_realm()


class PreviewSync(OnRow["RealmsScreen"]):
    """Shows what a sync of the realm would do; nothing is written."""

    keys, shown, word, name = "p", "p", "preview sync", "preview"

    @classmethod
    def problem(cls, screen: RealmsScreen) -> str:
        return super().problem(screen) or screen.why_no_sync()

    @classmethod
    def run(cls, screen: RealmsScreen) -> None:
        screen.preview_sync()


class RealmJobs(OnRow["RealmsScreen"]):
    """Shows the sync jobs of the realm, with their next runs and how the last one ended."""

    keys, shown, word, name = "o", "o", "sync jobs", "jobs"

    @classmethod
    def problem(cls, screen: RealmsScreen) -> str:
        return super().problem(screen) or screen.why_no_sync()

    @classmethod
    def run(cls, screen: RealmsScreen) -> None:
        screen.show_jobs()


class RealmsScreen(ListScreen):
    """One row for each realm."""

    listing = REALMS
    OFFERS: ClassVar[Commands] = (
        Open, Find, Views, Mark, Add, Edit, Remove, TestRealm, PreviewSync, RealmJobs, Why, WhoCan,
        Compare, Sort, NextFinding, ShowCommands, Save, *EVERYWHERE,
    )  # fmt: skip

    @property
    def realm(self) -> Realm | None:
        """The one under the cursor; None where there is none."""
        snapshot = self.house.snapshot
        domains = snapshot.realms.value if snapshot else None
        return domains.realms.get(self.table.key or "") if domains else None

    # --- add, edit, remove -------------------------------------------------------------------

    def add_row(self) -> None:
        """PVE's own menu, and behind it what a preset fills in."""
        names = [text for kind in ADDED for text in (TYPES[kind], f"{TYPES[kind]}, {_PRESET}")]

        def chosen(index: int | None) -> None:
            if index is not None:
                kind, preset = ADDED[index // 2], index % 2 == 1
                self._open_add(kind, preset=preset)

        self.app.push_screen(ChooseScreen("Add", names), chosen)

    def _open_add(self, kind: str, *, preset: bool) -> None:
        if not preset:
            from screens.realm_form import RealmForm

            self.app.push_screen(RealmForm(kind, on_done=self.changed))
        elif kind in DIRECTORIES:
            from screens.realm_preset_form import DirectoryPresetForm

            self.app.push_screen(DirectoryPresetForm(kind, self.changed))
        else:
            self._choose_provider()

    def _choose_provider(self) -> None:
        from pve_auth_tui.core.openid.presets import PRESETS
        from screens.realm_preset_form import OpenIdPresetForm

        def chosen(index: int | None) -> None:
            if index is not None:
                self.app.push_screen(OpenIdPresetForm(PRESETS[index], self.changed))

        names = [preset.title for preset in PRESETS]
        self.app.push_screen(ChooseScreen("Provider", names), chosen)

    def edit_rows(self) -> None:
        if len(self.acted_on) > 1:
            self.say(_ONE)
            return
        name = self.acted_on[0]
        snapshot = self.house.snapshot
        domains = snapshot.realms.value if snapshot else None
        realm = domains.realms.get(name) if domains else None
        if realm is None:
            self.say(f"There is no realm {name} any more. r reads again.")
        elif realm.type is not None or realm.broken is not None:
            self._open_edit(realm.type or (realm.broken.type if realm.broken else ""), name)
        else:
            self._choose_type(name)

    def _open_edit(self, kind: str, name: str) -> None:
        from screens.realm_form import RealmForm

        self.app.push_screen(RealmForm(kind, name, on_done=self.changed))

    def _choose_type(self, name: str) -> None:
        """PVE cannot read it, and nobody has read its section: what was it?"""

        def chosen(index: int | None) -> None:
            if index is not None:
                self._open_edit(ADDED[index], name)

        title = f"PVE cannot read {name}. Make it anew as"
        self.app.push_screen(ChooseScreen(title, [TYPES[kind] for kind in ADDED]), chosen)

    def remove_rows(self) -> None:
        """`d`: one realm with the choice of what goes with it; several go alone."""
        from screens.realm_remove import RealmRemoveForm

        keys = self.acted_on
        if len(keys) == 1 and self._is_removable(keys[0]):
            self.app.push_screen(RealmRemoveForm(keys[0], self.changed))
        else:
            super().remove_rows()

    def _is_removable(self, name: str) -> bool:
        snapshot = self.house.snapshot
        domains = snapshot.realms.value if snapshot else None
        realm = domains.realms.get(name) if domains else None
        return realm is not None and realm.type in ADDED

    # --- test, sync --------------------------------------------------------------------------

    def why_no_test(self) -> str:
        """Why the realm has nothing to test; "" when it has."""
        realm = self.realm
        if realm is None or realm.type in ("pam", "pve"):
            return "LDAP, AD and OpenID realms can be tested: this one has no server."
        return self._why_unreadable(realm)

    def why_no_sync(self) -> str:
        """Why nothing of the realm can be synced; "" when it can."""
        realm = self.realm
        if realm is None or realm.type not in (*DIRECTORIES, None):
            return "LDAP and AD realms are synced: this one is not."
        return self._why_unreadable(realm)

    def _why_unreadable(self, realm: Realm) -> str:
        if realm.type is None:
            return "PVE cannot read this realm. e mends it."
        if "server1" not in realm.options and "issuer-url" not in realm.options:
            return "PVE does not show the settings of this realm to whoever asks here."
        return ""

    def test_realm(self) -> None:
        realm = self.realm
        if realm is not None and realm.type in DIRECTORIES:
            open_test(self, realm.name)
        elif realm is not None:
            from screens.realm_form import probe_provider

            probe_provider(self, realm)

    def preview_sync(self) -> None:
        if (realm := self.realm) is not None:
            open_preview(self, realm.name)

    def show_jobs(self) -> None:
        if (realm := self.realm) is not None:
            open_jobs(self, realm.name)
