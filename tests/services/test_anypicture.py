"""In an emergency there is always a picture, if only of nothing."""

import pytest

from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.core.errors import Refused, Unreadable
from pve_auth_tui.core.node import Ability, node_of
from pve_auth_tui.core.overview import overview
from pve_auth_tui.core.recover.nothing import NOTHING, nothing_read
from pve_auth_tui.services.anypicture import AnyPicture

WHY = Unreadable("/etc/pve is not mounted.", "Start pmxcfs.", "ENOTCONN")


class Pictures:
    def __init__(self, *found):
        self.found = list(found)

    def load(self):
        one = self.found.pop(0)
        if isinstance(one, Exception):
            raise one
        return one


def test_every_part_of_nothing_says_why():
    picture = nothing_read(WHY, 5.0)
    told = {
        (part.value, part.problem, part.hint) for part in picture.parts.values() if part.problem
    }
    assert told == {(None, "/etc/pve is not mounted.", "Start pmxcfs.")}
    assert picture.access.problem
    assert picture.tfa.original == "ENOTCONN"
    assert (picture.source, picture.taken_at) == (NOTHING, 5.0)
    assert node_of(picture).can(Ability.CHANGE)
    assert overview(picture, 5.0)


def test_a_picture_that_is_there_is_that_picture():
    one = nothing_read(WHY, 1.0)
    assert AnyPicture(lambda: Pictures(one), FixedClock(2.0)).load() is one


def test_what_cannot_be_opened_is_opened_anew_the_next_time():
    one = nothing_read(WHY, 1.0)
    ways = [WHY, Pictures(one)]

    def opened():
        way = ways.pop(0)
        if isinstance(way, Exception):
            raise way
        return way

    pictures = AnyPicture(opened, FixedClock(2.0))
    assert pictures.load().access.problem == str(WHY)
    assert pictures.load() is one


def test_what_is_gone_and_comes_back_is_read_again():
    one = nothing_read(WHY, 1.0)
    pictures = AnyPicture(lambda: once, FixedClock(2.0))
    once = Pictures(one, WHY, one)
    assert [pictures.load().taken_at for _ in range(3)] == [1.0, 2.0, 1.0]


def test_what_is_refused_is_no_picture():
    pictures = AnyPicture(lambda: Pictures(Refused("not built in")), FixedClock(2.0))
    with pytest.raises(Refused):
        pictures.load()
