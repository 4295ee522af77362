"""What a directory, an identity provider or another admin wrote reaches no screen raw (R19)."""

import json
from urllib.parse import quote

import pytest

from pve_auth_tui.core.lists import LISTINGS
from pve_auth_tui.core.plain import plain
from pve_auth_tui.simnode.memory import MemoryTree
from tests.screens.conftest import press, says, sees, settle, shown, table, type_text, until

EVIL = "\x1b]52;c;cHduZWQ=\x07\x1b[2J\n\u202e\u200b\U000e0041[red]$x[/]"
USER = "e\x1b[2J\x9b2J\xad[red]vil@corp"
SHOWN = r"e\x1b[2J\x9b2J\xad[red]vil"
COMMENT = quote(EVIL)
PHONE = {"id": "1", "enable": True, "description": EVIL, "created": 1}

FILES = {
    "etc/pve/user.cfg": f"""\
user:root@pam:1:0::::::
user:{USER}:1:0:{COMMENT}:{COMMENT}:{COMMENT}@x:{COMMENT}:x:
token:{USER}!ci:0:1:{COMMENT}:
group:ops:{USER},gone\x1b[2J@corp:{COMMENT}:
pool:lab:{COMMENT}:100:local:
role:Looker:VM.Audit:
acl:1:/:{USER}:Administrator:
acl:1:/vms/100:@ops,gone\x1b[2J@corp:Looker:
acl:1:/\x1b[2J\x9b:@ops:Looker:
broken \x1b[2J
""",
    "etc/pve/domains.cfg": f"""\
ldap: corp
\tcomment {COMMENT}
\tbase_dn dc=example,dc=com
\tuser_attr uid
\tserver1 ldap.example.com
""",
    "etc/pve/jobs.cfg": "realm-sync: nightly\n\trealm corp\n\tschedule daily\n\tscope both\n",
    "etc/pve/priv/jobs/realm-sync-nightly.json": json.dumps(
        {"state": "stopped", "time": 1, "error": EVIL}
    ),
    "etc/pve/priv/tfa.cfg": json.dumps({"users": {USER: {"yubico": [{**PHONE, "entry": "x"}]}}}),
    "etc/pve/.members": json.dumps(
        {
            "nodename": "pve1",
            "cluster": {"name": f"rack{EVIL}", "version": 1, "nodes": 1, "quorate": 1},
            "nodelist": {"pve1": {"id": 1, "online": 1, "ip": EVIL}},
        }
    ),
    "etc/pve/.vmlist": json.dumps({"ids": {"100": {"node": "pve1", "type": "qemu", "version": 1}}}),
    "etc/pve/nodes/pve1/qemu-server/100.conf": "name: \x1b[2J\x9b\xad\n",
}


@pytest.fixture
async def hostile(make_app):
    """The screens without the last filter, so that nothing but `plain` stands in between."""
    tree = MemoryTree({name: text.encode("latin-1") for name, text in FILES.items()})
    app = make_app(tree)
    app._filters_now = []
    async with app.run_test(size=(180, 50)) as pilot:
        await settle(pilot)
        yield pilot


def is_plain(pilot):
    lines = shown(pilot).split("\n")
    assert [line for line in lines if plain(line) != line] == []
    return True


async def test_start_shows_it_spelled_out(hostile):
    assert is_plain(hostile)
    for _ in range(table(hostile).count):
        await press(hostile, "down")
        assert is_plain(hostile)


@pytest.mark.parametrize("digit", range(1, len(LISTINGS) + 1))
async def test_lists_details_and_commands_show_it_spelled_out(hostile, digit):
    await press(hostile, str(digit))
    count = table(hostile).count
    assert count
    for _ in range(min(count, 4)):
        await press(hostile, "space", "n", "end")
        assert is_plain(hostile)
        for key in ("enter", "c"):
            await press(hostile, key)
            assert is_plain(hostile)
            await press(hostile, "escape")
        await press(hostile, "up")
    assert is_plain(hostile)


async def test_the_users_details_have_every_field(hostile):
    await press(hostile, "2")
    await until(hostile, lambda: table(hostile).go_to(USER))
    await press(hostile, "enter")
    await sees(hostile, SHOWN, r"\x1b]52;c;cHduZWQ=\x07\x1b[2J\n\u202e\u200b\U000e0041[red]$x[/]")
    assert is_plain(hostile)


async def test_the_prompt_offers_and_completes_it_spelled_out_and_still_finds_it(hostile):
    await press(hostile, "colon")
    await type_text(hostile, "vil@")
    await sees(hostile, SHOWN)
    await press(hostile, "tab")
    await sees(hostile, f":{SHOWN}@corp")
    assert is_plain(hostile)
    await press(hostile, "enter")
    await until(
        hostile, lambda: (hostile.app.screen.listing.name, table(hostile).key) == ("users", USER)
    )


async def test_the_tree_as_seen_by_it(hostile):
    await press(hostile, "1", "v", "2", "p")
    await type_text(hostile, "vil")
    assert is_plain(hostile)
    await press(hostile, "enter")
    await sees(hostile, SHOWN)
    assert is_plain(hostile)


async def test_find_shows_what_was_typed_or_pasted_spelled_out(hostile):
    await press(hostile, "2", "slash")
    for character in "\u202e\u200bx":
        hostile.app.focused.insert_text_at_cursor(character)
    await press(hostile, "enter")
    await sees(hostile, r"\u202e\u200bx")
    assert is_plain(hostile)


async def test_a_saved_list_and_what_is_said_about_it_are_plain(hostile, tmp_path):
    await press(hostile, "2", "f")
    await says(hostile, "Saved as")
    (saved,) = (tmp_path / "saved").iterdir()
    text = saved.read_text()
    assert SHOWN in text
    assert [line for line in text.split("\n") if plain(line) != line] == []
