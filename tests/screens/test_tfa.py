"""The Two Factor screen: who has none, what is proved, and changes of several factors at once."""

import pytest

from pve_auth_tui.core.proofs import How, Mark
from screens.choose import ChooseScreen
from screens.enrol_yubico import EnrolYubicoForm
from screens.plan import PlanScreen
from tests.screens.conftest import (
    keys_shown,
    on_top,
    press,
    says,
    says_just,
    sees,
    settle,
    shown,
    table,
    type_text,
    until,
)

OTP = "cccjgjgkhcbbirdrfdnlnghhfgrtnnlgedjlftrbdeut"


def key_of(pilot, userid, kind="totp"):
    tfa = pilot.app.snapshot.tfa.value
    return next(f"{userid} {each.id}" for each in tfa.users[userid].entries if each.type == kind)


async def planned(pilot):
    await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen))
    await settle(pilot)
    return shown(pilot)


async def test_factors_come_first_and_then_everybody_who_has_none(pilot):
    await press(pilot, "4")
    keys = keys_shown(pilot)
    without = [key.endswith(" ") for key in keys]
    assert without == sorted(without)
    assert sum(without) > 100
    await press(pilot, "slash")
    await type_text(pilot, "nina")
    await press(pilot, "enter")
    await until(pilot, lambda: keys_shown(pilot) == ["nina@pve "])
    await sees(pilot, "Proved", "administrator through group local-admins without a second")


@pytest.mark.parametrize("key", ["e", "d", "l"])
async def test_what_acts_on_a_factor_says_why_not_where_there_is_none(pilot, key):
    await press(pilot, "4")
    table(pilot).go_to("nina@pve ")
    screen = pilot.app.screen
    await press(pilot, key)
    await until(pilot, lambda: pilot.app.screen is screen)
    await says_just(pilot, "nina@pve has no second factor here. a adds one.")


async def test_marked_rows_without_a_factor_are_counted(pilot):
    await press(pilot, "4")
    table(pilot).go_to("nina@pve ")
    table(pilot).set_marks({"nina@pve ", "dora@corp ", key_of(pilot, "anna@pam")})
    await press(pilot, "d")
    await says_just(pilot, "2 marked rows are of users without one.")


async def test_several_marked_factors_are_disabled_in_one_plan(pilot):
    await press(pilot, "4")
    marks = {key_of(pilot, "anna@pam"), key_of(pilot, "erik@pve")}
    marks.add(key_of(pilot, "lena@pve", "webauthn"))  # it is disabled already
    table(pilot).set_marks(marks)
    await press(pilot, "e")
    await on_top(pilot, ChooseScreen)
    await press(pilot, "1")
    text = await planned(pilot)
    assert "disable 2 second factors" in text
    assert text.count("--enable 0") == 2


async def test_several_marked_users_are_unlocked_in_one_plan(pilot):
    await press(pilot, "4")
    table(pilot).set_marks({key_of(pilot, "anna.admin@corp"), key_of(pilot, "root@pam")})
    await press(pilot, "l")
    text = await planned(pilot)
    assert "unlock the second factors of 2 users" in text
    assert "only the count of pve1" in text


async def test_marks_are_named_as_people_name_factors(pilot):
    await press(pilot, "4")
    table(pilot).go_to(key_of(pilot, "anna@pam"))
    await press(pilot, "space")
    await says(pilot, "anna@pam · TOTP · phone")


async def test_what_was_proved_stands_in_the_list_and_its_details(make_app, still_cursor):
    from dataclasses import replace

    app = make_app()
    async with app.run_test(size=(132, 43)) as pilot:
        await settle(pilot)
        key = key_of(pilot, "root@pam", "webauthn")
        mark = Mark(
            "root@pam", key.partition(" ")[2], How.LOGIN, app.snapshot.taken_at - 3600, "pve2",
            "old.example.com",
        )  # fmt: skip
        proofs = {("root@pam", mark.entry): mark}
        app.outlook = app.outlook._replace(snapshot=replace(app.snapshot, proofs=proofs))
        await press(pilot, "4")
        table(pilot).go_to(key)
        await settle(pilot)
        await until(pilot, lambda: "under the ID" in shown(pilot))
        await sees(pilot, "OLD ID", "login")
        pilot.app.screen.open_view("proved by a login")
        await until(pilot, lambda: keys_shown(pilot) == [key])


@pytest.mark.parametrize(("name", "key"), [("keys", "p"), ("rack", "R"), ("webauthn", "S")])
async def test_what_belongs_to_keys_is_reached_by_a_key_and_by_its_name(pilot, name, key):
    await press(pilot, "4")
    offers = [each for each in pilot.app.screen.OFFERS if each.name == name]
    assert [each.keys for each in offers] == [key]


# --- Yubico OTP --------------------------------------------------------------------------


async def test_a_realm_without_yubico_settings_says_what_to_do(pilot):
    await press(pilot, "4")
    await pilot.app.push_screen(EnrolYubicoForm("nina@pve"))
    await settle(pilot)
    await until(pilot, lambda: "has no Yubico settings" in shown(pilot))
    await press(pilot, "ctrl+o")
    await says(pilot, "Realm pve has no Yubico settings")
    await on_top(pilot, EnrolYubicoForm)
