"""What of a realm's options counts when its provider is probed."""

import pytest

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.openid.settings import settings_of
from pve_auth_tui.core.openid.stored import without_stored_secret
from pve_auth_tui.core.secret import HIDDEN, Secret


@pytest.mark.parametrize(
    ("key", "secret"), [("", None), (HIDDEN, None), ("s3cret", Secret("s3cret"))]
)
def test_a_client_key_that_was_masked_on_its_way_is_none(key, secret):
    """Over PVE's API it comes as ****: sent to a provider that would be a wrong one."""
    realm = Realm("idp", "openid", {"client-key": key})
    assert settings_of(realm).secret == secret


@pytest.mark.parametrize(
    ("typed", "secret"),
    [
        ("https://idp.example.com/realms/other", Secret("s3cret")),
        ("https://IDP.example.com", Secret("s3cret")),
        ("https://idp.example.net", None),
        ("https://idp.example.com.example.net", None),
        ("no address", None),
    ],
)
def test_a_stored_secret_stays_with_the_host_of_the_saved_issuer(typed, secret):
    saved = Realm(
        "idp", "openid", {"issuer-url": "https://idp.example.com", "client-key": "s3cret"}
    )
    over = Realm("idp", "openid", {**saved.options, "issuer-url": typed})
    found = without_stored_secret(over, saved)
    assert settings_of(found).secret == secret
    assert found.options["issuer-url"] == typed
    assert found.options["client-key"], "masked, not gone: it is no public client"
