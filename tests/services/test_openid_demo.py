"""The probe against the demo's provider, over the demo's network: nothing of it is shared code."""

import pytest

from pve_auth_tui.adapters.web import NetworkWeb
from pve_auth_tui.core.domains import parse_domains
from pve_auth_tui.core.openid.causes import Cause
from pve_auth_tui.core.openid.report import Stage
from pve_auth_tui.core.openid.settings import settings_of
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.openid import OpenIdService
from pve_auth_tui.simnode.demonetwork import DemoNetwork
from pve_auth_tui.simnode.direct import DirectApi
from pve_auth_tui.simnode.outside import PROVIDER
from tests.simnode.outsides import Rack

REDIRECT = "https://pve1.example.com:8006"


def probed(demo, secret=None, **more):
    realms = parse_domains(demo.disk.read("etc/pve/domains.cfg"))
    web = NetworkWeb(DemoNetwork(demo.disk, demo.outside), demo)
    api = DirectApi(demo.node, "pve1.example.com:8006")
    service = OpenIdService(web, lambda: api, demo)
    return service.probe(settings_of(realms.realms["entra"]), secret, redirect=REDIRECT, **more)


@pytest.fixture
def demo():
    return Rack()


def test_the_demos_provider_is_in_order(demo):
    """It answers a login with a page, as Entra does, and does not announce groups, as Entra."""
    found = probed(demo, ask_secret=True)
    odd = {stage: found.at(stage).causes for stage in Stage if found.at(stage).word != "ok"}
    assert odd == {
        Stage.CLAIMS: (Cause.GROUPS_NOT_ANNOUNCED,),
        Stage.AUTHORIZE: (Cause.NOT_DECIDED,),
    }
    assert found.at(Stage.SECRET).text == "accepted"


@pytest.mark.parametrize(
    ("fault", "stage", "cause"),
    [
        ("unavailable", Stage.DISCOVERY, Cause.STATUS),
        ("not json", Stage.DISCOVERY, Cause.NOT_JSON),
        ("other issuer", Stage.ISSUER, Cause.SLASH_MISSING),
        ("plain issuer", Stage.ISSUER, Cause.ISSUER_HTTP),
        ("no keys", Stage.KEYS, Cause.NO_KEYS),
        ("other keys", Stage.KEYS, Cause.KEYS_DO_NOT_FIT),
        ("secret expired", Stage.SECRET, Cause.SECRET_WRONG),
        ("redirect unknown", Stage.AUTHORIZE, Cause.REDIRECT_REFUSED),
        ("sends away", Stage.DISCOVERY, Cause.REDIRECTED),
        ("provider clock wrong", Stage.CLOCK, Cause.CLOCK),
    ],
)
def test_each_fault_of_the_demo_is_recognised(demo, fault, stage, cause):
    demo.outside.faults[PROVIDER].add(fault)
    check = probed(demo, ask_secret=True).at(stage)
    assert (check.word, check.causes[0]) == ("BAD", cause)


def test_a_wrong_secret_of_the_demo_is_told(demo):
    check = probed(demo, Secret("another one"), ask_secret=True).at(Stage.SECRET)
    assert check.causes == (Cause.SECRET_WRONG,)
