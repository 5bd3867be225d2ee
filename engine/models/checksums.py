"""Checksums of the folders that hold converted weights, so that a flipped bit or a cut file is never computed with.

They lie inside the folder and are written before it gets its name. Every byte is read again whenever weights are
opened: xxh3 takes 0.05 seconds for half a gigabyte that is in memory anyway, since it is loaded next. It finds what
disks and memory do to a file. Whoever may write here could write the checksums as well; against them nothing helps.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import xxhash

from engine.home import make_private

FILE = "checksums.json"
SCRATCH = ".making-"
"""What the names of folders begin with in which weights are being made; one that is old was left by a kill."""
CONVERTER = 1
"""Of how weights are converted: what another version made is made again."""
_CHUNK = 1 << 20


def write(folder: Path) -> None:
    """Makes the folder its owner's alone and writes down what is in it. Nothing may be added afterwards."""
    contents = {file.name: _sum(file) for file in sorted(folder.iterdir())}
    (folder / FILE).write_text(json.dumps({"converter": CONVERTER, "files": contents}, indent=1), encoding="utf-8")
    for path in (folder, *folder.iterdir()):
        make_private(path)


def damage(folder: Path) -> str | None:
    """What is not as it was written, in words; None where every byte is."""
    try:
        kept = json.loads((folder / FILE).read_text(encoding="utf-8"))
        converter, files = kept["converter"], dict(kept["files"])
    except FileNotFoundError:
        return "no checksums were kept with them"
    except (OSError, ValueError, TypeError, KeyError):
        return "their checksums cannot be read"
    if converter != CONVERTER:
        return "another version converted them"
    there = {file.name for file in folder.iterdir() if not file.name.startswith(".")} - {FILE}
    if odd := sorted(there ^ files.keys()):
        return f"{odd[0]} is {'missing' if odd[0] in files else 'not one of their files'}"
    return next((f"{name} {why}" for name, told in files.items() if (why := _difference(folder / name, told))), None)


def _difference(file: Path, told: Any) -> str | None:
    try:
        if file.stat().st_size != told["bytes"]:
            return f"has {file.stat().st_size:,} bytes instead of {told['bytes']:,}"
        return None if _sum(file) == told else "has changed since it was written"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    except (TypeError, KeyError, ValueError):
        return "has no checksum"


def _sum(file: Path) -> dict[str, Any]:
    """Read, not mapped: a file that is cut at this moment would end the process."""
    digest, buffer = xxhash.xxh3_128(), memoryview(bytearray(_CHUNK))
    with file.open("rb", buffering=0) as stream:
        while count := stream.readinto(buffer):
            digest.update(buffer[:count])
    return {"bytes": file.stat().st_size, "xxh3_128": digest.hexdigest()}
