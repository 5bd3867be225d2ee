"""Where Noise Floor keeps what it writes: the ledger, converted weights, the workers' locks and logs."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from engine.errors import CallerMistake, shown

PROJECT = Path(__file__).resolve().parents[1]
"""Where the product lies: the folder of `engine/`, `pages/` and `pyproject.toml`."""


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
    folder = path_of(given) if given else platformdirs.user_data_path("noise-floor", appauthor=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CallerMistake(
            f"The data folder {folder} cannot be made ({error.strerror}). "
            "Set NOISEFLOOR_HOME to a folder you may write to."
        ) from error
    if not os.access(folder, os.W_OK):
        raise CallerMistake(f"The data folder {folder} may not be written to. Set NOISEFLOOR_HOME to one that may.")
    return folder
