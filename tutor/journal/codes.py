"""What a resume code looks like: twenty characters in four groups, a hundred bits, none of them easily misread."""

from __future__ import annotations

import hashlib
import re
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32
MISREAD = str.maketrans("OIL", "011")
GROUPS, GROUP = 4, 5
OLD_KEY = re.compile(r"[A-Za-z0-9_-]{22}")
"""What earlier releases put into the address: sixteen random bytes as base64."""


def new_code() -> str:
    """A code nobody can guess, such as 7K3QD-0VXYA-MMT5E-92HBC."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))


def is_old_key(text: str) -> bool:
    """Whether it can be one of the random keys that earlier releases put into the address; chosen names cannot."""
    return OLD_KEY.fullmatch(text) is not None and len(set(text)) >= 12 and text.lower() != text


def digest(code: str) -> str:
    """What is kept of a code, however it was typed: small or capital letters, with or without dashes."""
    typed = code.strip()
    if not is_old_key(typed):
        typed = re.sub(r"[\s-]", "", typed).upper().translate(MISREAD)
    return hashlib.sha256(f"Noise Floor resume code {typed}".encode()).hexdigest()
