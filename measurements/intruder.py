"""What an upload made to do harm costs everybody else: the slowest rerun of another visitor, the growth of the server.

    python measurements/intruder.py                    every attack, a few minutes
    python measurements/intruder.py --only columns     those with a word in their name
    python measurements/intruder.py --keep FOLDER      writes the files there as well

A server of its own is attacked through Streamlit's own upload route and WebSocket, as a browser would; the files are
made here. Meanwhile another session reruns the home page and the choice of a battle, four times a second, and each of
its reruns is timed; “alone” is its slowest before the attack. The growth is of the server's resident memory: its peak
during the attack, which the kernel counts (Linux), over what it was before; the limited processes are not in it. The
bounds are those of the project: 300 ms and 150 MB. Clients and limited processes share the machine with the server, so
on a busy one wait.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import sys
import tempfile
import time
import urllib.request
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from web import PAUSE, Server, Session, machine, running

SLOWEST_MS, GROWTH_MB = 300, 150
PATIENCE = 240.0
ALONE = 5.0
"""Seconds in which the other visitor is timed before each attack: what the machine does anyway."""
MB = 1 << 20
LIMIT = 50 * MB  # of an upload, as .streamlit/config.toml has it

Files = list[tuple[str, bytes]]


def lines(count: int, text: int) -> bytes:
    """An ordinary log."""
    rows = (
        {"id": number, "score": number % 3 == 0, "output": f"{number:06} " * (text // 7)} for number in range(count)
    )
    return "\n".join(map(json.dumps, rows)).encode()


def packed(piece: bytes, times: int, before: bytes = b"", after: bytes = b"") -> bytes:
    """So many of the same, as gzip, without having them in memory."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [packer.compress(before), *(packer.compress(piece) for _ in range(times))]
    return b"".join([*parts, packer.compress(after), packer.flush()])


def inspect_log(samples: int, scorers: int) -> bytes:
    """Every sample has scorers of its own."""
    entries = [
        {
            "id": n,
            "epoch": 1,
            "input": "?",
            "scores": {f"s{n}-{k}": {"value": 1} for k in range(scorers)},
        }
        for n in range(samples)
    ]
    return json.dumps({"version": 2, "status": "success", "eval": {"model": "m"}, "samples": entries}).encode()


def wide_table(columns: int, rows: int) -> bytes:
    names = ",".join(f"score_{number}" for number in range(columns))
    return "\n".join([f"id,{names}", *(f"{row}" + ",1" * columns for row in range(rows))]).encode()


def full(make: Callable[[int], bytes], guess: int) -> bytes:
    """As large as an upload may be."""
    return make(int(guess * 0.97 * LIMIT / len(make(guess))))


ATTACKS: dict[str, Callable[[], Files]] = {
    "a column's name of 120 kB": lambda: [("a.jsonl", json.dumps({"id": 1, "_" * 120_000: 1}).encode())],
    "0.5 MB gz, one line of 512 MB": lambda: [("a.jsonl.gz", packed(b"x" * MB, 511, b'{"id": "'))],
    "0.5 MB gz, 512 MB in a wide character": lambda: [
        ("a.json.gz", packed(b"x" * MB, 510, '{"id": "😀'.encode(), b'"}'))
    ],
    "gz of 10 million empty objects": lambda: [("a.json.gz", packed(b"{}," * 100_000, 99, b"[", b"{}]"))],
    "80,000 columns": lambda: [("a.csv", wide_table(80_000, 25))],
    "9,000 columns, 500 rows": lambda: [("a.csv", wide_table(9_000, 500))],
    "Inspect log with many scorers": lambda: [("a.json", inspect_log(300, 300))],
    "a list nested 25 million deep": lambda: [("a.json", b"[" * (LIMIT // 2))],
    "50 MB, one number": lambda: [("a.json", b"[" + b"9" * (LIMIT - 4096) + b"]")],
    "50 MB of rows": lambda: [("a.jsonl", full(lambda n: lines(n, 300), 1_000))],
    "50 MB of rows, short": lambda: [("a.csv", b"id,correct\n" + b"".join(b"%d,1\n" % n for n in range(5_000_000)))],
    "50 MB as gz, 500 MB of rows": lambda: [("a.jsonl.gz", gzip.compress(lines(1_500_000, 300), 1)[: LIMIT - 4096])],
    "three files of 50 MB at once": lambda: [
        (f"samples_{name}.jsonl", full(lambda n: lines(n, 3_000), 100)) for name in "xyz"
    ],
    "two logs of 50 MB, judged": lambda: [
        (f"{name}.jsonl", full(lambda n: lines(n, 300), 1_000)) for name in ("A:ruby", "B:jade")
    ],
}


class Intruder(Session):
    """A session that uploads."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.uploaders: dict[str, str] = {}
        self.session_id = ""

    async def look(self, request: BackMsg) -> list[str]:
        """Runs a page. Returns what it said: errors, warnings and headings."""
        await self.socket.send(request.SerializeToString())
        said = []
        message = ForwardMsg()
        while True:
            message.ParseFromString(await self.socket.recv(decode=False))
            match message.WhichOneof("type"):
                case "new_session":
                    self.session_id = message.new_session.initialize.session_id
                case "delta":
                    element = message.delta.new_element
                    kind = element.WhichOneof("type")
                    if kind == "file_uploader":
                        self.uploaders[element.file_uploader.label] = element.file_uploader.id
                    elif kind == "alert":
                        said.append(element.alert.body.replace("\\", ""))
                    elif kind == "heading":
                        said.append(element.heading.body.replace("\\", ""))
                case "script_finished":
                    return said

    async def upload(self, address: str, script_hash: str, files: Sequence[tuple[str, bytes]]) -> list[str]:
        """Gives files, `A:name` and `B:name` to those sides; what the page said of them."""
        request = BackMsg()
        request.rerun_script.page_script_hash = script_hash
        await self.look(request)
        request = BackMsg()
        request.file_urls_request.session_id = self.session_id
        request.file_urls_request.file_names.extend(name for name, _ in files)
        await self.socket.send(request.SerializeToString())
        message = ForwardMsg()
        while message.WhichOneof("type") != "file_urls_response":
            message.ParseFromString(await self.socket.recv(decode=False))
        urls = list(message.file_urls_response.file_urls)
        token = await asyncio.to_thread(xsrf_token, address)
        answers = await asyncio.gather(
            *(
                put(address, url.upload_url, token, name, content)
                for url, (name, content) in zip(urls, files, strict=True)
            )
        )
        request = BackMsg()
        request.rerun_script.page_script_hash = script_hash
        for side in "AB":
            state = request.rerun_script.widget_states.widgets.add(id=self.uploaders[f"Log of {side}"])
            for url, (name, content) in zip(urls, files, strict=True):
                if (name.partition(":")[0] if ":" in name else "A") == side:
                    file = state.file_uploader_state_value.uploaded_file_info.add()
                    file.name, file.size, file.file_id = name, len(content), url.file_id
                    file.file_urls.CopyFrom(url)
        return [*(answer for answer in answers if answer), *await self.look(request)]


def xsrf_token(address: str) -> str:
    with urllib.request.urlopen(f"http://{address}/_stcore/health") as page:
        cookies = page.headers.get_all("Set-Cookie") or []
    values = (c.partition("=")[2].partition(";")[0] for c in cookies if c.startswith("_streamlit_xsrf"))
    return next(values, "").strip('"')


async def put(address: str, url: str, token: str, name: str, content: bytes) -> str:
    """Uploads from a process of its own, which does not hold up the visitor who is timed: it would be another machine.

    Returns nothing, or why the server refused.
    """
    border = "----intruder"
    head = f'--{border}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n\r\n'
    with tempfile.NamedTemporaryFile() as body:
        body.write(b"".join([head.encode(), content, f"\r\n--{border}--\r\n".encode()]))
        body.flush()
        headers = {
            "Content-Type": f"multipart/form-data; boundary={border}",
            "X-Xsrftoken": token,
            "Cookie": f"_streamlit_xsrf={token}",
        }
        upload = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", UPLOAD, f"http://{address}{url}" if url.startswith("/") else url),
            *(json.dumps(headers), body.name),
            stdout=asyncio.subprocess.PIPE,
        )
        told, _ = await upload.communicate()
    return told.decode().strip()


UPLOAD = """
import json, os, sys, urllib.request
os.nice(15)
url, headers, body = sys.argv[1:]
request = urllib.request.Request(url, data=open(body, "rb").read(), method="PUT", headers=json.loads(headers))
try:
    urllib.request.urlopen(request, timeout=240).close()
except OSError as error:
    print("upload refused:", error)
"""


@dataclass(slots=True, kw_only=True)
class Figures:
    """What an attack did."""

    name: str
    size: int
    seconds: float = 0.0
    said: str = ""
    alone: list[float] = field(default_factory=list)
    """Reruns of the other visitor before the attack, in seconds."""
    reruns: list[float] = field(default_factory=list)
    peak: float = 0.0
    after: float = 0.0

    @property
    def held(self) -> bool:
        return 1000 * max(self.reruns) <= SLOWEST_MS and self.peak <= GROWTH_MB


async def attack(server: Server, name: str, files: Files) -> Figures:
    figures = Figures(name=name, size=sum(len(content) for _, content in files))
    over = asyncio.Event()

    async def another_visitor() -> None:
        async with Session.open(server.address) as session:
            await session.visit()
            for place in ("home", "battle"):
                await session.visit(session.places[place])
            until = time.monotonic() + ALONE
            while not over.is_set():
                for place in ("home", "battle"):
                    await asyncio.sleep(PAUSE)
                    took = await session.visit(session.places[place])
                    (figures.reruns if ready.is_set() else figures.alone).append(took)
                if time.monotonic() > until:
                    ready.set()
                await asyncio.sleep(0.02)

    ready = asyncio.Event()
    visitor = asyncio.create_task(another_visitor())
    await ready.wait()
    async with Intruder.open(server.address) as intruder:
        await intruder.visit()
        Path(f"/proc/{server.process.pid}/clear_refs").write_text("5")  # the peak begins anew
        before, began = server.memory_mb(), time.perf_counter()
        async with asyncio.timeout(PATIENCE):
            said = await intruder.upload(server.address, intruder.places["logs"].script_hash, files)
        figures.seconds = time.perf_counter() - began
        figures.said = next((text for text in said if text != "Your own logs"), "nothing")
        figures.peak = (server.peak_mb() or 0.0) - before
    over.set()
    await visitor
    figures.after = server.memory_mb() - before
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description="What an upload made to do harm costs everybody else.")
    parser.add_argument("--only", default="", help="a word in the names of the attacks")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where to write the files as well")
    options = parser.parse_args()
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    print(
        f"\n{'attack':<40}{'MB':>6}{'s':>7}{'alone ms':>10}{'reruns':>8}{'slowest ms':>12}{'growth MB':>11}{'after':>7}"
    )
    held = True
    with tempfile.TemporaryDirectory(prefix="noise-floor-intruder-") as home, running(Path(home)) as server:
        asyncio.run(attack(server, "nothing", [("A:a.csv", b"id,correct\n1,1"), ("B:b.csv", b"id,correct\n1,0")]))
        for name, make in ATTACKS.items():
            if options.only not in name:
                continue
            files = make()
            if options.keep:
                options.keep.mkdir(exist_ok=True, parents=True)
                for number, (file, content) in enumerate(files):
                    (options.keep / f"{name.replace(' ', '-')}-{number}-{file.replace(':', '-')}").write_bytes(content)
            figures = asyncio.run(attack(server, name, files))
            held &= figures.held
            print(
                f"{name:<40}{figures.size / 1e6:6.1f}{figures.seconds:7.1f}"
                f"{1000 * max(figures.alone):10.0f}{len(figures.reruns):8}"
                f"{1000 * max(figures.reruns):12.0f}{figures.peak:11.0f}{figures.after:7.0f}"
                f"{'' if figures.held else '  over the bounds'}\n    {figures.said[:150]}",
                flush=True,
            )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
