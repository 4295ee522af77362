"""Who gets keys in the rack, how many, and how it is proved that they work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.plan import Intent, Plan
from pve_auth_tui.core.rack import MOST_KEYS, PATTERN, Proving, Rack, new_rack, pattern_problem
from pve_auth_tui.core.rackcheck import candidates, why_no_key
from pve_auth_tui.core.rackplan import wanted
from pve_auth_tui.core.words import count_words
from screens.commands import Commands
from screens.fields import LIST_HELP, names_in
from screens.form import OF_LONG_FORMS, UNCHANGED, FormScreen
from widgets.field import Answer, AnyField, Choice, ChoiceEntry, ManyEntry, TextEntry

if TYPE_CHECKING:
    from pve_auth_tui.core.snapshot import Snapshot

Begin = Callable[[Rack, Plan, str], None]

_PROOFS: Final = (
    (Proving.SIGNATURE.value, "signature only: a second touch, nobody logs in"),
    (Proving.NOW.value, "now: everybody types the password here, and touches twice"),
    (Proving.LATER.value, "later: t in Two Factor, or pve-auth-tui prove"),
)


class RackSetup(FormScreen):
    """`marked`: who is chosen at first, else the administrators. `begin` gets the rack, and the
    plan of it that was agreed to; `left` is called when the form was left without one.
    """

    OFFERS: ClassVar[Commands] = OF_LONG_FORMS
    REMARKS: ClassVar[str] = "The rack"

    def __init__(
        self, begin: Begin, left: Callable[[], object], marked: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self._begin = begin
        self._gone = left
        self._marked = tuple(marked)

    @property
    def heading(self) -> str:
        return "Rack: security keys for several people"

    def make_fields(self) -> Sequence[AnyField]:
        known = self.known
        found = candidates(known, known.taken_at) if known else ()
        usual = [one.userid for one in found if one.usual]
        offered = [Choice(one.userid, one.about) for one in found]
        offered += [
            Choice(userid, why_no_key(known, userid) if known else "")
            for userid in self._marked
            if userid not in {one.userid for one in found}
        ]
        return [
            ManyEntry(
                "people",
                "Users",
                offered,
                self._marked or usual,
                help=f"Who gets keys, in the order A, B, ... {LIST_HELP}",
                rule=self._people_problem,
                none="nobody",
            ),
            ChoiceEntry(
                "keys",
                "Keys for each",
                [(str(number), str(number)) for number in range(1, MOST_KEYS + 1)],
                "2",
                help="Two are usual: one to carry, one in a drawer.",
            ),
            TextEntry(
                "pattern",
                "Description",
                PATTERN,
                help="{number} is 1, 2, ...; {label} A1, B2, ...; {date} today; {user} the name.",
                rule=self._pattern_problem,
            ),
            ChoiceEntry(
                "proof",
                "Proof",
                list(_PROOFS),
                help="Two Factor shows of each key whether it was proved by a login, by its"
                " signature alone, or never.",
            ),
        ]

    @staticmethod
    def _people_problem(people: tuple[str, ...]) -> str:
        return "" if people else "Choose who gets keys: space opens the list."

    @staticmethod
    def _pattern_problem(text: str) -> str:
        return pattern_problem(text, 1)

    def _rack(self, answers: Mapping[str, Answer]) -> Rack:
        """Raises UsageError."""
        return new_rack(
            names_in(answers["people"]),
            int(str(answers["keys"])),
            pattern=str(answers["pattern"]),
            proving=Proving(str(answers["proof"])),
            now=self.now,
        )

    def intent(self, answers: Mapping[str, Answer]) -> Intent:
        return wanted(self._rack(answers))

    def remarks(self, answers: Mapping[str, Answer]) -> Sequence[Line]:
        known = self.known
        try:
            rack = self._rack(answers)
        except UsageError as error:
            return [Line(str(error))]
        cells = len(rack.places)
        keys = count_words(cells, "key", "keys")
        people = count_words(len(rack.people), "person", "people")
        lines = [Line(f"{keys} for {people}. Each needs its PIN and {_touches(rack)}.")]
        lines += [Line("Unplugging a key means: next. Esc leaves the rest for later.")]
        lines += _useless(rack, known) if known else []
        return [*lines, UNCHANGED]

    def review(self) -> None:
        answers = self.form.values
        rack = self._rack(answers)

        def agreed(plan: Plan, override: str) -> None:
            self.app.pop_screen()
            self._begin(rack, plan, override)

        self.house.review(wanted(rack), self._left, self.tell, agreed)

    def step_back(self) -> None:
        super().step_back()
        self._gone()

    def _left(self, report: object) -> None:
        """The plan was left, not agreed to."""
        if report is None:
            self.say("Nothing was changed. What is typed stays.")


def _touches(rack: Rack) -> str:
    return "one touch" if rack.proving is Proving.LATER else "two touches"


def _useless(rack: Rack, known: Snapshot) -> list[Line]:
    return [
        Line(f"{person.userid}: {why}.", word="LOOK")
        for person in rack.people
        if (why := why_no_key(known, person.userid))
    ]
