"""Which device a battle runs on, decided without importing torch.

The web process must know the device to put a battle into the right queue, and must stay small. The worker
checks the answer against torch itself before it loads anything.
"""

from __future__ import annotations

import functools
import importlib.metadata
import platform
import shutil
import subprocess

from engine.errors import CallerMistake

DEVICES = ("auto", "cuda", "mps", "cpu")


def resolve(device: str) -> str:
    """auto becomes cuda, then mps, then cpu; anything else is taken at its word.

    Raises:
        CallerMistake: not one of `DEVICES`.
    """
    if device not in DEVICES:
        raise CallerMistake(f"There is no device {device!r}. Use one of: {', '.join(DEVICES)}.")
    return _best() if device == "auto" else device


@functools.cache
def _best() -> str:
    build = importlib.metadata.version("torch")
    if "+cpu" not in build and platform.system() == "Linux" and _has_nvidia_card():
        return "cuda"
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        return "mps"
    return "cpu"


def _has_nvidia_card() -> bool:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return False
    listed = subprocess.run([tool, "-L"], capture_output=True, text=True, timeout=20, check=False)
    return listed.returncode == 0 and "GPU" in listed.stdout
