"""The Start screen's facts and findings, and when the program opens on Recover."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.find import haystack, parse_query
from pve_auth_tui.core.finding import Target
from pve_auth_tui.core.health import Health
from pve_auth_tui.core.lists import listing
from pve_auth_tui.core.overview import opens_recover, overview
from pve_auth_tui.core.proofs import How, Mark
from pve_auth_tui.core.snapshot import Cluster, Datacenter, Jobs, Part, SyncJob, TokenSecrets
from tests.core.pictures import CORP, DAY, ENTRA, NOW, PAM, PVE, factor, factors, picture
from tests.core.random_pictures import pictures

KEYS = factors("root@pam", factor("webauthn", "rack 3"), factor("recovery", unused=9))


def findings(*lines, tfa=(KEYS,), **parts):
    made = picture(*lines, tfa=tfa, **parts)
    return [f"{each.word} {each.text}" for each in overview(made, NOW).findings]


def test_a_healthy_cluster_has_nothing_to_look_at():
    assert findings() == []


def test_who_gets_in():
    made = picture(
        "user:key@pve:1:0:::::",
        "user:phone@pve:1:0:::::",
        "user:bare@pve:1:0:::::",
        "user:off@pve:0:0:::::",
        f"user:old@pve:1:{int(NOW) - DAY}:::::",
        "group:admins:key@pve,phone@pve,bare@pve,off@pve,old@pve::",
        "acl:1:/:@admins:Administrator:",
        "token:key@pve!one:0:1::",
        tfa=[KEYS, factors("key@pve", factor("webauthn")), factors("phone@pve", factor("totp"))],
        jobs=Jobs({"j": SyncJob("j", "corp", {}, int(NOW) - 7200)}),
    )
    found = overview(made, NOW)
    assert (found.administrators, found.guarded, found.without_quorum) == (4, 3, 3)
    assert [f"{line.heading}: {line.text}" for line in found.lines] == [
        "Who gets in: 4 administrators, 3 with a second factor; without quorum: 3",
        "Realms: pam, pve, corp (AD, synced 2 h ago), entra (OpenID)",
        "Users: 6, 1 group, 1 token, 1 ACL line",
    ]


@pytest.mark.parametrize(
    ("said", "lines", "tfa"),
    [
        ("BAD root@pam: TOTP locked", [],
         [factors("root@pam", factor("totp"), factor("webauthn"), locked=True)]),
        ("LOOK 1 administrator without a second factor", [], []),
        ("LOOK help@pve can make itself root (User.Modify on /access/groups)",
         ["user:help@pve:1:0:::::", "acl:1:/access/groups:help@pve:PVEUserAdmin:"], [KEYS]),
        ("LOOK 2 ACL lines name users that do not exist",
         ["acl:1:/vms:a@pve,b@pve:PVEVMUser:"], [KEYS]),
        ("LOOK token mon@pve!grafana sees nothing",
         ["user:mon@pve:1:0:::::", "token:mon@pve!grafana:0:1::"], [KEYS]),
        ("LOOK old@pve has expired, but is enabled and an administrator",
         [f"user:old@pve:1:{int(NOW) - DAY}:::::", "acl:1:/:old@pve:Administrator:"], [KEYS]),
        ("LOOK roles have privileges that this PVE does not know: VM.Monitor",
         ["role:Old:VM.Audit,VM.Monitor:"], [KEYS]),
        ("LOOK Carl@pve and carl@pve differ only in case",
         ["user:Carl@pve:1:0:::::", "user:carl@pve:1:0:::::"], [KEYS]),
        ("LOOK 1 user of realm gone, which does not exist", ["user:hans@gone:1:0:::::"], [KEYS]),
        ("LOOK 1 group has members that do not exist", ["group:g:gone@pve::"], [KEYS]),
        ("LOOK second factors of 1 user that do not exist", [],
         [KEYS, factors("gone@pve", factor("totp"))]),
        ("LOOK second factors of 1 user of OpenID realms are never asked for",
         ["user:o@entra:1:0:::::"], [KEYS, factors("o@entra", factor("totp"))]),
        ("LOOK root@pam: 3 recovery keys left", [],
         [factors("root@pam", factor("webauthn"), factor("recovery", unused=3))]),
        ("LOOK user.cfg: PVE ignores 1 line or name", ["garbage"], [KEYS]),
    ],
)  # fmt: skip
def test_what_needs_a_look(said, lines, tfa):
    assert said in findings(*lines, tfa=tfa)


def test_administrators_with_keys_alone_are_out_without_settings():
    assert findings(
        "user:a@pve:1:0:::::",
        "acl:1:/:a@pve:Administrator:",
        tfa=[KEYS, factors("a@pve", factor("webauthn", "k"))],
        datacenter=Datacenter({}),
    ) == ["BAD a@pve: only security keys, and WebAuthn is not set up"]


def test_keys_that_worked_under_another_id_are_counted():
    mark = Mark("root@pam", "webauthn-rack 3", How.LOGIN, NOW, "pve1", "old.example.com", 3)
    made = replace(picture(tfa=[KEYS]), proofs={("root@pam", "webauthn-rack 3"): mark})
    (found,) = overview(made, NOW).findings
    assert found.text == "security keys of 1 administrator are bound to another WebAuthn ID"


def test_risky_realms_and_failed_syncs():
    lab = Realm("lab", "ldap", {"server1": "a"})
    jobs = Jobs({"j": SyncJob("j", "lab", {}, 1, "no answer")})
    assert findings(realms=(PAM, PVE, lab), jobs=jobs) == [
        "LOOK lab: plain LDAP: passwords cross the network in clear",
        "LOOK lab: the last sync failed (job j)",
    ]


def test_a_realm_that_locks_its_administrators_out_is_bad():
    pam = Realm("pam", "pam", {"tfa": "type=oath"})
    key = factors("root@pam", factor("webauthn", "rack 3"))
    assert findings(tfa=(key,), realms=(pam, PVE, CORP, ENTRA))[:3] == [
        "BAD root@pam cannot log in to the web interface: "
        "the realm requires TOTP, and there is none",
        "BAD no administrator can log in to the web interface",
        "BAD realm pam requires TOTP, which root@pam cannot give",
    ]


def test_tokens_without_secret():
    made = findings("token:root@pam!a1:0:0::", token_secrets=TokenSecrets(frozenset()))
    assert made == ["LOOK token root@pam!a1 has no secret and cannot log in"]


def test_many_of_a_kind_are_counted_in_one_line():
    users = [f"user:u{n}@pve:1:0:::::" for n in range(5)]
    acl = [f"acl:1:/access:u{n}@pve:PVEUserAdmin:" for n in range(5)]
    assert findings(*users, *acl) == ["LOOK 5 ACL entries let somebody make himself root"]


def test_bad_comes_first_and_a_refused_tfa_cfg_is_bad():
    tfa = Part(
        None, "files", NOW, "neither old style nor valid json", "Move it away.", refused=True
    )
    made = replace(picture("group:g:gone@pve::"), tfa=tfa)
    found = overview(made, NOW).findings
    assert [each.word for each in found] == sorted(each.word for each in found)
    assert found[0].word == "BAD"
    assert "neither old style nor valid json" in found[0].text
    assert found[0].fix == "Move it away."
    assert overview(made, NOW).lines[0].text == "no administrator now; 1 in all"


def test_without_user_cfg_the_rest_is_still_told():
    made = replace(picture(), access=Part(None, "files", NOW, "user.cfg cannot be read"))
    found = overview(made, NOW)
    assert [line.heading for line in found.lines] == ["Realms"]
    assert [each.word for each in found.findings] == ["BAD"]


@given(pictures())
@settings(deadline=None, max_examples=60)
def test_every_finding_opens_something(made):
    for each in overview(made, NOW).findings:
        assert isinstance(each.target, Target)
        shown = listing(each.target.listing)
        rows = shown.rows(made, NOW)
        if each.target.key:
            assert each.target.key in {row.key for row in rows}
        if each.target.query:
            query = parse_query(each.target.query, shown.fields)
            assert not query.problem
            assert query.select(rows, [haystack(row) for row in rows])


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (picture(tfa=[KEYS]), None),
        (picture("user:root@pam:0:0:::::"),
         "root@pam cannot log in to the web interface: the account is disabled."),
        (picture(tfa=[factors("root@pam", factor("totp"), locked=True)]),
         "root@pam cannot log in to the web interface: "
         "TOTP is locked, and there is no other factor to use."),
        (picture(cluster=Cluster("pve1", "rack", False)),
         "This node has no quorum: nothing in /etc/pve can be changed here."),
        (picture(cluster=Cluster("pve1", "rack", None)), None),
        (replace(picture(), source="config.db"),
         "/etc/pve is not mounted: this is read from the database behind it."),
        (picture(access=None), None),
    ],
)  # fmt: skip
def test_when_the_program_opens_on_recover(made, sentence):
    assert opens_recover(made) == sentence


@pytest.mark.parametrize("service", ["pvedaemon", "pveproxy"])
def test_it_opens_on_recover_when_nobody_can_log_in_for_a_dead_daemon(service):
    made = picture()
    assert opens_recover(replace(made, health=Part(Health(), "direct", NOW))) is None
    dead = replace(made, health=Part(Health(stopped=(service,)), "direct", NOW))
    assert opens_recover(dead).startswith(f"{service} does not run: nobody ")
