"""Presets of OpenID realms; where the how-tos in circulation are wrong, a test says what holds
(reference 13)."""

import re

import pytest

from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.openid.presets import (
    PRESETS,
    answers_of,
    issuer_of,
    known_by,
    left_out,
    options_of,
    preset,
    steps_of,
)
from pve_auth_tui.core.schema import REALM, REALM_OPTIONS

NEW, PVE_84, PVE_83 = "9.1.1", "8.2.2", "8.2.0"
URIS = ("https://pve1.example.com:8006", "https://vip.example.com")


def examples(one):
    return {asked.name: asked.example for asked in one.questions}


def said(name, release=NEW, **answers):
    one = preset(name)
    lines = steps_of(one, {**examples(one), **answers}, URIS, release)
    return "\n".join(line.text for line in lines)


def options(name, release=NEW, **answers):
    one = preset(name)
    return options_of(one, {**examples(one), **answers}, release)


@pytest.mark.parametrize("one", PRESETS, ids=lambda one: one.name)
def test_every_preset_is_whole(one):
    found = options_of(one, {**examples(one), "client-id": "proxmox"}, NEW)
    assert set(found) <= set(REALM_OPTIONS["openid"])
    pattern = REALM["groups-claim"].pattern
    assert re.fullmatch(pattern, found.get("groups-claim", "groups"))
    text = said(one.name)
    assert "{" not in text, "every name was filled in"
    assert URIS[0] in text
    assert re.search(r"[Nn]ot tried|Nothing is known", text.splitlines()[-1])
    assert found["issuer-url"].startswith("https://")
    assert known_by(found["issuer-url"]) in (one, None)
    assert found["client-id"] == "proxmox"


@pytest.mark.parametrize(
    ("name", "issuer"),
    [
        (
            "entra",
            "https://login.microsoftonline.com/6f0c2a51-1b2c-4d3e-8f90-0123456789ab/v2.0",
        ),
        ("authentik", "https://authentik.example.com/application/o/proxmox/"),
        ("kanidm", "https://idm.example.com/oauth2/openid/proxmox"),
        ("keycloak", "https://sso.example.com/realms/lab"),
        ("authelia", "https://auth.example.com"),
        ("zitadel", "https://example.zitadel.cloud"),
        ("pocket-id", "https://id.example.com"),
        ("google", "https://accounts.google.com"),
        ("okta", "https://example.okta.com/oauth2/default"),
        ("adfs", "https://adfs.example.com/adfs"),
        ("generic", "https://idp.example.com/realm"),
    ],
)
def test_the_issuer_has_its_form_and_its_slash(name, issuer):
    """001: the slash matters; 000, 002: without."""
    assert issuer_of(preset(name), examples(preset(name))) == issuer


def test_okta_sends_groups_to_those_alone_who_ask_for_them():
    assert "groups" in options("okta")["scopes"].split()
    assert "a scope groups" in said("okta"), "a custom authorization server has none by itself"


def test_zitadels_tokens_are_for_every_application_of_the_project():
    assert "A project for PVE alone" in said("zitadel")


def test_oktas_own_server_has_no_path():
    assert issuer_of(preset("okta"), {"host": "a.okta.com"}) == "https://a.okta.com"


@pytest.mark.parametrize(
    "typed", ["https://sso.example.com/", "sso.example.com", " sso.example.com"]
)
def test_a_host_may_be_typed_as_a_browser_shows_it(typed):
    found = issuer_of(preset("keycloak"), {"host": typed, "name": "lab"})
    assert found == "https://sso.example.com/realms/lab"


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("entra", {}),
        ("entra", {"tenant": "common"}),
        ("entra", {"tenant": "contoso.com"}),
        ("keycloak", {"host": "a b", "name": "lab"}),
        ("keycloak", {"host": "a", "name": "a/b"}),
        ("zitadel", {"host": "a", "project": "mine"}),
        ("generic", {"issuer": "idp.example.com"}),
    ],
)
def test_an_answer_that_cannot_be_right_is_refused(name, answers):
    """000: common is no issuer for PVE."""
    with pytest.raises(UsageError):
        issuer_of(preset(name), answers)
    with pytest.raises(UsageError):
        options_of(preset(name), answers, NEW)


def test_a_preset_that_is_none_is_refused_with_those_that_are():
    with pytest.raises(UsageError) as caught:
        preset("ldap")
    assert "authentik" in caught.value.hint


# --- what a version does not have ------------------------------------------------------------


def test_before_8_4_groups_are_left_out_and_that_is_said():
    for name in ("entra", "authentik", "kanidm", "keycloak", "okta"):
        assert not [one for one in options(name, PVE_83) if one.startswith("groups")]
        assert any(
            "groups-claim from 8.2.1 (PVE 8.4)" in one for one in left_out(preset(name), PVE_83)
        )
        assert "groups-claim" in options(name, PVE_84)
        assert left_out(preset(name), PVE_84) == ()


def test_query_userinfo_and_audiences_have_their_versions():
    assert options("adfs")["query-userinfo"] == "0"
    assert "query-userinfo" not in options("adfs", PVE_83)
    assert "audiences" not in options("zitadel", "9.1.0")
    assert options("zitadel")["audiences"] == examples(preset("zitadel"))["project"]
    (told,) = left_out(preset("zitadel"), PVE_84)
    assert "9.1.1" in told
    assert told in said("zitadel", PVE_84)


# --- what the how-tos get wrong ---------------------------------------------------------------


def test_000_redirect_uris_have_the_port_and_no_slash():
    text = said("entra")
    assert "    https://pve1.example.com:8006" in text.splitlines()
    assert "    https://vip.example.com" in text.splitlines()
    assert "https://pve1.example.com:8006/" not in text


def test_000_the_user_name_is_no_opaque_sub_and_that_is_fixed():
    assert options("entra")["username-claim"] == "preferred_username"
    assert "cannot be changed" in said("entra")


def test_000_offline_access_is_not_needed():
    assert options("entra")["scopes"] == "email profile"
    assert "offline_access is not needed" in said("entra")


def test_000_groups_of_entra_are_object_ids_and_the_second_factor_is_asked_for_there():
    text = said("entra", realm="entra")
    assert "GUID-entra" in text
    assert "no second factor" in text
    assert options("entra")["groups-autocreate"] == "0"


def test_001_the_claim_is_called_by_its_name_and_a_signing_key_is_wanted():
    assert options("authentik")["username-claim"] == "preferred_username"
    text = said("authentik")
    assert "`username` of authentik's own guide is no claim" in text
    assert "Signing Key: choose one" in text


def test_001_groups_come_with_a_claim():
    assert options("authentik")["groups-claim"] == "groups"
    assert "blanks" in said("authentik")


def test_002_groups_do_work_with_a_claim_map_that_is_an_array():
    assert options("kanidm")["groups-claim"] == "proxmox_role"
    text = said("kanidm", realm="kanidm")
    assert "update-claim-map-join proxmox proxmox_role array" in text
    assert "admin-kanidm" in text
    assert "since PVE 8.4" in text


def test_002_the_redirect_uris_of_kanidm_have_their_port():
    text = said("kanidm")
    for uri in URIS:
        assert f"kanidm system oauth2 add-redirect-url proxmox {uri}\n" in text


def test_002_openid_is_not_among_the_scopes_and_names_are_short():
    assert options("kanidm")["scopes"] == "email profile"
    assert "prefer-short-username proxmox" in said("kanidm")
    assert options("kanidm")["client-id"] == "proxmox", "its name is its ID"


def test_003_the_type_is_openid_and_groups_have_the_realms_suffix():
    assert "openid" in REALM_OPTIONS
    assert "oidc" not in REALM_OPTIONS
    assert "ops-REALM" in said("keycloak")


def test_google_is_told_only_of_addresses_that_it_takes():
    one = preset("google")
    lines = steps_of(
        one, {}, ["https://pve1.lan:8006", "https://10.0.0.1:8006", "https://pve1:8006", *URIS]
    )
    refused = [line.text for line in lines if line.word == "LOOK"]
    assert len(refused) == 3
    assert all("not taken" in text for text in refused)


@pytest.mark.parametrize("one", PRESETS, ids=lambda one: one.name)
def test_an_issuer_tells_what_was_answered_for_it(one):
    issuer = issuer_of(one, examples(one))
    found = answers_of(one, issuer)
    assert found.items() <= examples(one).items()
    assert issuer_of(one, {**examples(one), **found}) == issuer
    assert found.keys() >= {
        asked.name for asked in one.questions if f"{{{asked.name}}}" in one.issuer
    }


@pytest.mark.parametrize("issuer", ["", "https://sso.example.com/realms/", "ftp://x/realms/lab"])
def test_another_issuer_tells_nothing(issuer):
    assert answers_of(preset("keycloak"), issuer) == {}
