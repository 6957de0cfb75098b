"""The mail domains of an enterprise: claimed, proven by DNS, re-checked, and what follows from them at sign-in.

A claim is `pending` until a TXT record at `_vestibule-challenge.<domain>` shows its token. Whoever proves it first
holds it (`verified`), and blocks nobody before. A proof of somebody else's makes that claim `disputed`: the holder
keeps the domain until the operator decides (`give`, `keep`), or until its own proof has been gone for the grace
(`failing`, 14 days), then it is `lost` and the other claim is checked anew. Nothing is taken over silently.

`names` says what can be claimed, `proof` what the DNS came to, `states` which state follows; `claiming` and
`checking` do it; `discovery` tells who holds the domain of an address, and where its people sign in.
"""
