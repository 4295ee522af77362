"""`:keys`: the security keys in this machine's USB ports, their PINs, whose entries they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.worker import get_current_worker

from pve_auth_tui.core.find import haystack
from pve_auth_tui.core.keyids import Holding
from pve_auth_tui.core.keyrows import COLUMNS, lines_of, row, waiting
from pve_auth_tui.core.keys import KeyInfo, KeyPlace, Scan
from pve_auth_tui.core.keywords import label, scan_lines
from pve_auth_tui.core.listing import Line, Row
from pve_auth_tui.core.logins import webauthn_id
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.tfaconfig import TfaConfig
from screens.base import EVERYWHERE
from screens.choose import ChooseScreen
from screens.commands import Back, Commands, KeysCommand, Reload
from screens.key_watch import KeyWatch
from screens.keys_commands import (
    ChangePin,
    EnrolWith,
    LeaveKeys,
    OpenKey,
    ReadKeysAgain,
    TestKey,
)
from widgets.detail_pane import DetailPane
from widgets.filter_table import FilterTable

if TYPE_CHECKING:
    from pve_auth_tui.services.keycare import Plugged

_TITLE: Final = "Keys"


class KeysScreen(KeyWatch):
    """Rows are keys by path. Each is opened once for every time it is plugged in; what it said
    then stays until `r`, another PIN, or other entries on the node.
    """

    CSS_PATH = "keys.tcss"
    OFFERS: ClassVar[Commands] = (
        *(OpenKey, ChangePin, EnrolWith, TestKey, ReadKeysAgain, LeaveKeys),
        *(command for command in EVERYWHERE if command not in (Back, Reload, KeysCommand)),
    )

    @dataclass
    class Read(Message):
        """What one key said; `round` in which it was asked."""

        round: int
        plugged: Plugged

    @dataclass
    class AllRead(Message):
        """Every key of that round was asked."""

        round: int

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[KeyPlace, Plugged] = {}
        self._round = 0  # of reading keys; what an older one finds is dropped
        self._factors: TfaConfig | None = None
        self._rounds = 0
        self._asked = False  # anew by `r`, whose new picture of the node comes later
        self.reads = False
        self._left = False  # for a screen that works with keys, so they may say something else now
        self._nothing: tuple[Line, ...] = (Line("Looking at the USB ports ..."),)

    @property
    def table(self) -> FilterTable:
        return self.query_one(FilterTable)

    @property
    def open_title(self) -> str:
        return _TITLE

    def compose(self) -> ComposeResult:
        yield from self.compose_top()
        with Horizontal(id="parts"):
            yield FilterTable(COLUMNS, id="table")
            yield DetailPane(id="details")
        yield from self.compose_bottom()

    def on_mount(self) -> None:
        self.table.focus()
        self.row_moved()
        self._factors, self._rounds = _factors(self.house.snapshot), self.house.rounds
        self.watch_keys()

    def on_screen_resume(self) -> None:
        if self._left:
            self._left = False
            self.read_again()

    def on_resize(self) -> None:
        self.table.show_all_columns(self.app.size.width >= 132)

    # --- reading -------------------------------------------------------------------

    @property
    def may_look(self) -> bool:
        return not self.reads

    def scanned(self, scan: Scan) -> None:
        """Something was plugged in or pulled: what is new is asked."""
        self._known = {place: one for place, one in self._known.items() if place in scan.keys}
        self._nothing = tuple(
            line
            for finding in scan_lines(scan)
            for line in (Line(finding.text, word=finding.word), Line(finding.fix))
            if line.text
        )
        self._show_rows()
        self._read_new()

    def _read_new(self) -> None:
        scan = self.scan
        new = [place for place in scan.keys if place not in self._known] if scan else []
        if new:
            self._round += 1
            self.reads = True
            self._read(self._round, new, self.house.snapshot)
        self.show_keys()

    @work(thread=True, exclusive=True, group="keys", exit_on_error=False)
    def _read(self, number: int, places: Sequence[KeyPlace], snapshot: Snapshot | None) -> None:
        """One after the other: a key that hangs costs three seconds, and the others nothing. What
        it says of itself is shown while it is asked for stored keys, which may be thousands.
        """
        from pve_auth_tui.services.keycare import Plugged

        worker, care = get_current_worker(), self.house.workshop.key_care

        def on_info(info: KeyInfo) -> None:
            self.post_message(self.Read(number, Plugged(info)))

        for place in places:
            found = care.look(
                place, snapshot, given_up=lambda: worker.is_cancelled, on_info=on_info
            )
            if worker.is_cancelled:
                return
            self.post_message(self.Read(number, found))
        self.post_message(self.AllRead(number))

    @on(Read)
    def _take(self, message: Read) -> None:
        place = message.plugged.info.place
        if message.round == self._round and self.scan and place in self.scan.keys:
            self._known[place] = message.plugged
            self._show_rows()

    @on(AllRead)
    def _all_read(self, message: AllRead) -> None:
        if message.round == self._round:
            self.reads = False
            self.show_keys()

    def ask_again(self) -> None:
        """`r`: the keys at once, the node when it has answered."""
        self._asked = True
        self.read_again()

    def read_again(self) -> None:
        """Ask every key anew."""
        self._known = {}
        self._round += 1
        self.reads = False
        self.forget_scan()
        self.look_for_keys()

    def snapshot_changed(self) -> None:
        """Other entries on the node: what the keys hold may be something else now."""
        self.refresh_head()
        factors, rounds = _factors(self.house.snapshot), self.house.rounds
        read_again, self._rounds = rounds != self._rounds, rounds
        if factors != self._factors or (read_again and not self._asked):
            self._factors = factors
            self.read_again()
        if read_again:
            self._asked = False
            self.say("Read again.")

    # --- rows ----------------------------------------------------------------------

    def _show_rows(self) -> None:
        places = self.scan.keys if self.scan else ()
        rows: list[Row] = []
        for place in places:
            known = self._known.get(place)
            rows.append(row(known.info, known.held) if known else waiting(place))
        rows += [row(one.info, one.held) for one in self._refused()]
        self.table.load(rows, [haystack(one) for one in rows])
        self.row_moved()

    def _refused(self) -> Sequence[Plugged]:
        from pve_auth_tui.services.keycare import refused

        return refused(self.scan) if self.scan else ()

    @property
    def plugged(self) -> Plugged | None:
        """The key under the cursor, once it was asked."""
        known = (*self._known.values(), *self._refused())
        return next((one for one in known if one.info.place.path == self.table.key), None)

    @property
    def held(self) -> Sequence[Holding]:
        """The entries it holds that could work today."""
        found = self.plugged.held if self.plugged else None
        return [one for one in found or () if one.works and one.enabled]

    def row_moved(self) -> None:
        self.query_one(DetailPane).show(*self._details())
        self.show_keys()

    def _details(self) -> tuple[str, Sequence[Line]]:
        found = self.plugged
        if found is None:
            asked = (Line("The key is being read ..."),)
            return "", asked if self.table.key else self._nothing
        today = webauthn_id(self.house.snapshot) if self.house.snapshot else ""
        return label(found.info.place), lines_of(found.info, found.held, today, found.unasked)

    def open_key(self) -> None:
        """Enter: all of it."""
        from screens.details import DetailsScreen

        self.app.push_screen(DetailsScreen(_TITLE, *self._details()))

    # --- what is done with a key -----------------------------------------------------

    def change_pin(self) -> None:
        """`p`: the form."""
        from screens.key_pin_form import KeyPinForm

        if found := self.plugged:
            self.app.push_screen(KeyPinForm(found.info, self._pin_changed))

    def _pin_changed(self, info: KeyInfo, sentence: str) -> None:
        """What came of the form, which may stay; `info` is what the key said then."""
        self.say(sentence)
        known = self._known.get(info.place)
        if known is None or info.problem:
            self.read_again()
        else:
            self._known[info.place] = replace(known, info=info)
            self._show_rows()

    def enrol(self) -> None:
        """`e`: for whom, then the stages."""
        from screens.pick import PickScreen

        config = self.house.snapshot.access.value if self.house.snapshot else None
        about = (
            {userid: user.comment or "" for userid, user in config.users.items()} if config else {}
        )

        def picked(userid: str | None) -> None:
            if userid is not None:
                self.enrol_for(userid)

        self.app.push_screen(PickScreen("A security key for", list(about), about), picked)

    def enrol_for(self, userid: str) -> None:
        """The stages of an enrolment."""
        from screens.enrol_key import EnrolKeyScreen

        self._left = True
        self.app.push_screen(EnrolKeyScreen(userid))

    def test(self) -> None:
        """`t`: with which of its entries."""
        users = list(dict.fromkeys(one.userid for one in self.held))
        if len(users) == 1:
            self.prove(users[0])
            return

        def chosen(index: int | None) -> None:
            if index is not None:
                self.prove(users[index])

        self.app.push_screen(ChooseScreen("Test the key of", users), chosen)

    def prove(self, userid: str) -> None:
        """A real login, or the signature alone."""
        from screens.prove import ProveScreen

        self._left = True
        self.app.push_screen(ProveScreen(userid))


def _factors(snapshot: Snapshot | None) -> TfaConfig | None:
    return snapshot.tfa.value if snapshot else None
