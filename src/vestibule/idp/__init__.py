"""An identity provider for demo and tests, never for production: it signs whoever says who they are in."""
