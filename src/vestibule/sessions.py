"""Signed-in sessions: begun, checked in each request, ended."""
