"""What was foretold, beside what is there: by object, in words, and only as far as it was read."""

from dataclasses import replace

from pve_auth_tui.adapters.authenticator import PyotpAuthenticator
from pve_auth_tui.core.objects import Key, differing
from pve_auth_tui.core.otpauth import parse
from pve_auth_tui.core.plan import ApiCall
from pve_auth_tui.core.predict import forecast
from pve_auth_tui.core.readback import filled, happened, read_back
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Part
from tests.services.workbench import Bench

NOW = 1_800_000_000.0
OFF = ApiCall("PUT", ("access", "users", "bob@pve"), {"enable": 0})
GONE = ApiCall("DELETE", ("access", "users", "eve@pve"))
TFA = '{{"users":{{"bob@pve":{{"totp":[{entries}]}}}}}}'
ENTRY = (
    '{{"id":"{id}","description":"{text}","created":1700000000,"entry":'
    '"otpauth://totp/x:bob?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&digits=6&period=30"}}'
)
URI = "otpauth://totp/x:bob?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&digits=6&period=30"
ADD = ApiCall(
    "POST",
    ("access", "tfa", "bob@pve"),
    {"type": "totp", "description": "tablet"},
    {"totp": Secret(URI), "value": PyotpAuthenticator().code(parse(URI), NOW)},
)
NO_PART = Part(None, "files", NOW, "It cannot be read.")


def picture(**files):
    return Bench(**files).outlooks.fresh().snapshot


def after(before, *steps):
    return forecast(before, steps, now=NOW).snapshot


def compared(before, expected, now):
    return read_back(before, expected, now, differing(before, expected))


def test_what_is_as_foretold_has_nothing_to_tell():
    before = picture()
    expected = after(before, OFF, GONE)
    found = compared(before, expected, expected)
    assert (found.differences, found.others) == ((), ())
    assert set(found.keys) == {Key("user", "bob@pve"), Key("user", "eve@pve")}


def test_what_is_not_there_and_what_still_is_are_named():
    before = picture()
    expected = after(before, GONE, ApiCall("POST", ("access", "groups"), {"groupid": "new"}))
    assert compared(before, expected, before).differences == (
        "group new is not there.",
        "user eve@pve is there.",
    )


def test_a_value_that_differs_is_told_with_both():
    before = picture()
    expected = after(before, ApiCall("PUT", ("access", "users", "bob@pve"), {"comment": "a"}))
    now = after(before, ApiCall("PUT", ("access", "users", "bob@pve"), {"comment": "b"}))
    assert compared(before, expected, now).differences == ("user bob@pve: comment is b, not a.",)
    assert compared(before, expected, before).differences == (
        "user bob@pve: comment is empty, not a.",
    )


def test_what_nobody_meant_to_touch_is_somebody_else_s():
    before = picture()
    now = after(before, OFF, GONE)
    found = compared(before, after(before, OFF), now)
    assert found.others == ("user eve@pve is not there any more.",)


def test_many_others_are_counted():
    users = "".join(f"user:u{n}@pve:1:0::::::\n" for n in range(30))
    before = picture(users=users)
    now = after(before, *(ApiCall("DELETE", ("access", "users", f"u{n}@pve")) for n in range(30)))
    found = compared(before, before, now)
    assert len(found.others) == 21
    assert found.others[-1] == "And 10 more."


def test_a_part_that_can_no_longer_be_read_is_told_once_and_concludes_nothing():
    before = picture()
    expected = after(before, OFF, GONE)
    now = replace(before, access=NO_PART)
    found = compared(before, expected, now)
    assert found.differences == ("It could not be read back: It cannot be read.",)
    assert found.others == ()
    assert happened(before, expected, now) is None
    assert filled(before, expected, now).access is expected.access
    assert filled(before, expected, before) == before


def test_a_new_factor_is_known_by_what_it_is():
    before = picture(tfa=TFA.format(entries=ENTRY.format(id="old", text="phone")))
    expected = after(before, ADD)
    (key,) = (one for one in differing(before, expected) if one.kind == "factor")
    assert key.part.startswith("?")
    entries = ",".join(
        ENTRY.format(id=name, text=text)
        for name, text in (("old", "phone"), ("other", "watch"), ("new", "tablet"))
    )
    now = picture(tfa=TFA.format(entries=entries))
    found = compared(before, expected, now)
    assert Key("factor", "bob@pve", "new") in found.keys
    assert not [text for text in found.differences if "factor" in text or "TFA entry" in text]
    assert found.others == ("TFA entry other of bob@pve is there.",)


def test_a_new_factor_that_is_not_there_is_told():
    before = picture(tfa=TFA.format(entries=ENTRY.format(id="old", text="phone")))
    found = compared(before, after(before, ADD), before)
    assert "TFA entry ?1 of bob@pve is not there." in found.differences


def test_whether_a_step_was_carried_out_is_seen_by_all_that_it_changes():
    before = picture()
    both = after(before, OFF, GONE)
    assert happened(before, both, both) is True
    assert happened(before, both, before) is False
    assert happened(before, both, after(before, OFF)) is None
    assert happened(before, before, both) is None
