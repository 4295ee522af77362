"""Every recorded answer of PVE's permission computation is what an explanation comes to."""

import json
from pathlib import Path

from tests.conformance import explanations

GOLDEN = Path(__file__).parent / "golden"


def made_up(folder, *queries, asker="root@pam", sets=({"Pool.Audit": 1}, {"Pool.Audit": 0})):
    recorded = {
        "name": "made up",
        "user_cfg": "user:ann@pve:1:0::::::\nuser:bob@pve:1:0::::::\n"
        "acl:1:/:ann@pve:PVEPoolUser:\n",
        "queries_as": asker,
        "sets": list(sets),
        "queries": list(queries),
    }
    (folder / "permissions.json").write_text(json.dumps({"configs": [recorded]}))
    return explanations.run(folder)


def test_every_recorded_answer_is_where_an_explanation_ends():
    family = explanations.run(GOLDEN)
    assert family.differences == ()
    assert (family.total, family.equal) == (8766, 8766)


def test_a_wrong_explanation_is_counted_and_named(tmp_path):
    family = made_up(
        tmp_path,
        {"userid": "ann@pve", "path": "/vms", "answer": {"/vms": 0}},
        {"userid": "ann@pve", "path": "/nodes", "answer": {"/nodes": 1}},
    )
    assert (family.total, family.equal) == (2, 1)
    assert family.differences == ("explanations made up ann@pve /nodes",)


def test_an_answer_for_all_paths_is_wrong_with_one_path_too_few(tmp_path):
    paths = ["/", "/access", "/access/groups", "/nodes", "/pool", "/sdn", "/storage", "/vms"]
    whole = dict.fromkeys(paths, 0)
    query = {"userid": "ann@pve", "path": None, "answer": whole}
    assert made_up(tmp_path, query).differences == ()
    query["answer"] = dict.fromkeys(paths[:-1], 0)
    assert made_up(tmp_path, query).differences == ("explanations made up ann@pve (all paths)",)


def test_what_pve_takes_for_no_name_is_refused_here_too(tmp_path):
    family = made_up(
        tmp_path,
        {"userid": "bob@pve", "path": "/vms", "error": {"code": 403}},
        {"userid": "nobody", "path": "/vms", "error": {"code": 400}},
        {"userid": "nobody", "path": "/vms", "error": {"code": 403}},
        asker="ann@pve",
    )
    assert family.differences == ("explanations made up nobody /vms",)
    assert family.equal == 2


def test_a_folder_without_permissions_has_no_questions(tmp_path):
    assert explanations.run(tmp_path).total == 0
