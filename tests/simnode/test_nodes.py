"""Nodes, their services and the cluster, as the simulated node tells of them."""

from pve_auth_tui.simnode.demo import demo_tree
from pve_auth_tui.simnode.disk import MemoryDisk
from pve_auth_tui.simnode.faults import Faults
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.sources import system_sources
from tests.simnode.small import NOW, refusal, small_node, who


def rack(faults=None):
    tree = demo_tree()
    disk = MemoryDisk({path: tree.read(path) for path in tree.paths})
    return SimNode(disk, system_sources(), faults)


def states(node):
    listed = node.answer("GET", "/nodes/pve1/services")
    return {service["name"]: service["state"] for service in listed}


def task_of(node, name, command):
    upid = node.answer("POST", f"/nodes/pve1/services/{name}/{command}")
    return node.answer("GET", f"/nodes/pve1/tasks/{upid}/status")


def test_a_node_of_its_own_is_no_cluster():
    assert small_node().answer("GET", "/nodes") == [
        {"node": "pve1", "status": "online", "type": "node"}
    ]
    [alone] = small_node().answer("GET", "/cluster/status")
    assert (alone["type"], alone["name"], alone["local"], alone["nodeid"]) == ("node", "pve1", 1, 0)


def test_a_cluster_tells_its_name_quorum_and_nodes():
    whole, *nodes = rack().answer("GET", "/cluster/status")
    assert (whole["name"], whole["nodes"], whole["quorate"]) == ("rack", 3, 1)
    assert [(node["name"], node["local"], node["online"]) for node in nodes] == [
        ("pve1", 1, 1),
        ("pve2", 0, 1),
        ("pve3", 0, 1),
    ]


def test_without_quorum_every_list_of_nodes_says_who_is_gone():
    node = rack(Faults(quorate=False))
    whole, *nodes = node.answer("GET", "/cluster/status")
    assert whole["quorate"] == 0
    assert [each["online"] for each in nodes] == [1, 0, 0]
    alone = [("pve1", "online"), ("pve2", "offline"), ("pve3", "offline")]
    for path, params in (("/nodes", {}), ("/cluster/resources", {"type": "node"})):
        answer = node.answer("GET", path, params)
        assert [(each["node"], each["status"]) for each in answer] == alone


def test_a_dead_service_is_shown_and_started_again():
    node = rack(Faults(dead={"pvedaemon"}))
    assert states(node)["pvedaemon"] == "dead"
    task = task_of(node, "pvedaemon", "start")
    assert (task["type"], task["id"], task["exitstatus"]) == ("srvstart", "pvedaemon", "OK")
    assert states(node)["pvedaemon"] == "running"


def test_reloading_does_not_start_what_is_dead_but_restarting_does():
    node = rack(Faults(dead={"pveproxy"}))
    assert task_of(node, "pveproxy", "reload")["exitstatus"] == "OK"
    assert node.faults.dead == {"pveproxy"}
    assert task_of(node, "pveproxy", "restart")["type"] == "srvrestart"
    assert node.faults.dead == set()


def test_a_service_that_is_not_installed_cannot_be_started():
    node = rack()
    found = node.answer("GET", "/nodes/pve1/services/ksmtuned/state")
    assert found["unit-state"] == "not-found"
    assert task_of(node, "ksmtuned", "start")["exitstatus"].startswith("command 'systemctl start")


def test_a_service_that_pve_does_not_know_is_refused():
    assert refusal(rack(), "GET", "/nodes/pve1/services/nosuch/state")[0] == 400


def test_the_wall_clock_follows_the_time_zone():
    node = small_node()
    assert node.answer("GET", "/nodes/pve1/time") == {
        "timezone": "UTC",
        "time": NOW,
        "localtime": NOW,
    }
    node.disk.write("etc/timezone", b"Asia/Tokyo\n")
    assert node.answer("GET", "/nodes/pve1/time")["localtime"] == NOW + 9 * 3600


def test_the_journal_is_for_those_with_sys_syslog():
    node = small_node("acl:1:/:ann@pve:PVEAuditor:\n")
    node.journal.extend(["first", "second"])
    lines = node.answer("GET", "/nodes/pve1/journal", {"lastentries": 1})
    assert [line.rpartition(": ")[2] for line in lines[1:-1]] == ["second"]
    assert refusal(node, "GET", "/nodes/pve1/journal", None, who("bob@pve"))[0] == 403


def test_no_other_node_answers():
    assert refusal(rack(), "GET", "/nodes/pve2/status")[:2] == (595, "No route to host")


def test_resources_are_those_that_the_caller_may_see():
    node = rack()
    kinds = {entry["type"] for entry in node.answer("GET", "/cluster/resources")}
    assert kinds == {"pool", "qemu", "lxc", "node", "storage"}
    guests = node.answer("GET", "/cluster/resources", {"type": "vm"})
    assert len(guests) == 212
    assert guests[0]["name"] == "web-01"
    some = node.answer("GET", "/cluster/resources", {"type": "vm"}, who("nobody@pve"))
    assert some == []
