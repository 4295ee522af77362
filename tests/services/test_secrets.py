"""What is secret in PVE's files stays in the files: no list, detail, sentence or repr has it."""

import json
import re

import pytest

from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.core.lists import LISTINGS
from pve_auth_tui.core.lists.anything import ANYTHING
from pve_auth_tui.core.overview import overview
from pve_auth_tui.queries import QUERIES, listing_text
from pve_auth_tui.services.exports import as_csv
from pve_auth_tui.services.snapshots import SnapshotService
from pve_auth_tui.simnode.memory import MemoryTree
from pve_auth_tui.status import status_json, status_text

NOW = 1_700_000_000
PHONE = {"id": "1", "enable": True, "description": "phone", "created": 1}
TOTP = {**PHONE, "entry": "otpauth://totp/x?secret=INAU4QKSLEZDG"}
RECOVERY = {"secret": "CANARYhmac", "entries": ["CANARYkey", None], "created": 1}

FILES = {
    "etc/pve/user.cfg": """\
user:root@pam:1:0:::::CANARYroot:
user:anna@corp:1:0:::::CANARYold!:
a broken line with CANARYline
token:anna@corp!ci:0:1::
acl:1:/:anna@corp:Administrator:
""",
    "etc/pve/domains.cfg": """\
pve: pve
\ttfa type=yubico,id=4711,key=CANARYyubico=

openid: entra
\tissuer-url https://login.example.com
\tclient-id pve
\tclient-key CANARYclient

openid: other
\tissuer-url https://login.example.com
\tclient-id pve
client-key CANARYunindented
\tclient-kye CANARYmistyped
""",
    "etc/pve/datacenter.cfg": """\
http_proxy: http://admin:CANARYproxy@proxy.example.com:3128
http_proxy http://admin:CANARYproxyline@proxy.example.com:3128
""",
    "etc/pve/priv/token.cfg": "anna@corp!ci CANARYtoken\nbroken  CANARYtokenline\n",
    "etc/pve/priv/shadow.cfg": "bo:CANARYhash:\nCANARYhashline\n",
    "etc/pve/priv/tfa.cfg": json.dumps(
        {
            "users": {
                "anna@corp": {
                    "totp": [TOTP],
                    "yubico": [{**PHONE, "entry": "CANARYkeyid"}],
                    "recovery": RECOVERY,
                }
            }
        }
    ),
    "etc/pve/priv/realm/corp.pw": "CANARYpassword",
    "etc/shadow": "root:$5$CANARYlinux$CANARYlinux:19000:0:99999:7:::\n",
}
SECRET = re.compile("CANARY[a-z]+|INAU4QKSLEZDG")

REFUSED = [
    {"totp": "CANARYtotp"},
    {"totp": ["CANARYtotp"]},
    {"totp": [{**PHONE, "entry": 'otpauth://totp/x?secret=CANARY"x"!'}]},
    {"recovery": 'CANARYhmac", expected CANARYmore'},
    {"recovery": {**RECOVERY, "entries": "CANARYkey"}},
    {"recovery": {**RECOVERY, "created": "CANARYkey"}},
    {"webauthn": [{**PHONE, "entry": "CANARYkey"}]},
]


def picture(**changed):
    files = {name: text.encode() for name, text in (FILES | changed).items()}
    return SnapshotService(MemoryTree(files), FixedClock(NOW)).load()


@pytest.fixture(scope="module")
def snapshot():
    found = picture()
    parts = [part for name, part in found.parts.items() if name != "health"]
    assert all(part.value is not None for part in parts)
    assert set(found.realms.value.realms) >= {"pve", "entra", "other"}
    assert len(found.tfa.value.users["anna@corp"].entries) == 3
    return found


def everything_shown(snapshot):
    """What screens, commands and saved lists are made of."""
    seen = overview(snapshot, NOW)
    yield repr(seen)
    yield repr(status_json(snapshot, seen))
    yield status_text(snapshot, seen, None)
    for shown in (*LISTINGS, ANYTHING):
        rows = shown.rows(snapshot, NOW)
        yield repr(rows)
        yield as_csv([column.title for column in shown.columns], [row.cells for row in rows])
        for row in rows:
            yield shown.heading(snapshot, row.key)
            yield repr(shown.details(snapshot, row.key, NOW))
            yield repr(shown.commands(row.key))
    for name, query in QUERIES.items():
        if query.main(snapshot).value is not None:
            yield repr(query.json(snapshot))
        yield listing_text(name, snapshot, None)


def test_no_list_detail_command_or_sentence_has_a_secret(snapshot):
    shown = "".join(everything_shown(snapshot))
    assert "anna@corp!ci" in shown
    assert "4711" in shown
    assert SECRET.findall(shown) == []


def test_no_repr_of_the_picture_or_a_part_of_it_has_a_secret(snapshot):
    assert SECRET.findall(repr(snapshot.parts)) == []
    assert SECRET.findall(f"{snapshot.datacenter.value} {snapshot.access.value}") == []


@pytest.mark.parametrize("factors", REFUSED, ids="-".join)
def test_why_pve_refuses_a_tfa_cfg_is_told_without_its_values(factors):
    refused = picture(**{"etc/pve/priv/tfa.cfg": json.dumps({"users": {"anna@corp": factors}})})
    assert "Nobody can log in" in refused.tfa.problem
    assert SECRET.findall(repr(refused.parts) + "".join(everything_shown(refused))) == []


@pytest.mark.parametrize("length", range(1, len(FILES["etc/pve/priv/tfa.cfg"]), 17))
def test_a_tfa_cfg_that_is_cut_off_anywhere_tells_no_secret(length):
    cut = picture(**{"etc/pve/priv/tfa.cfg": FILES["etc/pve/priv/tfa.cfg"][:length]})
    assert "Nobody can log in" in cut.tfa.problem
    assert SECRET.findall(repr(cut.parts) + "".join(everything_shown(cut))) == []
