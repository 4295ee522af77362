"""PVE's API answers out of what was read: shapes that the recordings do not show, and masking."""

import json
from dataclasses import replace

import pytest

from pve_auth_tui.core import answers
from pve_auth_tui.core.accessdata import Token, User
from pve_auth_tui.core.domains import Domains, Realm, parse_domains
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.snapshot import Datacenter, Jobs, SyncJob
from pve_auth_tui.core.tfaconfig import TfaConfig, TfaEntry, UserTfa
from pve_auth_tui.core.userconfig import parse_user_config

ACCESS = parse_user_config(
    b"user:root@pam:1:0:::::\n"
    b"user:ann@corp:0:9:Ann::::\n"
    b"token:ann@corp!b2:0:0:job:\n"
    b"token:ann@corp!a1:5:1::\n"
    b"group:g:ann@corp,root@pam::\n"
    b"group:a:ann@corp::\n"
    b"pool:p:hello:100:local:\n"
)
REALMS = parse_domains(b"ldap: half\n\tserver1 x\n")
LOCKED = TfaConfig(
    {"root@pam": UserTfa("root@pam", (TfaEntry("1", "totp", created=5, enable=False),), True, 100)}
)


def test_users_show_groups_as_text_and_tokens_as_list():
    ann, root = answers.users(ACCESS, REALMS, full=True)
    assert ann == {
        "userid": "ann@corp",
        "enable": 0,
        "expire": 9,
        "firstname": "Ann",
        "groups": "a,g",
        "tokens": [
            {"tokenid": "a1", "expire": 5, "privsep": 1},
            {"tokenid": "b2", "expire": 0, "privsep": 0, "comment": "job"},
        ],
    }
    assert (root["groups"], root["tokens"], root["realm-type"]) == ("g", None, "pam")


def test_users_without_full_have_neither_groups_nor_tokens():
    assert answers.users(ACCESS)[0].keys() == {"userid", "enable", "expire", "firstname"}


def test_the_type_of_a_realm_that_pve_cannot_read_is_null():
    access = parse_user_config(b"user:x@half:1:0:::::\n")
    assert answers.users(access, REALMS)[1]["realm-type"] is None


def test_users_show_their_locks_until_these_end():
    def locks(now):
        user = answers.users(ACCESS, tfa=LOCKED, now=now)[1]
        return {name: user[name] for name in ("totp-locked", "tfa-locked-until") if name in user}

    assert locks(99) == {"totp-locked": 1, "tfa-locked-until": 100}
    assert locks(101) == {"totp-locked": 1}


def test_a_group_that_names_somebody_twice_is_shown_once():
    access = parse_user_config(b"user:a@pve:1:0:::::\ngroup:g:a@pve,a@pve::\ngroup:g:a@pve::\n")
    assert answers.users(access, full=True)[0]["groups"] == "g"


def test_the_tokens_of_everybody():
    assert [(token["userid"], token["tokenid"]) for token in answers.tokens(ACCESS)] == [
        ("ann@corp", "a1"),
        ("ann@corp", "b2"),
    ]


def test_one_user_has_groups_as_list_and_tokens_by_id():
    user = answers.user(ACCESS, "ann@corp")
    assert user["groups"] == ["a", "g"]
    assert user["tokens"]["a1"] == {"expire": 5, "privsep": 1}


def test_pools_groups_and_roles():
    assert answers.pools(ACCESS) == [{"poolid": "p", "comment": "hello"}]
    assert answers.group(ACCESS, "g") == {"members": ["ann@corp", "root@pam"]}
    assert answers.role(ACCESS, "PVETemplateUser") == {"VM.Audit": 1, "VM.Clone": 1}
    assert {role["special"] for role in answers.roles(ACCESS)} == {1}


@pytest.mark.parametrize(
    ("ask", "code", "text"),
    [
        (lambda: answers.user(ACCESS, "x@pam"), 500, "no such user ('x@pam')\n"),
        (lambda: answers.group(ACCESS, "x"), 500, "group 'x' does not exist\n"),
        (lambda: answers.role(ACCESS, "x"), 500, "role 'x' does not exist\n"),
        (lambda: answers.domain(REALMS, "xx"), 500, "domain 'xx' does not exist\n"),
        (lambda: answers.domain(REALMS, "half"), 500, "domain 'half' does not exist\n"),
        (lambda: answers.domain(REALMS, "x"), 400, "Parameter verification failed.\n"),
        (lambda: answers.domain(REALMS, "r" * 33), 400, "Parameter verification failed.\n"),
        (lambda: answers.tfa_entry(LOCKED, "root@pam", "2"), 404, "No such tfa entry '2'"),
        (lambda: answers.tfa_entry(LOCKED, "x@pam", "1"), 404, "No such tfa entry '1'"),
        (lambda: answers.realm_sync_job(Jobs({}), "j"), 400, "Parameter verification failed.\n"),
    ],
)
def test_what_is_not_there_is_refused_as_pve_does(ask, code, text):
    with pytest.raises(ApiError) as refused:
        ask()
    assert (refused.value.code, refused.value.original) == (code, text)


def test_old_sync_options_are_shown_as_what_they_mean_today():
    options = {"sync-defaults-options": "purge=1,scope=users"}
    realms = Domains({"corp": Realm("corp", "ldap", options)}, digest="d")
    assert answers.domain(realms, "corp") == {
        "type": "ldap",
        "digest": "d",
        "sync-defaults-options": "purge=1,remove-vanished=acl,scope=users",
    }


def test_details_of_all_realms_have_their_names():
    details = {realm["realm"]: realm for realm in answers.realm_details(REALMS)}
    assert details["half"] == {"realm": "half", "type": None}
    assert details["pam"]["plugin"] == "PVE::Auth::PAM"


def test_factors_of_one_user_and_one_of_them():
    factor = {"id": "1", "type": "totp", "created": 5, "enable": 0}
    assert answers.tfa_user(LOCKED, "root@pam") == [factor]
    assert answers.tfa_user(LOCKED, "ann@corp") == []
    assert answers.tfa_entry(LOCKED, "root@pam", "1") == factor


def test_an_entry_whose_id_is_recovery_hides_the_recovery_keys():
    entries = (TfaEntry("recovery", "recovery", created=1), TfaEntry("recovery", "totp", created=2))
    config = TfaConfig({"a@pve": UserTfa("a@pve", entries)})
    assert answers.tfa_entry(config, "a@pve", "recovery")["type"] == "totp"


def test_cluster_options_have_flags_as_numbers_and_tags_as_lists():
    options = {
        "webauthn": {"rp": "x", "allow-subdomains": "0"},
        "user-tag-access": {"user-allow": "list", "user-allow-list": "b;a"},
        "registered-tags": "c;d",
        "max_workers": "4",
        "migration_unsecure": "1",
        "bwlimit": "clone=5",
    }
    assert answers.cluster_options(Datacenter(options, "note\n"), ["t"]) == {
        "webauthn": {"rp": "x", "allow-subdomains": 0},
        "user-tag-access": {"user-allow": "list", "user-allow-list": ["b", "a"]},
        "registered-tags": ["c", "d"],
        "max_workers": "4",
        "migration_unsecure": 1,
        "bwlimit": "clone=5",
        "mac_prefix": "BC:24:11",
        "description": "note\n",
        "allowed-tags": ["t"],
    }


def test_a_tag_called_0_is_no_list_to_pve():
    options = {"registered-tags": "0", "0": "x"}
    assert answers.cluster_options(Datacenter(options))["registered-tags"] == "0"


def test_jobs_with_their_runs():
    job = SyncJob("j", "corp", {"realm": "corp", "enabled": "0"}, last_run=5)
    assert answers.realm_sync_jobs(Jobs({"j": job}), {"j": 9}) == [
        {
            "id": "j",
            "type": "realm-sync",
            "realm": "corp",
            "enabled": 0,
            "last-run": 5,
            "next-run": 9,
        }
    ]


def test_masking_hides_keys_passwords_and_old_secrets_only():
    shown = answers.masked(
        [
            {"client-key": "s3cret", "client-id": "pve", "password": "s3cret"},
            {"tfa": "type=yubico,id=7,key=s3cret,url=https://x"},
            {"tfa": "key=s3cret,type=yubico"},
            {"keys": "s3cret"},
            {"keys": "x"},
            {"keys": "x!oath"},
            {"keys": ""},
            {"http_proxy": "http://me:s3@cret@proxy:80/"},
            {"tokens": [{"comment": "key=1", "expire": 0}], "enable": None},
        ]
    )
    assert "s3" not in json.dumps(shown)
    assert shown == [
        {"client-key": "****", "client-id": "pve", "password": "****"},
        {"tfa": "type=yubico,id=7,key=****,url=https://x"},
        {"tfa": "key=****,type=yubico"},
        {"keys": "****"},
        {"keys": "x"},
        {"keys": "x!oath"},
        {"keys": ""},
        {"http_proxy": "http://****@proxy:80/"},
        {"tokens": [{"comment": "key=1", "expire": 0}], "enable": None},
    ]


def test_a_root_without_a_line_has_no_expire():
    implied = answers.users(parse_user_config(b""))
    assert implied == [{"userid": "root@pam", "enable": 1}]
    assert "expire" not in answers.user(parse_user_config(b""), "root@pam")


def test_times_beyond_64_bits_are_rounded_as_perl_rounds_them():
    access = parse_user_config(b"user:a@pve:1:" + b"9" * 20 + b":::::\nuser:b@pve:1:" + b"9" * 400)
    assert answers.user(access, "a@pve")["expire"] == 1e20
    assert json.dumps(answers.user(access, "b@pve")["expire"]) == "1e+308"


def test_empty_texts_are_shown_absent_ones_are_not():
    user = User("a@pve", email="", tokens={"t1": Token("t1", comment="")})
    shown = answers.user(replace(ACCESS, users={"a@pve": user}), "a@pve")
    assert shown["email"] == ""
    assert shown["tokens"]["t1"]["comment"] == ""
    assert "comment" not in shown
