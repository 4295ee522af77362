"""Realms, datacenter options and sync jobs of the demo cluster."""

from __future__ import annotations

import json

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
	mode ldaps
	verify 1

"""

DATACENTER = """\
#Rack cluster of example.com

keyboard: de
webauthn: id=example.com,rp=rack
"""

JOBS = """\
realm-sync: corp-changes
	comment new people and changes, removes nobody
	realm corp
	schedule 0/4:30
	scope both
	enabled 1
	remove-vanished none

realm-sync: corp-nightly
	comment also removes who has left
	realm corp
	schedule 02:15
	scope both
	enabled 1
	remove-vanished acl;entry

realm-sync: lab-weekly
	realm lab
	schedule sun 03:00
	scope users
	enabled 0

"""


def job_states(now: float) -> dict[str, str]:
    """Job id -> what PVE's scheduler keeps about it in priv/jobs (PVE::Jobs::RealmSync).

    The sync of two hours ago started as a task; the one of last night could not start.
    """
    this_evening = int(now) - (2 * 60 + 11) * 60 + 4  # 20:30:04 on the evening of the stories
    last_night = int(now) - (20 * 60 + 26) * 60 + 4  # 02:15:04
    return {
        "corp-changes": json.dumps(
            {
                "node": "pve1",
                "upid": f"UPID:pve1:0003B2C1:012FA0E4:{this_evening:08X}"
                ":auth-realm-sync:corp:root@pam:",
            }
        ),
        "corp-nightly": json.dumps(
            {
                "node": "pve3",
                "time": last_night,
                "error": "unable to create output file: No space left on device\n",
            }
        ),
    }
