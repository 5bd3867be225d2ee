"""Battles: set up, watched, reported, listed, and the recorded ones."""
