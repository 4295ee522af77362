"""A realm of any type: a new one, one that is there, or one that PVE cannot read any more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.intents import realms
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.openid.stored import without_stored_secret
from pve_auth_tui.core.realmanswers import Wanted, answers_of, needs_key, then, wanted_of
from pve_auth_tui.core.realmoptions import TYPES, final_words, fixed_of, label_of
from pve_auth_tui.core.realmrisks import DIRECTORIES
from pve_auth_tui.core.release import release_of
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.versions import has
from screens.base import BaseScreen
from screens.commands import Command, Commands
from screens.form import (
    COMES_OF_IT,
    NAMELESS,
    UNCHANGED,
    FieldHelp,
    FormScreen,
    LeaveForm,
    OnDone,
    PickFromList,
    Reveal,
    Review,
)
from screens.realm_fields import HOW, SHOW, Fields
from widgets.field import Answer, AnyField, TextEntry, YesNoEntry
from widgets.remarks_pane import RemarksPane

if TYPE_CHECKING:
    from pve_auth_tui.core.plan import Intent

_NAME: Final = "realm"
_CHECK: Final = "check"
_NAME_HELP: Final = "Stands behind the @ of its users: short, small letters. It never changes."
_CHECK_HELP: Final = (
    "PVE itself binds when it saves. ^T tells far more, and before anything is saved."
)
_KEY_AGAIN: Final = "PVE takes Require TFA as a whole: give the API key, too."
_NO_WEBAUTHN: Final = "Security keys (WebAuthn) are refused then; a recovery key still counts"
_AT_PROVIDER: Final = "never asked for by PVE there, neither the realm's nor anybody's own"


class TestTyped(Command["RealmForm"]):
    """Tests what is typed, before it is saved: nothing is changed, and a fix comes back here."""

    keys, shown, word, name = "ctrl+t", "^T", "test", "test"

    @classmethod
    def problem(cls, screen: RealmForm) -> str:
        return screen.why_no_test()

    @classmethod
    def run(cls, screen: RealmForm) -> None:
        screen.test_typed()


class RealmForm(FormScreen):
    """`realm`: which to edit, None for a new one of type `kind`; `given`: options to begin with,
    from a preset or a fix of a test.
    """

    CSS_PATH = "realm_form.tcss"
    OFFERS: ClassVar[Commands] = (Review, TestTyped, PickFromList, FieldHelp, Reveal, LeaveForm)
    REMARKS: ClassVar[str] = COMES_OF_IT
    fields: Fields

    def __init__(
        self,
        kind: str,
        realm: str | None = None,
        given: Mapping[str, str] | None = None,
        on_done: OnDone | None = None,
    ) -> None:
        super().__init__(on_done)
        self._kind = kind
        self._name = realm
        self._given = dict(given or {})
        self._old: Mapping[str, str] = {}
        self._began: Mapping[str, str] = {}
        self._mends = False

    @property
    def heading(self) -> str:
        kind = TYPES.get(self._kind, self._kind)
        if self._mends:
            return f"Mend: Realm {self._name} ({kind})"
        return f"Edit: Realm {self._name} ({kind})" if self._name else f"Add: {kind}"

    @property
    def draft(self) -> str:
        if self._name:
            return f"edit realm {self._name}"
        server = self._given.get("server1", self._given.get("issuer-url", ""))
        return f"add realm {self._kind} {server}".strip()

    @property
    def _is_new(self) -> bool:
        """Is it made, not changed? One that PVE cannot read is made anew."""
        return self._mends or self._name is None

    # --- fields ----------------------------------------------------------------------------

    def make_fields(self) -> Sequence[AnyField]:
        known = self._known_realm()
        if known is not None and known.type is None:
            self._mends = True
            self._old = known.broken.options if known.broken else {}
        elif known is not None:
            self._old = known.options
        self._began = answers_of(self._kind, {} if self._is_new else self._old)
        begins = answers_of(self._kind, {**self._old, **self._given})
        release = release_of(self.known)
        self.fields = Fields(self._kind, release, begins, new=self._is_new)
        made = [*self._name_fields(), *self.fields.chooser(), *self.fields.made()]
        if self._kind in DIRECTORIES and has(release, "realm-check-connection"):
            made.append(YesNoEntry(_CHECK, "Check connection", False, help=_CHECK_HELP))
        return made

    def _name_fields(self) -> list[AnyField]:
        if self._name is not None:
            return []
        name = self._given.get(_NAME, "")
        return [TextEntry(_NAME, "Realm", name, rule=self._name_problem, help=_NAME_HELP)]

    def _known_realm(self) -> Realm | None:
        domains = self.known.realms.value if self.known else None
        return domains.realms.get(self._name or "") if domains else None

    def filled(self) -> None:
        self._fold()
        for field in self.form.fields:
            if isinstance(field, TextEntry):
                field.control.cursor_position = 0  # the beginning of what is long is seen

    def answer_changed(self, ident: str) -> None:
        if ident in (SHOW, "tfa.type", "mode") or ident.endswith(HOW):
            self._fold()

    def _fold(self) -> None:
        answers = self.form.values
        for field in self.form.fields:
            field.display = self.fields.is_shown(field.ident, answers)
            if field.ident == _CHECK:
                field.display = answers.get(SHOW) in ("", "Advanced")

    def try_review(self) -> None:
        """The first problem may stand in options that are not shown: then they are."""
        if self._shows_problem():
            return
        super().try_review()

    def _shows_problem(self) -> bool:
        answers = self.form.values
        for field in self.form.fields:
            if self.fields.applies(field.ident, answers) and not field.check():
                if not field.display:
                    self.form.fill({SHOW: self.fields.group_of(field.ident)})
                    self._fold()
                self.form.focus_field(field.ident)
                self.say("Nothing was sent. What is typed stays.")
                return True
        if self._lacks_key(answers):
            self.form.field("tfa.key").display = True
            self.form.show_problem("tfa.key", _KEY_AGAIN)
            self.say("Nothing was sent. What is typed stays.")
            return True
        return False

    def _lacks_key(self, answers: Mapping[str, Answer]) -> bool:
        if "tfa.key" in self.fields.secrets(answers):
            return False
        return needs_key(self._began, {**self._began, **self.fields.texts(answers)})

    def _name_problem(self, name: str) -> str:
        if not name:
            return "A realm has a name."
        return realms.new_realm_problem(self.known, name) if self.known else ""

    # --- what is wanted ----------------------------------------------------------------------

    def wanted(self, answers: Mapping[str, Answer]) -> Wanted:
        """What of the realm the answers change."""
        texts = {**self._began, **self.fields.texts(answers)}
        if texts.get("mode") == "ldap" and not self._old.get("verify"):
            texts["verify"] = self._began["verify"]  # without TLS there is nothing to verify
        found = wanted_of(self._kind, self._began, texts, self.fields.secrets(answers))
        secrets = dict(found.secrets)
        if self._mends and "client-key" in self._old:
            secrets.setdefault("client-key", Secret(self._old["client-key"]))
        gone = [*found.gone, *self.fields.dropped(answers)]
        if "bind_dn" in gone and "password" not in gone and not self._is_new:
            gone.append("password")  # nobody binds with it any more
            secrets.pop("password", None)
        return Wanted(found.options, tuple(gone), secrets)

    def intent(self, answers: Mapping[str, Answer]) -> Intent:
        wanted = self.wanted(answers)
        check = answers.get(_CHECK) is True
        if self._is_new:
            name = self._name or str(answers[_NAME])
            return realms.add(name, self._kind, wanted.options, wanted.secrets, check=check)
        return realms.edit(
            self._name or "", wanted.options, wanted.gone, wanted.secrets, check=check,
            seen=self._old,
        )  # fmt: skip

    def remarks(self, answers: Mapping[str, Answer]) -> Sequence[Line]:
        told = list(self._known_words(answers))
        if self._name is None and not answers[_NAME]:
            return [NAMELESS, *told]
        if self._lacks_key(answers):
            return [Line(_KEY_AGAIN, word="-"), *told]
        wanted = self.wanted(answers)
        if not (self._is_new or any(wanted)):
            return [UNCHANGED, *told]
        return [*self.foreseen(self.intent(answers)), *told]

    def _known_words(self, answers: Mapping[str, Answer]) -> Sequence[Line]:
        """What holds for realms of this type, whatever is typed."""
        told = []
        if self._kind == "openid":
            told.append(Line(_AT_PROVIDER, "TFA"))
        elif answers.get("tfa.type"):
            told.append(Line(_NO_WEBAUTHN, "TFA"))
        if self._is_new:
            told.append(Line(final_words(self._kind), "Final"))
        for name in () if self._is_new else fixed_of(self._kind):
            value = self._old.get(name, "subject")
            told.append(Line(f"{value}, and it never changes", label_of(self._kind, name)))
        return told

    # --- the test of what is typed -----------------------------------------------------------

    def why_no_test(self) -> str:
        """Why there is nothing to test; "" when there is."""
        return "" if self._kind in (*DIRECTORIES, "openid") else "There is no server to test here."

    def test_typed(self) -> None:
        """`^T`: ask the servers or the provider as what is typed says."""
        if self._shows_problem():
            return
        answers = self.form.values
        wanted = self.wanted(answers)
        options = then({} if self._is_new else self._old, wanted)
        realm = Realm(self._name or str(answers[_NAME]), self._kind, options)
        saved = not self._is_new and not any(wanted)
        if self._kind == "openid":
            secret = wanted.secrets.get("client-key")
            if secret is None and (known := self._known_realm()) is not None:
                realm = without_stored_secret(realm, known)
            probe_provider(self, realm, secret, saved=saved, on_fix=self.take_fix)
            return
        from screens.realm_test import RealmTestScreen

        password = wanted.secrets.get("password")
        self.app.push_screen(RealmTestScreen(realm, password, saved=saved, on_fix=self.take_fix))

    def take_fix(self, options: Mapping[str, str]) -> None:
        """Options that a test found to be right, into the fields; "" for none."""
        now = then({} if self._is_new else self._old, self.wanted(self.form.values))
        values = answers_of(self._kind, {**now, **options})
        names = {name for option in options for name in values if name.split(".")[0] == option}
        self.form.fill(self.fields.filled({name: values[name] for name in names}))
        self._fold()
        if self.draft:
            self.house.drafts.keep(self.draft, self.form.values, self._at_first)
        labels = ", ".join(label_of(self._kind, name) for name in options)
        self.say(f"The fix is filled in: {labels}. Nothing is saved yet.")
        for pane in self.query(RemarksPane):
            pane.begin()


def probe_provider(
    screen: BaseScreen,
    realm: Realm,
    secret: Secret | None = None,
    *,
    saved: bool = True,
    on_fix: Callable[[Mapping[str, str]], None] | None = None,
) -> None:
    """Ask the provider of an OpenID realm; `secret` as typed, None for the one that PVE has."""
    from screens.openid_probe import OpenIdProbeScreen

    screen.app.push_screen(OpenIdProbeScreen(realm, secret, saved=saved, on_fix=on_fix))
