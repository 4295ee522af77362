"""`:realm-test REALM`, `:sync REALM`, `:sync-jobs REALM`: what is done with one realm, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.realmrisks import DIRECTORIES
from screens.commands import Command

if TYPE_CHECKING:
    from screens.base import BaseScreen


class RealmTestCommand(Command["BaseScreen"]):
    """Tests the servers of an LDAP or AD realm, stage by stage. `:realm-test REALM`."""

    keys, shown, word, name = "", "", "", "realm-test"

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        _pick(screen, "Test which realm", open_test)


class SyncCommand(Command["BaseScreen"]):
    """Shows what a sync of a realm would do; nothing is written. `:sync REALM`."""

    keys, shown, word, name = "", "", "", "sync"

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        _pick(screen, "Preview the sync of which realm", open_preview)


class SyncJobsCommand(Command["BaseScreen"]):
    """Shows the sync jobs, or with `:sync-jobs REALM` those of one realm."""

    keys, shown, word, name = "", "", "", "sync-jobs"

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        open_jobs(screen, "")


def open_test(screen: BaseScreen, realm: str) -> None:
    """The test of a realm as PVE has it."""
    from screens.realm_test import RealmTestScreen

    snapshot = screen.house.snapshot
    domains = snapshot.realms.value if snapshot else None
    if domains is not None:
        screen.app.push_screen(RealmTestScreen(domains.realms[realm]))


def open_preview(screen: BaseScreen, realm: str) -> None:
    """What a sync of it would do."""
    from screens.sync_preview import SyncPreviewScreen

    screen.app.push_screen(SyncPreviewScreen(realm))


def open_jobs(screen: BaseScreen, realm: str) -> None:
    """The sync jobs; "" for those of all realms."""
    from screens.sync_jobs import SyncJobsScreen

    screen.app.push_screen(SyncJobsScreen(realm))


_OPENS: Final[Mapping[str, Callable[[BaseScreen, str], None]]] = {
    RealmTestCommand.name: open_test,
    SyncCommand.name: open_preview,
    SyncJobsCommand.name: open_jobs,
}


def directories(screen: BaseScreen) -> list[str]:
    """The names of the LDAP and AD realms, in PVE's order."""
    snapshot = screen.house.snapshot
    domains = snapshot.realms.value if snapshot else None
    realms = domains.realms.values() if domains else ()
    return [realm.name for realm in realms if realm.type in DIRECTORIES]


def obey(screen: BaseScreen, name: str, rest: str) -> bool:
    """Do what was typed behind `:` if it is one of these with a realm; False if not."""
    opens = _OPENS.get(name)
    if opens is None or not rest:
        return False
    realm = next((one for one in directories(screen) if plain(one) == rest), "")
    if realm:
        opens(screen, realm)
    else:
        screen.say(f"There is no LDAP or AD realm {rest}.")
    return True


def words(screen: BaseScreen) -> list[str]:
    """What `:` can complete of these."""
    return [f"{name} {realm}" for name in _OPENS for realm in directories(screen)]


def _pick(screen: BaseScreen, title: str, opens: Callable[[BaseScreen, str], None]) -> None:
    """The only one, or the one that is picked."""
    from screens.pick import PickScreen

    names = directories(screen)
    if not names:
        screen.say("There is no LDAP or AD realm.")
        return
    if len(names) == 1:
        opens(screen, names[0])
        return

    def picked(name: str | None) -> None:
        if name is not None:
            opens(screen, name)

    screen.app.push_screen(PickScreen(title, names), picked)
