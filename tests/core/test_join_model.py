"""A report of several rows."""

from pve_auth_tui.core.join.model import JoinCheck, JoinReport, NodeState, Topic

KNOWN = JoinCheck(Topic.LOOKUP, "ok", "alice is known")
UNKNOWN = JoinCheck(Topic.LOOKUP, "BAD", "bob is not known")
PERHAPS = JoinCheck(Topic.LOOKUP, "LOOK", "carol: no answer")


def report(*checks):
    return JoinReport("ad.example.com", checks, NodeState())


def test_of_several_names_the_worst_is_shown():
    assert report(KNOWN, PERHAPS, UNKNOWN).at(Topic.LOOKUP) == UNKNOWN
    assert report(KNOWN, PERHAPS).at(Topic.LOOKUP) == PERHAPS
    assert report(KNOWN).at(Topic.LOOKUP) == KNOWN


def test_what_was_not_looked_at():
    assert report(KNOWN).at(Topic.TRUST).word == "-"


def test_the_worst_of_all():
    assert report().worst == "-"
    assert report(KNOWN, JoinCheck(Topic.HOMES, "-")).worst == "ok"
    assert report(KNOWN, UNKNOWN, PERHAPS).worst == "BAD"
