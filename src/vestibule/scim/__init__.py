"""SCIM 2.0 (RFC 7643, RFC 7644) as pure functions over values: no I/O, no clock, no framework."""
