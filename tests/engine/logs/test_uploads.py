"""Uploads in their limited processes: the engine's results come back, and an attack ends in a sentence."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine import CallerMistake
from engine.errors import LimitExceeded, Mismatch
from engine.isolation import Pool
from engine.logs import decomposition, files, judging, read_log, uploads
from engine.logs.readers import table
from engine.report import as_json

ROWS = [
    {"id": n, "score": int(n % 3 > 0), "group": "sky" if n % 2 else "sea", "output": f"{n} " * 40} for n in range(60)
]
OTHERS = [row | {"score": int(row["id"] % 4 > 0), "output": f"no {row['id']}"} for row in ROWS]
RULES: uploads.Rules = {"level": 0.95, "margin": 0.02}


def jsonl(rows: list[dict[str, Any]]) -> bytes:
    return "\n".join(map(json.dumps, rows)).encode()


@pytest.fixture
def given(tmp_path: Path) -> Callable[[str, bytes], uploads.Upload]:
    def write(name: str, content: bytes) -> uploads.Upload:
        place = tmp_path / name
        place.write_bytes(content)
        return uploads.Upload(name=name, place=str(place))

    return write


@pytest.fixture
def two(given: Callable[[str, bytes], uploads.Upload]) -> uploads.Pair:
    ruby, jade = given("ruby.jsonl", jsonl(ROWS)), given("jade.jsonl", jsonl(OTHERS))
    return uploads.Side(upload=ruby), uploads.Side(upload=jade)


def logs_of(two: uploads.Pair) -> list[Any]:
    return [read_log(side.upload.name, Path(side.upload.place)) for side in two]


def test_what_comes_back_is_the_engines_own_result(two: uploads.Pair) -> None:
    a, b = logs_of(two)
    expected = judging.verdict_of_logs(a, b, **RULES)
    found = uploads.comparison(two, RULES, owner="ann")
    assert found.judged.verdict == expected.verdict
    assert found.judged.groups == expected.groups
    assert found.judged.comparability == expected.comparability
    assert as_json(found.judged) == as_json(expected)
    assert found.decomposition == decomposition.decompose_logs(expected.verdict, expected.aligned)
    differing = [pair for pair in expected.aligned.pairs if pair[0].score != pair[1].score]
    assert found.differ == len(found.differing) == len(differing)
    assert [item.id for item in found.differing] == [x.id for x, _ in differing]
    assert not found.identical


def test_only_what_is_drawn_comes_back(two: uploads.Pair) -> None:
    found = uploads.comparison(two, RULES, owner="ann")
    assert not found.judged.aligned.pairs
    assert not found.judged.aligned.a.rows
    assert max(len(output or "") for item in found.differing for output in item.outputs) <= uploads.SHORT + 1
    first = next(row for row in ROWS if str(row["id"]) == found.differing[0].id)
    assert uploads.outputs(two, RULES, 0, owner="ann") == (first["output"], f"no {first['id']}")


def test_every_pair_is_the_engines(given: Callable[[str, bytes], uploads.Upload]) -> None:
    columns = [f"{n},{n % 2},{int(n % 3 == 0)},{int(n % 5 == 0)}" for n in range(40)]
    content = "\n".join(["id,score_ruby,score_jade,score_opal", *columns]).encode()
    upload = given("all.csv", content)
    overview = uploads.overview(upload, owner="ann")
    assert (overview.kind, overview.meant) == ("model", None)
    assert overview.names == ("score_ruby", "score_jade", "score_opal")
    sides = [uploads.Side(upload=upload, selector=name) for name in overview.names]
    found = uploads.every_pair(sides, RULES, owner="ann")
    expected = judging.every_pair([read_log("all.csv", content, name) for name in overview.names], **RULES)
    assert [pair.verdict for pair in found.verdicts] == [pair.verdict for pair in expected.verdicts]
    assert found.p_values == expected.p_values


def test_a_scale_is_applied(given: Callable[[str, bytes], uploads.Upload]) -> None:
    upload = given("a.csv", b"id,score\n1,7\n2,0\n3,3.5")
    facts = uploads.facts([uploads.Side(upload=upload)] * 2, owner="ann")
    assert (facts.lowest, facts.highest, facts.grouped, facts.in_part) == (0, 7, False, False)
    side = uploads.Side(upload=upload, scale=(0, 7))
    assert uploads.comparison((side, side), RULES, owner="ann").judged.verdict.a_score == pytest.approx(0.5)


def test_the_engines_refusals_come_back_without_a_path(
    two: uploads.Pair, given: Callable[[str, bytes], uploads.Upload], tmp_path: Path
) -> None:
    other = uploads.Side(upload=given("opal.jsonl", jsonl(ROWS[10:])))
    assert uploads.facts([two[0], other], owner="ann").in_part
    with pytest.raises(Mismatch, match="not over the same items"):
        uploads.comparison((two[0], other), RULES, owner="ann")
    gone = uploads.Upload(name="gone.csv", place=str(tmp_path / "gone.csv"))
    run = tmp_path / "run A"
    run.mkdir()
    (run / "samples_x.jsonl").write_text("{")
    for upload in (gone, uploads.Upload(name="run A", place=str(run))):
        with pytest.raises(CallerMistake) as told:
            uploads.overview(upload, owner="ann")
        assert str(tmp_path) not in str(told.value)


def packed(piece: bytes, times: int, before: bytes = b"", after: bytes = b"") -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [packer.compress(before), *(packer.compress(piece) for _ in range(times))]
    return b"".join([*parts, packer.compress(after), packer.flush()])


def inspect_log(samples: int, scorers: int) -> bytes:
    entries = [
        {"id": n, "epoch": 1, "input": "?", "scores": {f"s{n}-{k}": {"value": 1} for k in range(scorers)}}
        for n in range(samples)
    ]
    return json.dumps({"status": "success", "eval": {"model": "m"}, "samples": entries}).encode()


ATTACKS: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "one packed line": (
        "a.jsonl.gz",
        lambda: packed(b"x" * (1 << 20), 128, b'{"id": "'),
        "line 1 is longer than 64 MB",
    ),
    "packed objects": (
        "a.json.gz",
        lambda: packed(b"{}," * 100_000, 110, b"[", b"{}]"),
        "holds more than 10,000,000 JSON values",
    ),
    "columns": (
        "a.csv",
        lambda: b"id," + b",".join(b"score_%d" % n for n in range(80_000)) + b"\n" + b"1" + b",1" * 80_000,
        "names 80,001 columns, over 10,000",
    ),
    "keys": (
        "a.jsonl",
        lambda: json.dumps({"id": 1} | {f"score_{n}": 1 for n in range(11_000)}).encode(),
        "a table with 11,001 columns, over 10,000",
    ),
    "scorers": ("a.json", lambda: inspect_log(300, 300), "has 90,000 sets of scores, over 1,000"),
    "metrics": (
        "samples_x.jsonl",
        lambda: jsonl([{"doc_id": n, "filter": "none", f"m{n}": 1, "metrics": [f"m{n}"]} for n in range(2_000)]),
        "has 2,000 sets of scores, over 1,000",
    ),
    "depth": ("a.json", lambda: b"[" * 5_000_000, "nested too deep"),
    "digits": ("a.json", lambda: b"[" + b"9" * 5_000_000 + b"]", "a number with too many digits"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_a_sentence(attack: str, given: Callable[[str, bytes], uploads.Upload]) -> None:
    """Each froze the server, or filled its memory."""
    name, make, sentence = ATTACKS[attack]
    with pytest.raises(CallerMistake) as told:
        uploads.overview(given(name, make()), owner="ann")
    assert sentence in str(told.value)
    assert len(str(told.value)) < 1_000


def test_a_long_name_of_a_column_takes_no_time(given: Callable[[str, bytes], uploads.Upload]) -> None:
    """It took 11 s for 120 kB: quadratic in the length of the name."""
    name = "_" * 2_000_000
    found = uploads.overview(given("a.jsonl", json.dumps({"id": 1, name: 1}).encode()), owner="ann")
    assert found.names == (f"{'_' * 119}…",)
    assert table._model_in("_" * 1_000_000 + "score") == ""


def test_a_cell_of_digits_takes_no_time(given: Callable[[str, bytes], uploads.Upload]) -> None:
    """Of 300,000 digits and a letter it took minutes: a pattern that parted them in every way."""
    with pytest.raises(CallerMistake, match="is no score"):
        uploads.overview(given("a.csv", b"id,correct\n1," + b"1" * 300_000 + b"x"), owner="ann")


def test_what_takes_too_much_memory_says_so(
    given: Callable[[str, bytes], uploads.Upload], monkeypatch: pytest.MonkeyPatch
) -> None:
    tight = uploads.IsolatedFunction(
        name=uploads.OVERVIEW.name,
        doing=uploads.OVERVIEW.doing,
        instead=uploads.OVERVIEW.instead,
        limits=uploads.Limits(memory=150 << 20),
    )
    pool = Pool(size=1, functions=[tight])
    monkeypatch.setattr(uploads, "_POOL", pool)
    monkeypatch.setattr(uploads, "OVERVIEW", tight)
    content = gzip.compress(b"id,correct\n" + b"".join(b"%d,1\n" % n for n in range(400_000)), 1)
    with pytest.raises(LimitExceeded, match=r"took more than 150 MB of memory.*python -m engine verdict FILE FILE"):
        uploads.overview(given("a.csv.gz", content), owner="ann")
    pool.close()


def test_no_more_rows_than_there_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted before they are made: a set of scores has a row for every item of the file."""
    monkeypatch.setattr(files.Allowance.__init__, "__defaults__", (files.MAX_BYTES, 1_000))
    with pytest.raises(CallerMistake, match="more than"):
        read_log("a.json", inspect_log(100, 3))
