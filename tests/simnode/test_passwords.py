"""First factors: what each realm says about a password."""

from __future__ import annotations

import re

import pytest

from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.simnode import passwords
from tests.simnode.door import ANN_PASSWORD, ROOT_PASSWORD, Door


def reason(userid: str, password: str) -> str:
    """Why a login fails; "" when it does not."""
    try:
        passwords.authenticate(Door().node, userid, password)
    except ApiError as error:
        return f"{error.code} {error.original}"
    return ""


@pytest.mark.parametrize(
    ("userid", "password", "why"),
    [
        ("ann@pve", ANN_PASSWORD, ""),
        ("root@pam", ROOT_PASSWORD, ""),
        ("ann@pve", ROOT_PASSWORD, "invalid credentials\n"),
        ("ann@pve", "", "no password\n"),
        ("root@pam", ANN_PASSWORD, "Authentication failure\n"),
        ("root@pam", "", "no password\n"),
        ("tim@pve", "x", "no password set\n"),
        ("eve@pve", ANN_PASSWORD, "user 'eve@pve' is disabled\n"),
        ("old@pve", ANN_PASSWORD, "user 'old@pve' access expired\n"),
        ("ann@pam", ANN_PASSWORD, "no such user ('ann@pam')\n"),
        ("tony@idp", "x", "OpenID realm does not allow password verification.\n"),
        ("lost@gone", "x", "auth domain 'gone' does not exist\n"),
        ("ann", "x", "value 'ann' does not look like a valid user name\n"),
        ("", "x", "user name '' is too short\n"),
        ("a" * 61 + "@pve", "x", f"user name '{'a' * 61}@pve' is too long (65 > 64)\n"),
    ],
)
def test_the_true_reason_of_a_refusal(userid: str, password: str, why: str) -> None:
    assert reason(userid, password) == (why and f"500 {why}")


@pytest.mark.parametrize("line", ["bin:*:1:", "bin:!:1:", "bin::1:", "bin:", "bin:!$5$x$y:1:"])
def test_a_linux_account_without_a_password_lets_nobody_in(line: str) -> None:
    door = Door()
    door.disk.write("etc/shadow", f"{line}\n".encode())
    for tried in ("*", "!", "x"):
        with pytest.raises(ApiError, match="Authentication failure"):
            passwords.check_password(door.node, "bin@pam", tried)


def test_the_hash_is_sha_256_crypt() -> None:
    """The same as `openssl passwd -5 -salt saltstring` makes."""
    hashed = passwords.crypt("Hello world!", "$5$saltstring")
    assert hashed == "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"


def test_each_hash_has_a_salt_of_its_own_and_fits_its_password() -> None:
    node = Door().node
    first, second = (passwords.hashed(node, "pässwörd: 1") for _ in range(2))
    assert first != second
    for hashed in (first, second):
        assert re.fullmatch(r"\$5\$[A-Za-z0-9/X]{8}\$[./0-9A-Za-z]{43}", hashed)
        assert passwords.crypt("pässwörd: 1", hashed) == hashed
        assert passwords.crypt("passwort: 1", hashed) != hashed
