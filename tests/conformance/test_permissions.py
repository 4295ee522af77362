"""Every recorded answer of PVE's permission computation, and what happens to a wrong one."""

import json
from pathlib import Path

from tests.conformance import permissions

GOLDEN = Path(__file__).parent / "golden"


def test_every_recorded_answer_is_ours_too():
    family = permissions.run(GOLDEN)
    assert family.differences == ()
    assert (family.total, family.equal) == (8766, 8766)


def test_a_wrong_answer_is_counted_and_named(tmp_path):
    recorded = {
        "name": "made up",
        "user_cfg": "user:ann@pve:1:0::::::\nacl:1:/:ann@pve:PVEPoolUser:\n",
        "queries_as": "root@pam",
        "sets": [{"Pool.Audit": 1}, {"Pool.Audit": 0}],
        "queries": [
            {"userid": "ann@pve", "path": "/vms", "answer": {"/vms": 0}},
            {"userid": "ann@pve", "path": "/nodes", "answer": {"/nodes": 1}},
        ],
    }
    (tmp_path / "permissions.json").write_text(json.dumps({"configs": [recorded]}))
    family = permissions.run(tmp_path)
    assert (family.total, family.equal) == (2, 1)
    assert family.differences == ("permissions made up ann@pve /nodes",)


def test_refusals_are_compared_by_their_code(tmp_path):
    recorded = {
        "name": "made up",
        "user_cfg": "user:ann@pve:1:0::::::\nuser:bob@pve:1:0::::::\n",
        "queries_as": "ann@pve",
        "sets": [{}],
        "queries": [
            {"userid": "ann@pve", "path": "/vms", "answer": {"/vms": 0}},
            {"userid": "bob@pve", "path": "/vms", "error": {"code": 403}},
            {"userid": "nobody", "path": "/vms", "error": {"code": 400}},
            {"userid": "nobody", "path": "/vms", "error": {"code": 403}},
        ],
    }
    (tmp_path / "permissions.json").write_text(json.dumps({"configs": [recorded]}))
    assert permissions.run(tmp_path).differences == ("permissions made up nobody /vms",)


def test_a_folder_without_permissions_has_no_questions(tmp_path):
    assert permissions.run(tmp_path).total == 0
