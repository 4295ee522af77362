"""The two stages of the picture, and the node that stands beside each."""

import subprocess
import sys
import threading
from contextlib import suppress

import pytest

from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.adapters.ladder import LadderApi, Way
from pve_auth_tui.core.errors import ApiError, LoginRefused, Unreachable, Unreadable
from pve_auth_tui.core.lists import LISTINGS
from pve_auth_tui.core.node import Ability
from pve_auth_tui.services.node import NodeService
from pve_auth_tui.services.outlook import OutlookService
from pve_auth_tui.services.snapshots import SnapshotService
from pve_auth_tui.simnode.demo import DEMO_NOW, demo_tree
from pve_auth_tui.simnode.memory import MemoryTree
from tests.services.fake_api import FakeApi, forbidden, silent

CLOCK = FixedClock(DEMO_NOW)
NOT_INSTALLED = Unreachable("PVE's own modules are not installed here.", "Is this a node?")


@pytest.fixture(scope="module")
def files():
    return SnapshotService(demo_tree(), CLOCK, demo=True)


@pytest.fixture(scope="module")
def snapshot(files):
    return files.load()


def opened(*apis):
    """A ladder of these; an error in place of an api is what opening it raises."""

    def way(api):
        def open_it():
            if isinstance(api, Exception):
                raise api
            return api

        return Way(getattr(api, "way", "direct"), open_it)

    return lambda: LadderApi([way(api) for api in apis])


def service(files, *apis, **more):
    return OutlookService(files, NodeService(opened(*apis), CLOCK, **more))


def test_first_the_files_then_what_pve_says(files, snapshot):
    found = service(files, FakeApi(snapshot))
    first = found.load()
    assert found.has_second
    assert (first.snapshot.source, first.node.shown) == ("demo", "demo, asking PVE")
    assert first.node.can(Ability.CHANGE) == "PVE's API is still being asked"
    second = found.refine()
    assert (second.snapshot.source, second.node.shown) == ("direct", "root@pam, direct")
    assert second.node.can(Ability.CHANGE) == ""
    assert second.node.quorate
    assert second.overview == first.overview
    for each in LISTINGS:
        assert each.rows(second.snapshot, DEMO_NOW) == each.rows(first.snapshot, DEMO_NOW)


def test_a_dead_api_raises_nothing_and_the_node_tells_why(files):
    found = service(files, NOT_INSTALLED)
    first = found.load()
    second = found.refine()
    assert second.snapshot is first.snapshot
    assert second.node.shown == "demo, READ-ONLY"
    assert second.node.can(Ability.CHANGE) == "read-only: PVE's API does not answer"
    assert second.node.tried[0].reason == str(NOT_INSTALLED)


def test_a_way_that_dies_in_the_middle_leaves_the_picture_of_the_files(files, snapshot):
    class Dying(FakeApi):
        def call(self, method, path, *args, **more):
            if len(self.asked) > 3:
                raise silent()
            return super().call(method, path, *args, **more)

    found = service(files, Dying(snapshot))
    found.load()
    second = found.refine()
    assert second.node.shown == "demo, READ-ONLY"
    assert second.node.can(Ability.SEE_TASKS)
    assert "Could not read the second factors" in second.snapshot.tfa.problem
    assert second.snapshot.tfa.value is not None


def test_reading_again_goes_through_both_stages_and_finds_what_came_back(files, snapshot):
    apis = [NOT_INSTALLED]
    nodes = NodeService(lambda: LadderApi([Way("direct", lambda: _open(apis))]), CLOCK)
    found = OutlookService(files, nodes)
    found.load()
    assert not found.refine().node.asks_pve
    apis[0] = FakeApi(snapshot)
    assert not found.load().node.asks_pve
    assert found.refine().node.shown == "root@pam, direct"
    assert found.load().node.shown == "root@pam, direct"  # no flicker while it is read again


def _open(apis):
    if isinstance(apis[0], Exception):
        raise apis[0]
    return apis[0]


def test_read_ahead_is_the_first_stage(files, snapshot):
    found = service(files, FakeApi(snapshot))
    found.begin()
    first = found.load()
    assert first.node.waiting
    assert found.refine().node.asks_pve


def test_without_a_node_service_there_is_one_stage(files):
    found = OutlookService(files)
    assert not found.has_second
    assert found.load().node.shown == "demo, READ-ONLY"
    assert found.refine().node == found.load().node
    assert not found.load().node.waiting


def test_parts_are_told_while_it_takes_long(files, snapshot, monkeypatch):
    from pve_auth_tui.services import outlook

    monkeypatch.setattr(outlook, "_OFTEN", -1.0)
    seen = []
    found = service(files, FakeApi(snapshot, faults={"/access/tfa": forbidden()}))
    last = found.refine(seen.append)
    assert len(seen) == 8
    assert seen[-1].node.shown == "root@pam, direct, asking PVE"
    assert last.node.shown == "root@pam, direct"
    assert seen[0].snapshot.tfa.problem == ""
    assert "needs Sys.Audit" in last.snapshot.tfa.problem


def test_read_only_is_what_the_user_wanted(files, snapshot):
    found = service(files, FakeApi(snapshot), read_only=True)
    found.load()
    node = found.refine().node
    assert node.shown == "root@pam, direct, READ-ONLY"
    assert node.can(Ability.CHANGE) == "--read-only was given"


def test_without_quorum_no_call_is_needed_to_know_that_nothing_can_be_changed(snapshot):
    members = b'{"nodename":"pve1","cluster":{"name":"rack","quorate":0},"nodelist":{}}'
    tree = demo_tree().with_files({"etc/pve/.members": members})
    lost = SnapshotService(tree, CLOCK)
    found = OutlookService(lost, NodeService(opened(FakeApi(lost.load())), CLOCK))
    assert found.load().node.can(Ability.CHANGE) == "read-only: no quorum"
    assert found.refine().node.can(Ability.CHANGE) == "read-only: no quorum"


# --- another host -----------------------------------------------------------------------------


def test_another_host_has_one_stage_the_apis(snapshot):
    nodes = NodeService(opened(FakeApi(snapshot, way="https", user="ann@pve")), CLOCK)
    found = OutlookService(nodes, nodes)
    first = found.load()
    assert not found.has_second
    assert first.node.shown == "ann@pve, https"
    assert first.node.can(Ability.SEND_SECRET) == ""
    assert first.snapshot.access.value.users.keys() == snapshot.access.value.users.keys()


def test_another_host_that_does_not_answer_is_told_in_one_sentence():
    refused = LoginRefused("PVE refused the login of ann@pve.", "Look into the journal.")
    nodes = NodeService(opened(refused), CLOCK)
    with pytest.raises(Unreadable, match="refused the login") as caught:
        nodes.load()
    assert caught.value.hint == "Look into the journal."


def test_another_host_that_dies_while_it_is_read_is_no_picture(snapshot):
    class Dying(FakeApi):
        def call(self, method, path, *args, **more):
            if path != ("access",) or self.asked:
                self.asked.append(path)
                raise silent()
            return super().call(method, path, *args, **more)

    with pytest.raises(Unreadable, match="Nobody answered"):
        NodeService(opened(Dying(snapshot, way="https")), CLOCK).load()


# --- what it costs -------------------------------------------------------------------------------


SECOND = (
    "adapters.ladder",
    "adapters.bridge",
    "services.apipicture",
    "core.fromapi",
    "core.answers",
)


def test_the_first_stage_imports_nothing_of_the_second():
    program = f"""
import sys
from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.services.node import NodeService
from pve_auth_tui.services.outlook import OutlookService
from pve_auth_tui.services.snapshots import SnapshotService
from pve_auth_tui.simnode.memory import MemoryTree

clock = FixedClock(0)
found = OutlookService(SnapshotService(MemoryTree({{}}), clock), NodeService(None, clock))
found.load()
assert not [name for name in {SECOND!r} if f"pve_auth_tui.{{name}}" in sys.modules]
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=20)


def test_two_readings_at_once_do_not_disturb_each_other(files, snapshot):
    found = service(files, FakeApi(snapshot))
    seen = []

    def read():
        found.load()
        seen.append(found.refine().node.shown)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == ["root@pam, direct"] * 4


def test_a_reading_that_overtakes_the_first_opens_no_second_ladder(files, snapshot):
    found, opens = [], threading.Barrier(2, timeout=0.2)

    def open_ladder():
        with suppress(threading.BrokenBarrierError):
            opens.wait()  # until a second one comes, too
        found.append(opened(FakeApi(snapshot))())
        return found[-1]

    nodes = NodeService(open_ladder, CLOCK)
    both = [threading.Thread(target=nodes.refined, args=(snapshot,)) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert found == [nodes.api]


def test_an_empty_node_works_as_well():
    empty = SnapshotService(MemoryTree({}), CLOCK)
    found = service(empty, FakeApi(empty.load()))
    assert found.refine().node.way == "direct"


def test_without_users_a_picture_by_the_api_alone_is_none(snapshot):
    users = ApiError(595, "Connection refused")
    api = FakeApi(snapshot, way="https", faults={"/access/users": users})
    nodes = NodeService(lambda: LadderApi([Way("https", lambda: api)]), CLOCK)
    with pytest.raises(Unreadable, match="Could not read the users"):
        OutlookService(nodes, nodes).load()


def test_a_fresh_look_reads_the_files_and_asks_pve_again(files, snapshot):
    api = FakeApi(snapshot)
    found = service(files, api)
    found.begin()  # what is read ahead may be older than the change that is to be judged
    first = found.fresh()
    assert first.node.shown == "root@pam, direct"
    asked = len(api.asked)
    assert found.fresh().snapshot is not first.snapshot
    assert len(api.asked) == 2 * asked


def test_a_fresh_look_where_there_are_only_files_or_only_the_api(files, snapshot):
    assert OutlookService(files).fresh().node.shown == "demo, READ-ONLY"
    api = FakeApi(snapshot, way="https")
    nodes = NodeService(lambda: LadderApi([Way("https", lambda: api)]), CLOCK)
    assert OutlookService(nodes, nodes).fresh().node.shown == "root@pam, https"
    assert api.asked.count("GET /access/users") == 1


def test_a_fresh_look_at_nothing_says_so(files, snapshot):
    api = FakeApi(snapshot, way="https", faults={"": silent()})
    nodes = NodeService(lambda: LadderApi([Way("https", lambda: api)]), CLOCK)
    with pytest.raises(Unreadable):
        OutlookService(nodes, nodes).fresh()


def test_pve_itself_can_be_asked_what_somebody_may_do(files, snapshot):
    class Knowing(FakeApi):
        def call(self, method, path, params=None, *args, **more):
            if tuple(path) != ("access", "permissions"):
                return super().call(method, path, params, *args, **more)
            assert params == {"userid": "ann@pve", "path": "/vms"}
            return {"/vms": {"VM.Audit": 1, "VM.Console": 0}}

    found = service(files, Knowing(snapshot))
    assert found.by_pve("ann@pve", "/vms") is None  # before there is a way to it
    found.load()
    found.refine()
    assert found.by_pve("ann@pve", "/vms") == {"VM.Audit": True, "VM.Console": False}


def test_where_pves_api_is_not_reached_it_is_not_asked(files):
    found = service(files, NOT_INSTALLED)
    found.load()
    found.refine()
    assert found.by_pve("ann@pve", "/vms") is None
    assert OutlookService(files).by_pve("ann@pve", "/vms") is None
