"""Who may log in, in sssd's files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.join.access import (
    AT_START,
    Access,
    access,
    deny_everybody,
    domains,
    elsewhere,
    is_read,
    keeps_in_memory,
    sections,
    together,
)
from pve_auth_tui.core.join.model import SNIPPET
from tests.core.replay import SUITES, said

AD = "ad.lab.test"


def text_of(name, suite):
    return "\n".join(said(name, suite).out)


def test_the_snippet_denies_everybody():
    text = deny_everybody(AD)
    assert access(text, AD) == Access("deny")
    assert not access(text, AD).open_to_all
    assert domains(text) == (AD,)


@pytest.mark.parametrize("name", ["a]\n[nss", "", "a b", "a.b\naccess_provider = permit", "-x"])
def test_no_name_breaks_out_of_its_section(name):
    with pytest.raises(Refused):
        deny_everybody(name)


@pytest.mark.parametrize("suite", SUITES)
def test_what_realmd_writes_lets_everybody_in(suite):
    found = access(text_of("sssd-conf", suite), AD)
    assert found == Access("ad")
    assert found.open_to_all


@pytest.mark.parametrize("suite", SUITES)
def test_who_was_permitted(suite):
    """realmd writes users without their domain, and groups with it."""
    found = access(text_of("sssd-conf-permitted", suite), "AD.LAB.TEST")
    assert found == Access("simple", ("alice",), ("ProxmoxAdmins@ad.lab.test",))
    assert not found.open_to_all


@pytest.mark.parametrize("suite", SUITES)
def test_a_file_of_two_domains(suite):
    text = text_of("join-sssd-conf-exists.conf", suite)
    assert domains(text) == ("other", AD)
    assert access(text, "other") == Access()
    assert access(text, "third") is None


@pytest.mark.parametrize("suite", ["lab-bookworm", "lab-trixie"])
def test_nobody_is_left_is_written_as_a_dollar(suite):
    """sssd takes an empty list for everybody: realmd writes the name of nobody instead."""
    nobody = access(text_of("sssd-conf-nobody", suite), AD)
    assert nobody == Access("simple", ("$",), ("$",))
    assert not nobody.open_to_all
    assert access(text_of("sssd-conf-denied", suite), AD) == Access("deny")


def test_without_a_provider_or_names_everybody_may():
    assert access("[domain/x]\nid_provider = ad\n", "x").open_to_all
    assert access("[domain/x]\naccess_provider = simple\n", "x").open_to_all
    assert not access(
        "[domain/x]\naccess_provider = simple\nsimple_allow_groups = a\n", "x"
    ).open_to_all


@pytest.mark.parametrize("text", ["domains = x\n", "[sssd]\nnonsense\n", "[sssd\n", "[a]\n=b\n"])
def test_what_sssd_cannot_read(text):
    assert sections(text) is None
    assert domains(text) == ()
    assert access(text, "x") is None


def test_remarks_blank_lines_and_values_that_go_on():
    text = "# x\n\n; y\n[domain/x]\r\nsimple_allow_users = a,\n b\n"
    assert access(text, "x").users == ("a", "b")


@pytest.mark.parametrize(
    ("texts", "keeps"),
    [
        ((), True),
        (("[sssd]\nservices = nss, pam\n",), True),
        (("[nss]\nfilter_users = root\n",), True),
        ((AT_START,), False),
        (("[NSS]\nmemcache_timeout=00\n",), False),
        ((AT_START, "[nss]\nmemcache_timeout = 300\n"), True),
        (("[nss]\nmemcache_timeout = 300\n", AT_START), False),
        ((AT_START, "[nss]\nfilter_users = root\n"), False),
        (("[nss]\nmemcache_timeout = no\n",), True),
        (("[nss]\nmemcache_timeout =\n",), True),
        (("[nss]\nmemcache_timeout = \u0660\n",), True),
        (("[pam]\nmemcache_timeout = 0\n",), True),
        (("no section\n",), True),
        ((f"[nss]\nmemcache_timeout = {'9' * 5000}\n",), True),
    ],
)
def test_what_sssd_keeps_in_memory(texts, keeps):
    assert keeps_in_memory(texts) is keeps


OPENS = "[domain/AD.lab.test]\naccess_provider = permit\n"


def test_the_last_word_counts():
    """A file of conf.d that is read after ours would open the window again."""
    denied = deny_everybody(AD)
    assert together(("[domain/ad.lab.test]\nid_provider = ad\n", denied), AD) == Access("deny")
    assert together((denied, OPENS), AD).open_to_all
    assert together((OPENS, denied), AD) == Access("deny")
    assert together(("", "[sssd]\n"), AD) is None


def test_names_of_one_file_and_the_provider_of_another():
    simple = "[domain/ad.lab.test]\naccess_provider = simple\n"
    names = "[domain/ad.lab.test]\nsimple_allow_groups = Admins\n"
    assert together((simple, names), AD) == Access("simple", (), ("Admins",))


def test_other_files_that_decide():
    files = {
        SNIPPET: deny_everybody(AD),
        "/etc/sssd/conf.d/zzz.conf": OPENS,
        "/etc/sssd/conf.d/debug.conf": "[domain/ad.lab.test]\ndebug_level = 9\n",
        "/etc/sssd/conf.d/other.conf": "[domain/other]\naccess_provider = permit\n",
    }
    assert elsewhere(files, AD) == ("/etc/sssd/conf.d/zzz.conf",)
    assert elsewhere({}, AD) == ()


def test_which_files_sssd_reads():
    assert is_read("a.conf")
    assert not is_read(".a.conf")
    assert not is_read("a.conf.bak")


@given(st.text(max_size=200))
def test_no_text_makes_it_fail(text):
    sections(text)
    domains(text)
    access(text, "x")
