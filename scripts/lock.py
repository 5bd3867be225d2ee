#!/usr/bin/env python3
"""Renews locks/: every requirement with the hashes of its files, for Python 3.11 to 3.13 on Linux and macOS.

Usage: scripts/lock.py [--upgrade]   --upgrade first lets what the requirements bring along move to its newest release.

uv resolves and hashes; this parts what it found into files that `scripts/install` combines:

    app.txt        requirements.txt without torch
    torch.txt      torch as PyPI has it, with the CUDA libraries it wants on Linux
    torch-cpu.txt  the same torch, built for CPUs only, as PyTorch's own index has it
    dev.txt        what requirements-dev.txt adds
    supply.txt     requirements-supply.txt, whose environment is another one
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from itertools import product
from pathlib import Path

from packaging.markers import Marker

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ROOT / "locks"
SUPPORTED = [
    {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": system,
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
    }
    for python, (system, machine) in product(
        ("3.11", "3.12", "3.13"), (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"))
    )
]
OF_TORCH = re.compile(r"torch|triton|nvidia-.*|cuda-.*")
HEAD = "# Made by `make lock`; not to be edited.\n"
Pins = dict[str, str]
"""What a lock says of each package, by its name: the pin, its marker and its hashes."""


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--upgrade", action="store_true", help="move what the requirements bring along")
    if options.parse_args().upgrade:
        write_constraints(upgraded())
    app, everything = compiled(ROOT / "requirements.txt"), compiled(ROOT / "requirements-dev.txt")
    write_constraints(everything)
    torch = {name for name in everything if OF_TORCH.fullmatch(name)}
    write("app", {name: pin for name, pin in app.items() if name not in torch})
    write("torch", {name: pin for name, pin in app.items() if name in torch})
    write("dev", {name: pin for name, pin in everything.items() if name not in app})
    write("supply", compiled(ROOT / "requirements-supply.txt"))
    cpu = LOCKS / "torch-cpu.txt"
    wanted = version(app["torch"])
    if not cpu.exists() or version(pins(cpu.read_text())["torch"]) != f"{wanted}+cpu":
        write("torch-cpu", {"torch": cpu_build(wanted)})


def compiled(requirements: Path, *options: str) -> Pins:
    """All that these requirements come to, with the hash of every file of each."""
    return pins(uv("pip", "compile", "--universal", "--generate-hashes", *options, str(requirements)))


def upgraded() -> Pins:
    """The newest release of everything that is not pinned by a requirements file itself."""
    given = [line for file in ROOT.glob("requirements*.txt") for line in file.read_text().splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        free = Path(folder, "requirements.txt")
        free.write_text("\n".join(line for line in given if not line.startswith("-") and "--hash" not in line))
        return compiled(free)


def cpu_build(wanted: str) -> str:
    """torch's entry with the hashes of the official wheels for CPUs, of the Pythons and machines that we support."""
    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder, "requirements.txt")
        asked.write_text(f"torch=={wanted}+cpu\n")
        return compiled(asked, "--no-deps", "--torch-backend", "cpu")["torch"]


def uv(*command: str) -> str:
    quiet = ("--quiet", "--python-version", "3.11", "--no-annotate", "--no-header", "--no-emit-index-url")
    ran = subprocess.run(
        [Path(sys.executable).with_name("uv"), *command, *quiet], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if ran.returncode:
        sys.exit(ran.stderr.strip())
    return ran.stdout


def pins(lock: str) -> Pins:
    """The entries of a lock, by package: those for a platform we support, without a marker where that is all."""
    found = {}
    for entry in re.findall(r"^(?:[A-Za-z0-9].*(?:\n +.*)*)", lock, re.MULTILINE):
        marker = re.search(r" ; ([^\\\n]*[^ \\\n])", entry)
        held = [marker is None or Marker(marker[1]).evaluate(platform) for platform in SUPPORTED]
        if any(held):
            found[entry.partition("==")[0]] = entry.replace(marker[0], "") if marker and all(held) else entry
    return found


def version(pin: str) -> str:
    found = re.match(r"[^=]+==([^\s;]+)", pin)
    assert found, pin
    return found[1]


def write(name: str, found: Pins) -> None:
    LOCKS.mkdir(exist_ok=True)
    Path(LOCKS, f"{name}.txt").write_text(HEAD + "".join(f"{pin}\n" for pin in found.values()))


def write_constraints(everything: Pins) -> None:
    """The same releases without hashes, which keep a plain `pip install -r requirements.txt` to them."""
    kept: Iterable[str] = (pin.partition(" \\")[0] for name, pin in everything.items() if not OF_TORCH.fullmatch(name))
    head = "# Releases of all that requirements.txt and requirements-dev.txt bring along. Made by `make lock`.\n"
    Path(ROOT, "constraints.txt").write_text(head + "".join(f"{pin}\n" for pin in kept))


if __name__ == "__main__":
    main()
