"""Every parameter that PVE's calls take has an option of its name, and every value its spelling."""

import pytest

from pve_auth_tui.arguments import WRITES, parse
from pve_auth_tui.core.errors import UsageError
from tests.cli.writes import verbs_of

PVES_PARAMETERS = {
    # Names and formats: PVE's API schema, libpve-access-control 9.1.1, pve-manager 9.2.
    "POST /access/users": (
        "user add",
        "userid comment email enable expire firstname groups keys lastname password",
    ),
    "PUT /access/users/{userid}": (
        "user edit",
        "userid append comment email enable expire firstname groups keys lastname",
    ),
    "DELETE /access/users/{userid}": ("user remove", "userid"),
    "PUT /access/password": ("user password", "userid password confirmation-password"),
    "POST /access/users/{userid}/token/{tokenid}": (
        "token add",
        "userid tokenid comment expire privsep",
    ),
    "PUT /access/users/{userid}/token/{tokenid}": (
        "token edit",
        "userid tokenid comment delete expire privsep regenerate",
    ),
    "DELETE /access/users/{userid}/token/{tokenid}": ("token remove", "userid tokenid"),
    "POST /access/groups": ("group add", "groupid comment"),
    "PUT /access/groups/{groupid}": ("group edit", "groupid comment"),
    "DELETE /access/groups/{groupid}": ("group remove", "groupid"),
    "POST /access/roles": ("role add", "roleid privs"),
    "PUT /access/roles/{roleid}": ("role edit", "roleid append privs"),
    "DELETE /access/roles/{roleid}": ("role remove", "roleid"),
    "PUT /access/acl": ("acl add", "path groups propagate roles tokens users"),
    "PUT /access/acl with delete": ("acl remove", "path groups roles tokens users"),
    "POST /pools": ("pool add", "poolid comment"),
    "PUT /pools": ("pool edit", "poolid allow-move comment delete storage vms"),
    "DELETE /pools": ("pool remove", "poolid"),
    "PUT /access/tfa/{userid}/{id}": ("tfa edit", "userid id description enable"),
    "DELETE /access/tfa/{userid}/{id}": ("tfa remove", "userid id"),
    "POST /access/domains": (
        "realm add",
        "realm type acr-values audiences autocreate base_dn bind_dn capath case-sensitive cert"
        " certkey check-connection client-id client-key comment default domain filter"
        " group_classes group_dn group_filter group_name_attr groups-autocreate groups-claim"
        " groups-overwrite issuer-url mode password port prompt query-userinfo scopes secure"
        " server1 server2 sslversion sync-defaults-options sync_attributes tfa user_attr"
        " user_classes username-claim verify",
    ),
    "PUT /access/domains/{realm}": (
        "realm edit",
        "realm acr-values audiences autocreate base_dn bind_dn capath case-sensitive cert certkey"
        " check-connection client-id client-key comment default delete digest domain filter"
        " group_classes group_dn group_filter group_name_attr groups-autocreate groups-claim"
        " groups-overwrite issuer-url mode password port prompt query-userinfo scopes secure"
        " server1 server2 sslversion sync-defaults-options sync_attributes tfa user_attr"
        " user_classes verify",
    ),
    "DELETE /access/domains/{realm}": ("realm remove", "realm"),
    # of pvesh: pveum has no command for them
    "POST /cluster/jobs/realm-sync/{id}": (
        "sync-job add",
        "id realm schedule enabled comment scope enable-new remove-vanished",
    ),
    "PUT /cluster/jobs/realm-sync/{id}": (
        "sync-job edit",
        "id schedule enabled comment scope enable-new remove-vanished delete",
    ),
    "DELETE /cluster/jobs/realm-sync/{id}": ("sync-job remove", "id"),
}
AS_WORDS = {"realm", "userid", "tokenid", "groupid", "roleid", "poolid", "path", "id"}
ASKED = {("user password", "password")}
"""The command is about nothing else: it is asked for without an option."""

PVEUMS_WORDS = {
    "user": {"add", "modify", "delete", "token"},
    "group": {"add", "modify", "delete"},
    "role": {"add", "modify", "delete"},
    "token": {"add", "modify", "delete", "remove"},
    "acl": {"modify", "delete"},
    "pool": {"add", "modify", "delete"},
    "tfa": {"delete"},
    "sync-job": set(),
    "realm": {"add", "modify", "delete"},
}


@pytest.mark.parametrize("call", PVES_PARAMETERS)
def test_every_parameter_of_pve_has_an_option_of_its_name(call):
    words, parameters = PVES_PARAMETERS[call]
    command, verb = words.split()
    parser = verbs_of(command)[verb]
    for name in parameters.split():
        if name not in AS_WORDS and (words, name) not in ASKED:
            assert f"--{name}" in parser._option_string_actions, name


@pytest.mark.parametrize("command", WRITES)
def test_pveums_verbs_are_known(command):
    assert PVEUMS_WORDS[command] <= set(verbs_of(command))


@pytest.mark.parametrize(
    ("pveum", "verb"),
    [
        ("user modify ann@pve --enable 0", "edit"),
        ("user delete ann@pve", "remove"),
        ("group modify ops --comment x", "edit"),
        ("group delete ops", "remove"),
        ("role modify R --privs VM.Audit --append 1", "edit"),
        ("user token add ann@pve t1 --privsep 1 --expire 1798761600 --comment x", "add"),
        ("user token modify ann@pve t1 --regenerate 1", "edit"),
        ("user token remove ann@pve t1", "remove"),
        ("acl modify /vms/100 --users ann@pve --roles PVEVMUser --propagate 1", "add"),
        ("acl delete /vms/100 --users ann@pve --roles PVEVMUser", "remove"),
        ("pool modify lab --vms 100 --delete 1", "edit"),
        ("realm add corp --type ad --domain x.com --server1 dc1 --secure 1 --verify", "add"),
        ("realm modify corp --delete server2 --case-sensitive 0", "edit"),
        ("realm delete corp", "remove"),
    ],
)
def test_what_is_typed_behind_pveum_can_be_typed_here(pveum, verb):
    assert parse(pveum.split()).verb == verb


@pytest.mark.parametrize("command", WRITES)
def test_every_verb_can_be_only_shown_and_tells_its_options(command):
    for verb, parser in verbs_of(command).items():
        if verb != "token":
            assert {"--dry-run", "--yes", "--override", "--reason", "--keep-within"} <= set(
                parser._option_string_actions
            ), verb
        assert parser.format_help()


def test_options_count_before_the_command_between_and_behind():
    words = ("user", "disable", "ann@pve")
    for argv in (("--json", *words), ("user", "--json", *words[1:]), (*words, "--json")):
        options = parse(argv)
        assert (options.json, options.command, options.verb) == (True, "user", "disable")


@pytest.mark.parametrize("form", ["a,b", "a;b", "a b", " a, b ,", "a,,b"])
def test_lists_are_written_as_pve_takes_them(form):
    assert parse(["role", "add", "R", "--privs", form]).privs == ("a", "b")


@pytest.mark.parametrize("word", ["2", "", "ja", "enable"])
def test_a_flag_takes_no_other_words(word):
    with pytest.raises(UsageError, match="--propagate: give 1 or 0"):
        parse(["acl", "add", "/", "--users", "a@pve", "--roles", "R", "--propagate", word])


def test_a_password_from_standard_input_needs_no_other_host():
    for words in (["user", "password", "ann@pve"], ["user", "add", "ann@pve", "--password"]):
        assert parse([*words, "--password-stdin"]).password_stdin
    with pytest.raises(UsageError, match="goes with --host"):
        parse(["user", "edit", "ann@pve", "--enable", "--password-stdin"])
