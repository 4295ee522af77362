"""Words for what stands in the way before a join."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pve_auth_tui.core.join.causes import JoinCause as C
from pve_auth_tui.core.join.said import Said, do

_LOCAL: Final = "root@pam is of this node alone: it needs no domain."

BEFORE: Final[Mapping[C, Said]] = {
    C.NO_FQDN: Said(
        "{node} has no domain in its name.",
        "A join works, but the computer is known to Kerberos as a short name only: logins by "
        "Kerberos over SSH then fail.",
        do("give the node its full name in /etc/hosts: ADDRESS {node}.{domain} {node}"),
    ),
    C.OTHER_DOMAIN: Said(
        "{node} is not a name in {domain}.",
        "A join works. Logins by Kerberos need that the domain is told of the other DNS name.",
        do(
            "leave it so where names of nodes are in another zone on purpose",
            "name the node in {domain} (/etc/hosts), before it is joined",
        ),
    ),
    C.NAME_TOO_LONG: Said(
        "The host name {node} is longer than a computer's name may be: realmd cuts it to "
        "{computer}.",
        "Another node whose name begins alike gets the same account, and takes it over: the first "
        "one then loses its trust.",
        (("choose a computer's name of its own: {proposed}", "computer"),),
    ),
    C.NAME_UNFIT: Said(
        "{computer} cannot be a computer's name: letters, digits and - only, 15 at most.",
        "The join would fail or make a name nobody expects.",
        (("choose another computer's name", "computer"),),
    ),
    C.LOOPBACK_NAME: Said(
        "{node} stands for an address of the loopback in /etc/hosts.",
        "The join works. PVE's cluster wants the node's real address there, and the domain may be "
        "told 127.0.1.1 as the node's.",
        do("put the node's own address before its name in /etc/hosts"),
    ),
    C.ALREADY_MEMBER: Said(
        "{node} is joined to {domain} already.",
        "Nothing has to be joined. Who may log in can be changed as it is.",
        (("validate the membership instead", ""), ("leave the domain first", "leave")),
    ),
    C.OTHER_MEMBER: Said(
        "{node} is joined to {other}.",
        "realmd keeps one Active Directory at a time. Leaving takes the logins of {other} away; "
        + _LOCAL,
        (("leave {other} first", "leave"), ("go on with {other} instead", "domain")),
    ),
    C.NOT_MEMBER: Said(
        "{node} is not joined to {domain}.",
        "There are no logins of {domain} at this node's shell. " + _LOCAL,
        do("join it, if such logins are wanted"),
    ),
    C.LEFTOVERS: Said(
        "An earlier membership left files behind.",
        "A join writes them anew, but realmd refuses while sssd.conf lists {domain} in domains. "
        "Keys of another domain in /etc/krb5.keytab stay there.",
        (("clean up what the last membership left", "leave"),),
    ),
    C.ACCESS_ELSEWHERE: Said(
        "Who of {domain} may log in is set by another file of sssd, too: {files}.",
        "sssd reads it after realmd's own file, so that what is permitted here may not count: "
        "others may get in, or nobody.",
        do(
            "take the domain's section out of that file, or move it away",
            "then restart sssd and validate",
        ),
    ),
    C.SSSD_OTHER: Said(
        "/etc/sssd/sssd.conf serves {other} already.",
        "realmd adds {domain} to it. Where one of them cannot start, sssd does not start at all, "
        "and realmd says yes all the same.",
        do(
            "move the file away, if nobody logs in by it",
            "see that sssd runs with it before the join: systemctl status sssd",
        ),
    ),
    C.PACKAGES_MISSING: Said(
        "Not installed: {missing}.",
        "realmd asks for them only after the password, so they come first.",
        (("install them (a plan of its own, by apt)", "install"),),
    ),
    C.PACKAGES_UNKNOWN: Said(
        "apt does not know some of the packages: {missing}.",
        "Without them nothing can be joined. Nothing was changed.",
        do(
            "let apt update its lists: apt-get update",
            "see whether the Debian repository is enabled (Repositories in PVE)",
        ),
    ),
    C.PACKAGES_UPGRADE: Said(
        "To install what is missing, apt would change {changed}, too.",
        "Those are packages that nobody asked about, perhaps of PVE.",
        (
            ("bring the node up to date first, in a window of its own", ""),
            ("install them all the same", "install"),
        ),
    ),
    C.APT_LOCKED: Said(
        "Another program holds apt's lock.",
        "Nothing was installed. An upgrade may be running, perhaps PVE's own.",
        do("wait until it has ended, then again"),
    ),
    C.APT_FAILED: Said(
        "apt did not install the packages; its own words stand below.",
        "Some may be unpacked and not configured. " + _LOCAL,
        do("look at the output, then: dpkg --configure -a", "see whether the disk is full"),
    ),
    C.PACKAGEKIT: Said(
        "realmd asks PackageKit about packages, even when none is missing, and it does not answer.",
        "realmd then names packages as missing that are there.",
        (
            ("install packagekit; it is masked again after the join", "install"),
            ("if it is masked: systemctl unmask packagekit", ""),
        ),
    ),
    C.REALMD_DEAD: Said(
        "realmd does not answer.",
        "Nothing can be joined or left now. An existing membership goes on without it.",
        do("systemctl restart realmd; look into journalctl -u realmd", "see whether D-Bus runs"),
    ),
    C.TOOL_MISSING: Said(
        "A command that this needs is not installed.",
        "What it would have told is not known.",
        (("install the packages of a join", "install"),),
    ),
    C.NOT_ROOT: Said(
        "Only root may do this.",
        "Nothing was changed.",
        do("start this program as root"),
    ),
    C.PAM_UNSAFE: Said(
        "The PAM files of this node are not as they should be.",
        "A join adds lines of sssd to them. Where root@pam depends on lines that are wrong, a "
        "domain that does not answer could keep root out, too.",
        do("look at PAM (:pam), and mend it before the join"),
    ),
    C.SUDO_RULES: Said(
        "This node takes sudo rules from the domain (sudoers: sss in /etc/nsswitch.conf).",
        "Whoever may write sudo rules in {domain} can make themselves root here.",
        do(
            "take sss out of the line sudoers: in /etc/nsswitch.conf",
            "remove libsss-sudo, which put it there",
        ),
    ),
    C.OTHERS_NOT_JOINED: Said(
        "A join is of this node alone; {nodes} were not looked at.",
        "A user of the domain known to PVE's realm pam logs in only at nodes that are joined.",
        do("run this on every other node, too, with the same groups"),
    ),
    C.DNS_FOREIGN: Said(
        "{foreign} is no domain controller of {domain}.",
        "Where such a server is asked and does not know the domain, logins fail now and then. It "
        "works when it passes questions for {domain} on to the domain.",
        do(
            "name only domain controllers as DNS servers (DNS in PVE)",
            "let that server forward {domain} to the domain controllers",
        ),
    ),
    C.DNS_SILENT: Said(
        "No DNS server answered this node.",
        "Nothing of {domain} can be found. " + _LOCAL,
        do("see which servers /etc/resolv.conf names, and whether they answer"),
    ),
    C.NO_SRV: Said(
        "DNS names no domain controllers of {domain}, as far as this node is told.",
        "realmd and sssd find the domain by these records alone.",
        do("let this node ask the DNS of the domain", "see whether the domain's name is right"),
    ),
    C.DC_NAME_UNKNOWN: Said(
        "DNS names {unresolved} as a domain controller and has no address for it.",
        "Logins wait for it, or fail, when it is chosen.",
        do(
            "have the record of a domain controller that is gone removed (directory team)",
            "have its address put into DNS",
        ),
    ),
    C.DC_NAME_OTHER: Said(
        "The address of a domain controller stands for another name on this node, so Kerberos asks "
        "for a computer that the domain does not know.",
        'realmd says "Insufficient permissions" of it, which is not so. The password was right.',
        do(
            "look for the address of the domain controller in /etc/hosts, and name it rightly",
            "have its reverse record (PTR) corrected; none at all is well, too",
        ),
    ),
    C.PORT_REFUSED: Said(
        "Refused: {closed}.",
        "Nothing listens there, or a firewall says no. The join needs 88, 389 and 464.",
        do(
            "open the ports from this node to the domain controllers",
            "see whether the domain controller runs",
        ),
    ),
    C.PORT_SILENT: Said(
        "No answer: {closed}.",
        "It is off, or a firewall drops the packets. The join would wait, and then fail.",
        do("open 88, 389 and 464 from this node to every domain controller"),
    ),
    C.CLOCK_OFF: Said(
        "The clocks of this node and of the domain controller differ: {clock}.",
        "Kerberos allows five minutes. Beyond that logins fail with words that do not name it.",
        do(
            "see whether this node's clock is right: chronyc tracking",
            "let node and domain ask the same time servers",
        ),
    ),
    C.CLOCK_UNKNOWN: Said(
        "No domain controller told its time.",
        "Whether the clocks agree is not known. A join may work all the same.",
        do("compare date on this node with the domain controller's own"),
    ),
    C.NOT_DISCOVERED: Said(
        "realmd found no domain {domain}.",
        "It says so of every trouble with DNS. The rows on DNS and SRV records tell which it is.",
        do("see whether the name is right", "let this node ask the DNS of the domain"),
    ),
    C.NOT_ACTIVE_DIRECTORY: Said(
        "{domain} answers, but not as an Active Directory.",
        "Only Active Directory (Windows, Samba) is joined here.",
        do(
            "see whether the name is the domain's, and not a zone above it",
            "for other LDAP servers a realm of PVE is enough (Realms)",
        ),
    ),
    C.ACCOUNT_OF_OTHER: Said(
        "{computer}$ belongs to {holder}; its password was set {age}.",
        "A join under this name takes it over without asking; {holder} then loses its trust.",
        (
            ("another computer's name for this node: {proposed}", "computer"),
            ("take it over: only if {holder} is switched off for good", "take-over"),
        ),
    ),
    C.ACCOUNT_EXISTS: Said(
        "The account {computer}$ is there already.",
        "A join sets its password anew and uses it. That is well where it was made for this node.",
        (
            ("go on: it is this node's, or was made for it", "take-over"),
            ("choose another computer's name", "computer"),
        ),
    ),
    C.ACCOUNT_UNKNOWN: Said(
        "Whether {computer}$ exists was not looked for.",
        "A join takes an account that is there over without asking.",
        (("give the password: it is looked for before anything is joined", "account"),),
    ),
    C.NO_ACCOUNT: Said(
        "There is no account {computer}$ in {domain}.",
        "Before a join that is well: the join makes it. A node that is joined has lost its trust.",
        do("of a joined node: leave, and join anew"),
    ),
}
