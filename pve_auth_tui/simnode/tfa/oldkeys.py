"""Keys from before there was a tfa.cfg: `keys` in user.cfg, meant as the user's realm says."""

from __future__ import annotations

from collections.abc import Mapping

from pve_auth_tui.core import propertystring, schema
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.oldkeys import factors_in, old_description
from pve_auth_tui.core.tfaconfig import TfaConfig, TfaEntry
from pve_auth_tui.simnode.sources import Sources
from pve_auth_tui.simnode.tfa import entries
from pve_auth_tui.simnode.tfa.failure import refused


def demand(realm: Realm) -> dict[str, str]:
    """What a realm demands of logins: `type`, for `oath` perhaps `digits` and `step`.

    Empty when it demands nothing. Raises ApiError for what PVE cannot read.
    """
    text = realm.options.get("tfa", "")
    try:
        return propertystring.split(text, schema.REALM_TFA) if text else {}
    except propertystring.Malformed as error:
        raise refused(str(error).rstrip("\n")) from error


def with_old_keys(
    config: TfaConfig, userid: str, keys: str, demanded: Mapping[str, str], sources: Sources
) -> TfaConfig:
    """The keys as entries; those that are none are left out, all of them without a demand."""
    user = entries.user_or_new(config, userid)
    found = list(factors_in(keys, userid, demanded))
    for number, (kind, data) in enumerate(found):
        description, created = old_description(number), int(sources.now())
        entry = TfaEntry(sources.uuid(), kind, description, created, data=data)
        user = entries.added(user, entry)
    return entries.with_users(config, [user]) if found else config
