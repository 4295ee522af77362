"""What a form says of its plan while it is typed."""

from pve_auth_tui.core.foreseen import foreseen
from pve_auth_tui.core.intents import users
from tests.core.pictures import NOW, picture


def _said(number):
    people = [f"u{at:03}@pve" for at in range(number)]
    before = picture(*(f"user:{userid}:1:0::::::" for userid in people))
    return [line.text for line in foreseen(users.edit(people, {"comment": "x"}), before, NOW)]


def test_of_many_changes_the_first_are_told_and_how_many_more_there_are():
    assert _said(102)[-2:] == ["u099@pve: new comment", "2 more changes; the plan has all."]


def test_all_are_told_where_there_are_not_more_than_that():
    assert _said(100)[-1] == "u099@pve: new comment"
