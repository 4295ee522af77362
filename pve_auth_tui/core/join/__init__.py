"""Joining the node's operating system to Active Directory, and leaving it again."""
