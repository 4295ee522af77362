"""/pools of the simulated node, as PVE 9 has it."""

from tests.simnode.small import USERS, file, refusal, small_node, who

POOLS = "pool:lab:Tests:100,101:local:\npool:lab/inner::102::\n"
GUESTS = (
    '{"version":1,"ids":{"100":{"node":"pve1","type":"qemu","version":1},'
    '"102":{"node":"pve2","type":"lxc","version":2}}}'
)
STORAGE = "nfs: nas\n\tpath /mnt\n\tcontent iso,backup\n\tnodes pve2\n"


def pooled(acl="", **files):
    return small_node(acl, users=USERS + POOLS, guests=GUESTS, storage=STORAGE, **files)


def test_the_list_shows_pools_that_one_may_see():
    node = pooled("acl:1:/pool/lab/inner:ann@pve:PVEPoolUser:\n")
    assert node.answer("GET", "/pools") == [
        {"poolid": "lab", "comment": "Tests"},
        {"poolid": "lab/inner"},
    ]
    assert node.answer("GET", "/pools", caller=who("ann@pve")) == [{"poolid": "lab/inner"}]


def test_one_pool_comes_with_those_members_that_are_there():
    [pool] = pooled().answer("GET", "/pools", {"poolid": "lab"})
    assert (pool["poolid"], pool["comment"]) == ("lab", "Tests")
    assert [member["id"] for member in pool["members"]] == ["qemu/100", "storage/pve1/local"]
    [inner] = pooled().answer("GET", "/pools", {"poolid": "lab/inner", "type": "lxc"})
    assert [member["vmid"] for member in inner["members"]] == [102]
    assert refusal(pooled(), "GET", "/pools", {"type": "lxc"})[2] == {
        "poolid": "missing property required by 'type'"
    }


def test_a_storage_is_shown_on_a_node_that_has_it():
    node = pooled()
    node.answer("PUT", "/pools", {"poolid": "lab", "storage": "nas"})
    [pool] = node.answer("GET", "/pools", {"poolid": "lab", "type": "storage"})
    nas = pool["members"][1]
    assert (nas["id"], nas["plugintype"], nas["shared"]) == ("storage/pve2/nas", "nfs", 1)
    assert nas["content"] == "backup,iso"


def test_a_pool_needs_its_parent_and_a_letter_first():
    node = pooled()
    for name, problem in (
        ("lab", "pool 'lab' already exists\n"),
        ("none/x", "parent 'none' of pool 'none/x' does not exist\n"),
        ("lab/1", "pool name must start with a letter\n"),
    ):
        _, text, _ = refusal(node, "POST", "/pools", {"poolid": name})
        assert text == f"create pool failed: {problem}"
    assert refusal(node, "POST", "/pools", {"poolid": "a/b/c/d"})[2] == {
        "poolid": "invalid format - pool name 'a/b/c/d' nested too deeply (max levels = 3)\n"
    }
    node.answer("POST", "/pools", {"poolid": "lab/new", "comment": "hi"})
    assert "pool:lab/new:hi:::\n" in file(node, "user.cfg")


def test_a_guest_moves_only_when_that_is_asked_for():
    node = pooled()
    move = {"poolid": "lab", "vms": "102"}
    _, text, _ = refusal(node, "PUT", "/pools", move)
    assert text == (
        "update pools failed: VM 102 belongs already to pool 'lab/inner' and 'allow-move' is not "
        "set\n"
    )
    node.answer("PUT", "/pools", {**move, "allow-move": 1})
    assert "pool:lab:Tests:100,101,102:local:\npool:lab/inner::::\n" in file(node, "user.cfg")


def test_members_go_out_with_delete():
    node = pooled()
    out = {"poolid": "lab", "vms": "100", "storage": "local", "delete": 1}
    node.answer("PUT", "/pools", out)
    assert "pool:lab:Tests:101::\n" in file(node, "user.cfg")
    _, text, _ = refusal(node, "PUT", "/pools", out)
    assert text == "update pools failed: VM 100 is not a pool member\n"


def test_whoever_changes_members_must_be_allowed_to_change_their_permissions():
    node = pooled("acl:1:/pool/lab:ann@pve:PVEPoolAdmin:\n")
    text = (
        "update pools failed: 403 Permission check failed "
        "(/vms/300, Permissions.Modify|VM.Allocate)\n"
    )
    params = {"poolid": "lab", "vms": "300"}
    assert refusal(node, "PUT", "/pools", params, who("ann@pve")) == (500, text, {})


def test_only_an_empty_pool_is_removed_and_its_acl_with_it():
    node = pooled("acl:1:/pool/lab:ann@pve:PVEPoolUser:\nacl:1:/pool/lab/x:ann@pve:PVEPoolUser:\n")
    for holds, name in (("pool 'lab/inner'", "lab"), ("VM 102", "lab/inner")):
        _, text, _ = refusal(node, "DELETE", "/pools", {"poolid": name})
        assert text == f"delete pool failed: pool '{name}' is not empty (contains {holds})\n"
    node.answer("PUT", "/pools", {"poolid": "lab/inner", "vms": "102", "delete": 1})
    node.answer("DELETE", "/pools", {"poolid": "lab/inner"})
    _, text, _ = refusal(node, "DELETE", "/pools/lab")
    assert "(contains VM 100)" in text
    node.answer("PUT", "/pools/lab", {"vms": "100", "storage": "local", "delete": 1})
    assert node.answer("DELETE", "/pools/lab") is None  # guest 101 does not exist any more
    assert "pool" not in file(node, "user.cfg")
