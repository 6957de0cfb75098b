"""Prove what a token can do at a SCIM server, groups included, before an identity provider finds out."""

from vestibule.probe.drive import Interrupted, Watch, probe
from vestibule.probe.line import Unreachable, Unusable
from vestibule.probe.report import Report

__all__ = ["Interrupted", "Report", "Unreachable", "Unusable", "Watch", "probe"]
