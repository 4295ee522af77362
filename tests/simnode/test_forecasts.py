"""What core.predict foretells is what the simulated node does, which answers as PVE does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import count

import pytest

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.objects import differing, record, shown
from pve_auth_tui.core.plan import ApiCall
from pve_auth_tui.core.predict import forecast
from pve_auth_tui.core.predict.rules import RULES
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.tfaconfig import TfaEntry
from pve_auth_tui.services.apipicture import ApiPicture
from pve_auth_tui.services.snapshots import SnapshotService
from pve_auth_tui.simnode import router
from pve_auth_tui.simnode.demo import DEMO_NOW, demo_tree
from pve_auth_tui.simnode.direct import DirectApi
from pve_auth_tui.simnode.disk import MemoryDisk
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.sources import system_sources
from tests.simnode.random_calls import RandomCalls

NOW = float(DEMO_NOW)
STEPS = 6
HOST = "pve1.example.com:8006"
FILES = dict(demo_tree().files)
ODD = {
    "etc/hostname": b"pve1\n",
    "etc/shadow": b"root:*:1:0:99999:7:::\n",
    "etc/pve/storage.cfg": b"dir: nfs\n\tpath /x\n",
    "etc/pve/.vmlist": b'{"version":1,"ids":{"100":{"node":"pve1","type":"qemu","version":1}}}',
    # whatever PVE mends or loses at the next write
    "etc/pve/user.cfg": b"""group:early:late@pve,ann@pve,ghost@pve:comes first:
user:ann@pve:1:0:Ann::ann@example.com: night shift :x:
user:Bob@lab:0:1500000000::::::
token:Bob@lab!ci:0:0::
token:ann@pve!ci:1:1:runs: builds
user:late@pve:1:0:::::JBSWY3DPEHPK3PXP,1234567890123456789012345678901234567890:
user:old@yubi:1:0:::::cccccccccccc,cccccccccccd:
user:lost@gone:1:0:::::JBSWY3DPEHPK3PXP:
group:late:late@pve::
role:PVEAuditor:VM.Audit,Sys.Modify:
role:Own:VM.Audit,Gone.Priv:
pool:lab/in/it:three levels:100,200:nfs,gone:
acl:1:/:root@pam,ann@pve:Administrator:
acl:0:/vms:ghost@pve,@ghosts,ann@pve!ci,ann@pve!gone,@late:PVEAdmin,NoRole,Own:
acl:1:/pool/lab/in:Bob@lab:PVEVMUser:
nonsense
""",
    "etc/pve/domains.cfg": b"""pam: pam
\tdefault 1

pve: pve
\ttfa type=oath,digits=8
\tdefault 1
\tcomment ours

ldap: lab
\tserver1 ldap.example.com
\tbase_dn ou=Z\xfcrich
\tuser_attr uid
\tcase-sensitive 0
\tsync-defaults-options full=1,scope=both

ldap: yubi
\tserver1 ldap.example.com
\tbase_dn dc=x
\tuser_attr uid
\ttfa type=yubico,id=1,key=a
\tdefault 1
""",
    "etc/pve/priv/shadow.cfg": b"ann:$5$abc$def:\nlate:!locked:\nnobody:$5$abc$def:\n",
    "etc/pve/priv/token.cfg": b"ann@pve!ci 1-2-3\nann@pve!gone 1-2-3\n",
    "etc/pve/priv/tfa.cfg": b"""{"users":{
"ghost@pve":{"yubico":[{"id":"y1","created":1,"description":"k","entry":"cccccccccccc"}]},
"ann@pve":{"totp":[{"id":"t1","created":1,"entry":"otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ"}],
"recovery":{"secret":"0123456789abcdef","entries":[null,"aa"],"created":1},
"totp-locked":true,"tfa-locked-until":4000000000},
"Bob@lab":{"totp-locked":true},
"root@pam":{"yubico":[{"id":"recovery","created":1,"description":"odd","entry":"cccccccccccc"}],
"recovery":{"secret":"0123456789abcdef","entries":["aa"],"created":1}}}}""",
    "etc/pve/datacenter.cfg": b"# notes\nkeyboard: xx\nmigration_unsecure: 1\nconsole: applet\n",
}


class StandingClock:
    def now(self) -> float:
        return NOW


def node_with(files: dict[str, bytes]) -> SimNode:
    numbers = count()
    sources = replace(
        system_sources(), now=lambda: NOW, uuid=lambda: f"{next(numbers):08}-0000-4000-8000-0"
    )
    return SimNode(MemoryDisk(files), sources)


def read(node: SimNode) -> Snapshot:
    return SnapshotService(node.tree, StandingClock(), demo=True).load()


def refused(node: SimNode, call: ApiCall) -> str:
    """Why the node refuses a call; "" when it takes it."""
    try:
        DirectApi(node, HOST).call(call.method, call.path, call.params, call.secrets)
    except AuthTuiError as error:
        return str(error) or repr(error)
    return ""


def unnamed(snapshot: Snapshot, known: Iterable[str]) -> Snapshot:
    """New factors by their order instead of their id; an empty address as none."""
    tfa, access = snapshot.tfa.value, snapshot.access.value
    assert tfa
    assert access
    known = set(known)

    def told(number: int, entry: TfaEntry) -> TfaEntry:
        if entry.id in known and entry.created != int(NOW):
            return entry
        return replace(entry, id=f"new {number}", created=0, data=None)

    users = {
        userid: replace(user, entries=tuple(told(n, e) for n, e in enumerate(user.entries)))
        for userid, user in tfa.users.items()
    }
    people = {userid: replace(one, email=one.email or "") for userid, one in access.users.items()}
    return replace(
        snapshot,
        tfa=snapshot.tfa._replace(value=replace(tfa, users=users)),
        access=snapshot.access._replace(value=replace(access, users=people)),
    )


def factor_ids(snapshot: Snapshot) -> list[str]:
    tfa = snapshot.tfa.value
    assert tfa is not None
    return [entry.id for user in tfa.users.values() for entry in user.entries]


def same(told: Snapshot, read_back: Snapshot, known: Iterable[str]) -> list[str]:
    """What differs between two pictures, in words."""
    one, two = unnamed(told, known), unnamed(read_back, known)
    found = [
        f"{shown(key)}: foretold {record(one, key)}, is {record(two, key)}"
        for key in differing(one, two)
    ]
    for name in ("users", "groups", "roles", "pools", "acl", "groups_of"):
        if getattr(one.access.value, name) != getattr(two.access.value, name):
            found.append(name)
    for name in ("tfa", "passwords", "token_secrets"):
        if one.parts[name].value != two.parts[name].value:
            found.append(name)
    realms, options = one.realms.value, one.datacenter.value
    assert realms
    assert options
    if realms.realms != two.realms.value.realms:
        found.append("realms")
    if options[:2] != two.datacenter.value[:2]:
        found.append("datacenter")
    return found


@pytest.mark.parametrize("seed", range(150))
def test_calls_on_the_demo_cluster_do_what_was_foretold(seed):
    require_foretold(FILES, seed)


@pytest.mark.parametrize("seed", range(150))
def test_calls_on_odd_files_do_what_was_foretold(seed):
    require_foretold(ODD, seed)


def require_foretold(files: dict[str, bytes], seed: int) -> None:
    """One call after another, and all of them together."""
    node = node_with(files)
    first = before = read(node)
    calls = RandomCalls(seed, first, NOW)
    known = factor_ids(first)
    steps = []
    for _ in range(STEPS):
        call = calls.call(before)
        told = forecast(before, [call], now=NOW)
        refusal = refused(node, call)
        after = read(node)
        wrong = same(told.snapshot, after, known)
        assert not wrong, (call, told.problems, refusal)
        assert bool(told.problems) == bool(refusal), (call, told.problems, refusal)
        assert not told.unforeseen, call
        before = after
        steps.append(call)
    assert not same(forecast(first, steps, now=NOW).snapshot, before, known)


@pytest.mark.parametrize("files", [FILES, ODD], ids=["demo", "odd"])
@pytest.mark.parametrize("seed", range(12))
def test_a_picture_from_pve_s_api_foretells_the_next_one(seed, files):
    node = node_with(files)
    api = DirectApi(node, HOST)
    before = ApiPicture(api, StandingClock()).load()
    calls = RandomCalls(seed, before, NOW)
    known = factor_ids(before)
    for _ in range(STEPS):
        call = calls.call(before)
        told = forecast(before, [call], now=NOW)
        refusal = refused(node, call)
        before = ApiPicture(api, StandingClock()).load()
        if not told.unforeseen:
            pictures = unnamed(told.snapshot, known), unnamed(before, known)
            assert not differing(*pictures), (call, told.problems, refusal)
            assert bool(told.problems) == bool(refusal), (call, told.problems, refusal)


@pytest.mark.parametrize("call", RULES)
def test_values_are_checked_by_the_rules_of_pve_s_schema(call):
    method, _, template = call.partition(" ")
    found, in_path = router.find(method, template.replace("{", "").replace("}", ""))
    assert found.template == template
    assert found.rules == RULES[call]
    assert in_path.keys() <= RULES[call].keys()
