"""From paths and raw parameters to PVE's methods: what exists, and what is refused how."""

import pytest

from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.simnode import router
from tests.simnode.small import refusal, small_node


def test_slashes_too_many_mean_nothing():
    assert router.find("GET", "//access///users/")[0].template == "/access/users"


def test_a_name_in_a_path_is_a_parameter_even_where_it_looks_like_a_template():
    method, found = router.find("GET", "/access/users/{}/token/ci")
    assert method.template == "/access/users/{userid}/token/{tokenid}"
    assert found == {"userid": "{}", "tokenid": "ci"}


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/nowhere"), ("PATCH", "/access/users"), ("GET", "/access/roles/two words")],
)
def test_what_does_not_exist_is_not_implemented(method, path):
    text = f"Method '{method} {path}' not implemented"
    assert refusal(small_node(), method, path) == (501, text, {})


def test_a_parameter_may_not_contradict_the_path():
    problem = "duplicate parameter (already defined in URI) with conflicting values!"
    path = "/access/users/ann@pve"
    assert refusal(small_node(), "GET", path, {"userid": "bob@pve"})[2] == {"userid": problem}
    assert small_node().answer("GET", path, {"userid": "ann@pve"})["firstname"] == "Ann"


def test_all_bad_parameters_are_told_at_once():
    params = {"enable": "yes", "expire": -1, "append": 1, "fly": 1}
    assert refusal(small_node(), "PUT", "/access/users/ann@pve", params) == (
        400,
        "Parameter verification failed.\n",
        {
            "enable": "type check ('boolean') failed - got 'yes'",
            "expire": "value must have a minimum value of 0",
            "groups": "missing property required by 'append'",
            "fly": "property is not defined in schema and the schema does not allow additional "
            "properties",
        },
    )


def test_booleans_and_integers_are_numbers_once_they_are_checked():
    method, _ = router.find("PUT", "/access/users/x@pve")
    given = router.merged({"userid": "x@pve"}, {"enable": True, "expire": "7", "comment": "1"})
    assert router.checked(method, given) == {
        "userid": "x@pve",
        "enable": 1,
        "expire": 7,
        "comment": "1",
    }


def test_index_paths_tell_what_lies_below():
    node = small_node()
    assert [entry["subdir"] for entry in node.answer("GET", "/access")] == (
        ["users", "groups", "roles", "acl", "domains", "openid", "tfa", "ticket", "password"]
    )
    assert {"name": "jobs"} in node.answer("GET", "/cluster")
    assert {"name": "tasks"} in node.answer("GET", "/nodes/pve1")


def test_the_version_is_that_of_the_installed_package():
    packages = "Package: pve-manager\nStatus: install ok installed\nVersion: 8.4.14\n"
    answer = small_node(packages=packages, datacenter="console: html5\n").answer("GET", "/version")
    assert (answer["version"], answer["release"], answer["console"]) == ("8.4.14", "8.4", "html5")
    assert len(bytes.fromhex(answer["repoid"])) == 8


def test_every_method_of_the_schema_can_be_found():
    for template, method in (("/access/acl", "PUT"), ("/pools/{poolid}", "DELETE")):
        assert router.find(method, template.replace("{poolid}", "lab"))[0].template == template
    with pytest.raises(ApiError):
        router.find("DELETE", "/access/acl")
