"""Asks for a battle: contenders, benchmark, items, harness, forecast."""
