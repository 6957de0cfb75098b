"""A faithful emulation of Microsoft Entra's provisioning engine, as pure code: requests out, answers in.

It shares no protocol code with Vestibule's own SCIM server, so that it can bear witness against it.
Facts and their sources: reference `entra-and-scim.md`, sections 0a, 1 and 2.
"""
