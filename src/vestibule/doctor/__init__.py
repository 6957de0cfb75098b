"""The mapping doctor: what does not fit together between sign-in, provisioning and the accounts that are there.

`examining.examine` looks at a connection of this installation without asking anybody; `foreign.examine` reads another
SCIM server. Both tell findings, each with what shows it and what mends it.
"""
