"""Signing in over HTTP: handlers that translate, and one place that tells what became of each visit."""
