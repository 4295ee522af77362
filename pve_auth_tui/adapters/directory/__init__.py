"""LDAP servers over the network: ldap3 above a TLS of our own, which is verified before a bind."""
