"""WebAuthn's settings: which work, under which address, what to propose, what a change breaks."""

from dataclasses import replace

import pytest

from pve_auth_tui.core import weburl
from pve_auth_tui.core.proofs import How, Mark
from pve_auth_tui.core.publicsuffix import is_known_suffix
from pve_auth_tui.core.snapshot import Datacenter
from pve_auth_tui.core.webauthnremarks import Known, proposal_for, remarks_on, survey
from pve_auth_tui.core.webauthnsettings import (
    Fault,
    Settings,
    Unfit,
    broken_by,
    client_origin,
    elsewhere,
    propose,
    reach,
    require_usable,
    revived_by,
    settings_findings,
    settings_of,
    urls_of,
)
from pve_auth_tui.simnode.tfa.settings import BadSettings, read
from tests.core.pictures import NOW, factor, factors, part, picture

HOST = "pve1.example.com:8006"
NAMES = {"pve1": "pve1.example.com", "pve2": "pve2.example.com"}
CLUSTER = Settings("Rack", "example.com", "https://example.com:8006")


def with_settings(values, *lines, tfa=()):
    options = {} if values is None else {"webauthn": values}
    return picture(*lines, tfa=tfa, datacenter=Datacenter(options))


def fault(settings, host=HOST):
    with pytest.raises(Unfit) as caught:
        client_origin(settings, host)
    assert str(caught.value).endswith(".")
    assert caught.value.hint.endswith(".")
    return caught.value.fault


# --- what is set -----------------------------------------------------------------------------


def test_subdomains_are_allowed_unless_the_line_says_no():
    def of(**more):
        return settings_of(with_settings({"rp": "Rack", "id": "example.com", **more}))

    assert of() == Settings("Rack", "example.com")
    assert of(**{"allow-subdomains": "1"}) == Settings("Rack", "example.com")
    assert of(**{"allow-subdomains": "0"}) == Settings("Rack", "example.com", "", False)
    assert of(origin="https://x.example.com").origin == "https://x.example.com"


def test_no_line_is_no_settings_and_half_a_line_is_half_of_them():
    assert settings_of(with_settings(None)) is None
    assert settings_of(with_settings({"rp": "Rack"})) == Settings("Rack", "")
    assert settings_of(replace(picture(), datacenter=part(None, "unreadable"))) is None


# --- what a browser writes -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origin", "written"),
    [
        ("", "https://pve1.example.com:8006"),
        ("https://pve1.example.com:8006", "https://pve1.example.com:8006"),
        ("https://PVE1.Example.COM:08006/some/path?x#y", "https://pve1.example.com:8006"),
        ("https://example.com:443/", "https://example.com"),
        ("https://example.com", "https://example.com"),
    ],
)
def test_the_origin_is_written_as_browsers_write_it_and_pve_takes_that(origin, written):
    settings = Settings("Rack", "example.com", origin)
    assert client_origin(settings, HOST) == written
    values = {"rp": "Rack", "id": "example.com", "origin": origin or f"https://{HOST}"}
    pves = read(values)
    assert pves.fits
    assert pves.allows(weburl.parse(written))


@pytest.mark.parametrize(
    ("settings", "host", "expected"),
    [
        (None, HOST, Fault.UNSET),
        (Settings("", "example.com"), HOST, Fault.INCOMPLETE),
        (Settings("Rack", ""), HOST, Fault.INCOMPLETE),
        (Settings("Rack", "example.com"), "", Fault.NO_HOST),
        (Settings("Rack", "https://example.com"), HOST, Fault.ID_FORM),
        (Settings("Rack", "example.com:8006"), HOST, Fault.ID_FORM),
        (Settings("Rack", "example.com/x"), HOST, Fault.ID_FORM),
        (Settings("Rack", "exa mple.com"), HOST, Fault.ID_FORM),
        (Settings("Rack", "m\u00fcnchen.example"), HOST, Fault.ID_FORM),
        (Settings("Rack", "Example.com"), HOST, Fault.ID_CASE),
        (Settings("Rack", "192.0.2.21"), HOST, Fault.ADDRESS),
        (Settings("Rack", "2001:db8::1"), HOST, Fault.ADDRESS),
        (Settings("Rack", "[2001:db8::1]"), HOST, Fault.ADDRESS),
        (Settings("Rack", "example.com"), "192.0.2.21:8006", Fault.ADDRESS),
        (Settings("Rack", "example.com"), "[2001:db8::1]:8006", Fault.ADDRESS),
        (Settings("Rack", "example.com", "https://192.0.2.21:8006"), HOST, Fault.ADDRESS),
        (Settings("Rack", "example.com", "http://example.com:8006"), HOST, Fault.HTTP),
        (Settings("Rack", "example.com", "example.com"), HOST, Fault.ORIGIN),
        (Settings("Rack", "example.com", "ftp://example.com"), HOST, Fault.ORIGIN),
        (Settings("Rack", "example.com", "https://example.com:99999"), HOST, Fault.ORIGIN),
        (Settings("Rack", "example.com", "https://example.net"), HOST, Fault.MISMATCH),
        (Settings("Rack", "example.com", "https://evilexample.com"), HOST, Fault.MISMATCH),
        (Settings("Rack", "pve2.example.com"), HOST, Fault.MISMATCH),
        (Settings("Rack", "com"), HOST, Fault.SUFFIX),
        (Settings("Rack", "lan"), "pve1.lan:8006", Fault.SUFFIX),
        (Settings("Rack", "co.uk"), "pve1.co.uk:8006", Fault.SUFFIX),
        (Settings("Rack", "co.uk", "https://co.uk:8006"), HOST, Fault.SUFFIX),
    ],
)
def test_settings_that_cannot_work_say_why_and_what_to_do(settings, host, expected):
    assert fault(settings, host) is expected


@pytest.mark.parametrize(
    "settings",
    [
        Settings("Rack", "example.com", "http://example.com:8006"),
        Settings("Rack", "lan", "https://pve1.lan:8006"),
        Settings("Rack", "co.uk", "https://pve1.co.uk:8006"),
    ],
)
def test_what_only_browsers_refuse_is_told_as_that_and_pve_takes_it(settings):
    with pytest.raises(Unfit) as caught:
        require_usable(settings)
    assert not caught.value.by_pve
    assert read({"rp": "Rack", "id": settings.id, "origin": settings.origin}).fits


@pytest.mark.parametrize(
    "values",
    [
        {"rp": "Rack", "id": "Example.com", "origin": "https://example.com"},
        {"rp": "Rack", "id": "192.0.2.21", "origin": "https://192.0.2.21:8006"},
        {"rp": "Rack", "id": "example.com", "origin": "https://example.net"},
        {"rp": "Rack", "id": "example.com:8006", "origin": "https://example.com:8006"},
        {"rp": "Rack", "id": "example.com", "origin": "example.com"},
        {"rp": "Rack"},
    ],
)
def test_what_pve_refuses_is_told_as_that(values):
    settings = Settings(values.get("rp", ""), values.get("id", ""), values.get("origin", ""))
    with pytest.raises(Unfit) as caught:
        require_usable(settings)
    assert caught.value.by_pve
    try:
        fits = read(values).fits
    except BadSettings:
        fits = False
    assert not fits


def test_a_bare_name_works_as_the_whole_name_of_a_host():
    assert client_origin(Settings("Rack", "pve"), "pve:8006") == "https://pve:8006"
    assert client_origin(Settings("x", "localhost", "http://localhost:8006"), "")


def test_another_list_of_public_suffixes_can_be_asked():
    private = Settings("Rack", "github.io", "https://pve1.github.io")
    assert client_origin(private, HOST) == "https://pve1.github.io"
    with pytest.raises(Unfit, match=r"Browsers refuse github\.io"):
        client_origin(private, HOST, is_suffix=lambda name: name == "github.io")


def test_every_suffix_that_is_known_here_stands_in_the_whole_list():
    from fido2.rpid import verify_rp_id

    from pve_auth_tui.core.publicsuffix import _KNOWN

    assert len(_KNOWN) > 150
    assert [name for name in _KNOWN if verify_rp_id(name, f"https://x.{name}")] == []
    assert not is_known_suffix("example.com")


# --- where browsers can use keys -------------------------------------------------------------

ADDRESSES = urls_of(["pve1.example.com", "pve1", "192.0.2.21", "2001:db8::21"])


def told(settings, *urls):
    return [(one.ok, one.why) for one in reach(settings, urls)]


def test_without_an_origin_every_name_below_the_id_works_on_any_port():
    settings = Settings("Rack", "example.com")
    assert [one.ok for one in reach(settings, ADDRESSES)] == [True, False, False, False]
    assert ADDRESSES[-1] == "https://[2001:db8::21]:8006"
    assert told(settings, "https://pve1.example.com") == [(True, "the origin follows the address")]
    assert told(settings, "https://pve1.example.net:8006") == [
        (False, "the name is not example.com or below it")
    ]
    assert told(settings, "https://notexample.com:8006")[0][0] is False


def test_a_fixed_origin_fixes_the_port_too():
    assert told(CLUSTER, "https://example.com:8006", "https://pve1.example.com:08006") == [
        (True, "it is the origin"),
        (True, "a subdomain of example.com"),
    ]
    assert told(CLUSTER, "https://pve1.example.com", "http://pve1.example.com:8006") == [
        (False, "the origin has port 8006"),
        (False, "browsers use keys on https:// pages alone"),
    ]
    alone = replace(CLUSTER, allow_subdomains=False)
    assert told(alone, "https://pve1.example.com:8006") == [
        (False, "the origin is example.com, and subdomains are not allowed")
    ]


def test_an_origin_below_the_id_keeps_its_neighbours_out():
    settings = Settings("Rack", "example.com", "https://pve1.example.com:8006")
    assert told(settings, "https://pve1.example.com:8006", "https://pve2.example.com:8006") == [
        (True, "it is the origin"),
        (False, "the origin is pve1.example.com, and the name is not below it"),
    ]
    assert told(settings, "https://my-pve1.example.com:8006") == [
        (True, "only because PVE compares ends: it is not below pve1.example.com")
    ]


def test_settings_that_cannot_work_reach_nothing():
    for settings in (Settings("", ""), Settings("Rack", "lan"), Settings("Rack", "Example.com")):
        found = reach(settings, ("https://pve1.lan:8006", "https://pve1.example.com:8006"))
        assert not any(one.ok for one in found)
        assert all(one.why and not one.why.endswith(".") for one in found)
    assert told(CLUSTER, "no address")[0][0] is False


@pytest.mark.parametrize("origin", ["", "https://example.com:8006", "https://pve1.example.com"])
@pytest.mark.parametrize("allowed", [True, False])
def test_pve_agrees_wherever_a_browser_could_ask(origin, allowed):
    settings = Settings("Rack", "example.com", origin, allowed)
    for host in ("example.com", "pve1.example.com", "x.pve1.example.com", "my-pve1.example.com"):
        for port in ("", ":8006", ":443", ":9"):
            url = f"https://{host}{port}"
            values = {"rp": "Rack", "id": "example.com", "origin": origin or url}
            pves = read(values | ({} if allowed else {"allow-subdomains": "0"}))
            (found,) = reach(settings, (url,))
            assert found.ok == pves.allows(weburl.parse(url)), (found, settings)


# --- proposals -------------------------------------------------------------------------------


def proposed(*names, **more):
    found = propose({f"pve{number}": name for number, name in enumerate(names, 1)}, **more)
    return found.settings and found.settings.id, found.left


@pytest.mark.parametrize(
    ("names", "ident", "left"),
    [
        (("pve1.example.com",), "pve1.example.com", ()),
        (("pve1.example.com", "pve2.example.com"), "example.com", ()),
        (("a.dc1.example.com", "b.dc2.example.com"), "example.com", ()),
        (("example.com", "pve2.example.com"), "example.com", ()),
        (("PVE1.Example.com.", "pve2.example.COM"), "example.com", ()),
        (("pve1.example.com", "pve2.example.net"), "pve1.example.com", ("pve2",)),
        (("pve1.co.uk", "pve2.co.uk"), "pve1.co.uk", ("pve2",)),
        (("pve1.lan", "pve2.lan"), "pve1.lan", ("pve2",)),
        (("pve1.home.lan", "pve2.home.lan"), "home.lan", ()),
        (("pve",), "pve", ()),
        (("pve1", "pve2"), "pve1", ("pve2",)),
        (("pve1.example.com", "pve2"), "example.com", ("pve2",)),
        (("192.0.2.21",), None, ("pve1",)),
        (("192.0.2.21", "2001:db8::1"), None, ("pve1", "pve2")),
        (("192.0.2.21", "pve2.example.com"), "example.com", ("pve1",)),
        (("localhost", "localhost.localdomain"), None, ("pve1", "pve2")),
        (("no host,name", "*.example.com"), None, ("pve1", "pve2")),
    ],
)
def test_the_domain_above_all_nodes_is_proposed_or_one_node_or_nothing(names, ident, left):
    assert proposed(*names) == (ident, left)


def test_what_is_proposed_works_at_every_node_that_is_not_left_out():
    for names in (("a.dc1.example.com", "b.dc2.example.com"), ("pve1.lan", "pve2.lan"), ("pve",)):
        found = propose({name: name for name in names})
        require_usable(found.settings)
        works = [one.ok for one in reach(found.settings, urls_of(names))]
        assert works == [name not in found.left for name in names]
        assert found.settings.origin == f"https://{found.settings.id}:8006"


def test_the_reason_is_part_of_it():
    def why(*names, **more):
        return propose({f"pve{n}": name for n, name in enumerate(names, 1)}, **more).why

    assert why("pve1.example.com", "pve2.example.com") == (
        "example.com stands above the names of all nodes: one key works at each of them, on port "
        "8006. It need not resolve."
    )
    assert "At pve2 it does if" in why("pve1.example.com", "pve2")
    assert "share only co.uk, a public suffix" in why("pve1.co.uk", "pve2.co.uk")
    assert "share nothing but lan" in why("pve1.lan", "pve2.lan")
    assert "no domain in common, so keys work at pve2 alone" in why(
        "pve1.example.com", "pve2.example.net", here="pve2"
    )
    assert "the ID is its whole name" in why("pve")
    assert "neither they nor PVE take addresses" in why("192.0.2.21")


def test_what_is_set_stays_as_far_as_it_works():
    assert propose(NAMES, now=CLUSTER).settings == CLUSTER
    loose = Settings("Rack", "example.com")
    assert propose(NAMES, now=loose).settings == loose
    wrong_port = Settings("Rack", "example.com", "https://example.com")
    found = propose(NAMES, now=wrong_port)
    assert found.settings == CLUSTER
    assert found.why.startswith("The ID stays")
    narrow = Settings("Rack", "pve1.example.com")
    assert propose(NAMES, now=narrow).settings == CLUSTER
    assert propose(NAMES, now=Settings("", "example.com")).settings.rp == "example.com"
    assert propose({"pve1": "192.0.2.21"}, now=CLUSTER).settings is None


# --- keys ------------------------------------------------------------------------------------

KEYS = [
    factors("ann@pve", factor("webauthn", "blue"), factor("totp", "phone")),
    factors("bob@pve", factor("webauthn", "spare", enable=False)),
]


def kept(*marks, values=("Rack", "example.com")):
    made = with_settings({"rp": values[0], "id": values[1]}, tfa=KEYS)
    noted = {
        (userid, entry): Mark(userid, entry, How.LOGIN, NOW, "pve1", ident)
        for userid, entry, ident in marks
    }
    return replace(made, proofs=noted)


def names(keys):
    return [(one.userid, one.description, one.enable, one.seen) for one in keys]


def test_another_id_breaks_every_key_disabled_ones_too():
    assert names(broken_by(kept(), Settings("Rack", "example.net"))) == [
        ("ann@pve", "blue", True, ""),
        ("bob@pve", "spare", False, ""),
    ]
    assert len(broken_by(kept(), None)) == 2
    assert len(broken_by(kept(), Settings("", "example.com"))) == 2


def test_another_name_or_origin_breaks_none():
    assert broken_by(kept(), Settings("Other", "example.com", "https://example.com", False)) == ()
    assert broken_by(with_settings(None, tfa=KEYS), CLUSTER) == ()
    assert broken_by(kept(values=("", "example.com")), Settings("Rack", "x.net")) == ()


def test_a_key_that_was_seen_under_the_new_id_comes_back_instead():
    before = kept(("ann@pve", "webauthn-blue", "example.net"))
    wanted = Settings("Rack", "example.net")
    assert names(broken_by(before, wanted)) == [("bob@pve", "spare", False, "")]
    assert names(revived_by(before, wanted)) == [("ann@pve", "blue", True, "example.net")]
    assert names(elsewhere(before)) == [("ann@pve", "blue", True, "example.net")]
    assert revived_by(before, CLUSTER) == ()


# --- findings --------------------------------------------------------------------------------


def found(snapshot, names=NAMES, host=HOST):
    return [f"{one.word} {one.text}" for one in settings_findings(snapshot, host, names)]


def test_settings_that_serve_everybody_need_no_look():
    loose = with_settings({"rp": "Rack", "id": "example.com"}, tfa=KEYS)
    assert found(loose) == [
        "- No origin is set: pvesh on a node cannot add any second factor, not even TOTP"
    ]
    fixed = with_settings(
        {"rp": "R", "id": "example.com", "origin": "https://example.com:8006"}, tfa=KEYS
    )
    assert found(fixed) == [
        "- With subdomains allowed, PVE also takes names that only end alike, such as "
        "evilexample.com"
    ]


def test_unusable_settings_are_bad_where_somebody_has_a_key():
    assert found(with_settings(None)) == ["- WebAuthn is not set up for this datacenter"]
    assert found(with_settings({"rp": "Rack"})) == ["LOOK The WebAuthn settings lack an ID (id)"]
    assert found(with_settings({"rp": "Rack"}, tfa=KEYS)) == [
        "BAD The WebAuthn settings lack an ID (id). So 1 security key of ann@pve fails"
    ]
    suffix = with_settings(
        {"rp": "R", "id": "lan", "origin": "https://pve1.lan:8006"}, tfa=KEYS[:1]
    )
    assert found(suffix)[0].endswith("So 1 security key of ann@pve fails in a browser")
    assert found(replace(picture(), datacenter=part(None, "unreadable"))) == []


def test_nodes_at_which_keys_do_not_work_are_named():
    made = with_settings({"rp": "Rack", "id": "pve1.example.com"})
    first = settings_findings(made, HOST, NAMES)[0]
    assert first.text == "Security keys do not work in a browser at pve2"
    assert first.fix == (
        "https://pve2.example.com:8006: the name is not pve1.example.com or below it."
    )
    assert found(made, {}, "192.0.2.21:8006")[0].startswith("LOOK Not from here: ")


def test_keys_of_another_id_are_bad():
    made = kept(("ann@pve", "webauthn-blue", "old.example"))
    assert found(made)[0] == (
        "BAD 1 security key of ann@pve was enrolled under the ID old.example, which is another "
        "one now"
    )


# --- for a form and a command ----------------------------------------------------------------

KNOWN = Known(NAMES, ("pve1", "192.0.2.21"), HOST)


def remarks(settings, snapshot):
    return [
        " ".join(filter(None, (one.word, one.heading, one.text)))
        for one in remarks_on(settings, snapshot, KNOWN, NOW)
    ]


def test_a_form_hears_what_comes_of_its_answers():
    made = with_settings({"rp": "Rack", "id": "example.com"}, tfa=KEYS[:1])
    assert remarks(Settings("Rack", "example.com"), made) == [
        "These are today's settings: nothing is changed yet.",
        "ok Browser https://pve1.example.com:8006 and https://pve2.example.com:8006: the origin "
        "follows the address",
        "not at https://pve1:8006 and https://192.0.2.21:8006",
        "Browsers also want a certificate there that they trust.",
        "Proposal What is set works under the names of all nodes.",
    ]
    other = remarks(Settings("Rack", "pve1.example.com"), made)
    assert "BAD Lost keys ann@pve (blue)" in other
    assert other[0].startswith("BAD 1 security key of ann@pve stops working: made for the ID")
    assert "ok Browser https://pve1.example.com:8006: the origin follows the address" in other
    assert (
        "LOOK https://pve2.example.com:8006: the name is not pve1.example.com or below it" in other
    )
    assert remarks(Settings("Rack", "Example.com"), made)[0].startswith("BAD The ID Example.com")


def test_a_survey_has_all_that_check_says():
    made = with_settings({"rp": "Rack", "id": "pve1.example.com"}, tfa=KEYS)
    seen = survey(made, KNOWN)
    assert seen.origin == "https://pve1.example.com:8006"
    assert [one.ok for one in seen.reach] == [True, False]
    assert [one.ok for one in seen.others] == [False, False]
    assert seen.proposal == proposal_for(made, KNOWN)
    assert seen.proposal.settings == CLUSTER
    assert len(seen.ends) == 2
    assert seen.needs_a_look
    assert survey(with_settings(None), KNOWN).origin == ""
