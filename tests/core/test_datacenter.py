"""datacenter.cfg: options, property strings and notes."""

import pytest

from pve_auth_tui.core.datacenter import parse_datacenter, write_datacenter
from pve_auth_tui.core.sectionconfig import WriteRefused
from pve_auth_tui.core.snapshot import Datacenter


def test_options_and_property_strings():
    options = parse_datacenter(b"language: de\nwebauthn: rp=x,id=y,allow-subdomains=no\n").options
    assert options == {
        "language": "de",
        "webauthn": {"rp": "x", "id": "y", "allow-subdomains": "0"},
    }


def test_notes_are_the_comment_lines():
    assert parse_datacenter(b"#one%3A\n#\n# \xc3\xbc\n # not this\n").notes == "one:\n\n ü\n"


def test_the_last_of_two_lines_counts_and_blanks_do_not():
    assert parse_datacenter(b"  language:de\nlanguage:   en \n").options == {"language": "en"}


@pytest.mark.parametrize(
    ("line", "warning"),
    [
        ("garbage", "ignore config line: garbage"),
        (
            "max_workers: x",
            "parse error in '/etc/pve/datacenter.cfg' - 'max_workers': "
            "type check ('integer') failed - got 'x'",
        ),
        (
            "migration: network=10.0.0.0/24",
            "parse error in '/etc/pve/datacenter.cfg' - 'migration': invalid format - format "
            "error\nmigration.type: property is missing and it is not optional",
        ),
        (
            "crs: ha-auto-rebalance-margin=5",
            "parse error in '/etc/pve/datacenter.cfg' - 'crs': invalid format - format error\n"
            "crs.ha-auto-rebalance: missing property required by 'crs.ha-auto-rebalance-margin'",
        ),
        ("crs:", "ignoring empty 'crs:' line in datacenter.cfg"),
    ],
)
def test_what_pve_ignores_is_ignored_with_its_words(line, warning):
    found = parse_datacenter(f"{line}\n".encode())
    assert found.options == {}
    assert found.warnings == (warning,)


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("migration: insecure", {"migration": {"type": "insecure"}}),
        (
            "migration: secure,network=10.0.0.0/8",
            {"migration": {"type": "secure", "network": "10.0.0.0/8"}},
        ),
        ("console: applet", {"console": "html5"}),
        ("migration_unsecure: yes", {"migration_unsecure": "1", "migration": {"type": "insecure"}}),
        ("bwlimit: clone=5", {"bwlimit": "clone=5"}),
        ("email_from: a.b+c@example.com", {"email_from": "a.b+c@example.com"}),
        ("mac_prefix: bc:24:1", {"mac_prefix": "bc:24:1"}),
        ("registered-tags: b;a", {"registered-tags": "b;a"}),
    ],
)
def test_other_forms_that_pve_takes(line, options):
    found = parse_datacenter(f"{line}\n".encode())
    assert found.warnings == ()
    assert found.options == options


def test_an_option_called_0_stays_and_cannot_be_written():
    found = parse_datacenter(b"0: x\n")
    assert found.options == {"0": "x"}
    assert "'_root': property is not defined" in found.warnings[0]
    with pytest.raises(WriteRefused, match="_root"):
        write_datacenter(found)


def test_an_old_and_a_new_migration_setting_together_are_worth_a_warning():
    found = parse_datacenter(b"migration: secure\nmigration_unsecure: 1\n")
    assert found.options["migration"] == {"type": "secure"}
    assert "Ignore 'migration_unsecure'" in found.warnings[0]


def test_written_in_alphabetical_order_below_the_notes():
    datacenter = Datacenter(
        {
            "webauthn": {"rp": "x", "id": "y"},
            "migration": {"network": "10.0.0.0/8", "type": "secure"},
            "user-tag-access": {"user-allow": "list", "user-allow-list": "b;a"},
            "registered-tags": "z;y",
            "mac_prefix": "bc:24:11",
        },
        "über\n\n",
    )
    assert write_datacenter(datacenter).decode() == (
        "#%C3%BCber\n\n"
        "migration: secure,network=10.0.0.0/8\n"
        "registered-tags: y;z\n"
        "user-tag-access: user-allow=list,user-allow-list=a;b\n"
        "webauthn: id=y,rp=x\n"
    )


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"language": "xx"}, "400 validation error in '/etc/pve/datacenter.cfg'\nlanguage: value"),
        ({"nonsense": "1"}, "nonsense: property is not defined in schema"),
        ({"nonsense": {"a": "b"}}, "nonsense: "),
        ({"webauthn": {"rp": "a,b"}}, "illegal value with commas for rp\n"),
        ({"webauthn": {"x": "1"}}, "invalid key 'x'\n"),
        ({"next-id": {"lower": "9", "upper": "8"}}, "lower (9) <= upper (8) boundary rule broken"),
        ({"next-id": {"lower": "x"}}, "next-id.lower: type check ('integer') failed"),
    ],
)
def test_writing_is_refused_where_pve_refuses(options, text):
    with pytest.raises(WriteRefused) as refused:
        write_datacenter(Datacenter(options))
    assert text in refused.value.original
