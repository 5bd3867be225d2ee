"""Real weights, real items, real processes, a real browser. One data folder for all, so weights are converted once."""

from __future__ import annotations

import contextlib
import functools
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from engine.models.local.model import LocalModel, open_local
from engine.models.registry import find

ROOT = Path(__file__).resolve().parents[2]
MODELS = ("smollm2-135m-instruct", "gemma-3-270m")


@pytest.fixture(scope="session")
def real_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("real-home")


@pytest.fixture(autouse=True)
def own_home(real_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In place of the folder a test has elsewhere."""
    monkeypatch.setenv("NOISEFLOOR_HOME", str(real_home))
    monkeypatch.delenv("NOISEFLOOR_DATA", raising=False)
    return real_home


@pytest.fixture
def no_network() -> None:
    """The browser resolves for itself; nothing here asks for another machine."""


@functools.cache
def opened(address: str, home: Path) -> LocalModel:
    """Weights on the processor, kept from test to test: whoever changes a setting of it puts it back."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOISEFLOOR_HOME", str(home))
        return open_local(find(address), "cpu")


@contextlib.contextmanager
def serving(home: Path, **environment: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The app as `make run` starts it, on a free port: its address and its process, whose output is in server.log."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (home / "server.log").open("ab") as output:
        server = subprocess.Popen(
            [sys.executable, "scripts/serve.py", "--server.port", str(port), "--server.address", "127.0.0.1"],
            cwd=ROOT,
            env=os.environ | {"NOISEFLOOR_HOME": str(home)} | environment,
            stdout=output,
            stderr=output,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/_stcore/health", server)
        yield address, server
    finally:
        server.kill()  # without warning
        server.wait(20)


@contextlib.contextmanager
def served(home: Path, **environment: str) -> Iterator[str]:
    """The address of a server of its own."""
    with serving(home, **environment) as (address, _):
        yield address


@pytest.fixture(scope="session")
def app(real_home: Path) -> Iterator[str]:
    with served(real_home) as address:
        yield address


def settled(page: Page) -> None:
    """Waits until the script has ended and nothing is a grey placeholder any more: what is clicked now stays in place."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=60_000)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=60_000)


def _wait_for(url: str, server: subprocess.Popen[bytes], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert server.poll() is None, "the app ended before it answered"
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise TimeoutError(f"{url} did not answer within {seconds:.0f} s")
