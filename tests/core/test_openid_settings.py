"""What of a realm's options counts when its provider is probed."""

import pytest

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.openid.settings import settings_of
from pve_auth_tui.core.secret import HIDDEN, Secret


@pytest.mark.parametrize(
    ("key", "secret"), [("", None), (HIDDEN, None), ("s3cret", Secret("s3cret"))]
)
def test_a_client_key_that_was_masked_on_its_way_is_none(key, secret):
    """Over PVE's API it comes as ****: sent to a provider that would be a wrong one."""
    realm = Realm("idp", "openid", {"client-key": key})
    assert settings_of(realm).secret == secret
