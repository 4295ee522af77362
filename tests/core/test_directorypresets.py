"""Presets of directories: options that PVE takes, encrypted and verified, and steps to do first."""

import pytest

from pve_auth_tui.core.directory.settings import settings_of
from pve_auth_tui.core.directorypresets import IN_CHAIN, PRESETS, Asked, presets_of
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.intents import realms
from pve_auth_tui.core.planning import make_plan
from pve_auth_tui.core.propertystring import split
from pve_auth_tui.core.realmoptionsrules import option_problem
from pve_auth_tui.core.realmrisks import risks
from pve_auth_tui.core.schema import SYNC_OPTIONS
from pve_auth_tui.core.secret import Secret
from tests.core.pictures import NOW, picture

ASKED = Asked("example.com", "dc01.example.com", "dc02.example.com")
BIND = {"password": Secret("bind")}


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_pve_takes_every_option_and_nothing_that_is_needed_lacks(preset):
    options = preset.options(ASKED)
    for name, value in options.items():
        assert option_problem(preset.kind, name, value) == "", name
    plan = make_plan(realms.add("new", preset.kind, options, BIND), picture(), now=NOW)
    assert plan.changes


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_the_bind_is_encrypted_and_the_server_verified(preset):
    """R20: what the how-to starts with in clear, and leaves unverified, begins safe here."""
    realm = Realm("new", preset.kind, preset.options(ASKED))
    assert settings_of(realm).safe
    assert risks(realm) == ()


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_a_sync_brings_names_and_wipes_nothing_that_was_typed_by_hand(preset):
    options = preset.options(ASKED)
    sync = split(options["sync-defaults-options"], SYNC_OPTIONS)
    assert sync["scope"] == "both"
    assert "properties" not in sync["remove-vanished"]
    assert options["sync_attributes"] == "firstname=givenName,lastname=sn,email=mail"


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_there_are_steps_to_do_and_nothing_is_left_to_fill_in(preset):
    steps = preset.steps(ASKED)
    assert len(steps) >= 4
    assert all(line.text.endswith(".") for line in steps)
    assert "None" not in str(preset.options(Asked("example.com", "one")))


def test_ad_is_as_the_how_to_has_it_where_that_is_right():
    options = presets_of("ad")[0].options(ASKED)
    assert options["bind_dn"] == "proxmox_auth@example.com"
    assert options["case-sensitive"] == "0"
    assert options["mode"] == "ldap+starttls"
    groups = "OU=Proxmox Groups,DC=example,DC=com"
    assert options["filter"] == (
        f"(&(objectClass=user)(|(memberOf=CN=ProxmoxAdmins,{groups})"
        f"(memberOf=CN=ProxmoxUsers,{groups})))"
    )


def test_groups_in_groups_are_a_choice_and_their_cost_is_told():
    ad = presets_of("ad")[0]
    nested = Asked("example.com", "dc01", nested=True)
    assert f"(memberOf:{IN_CHAIN}:=CN=ProxmoxAdmins" in ad.options(nested)["filter"]
    assert any("takes long" in line.text for line in ad.steps(nested))
    assert any("no groups in groups" in line.text for line in ad.steps(ASKED))


def test_a_name_with_signs_of_filters_is_escaped():
    options = presets_of("ad")[0].options(Asked("a*b.com", "dc01"))
    assert "DC=a\\2ab" in options["filter"]
