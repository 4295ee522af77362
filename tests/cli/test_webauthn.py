"""`webauthn check` and `webauthn set` on the command line."""

from dataclasses import replace

import pytest

from pve_auth_tui.arguments import FINDINGS, OK, REFUSED
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.services.nodenames import NodeNames
from tests.cli.desk import Desk, Person
from tests.services.workbench import Bench

KEY = (
    '{"users":{"ann@pve":{"webauthn":[{"id":"k1","description":"blue","created":1,"entry":'
    '{"cred_id":"AAAA","cred":{"type_":"ES256","key":{"EC_EC2":{"curve":"SECP256R1",'
    '"x":"AAAA","y":"AAAA"}}},"counter":1}}]}}}'
)
NAME = "pve1.example.com"
PROPOSED = f"id={NAME},origin=https://{NAME}:8006,rp={NAME}"


def desk_for(monkeypatch, datacenter="", name=NAME, tfa=KEY):
    """A node of that name with one key; `name` "" for a node without any."""
    bench = Bench(datacenter=datacenter, tfa=tfa)
    bench.node.disk.write("etc/hosts", f"192.0.2.21 {name} pve1\n".encode() if name else b"")
    desk = Desk(bench, monkeypatch)
    names = NodeNames(lambda: bench.node.tree, lambda pem: (), lambda: "")
    desk.workshop = replace(desk.workshop, names=names)
    return desk


@pytest.fixture
def desk(monkeypatch):
    return desk_for(monkeypatch, "webauthn: rp=Rack,id=pve1.example.com\n")


def stored(desk):
    return (desk.bench.node.disk.read("etc/pve/datacenter.cfg") or b"").decode().strip()


def test_check_tells_what_is_set_where_it_works_and_what_is_proposed(desk):
    ran = desk.run("webauthn")
    assert ran.code == OK
    lines = ran.out.splitlines()
    assert lines[:5] == [
        "Name (rp)         Rack",
        "ID                pve1.example.com",
        "Origin            none: the address in the browser counts",
        "Allow subdomains  yes",
        "A browser writes  https://pve1.example.com:8006",
    ]
    assert "https://pve1.example.com:8006  yes   the origin follows the address" in lines
    assert lines[-1] == "Proposal          What is set works under the names of all nodes."


def test_check_without_settings_proposes_the_exact_command(monkeypatch):
    ran = desk_for(monkeypatch).run("webauthn", "check")
    assert ran.code == FINDINGS
    assert ran.out.startswith("WebAuthn          not set up\n")
    assert "So 1 security key of ann@pve fails." in ran.out
    assert "pve-auth-tui webauthn set --proposed" in ran.out
    assert f"pvesh set /cluster/options --webauthn {PROPOSED}" in ran.out


def test_check_says_which_keys_its_proposal_would_end(monkeypatch):
    desk = desk_for(monkeypatch, "webauthn: rp=Rack,id=old.example\n")
    ran = desk.run("webauthn")
    assert ran.code == FINDINGS
    assert "Ends              1 security key: ann@pve (blue)" in ran.out
    value = desk.run("webauthn", "--json").value
    assert value["settings"]["id"] == "old.example"
    assert value["origin"] is None
    assert value["names"] == {"pve1": NAME}
    assert value["reach"][0] == {
        "url": f"https://{NAME}:8006",
        "works": False,
        "why": "the name is not old.example or below it",
    }
    assert value["proposal"]["ends"] == [
        {"userid": "ann@pve", "id": "k1", "description": "blue"},
    ]
    assert value["proposal"]["changes"] is True
    assert value["proposal"]["command"].startswith("pvesh set /cluster/options --webauthn ")


def test_nothing_is_proposed_for_a_node_that_has_an_address_alone(monkeypatch):
    desk = desk_for(monkeypatch, name="")
    monkeypatch.setattr(NodeNames, "read", lambda self, snapshot: ())
    ran = desk.run("webauthn", "--json")
    assert ran.value["proposal"]["settings"] is None
    ran = desk.run("webauthn", "set", "--proposed", "--yes")
    assert isinstance(ran.error, Refused)
    assert str(ran.error) == "There is nothing to propose."


def test_the_proposal_is_set_as_a_plan(monkeypatch):
    desk = desk_for(monkeypatch)
    shown = desk.run("webauthn", "set", "--proposed", "--dry-run")
    assert shown.out.startswith("Plan: set up WebAuthn")
    assert stored(desk) == ""
    ran = desk.run("webauthn", "set", "--proposed", "--yes")
    assert ran.code == OK
    assert stored(desk) == f"webauthn: {PROPOSED}"
    again = desk.run("webauthn", "set", "--proposed", "--yes")
    assert again.code == REFUSED


def test_what_is_given_counts_over_what_is_set(desk):
    ran = desk.run(
        "webauthn", "set", "--rp", "The rack", "--allow-subdomains", "0", "--yes", "--json"
    )
    assert ran.code == OK
    assert ran.value["result"] is not None
    assert stored(desk) == f"webauthn: allow-subdomains=0,id={NAME},rp=The rack"


def test_an_origin_is_taken_away_with_an_empty_one(monkeypatch):
    desk = desk_for(monkeypatch, f"webauthn: rp=Rack,id={NAME},origin=https://{NAME}:8006\n")
    assert desk.run("webauthn", "set", "--origin", "", "--yes").code == OK
    assert stored(desk) == f"webauthn: id={NAME},rp=Rack"


def test_another_id_needs_its_word(desk):
    ran = desk.run("webauthn", "set", "--id", "example.com", "--yes")
    assert ran.code == REFUSED
    assert "HEAVY" in str(ran.error)
    ran = desk.run("webauthn", "set", "--id", "example.com", stdin=Person("webauthn"))
    assert ran.code == OK
    assert "1 security key of ann@pve stops working: made for the ID pve1.example.com." in ran.out
    assert stored(desk) == "webauthn: id=example.com,rp=Rack"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("set",), "Nothing was named to be set."),
        (("check", "--id", "example.com"), "Values are for set."),
        (("--proposed",), "Values are for set."),
        (("set", "--id", "Example.com"), "The ID Example.com is not in lower case."),
        (("set", "--rp", "a,b"), "Name: PVE takes no comma there: it separates the values."),
    ],
)
def test_what_makes_no_sense_is_said_and_nothing_is_done(desk, words, message):
    before = stored(desk)
    ran = desk.run("webauthn", *words)
    assert isinstance(ran.error, UsageError)
    assert str(ran.error) == message
    assert stored(desk) == before


def test_check_says_when_the_options_cannot_be_read(desk, monkeypatch):
    snapshot = desk.bench.outlooks.fresh().snapshot
    gone = replace(snapshot, datacenter=snapshot.datacenter._replace(value=None, problem="Broken."))
    outlook = desk.bench.outlooks.fresh()._replace(snapshot=gone)
    monkeypatch.setattr(desk.bench.outlooks, "fresh", lambda: outlook)
    ran = desk.run("webauthn")
    assert str(ran.error) == "The datacenter's options could not be read. Broken."
