"""A pool: a new one, or one that is there, with its members."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from pve_auth_tui.core.intents import pools
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.poolnotes import (
    guest_words,
    known_guests,
    known_stores,
    moving,
    pools_of_guests,
    rights_lines,
    vmids,
)
from screens.commands import Commands
from screens.fields import LIST_HELP, names_in
from screens.form import (
    COMES_OF_IT,
    NAMELESS,
    OF_LONG_FORMS,
    UNCHANGED,
    FormScreen,
    OnDone,
)
from widgets.field import Answer, AnyField, Choice, ManyEntry, TextEntry, YesNoEntry

if TYPE_CHECKING:
    from pve_auth_tui.core.plan import Intent
    from pve_auth_tui.core.userconfig import Pool

_NAME: Final = "A letter, then letters, digits, dot, - and _. lab/backup lies in the pool lab."
_MOVE: Final = "A guest is in one pool at most: with yes it leaves the other one."


class PoolForm(FormScreen):
    """`poolid`: which to edit; None for a new pool."""

    OFFERS: ClassVar[Commands] = OF_LONG_FORMS
    REMARKS: ClassVar[str] = COMES_OF_IT

    def __init__(self, poolid: str | None = None, on_done: OnDone | None = None) -> None:
        super().__init__(on_done)
        self._poolid = poolid
        self._began: Mapping[str, Answer] = {}
        self._pools: Mapping[int, str] = {}

    @property
    def heading(self) -> str:
        return f"Edit: Pool {self._poolid}" if self._poolid else "Add: Pool"

    @property
    def draft(self) -> str:
        return f"edit pool {self._poolid}" if self._poolid else "add pool"

    @property
    def _pool(self) -> Pool | None:
        return self.config.pools.get(self._poolid or "") if self.config else None

    def make_fields(self) -> Sequence[AnyField]:
        pool, known = self._pool, self.known
        self._pools = pools_of_guests(self.config) if self.config else {}
        guests: list[Choice] = []
        stores: list[Choice] = []
        if known is not None:
            guests = [
                Choice(str(vmid), guest_words(known, vmid, self._pools))
                for vmid in known_guests(known)
            ]
            stores = [Choice(name) for name in known_stores(known)]
        name = TextEntry(
            "poolid", "Name", rule=self._name_problem, help=_NAME, choices=self._parents()
        )
        fields: list[AnyField] = [
            *([] if self._poolid else [name]),
            TextEntry("comment", "Comment", (pool.comment or "") if pool else ""),
            ManyEntry("vms", "Guests", guests, vmids(pool) if pool else (), help=LIST_HELP),
            ManyEntry("storage", "Storages", stores, pool.storage if pool else (), help=LIST_HELP),
            YesNoEntry("move", "Move guests", help=_MOVE),
        ]
        self._began = {field.ident: field.value for field in fields}
        return fields

    def _parents(self) -> list[Choice]:
        names = sorted(self.config.pools) if self.config else []
        return [Choice(f"{name}/", f"within {name}") for name in names if name.count("/") < 2]

    def _name_problem(self, name: str) -> str:
        if not name:
            return "A pool has a name."
        return pools.new_pool_problem(self.known, name) if self.known else ""

    def filled(self) -> None:
        self._fold()

    def answer_changed(self, ident: str) -> None:
        if ident == "vms":
            self._fold()

    def _fold(self) -> None:
        """Nobody is asked about a move that does not come."""
        self.form.field("move").display = bool(self._moving(self.form.values))

    def _moving(self, answers: Mapping[str, Answer]) -> Sequence[str]:
        return moving(self._pools, self._poolid or "", names_in(answers["vms"]))

    def remarks(self, answers: Mapping[str, Answer]) -> Sequence[Line]:
        name = self._poolid or str(answers["poolid"])
        if not name:
            return [NAMELESS]
        rights = rights_lines(self.config, name) if self.config else ()
        if self._poolid and answers == self._began:
            return [UNCHANGED, *rights]
        return [*self.foreseen(self.intent(answers)), *rights]

    def intent(self, answers: Mapping[str, Answer]) -> Intent:
        comment = str(answers["comment"]).strip()
        vms, storage = names_in(answers["vms"]), names_in(answers["storage"])
        move = bool(answers["move"])
        if not self._poolid:
            return pools.add(
                str(answers["poolid"]), comment=comment, vms=vms, storage=storage, allow_move=move
            )
        began = self._began
        return pools.change(
            self._poolid,
            comment=comment if answers["comment"] != began["comment"] else None,
            vms=_moves(names_in(began["vms"]), vms),
            storage=_moves(names_in(began["storage"]), storage),
            allow_move=move,
        )


def _moves(before: Collection[str], now: Collection[str]) -> tuple[list[str], list[str]]:
    """Who came in and who went here; others may have come or gone meanwhile."""
    return sorted(set(now) - set(before)), sorted(set(before) - set(now))
