"""Datacenter options on the simulated node."""

from tests.simnode.small import file, refusal, small_node, who

OPTIONS = "/cluster/options"


def test_without_a_file_there_are_pve_s_own_values():
    assert small_node().answer("GET", OPTIONS) == {
        "mac_prefix": "BC:24:11",
        "description": "",
        "allowed-tags": [],
    }


def test_whoever_may_not_audit_sees_next_to_nothing():
    node = small_node(datacenter="keyboard: de\nconsole: vv\n")
    seen = node.answer("GET", OPTIONS, caller=who("bob@pve"))
    assert seen == {"console": "vv", "allowed-tags": []}


def test_options_are_set_and_deleted_in_one_call():
    node = small_node(datacenter="keyboard: de\nlanguage: de\n")
    node.answer("PUT", OPTIONS, {"webauthn": "rp=PVE,id=example.com", "delete": "language bogus"})
    assert file(node, "datacenter.cfg") == "\nkeyboard: de\nwebauthn: rp=PVE,id=example.com\n"
    assert node.answer("GET", OPTIONS)["webauthn"] == {"rp": "PVE", "id": "example.com"}


def test_deleting_wins_over_setting():
    node = small_node()
    node.answer("PUT", OPTIONS, {"language": "de", "delete": "language"})
    assert "language" not in node.answer("GET", OPTIONS)


def test_notes_are_written_as_comments():
    node = small_node(datacenter="keyboard: de\n")
    node.answer("PUT", OPTIONS, {"description": "Rack\nä"})
    assert file(node, "datacenter.cfg") == "#Rack\n#%C3%A4\n\nkeyboard: de\n"
    node.answer("PUT", OPTIONS, {"delete": "description"})
    assert file(node, "datacenter.cfg") == "\nkeyboard: de\n"


def test_flags_and_numbers_are_written_as_pve_writes_them():
    node = small_node()
    node.answer("PUT", OPTIONS, {"migration_unsecure": "1", "max_workers": 4})
    assert "max_workers: 4\nmigration_unsecure: 1\n" in file(node, "datacenter.cfg")


def test_values_are_checked_by_pve_s_rules():
    code, _, problems = refusal(small_node(), "PUT", OPTIONS, {"webauthn": "bogus=1"})
    assert code == 400
    assert problems["webauthn"].startswith("invalid format - format error\nwebauthn.bogus: ")


def test_registered_tags_are_for_those_who_may_change_the_datacenter():
    node = small_node(
        "acl:1:/:ann@pve:PVEAuditor:\n",
        datacenter="registered-tags: prod\nuser-tag-access: user-allow-list=lab;prod\n",
    )
    assert node.answer("GET", OPTIONS)["allowed-tags"] == ["lab", "prod"]
    assert node.answer("GET", OPTIONS, caller=who("ann@pve"))["allowed-tags"] == ["lab"]


def test_a_held_lock_is_told_without_any_prefix():
    node = small_node()
    node.faults.held_locks.add("file-datacenter_cfg")
    assert refusal(node, "PUT", OPTIONS, {"language": "de"})[:2] == (
        500,
        "cfs-lock 'file-datacenter_cfg' error: got lock request timeout\n",
    )
