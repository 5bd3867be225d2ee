"""Whose a battle is, in a word."""

from engine.access import Person


def named(owner: str, me: Person) -> str:
    """Who that is to the person who looks; ids of others are cut, they only tell one from another."""
    if owner == me.id:
        return "you"
    return f"visitor {owner.rpartition(':')[2][:6]}" if owner else "command line"
