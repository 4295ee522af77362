"""PUT /access/password of the simulated node: who may, and where the password goes."""

import pytest

from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.simnode.passwords import check_password
from tests.simnode.small import NOW, file, refusal, small_node, who

HERE = "/access/password"
NEW = "new password"


def node_with_passwords(acl="", **files):
    node = small_node(acl, **files)
    for userid in ("ann@pve", "bob@pve"):
        node.answer("PUT", HERE, {"userid": userid, "password": f"{userid} old"})
    node.disk.written.clear()
    return node


def test_root_sets_a_password_without_giving_its_own():
    node = node_with_passwords()
    node.answer("PUT", HERE, {"userid": "ann@pve", "password": NEW})
    check_password(node, "ann@pve", NEW)
    with pytest.raises(ApiError, match="invalid credentials"):
        check_password(node, "ann@pve", "ann@pve old")


def test_the_hash_is_sha256_crypt_with_eight_characters_of_salt():
    _, method, salt, digest = (
        file(node_with_passwords(), "priv/shadow.cfg").split("\n")[0].split("$")
    )
    assert (method, len(salt), len(digest)) == ("5", 8, 44)


def test_everybody_else_confirms_with_their_own_password():
    node = node_with_passwords()
    params, ann = {"userid": "ann@pve", "password": NEW}, who("ann@pve")
    errors = {"confirmation-password": "password is required to modify user"}
    assert refusal(node, "PUT", HERE, params, ann)[::2] == (400, errors)
    params["confirmation-password"] = "wrong password"
    assert refusal(node, "PUT", HERE, params, ann)[:2] == (500, "invalid credentials\n")
    assert node.disk.written == []
    params["confirmation-password"] = "ann@pve old"
    assert node.answer("PUT", HERE, params, ann) is None
    check_password(node, "ann@pve", NEW)


def test_an_admin_of_the_realm_and_the_group_sets_others_passwords():
    places = ("/access/realm/pve", "/access/groups")
    node = node_with_passwords("".join(f"acl:1:{p}:ann@pve:PVEUserAdmin:\n" for p in places))
    own = {"confirmation-password": "ann@pve old"}
    params = {"userid": "bob@pve", "password": NEW, **own}
    assert node.answer("PUT", HERE, params, who("ann@pve")) is None
    check_password(node, "bob@pve", NEW)


def test_nobody_but_root_sets_passwords_of_linux_users():
    acl = "acl:1:/:ann@pve:Administrator:\n"
    linux = "root:*:1:0:99999:7:::\ntina:*:1:0:99999:7:::\n"
    users = "user:tina@pam:1:0::::::\nuser:ann@pve:1:0::::::\nuser:bob@pve:1:0::::::\n"
    node = node_with_passwords(acl, users=users, linux=linux)
    own = {"confirmation-password": "ann@pve old"}
    for userid in ("root@pam", "tina@pam"):
        params = {"userid": userid, "password": NEW, **own}
        text = "Permission check failed\n"
        assert refusal(node, "PUT", HERE, params, who("ann@pve")) == (403, text, {})
    assert node.answer("PUT", HERE, {"userid": "tina@pam", "password": NEW}) is None
    check_password(node, "tina@pam", NEW)


def test_a_linux_password_is_changed_on_this_node_even_without_quorum():
    node = small_node(linux="daemon:*:1:0:99999:7:::\nroot:$5$a$b:1:0:99999:7:::\n")
    node.faults.quorate = False
    node.answer("PUT", HERE, {"userid": "root@pam", "password": NEW})
    first, root, end = (node.disk.read("etc/shadow") or b"").decode().split("\n")
    assert (first, end) == ("daemon:*:1:0:99999:7:::", "")
    fields = root.split(":")
    assert (fields[0], fields[2:]) == ("root", [str(NOW // 86400), "0", "99999", "7", "", "", ""])
    check_password(node, "root@pam", NEW)


def test_a_full_disk_keeps_the_old_linux_password():
    node = small_node(linux="root:$5$a$b:1:0:99999:7:::\n")
    node.faults.disk_full = True
    params = {"userid": "root@pam", "password": NEW}
    text = "change password failed: failure while writing changes to /etc/shadow\n"
    assert refusal(node, "PUT", HERE, params) == (500, text, {})
    assert node.disk.written == []


def test_tokens_never_change_passwords():
    params = {"userid": "bob@pve", "password": NEW}
    code, text, _ = refusal(small_node(), "PUT", HERE, params, who("bob@pve!ci"))
    assert code == 403
    assert "not available with API token, need proper ticket." in text


def test_a_password_of_a_directory_is_changed_there():
    users = "user:cy@corp:1:0::::::\n"
    domains = "ldap: corp\n\tbase_dn dc=x\n\tserver1 x\n\tuser_attr uid\n"
    node = small_node(users=users, domains=domains)
    code, text, _ = refusal(node, "PUT", HERE, {"userid": "cy@corp", "password": NEW})
    assert (code, text) == (500, "can't set password on auth type 'ldap'\n")
