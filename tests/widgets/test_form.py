"""Forms: how one moves in them, where problems stand, and what no message tells."""

from __future__ import annotations

from typing import Any

import pytest
from textual import events, on
from textual.app import App, ComposeResult
from textual.message import Message
from textual.message_pump import MessagePump
from textual.pilot import Pilot

from pve_auth_tui.core.secret import Secret
from widgets.field import AnyField, ChoiceEntry, Field, SecretEntry, TextEntry, YesNoEntry
from widgets.form import Form
from widgets.lines import OneLine
from widgets.text_field import TextField

CANARY = "canary-5e1f"


def name_problem(text: str) -> str:
    return "" if text else "A name is needed."


def password_problem(secret: Secret) -> str:
    return "" if len(secret.reveal()) >= 8 else "At least 8 characters."


def fields() -> list[AnyField]:
    return [
        TextEntry("name", "Name", help="Who it is.", rule=name_problem),
        ChoiceEntry("realm", "Realm", [("pam", "Linux PAM"), ("pve", "PVE"), ("corp", "AD")]),
        YesNoEntry("enabled", "Enabled", True),
        SecretEntry("password", "Password", rule=password_problem),
    ]


class FormApp(App[None]):
    CSS = "Screen { layout: vertical; }"

    def __init__(self, made: list[AnyField] | None = None) -> None:
        super().__init__()
        self.made = fields() if made is None else made
        self.messages: list[Message] = []
        self.copied: list[str] = []
        self.ended = 0

    def compose(self) -> ComposeResult:
        yield Form(self.made)

    def on_mount(self) -> None:
        self.form.focus_field()

    @property
    def form(self) -> Form:
        return self.query_one(Form)

    @on(Form.Ended)
    def _ended(self) -> None:
        self.ended += 1

    @on(Field.Changed)
    def _changed(self, message: Field.Changed) -> None:
        self.messages.append(message)

    def copy_to_clipboard(self, text: str) -> None:
        self.copied.append(text)


async def keys(pilot: Pilot[None], *names: str) -> None:
    for name in names:
        await pilot.press(name)
    await pilot.pause()


def where(app: FormApp) -> str:
    field = app.form.focused
    return field.ident if field else ""


def shown(app: App[Any]) -> str:
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)


async def test_arrows_tab_and_enter_move_between_fields_and_stop_at_the_ends() -> None:
    async with FormApp().run_test(size=(80, 24)) as pilot:
        app = pilot.app
        assert isinstance(app, FormApp)
        seen = []
        for key in ("up", "down", "tab", "enter", "enter", "down", "up", "shift+tab"):
            await keys(pilot, key)
            seen.append(where(app))
        assert seen == [
            "name", "realm", "enabled", "password", "password", "password", "enabled", "realm",
        ]  # fmt: skip
        assert app.ended == 1


async def test_the_field_with_the_keys_is_marked_by_a_sign_and_not_by_colour_alone() -> None:
    async with FormApp().run_test(size=(80, 24)) as pilot:
        await keys(pilot, "down")
        lines = shown(pilot.app).splitlines()
        assert lines[0].startswith("   Name")
        assert lines[1].startswith(" > Realm")


async def test_letters_are_text_and_values_come_back_as_they_were_typed() -> None:
    async with FormApp().run_test(size=(80, 24)) as pilot:
        app = pilot.app
        assert isinstance(app, FormApp)
        await keys(pilot, *"jo q", "down", "space", "down", "space", "down", *CANARY)
        assert app.form.values == {
            "name": "jo q", "realm": "pve", "enabled": False, "password": Secret(CANARY),
        }  # fmt: skip


async def test_choices_go_round_in_both_directions() -> None:
    async with FormApp().run_test(size=(80, 24)) as pilot:
        app = pilot.app
        assert isinstance(app, FormApp)
        await keys(pilot, "down", "left")
        assert app.form.values["realm"] == "corp"
        assert "< AD >" in shown(app)
        await keys(pilot, "right", "right")
        assert app.form.values["realm"] == "pve"


async def test_a_choice_offers_other_values_later() -> None:
    async with FormApp().run_test(size=(80, 24)) as pilot:
        app = pilot.app
        assert isinstance(app, FormApp)
        realm = app.form.field("realm")
        assert isinstance(realm, ChoiceEntry)
        realm.value = "corp"
        realm.offer([("lab", "Lab"), ("old", "Old")])
        await pilot.pause()
        assert realm.value == "lab"
        assert "< Lab >" in shown(app)


async def test_a_problem_stands_below_its_field_once_that_was_left_and_goes_when_mended() -> None:
    async with FormApp().run_test(size=(80, 24)) as pilot:
        app = pilot.app
        assert isinstance(app, FormApp)
        await keys(pilot, "down")
        assert "A name is needed." not in shown(app), "nothing was typed yet"
        await keys(pilot, "up", "x", "backspace", "down")
        lines = shown(app).splitlines()
        assert lines[1].strip() == "A name is needed."
        assert lines[2].startswith(" > Realm")
        await keys(pilot, "up", "j")
        assert "A name is needed." not in shown(app)


async def test_checking_finds_every_problem_keeps_what_was_typed_and_goes_to_the_first() -> None:
    async with FormApp().run_test(size=(80, 24)) as pilot:
        app = pilot.app
        assert isinstance(app, FormApp)
        await keys(pilot, "up", "down", "down", "down", *"short")
        assert not app.form.check()
        await pilot.pause()
        assert where(app) == "name"
        assert "A name is needed." in shown(app)
        assert "At least 8 characters." in shown(app)
        assert app.form.values["password"] == Secret("short")
        await keys(pilot, *"joe", "down", "down", "down", *"er-than")
        assert app.form.check()
        assert "At least" not in shown(app)


async def test_a_long_problem_is_wrapped_below_its_field() -> None:
    def long(text: str) -> str:
        return "This is wrong for a reason that takes more than one line of eighty cells to tell."

    async with FormApp([TextEntry("a", "A", rule=long)]).run_test(size=(60, 10)) as pilot:
        app = pilot.app
        assert isinstance(app, FormApp)
        app.form.check()
        await pilot.pause()
        lines = shown(app).splitlines()
        assert " ".join(" ".join(lines[1:3]).split()) == long("")


async def until_drawn(pilot: Pilot[None], *texts: str) -> None:
    """What is below is counted when the rest is laid out; a busy machine takes its time."""
    assert isinstance(pilot.app, FormApp)
    for _ in range(200):
        if all(text in shown(pilot.app) for text in texts):
            return
        await pilot.pause(0.02)
    raise AssertionError(shown(pilot.app))


async def test_the_field_that_has_the_keys_stays_in_view_whatever_grows_around_it() -> None:
    many: list[AnyField] = [
        TextEntry(f"f{n}", f"Field {n}", rule=lambda text: f"{text} is wrong." if text else "")
        for n in range(12)
    ]
    async with FormApp(many).run_test(size=(80, 10)) as pilot:
        app = pilot.app
        assert isinstance(app, FormApp)
        many[-1].display = False
        for _ in range(9):
            await keys(pilot, "down")
        await keys(pilot, "x", "down")
        assert "> Field 10" in shown(app)
        many[-1].display = True
        await until_drawn(pilot, "> Field 10", "1 more field below")
        await keys(pilot, "down")
        await until_drawn(pilot, "> Field 11")
        assert "more field" not in shown(app)


async def test_what_has_no_room_is_counted_and_scrolled_to() -> None:
    many: list[AnyField] = [TextEntry(f"f{n}", f"Field {n}") for n in range(30)]
    async with FormApp(many).run_test(size=(80, 24)) as pilot:
        app = pilot.app
        assert isinstance(app, FormApp)
        await until_drawn(pilot, "7 more fields below")
        for _ in range(29):
            await keys(pilot, "down")
        await pilot.pause()
        assert "> Field 29" in shown(app)
        assert "more field" not in shown(app)
        await keys(pilot, "up")
        assert where(app) == "f28"


async def test_a_folded_field_is_passed_over_and_not_checked() -> None:
    made = fields()
    async with FormApp(made).run_test(size=(80, 24)) as pilot:
        app = pilot.app
        assert isinstance(app, FormApp)
        app.form.field("realm").display = False
        app.form.field("password").display = False
        await keys(pilot, *"joe", "enter")
        assert where(app) == "enabled"
        await keys(pilot, "enter")
        assert app.ended == 1
        assert app.form.check()


async def test_answers_are_put_back_where_there_are_fields_for_them() -> None:
    async with FormApp().run_test(size=(80, 24)) as pilot:
        app = pilot.app
        assert isinstance(app, FormApp)
        before = app.form.values
        app.form.fill({"name": "joe", "enabled": False, "realm": "gone", "other": "x"})
        assert app.form.values == before | {"name": "joe", "enabled": False}
        await keys(pilot, "y")
        assert app.form.values["name"] == "joey", "the cursor stands behind the text"


class Filled(FormApp):
    """A field that begins with something wrong."""

    def compose(self) -> ComposeResult:
        self.made = [TextEntry("a", "A", "wrong", rule=lambda text: "No."), YesNoEntry("b", "B")]
        yield Form(self.made)


async def test_what_a_program_put_into_a_field_was_not_typed() -> None:
    async with Filled().run_test(size=(80, 24)) as pilot:
        app = pilot.app
        assert isinstance(app, FormApp)
        app.form.fill({"a": "wrong, too", "b": True})
        app.form.clear_secrets()
        await keys(pilot, "down", "up")
        assert app.messages == []
        assert "No." not in shown(app)
        await keys(pilot, "x", "down")
        assert "No." in shown(app)


async def test_moving_through_a_field_does_not_replace_it_by_the_next_key() -> None:
    async with FormApp().run_test(size=(80, 24)) as pilot:
        app = pilot.app
        assert isinstance(app, FormApp)
        await keys(pilot, *"joe", "down", "up", "y")
        assert app.form.values["name"] == "joey"


# --- secrets -----------------------------------------------------------------------------


async def typed_secret(pilot: Pilot[None]) -> SecretEntry:
    app = pilot.app
    assert isinstance(app, FormApp)
    app.form.focus_field("password")
    await keys(pilot, *CANARY)
    field = app.form.field("password")
    assert isinstance(field, SecretEntry)
    assert field.value == Secret(CANARY)
    return field


async def test_a_secret_is_masked_until_it_is_revealed_and_again_when_it_is_left() -> None:
    async with FormApp().run_test(size=(80, 24)) as pilot:
        field = await typed_secret(pilot)
        assert CANARY not in shown(pilot.app)
        assert "•" * len(CANARY) in shown(pilot.app)
        field.reveal(yes=True)
        await pilot.pause()
        assert CANARY in shown(pilot.app)
        await keys(pilot, "up")
        assert CANARY not in shown(pilot.app)
        assert not field.revealed


@pytest.mark.parametrize("revealed", [False, True], ids=["masked", "revealed"])
async def test_nothing_of_a_secret_is_copied_or_cut(revealed: bool) -> None:
    async with FormApp().run_test(size=(80, 24)) as pilot:
        app = pilot.app
        assert isinstance(app, FormApp)
        field = await typed_secret(pilot)
        field.reveal(yes=revealed)
        await keys(pilot, "home", "shift+end", "ctrl+c", "super+c", "ctrl+x")
        await keys(pilot, "ctrl+shift+a", "ctrl+c", "ctrl+x")
        assert app.copied == []
        assert field.value == Secret(CANARY)


async def test_no_message_and_no_repr_holds_what_was_typed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    posted: list[str] = []
    post = MessagePump.post_message

    def noted(self: MessagePump, message: Message) -> bool:
        posted.append(repr(message))
        return post(self, message)

    monkeypatch.setattr(MessagePump, "post_message", noted)
    async with FormApp().run_test(size=(80, 24)) as pilot:
        app = pilot.app
        assert isinstance(app, FormApp)
        field = await typed_secret(pilot)
        control = field.control
        await keys(pilot, "z", "enter", "up")
        texts = [repr(field), repr(control), repr(app.form), repr(app.form.values)]
        texts += [str(field.value), repr(list(control.__rich_repr__()))]
        assert any("Edited" in text for text in posted)
        assert any("Entered" in text for text in posted)
        assert not [text for text in [*posted, *texts] if CANARY in text]


async def test_no_message_of_a_text_field_holds_its_value_either() -> None:
    async with FormApp().run_test(size=(80, 24)) as pilot:
        app = pilot.app
        assert isinstance(app, FormApp)
        await keys(pilot, *"joe")
        assert {type(message) for message in app.messages} == {Field.Changed}
        assert not any("joe" in repr(message) for message in app.messages)


async def test_secrets_of_a_form_can_be_forgotten() -> None:
    async with FormApp().run_test(size=(80, 24)) as pilot:
        app = pilot.app
        assert isinstance(app, FormApp)
        field = await typed_secret(pilot)
        app.form.clear_secrets()
        assert field.value == Secret("")


async def test_a_paste_is_its_first_line() -> None:
    async with FormApp().run_test(size=(80, 24)) as pilot:
        app = pilot.app
        assert isinstance(app, FormApp)
        app.form.focus_field("password")
        await pilot.pause()
        app.post_message(events.Paste("correct horse\nrm -rf"))
        await pilot.pause()
        assert app.form.values["password"] == Secret("correct horse")


async def test_labels_and_options_are_shown_as_plain_text() -> None:
    made: list[AnyField] = [
        TextEntry("a", "A\x1b[31m"),
        ChoiceEntry("b", "B", [("x", "evil\u202ename"), ("y", "[bold]y[/]")]),
    ]
    async with FormApp(made).run_test(size=(80, 24)) as pilot:
        app = pilot.app
        assert isinstance(app, FormApp)
        assert "A\\x1b[31m" in shown(app)
        assert "evil\\u202ename" in shown(app)
        await keys(pilot, "down", "space")
        assert "[bold]y[/]" in shown(app)


async def test_all_labels_of_a_form_are_equally_wide() -> None:
    made: list[AnyField] = [TextEntry("a", "A"), TextEntry("b", "A long label")]
    async with FormApp(made).run_test(size=(80, 24)) as pilot:
        await keys(pilot, *"one", "down", *"two")
        lines = shown(pilot.app).splitlines()
        assert lines[0].index("one") == lines[1].index("two")
        assert pilot.app.query_one(".label", OneLine).size.width == len("A long label") + 5


async def test_what_is_put_back_into_a_form_stands_there_from_its_first_letter():
    class Kept(FormApp):
        def on_mount(self) -> None:
            self.query_one(Form).fill({"name": "kept from before"})

    app = Kept([TextEntry("name", "Name")])
    async with app.run_test(size=(60, 10)) as pilot:
        await pilot.pause()
        control = app.query_one(TextField)
        assert control.render_line(0).text.startswith("kept from before ")
        await pilot.press("ctrl+u", *"new")
        await pilot.pause()
        assert control.render_line(0).text.startswith("new ")
        await pilot.press(*"x" * 80, "ctrl+u", *"short")
        await pilot.pause()
        assert control.render_line(0).text.startswith("short ")
