"""SAML 2.0 as a service provider, pure: documents in, verified values or refusals out."""
