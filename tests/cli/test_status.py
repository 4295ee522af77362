"""`status`: node, cluster, counts, what needs a look."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pve_auth_tui import __version__
from pve_auth_tui.arguments import parse
from pve_auth_tui.core.recover.evidence import Recovered
from pve_auth_tui.wiring import own_recoveries
from tests.cli.conftest import TFA_CFG, Run


def test_status_tells_node_cluster_versions_and_counts(rack: Path, run: Run) -> None:
    done = run("--root", rack, "status", "--json")

    value = done.value
    assert done.err == ""
    assert (value["node"], value["cluster"], value["quorate"]) == ("pve1", "rack", True)
    assert [node["name"] for node in value["nodes"]] == ["pve1", "pve2", "pve3"]
    assert value["versions"]["pve"] == "9.2"
    assert value["versions"]["pve-auth-tui"] == __version__
    assert value["source"] == "files"
    assert value["demo"] is False
    assert value["counts"]["users"] == 212
    assert value["counts"]["acl"] == 1204


def test_status_exits_with_4_when_something_needs_a_look(rack: Path, run: Run) -> None:
    done = run("--root", rack, "status", "--json")

    assert done.code == 4
    assert {finding["word"] for finding in done.value["findings"]} == {"BAD", "LOOK"}
    assert all(finding["text"] for finding in done.value["findings"])


def test_status_exits_with_0_when_nothing_does(tmp_path: Path, run: Run) -> None:
    (tmp_path / "etc/pve/priv").mkdir(parents=True)
    (tmp_path / "etc/pve/user.cfg").touch()
    factors = {"users": {"root@pam": TFA_CFG["users"]["root@pam"]}}
    (tmp_path / "etc/pve/priv/tfa.cfg").write_text(json.dumps(factors))

    done = run("--root", tmp_path, "status", "--json")

    assert [f for f in done.value["findings"] if f["word"] != "ok"] == []
    assert done.code == 0


def test_as_text_each_finding_stands_with_its_word_and_next_step(rack: Path, run: Run) -> None:
    done = run("--root", rack, "status")

    lines = done.out.splitlines()
    assert lines[0].startswith("Node         pve1, ")
    assert any(line.startswith("BAD   ") for line in lines)
    assert any(line.startswith("LOOK  ") for line in lines)
    assert done.code == 4


def test_an_unreadable_part_is_named_with_its_next_step(root: Path, run: Run) -> None:
    (root / "etc/pve/priv/tfa.cfg").write_text("{not json")

    done = run("--root", root, "status", "--json")

    assert done.code == 4
    assert done.value["counts"]["tfa"] is None
    (problem,) = [p for p in done.value["problems"] if p["part"] == "tfa"]
    assert problem["read"] is False
    assert problem["text"]
    assert problem["fix"]


def test_without_user_cfg_status_fails_but_still_tells_what_it_knows(root: Path, run: Run) -> None:
    config = root / "etc/pve/user.cfg"
    config.unlink()
    config.mkdir()

    done = run("--root", root, "--rung", "files", "status", "--json")

    assert done.code == 1
    assert "user.cfg" in done.err
    assert done.value["node"] == "pve1"
    assert done.value["counts"]["users"] is None
    assert done.value["counts"]["realms"] == 3


def test_a_recovery_is_told_until_somebody_has_seen_it(
    rack: Path, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """R18: also whoever never opens a screen learns of it."""
    monkeypatch.setattr("pve_auth_tui.environment.own_folder", lambda: tmp_path / "own")
    recoveries = own_recoveries(parse(["--root", str(rack), "status"]), None)
    used = Recovered("1", 1.0e9, "root@pam", "unlock root@pam", "8 typos", "ann", "done")
    recoveries.put(used)

    told = run("--root", rack, "status", "--json").value["findings"][0]
    assert told["word"] == "LOOK"
    assert "Recover was used" in told["text"]
    assert "8 typos" in told["fix"]

    recoveries.put(replace(used, seen=1.1e9))
    left = run("--root", rack, "status", "--json").value["findings"]
    assert not any("Recover was used" in finding["text"] for finding in left)


def test_a_broken_record_of_recoveries_is_told(
    rack: Path, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    monkeypatch.setattr("pve_auth_tui.environment.own_folder", lambda: own)
    recoveries = own_recoveries(parse(["--root", str(rack), "status"]), None)
    recoveries.put(Recovered("1", 1.0e9, "root@pam", "unlock", "", "ann", "done"))
    (file,) = (own / "recoveries").iterdir()
    file.write_text("{")

    told = run("--root", rack, "status", "--json").value["findings"][0]
    assert "does not tell what was done with Recover" in told["text"]
