"""Whether data packages are installed, and their files as their wheels list them (RECORD)."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import re
from collections.abc import Iterator
from importlib.metadata import Distribution, PackagePath
from pathlib import Path

from engine.doctor.finding import Finding
from engine.home import PROJECT
from engine.tasks.sources import INSTALL_DATA_PACKAGES

LIST = PROJECT / "requirements-packs.txt"
AGAIN = INSTALL_DATA_PACKAGES.replace("install", "install --force-reinstall", 1)


def packages() -> Iterator[Finding]:
    """Benchmarks, weights of models, and the weights of the tutor's judge: whatever the list of packages names."""
    for name in re.findall(r"^([A-Za-z0-9._-]+)==", LIST.read_text(encoding="utf-8"), flags=re.MULTILINE):
        try:
            yield _as_listed(name, importlib.metadata.distribution(name))
        except importlib.metadata.PackageNotFoundError:
            yield Finding(
                subject=f"package {name}",
                state="warning",
                says="It is not installed, so what it brings is missing.",
                mend=f"To get it: {INSTALL_DATA_PACKAGES}",
            )


def _as_listed(name: str, package: Distribution) -> Finding:
    listed = [file for file in package.files or () if file.hash is not None]
    changed = [file for file in listed if not _same(file)]
    if not listed:
        return Finding(
            subject=f"package {name}", state="warning", says="It lists no hashes, so nothing can be compared."
        )
    if changed:
        return Finding(
            subject=f"package {name}",
            state="broken",
            says=f"{len(changed):,} of its {len(listed):,} files are damaged or missing, {changed[0].name} for one.",
            mend=f"To get it anew: {AGAIN}",
        )
    return Finding(
        subject=f"package {name}", state="ok", says=f"{package.version}: {len(listed):,} files as the wheel lists them."
    )


def _same(file: PackagePath) -> bool:
    if file.hash is None or file.hash.mode not in hashlib.algorithms_available:
        return False
    try:
        with Path(str(file.locate())).open("rb") as stream:
            digest = hashlib.file_digest(stream, file.hash.mode).digest()
    except OSError:
        return False
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == file.hash.value
