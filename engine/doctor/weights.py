"""Whether converted weights are as they were written, every byte of them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from engine.doctor.finding import Finding
from engine.home import home
from engine.models import checksums

NAME = re.compile(r".+-[0-9a-f]{12}(-[a-z]+[0-9]+)?")
"""Of a folder that was converted: title, beginning of the hash, precision unless it is float32."""


def converted() -> Iterator[Finding]:
    """The folders of the data folder, one by one."""
    folders = [folder for folder in sorted((home() / "models").glob("*")) if NAME.fullmatch(folder.name)]
    if not folders:
        yield Finding(subject="weights", state="ok", says="None were converted yet; that happens on their first use.")
    for folder in folders:
        yield _whole(folder)


def _whole(folder: Path) -> Finding:
    subject, damage = f"weights {folder.name}", checksums.damage(folder)
    if damage is None:
        size = sum(file.stat().st_size for file in folder.iterdir())
        return Finding(subject=subject, state="ok", says=f"All {size / 1e6:,.0f} MB are as they were written.")
    return Finding(
        subject=subject,
        state="broken" if (folder / checksums.FILE).exists() else "warning",
        says=f"They are not whole: {damage}.",
        mend="They are made again when they are next used; python -m engine doctor --mend removes them now.",
        safe=partial(shutil.rmtree, folder),
    )
