"""Under other names all answers are other ones: what is written down somewhere shows."""

import re
from functools import cache

import pytest

from pve_auth_tui.core.names import is_userid
from pve_auth_tui.core.permissions import Permissions
from pve_auth_tui.core.userconfig import parse_user_config
from tests.conformance import api, permissions, renaming, replay
from tests.conformance.cipher import Cipher
from tests.conformance.conftest import GOLDEN
from tests.conformance.family import Family
from tests.conformance.leftout import left_out
from tests.conformance.recording import Entry, topics
from tests.conformance.renamedfiles import renamed_files
from tests.conformance.writtendown import WrittenDown

WITHOUT_DIRECTORY = {"api": ("09", "10", "11"), "replay": ("11",)}


@cache
def recorded(kind):
    """The topics that ask no directory."""
    needing = WITHOUT_DIRECTORY[kind]
    return tuple(topic for topic in topics(GOLDEN, kind) if not topic.name.startswith(needing))


@cache
def everybody():
    return renaming.renaming_of([*recorded("api"), *recorded("replay")])


def by_heart(family, plain, asked) -> Family:
    """What a node that knows the plain recordings by heart makes of those that are asked."""
    known = dict(zip((topic.name for topic in asked), plain, strict=True))

    def scene(topic, *_):
        return WrittenDown(known[topic.name], list(left_out(topic)))

    return family.compared(asked, scene, exact_files=False)


@pytest.mark.parametrize("family", [api, replay], ids=lambda family: family.NAME)
def test_a_table_of_answers_passes_the_plain_run_and_fails_the_renamed_one(family):
    plain = recorded(family.NAME)
    assert by_heart(family, plain, plain).differences == ()

    renamed = by_heart(family, plain, [everybody().topic(topic) for topic in plain])
    assert renamed.total == by_heart(family, plain, plain).total
    assert renamed.equal < 0.85 * renamed.total  # many answers name nobody


@pytest.mark.parametrize("family", [api, replay], ids=lambda family: family.NAME)
def test_the_simulated_node_gives_the_renamed_answers(family, host):
    renamed = [everybody().topic(topic) for topic in recorded(family.NAME)]
    found = family.compared(renamed, family.on_stage(host), exact_files=False)
    assert found.differences == ()
    assert found.total > 300


def test_permissions_are_those_of_the_renamed():
    configs = permissions.configs(GOLDEN)
    renamed = [everybody().config(config) for config in configs]
    assert permissions.compared(renamed).differences == ()
    unchanged = [
        {**config, "queries": old["queries"]} for config, old in zip(renamed, configs, strict=True)
    ]
    found = permissions.compared(unchanged)
    assert found.equal < 0.9 * found.total  # many have no privileges under any name


def test_every_user_group_role_token_and_pool_has_another_name():
    text = (
        "user:ann@pve:1:0:Ann:::a note::\ntoken:ann@pve!ci:0:1:%C3%A4 note:\n"
        "group:ops:ann@pve,root@pam:a note:\npool:lab/web:a note:100:local:\n"
        "role:Mine:VM.Audit:\nacl:1:/pool/lab:@ops,ann@pve!ci:Mine,PVEAuditor:\n"
        "acl:0:/access/groups/ops:root@pam:NoAccess:\nacl:1:/vms/100:ann@corp:Mine:\n"
    )
    assert renamed_files({"user.cfg": text}, Cipher()) == {
        "user.cfg": (
            "user:boo@pve:1:0:Ann:::b opuf::\ntoken:boo@pve!dj:0:1:%C3%A4 opuf:\n"
            "group:pqt:boo@pve,root@pam:b opuf:\npool:mbc/xfc:b opuf:100:local:\n"
            "role:Njof:VM.Audit:\nacl:1:/pool/mbc:@pqt,boo@pve!dj:Njof,PVEAuditor:\n"
            "acl:0:/access/groups/pqt:root@pam:NoAccess:\nacl:1:/vms/100:boo@dpsq:Njof:\n"
        )
    }


def test_files_are_renamed_down_to_their_own_names():
    files = {
        "priv/realm/corp.pw": "secret",
        "domains.cfg": "ldap: corp\n\tcomment a note\n\tbase_dn dc=a\n\npve: pve\n\n",
        "jobs.cfg": "realm-sync: nightly\n\trealm corp\n\tcomment a note\n\n",
        "priv/token.cfg": "ann@pve!ci 0000\n",
        "priv/shadow.cfg": "ann:$5$abc:\n",
        "priv/tfa.cfg": '{"users":{"ann@pve":{"totp":[{"id":"ab","description":"a note"}]}}}',
        "datacenter.cfg": "language: de\n",
        "user.cfg": None,
    }
    assert renamed_files(files, Cipher()) == {
        "priv/realm/dpsq.pw": "secret",
        "domains.cfg": "ldap: dpsq\n\tcomment b opuf\n\tbase_dn dc=a\n\npve: pve\n\n",
        "jobs.cfg": "realm-sync: nightly\n\trealm dpsq\n\tcomment b opuf\n\n",
        "priv/token.cfg": "boo@pve!dj 0000\n",
        "priv/shadow.cfg": "boo:$5$abc:\n",
        "priv/tfa.cfg": '{"users": {"boo@pve": {"totp": [{"id": "ab", "description": "b opuf"}]}}}',
        "datacenter.cfg": "language: de\n",
        "user.cfg": None,
    }


@pytest.mark.parametrize(
    ("sentence", "renamed"),
    [
        ("no such user ('ann@pve')\n", "no such user ('boo@pve')\n"),
        ("group 'ops' already exists", "group 'pqt' already exists"),
        ("role 'PVEAdmin' does not exist", "role 'PVEAdmin' does not exist"),
        ("no such token 'ci' for user 'ann@pve'", "no such token 'dj' for user 'boo@pve'"),
        (
            "Permission check failed (/access/realm/corp, Realm.AllocateUser)",
            "Permission check failed (/access/realm/dpsq, Realm.AllocateUser)",
        ),
        (
            "Method 'GET /access/users/ann@pve/nosuch' not implemented",
            "Method 'GET /access/users/boo@pve/nosuch' not implemented",
        ),
        (
            "value 'c d@corp' does not look like a valid user name",
            "value 'd e@dpsq' does not look like a valid user name",
        ),
        ("starting sync for realm corp", "starting sync for realm dpsq"),
        ("type check ('integer') failed - got 'abc'", "type check ('integer') failed - got 'abc'"),
    ],
)
def test_names_within_sentences(sentence, renamed):
    assert renaming.Renaming(Cipher(), ["ann@pve"]).text(sentence) == renamed


def test_what_a_directory_holds_keeps_its_name_in_its_realm():
    cipher = Cipher(people=["ann"], groups=["admins"])
    assert cipher.user("ann@corp") == "ann@dpsq"
    assert cipher.user("ann@pve") == "boo@pve"
    assert cipher.group("admins-corp") == "admins-dpsq"
    assert cipher.group("admins") == "benjot"


def test_a_name_that_pve_accepts_becomes_one_that_it_accepts():
    asked = [
        (call.params["userid"], everybody().topic(topic).entries[call.index].params["userid"])
        for topic in recorded("replay")
        for call in topic.calls
        if "userid" in call.params
    ]
    assert len(asked) > 40
    for old, new in asked:
        assert is_userid(old) == is_userid(new)
        assert shape(old.rpartition("@")[0]) == shape(new.rpartition("@")[0])


def shape(name):
    """A name with one letter for all small and one for all capital letters."""
    return re.sub("[a-z]", "a", re.sub("[A-Z]", "A", name))


def test_nobody_keeps_a_name_but_those_of_pve():
    kept = set()
    for topic in recorded("api"):
        for call in everybody().topic(topic).entries:
            if isinstance(call, Entry) and call.path == "/access/users" and call.method == "GET":
                users = {user["userid"] for user in topic.entries[call.index].answer.data or ()}
                kept |= users & {user["userid"] for user in call.answer.data or ()}
    assert kept == {"root@pam"}


def test_a_permission_follows_the_name():
    text = "user:ann@pve:1:0::::::\nrole:Mine:VM.Audit:\nacl:1:/pool/lab:ann@pve:Mine:\n"
    config = {
        "name": "made up",
        "user_cfg": text,
        "queries_as": "root@pam",
        "sets": [{"VM.Audit": 1}],
        "queries": [{"userid": "ann@pve", "path": "/pool/lab", "answer": {"/pool/lab": 0}}],
    }
    renamed = everybody().config(config)
    assert renamed["queries"][0]["answer"] == {"/pool/mbc": 0}
    rights = Permissions(parse_user_config(renamed["user_cfg"].encode()))
    assert "VM.Audit" in rights.privileges("boo@pve", "/pool/mbc")
    assert permissions.compared([renamed]).differences == ()
