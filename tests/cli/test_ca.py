"""`ca list|import|remove|check` on a node in software: output, JSON, exit codes, who is asked."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest

from pve_auth_tui.arguments import FAILED, FINDINGS, OK, REFUSED, USAGE
from pve_auth_tui.core.directory.ports import Handshake
from tests.authorities import certificate, der, key_pem, pem, sha256
from tests.cli.desk import Desk, Person
from tests.services.scripted import Host, good
from tests.services.trustbench import TrustBench

ROOT, OTHER = certificate(), certificate("Other Root CA")
NAME = f"lab-root-ca-{sha256(ROOT)[:8]}.crt"


class CaDesk(Desk):
    """With CAs in reach of a test."""

    def __init__(self, bench: TrustBench, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(bench, monkeypatch)
        self.trusting = bench
        self.workshop = replace(self.workshop, trust=bench.trust)

    def sends(self, *chain: Any, code: int = 20) -> None:
        """The server dc1 does; its root is ROOT."""
        self.trusting.directories.controllers = ()
        self.trusting.directories.hosts["dc1"] = Host(chain=chain, code=code, reason="why")


def piped(data: bytes) -> Any:
    """Standard input, from a file."""
    return io.TextIOWrapper(io.BytesIO(data))


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> CaDesk:
    typed = lambda question: __import__("sys").stdin.readline().rstrip("\n")  # noqa: E731
    monkeypatch.setattr("pve_auth_tui.asking._asked", typed)
    return CaDesk(TrustBench(), monkeypatch)


def test_a_ca_is_shown_whole_then_its_plan_then_imported(at: CaDesk) -> None:
    path = at.trusting.put("root/ca.cer", der(ROOT))
    ran = at.run("ca", "import", path, "--yes")
    assert ran.code == OK, ran.err
    assert ran.out.startswith(f"{path}: DER\n")
    for told in ("Subject", "Issued by", "itself: a root", "Valid", "TRUE, any path length"):
        assert told in ran.out
    assert f"/usr/local/share/ca-certificates/{NAME}" in ran.out
    assert at.trusting.there() == [NAME]


def test_a_dry_run_prints_every_command_and_changes_nothing(at: CaDesk) -> None:
    path = at.trusting.put("root/ca.pem", pem(ROOT))
    ran = at.run("ca", "import", path, "--dry-run")
    assert ran.code == OK
    assert "/usr/sbin/update-ca-certificates" in ran.out
    assert at.trusting.there() == []


def test_without_yes_nobody_is_there_to_be_asked(at: CaDesk) -> None:
    path = at.trusting.put("root/ca.pem", pem(ROOT))
    assert at.run("ca", "import", path).code == REFUSED
    assert at.trusting.there() == []


def test_of_several_somebody_says_which(at: CaDesk) -> None:
    path = at.trusting.put("root/both.pem", pem(ROOT, OTHER))
    ran = at.run("ca", "import", path, "--yes")
    assert ran.code == USAGE
    assert "Lab Root CA" in ran.out
    assert "Other Root CA" in ran.out
    assert "--sha256" in ran.err
    assert at.trusting.there() == []
    assert at.run("ca", "import", path, "--sha256", sha256(ROOT).upper(), "--yes").code == OK
    assert at.trusting.there() == [NAME]


def test_another_fingerprint_than_the_file_s_is_refused(at: CaDesk) -> None:
    path = at.trusting.put("root/ca.pem", pem(ROOT))
    assert at.run("ca", "import", path, "--sha256", "ab" * 32, "--yes").code == USAGE
    assert at.trusting.there() == []


@pytest.mark.parametrize("data", [pem(ROOT), der(ROOT)], ids=["pem", "der"])
def test_what_is_piped_is_imported_as_well(at: CaDesk, data: bytes) -> None:
    ran = at.run("ca", "import", "-", "--yes", stdin=piped(data))
    assert ran.code == OK, ran.err
    assert at.trusting.there() == [NAME]


def test_what_a_person_pastes_ends_with_an_empty_line(at: CaDesk) -> None:
    person = Person(*pem(ROOT).decode().splitlines(), "", "yes")
    ran = at.run("ca", "import", "-", stdin=person)
    assert ran.code == OK, ran.err
    assert at.trusting.there() == [NAME]


def test_a_private_key_is_refused_and_none_of_it_printed(at: CaDesk) -> None:
    secret = key_pem("Lab Root CA")
    path = at.trusting.put("root/ca.pem", pem(ROOT) + secret)
    ran = at.run("ca", "import", path, "--yes")
    assert ran.code == REFUSED
    assert secret.decode().splitlines()[1] not in ran.out + ran.err


def test_one_that_does_not_become_trusted_fails_and_is_taken_back(at: CaDesk) -> None:
    at.trusting.host.update_does_nothing = True
    path = at.trusting.put("root/ca.pem", pem(ROOT))
    ran = at.run("ca", "import", path, "--yes")
    assert ran.code == FAILED
    assert "It was taken back." in ran.err
    assert at.trusting.there() == []


def test_import_as_json_has_input_and_plan(at: CaDesk) -> None:
    path = at.trusting.put("root/ca.pem", pem(ROOT))
    ran = at.run("ca", "import", path, "--yes", "--json")
    assert ran.code == OK
    assert ran.value["result"]["ok"]
    assert ran.value["input"]["certificates"][0]["sha256"] == sha256(ROOT)


# --- list and remove -------------------------------------------------------------------------


def test_an_empty_store_is_well(at: CaDesk) -> None:
    at.trusting.update()
    ran = at.run("ca", "list")
    assert ran.code == OK
    assert "no CA of its own" in ran.out
    assert at.run("ca").out == ran.out


def test_something_wrong_with_a_file_is_exit_code_4(at: CaDesk) -> None:
    at.trusting.lay("der.crt", der(ROOT))
    at.trusting.update()
    ran = at.run("ca", "list")
    assert ran.code == FINDINGS
    assert "It is DER, not PEM" in ran.out
    value = at.run("ca", "list", "--json").value
    assert [(one["name"], one["state"], one["form"]) for one in value["files"]] == [
        ("der.crt", "BAD", "DER")
    ]


def test_a_hostile_subject_moves_no_cursor(at: CaDesk) -> None:
    """R19"""
    odd = certificate("\x1b[2J\u202egnp.exe")
    at.trusting.lay("odd.crt", pem(odd))
    at.trusting.update()
    ran = at.run("ca", "list")
    assert "\x1b" not in ran.out
    assert "\u202e" not in ran.out
    assert "\x1b" not in at.run("ca", "list", "--json").out


def test_a_ca_is_removed_by_its_name_or_its_path(at: CaDesk) -> None:
    for name in (NAME, f"/usr/local/share/ca-certificates/{NAME}"):
        at.run("ca", "import", "-", "--yes", stdin=piped(pem(ROOT)))
        ran = at.run("ca", "remove", name, "--yes")
        assert ran.code == OK, ran.err
        assert at.trusting.there() == []


# --- check -----------------------------------------------------------------------------------


def test_a_check_tells_each_way_and_the_chain_of_what_is_not_trusted(at: CaDesk) -> None:
    own = good("dc1", issuer="CN=Lab Root CA,O=Lab")
    root = good(subject="CN=Lab Root CA,O=Lab", self_signed=True, is_ca=True, sha256="cd" * 32)
    at.sends(own, root, code=19)
    ran = at.run("ca", "check", "dc1")
    assert ran.code == FINDINGS
    lines = ran.out.splitlines()
    assert lines[0].split() == ["BAD", "dc1", "STARTTLS", "19", "why"]
    assert lines[1].split() == ["BAD", "dc1", "LDAPS", "19", "why"]
    assert f"pve-auth-tui ca import --server dc1 --sha256 {'cd' * 32}" in ran.out
    value = at.run("ca", "check", "dc1", "--json").value
    assert value["checks"][0]["code"] == 19
    assert value["untrusted_roots"][0]["sha256"] == "cd" * 32


def test_a_trusted_server_is_exit_code_0(at: CaDesk) -> None:
    at.sends(good("dc1"), code=0)
    ran = at.run("ca", "check", "dc1")
    assert ran.code == OK
    assert "This node trusts dc1." in ran.out


class TestSent:
    """The root that a server sends: never without its fingerprint."""

    @pytest.fixture
    def at(self, at: CaDesk, monkeypatch: pytest.MonkeyPatch) -> CaDesk:
        from pve_auth_tui.adapters.directory.certificates import described

        directories = at.trusting.directories
        directories.controllers = ()
        chain = (der(certificate("dc1", by="Lab Root CA", ca=False)), der(ROOT))
        shaken = Handshake("TLSv1.3", "x", chain, 19, "self-signed in chain", "192.0.2.1")
        monkeypatch.setattr(directories, "handshake", lambda *given, **more: shaken)
        monkeypatch.setattr(directories, "describe", described)
        return at

    def test_nobody_there_to_compare_it_refuses(self, at: CaDesk) -> None:
        ran = at.run("ca", "import", "--server", "dc1", "--yes")
        assert ran.code == REFUSED
        assert "--sha256" in str(ran.error and ran.error.hint)
        assert at.trusting.there() == []

    def test_with_its_fingerprint_it_is_imported(self, at: CaDesk) -> None:
        ran = at.run("ca", "import", "--server", "dc1", "--sha256", sha256(ROOT), "--yes")
        assert ran.code == OK, ran.err
        assert at.trusting.there() == [NAME]

    def test_with_another_one_it_is_not(self, at: CaDesk) -> None:
        ran = at.run("ca", "import", "--server", "dc1", "--sha256", "ab" * 32, "--yes")
        assert ran.code == USAGE
        assert at.trusting.there() == []

    def test_a_person_says_that_it_was_compared(self, at: CaDesk) -> None:
        ran = at.run("ca", "import", "--server", "dc1", "--yes", stdin=Person("no"))
        assert ran.code == REFUSED
        assert at.trusting.there() == []
        ran = at.run("ca", "import", "--server", "dc1", "--yes", stdin=Person("yes"))
        assert ran.code == OK, ran.err
        assert at.trusting.there() == [NAME]


# --- words that do not go together -----------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ("list", "x"), ("import",), ("import", "/a", "/b"), ("import", "/a", "--server", "dc1"),
        ("remove",), ("check",), ("check", "a", "b"), ("check", "a", "--sha256", "ab" * 32),
        ("import", "relative.pem"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(at: CaDesk, words: tuple[str, ...]) -> None:
    assert at.run("ca", *words).code == USAGE
