"""Readers of logs, one format each."""
