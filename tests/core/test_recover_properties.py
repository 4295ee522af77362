"""Whatever is broken, known or not: Recover answers, and never splits a cluster by itself."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from pve_auth_tui.core.errors import Unreadable
from pve_auth_tui.core.logins import login
from pve_auth_tui.core.node import node_of
from pve_auth_tui.core.plan import Weight
from pve_auth_tui.core.planning import make_plan
from pve_auth_tui.core.recover.afterwards import afterwards
from pve_auth_tui.core.recover.condition import (
    SERVICES,
    Condition,
    Disk,
    Ha,
    Link,
    Mount,
    Neighbour,
    Pmxcfs,
    Service,
    Shadow,
    Votes,
)
from pve_auth_tui.core.recover.diagnosis import diagnose
from pve_auth_tui.core.recover.have import guessed, questions
from pve_auth_tui.core.recover.nothing import nothing_read
from pve_auth_tui.core.recover.situation import Situation
from pve_auth_tui.core.recover.ways import Kind, ways_back
from pve_auth_tui.core.snapshot import Cluster, ClusterNode
from tests.core.pictures import NOW
from tests.core.random_pictures import pictures
from tests.core.recovering import cut_off

_maybe = st.sampled_from([True, False, None])
_text = st.sampled_from(["", "pve2", "10.0.0.1", "\x1b[2J", "a b", "\u202ex", "-l"])
_seconds = st.none() | st.floats(-1e6, 1e6)
_neighbours = st.builds(
    Neighbour,
    st.sampled_from(["pve2", "pve3", "evil\n"]),
    _maybe,
    _maybe,
    _text,
    st.tuples(_text),
    _text,
    _seconds,
    _text,
)
_links = st.builds(
    Link,
    st.integers(0, 7),
    _text,
    _text,
    _maybe,
    st.dictionaries(st.sampled_from(["pve2", "pve3"]), st.booleans()),
)
_count = st.none() | st.integers(0, 99)
_disks = st.builds(
    Disk, st.sampled_from(["/", "/var", "/data", ""]), st.integers(0, 10**12),
    st.integers(0, 10**12), st.booleans(),
)  # fmt: skip
CONDITIONS = st.builds(
    Condition,
    st.just(NOW),
    st.booleans(),
    st.sampled_from(["", "pve1"]),
    st.sampled_from(["", "", "/mnt"]),
    st.dictionaries(st.sampled_from(SERVICES), st.sampled_from(Service)),
    st.sampled_from(Mount),
    st.none() | st.builds(Pmxcfs, st.integers(2, 2**22), st.booleans()),
    st.sampled_from(["", "/var/lib/pve-cluster/config.db"]),
    _maybe,
    st.lists(_disks, max_size=3).map(tuple),
    _maybe,
    st.sampled_from(Shadow),
    st.none() | st.lists(_links, max_size=2).map(tuple),
    st.none() | st.builds(Votes, _count, _count, _count, st.booleans(), _maybe),
    st.none() | st.builds(Ha, st.integers(0, 9), st.integers(0, 9), _maybe),
    st.lists(_neighbours, max_size=3, unique_by=lambda one: one.name).map(tuple),
    st.lists(_text.filter(bool), max_size=2).map(tuple),
)
CLUSTERS = st.builds(
    lambda name, quorate, count: Cluster(
        "pve1", name, quorate, tuple(ClusterNode(f"pve{n}") for n in range(1, count + 1))
    ),
    st.sampled_from([None, "rack"]),
    _maybe,
    st.integers(0, 4),
)
WAYS = st.sampled_from(["direct", "https", "pvesh", "files", "config.db", "nothing"])


@st.composite
def situations(draw):
    made = draw(pictures() | st.just(nothing_read(Unreadable("Nothing.", "Boot."), NOW)))
    if draw(st.booleans()) and made.source != "nothing":
        made = replace(made, cluster=made.cluster._replace(value=draw(CLUSTERS)))
    node = node_of(made, way=draw(WAYS), read_only=draw(st.booleans()))
    known = list(made.access.value.users) if made.access.value else []
    userid = draw(st.sampled_from(["root@pam", "ghost@pve", "x@nowhere", *known]))
    raw = draw(st.dictionaries(
        st.sampled_from(["priv/tfa.cfg", "user.cfg", "domains.cfg"]),
        st.sampled_from([b"", b"{}", b'{"users":{"a@pve":{"x":1}}}', b"user:root@pam:0:0:::::\n"]),
    ))  # fmt: skip
    return Situation(made, node, draw(CONDITIONS), userid, NOW, raw)


@given(situations(), st.booleans())
@settings(deadline=None, max_examples=150)
def test_there_is_always_an_answer_and_every_plan_that_is_offered_can_be_made(made, has_nothing):
    found = diagnose(made)
    if not made.condition.rescue and login(made.snapshot, made.userid, NOW).obstacle:
        assert found.causes, "what keeps somebody out is never called nothing"
    assert 1 <= len(found.sentences) <= 3
    assert all(sentence.isprintable() for sentence in found.sentences)
    assert all(line.isprintable() for check in found.checks for line in (check.text, *check.more))
    assert all(line.text.isprintable() for line in afterwards(made))
    held = frozenset() if has_nothing else guessed(questions(made))
    ways = ways_back(made, held)
    assert len({way.id for way in ways}) == len(ways)
    assert ways, "somebody who is out is never left without a next step"
    for way in ways:
        assert (way.title + way.note).isprintable()
        assert all(line.text.isprintable() for line in way.lines)
        if way.intent is not None:
            plan = make_plan(way.intent, made.snapshot, now=NOW)
            assert way.kind is not Kind.REFUSED or (plan.refusal and plan.confirm)


@given(situations())
@settings(deadline=None, max_examples=150)
def test_nothing_is_called_well_that_nobody_knows(made):
    blind = made._replace(condition=Condition(NOW, node="pve1"))
    for check in diagnose(blind).checks:
        assert not (check.word == "ok" and check.subject in ("node", "/etc/pve", "disk", "clock"))


def _without_quorum(neighbours, condition):
    return replace(cut_off().condition, neighbours=neighbours, **condition)


@given(
    st.lists(_neighbours, max_size=3, unique_by=lambda one: one.name).map(tuple),
    st.sampled_from([{}, {"services": {"corosync": Service.FAILED}}, {"clustered": None}]),
    st.none() | CLUSTERS,
)
@settings(deadline=None, max_examples=150)
def test_this_node_is_never_counted_alone_while_another_may_have_quorum(
    neighbours, condition, cluster
):
    """Two halves that both write cannot be merged again."""
    made = cut_off()
    if cluster is not None:
        part = made.snapshot.cluster._replace(value=replace(cluster, quorate=False))
        made = made._replace(snapshot=replace(made.snapshot, cluster=part))
        made = made._replace(node=node_of(made.snapshot, way="files"))
    made = made._replace(condition=_without_quorum(neighbours, condition))
    names = {one.name for one in made.snapshot.cluster.value.nodes} - {"pve1"}
    unasked = names - {one.name for one in neighbours if one.alive is not None}
    may_have = any(one.alive is None or (one.alive and one.quorate is not False)
                   for one in neighbours)  # fmt: skip
    for way in ways_back(made, frozenset()):
        if way.id in ("expected", "local-mode"):
            plan = make_plan(way.intent, made.snapshot, now=NOW)
            assert plan.weight is Weight.HEAVY
            assert plan.confirm == "pve1"
            if may_have or unasked or not neighbours:
                assert way.kind is Kind.REFUSED
            if way.id == "local-mode" and any(one.alive for one in neighbours):
                assert way.kind is Kind.REFUSED
