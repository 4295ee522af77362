"""A realm from a preset: a few answers, the steps on the other side, then the realm's form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, Final

from textual import on, work
from textual.message import Message
from textual.worker import get_current_worker

from pve_auth_tui.core.directorypresets import PRESETS, Asked, DirectoryPreset, presets_of
from pve_auth_tui.core.errors import AuthTuiError, UsageError
from pve_auth_tui.core.intents import realms
from pve_auth_tui.core.join.names import domain_problem
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.openid.presets import Preset, answer_problem, options_of, steps_of
from pve_auth_tui.core.openid.redirects import redirect_uris, typed_origin
from pve_auth_tui.core.perltext import split_list
from pve_auth_tui.core.realmoptionsrules import option_problem
from pve_auth_tui.core.release import release_of
from screens.commands import Command, Commands
from screens.form import FieldHelp, FormScreen, LeaveForm, OnDone, Review
from widgets.field import Answer, AnyField, ChoiceEntry, Rule, TextEntry, YesNoEntry
from widgets.remarks_pane import Remarks, RemarksPane

_STEPS: Final = "What to do on the other side"
_NAME_HELP: Final = "Stands behind the @ of its users: short, small letters. It never changes."


class Continue(Review):
    """Opens the realm's form with all of it filled in. Nothing is done yet."""

    word, name = "next", "next"


class ShowSteps(Command["PresetForm"]):
    """Shows all that is to be done on the other side, in full."""

    keys, shown, word, name = "ctrl+t", "^T", "steps", "steps"

    @classmethod
    def run(cls, screen: PresetForm) -> None:
        screen.show_steps()


class StepsPane(RemarksPane):
    """Where the steps stand that have no room."""

    MORE = "^T shows them"


class PresetForm(FormScreen):
    """What both kinds share: a name, and the realm's form behind `^O`."""

    CSS_PATH = "realm_preset_form.tcss"
    OFFERS: ClassVar[Commands] = (Continue, ShowSteps, FieldHelp, LeaveForm)
    REMARKS: ClassVar[str] = _STEPS
    PANE: ClassVar[type[RemarksPane]] = StepsPane

    def show_steps(self) -> None:
        """`^T`: the steps on a screen of their own, once they are worked out."""
        self._work_out_steps(partial(self.remarks, self.form.values))

    @work(thread=True, exclusive=True, group="steps", exit_on_error=False)
    def _work_out_steps(self, ask: Remarks) -> None:
        try:
            lines = ask()
        except AuthTuiError as error:
            lines = [Line(f"{error} {error.hint}".strip(), word="BAD")]
        if not get_current_worker().is_cancelled:
            self.post_message(self.Steps(lines))

    @dataclass
    class Steps(Message):
        """What is to be done on the other side."""

        lines: Sequence[Line]

    @on(Steps)
    def _show_steps(self, message: Steps) -> None:
        from screens.details import DetailsScreen

        self.app.push_screen(DetailsScreen(self.heading, _STEPS, message.lines))

    def name_field(self) -> TextEntry:
        """The realm's name, which is the one answer that every form asks for."""
        return TextEntry("realm", "Realm", rule=self._name_problem, help=_NAME_HELP)

    def _name_problem(self, name: str) -> str:
        if not name:
            return "A realm has a name."
        return realms.new_realm_problem(self.known, name) if self.known else ""

    def kind_of(self, answers: Mapping[str, Answer]) -> str:
        """The type of realm."""
        raise NotImplementedError

    def options(self, answers: Mapping[str, Answer]) -> Mapping[str, str]:
        """What the realm's form begins with. Raises UsageError."""
        raise NotImplementedError

    def review(self) -> None:
        from screens.realm_form import RealmForm

        answers = self.form.values
        given = {**self.options(answers), "realm": str(answers["realm"])}
        self.app.push_screen(RealmForm(self.kind_of(answers), given=given, on_done=self._made))

    def _made(self, report: object) -> None:
        """The realm is there: there is nothing left to ask here."""
        if self.draft:
            self.house.drafts.drop(self.draft)
        self.app.pop_screen()
        if self._on_done is not None:
            self._on_done(report)  # type: ignore[arg-type]


class DirectoryPresetForm(PresetForm):
    """`kind`: ad or ldap."""

    def __init__(self, kind: str, on_done: OnDone | None = None) -> None:
        super().__init__(on_done)
        self._kind = kind

    @property
    def heading(self) -> str:
        return "Add a realm from a preset"

    @property
    def draft(self) -> str:
        return f"preset {self._kind}"

    def make_fields(self) -> Sequence[AnyField]:
        presets = [(preset.name, preset.title) for preset in presets_of(self._kind)]
        return [
            ChoiceEntry("preset", "Directory", presets, help="Left and right show the others."),
            self.name_field(),
            TextEntry(
                "domain", "Domain", rule=self._rule("domain"),
                help="Such as example.com: names and filters are made of it.",
            ),
            TextEntry(
                "server1", "Server", rule=self._rule("server1"),
                help="The name that stands in its certificate.",
            ),
            TextEntry("server2", "Fallback Server", rule=self._rule("server2")),
            YesNoEntry(
                "nested", "Groups in groups",
                help="Users of groups in the two groups, too. It makes each sync slow.",
            ),
        ]  # fmt: skip

    def _rule(self, name: str) -> Rule[str]:
        def problem(text: str) -> str:
            if name == "domain":
                return domain_problem(text.strip()) or ""
            return option_problem("ad", name, text.strip())

        return problem

    def filled(self) -> None:
        self._fold()

    def answer_changed(self, ident: str) -> None:
        self._fold()

    def _fold(self) -> None:
        self.form.field("nested").display = self._preset(self.form.values).nests

    def _preset(self, answers: Mapping[str, Answer]) -> DirectoryPreset:
        return next(preset for preset in PRESETS if preset.name == answers["preset"])

    def kind_of(self, answers: Mapping[str, Answer]) -> str:
        return self._kind

    def options(self, answers: Mapping[str, Answer]) -> Mapping[str, str]:
        return self._preset(answers).options(_asked(answers))

    def remarks(self, answers: Mapping[str, Answer]) -> Sequence[Line]:
        asked = _asked(answers)
        if domain_problem(asked.domain):  # steps are copied: nothing else gets in
            asked = replace(asked, domain="example.com")
        return self._preset(answers).steps(asked)


def _asked(answers: Mapping[str, Answer]) -> Asked:
    domain, one, other = (str(answers[name]).strip() for name in ("domain", "server1", "server2"))
    return Asked(domain, one, other, answers["nested"] is True)


class OpenIdPresetForm(PresetForm):
    """`preset`: whose provider it is. The redirect URIs are of every node, and of what is typed."""

    def __init__(self, preset: Preset, on_done: OnDone | None = None) -> None:
        super().__init__(on_done)
        self._preset = preset

    @property
    def heading(self) -> str:
        return f"Add: OpenID Connect Server, {self._preset.title}"

    @property
    def draft(self) -> str:
        return f"preset openid {self._preset.name}"

    def make_fields(self) -> Sequence[AnyField]:
        asked = [
            TextEntry(
                f"ask.{one.name}", one.label, one.usual, help=f"Such as {one.example}.",
                rule=partial(answer_problem, one),
            )
            for one in self._preset.questions
        ]  # fmt: skip
        return [
            self.name_field(),
            *asked,
            TextEntry(
                "also", "Other addresses", rule=_addresses_problem,
                help="Of the web interface: a VIP or proxy, such as pve.example.com:443; blanks"
                " between them. Each gets a redirect URI.",
            ),
        ]  # fmt: skip

    def _answers(self, answers: Mapping[str, Answer]) -> dict[str, str]:
        given = {
            one.name: str(answers[f"ask.{one.name}"]).strip() for one in self._preset.questions
        }
        if name := str(answers["realm"]).strip():
            given["realm"] = name
        return {name: value for name, value in given.items() if value}

    def kind_of(self, answers: Mapping[str, Answer]) -> str:
        return "openid"

    def options(self, answers: Mapping[str, Answer]) -> Mapping[str, str]:
        return options_of(self._preset, self._answers(answers), release_of(self.known))

    def remarks(self, answers: Mapping[str, Answer]) -> Sequence[Line]:
        picture = self.picture
        given = self._answers(answers)
        for one in self._preset.questions:
            if one.needed:
                given.setdefault(one.name, one.example)
        known = self.house.workshop.names.known(picture)
        uris = redirect_uris(known, split_list(str(answers["also"])))
        try:
            return steps_of(self._preset, given, uris.needed, release_of(picture))
        except AuthTuiError as error:
            return [Line(f"{error} {error.hint}".strip(), word="-")]


def _addresses_problem(text: str) -> str:
    try:
        for one in split_list(text):
            typed_origin(one)
    except UsageError as error:
        return str(error)
    return ""
