"""What an import costs: the libraries that a fresh process holds after it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def loaded(libraries: set[str], *steps: str) -> list[set[str]]:
    """Which of the libraries one fresh process holds after each step.

    libraries  names as in `sys.modules`
    steps      lines of Python, run one after the other
    """
    holds = f"print(json.dumps([name for name in {sorted(libraries)} if name in sys.modules]))"
    code = "\n".join(["import json, sys", *(line for step in steps for line in (step, holds))])
    process = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return [set(json.loads(line)) for line in process.stdout.splitlines()]
