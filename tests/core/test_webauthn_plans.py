"""Plans that change WebAuthn's settings: what they say, what they ask for, who stays in."""

from dataclasses import replace

import pytest

from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.intents.settings import set_webauthn, value_problem, webauthn_line
from pve_auth_tui.core.plan import ApiCall, Weight
from pve_auth_tui.core.planning import make_plan
from pve_auth_tui.core.proofs import How, Mark
from pve_auth_tui.core.snapshot import Datacenter, UnixPasswords
from pve_auth_tui.core.webauthnsettings import Settings, Unfit, settings_of
from tests.core.pictures import NOW, factor, factors, part, picture

CLUSTER = Settings("Rack", "example.com", "https://example.com:8006")
ANN = "user:ann@pve:1:0:::::"
KEY, PHONE = factor("webauthn", "blue"), factor("totp", "phone")


def cluster(*tfa, **values):
    """root@pam has a password; settings as given, `id=example.com` and a name if none are."""
    webauthn = values or {"rp": "Rack", "id": "example.com"}
    made = picture(ANN, tfa=tfa, datacenter=Datacenter({"webauthn": webauthn}))
    return replace(made, unix=part(UnixPasswords(frozenset({"root"}))))


def plan(settings, snapshot, *urls):
    return make_plan(set_webauthn(settings, urls), snapshot, now=NOW)


def told(made):
    return [f"{one.word} {one.text}" for one in made.findings if one.word != "ok"]


def test_the_step_is_one_call_that_sets_the_whole_line():
    made = plan(CLUSTER, cluster())
    assert made.steps == (
        ApiCall(
            "PUT",
            ("cluster", "options"),
            {"webauthn": "id=example.com,origin=https://example.com:8006,rp=Rack"},
        ),
    )
    assert settings_of(made.after) == CLUSTER
    assert made.title == "change the WebAuthn settings"
    assert made.back.lost == ()


def test_setting_it_up_is_small_and_is_taken_back_by_removing_it():
    made = plan(CLUSTER, picture(datacenter=Datacenter({})))
    assert made.title == "set up WebAuthn"
    assert made.weight is Weight.SMALL
    assert made.back.steps == (ApiCall("PUT", ("cluster", "options"), {"delete": "webauthn"}),)


def test_another_id_is_heavy_and_counts_the_keys_that_end():
    made = plan(
        Settings("Rack", "example.net"),
        cluster(factors("ann@pve", KEY, PHONE, factor("webauthn", "old", enable=False))),
    )
    assert told(made) == [
        "BAD 2 security keys of ann@pve stop working (1 of them disabled): made for the ID "
        "example.com.",
    ]
    assert (made.weight, made.confirm) == (Weight.HEAVY, "webauthn")
    assert made.refusal == ""
    assert made.back.steps == (
        ApiCall("PUT", ("cluster", "options"), {"webauthn": "id=example.com,rp=Rack"}),
    )


def test_who_has_nothing_but_keys_is_named():
    made = plan(Settings("Rack", "example.net"), cluster(factors("ann@pve", KEY)))
    assert "BAD ann@pve can no longer log in: they have nothing but keys." in told(made)


def test_the_guard_refuses_where_nobody_gets_in_without_a_key():
    alone = cluster(factors("root@pam", KEY))
    made = plan(Settings("Rack", "example.net"), alone)
    assert made.refusal.startswith("Nobody would be sure to get in as administrator any more")
    assert "the plan changes the WebAuthn settings of its keys" in made.refusal
    assert (made.weight, made.confirm) == (Weight.HEAVY, "webauthn")
    assert plan(Settings("Other", "example.com"), alone).refusal == ""
    assert (
        plan(Settings("Rack", "example.net"), cluster(factors("root@pam", KEY, PHONE))).refusal
        == ""
    )


def test_another_origin_may_lock_out_the_only_administrator_too():
    """PVE compares the whole origin: whether its new one is theirs, no file says."""
    made = plan(CLUSTER, cluster(factors("root@pam", KEY)))
    assert made.refusal
    assert told(made)[0].startswith("BAD Nobody would be sure to get in")


def test_addresses_where_logins_end_or_stay_impossible_are_named_together():
    urls = [f"https://pve{number}.example.com:8006" for number in (1, 2)]
    made = plan(Settings("Rack", "example.net"), cluster(), *urls)
    assert told(made) == [
        "LOOK A login with a key no longer works at https://pve1.example.com:8006 and "
        "https://pve2.example.com:8006: the name is not example.net or below it."
    ]
    made = plan(CLUSTER, cluster(), "https://pve1:8006", urls[0])
    assert told(made) == [
        "LOOK A login with a key does not work at https://pve1:8006: the name is not example.com "
        "or below it."
    ]


def test_keys_that_were_seen_under_the_id_come_back():
    before = replace(
        cluster(factors("ann@pve", KEY), rp="Rack", id="example.net"),
        proofs={("ann@pve", KEY.id): Mark("ann@pve", KEY.id, How.LOGIN, NOW, "", "example.com")},
    )
    made = plan(Settings("Rack", "example.com"), before)
    assert told(made) == [
        "LOOK 1 security key made for that ID works again: ann@pve (blue).",
    ]
    assert made.weight is Weight.SMALL


def test_settings_that_cannot_work_are_no_plan():
    for settings in (
        Settings("Rack", "Example.com"),
        Settings("Rack", "lan", "https://pve1.lan:8006"),
        Settings("", "example.com"),
        Settings("Rack", "example.com", "https://192.0.2.21"),
    ):
        with pytest.raises(Unfit):
            plan(settings, cluster())


def test_what_is_set_already_is_no_plan_and_what_was_not_read_neither():
    with pytest.raises(Refused, match="set like that already"):
        plan(Settings("Rack", "example.com"), cluster())
    with pytest.raises(Refused, match="could not be read"):
        plan(CLUSTER, replace(cluster(), datacenter=part(None, "No such file.")))


def test_a_default_that_is_written_down_stays_so():
    before = cluster(**{"rp": "Rack", "id": "example.com", "allow-subdomains": "1"})
    line = "allow-subdomains=1,id=example.com,rp=Other"
    assert plan(Settings("Other", "example.com"), before).steps[0].params["webauthn"] == line
    closed = Settings("Rack", "example.com", "", allow_subdomains=False)
    assert webauthn_line(closed, before) == "allow-subdomains=0,id=example.com,rp=Rack"


@pytest.mark.parametrize("name", ["a,b", "a\nb", " a", "a\x1b[2J"])
def test_a_name_that_the_line_cannot_hold_is_refused(name):
    assert value_problem(name)
    with pytest.raises(UsageError, match=r"^Name: "):
        webauthn_line(Settings(name, "example.com"))


def test_a_line_longer_than_pve_reads_is_refused():
    with pytest.raises(UsageError, match="too long"):
        webauthn_line(Settings("x" * 5000, "example.com"))
