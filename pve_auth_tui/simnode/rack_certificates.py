"""The certificates of the demo's other nodes, with the names that PVE writes into one, and the
store of the CAs that this node trusts.

Source: PVE::Cluster::Setup::gen_pve_ssl_cert. Written down, as a signature would take a library
that the demo loads only when it is needed; nobody has a key that counts. That of this node is made
when it serves (`certificates`).
"""

from __future__ import annotations

from typing import Final

_PVE2: Final = """\
-----BEGIN CERTIFICATE-----
MIIBPTCB8KADAgECAgECMAUGAytlcDAmMSQwIgYDVQQDDBtQcm94bW94IFZpcnR1
YWwgRW52aXJvbm1lbnQwHhcNMjYwMTAxMDAwMDAwWhcNMjgwMTAxMDAwMDAwWjAb
MRkwFwYDVQQDDBBwdmUyLmV4YW1wbGUuY29tMCowBQYDK2VwAyEAgTl3Dqh9F19W
o1Rmw0x+zMuNipG07jeiXfYPW4/Js5SjTjBMMEoGA1UdEQRDMEGHBH8AAAGHEAAA
AAAAAAAAAAAAAAAAAAGCCWxvY2FsaG9zdIcEwAACFoIEcHZlMoIQcHZlMi5leGFt
cGxlLmNvbTAFBgMrZXADQQB6jaJARDJhWVLiu/qMxxAyGagxU5uEOmYamOcwCISs
3gEwFwJBq0y/Xs0pyNjkV+3Z1YaTe3iW8FaQUdGVQhcL
-----END CERTIFICATE-----
"""
_PVE3: Final = """\
-----BEGIN CERTIFICATE-----
MIIBPTCB8KADAgECAgEDMAUGAytlcDAmMSQwIgYDVQQDDBtQcm94bW94IFZpcnR1
YWwgRW52aXJvbm1lbnQwHhcNMjYwMTAxMDAwMDAwWhcNMjgwMTAxMDAwMDAwWjAb
MRkwFwYDVQQDDBBwdmUzLmV4YW1wbGUuY29tMCowBQYDK2VwAyEA7UkoxijRwsbq
6QM4kFmVYSlZJzpcY/k2NsFGFKyHN9GjTjBMMEoGA1UdEQRDMEGHBH8AAAGHEAAA
AAAAAAAAAAAAAAAAAAGCCWxvY2FsaG9zdIcEwAACF4IEcHZlM4IQcHZlMy5leGFt
cGxlLmNvbTAFBgMrZXADQQDPGVFbQMpM6JZ+FJa/jkxFPVc+XoJL6bknqZ23fkN1
8oXbw0lfZzavutYUaXdU6lQywU10dE9XpbY9RXH+3CYI
-----END CERTIFICATE-----
"""

CA: Final = """\
-----BEGIN CERTIFICATE-----
MIIBfzCCATGgAwIBAgIQG9oexM44ThHxJa0RiYx5DzAFBgMrZXAwLjEsMCoGA1UE
AwwjU2ltdWxhdGVkIENBIG9mIHB2ZS1hdXRoLXR1aSAoZGVtbykwIBcNMjAwMTAx
MDAwMDAwWhgPMjA5OTEyMzEwMDAwMDBaMC4xLDAqBgNVBAMMI1NpbXVsYXRlZCBD
QSBvZiBwdmUtYXV0aC10dWkgKGRlbW8pMCowBQYDK2VwAyEAQEbuFhiEZHBtPXvA
BkpkmCcPj0vEfJoLJH938ojOjJGjYzBhMB0GA1UdDgQWBBRgirGrx4yu4dPjvs02
SxzG39fJZzAfBgNVHSMEGDAWgBRgirGrx4yu4dPjvs02SxzG39fJZzAPBgNVHRMB
Af8EBTADAQH/MA4GA1UdDwEB/wQEAwIBBjAFBgMrZXADQQDu1zmRtuLM6tiAAncU
Zrdq4of/e0om7YDNJyXRET3CQkinqrUyNRcPShYuY3D2YvozWknG7vlBpuklr4vC
kuYJ
-----END CERTIFICATE-----
"""
"""Of the simulated CA that all servers of the demo show (`democertificates.make_ca`)."""

FILES: Final = {
    "etc/ssl/certs/ca-certificates.crt": CA,
    "etc/pve/nodes/pve2/pve-ssl.pem": _PVE2,
    "etc/pve/nodes/pve3/pve-ssl.pem": _PVE3,
}
"""Path -> content."""
