"""What can be wrong with a simulated server, by name: stories and tests seed these."""

from __future__ import annotations

from typing import Final, Literal

Fault = Literal[
    # the port
    "refused",  # nothing listens
    "silent",  # it takes connections and never answers
    "closes",  # it takes connections and ends them
    "not ldap",  # something else answers
    # TLS
    "no starttls",
    "tls 1.3 only",
    "tls 1.2 only",
    "expired certificate",
    "certificate not yet valid",
    "other name",
    "self-signed certificate",
    "unknown CA",
    "incomplete chain",
    "weak certificate",
    "certificate not for servers",
    "client certificate wanted",
    # bind
    "signing not required",  # an AD that takes passwords in the clear
    "confidentiality required",  # a plain server that does not
    "no anonymous bind",
    # search
    "anonymous sees nothing",
    "empty answer",  # nobody is sent
    "size limit",  # the answer is cut, with code 4
    "time limit",
    "admin limit",
    "no paging",
    "busy",
    "unavailable",
    "no access",
    "breaks off",  # the connection ends after some entries
    # the clock
    "clock wrong",  # currentTime is ten minutes ahead
]

CUT_AFTER: Final = 50
"""Entries that a server with `size limit` or `breaks off` sends of one search."""
AHEAD: Final = 600
"""Seconds that a server with `clock wrong` is ahead."""
