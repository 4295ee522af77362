"""Can somebody use the rights it has, now? What is not known is not judged."""

from dataclasses import replace

import pytest

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.snapshot import Part, Passwords, TokenSecrets, UnixPasswords
from pve_auth_tui.core.why.usable import usable
from tests.core.pictures import DAY, NOW, factor, factors, picture

PAST, FUTURE = int(NOW) - DAY, int(NOW) + DAY


def asked(subject, *lines, **parts):
    return usable(picture(*lines, **parts), subject, NOW)


def test_a_local_user_with_a_password_can():
    assert asked("ann@pve", "user:ann@pve:1:0:::::") == (True, "")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("user:ann@pve:0:0:::::", "the account is disabled"),
        (f"user:ann@pve:1:{PAST}:::::", "the account has expired"),
    ],
)
def test_a_disabled_or_expired_user_cannot_log_in(line, why):
    assert asked("ann@pve", line) == (False, f"ann@pve cannot log in: {why}.")


def test_an_expiry_to_come_stops_nobody():
    assert asked("ann@pve", f"user:ann@pve:1:{FUTURE}:::::").ok is True


def test_a_user_who_does_not_exist_cannot_log_in():
    assert asked("ghost@pve") == (False, "ghost@pve cannot log in: there is no such user.")


def test_a_user_of_realm_pve_without_a_password_cannot_log_in():
    found = asked("ann@pve", "user:ann@pve:1:0:::::", pve_passwords=())
    assert found == (False, "ann@pve cannot log in: no password is set.")


def test_a_user_of_a_realm_that_is_gone_cannot_log_in():
    found = asked("ann@old", "user:ann@old:1:0:::::")
    assert found == (False, "ann@old cannot log in: realm old does not exist.")


def test_a_user_of_a_realm_that_pve_cannot_read_cannot_log_in():
    found = asked("ann@odd", "user:ann@odd:1:0:::::", realms=(Realm("odd", None),))
    assert found == (False, "ann@odd cannot log in: PVE cannot read realm odd.")


@pytest.mark.parametrize("kind", ["ldap", "ad"])
def test_whether_a_directory_answers_is_not_judged(kind):
    realms = (Realm("dir", kind, {"server1": "dc"}),)
    found = asked("ann@dir", "user:ann@dir:1:0:::::", realms=realms)
    assert found == (None, "ann@dir depends on the directory of realm dir.")


def test_whether_an_identity_provider_answers_is_not_judged():
    found = asked("ann@entra", "user:ann@entra:1:0:::::")
    assert found == (None, "ann@entra depends on the identity provider of realm entra.")


def test_what_stops_somebody_of_a_directory_anyway_is_judged():
    assert asked("ann@corp", "user:ann@corp:0:0:::::").ok is False


LINUX = "user:ann@pam:1:0:::::"


def test_a_linux_user_is_known_from_the_shadow_file_alone():
    assert asked("ann@pam", LINUX).ok is None
    assert asked("ann@pam", LINUX, unix=UnixPasswords(frozenset({"ann"}))) == (True, "")
    found = asked("ann@pam", LINUX, unix=UnixPasswords(frozenset()))
    assert found == (False, "ann@pam has no usable password in /etc/shadow of this node.")


def test_root_is_asked_about_like_any_other_linux_user():
    assert asked("root@pam").ok is None
    assert asked("root@pam", unix=UnixPasswords(frozenset({"root"}))).ok is True


LOCAL = "user:ann@pve:1:0:::::"


def test_a_locked_totp_stops_a_user_who_has_no_other_factor():
    tfa = [factors("ann@pve", factor("totp", "phone"), locked=True)]
    found = asked("ann@pve", LOCAL, tfa=tfa)
    assert found.ok is False
    assert "TOTP is locked" in found.reason
    tfa = [factors("ann@pve", factor("totp", "phone"), factor("webauthn", "key"), locked=True)]
    assert asked("ann@pve", LOCAL, tfa=tfa).ok is True


def test_all_second_factors_locked_until_a_time_stop_a_user_until_then():
    entries = factor("totp", "phone"), factor("webauthn", "key")
    found = asked("ann@pve", LOCAL, tfa=[factors("ann@pve", *entries, until=FUTURE)])
    assert found == (False, "ann@pve cannot log in: all second factors are locked.")
    assert asked("ann@pve", LOCAL, tfa=[factors("ann@pve", *entries, until=PAST)]).ok is True


def test_second_factors_that_were_not_read_are_not_judged():
    unread = replace(picture(LOCAL), tfa=Part(None, "files", NOW, "It is not readable."))
    assert usable(unread, "ann@pve", NOW).ok is None


def test_passwords_that_were_not_read_are_not_judged():
    unread = replace(picture(LOCAL), passwords=Part(None, "https", NOW))
    assert usable(unread, "ann@pve", NOW).ok is None


def test_a_user_whom_pve_does_not_show_is_not_judged():
    shown = replace(picture(), restricted=True)
    assert usable(shown, "ann@pve", NOW).ok is None
    assert usable(shown, "ann@pve!ci", NOW).ok is None
    unread = replace(picture(), access=Part(None, "files", NOW))
    assert usable(unread, "ann@pve", NOW).ok is None
    assert usable(unread, "ann@pve!ci", NOW).ok is None


# --- API tokens ------------------------------------------------------------------------------


def token(user=LOCAL, expire=0, **parts):
    userid = user.split(":")[1]
    return asked(f"{userid}!ci", user, f"token:{userid}!ci:{expire}:1::", **parts)


def test_a_token_with_a_secret_can_be_used():
    assert token() == (True, "")
    assert token(expire=FUTURE).ok is True


def test_an_expired_token_is_refused():
    found = token(expire=PAST)
    assert found.ok is False
    assert found.reason.startswith("The API token has expired: ")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("user:ann@pve:0:0:::::", "the account is disabled"),
        (f"user:ann@pve:1:{PAST}:::::", "the account has expired"),
    ],
)
def test_tokens_of_a_disabled_or_expired_user_are_refused(line, why):
    assert token(line) == (False, f"PVE refuses the API tokens of ann@pve: {why}.")


def test_a_token_without_a_secret_is_refused():
    found = token(token_secrets=TokenSecrets(frozenset()))
    assert found == (False, "ann@pve!ci has no secret in token.cfg: PVE refuses it.")


def test_secrets_that_were_not_read_are_taken_to_be_there():
    snapshot = picture(LOCAL, "token:ann@pve!ci:0:1::")
    unread = replace(snapshot, token_secrets=Part(None, "https", NOW))
    assert usable(unread, "ann@pve!ci", NOW).ok is True


def test_a_token_that_does_not_exist_is_refused():
    assert asked("ann@pve!gone", LOCAL) == (False, "There is no API token ann@pve!gone.")


def test_locked_second_factors_stop_no_token():
    tfa = [factors("ann@pve", factor("totp", "phone"), locked=True, until=FUTURE)]
    assert token(tfa=tfa).ok is True


@pytest.mark.parametrize("userid", ["ann@corp", "ann@entra", "ann@gone", "ann@pam"])
def test_a_token_needs_no_directory_no_provider_and_no_password(userid):
    assert token(f"user:{userid}:1:0:::::").ok is True


def test_a_user_of_realm_pve_without_a_password_may_still_use_a_token():
    assert token(passwords=Passwords(frozenset())).ok is True
