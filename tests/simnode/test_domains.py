"""Realms on the simulated node: what each type takes, what is written, what stays behind."""

import socket

import pytest

from tests.simnode.small import file, refusal, small_node

REALMS = "/access/domains"
CORP = "/access/domains/corp"
LDAP = {
    "realm": "corp",
    "type": "ldap",
    "server1": "127.0.0.1",
    "base_dn": "dc=example",
    "user_attr": "uid",
}
OPENID = {"realm": "idp", "type": "openid", "issuer-url": "https://idp", "client-id": "pve"}


@pytest.fixture
def node():
    return small_node(domains="ldap: corp\n\tbase_dn dc=example\n\tserver1 a.b\n\tuser_attr uid\n")


def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def text_of(node, method, path, params=None):
    code, text, problems = refusal(node, method, path, params)
    assert (code, problems) == (500, {})
    return text


def test_a_new_realm_is_written_behind_the_built_in_ones():
    node = small_node()
    assert node.answer("POST", REALMS, {**LDAP, "port": "0389", "verify": 0}) is None
    assert file(node, "domains.cfg") == (
        "pam: pam\n\tcomment Linux PAM standard authentication\n\n"
        "pve: pve\n\tcomment Proxmox VE authentication server\n\n"
        "ldap: corp\n\tbase_dn dc=example\n\tserver1 127.0.0.1\n\tuser_attr uid\n"
        "\tport 389\n\tverify 0\n\n"
    )


@pytest.mark.parametrize(
    ("params", "why"),
    [
        (LDAP, "domain 'corp' already exists"),
        ({"realm": "linux", "type": "pam"}, "unable to create builtin type 'pam'"),
        ({**LDAP, "realm": "x.y", "domain": "z"}, "unexpected property 'domain'"),
        (
            {"realm": "xy", "type": "ad", "server1": "a.b"},
            "missing value for required option 'domain'",
        ),
        (
            {**OPENID, "check-connection": 0},
            "'check-connection' parameter can only be set for realms of type 'ldap' or 'ad'",
        ),
        ({**LDAP, "realm": "xy", "comment": "a\nb"}, "property contains a line feed"),
    ],
)
def test_what_a_new_realm_must_not_be(node, params, why):
    assert text_of(node, "POST", REALMS, params) == f"add auth server failed: {why}\n"


def test_only_one_realm_is_the_default(node):
    node.answer("PUT", "/access/domains/pam", {"default": 1})
    node.answer("PUT", CORP, {"default": 1})
    listed = node.answer("GET", REALMS)
    assert [realm["realm"] for realm in listed if realm.get("default")] == ["corp"]


def test_a_change_needs_the_file_that_was_read(node):
    digest = node.answer("GET", CORP)["digest"]
    node.answer("PUT", CORP, {"comment": "one", "digest": digest})
    assert text_of(node, "PUT", CORP, {"comment": "two", "digest": digest}) == (
        "update auth server failed: detected modified configuration - "
        "file changed by other user? Try again.\n"
    )
    assert node.answer("GET", CORP)["comment"] == "one"


def test_deleting_comes_before_setting(node):
    node.answer("PUT", CORP, {"comment": "old", "port": 1389})
    node.answer("PUT", CORP, {"delete": "comment,port,nosuch", "comment": "new"})
    found = node.answer("GET", CORP)
    assert (found["comment"], found.get("port")) == ("new", None)


def test_what_a_realm_needs_cannot_be_deleted(node):
    assert text_of(node, "PUT", CORP, {"delete": "server1"}) == (
        "update auth server failed: section 'corp' - missing value for required option 'server1'\n"
    )
    assert node.answer("GET", CORP)["server1"] == "a.b"


def test_a_change_of_nothing_and_of_nobody(node):
    assert text_of(node, "PUT", CORP) == "update auth server failed: no options specified\n"
    assert text_of(node, "PUT", "/access/domains/nosuch", {"comment": "x"}) == (
        "update auth server failed: cannot lookup undefined type! "
        "at /usr/share/perl5/PVE/API2/Domains.pm line 261.\n"
    )


def test_an_empty_required_option_blocks_every_further_change(node):
    node.answer("POST", REALMS, {**LDAP, "realm": "broken", "base_dn": ""})
    assert text_of(node, "PUT", CORP, {"comment": "x"}) == (
        "update auth server failed: unknown section type ''\n"
    )
    assert text_of(node, "DELETE", "/access/domains/broken") == (
        "delete auth server failed: authentication domain 'broken' does not exist\n"
    )
    node.answer("POST", REALMS, {**LDAP, "realm": "broken"})
    assert node.answer("PUT", CORP, {"comment": "x"}) is None


def test_old_words_of_sync_defaults_become_today_s():
    node = small_node()
    node.answer("POST", REALMS, {**LDAP, "sync-defaults-options": "scope=users,full=1,purge=1"})
    assert "\tsync-defaults-options remove-vanished=entry;properties;acl,scope=users\n" in file(
        node, "domains.cfg"
    )


def test_a_directory_s_password_lies_apart_and_goes_with_the_realm(node):
    node.answer("PUT", CORP, {"password": "s3cret"})
    assert file(node, "priv/realm/corp.pw") == "s3cret"
    assert "s3cret" not in file(node, "domains.cfg")
    node.answer("PUT", CORP, {"delete": "password"})
    assert node.disk.read("etc/pve/priv/realm/corp.pw") is None
    node.answer("PUT", CORP, {"password": "s3cret"})
    node.answer("DELETE", CORP)
    assert node.disk.read("etc/pve/priv/realm/corp.pw") is None


def test_an_openid_realm_stores_no_password():
    node = small_node()
    node.answer("POST", REALMS, {**OPENID, "password": "x"})
    assert node.disk.read("etc/pve/priv/realm/idp.pw") is None


def test_a_server_that_is_not_there_leaves_the_password_behind_but_no_realm():
    node = small_node()
    params = {**LDAP, "port": closed_port(), "check-connection": 1, "password": "tried"}
    assert text_of(node, "POST", REALMS, params) == "add auth server failed: Connection refused\n"
    assert file(node, "priv/realm/corp.pw") == "tried"
    assert refusal(node, "GET", CORP)[0] == 500


def test_names_are_looked_up_in_the_node_s_own_files_alone():
    node = small_node()
    params = {**LDAP, "server1": "dc.example.com", "port": closed_port(), "check-connection": 1}
    assert text_of(node, "POST", REALMS, params) == (
        "add auth server failed: Temporary failure in name resolution\n"
    )
    node.disk.write("etc/hosts", b"127.0.0.1 dc1 DC.example.com # ours\n")
    assert text_of(node, "POST", REALMS, params) == "add auth server failed: Connection refused\n"


def test_built_in_realms_come_back_as_they_were(node):
    node.answer("PUT", "/access/domains/pam", {"comment": "Console", "tfa": "type=oath"})
    node.answer("DELETE", "/access/domains/pam")
    found = {realm["realm"]: realm for realm in node.answer("GET", REALMS)}
    assert found["pam"]["comment"] == "Linux PAM standard authentication"
    assert "tfa" not in found["pam"]


def test_a_removed_realm_leaves_its_users(node):
    node.answer("POST", "/access/users", {"userid": "joe@corp"})
    node.answer("DELETE", CORP)
    assert "user:joe@corp:" in file(node, "user.cfg")


def test_without_quorum_nothing_is_changed(node):
    node.faults.quorate = False
    assert text_of(node, "PUT", CORP, {"password": "new"}) == (
        "update auth server failed: cfs-lock 'file-domains_cfg' error: no quorum!\n"
    )
    assert node.disk.read("etc/pve/priv/realm/corp.pw") is None


def test_only_directories_are_synced_and_something_must_say_what(node):
    assert refusal(node, "POST", f"{CORP}/sync")[2] == {
        "scope": "Not passed as parameter and not defined in realm default sync options."
    }
    assert refusal(node, "POST", "/access/domains/nosuch/sync", {"scope": "users"})[2] == {
        "realm": "Realm does not exist."
    }
    assert text_of(node, "POST", "/access/domains/pam/sync", {"scope": "users"}) == (
        "Cannot sync realm type 'pam'! Only LDAP/AD realms can be synced.\n"
    )


def test_a_sync_that_fails_is_a_task_that_failed(node):
    node.answer("PUT", CORP, {"server1": "127.0.0.1", "port": closed_port()})
    upid = node.answer("POST", f"{CORP}/sync", {"scope": "users", "dry-run": 1})
    assert upid.split(":")[5:] == ["auth-realm-sync-test", "corp", "root@pam", ""]
    task = f"/nodes/pve1/tasks/{upid}"
    assert node.answer("GET", f"{task}/status")["exitstatus"] == "Connection refused"
    assert [line["t"] for line in node.answer("GET", f"{task}/log")] == [
        "(dry test run) starting sync for realm corp",
        "TASK ERROR: Connection refused",
    ]
