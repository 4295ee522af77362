"""What a sync of an LDAP or AD realm would do, told before it is run."""
