"""Syncs of LDAP and AD realms: read the directory ourselves, compare with PVE's own dry run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from typing import Any, Final

from pve_auth_tui.core import apishape
from pve_auth_tui.core.directory.causes import Cause, DirectoryTrouble
from pve_auth_tui.core.directory.fallback import asks_the_next
from pve_auth_tui.core.directory.filters import group_filter, user_filter
from pve_auth_tui.core.directory.mapping import attributes_of, group_attributes
from pve_auth_tui.core.directory.ports import Answer, Directories, Directory
from pve_auth_tui.core.directory.settings import DirectorySettings
from pve_auth_tui.core.errors import AuthTuiError, Refused, Unreadable
from pve_auth_tui.core.ports import Api, Clock, Param
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.sync import dryrun
from pve_auth_tui.core.sync.dryrun import DryRun
from pve_auth_tui.core.sync.found import Found, Skipped, SyncOptions
from pve_auth_tui.core.sync.options import params_of
from pve_auth_tui.core.sync.taking import groups_taken, users_taken
from pve_auth_tui.core.sync.tasktrouble import task_trouble
from pve_auth_tui.core.upid import parse
from pve_auth_tui.services.tasks import TaskService

_USERS_A_PAGE: Final = 900
_GROUPS_A_PAGE: Final = 100
_RUNS: Final = 10
_LINES_OF_A_RUN: Final = 500
_LINES_OF_A_DRY_RUN: Final = 300_000  # one for each user, more for those who are removed
_KIND: Final = "auth-realm-sync"


class SyncService:
    """Blocking. `stored` gives the bind password that PVE keeps, None where it cannot be read;
    `api` the way to PVE in use.
    """

    def __init__(
        self,
        directories: Directories,
        stored: Callable[[str], Secret | None],
        api: Callable[[], Api | None],
        clock: Clock,
    ) -> None:
        self._directories = directories
        self._stored = stored
        self._api = api
        self._clock = clock

    # --- the directory -----------------------------------------------------------------

    def read(
        self,
        settings: DirectorySettings,
        options: SyncOptions,
        password: Secret | None = None,
        *,
        agreed: bool = False,
        on_page: Callable[[int], None] = lambda count: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Found:
        """What the directory holds, as PVE would take it. `on_page` hears how many entries came so
        far. Raises DirectoryTrouble, and Refused when somebody said stop.
        """
        begun = self._clock.now()
        with closing(self._opened(settings, agreed=agreed)) as directory:
            self._bind(directory, settings, password)
            base = settings.base_dn or _own_base(directory)
            mapping = attributes_of(settings).mapping
            users = directory.search(
                base,
                user_filter(settings, tuple(mapping)),
                tuple(mapping),
                page=_USERS_A_PAGE,
                on_page=on_page,
                stopped=stopped,
            )
            _require_going_on(stopped)
            taken = users_taken(settings, users.entries)
            groups, skipped, sent = self._groups(
                directory, settings, base, options, taken.people,
                on_page=lambda count: on_page(len(users.entries) + count), stopped=stopped,
            )  # fmt: skip
            host = directory.host
        return Found(
            settings.realm,
            taken.users,
            groups,
            (*taken.skipped, *skipped),
            len(users.entries),
            len(sent.entries),
            complete=_is_whole(users) and _is_whole(sent),
            server=host,
            seconds=self._clock.now() - begun,
        )

    def _groups(
        self,
        directory: Directory,
        settings: DirectorySettings,
        base: str,
        options: SyncOptions,
        people: Mapping[bytes, str],
        *,
        on_page: Callable[[int], None],
        stopped: Callable[[], bool],
    ) -> tuple[Mapping[str, tuple[str, ...]], tuple[Skipped, ...], Answer]:
        if not options.groups:
            return {}, (), Answer(())
        sent = directory.search(
            settings.group_dn or base,
            group_filter(settings),
            group_attributes(settings),
            page=_GROUPS_A_PAGE,
            on_page=on_page,
            stopped=stopped,
        )
        _require_going_on(stopped)
        taken = groups_taken(settings, sent.entries, people)
        return taken.groups, taken.skipped, sent

    def _opened(self, settings: DirectorySettings, *, agreed: bool) -> Directory:
        """Of two servers the first that can be reached, as PVE does it; the last one's error."""
        secret = bool(settings.bind_dn)  # else there is nothing that others could read (R20)
        trouble: DirectoryTrouble | None = None
        for host in settings.servers:
            try:
                return self._directories.open(settings, host, agreed=agreed or not secret)
            except DirectoryTrouble as error:
                if not asks_the_next(settings, error.cause):
                    raise
                trouble = error
        raise trouble or DirectoryTrouble(
            Cause.NAME_UNKNOWN, f"Realm {settings.realm} names no server."
        )

    def _bind(
        self, directory: Directory, settings: DirectorySettings, password: Secret | None
    ) -> None:
        """Once: another server is never asked after this (R23)."""
        if not settings.bind_dn:
            if not (settings.verify and settings.cert and settings.certkey):
                directory.bind_nobody()
            return
        secret = password or self._stored(settings.realm)
        if secret is None or not secret.reveal():
            raise DirectoryTrouble(
                Cause.NO_PASSWORD,
                f"The bind password of realm {settings.realm} cannot be read from here.",
                "Run this as root on a node, or type the password.",
            )
        directory.bind(settings.bind_dn, secret)

    # --- PVE's own view ------------------------------------------------------------------

    def dry_run(
        self,
        realm: str,
        options: SyncOptions,
        *,
        on_line: Callable[[str], None] = lambda line: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> DryRun:
        """What PVE says it would do: its own task with dry-run, which writes nothing. Raises what
        `Api.call` raises, what `task_trouble` makes of a task that failed, and Refused.
        """
        api = self._api()
        if api is None:
            raise Refused("There is no way to PVE's API here, so PVE cannot be asked.")
        params: dict[str, Param] = {**params_of(options), "dry-run": 1}
        upid = api.call("POST", ("access", "domains", realm, "sync"), params)
        if not isinstance(upid, str):
            raise Unreadable("PVE did not answer with the name of a task.")
        end = TaskService(api).follow(upid, on_line, stopped, most=_LINES_OF_A_DRY_RUN)
        if not end.ended:
            _end_task(api, upid)
            _require_going_on(stopped)
            raise Refused("PVE's own preview takes longer than an hour.", "See PVE's task list.")
        if not end.ok:
            raise task_trouble(end.exitstatus, f"preview the sync of {realm}")
        return dryrun.read(end.lines)

    def next_runs(self, schedule: str, count: int) -> tuple[int, ...]:
        """When a schedule comes round next, in seconds since 1970, as PVE itself works it out.
        Raises what `Api.call` raises, and Refused.
        """
        api = self._api()
        if api is None:
            raise Refused("There is no way to PVE's API here, so PVE cannot be asked.")
        path = ("cluster", "jobs", "schedule-analyze")
        told = api.call("GET", path, {"schedule": schedule, "iterations": count})
        moments = (
            apishape.number(row, "timestamp", "schedule") for row in apishape.rows(told, "schedule")
        )
        return tuple(moment for moment in moments if moment is not None)

    def earlier(self, realm: str, runs: int = _RUNS) -> tuple[int, ...]:
        """How many users each of the last syncs on this node removed, the last one first; none
        where PVE does not tell. A log that is long before it comes to that is passed over.
        """
        api = self._api()
        if api is None:
            return ()
        try:
            return tuple(_removals(api, realm, runs))
        except AuthTuiError:
            return ()


def _removals(api: Api, realm: str, runs: int) -> Iterable[int]:
    path = ("nodes", "localhost", "tasks")
    asked: dict[str, Param] = {"typefilter": _KIND, "statusfilter": "ok", "limit": runs * 5}
    tasks = apishape.rows(api.call("GET", path, asked), "tasks")
    mine = [task for task in tasks if task.get("id") == realm][:runs]
    for task in mine:
        upid = apishape.text(task, "upid", "task")
        log = api.call("GET", (*path, upid, "log"), {"start": 0, "limit": _LINES_OF_A_RUN})
        removed = dryrun.removed_users(_texts(apishape.rows(log, "task log")))
        if removed is not None:
            yield removed


def _texts(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return [text for row in rows if isinstance(text := row.get("t"), str)]


def _own_base(directory: Directory) -> str:
    """What an AD server calls its own (reference 5.2)."""
    names = directory.root().get("defaultnamingcontext") or ()
    if not names:
        raise DirectoryTrouble(
            Cause.NO_BASE, "The realm has no base DN, and the server names none of its own."
        )
    return names[0].decode(errors="replace")


def _is_whole(answer: Answer) -> bool:
    return answer.code == 0 and not answer.stopped


def _end_task(api: Api, upid: str) -> None:
    """A dry run that nobody waits for would go on asking the directory."""
    task = parse(upid)
    if task is not None:
        with suppress(AuthTuiError):
            api.call("DELETE", ("nodes", task.node, "tasks", upid))


def _require_going_on(stopped: Callable[[], bool]) -> None:
    if stopped():
        raise Refused("You stopped it. Nothing was written.")
