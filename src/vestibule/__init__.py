"""Vestibule: the front door between a SaaS app and its customers' identity providers."""

__version__ = "0.1.0"
