"""domains.cfg: what is special about realms."""

import pytest

from pve_auth_tui.core.domains import Realm, parse_domains, write_domains
from pve_auth_tui.core.sectionconfig import WriteRefused

LDAP = b"ldap: corp\n\tbase_dn dc=x\n\tserver1 a.b\n\tuser_attr uid\n"


def test_pam_and_pve_are_always_there():
    realms = parse_domains(b"").realms
    assert [(realm.name, realm.type, realm.comment) for realm in realms.values()] == [
        ("pam", "pam", "Linux PAM standard authentication"),
        ("pve", "pve", "Proxmox VE authentication server"),
    ]


def test_they_keep_their_place_and_their_comment_when_the_file_has_them():
    realms = parse_domains(b"pam: pam\n\tcomment hello\n\n" + LDAP).realms
    assert list(realms) == ["pam", "corp", "pve"]
    assert realms["pam"].comment == "hello"


def test_pam_is_of_type_pam_whatever_the_file_says():
    assert parse_domains(LDAP.replace(b"corp", b"pam")).realms["pam"].type == "pam"


def test_types_may_be_written_in_capitals():
    assert parse_domains(LDAP.replace(b"ldap:", b"LDAP:")).realms["corp"].type == "ldap"


def test_only_ascii_letters_of_a_type_have_capitals():
    (warning,) = parse_domains("LDÄP: corp\n".encode("latin-1")).warnings
    assert warning.endswith("unsupported type 'ldÄp'")


def test_only_one_realm_is_the_default():
    text = b"pam: pam\n\tdefault 1\n\n" + LDAP + b"\tdefault 1\n"
    defaults = [realm.name for realm in parse_domains(text).realms.values() if realm.default]
    assert defaults == ["corp"]


def test_comments_are_decoded_other_text_is_left_as_bytes():
    text = LDAP + "\tcomment B%C3%BCro ü\n\tfilter (cn=ü)\n".encode()
    realm = parse_domains(text).realms["corp"]
    assert realm.comment == "Büro ü"
    assert realm.options["filter"] == "(cn=Ã¼)"
    assert "\tfilter (cn=ü)\n".encode() in write_domains(parse_domains(text))


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("server2 -x", "invalid format - value does not look like a valid address: -x\n"),
        ("server2 1.2.3.4", ""),
        ("server2 0", "invalid format - value does not look like a valid address: 0\n"),
        ("server2 ::1", ""),
        ("server2 fe80::1%eth0", "invalid format - value does not look like a valid address"),
        ("port 65536", "value must have a maximum value of 65535"),
        ("user_classes person,a-b", "value 'a-b' does not look like a simple ldap attribute name"),
        ("sync_attributes email=mail, comment=x", ""),
        ("sync_attributes email", "value does not match the regex pattern"),
        ("tfa type=oath,step=5", "step: value must have a minimum value of 10"),
        ("tfa step=30", "type: property is missing and it is not optional"),
        ("tfa type=oath,type=oath", "duplicate key in comma-separated list property: type"),
        ("tfa oath", "value without key, but schema does not define a default key"),
        ("tfa type=", "missing key in comma-separated list property"),
        ("sync-defaults-options remove-vanished=acl;entry", ""),
        ("client-key x", "unexpected property 'client-key'"),
    ],
)
def test_values_are_checked_as_pve_checks_them(line, problem):
    warnings = parse_domains(LDAP + f"\t{line}\n".encode()).warnings
    if problem:
        assert len(warnings) == 1
        assert problem.rstrip("\n") in warnings[0]
    else:
        assert warnings == ()


def test_a_realm_that_pve_cannot_read_is_listed_and_blocks_writing():
    domains = parse_domains(b"ldap: half\n\tserver1 a.b\n")
    assert domains.realms["half"] == Realm("half", None)
    with pytest.raises(WriteRefused, match="unknown section type"):
        write_domains(domains)


def test_secrets_of_a_realm_do_not_show_in_its_repr():
    realm = Realm("idp", "openid", {"client-key": "s3cret"})
    assert "s3cret" not in repr(realm)
