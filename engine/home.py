"""Where Noise Floor keeps what it writes: the ledger, converted weights, the workers' locks and logs.

All of it is its owner's alone: folders 0700, files 0600, whatever the process's umask is.
"""

from __future__ import annotations

import os
import re
import stat
import time
from pathlib import Path

import platformdirs

from engine.errors import CallerMistake, shown

PROJECT = Path(__file__).resolve().parents[1]
"""Where the product lies: the folder of `engine/`, `pages/` and `pyproject.toml`."""

_NAME = r"[^\s'\"“”‘’,;()<>|]*[^\s'\"“”‘’,;()<>|.:/]"
_PATH = re.compile(rf"(?<![\w:/.@<-])(?:…|~[\w.-]*|(?=/[^\s/]+/))/{_NAME}")
FRESH = 1.0
"""Seconds for which a look at the data folder holds: a page asks for it thirty times, and each look is half a dozen
system calls, after each of which a thread waits for its turn again."""
_looked: dict[str | None, tuple[float, Path]] = {}


def path_of(given: str) -> Path:
    """A path as somebody wrote it, with `~` for a home folder. There may be nothing at it.

    Raises:
        CallerMistake: it cannot be the path of anything here: too long, nobody's home, not to be looked into.
    """
    try:
        path = Path(given).expanduser()
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return path
    except (OSError, RuntimeError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no path"
        raise CallerMistake(
            f"{shown(given)} cannot be looked at ({reason}). Give the path of a folder or file."
        ) from error
    return path


def home() -> Path:
    """The data folder, made if need be: `NOISEFLOOR_HOME`, else the platform's place for user data.

    Raises:
        CallerMistake: the folder cannot be made or written to.
    """
    given = os.environ.get("NOISEFLOOR_HOME")
    looked, folder = _looked.get(given, (-FRESH, PROJECT))
    if time.monotonic() - looked < FRESH:
        return folder
    folder = path_of(given) if given else platformdirs.user_data_path("noise-floor", appauthor=False)
    try:
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        elif _ours(folder):
            make_private(folder)
    except OSError as error:
        raise CallerMistake(
            f"The data folder {folder} cannot be made ({error.strerror}). "
            "Set NOISEFLOOR_HOME to a folder you may write to."
        ) from error
    if not os.access(folder, os.W_OK):
        raise CallerMistake(f"The data folder {folder} may not be written to. Set NOISEFLOOR_HOME to one that may.")
    _looked[given] = time.monotonic(), folder
    return folder


def make_folder(name: str) -> Path:
    """A folder of the data folder, made if need be: `models`, `logs`."""
    folder = home() / name
    folder.mkdir(mode=0o700, exist_ok=True)
    make_private(folder)
    return folder


def private_file(file: Path) -> Path:
    """The file, its owner's alone: there, and empty if it is new, before anybody writes into it."""
    if file.exists():
        make_private(file)
    else:
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    return file


def exposed(path: Path) -> bool:
    """Whether anybody but its owner may do anything with it."""
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def make_private(path: Path) -> None:
    """Takes from everybody else what they may do with a file or folder. One that belongs to somebody else stays."""
    status = path.stat()
    if stat.S_IMODE(status.st_mode) & 0o077 and status.st_uid == os.geteuid():
        path.chmod(stat.S_IMODE(status.st_mode) & 0o700)


def _ours(folder: Path) -> bool:
    """Whether it is a data folder, and not one that others share which somebody named as one, like /tmp."""
    shared = folder.stat().st_mode & stat.S_ISVTX
    return not shared and any((folder / name).exists() for name in ("ledger.db", "journal.db"))


def without_paths(sentence: str) -> str:
    """A sentence that tells no stranger where things lie on the server: of a path only the last name is left.

    Ours are known by their beginning, which may have a space in it, all others by their looks.
    """
    ours = (os.environ.get("NOISEFLOOR_HOME", ""), str(PROJECT), os.path.expanduser("~"))
    for folder in sorted(filter(lambda folder: len(folder) > 2, ours), key=len, reverse=True):
        sentence = sentence.replace(folder.rstrip("/"), "…")
    return _PATH.sub(lambda found: f"…/{found[0].rpartition('/')[2]}", sentence)
