"""Public suffixes: the whole list, which comes with the library that talks to security keys."""

from __future__ import annotations

from pve_auth_tui.core.publicsuffix import is_known_suffix


def is_public_suffix(name: str) -> bool:
    """Whether everybody may register names below; as `core.publicsuffix` where the list is not
    to be had.
    """
    try:
        from fido2.rpid import verify_rp_id
    except (ImportError, OSError):  # the library, or the list beside it
        return is_known_suffix(name)
    return not verify_rp_id(name, f"https://host.{name}")
