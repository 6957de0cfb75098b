"""OpenID Connect as a relying party, pure: what to ask, and what to believe of the answers."""
