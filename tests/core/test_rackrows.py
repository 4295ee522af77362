"""The rack as a table, and a cell in stages."""

from __future__ import annotations

from pve_auth_tui.core.proofs import How
from pve_auth_tui.core.rack import NO_TAG, Place, Tag, failed, proved, skipped, stored
from pve_auth_tui.core.rackrows import cell_heading, columns, heading, rows, stages
from pve_auth_tui.core.racksheet import key_words
from tests.core.test_rack import A1, A2, B1, B2, rack


def test_there_is_a_row_for_each_person_and_a_column_for_each_key() -> None:
    made = skipped(failed(stored(rack(), A1, "e1", NO_TAG, 1.0), A2, "no"), B1)
    shown = rows(made, B2, works=True)
    assert [row.cells for row in shown] == [
        ("A", "ann@pve", "  ok", "  BAD"),
        ("B", "bob@pve", "  skip", "> now"),
    ]
    assert len(columns(made.keys_each)) == len(shown[0].cells)


def test_the_chosen_cell_is_now_only_while_it_waits_for_a_key() -> None:
    made = stored(rack(), A1, "e1", NO_TAG, 1.0)

    def chosen(place: Place, *, works: bool) -> str:
        return rows(made, place, works=works)[place.person].cells[2 + place.key]

    assert chosen(A1, works=True) == "> ok"
    assert chosen(A2, works=True) == "> now"
    assert chosen(A2, works=False) == "> open"


def test_the_lines_above_tell_how_far_it_is_and_which_cell_is_meant() -> None:
    made = stored(rack(), A1, "e1", NO_TAG, 1.0)
    assert heading(made) == ("Rack: 1 of 4 keys", "proof: signature only")
    assert cell_heading(made, B2) == "B2 bob@pve: key 2, 2027-01-15"


def test_a_cell_in_stages() -> None:
    made = failed(stored(rack(), A1, "e1", Tag("Key", "1234"), 86400.0), A2, "It broke.")

    def words(place: Place) -> list[tuple[str, str]]:
        return [(one.name, one.word) for one in stages(made, place)]

    assert words(B1) == [("Key", "-"), ("Stored", "-"), ("Proof", "-")]
    assert words(A1) == [("Key", "ok"), ("Stored", "ok"), ("Proof", "LOOK")]
    assert words(A2) == [("Key", "-"), ("Stored", "BAD"), ("Proof", "-")]
    assert stages(made, A2)[1].texts == ("It broke.",)
    assert stages(made, A1)[0].texts == ("Key ...1234",)
    assert stages(made, A1, proves=True)[2] == ("Proof", "-", ())
    made = proved(made, A1, How.LOGIN)
    assert stages(made, A1)[2] == ("Proof", "ok", ("proved by a login",))
    held = stages(made, B1, [("ok", "A key."), ("LOOK", "It holds something.")])
    assert held[0] == ("Key", "LOOK", ("A key.", "It holds something."))


def test_a_key_that_nobody_looked_at_is_a_dash() -> None:
    assert key_words(NO_TAG) == "-"
    assert key_words(Tag(serial="1234")) == "...1234"
