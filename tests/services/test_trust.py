"""CAs are imported, listed and removed on a node in software; what fails is taken back at once."""

from __future__ import annotations

import hashlib
import shlex

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.directory.ports import ServiceRecord
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.plan import Draft, HostFile, HostStep, Plan
from pve_auth_tui.core.trust import elsewhere
from pve_auth_tui.core.trust.check import Way
from pve_auth_tui.core.trust.store import word_of
from pve_auth_tui.services.trust import TrustService
from tests.authorities import NOW, certificate, der, key_pem, packed, pem, sha256
from tests.services.scripted import Host, good, trouble
from tests.services.trustbench import TrustBench

ROOT = certificate()
OTHER = certificate("Other Root CA")
INTER = certificate("Lab Issuing CA", by="Lab Root CA")
LEAF = certificate("dc1.lab.test", by="Lab Root CA", ca=False)
NAME = f"lab-root-ca-{sha256(ROOT)[:8]}.crt"
CORP = (
    "ad: corp\n\tdomain example.com\n\tserver1 dc1.example.com\n\tmode ldaps\n\tverify 1\n\n"
    "ldap: own\n\tserver1 l.example.com\n\tbase_dn dc=x\n\tuser_attr uid\n\tmode ldaps\n"
    "\tverify 1\n"
    "\tcapath /etc/pve/own.pem\n"
)


@pytest.fixture
def bench() -> TrustBench:
    return TrustBench()


def imported(bench: TrustBench, data: bytes, *wanted: str):
    """What came of it."""
    offer = bench.trust.from_file(bench.put("root/ca", data))
    intent = bench.trust.import_(offer, offer.picked(wanted) if wanted else None)
    return bench.trust.apply(bench.review(intent))


# --- import ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        pem(ROOT),
        pem(ROOT).replace(b"\n", b"\r\n"),
        der(ROOT),
        packed(ROOT),
        packed(ROOT, encoding=Encoding.DER),
    ],
    ids=["pem", "crlf", "der", "p7b", "p7b der"],
)
def test_whatever_its_form_was_one_pem_is_written_and_trusted_in_both_places(bench, data):
    done = imported(bench, data)
    assert done.ok
    assert done.rolled_back is None
    assert bench.there() == [NAME]
    assert bench.node.host.files.read(f"usr/local/share/ca-certificates/{NAME}") == pem(ROOT)
    stored = bench.trust.listed().at(NAME)
    assert stored is not None
    assert stored.is_trusted
    assert stored.mode == 0o644
    assert word_of(stored, NOW) == "ok"


def test_of_a_bundle_each_certificate_gets_a_file_of_its_own_and_roots_come_first(bench):
    offer = bench.trust.from_file(bench.put("root/b.pem", pem(INTER, ROOT, LEAF)))
    draft: Draft = bench.trust.import_(offer)(bench.outlooks.fresh().snapshot)
    files = [step.path for step in draft.steps if isinstance(step, HostFile)]
    assert len(files) == 2
    assert files[0].endswith(NAME)
    done = bench.trust.apply(bench.review(bench.trust.import_(offer)))
    assert done.ok
    assert len(bench.there()) == 2


def test_the_plan_names_the_fingerprint_and_says_what_trusts_it_then(bench):
    offer = bench.trust.from_text(pem(ROOT).decode())
    plan = bench.review(bench.trust.import_(offer))
    told = {one.subject: one.text for one in plan.changes}
    assert "apt, OpenID, PBS" in told["Lab Root CA"]
    assert told["SHA-256"].replace(" ", "").lower() == sha256(ROOT)
    assert plan.back.otherwise.startswith("pve-auth-tui ca remove ")
    update = [step for step in plan.steps if isinstance(step, HostStep)]
    assert [step.argv for step in update] == [("/usr/sbin/update-ca-certificates",)]


def test_a_realm_s_own_capath_is_offered_first_with_the_exact_edit():
    bench = TrustBench(domains=CORP)
    offer = bench.trust.from_file(bench.put("root/ca.cer", der(ROOT)))
    plan = bench.review(bench.trust.import_(offer))
    assert "capath" in plan.findings[0].text
    fix = plan.findings[0].fix
    target = f"/etc/pve/{NAME.removesuffix('.crt')}.pem"
    assert f"openssl x509 -inform der -in /root/ca.cer -out {target}" in fix
    assert f"pveum realm modify corp --capath {target} --verify 1" in fix


def test_without_a_directory_realm_nothing_is_said_of_a_capath(bench):
    plan = bench.review(bench.trust.import_(bench.trust.from_text(pem(ROOT).decode())))
    assert not any("capath)" in one.text for one in plan.findings)


def test_one_that_does_not_become_trusted_is_removed_again_at_once(bench):
    bench.host.update_does_nothing = True
    announced: list[Plan] = []
    offer = bench.trust.from_text(pem(ROOT).decode())
    plan = bench.review(bench.trust.import_(offer))
    done = bench.trust.apply(plan, on_roll_back=announced.append)
    assert not done.ok
    assert done.rolled_back is not None
    assert done.rolled_back.ok
    assert [one.title for one in announced] == ["take the import of a CA back"]
    assert bench.there() == []
    assert bench.host.asked[-1] == ("/usr/sbin/update-ca-certificates", "--fresh")
    assert [one.split()[0] for one in bench.journal.told].count("begin") == 2, "both are recorded"


def test_a_file_that_was_there_before_is_not_removed_by_taking_back(bench):
    bench.lay(NAME, pem(ROOT))
    bench.host.update_does_nothing = True
    offer = bench.trust.from_text(pem(ROOT).decode())
    done = bench.trust.apply(bench.review(bench.trust.import_(offer)))
    assert not done.ok
    assert bench.there() == [NAME]


def test_what_is_trusted_already_is_not_imported_twice(bench):
    assert imported(bench, pem(ROOT)).ok
    with pytest.raises(Refused, match="trusts Lab Root CA already"):
        imported(bench, pem(ROOT))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (pem(LEAF), "no CA's certificate"),
        (pem(certificate("Ended", ends=-1)), "It ended on"),
        (pem(ROOT) + key_pem("Lab Root CA"), "private key"),
        (b"hello", "no certificate"),
        (pem(INTER), "only with its root: CN=Lab Root CA"),
    ],
    ids=["leaf", "expired", "key", "garbage", "intermediate alone"],
)
def test_what_must_not_be_trusted_is_refused_and_nothing_written(bench, data, why):
    with pytest.raises(Refused, match=why):
        imported(bench, data)
    assert bench.there() == []


def test_a_plan_for_somebody_else_s_pick_is_refused_even_if_it_is_picked(bench):
    offer = bench.trust.from_text(pem(ROOT, LEAF).decode())
    with pytest.raises(Refused, match=r"dc1\.lab\.test: It is no CA"):
        bench.review(bench.trust.import_(offer, offer.picked([sha256(LEAF)])))


def test_more_than_a_mebibyte_is_not_read(bench):
    with pytest.raises(UsageError, match="larger than 1 MiB"):
        bench.trust.from_text("x" * (1024 * 1024 + 1))
    with pytest.raises(UsageError, match="no absolute path"):
        bench.trust.from_file("ca.pem")
    with pytest.raises(UsageError, match="Nothing was pasted"):
        bench.trust.from_text(" \n")


# --- list ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("der.crt", der(ROOT), "BAD It is DER, not PEM"),
        ("p7.crt", packed(ROOT), "BAD It is PKCS#7, PEM, not PEM"),
        ("x.crt", b"hello\n", "BAD It holds no certificate"),
        ("two.crt", pem(ROOT, OTHER), "BAD 2 certificates in one file"),
        ("leaf.crt", pem(LEAF), "LOOK It is no CA's certificate"),
        ("old.crt", pem(certificate("Ended", ends=-1)), "BAD It ended on"),
        ("ca.cer", pem(ROOT), "LOOK It is ignored"),
        ("key.crt", key_pem("Lab Root CA"), "BAD A private key lies here. Everybody"),
        ("both.crt", pem(ROOT) + key_pem("Lab Root CA"), "BAD A private key lies here. Everybody"),
    ],
)  # fmt: skip
def test_each_trap_of_update_ca_certificates_is_told(bench, name, data, told):
    bench.lay(name, data)
    bench.update()
    assert any(one.startswith(told) for one in bench.state(name)), bench.state(name)


def test_two_in_one_are_trusted_by_the_bundle_and_not_by_the_hashed_folder(bench):
    bench.lay("two.crt", pem(ROOT, OTHER))
    bench.update()
    stored = bench.trust.listed().at("two.crt")
    assert stored is not None
    assert stored.bundled == {sha256(ROOT), sha256(OTHER)}
    assert stored.hashed == frozenset()


def test_a_file_that_was_laid_there_and_no_more_is_told(bench):
    bench.lay("lab.crt", pem(ROOT))
    assert bench.state("lab.crt") == [
        "BAD It is not in the bundle: update-ca-certificates has not run since."
    ]
    bench.update()
    assert bench.state("lab.crt") == []


def test_a_certificate_whose_file_is_gone_is_told_until_it_is_made_anew(bench):
    shipped = pem(certificate("Shipped CA"))
    bench.put("usr/share/ca-certificates/mozilla/s.crt", shipped)
    bench.put("etc/ca-certificates.conf", b"# ours\nmozilla/s.crt\n!mozilla/not.crt\n")
    bench.put("etc/ssl/certs/ca-certificates.crt", shipped + pem(ROOT))
    assert [one.sha256 for one in bench.trust.listed().ghosts] == [sha256(ROOT)]
    bench.lay("lab.crt", pem(ROOT))
    assert bench.trust.listed().ghosts == ()


def test_files_in_folders_count_as_well(bench):
    bench.lay("ad/lab.crt", pem(ROOT))
    assert [one.name for one in bench.trust.listed().files] == ["ad/lab.crt"]


def test_an_unreadable_bundle_is_told_and_the_files_are_listed_all_the_same(bench):
    bench.lay("lab.crt", pem(ROOT))
    store = bench.trust.listed()
    assert "ca-certificates.crt cannot be read" in store.problem
    assert [one.name for one in store.files] == ["lab.crt"]


# --- remove ----------------------------------------------------------------------------------


def removed(bench: TrustBench, *names: str):
    intent = bench.trust.remove(names, bench.outlooks.fresh())
    return bench.trust.apply(bench.review(intent))


def test_a_removed_ca_is_trusted_by_neither_place(bench):
    assert imported(bench, pem(ROOT)).ok
    assert removed(bench, NAME).ok
    assert bench.there() == []
    store = bench.trust.listed()
    assert sha256(ROOT) not in store.trusted
    assert bench.host.asked[-1][:2] == ("/usr/sbin/update-ca-certificates", "--fresh")


def test_what_another_file_holds_as_well_stays_trusted_and_is_said_to(bench):
    assert imported(bench, pem(ROOT)).ok
    bench.lay("again.crt", pem(ROOT))
    intent = bench.trust.remove([NAME], bench.outlooks.fresh())
    plan = bench.review(intent)
    assert "stays trusted: again.crt has it, too" in [one.text for one in plan.changes]
    assert bench.trust.apply(plan).ok
    assert sha256(ROOT) in bench.trust.listed().trusted


def test_of_several_each_has_to_be_gone(bench):
    assert imported(bench, pem(ROOT) + pem(OTHER)).ok
    names = [one.name for one in bench.trust.listed().files]
    plan = bench.review(bench.trust.remove(names, bench.outlooks.fresh()))
    goals = {one.goal.sha256 for one in plan.steps if isinstance(one, HostStep)}
    assert goals == {sha256(ROOT), sha256(OTHER)}
    assert bench.trust.apply(plan).ok


def test_a_file_s_name_runs_nothing_on_the_other_nodes(monkeypatch):
    """Such lines are copied, and run by two shells."""
    monkeypatch.setattr(elsewhere, "other_nodes", lambda snapshot: ("pve2",))
    (line,) = elsewhere.removal_lines(TrustBench().outlooks.fresh().snapshot, ["x; reboot #.crt"])
    words = shlex.split(shlex.split(line)[-1])
    folder = "/usr/local/share/ca-certificates"
    assert words[:5] == ["rm", "-f", "--", f"{folder}/x; reboot #.crt", "&&"]


def test_a_file_that_is_not_there_is_refused(bench):
    with pytest.raises(UsageError, match="There is no file"):
        removed(bench, "nothing.crt")


def test_a_file_that_was_changed_since_stays(bench):
    assert imported(bench, pem(ROOT)).ok
    plan = bench.review(bench.trust.remove([NAME], bench.outlooks.fresh()))
    bench.lay(NAME, pem(OTHER))
    assert not bench.trust.apply(plan).ok
    assert bench.there() == [NAME]


def test_realms_that_rely_on_it_are_named_before_it_goes():
    bench = TrustBench(domains=CORP)
    assert imported(bench, pem(ROOT)).ok
    chain = (good("dc1.example.com", issuer="CN=Lab Root CA,O=Lab"),)
    bench.directories.hosts["dc1.example.com"] = Host(chain=chain)
    plan = bench.review(bench.trust.remove([NAME], bench.outlooks.fresh()))
    worst = plan.findings[0]
    assert (worst.word, "Realm corp relies on it" in worst.text) == ("BAD", True)
    assert not any("own" in one.text for one in plan.findings), "it has a capath of its own"


def test_a_realm_whose_server_is_silent_is_said_to_be_unknown():
    bench = TrustBench(domains=CORP)
    assert imported(bench, pem(ROOT)).ok
    silent = Host(handshake=trouble(Cause.SILENT))
    bench.directories.hosts["dc1.example.com"] = silent
    plan = bench.review(bench.trust.remove([NAME], bench.outlooks.fresh()))
    assert any("corp" in one.text and "not known" in one.text for one in plan.findings)


# --- check -----------------------------------------------------------------------------------


def test_all_controllers_of_a_domain_are_asked_in_both_ways(bench):
    bench.directories.controllers = (
        ServiceRecord("dc1.example.com.", 389), ServiceRecord("dc2.example.com.", 389),
    )  # fmt: skip
    chain = (good(),)
    for name in ("dc1.example.com", "dc2.example.com"):
        bench.directories.hosts[name] = Host(chain=chain)
    check = bench.trust.check("example.com")
    assert check.domain
    assert [(one.host, one.way, one.code) for one in check.checks] == [
        ("dc1.example.com", Way.STARTTLS, 0), ("dc1.example.com", Way.LDAPS, 0),
        ("dc2.example.com", Way.STARTTLS, 0), ("dc2.example.com", Way.LDAPS, 0),
    ]  # fmt: skip
    assert check.worst == "ok"
    assert bench.directories.binds == [], "no password is sent"


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (20, Cause.CERT_UNTRUSTED),
        (62, Cause.CERT_OTHER_NAME),
        (10, Cause.CERT_EXPIRED),
        (64, Cause.CERT_OTHER_ADDRESS),
    ],
)
def test_the_verify_code_is_told_as_it_is(bench, code, cause):
    bench.directories.controllers = ()
    bench.directories.hosts["dc1"] = Host(chain=(good(),), code=code, reason="why")
    first = bench.trust.check("dc1").checks[0]
    assert (first.word, first.code, first.cause) == ("BAD", code, cause)
    assert first.means


def test_an_untrusted_root_is_offered_only_where_the_server_sends_it(bench):
    bench.directories.controllers = ()
    own = good(issuer="CN=Corp Root")
    root = good(subject="CN=Corp Root", self_signed=True, is_ca=True, sha256="cd" * 32)
    bench.directories.hosts["dc1"] = Host(chain=(own, root), code=19, reason="in chain")
    bench.directories.hosts["dc2"] = Host(chain=(own,), code=20, reason="no issuer")
    sent, not_sent = bench.trust.check("dc1"), bench.trust.check("dc2")
    assert [one.sha256 for one in sent.roots] == ["cd" * 32]
    assert not_sent.roots == ()
    assert not_sent.checks[0].lacks == "CN=Corp Root"


def test_a_server_without_tls_is_no_trust_problem_and_told_so(bench):
    bench.directories.controllers = ()
    bench.directories.hosts["dc1"] = Host(handshake=trouble(Cause.STARTTLS_NOT_OFFERED))
    first = bench.trust.check("dc1").checks[0]
    assert (first.word, first.code, first.cause) == ("BAD", None, Cause.STARTTLS_NOT_OFFERED)


def test_a_check_can_be_stopped_between_two_ways(bench):
    bench.directories.controllers = ()
    bench.directories.hosts["dc1"] = Host(chain=(good(),))
    seen: list[object] = []
    check = bench.trust.check("dc1", on_check=seen.append, stopped=lambda: bool(seen))
    assert check.stopped
    assert len(check.checks) == 1


@pytest.mark.parametrize("name", ["", "a b", "ldap://dc1", "ann@example.com"])
def test_what_is_no_name_is_not_looked_for(bench, name):
    with pytest.raises(UsageError):
        bench.trust.check(name)
    assert bench.directories.log == []


# --- elsewhere -------------------------------------------------------------------------------


def test_from_another_computer_servers_can_be_checked_and_nothing_else(bench):
    far = TrustService(
        None, bench.directories, bench.plans, bench.outlooks, clock=bench.clock,
        read_certificates=lambda data: pytest.fail("nothing is read"),
    )  # fmt: skip
    bench.directories.controllers = ()
    bench.directories.hosts["dc1"] = Host(chain=(good(),))
    assert far.check("dc1").worst == "ok"
    assert far.why_not()
    for refused in (far.listed, lambda: far.from_file("/x"), lambda: far.from_text("x")):
        with pytest.raises(Refused, match="on the node itself only"):
            refused()


def test_the_expected_file_is_what_was_looked_at(bench):
    """A plan says which bytes it removes: those, and no others."""
    assert imported(bench, pem(ROOT)).ok
    plan = bench.review(bench.trust.remove([NAME], bench.outlooks.fresh()))
    file = next(step for step in plan.steps if isinstance(step, HostFile))
    assert file.expected == hashlib.sha256(pem(ROOT)).hexdigest()
