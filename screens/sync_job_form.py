"""A sync job: a new one, or one that is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from pve_auth_tui.core import calendarevent
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.realmrisks import DIRECTORIES
from pve_auth_tui.core.sync.options import VANISHED
from screens.commands import Commands
from screens.fields import names_in
from screens.form import COMES_OF_IT, NAMELESS, OF_LONG_FORMS, UNCHANGED, FormScreen, OnDone
from widgets.field import Answer, AnyField, Choice, ChoiceEntry, ManyEntry, TextEntry, YesNoEntry

if TYPE_CHECKING:
    from pve_auth_tui.core.plan import Intent
    from pve_auth_tui.core.snapshot import SyncJob

_USUAL, _NOTHING, _THESE = "", "none", "these"
_SCHEDULES: Final = (
    Choice("*/30", "every 30 minutes"),
    Choice("*/2:00", "every two hours"),
    Choice("21:00", "every day at 21:00"),
    Choice("2,22:30", "every day at 02:30 and 22:30"),
    Choice("mon..fri", "Monday to Friday at 00:00"),
    Choice("mon..fri */1:00", "Monday to Friday, every hour"),
    Choice("mon..fri 7..18:00/15", "Monday to Friday from 07:00 to 18:45, every 15 minutes"),
    Choice("sun 01:00", "Sunday at 01:00"),
    Choice("monthly", "every first day of the month at 00:00"),
    Choice("sat *-1..7 15:00", "the first Saturday of each month at 15:00"),
    Choice("yearly", "the first day of the year at 00:00"),
)
"""Those that PVE's web interface offers (pve-manager, CalendarEvent)."""
_GONE: Final = (
    Choice("entry", "users and groups that the directory has no more"),
    Choice("acl", "their lines in Permissions"),
    Choice("properties", "what the directory does not give, also what was typed by hand"),
)
_SCOPES: Final = [
    ("both", "users and groups"),
    ("users", "users"),
    ("groups", "groups"),
]


class SyncJobForm(FormScreen):
    """`job`: which to edit; None for a new one, at first of `realm`."""

    OFFERS: ClassVar[Commands] = OF_LONG_FORMS
    REMARKS: ClassVar[str] = COMES_OF_IT

    def __init__(
        self, job: str | None = None, realm: str = "", on_done: OnDone | None = None
    ) -> None:
        super().__init__(on_done)
        self._id = job
        self._of_realm = realm
        self._began: Mapping[str, Answer] = {}

    @property
    def heading(self) -> str:
        return f"Edit: Sync Job {self._id}" if self._id else "Add: Sync Job"

    @property
    def draft(self) -> str:
        return f"edit sync job {self._id}" if self._id else "add sync job"

    @property
    def _job(self) -> SyncJob | None:
        jobs = self.known.jobs.value if self.known else None
        return jobs.sync.get(self._id or "") if jobs else None

    # --- fields ------------------------------------------------------------------------------

    def make_fields(self) -> Sequence[AnyField]:
        job = self._job
        options = job.options if job else {}
        vanished = options.get("remove-vanished", _USUAL)
        taken = [one for one in vanished.split(";") if one in VANISHED]
        fields: list[AnyField] = [
            *([] if self._id else self._only_new()),
            TextEntry(
                "schedule", "Schedule", options.get("schedule", ""), rule=_schedule_problem,
                choices=_SCHEDULES,
                help="PVE's calendar events: mon..fri 02:30, */2:00, sun 01:00. ^P picks one.",
            ),
            ChoiceEntry(
                "scope", "Scope", _SCOPES, options.get("scope", "both"),
                help="What the job writes. The realm's own default does not count here.",
            ),
            ChoiceEntry(
                "enable-new", "Enable New",
                [(_USUAL, "as the realm has it"), ("1", "yes"), ("0", "no")],
                options.get("enable-new", _USUAL),
                help="Whether new users may log in at once. Users who are there stay as they are.",
            ),
            ChoiceEntry(
                "vanished", "Remove Vanished",
                [(_USUAL, "as the realm has it"), (_NOTHING, "nothing"), (_THESE, "these ...")],
                _THESE if taken else vanished,
                help="What becomes of users and groups that the directory has no more.",
            ),
            ManyEntry(
                "these", "What is removed", _GONE, taken, rule=_these_problem,
                help="Space opens the list; there space marks, Enter takes what is marked.",
            ),
            YesNoEntry("enabled", "Enabled", options.get("enabled", "1") != "0"),
            TextEntry("comment", "Comment", options.get("comment", "")),
        ]  # fmt: skip
        self._began = {field.ident: field.value for field in fields}
        return fields

    def _only_new(self) -> list[AnyField]:
        """What is fixed once the job is there."""
        realms = self.known.realms.value if self.known else None
        known = realms.realms.values() if realms else ()
        names = [realm.name for realm in known if realm.type in DIRECTORIES]
        return [
            TextEntry(
                "id", "Job ID", rule=self._id_problem,
                help="Letters, digits, - and _. It cannot be changed later.",
            ),
            ChoiceEntry(
                "realm", "Realm", [(name, name) for name in names] or [("", "none")],
                self._of_realm, help="An LDAP or AD realm. It cannot be changed later.",
            ),
        ]  # fmt: skip

    def filled(self) -> None:
        self._fold()

    def answer_changed(self, ident: str) -> None:
        if ident == "vanished":
            self._fold()

    def _fold(self) -> None:
        self.form.field("these").display = self.form.field("vanished").value == _THESE

    # --- rules -------------------------------------------------------------------------------

    def _id_problem(self, name: str) -> str:
        from pve_auth_tui.core.intents.jobs import new_job_problem

        if not name:
            return "A job has a name."
        return new_job_problem(self.known, name) if self.known else ""

    # --- what comes of it --------------------------------------------------------------------

    def remarks(self, answers: Mapping[str, Answer]) -> Sequence[Line]:
        schedule = str(answers["schedule"]).strip()
        lines = []
        if schedule and not _schedule_problem(schedule):
            from screens.sync_jobs import runs_text

            lines.append(Line(runs_text(self, schedule), "Next runs"))
        if self._id and answers == self._began:
            return [*lines, UNCHANGED]
        if not self._id and not answers["id"]:
            return [*lines, NAMELESS]
        if problem := _schedule_problem(schedule):
            return [Line(problem)]
        return [*lines, *self.foreseen(self.intent(answers))]

    def intent(self, answers: Mapping[str, Answer]) -> Intent:
        """What is as the form began is left out: others may change it meanwhile."""
        from pve_auth_tui.core.intents import jobs

        wanted = _options(answers)
        if not self._id:
            given = {name: value for name, value in wanted.items() if value}
            return jobs.add(str(answers["id"]), str(answers["realm"]), given)
        before = _options(self._began)
        return jobs.edit(
            self._id, {name: value for name, value in wanted.items() if value != before[name]}
        )


def _options(answers: Mapping[str, Answer]) -> dict[str, str]:
    """PVE's options; "" for one that is left to the realm."""
    vanished = str(answers["vanished"])
    if vanished == _THESE:
        vanished = ";".join(names_in(answers["these"]))
    return {
        "schedule": str(answers["schedule"]).strip(),
        "scope": str(answers["scope"]),
        "enable-new": str(answers["enable-new"]),
        "remove-vanished": vanished,
        "enabled": "1" if answers["enabled"] else "0",
        "comment": str(answers["comment"]).strip(),
    }


def _schedule_problem(text: str) -> str:
    if not text.strip():
        return "When is it to run? ^P shows examples."
    problem = calendarevent.problem(text)
    return "PVE cannot read that: as in mon..fri 02:30, */2:00, monthly." if problem else ""


def _these_problem(chosen: tuple[str, ...]) -> str:
    return "" if chosen else "Mark what is removed, or choose nothing above."
