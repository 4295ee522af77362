"""What PVE takes for a name, and the sentence for what it does not take."""

import pytest

from pve_auth_tui.core import names


@pytest.mark.parametrize(
    "userid", ["ann@pve", "a@b.org@kc", r"dom\u@ad", "x!y@pve", "ü@pve", "-dash@pve", "x@no_such-r"]
)
def test_userids_may_hold_nearly_anything_before_the_realm(userid):
    assert names.is_userid(userid)
    assert names.userid_problem(userid) is None


@pytest.mark.parametrize(
    "userid",
    ["", "0", "ann", "@pve", "ann@", "ann@p", "ann@1bad", "a b@pve", "a/b@pve", "a:b@pve", "a@p v"],
)
def test_what_is_no_userid_has_a_problem(userid):
    assert not names.is_userid(userid)
    assert names.userid_problem(userid)


def test_a_userid_has_64_characters_at_most_with_its_realm():
    assert names.userid_problem("a" * 60 + "@pve") is None
    assert "64" in (names.userid_problem("a" * 61 + "@pve") or "")
    assert not names.is_userid("a" * 61 + "@pve")
    assert names.has_userid_shape("a" * 61 + "@pve")


def test_the_last_at_splits_a_userid():
    assert names.split_userid("a@b.org@kc") == ("a@b.org", "kc")
    assert names.split_userid("kc") is None


def test_the_last_exclamation_mark_splits_a_token_id():
    assert names.split_tokenid("x!y@pve!backup") == ("x!y@pve", "backup")
    assert names.split_tokenid("ann@pve") is None
    assert names.split_tokenid("ann@pve!1x") is None
    assert names.split_tokenid("ann@pve!a!b") is None


@pytest.mark.parametrize("name", ["pam", "pve", "x", "1st", "a b", "ü", "", "a" * 33])
def test_realm_names_that_pve_refuses(name):
    assert names.realm_problem(name)


@pytest.mark.parametrize("name", ["ad", "example.com", "a_b-c.d", "a" * 32])
def test_realm_names_that_pve_takes(name):
    assert names.realm_problem(name) is None


@pytest.mark.parametrize("name", ["a b", "a@b", "", "ü", "0", "a/b"])
def test_group_names_that_pve_refuses(name):
    assert names.group_problem(name)
    assert not names.is_group(name)


def test_group_names_may_begin_with_anything_plain():
    assert names.group_problem("-1.x_Y") is None


@pytest.mark.parametrize("name", ["PVEMine", "pvemine", "Pve"])
def test_role_names_that_begin_with_pve_are_reserved(name):
    assert "built-in" in (names.role_problem(name) or "")


def test_role_names_otherwise_are_like_group_names():
    assert names.role_problem("Power.Only") is None
    assert (
        names.role_problem("Power Only") == "A role's name has only letters, digits, dot, - and _."
    )


@pytest.mark.parametrize(
    ("name", "fine"), [("t1", True), ("t", False), ("1t", False), ("t!", False)]
)
def test_token_names(name, fine):
    assert (names.token_problem(name) is None) == fine


@pytest.mark.parametrize(
    ("name", "fine"),
    [
        ("lab", True),
        ("a/b/c", True),
        ("a/b/c/d", False),
        ("a//b", False),
        ("/a", False),
        ("0", False),
    ],
)
def test_pools_have_up_to_three_levels(name, fine):
    assert (names.pool_problem(name) is None) == fine
    assert names.is_pool(name) == fine


def test_pools_in_pools_need_pve_8_1():
    assert "8.1" in (names.pool_problem("a/b", release="8.0.3") or "")
    assert names.pool_problem("a/b", release="8.0.7") is None


@pytest.mark.parametrize(
    ("name", "fine"),
    [
        ("nightly", True),
        ("n_1-x", True),
        ("n", False),
        ("1n", False),
        ("a.b", False),
        ("a" * 65, False),
    ],
)
def test_job_ids(name, fine):
    assert (names.job_problem(name) is None) == fine


@pytest.mark.parametrize(
    ("address", "fine"),
    [
        ("", True),
        ("a.b+c~d@ex-ample.com", True),
        ("a@localhost", True),
        ("a..b@x", False),
        ("a b@x", False),
        ('"a"@x', False),
        ("a@x_y", False),
        ("a" * 250 + "@x.de", False),
    ],
)
def test_mail_addresses(address, fine):
    assert (names.email_problem(address) is None) == fine


@pytest.mark.parametrize(("length", "fine"), [(7, False), (8, True), (64, True), (65, False)])
def test_passwords_have_8_to_64_characters(length, fine):
    assert (names.password_problem("x" * length) is None) == fine


def test_text_fields_have_a_length():
    assert names.text_problem("User comment", "x" * 2048) is None
    assert (
        names.text_problem("User comment", "x" * 2049) == "User comment: at most 2048 characters."
    )


@pytest.mark.parametrize(
    ("path", "normal"),
    [
        ("/", "/"),
        ("//", "/"),
        ("vms/100/", "/vms/100"),
        ("//vms///100", "/vms/100"),
        ("0/", "/"),
        ("/access/realms/x", "/access/realms/x"),
        ("", None),
        ("0", None),
        ("/a b", None),
        ("/ü", None),
        ("/vms\n", None),
    ],
)
def test_paths_are_normalised_as_pve_does_it(path, normal):
    assert names.normalise_path(path) == normal


@pytest.mark.parametrize(
    ("path", "node"),
    [("/vms/0", "/vms"), ("/0/vms", "/vms"), ("vms//07", "/vms/07"), ("/a b", None)],
)
def test_parts_that_are_0_are_left_out_of_the_tree(path, node):
    assert names.tree_path(path) == node


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/access",
        "access/groups/",
        "/access/groups/a.b",
        "/access/realm",
        "/access/realm/corp",
        "/mapping/pci/gpu1",
        "/nodes/pve1",
        "/pool/a/b/c",
        "/sdn/zones/z1/v1/4094",
        "/sdn/route-maps/x1",
        "/storage/local",
        "/vms/100",
    ],
)
def test_paths_that_an_entry_can_be_added_on(path):
    assert names.path_shape_problem(path) is None


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/vms/99", "100"),
        ("/vms/x", "100"),
        ("/access/realms/corp", "/access/realm/REALM"),
        ("/nodes/pve1/x", "/nodes/NODE"),
        ("/nowhere", "/storage, /vms"),
        ("/sdn/zones/z/v/0", "/sdn/zones/ZONE/VNET/VLAN"),
        ("/sdn/dns/a-b", "/sdn/dns/NAME"),
        ("/a b", "letters"),
        ("", "letters"),
    ],
)
def test_other_paths_are_refused_with_what_there_is_instead(path, said):
    assert said in (names.path_shape_problem(path) or "")


@pytest.mark.parametrize(
    ("path", "before", "since"),
    [
        ("/sdn/fabrics", "9.0.0", "9.0.1"),
        ("/sdn/prefix-lists/x", "9.0.7", "9.1.0"),
        ("/pool/a/b", "8.0.6", "8.0.7"),
        ("/mapping", "7.4-3", "8.0.0~3"),
    ],
)
def test_some_paths_need_a_newer_pve(path, before, since):
    assert since in (names.path_shape_problem(path, release=before) or "")
    assert names.path_shape_problem(path, release=since) is None
