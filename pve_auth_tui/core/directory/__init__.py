"""LDAP and Active Directory as PVE reaches and reads them."""
