"""Authenticator apps: what PVE can check, what fits a screen, what a wrong code says."""

import json

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core import totp as rules
from pve_auth_tui.core.otpauth import BadUri, Totp, parse
from pve_auth_tui.core.qrsize import ROWS, fits_screen, qr_rows, qr_side
from pve_auth_tui.core.snapshot import Cluster
from pve_auth_tui.core.tfaconfig import TfaEntry
from pve_auth_tui.core.tfafile import NEVER_USED
from tests.core.recorded import GOLDEN

KEY = b"12345678901234567890"
BASE32 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
CASES = json.loads((GOLDEN / "tfa/totp.json").read_text())["cases"]
ADDED = [case for case in CASES if case["kind"] == "add"]
LONG = "svc-prometheus-node-and-blackbox-exporters-of-the-lab-racks@corp"

names = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=64)
entries = st.builds(
    Totp,
    secret=st.binary(min_size=20, max_size=20),
    account=names,
    issuer=names,
    digits=st.sampled_from(rules.DIGITS),
    algorithm=st.sampled_from(("SHA1", "SHA256", "SHA512")),
    period=st.integers(rules.SHORTEST, rules.LONGEST),
)


# --- limits -----------------------------------------------------------------------------


@pytest.mark.parametrize("digits", [6, 7, 8])
@pytest.mark.parametrize("period", [10, 30, 120])
@pytest.mark.parametrize("algorithm", ["SHA1", "SHA256", "SHA512"])
def test_what_pve_and_apps_agree_on_is_no_problem(digits, period, algorithm):
    assert rules.problem(Totp(KEY, "a", None, digits, algorithm, period)) == ""


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (Totp(b"", "a"), "no secret"),
        (Totp(KEY, "a", digits=5), "can be guessed"),
        (Totp(KEY, "a", digits=9), "few apps"),
        (Totp(KEY, "a", digits=10), "other codes than every phone"),
        (Totp(KEY, "a", period=0), "crashes"),
        (Totp(KEY, "a", period=9), "nobody types"),
        (Totp(KEY, "a", period=121), "whoever saw it"),
        (Totp(KEY, "a", algorithm="MD5"), "SHA1, SHA256 or SHA512"),
    ],
)
def test_what_is_beyond_the_limits_is_refused_with_the_reason(entry, why):
    assert why in rules.problem(entry)
    assert rules.problem(entry).endswith(".")


@pytest.mark.parametrize(
    ("text", "why"),
    [("", "needed"), (" \t", "needed"), ("x" * 256, "255"), ("a\x1bb", "cannot be shown")],
)
def test_a_description_is_needed_and_has_a_limit(text, why):
    assert why in rules.description_problem(text)
    assert rules.description_problem("Ann's phone") == ""
    assert rules.description_problem("x" * 255) == ""


# --- as PVE was recorded ----------------------------------------------------------------


def refused_by_us(case):
    """The first sentence that stands against a recorded request, or ""."""
    request = case["request"]
    if "totp" not in request or "challenge" in request:
        return "no such call is made"
    if problem := rules.description_problem(request.get("description", "")):
        return problem
    try:
        entry = parse(request["totp"])
    except BadUri:
        return "PVE takes no such URI."
    return rules.problem(entry) or rules.code_problem(request.get("value", ""), entry.digits)


@pytest.mark.parametrize("case", ADDED, ids=lambda case: case["name"])
def test_what_pve_refuses_is_refused_earlier(case):
    wrong_time = case["name"].startswith(("add-offset", "add-window"))
    if "error" in case["result"] and not wrong_time:
        problem = refused_by_us(case)
        assert problem
        secret = case["request"].get("totp", "").rpartition("secret=")[2].partition("&")[0]
        assert not secret or secret not in problem
    elif refused_by_us(case):
        parsed = parse(case["request"]["totp"])
        outside = parsed.digits not in rules.DIGITS or not 10 <= parsed.period <= 120
        assert outside


def test_the_recordings_hold_what_these_tests_need():
    assert sum("error" in case["result"] for case in ADDED) > 25
    assert sum("error" not in case["result"] for case in ADDED) > 30


# --- codes ------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["123 456", " 123456\n", "123\u00a0456", "1 2 3 4 5 6"])
def test_blanks_do_not_count_in_a_code(typed):
    assert rules.cleaned(typed) == "123456"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("", "shows now"),
        ("12345a", "digits only"),
        ("+12345", "digits only"),
        ("١٢٣٤٥٦", "digits only"),
        ("12345", "has 6 digits; this has 5"),
        ("1234567", "has 6 digits; this has 7"),
    ],
)
def test_what_cannot_be_a_code_is_told_in_one_sentence(code, why):
    problem = rules.code_problem(code, 6)
    assert why in problem
    assert problem.count(".") == 1


@pytest.mark.parametrize(
    ("steps", "period", "words"),
    [
        (0, 30, ""),
        (-3, 30, "your phone is 90 s behind, or this node's clock is ahead"),
        (1, 30, "your phone is 30 s ahead, or this node's clock is behind"),
        (4, 30, "your phone is 120 s ahead, or this node's clock is behind"),
        (-20, 30, "your phone is 10 min behind, or this node's clock is ahead"),
        (20, 120, "your phone is 40 min ahead, or this node's clock is behind"),
    ],
)
def test_an_offset_is_told_for_both_clocks(steps, period, words):
    assert rules.offset_words(steps, period) == words


def test_a_code_is_good_until_the_period_after_the_next_begins():
    entry = Totp(KEY, "a")
    assert rules.good_until(entry, 0, 1000.0) == 1050.0  # its own ends at 1020
    assert rules.good_until(entry, -1, 1000.0) == 1020.0
    assert rules.good_until(entry, 1, 1000.0) == 1080.0


# --- what is stored ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "last"),
    [
        (f"otpauth://totp/a?secret={BASE32}", NEVER_USED),
        ({"totp": f"otpauth://totp/a?secret={BASE32}", "last-count": 59843377}, 59843377),
    ],
)
def test_a_stored_entry_tells_its_secret_and_what_was_used(data, last):
    assert rules.stored(TfaEntry("1", "totp", data=data)) == (Totp(KEY, "a"), last)


@pytest.mark.parametrize(
    "entry",
    [
        TfaEntry("1", "totp"),
        TfaEntry("1", "totp", data="otpauth://totp/a"),
        TfaEntry("1", "yubico", data="cccccccccccc"),
    ],
)
def test_what_holds_no_secret_tells_none(entry):
    assert rules.stored(entry) is None


# --- URIs -------------------------------------------------------------------------------


@given(entries, st.booleans())
def test_pve_reads_from_a_lean_uri_what_was_meant(entry, prefix):
    assert parse(rules.lean_uri(entry, prefix=prefix)) == entry
    assert parse(parse(rules.lean_uri(entry)).uri()) == entry  # as PVE writes it back


@given(entries, st.booleans())
def test_another_reader_reads_the_same(entry, prefix):
    read = pyotp.parse_uri(rules.lean_uri(entry, prefix=prefix))
    assert isinstance(read, pyotp.TOTP)
    assert (read.secret, read.name, read.issuer) == (
        rules.base32(entry.secret), entry.account, entry.issuer
    )  # fmt: skip
    assert (read.digits, read.interval, read.digest().name) == (
        entry.digits, entry.period, entry.algorithm.lower()
    )  # fmt: skip


def test_an_entry_without_an_issuer_has_none_in_its_uri():
    assert rules.lean_uri(Totp(KEY, "a:b@pve")) == f"otpauth://totp/a%3Ab%40pve?secret={BASE32}"
    assert all("issuer" not in uri for uri in rules.candidates(Totp(KEY, "a")))


def test_defaults_are_left_out():
    assert rules.lean_uri(Totp(KEY, "root@pam", "R 1")) == (
        f"otpauth://totp/R%201:root%40pam?secret={BASE32}&issuer=R%201"
    )


@pytest.mark.parametrize(
    ("cluster", "issuer"),
    [
        (Cluster("pve1", "rack", True), "Proxmox VE - rack"),
        (Cluster("pve1", None, True), "Proxmox VE - pve1"),
        (Cluster("", None, None), "Proxmox VE"),
        (None, "Proxmox VE"),
    ],
)
def test_the_issuer_is_named_as_in_the_web_interface(cluster, issuer):
    assert rules.issuer_of(cluster) == issuer


def test_a_secret_is_typed_in_groups_of_four():
    assert rules.grouped(BASE32) == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"
    assert rules.grouped("ABCDE") == "ABCD E"


# --- QR codes ---------------------------------------------------------------------------


def drawn_side(text):
    """Modules along a side, as the library draws it."""
    from qrcode.constants import ERROR_CORRECT_L
    from qrcode.main import QRCode

    code = QRCode(error_correction=ERROR_CORRECT_L, border=0)
    code.add_data(text)
    code.best_fit()
    return 17 + 4 * code.version


@given(entries)
def test_the_size_of_a_qr_code_is_known_before_it_is_drawn(entry):
    for uri in rules.candidates(entry):
        assert qr_side(uri) == drawn_side(uri)


@given(st.text(st.sampled_from("0123456789ABCDEFGH $%*+-./:abcä"), min_size=21, max_size=1500))
def test_the_size_is_right_for_any_longer_text(text):
    assert qr_side(text) == drawn_side(text)


def test_what_no_qr_code_holds_fits_nowhere():
    assert qr_side("x" * 2953) == 177
    assert qr_side("x" * 2954) == 0
    assert not fits_screen("x" * 2954)


@given(entries)
def test_for_every_user_one_fits_the_screen_and_it_is_the_first_that_does(entry):
    uris = list(rules.candidates(entry))
    chosen = rules.fit(uris, fits_screen)
    assert qr_rows(chosen) <= ROWS
    before = uris[: uris.index(chosen)]
    assert all(qr_rows(uri) > ROWS for uri in before)
    assert parse(chosen).secret == entry.secret
    assert rules.problem(parse(chosen)) == rules.problem(entry)


def test_the_parts_that_say_least_go_first():
    uris = [parse(uri) for uri in rules.candidates(Totp(KEY, LONG, "Proxmox VE - pve1.x.org"))]
    issuers = [entry.issuer for entry in uris]
    assert issuers == [*["Proxmox VE - pve1.x.org"] * 2, *["PVE pve1"] * 4, None]
    assert [entry.account for entry in uris[:3]] == [LONG] * 3
    lengths = [len(entry.account) for entry in uris]
    assert lengths == sorted(lengths, reverse=True)
    assert all(LONG.startswith(entry.account) for entry in uris)


def test_nothing_is_chosen_where_nothing_fits():
    assert rules.fit(["a", "b"], lambda uri: False) == ""
