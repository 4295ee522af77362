"""Realms, datacenter options and sync jobs of the demo cluster."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

DOMAINS = """\
pam: pam
	comment Linux PAM standard authentication

pve: pve
	comment Proxmox VE authentication server

ad: corp
	comment Example Corporation
	domain example.com
	server1 dc01.example.com
	base_dn DC=example,DC=com
	bind_dn proxmox_auth@example.com
	default 1
	mode ldap+starttls
	server2 dc02.example.com
	sync-defaults-options enable-new=1,remove-vanished=acl;entry,scope=both
	sync_attributes firstname=givenName,lastname=sn,email=mail
	verify 1

openid: entra
	comment Entra ID
	client-id 00000000-aaaa-4bbb-8ccc-dddddddddddd
	issuer-url https://login.microsoftonline.com/00000000-1111-4222-8333-444444444444/v2.0
	autocreate 1
	client-key not-a-real-client-secret
	groups-autocreate 1
	groups-claim groups
	username-claim preferred_username

ldap: lab
	comment Lab directory
	base_dn ou=people,dc=lab,dc=example,dc=com
	server1 ldap.lab.example.com
	user_attr uid
	mode ldap
	sync-defaults-options enable-new=1,scope=both
	verify 0

ldap: old
	comment server switched off in 2024
	base_dn dc=old,dc=example,dc=com
	server1 ldap.old.example.com
	user_attr uid

"""

DATACENTER = """
keyboard: de
webauthn: id=example.com,rp=rack
#Rack cluster of example.com
"""

JOBS = """\
realm-sync: corp-changes
	realm corp
	schedule 0/4:30
	comment new people and changes, removes nobody
	enabled 1
	remove-vanished none
	scope both

realm-sync: corp-nightly
	realm corp
	schedule 02:15
	comment also removes who has left
	enabled 1
	remove-vanished acl;entry
	scope both

realm-sync: lab-weekly
	realm lab
	schedule sun 03:00
	enabled 0
	scope users

"""


def job_states(now: float) -> dict[str, str]:
    """Job id -> what PVE's scheduler keeps about it in priv/jobs (PVE::Jobs::RealmSync).

    The sync of two hours ago started as a task; the one of last night could not start.
    """
    evening = datetime.fromtimestamp(now, UTC)
    last_night = (evening - timedelta(hours=12)).replace(hour=2, minute=15, second=4)
    started = f"{int(now) - 7200:08X}"
    return {
        "corp-changes": json.dumps(
            {
                "node": "pve1",
                "upid": f"UPID:pve1:0003B2C1:012FA0E4:{started}:auth-realm-sync:corp:root@pam:",
            }
        ),
        "corp-nightly": json.dumps(
            {
                "node": "pve3",
                "time": int(last_night.timestamp()),
                "error": "unable to create output file: No space left on device\n",
            }
        ),
    }
