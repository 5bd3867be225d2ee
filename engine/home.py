"""Where Noise Floor keeps what it writes: the ledger, converted weights, the workers' locks and logs."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from engine.errors import CallerMistake

PROJECT = Path(__file__).resolve().parents[1]
"""Where the product lies: the folder of `engine/`, `pages/` and `pyproject.toml`."""


def home() -> Path:
    """The data folder, made if need be: `NOISEFLOOR_HOME`, else the platform's place for user data.

    Raises:
        CallerMistake: the folder cannot be made or written to.
    """
    given = os.environ.get("NOISEFLOOR_HOME")
    folder = Path(given).expanduser() if given else platformdirs.user_data_path("noise-floor", appauthor=False)
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
