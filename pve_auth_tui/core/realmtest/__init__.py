"""What a test of an LDAP or AD realm found, stage by stage, and what to do about it."""
