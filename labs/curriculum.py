"""Which labs there are, in what order: ours, then those of the folders in `NOISEFLOOR_LABS`."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from engine import CallerMistake
from engine.home import path_of
from labs.lab import Lab, read_lab

OURS = Path(__file__).parent


def slugs() -> tuple[str, ...]:
    """The labs by name. A course pack is a folder of lab folders; several are separated as in PATH."""
    return tuple(_folders())


def load_lab(slug: str) -> Lab:
    """The lab of this name.

    Raises:
        CallerMistake: no such lab, or its files have a mistake; the message names file and field.
    """
    folders = _folders()
    if slug not in folders:
        raise CallerMistake(f"There is no lab “{slug[:60]}”. There are {', '.join(folders)}.")
    return _read(folders[slug])


@cache
def _read(folder: Path) -> Lab:
    return read_lab(folder)


def _folders() -> dict[str, Path]:
    packs = [path_of(part) for part in os.environ.get("NOISEFLOOR_LABS", "").split(os.pathsep) if part]
    for pack in packs:
        if not pack.is_dir():
            raise CallerMistake(f"NOISEFLOOR_LABS names {pack}, which is not a folder. Give folders that hold labs.")
    folders: dict[str, Path] = {}
    for pack in (OURS, *packs):
        for file in sorted(pack.glob("*/lab.toml")):
            folders.setdefault(file.parent.name, file.parent)
    return folders
