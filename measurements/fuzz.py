"""Whatever comes in from outside ends in a result or in an error written for people, within limits.

    python measurements/fuzz.py                     10,000 inputs, some minutes
    python measurements/fuzz.py --inputs 300        fewer, as the test does
    python measurements/fuzz.py --only inspect      one kind
    python measurements/fuzz.py --seed 7            others

Hypothesis makes the inputs: a valid one whose parts are changed, left out, repeated or replaced by values that no
author thought of, and bytes of it bent; texts of half characters and control characters. An input that raises anything
but an EngineError, or takes more than five seconds, is a finding: it is printed, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import copy
import gzip
import io
import json
import math
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # a script's own folder is on the path, the repository is not

from engine import EngineError, explain, logs, models  # noqa: E402
from engine.logs import judging  # noqa: E402
from engine.logs.lm_eval.read_results import printed_pair  # noqa: E402
from engine.report import as_json  # noqa: E402
from engine.stats.published import published_gap  # noqa: E402
from engine.tasks.scoring.mathematics import final_answer, normalised  # noqa: E402
from engine.text_file import quoted  # noqa: E402
from labs.comparability import Claim, compare_claims  # noqa: E402
from labs.curriculum import load_lab  # noqa: E402
from labs.lab import read_lab  # noqa: E402
from tutor.dialogue.glossary import asked_facts, asked_terms, terms_in  # noqa: E402
from tutor.dialogue.numbers import check_numbers  # noqa: E402
from tutor.exchange import Message  # noqa: E402
from tutor.judge.rules import assess_by_rules, extract_own_words  # noqa: E402

SECONDS = 5.0

# ---- the inputs

HOSTILE = ("", " ", "\ud800", "\x00\x07\u202e", "NaN", "1e999", "../../etc/passwd", "=1+1", "_" * 3_000, "(" * 3_000)
HOSTILE += ("{}", "null", "ı", "²", "٣", "\u2028", "attachment://x", 'a,b\n"c', "💥" * 500)
texts = st.text(max_size=20) | st.sampled_from(HOSTILE)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from((10**400, -1, 2**63, 0.1 + 0.2, 1e308))
    | st.floats()
    | texts
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=8
)


@st.composite
def changed(draw: st.DrawFn, valid: Any) -> Any:
    """A JSON value with some of its parts changed."""
    document = copy.deepcopy(valid)
    for _ in range(draw(st.integers(0, 2))):
        place = document
        while isinstance(place, dict | list) and place:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            key = draw(st.sampled_from(keys))
            inner = place[key]
            if isinstance(inner, dict | list) and inner and draw(st.integers(0, 3)):
                place = inner
                continue
            match draw(st.sampled_from(("replace", "remove", "repeat", "rename"))):
                case "replace":
                    place[key] = draw(values)
                case "remove":
                    del place[key]
                case "repeat" if isinstance(place, list):
                    place.append(inner)
                case "rename" if isinstance(place, dict):
                    place[draw(texts)] = place.pop(key)
            break
        else:
            document = draw(values)
    return document


@st.composite
def bent(draw: st.DrawFn, valid: bytes) -> bytes:
    """Bytes, some of them changed, left out or repeated."""
    content = valid
    for _ in range(draw(st.integers(0, 3))):
        start, end = sorted((draw(st.integers(0, len(content))), draw(st.integers(0, len(content)))))
        end = min(end, start + 40)
        middle = draw(st.binary(max_size=12) | st.just(content[start:end] * 2) | texts.map(_encoded))
        content = content[:start] + middle + content[end:]
    return content


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _json(document: Any) -> bytes:
    return json.dumps(document).encode()


def _lines(rows: Any) -> bytes:
    return b"\n".join(map(_json, rows if isinstance(rows, list) else [rows]))


def _csv(rows: Any) -> bytes:
    cells = [[str(cell) for cell in row] if isinstance(row, list) else [str(row)] for row in rows or []]
    return _encoded("\n".join(",".join(row) for row in cells))


def document(valid: Any) -> st.SearchStrategy[bytes]:
    return changed(valid).map(_json) | bent(_json(valid))


def lines(valid: Any) -> st.SearchStrategy[bytes]:
    return changed(valid).map(_lines) | bent(_lines(valid))


# ---- valid ones

ROWS = [{"id": n, "score": n % 2, "group": "sky", "output": "text", "question": f"q{n}"} for n in range(4)]
MODELS = [{"id": n, "score_ruby": n % 2, "ruby": {"is_correct": True}, "model": "jade"} for n in range(3)]
TABLE = [["id", "correct", "group", "error"], ["1", "1", "sky", ""], ["2", "no", "sea", "false"], ["3", "0.5", "", ""]]
SAMPLES = [
    {
        **{"doc_id": n, "doc_hash": f"h{n}", "filter": "strict", "metrics": ["exact_match"], "exact_match": n % 2},
        **{"resps": [["7"]], "filtered_resps": ["7"], "arguments": {"gen_args_0": {"arg_0": "?", "arg_1": {}}}},
    }
    for n in range(3)
]
RESULTS = {
    "results": {"toy": {"acc,none": 0.5, "acc_stderr,none": 0.1, "alias": "toy"}},
    "configs": {"toy": {"num_fewshot": 0, "task": "toy"}},
    "n-samples": {"toy": {"original": 9, "effective": 9}},
    "config": {"model": "hf", "model_args": "pretrained=x"},
}
INSPECT = {
    **{"version": 2, "status": "success"},
    "eval": {
        "model": "org/ruby",
        "task": "toy",
        "scorers": [{"name": "match", "options": {}}],
        "config": {"epochs": 1},
    },
    "plan": {"steps": [{"solver": "generate", "params": {}}], "config": {"temperature": 0.1}},
    "samples": [
        {
            **{"id": n, "epoch": 1, "input": [{"role": "user", "content": [{"text": "?"}]}], "choices": ["a"]},
            **{"scores": {"match": {"value": "C", "answer": "a"}}, "metadata": {"group": "sky"}},
            **{"output": {"completion": "a", "choices": [{"stop_reason": "stop"}]}, "attachments": {"x": "long"}},
            "messages": [{"role": "user", "content": "attachment://x"}],
        }
        for n in range(2)
    ],
}
HELM = [
    {
        **{"instance_id": f"id{n}", "train_trial_index": 0, "perturbation": {"name": "typos"}},
        "stats": [{"name": {"name": "exact_match", "split": "test"}, "mean": 1.0}],
    }
    for n in range(2)
]
OUTPUTS = {"outputs": [{"input": "Q: 1?\nA:", "prediction": "the answer is 1.", "target": "1"}] * 2}
BATTLE = {
    **{"battle_id": "x", "task": "toy"},
    "a": {"name": "ruby", "shots": 0},
    "b": {"name": "jade", "shots": 0},
    "items": [{"id": str(n), "a": {"score": 1.0}, "b": {"score": 0.0, "text": "no"}} for n in range(2)],
}


def _zip(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


# ---- what is done with them


def read(name: str) -> Callable[[bytes], object]:
    def reading(content: bytes) -> object:
        return [as_json_of(log) for log in logs.contents(name, content).logs.values()]

    return reading


def as_json_of(log: logs.Log) -> tuple[str, float]:
    """What a page does with any log; a score that is no number must not come this far."""
    assert all(row.score is None or math.isfinite(row.score) for row in log.rows.values())
    return json.dumps(dict(log.settings)), len(log.title)


def printed(content: bytes) -> object:
    """Two files of scores without items, as the command line reads them."""
    with tempfile.TemporaryDirectory() as folder:
        for side, written in (("a", content), ("b", _json(RESULTS))):
            (Path(folder) / f"{side}.json").write_bytes(written)
        return printed_pair([(Path(folder) / f"{side}.json", None) for side in "ab"])


def judge(contents: tuple[bytes, bytes]) -> object:
    a, b = (logs.read_log(f"{side}.jsonl", content) for side, content in zip("ab", contents, strict=True))
    found = judging.verdict_of_logs(a, b, common=True)
    return json.dumps(as_json(found), allow_nan=False), explain(found.verdict)


def lab_pack(files: tuple[bytes, bytes, bytes]) -> object:
    with tempfile.TemporaryDirectory() as folder:
        for name, content in zip(("lab.toml", "cases.toml", "lesson.md"), files, strict=True):
            (Path(folder) / name).write_bytes(content)
        return read_lab(Path(folder))


def claims(stated: tuple[dict[str, Any], dict[str, Any]]) -> object:
    a, b = (Claim(name="A", **fields) for fields in stated)
    return compare_claims(a, b).sentence


def message(text: str) -> object:
    lab = load_lab("lab1")
    said = Message(lab=lab, case=lab.cases[0], tutor="What is missing?", learner=text[:LONGEST_MESSAGE])
    own = extract_own_words(said)
    asked = asked_terms(said.learner, lab), asked_facts(said.learner, lab.cases[0]), terms_in(said.learner, lab)
    return assess_by_rules(said, own), asked, check_numbers(said.learner, lab.cases[0]), quoted(text)


LONGEST_MESSAGE = 4_000
WEATHER = tuple(
    (ROOT / "docs/example_labs/weather" / name).read_bytes() for name in ("lab.toml", "cases.toml", "lesson.md")
)
ADDRESSES = ("", "hf:", "openai:x@http://", "openai:", "file:", "~", "/", "http://[", "openai:x@https://[::1]")
scores = st.floats(1, 100).map(lambda score: f"{score:.1f}")
figures = scores | texts | st.floats() | st.integers()
levels = st.just(0.95) | st.floats()
long_texts = st.builds(lambda piece, times: piece * times, texts, st.integers(1, 3_000)).map(lambda text: text[:60_000])
words = st.none() | long_texts.map(lambda text: text[:2_000])
stated = st.fixed_dictionaries(
    {},
    optional={
        **{"benchmark": words, "evaluator": words, "version": words, "decoding": words, "extraction": words},
        **{"shots": st.none() | st.integers(), "score": st.none() | st.floats(), "n": st.none() | st.integers()},
    },
)


@dataclass(frozen=True, slots=True)
class Target:
    inputs: st.SearchStrategy[Any]
    do: Callable[[Any], object]


TARGETS: dict[str, Target] = {
    "CSV": Target(changed(TABLE).map(_csv) | bent(_csv(TABLE)), read("a.csv")),
    "JSONL": Target(lines(ROWS) | lines(MODELS), read("a.jsonl")),
    "JSON list": Target(document(ROWS), read("a.json")),
    "lm-eval samples": Target(lines(SAMPLES), read("samples_toy_2026-01-01T00-00-00.000000.jsonl")),
    "lm-eval results": Target(document(RESULTS), printed),
    "Inspect": Target(document(INSPECT), read("a.json")),
    "Inspect .eval": Target(bent(_zip({"header.json": _json(INSPECT)})), read("a.eval")),
    "HELM": Target(document(HELM), read("per_instance_stats.json")),
    "stored outputs": Target(document(OUTPUTS), read("toy-direct.json")),
    "our battles": Target(document(BATTLE), read("battle.json")),
    "gz": Target(lines(ROWS).map(gzip.compress) | bent(gzip.compress(_lines(ROWS))), read("a.jsonl.gz")),
    "any bytes": Target(st.binary(max_size=300) | texts.map(_encoded), read("a.txt")),
    "two logs": Target(st.tuples(lines(ROWS), lines(ROWS)), judge),
    "lab pack": Target(st.tuples(*map(bent, WEATHER)), lab_pack),
    "published scores": Target(
        st.tuples(figures, figures, st.integers(2, 10**5) | st.integers(), st.none() | st.integers(), levels),
        lambda x: explain(published_gap(x[0], x[1], x[2], n_b=x[3], level=x[4])),
    ),
    "published claims": Target(st.tuples(stated, stated), claims),
    "addresses": Target(st.builds(str.__add__, st.sampled_from(ADDRESSES), texts | long_texts), models.find),
    "selectors": Target(texts | long_texts, logs.place_and_selector),
    "messages to the tutor": Target(long_texts, message),
    "final answers": Target(long_texts, lambda text: (final_answer(text), normalised(text[:1_000]))),
}


@dataclass(slots=True)
class Counts:
    """What came of the inputs of one kind."""

    results: int = 0
    refused: int = 0
    slowest: float = 0.0
    findings: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)


def fuzz(target: Target, inputs: int, start: int) -> Counts:
    """Tries so many inputs.

    target  what to try
    inputs  how many
    start   the seed
    """
    counts = Counts()

    def try_one(value: Any) -> None:
        began = time.perf_counter()
        try:
            target.do(value)
        except EngineError as error:
            counts.refused += 1
            if len(str(error)) > 4_000:
                _found(counts, "a message of over 4,000 characters", value)
        except Exception as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            _found(
                counts, f"{type(error).__name__} in {Path(frame.filename).name}:{frame.lineno}: {error}"[:160], value
            )
        else:
            counts.results += 1
        took = time.perf_counter() - began
        counts.slowest = max(counts.slowest, took)
        if took > SECONDS:
            _found(counts, f"over {SECONDS:g} s", value)

    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
    run = settings(
        max_examples=inputs, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=checks
    )
    seed(start)(run(given(target.inputs)(try_one)))()
    return counts


def _found(counts: Counts, what: str, value: Any) -> None:
    counts.findings[what] += 1
    counts.examples.setdefault(what, repr(value)[:600])


def main(arguments: list[str] | None = None) -> dict[str, Counts]:
    parser = argparse.ArgumentParser(description="Whatever comes in ends in a result or in an error for people.")
    parser.add_argument("--inputs", type=int, default=10_000, help="of all kinds together (default %(default)s)")
    parser.add_argument("--only", default="", help="a word in the names of the kinds")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    chosen = {name: target for name, target in TARGETS.items() if options.only in name}
    borders = [round(options.inputs * n / len(chosen)) for n in range(len(chosen) + 1)]
    found = {}
    print(f"{'kind':<20}{'inputs':>8}{'results':>9}{'refused':>9}{'findings':>10}{'slowest s':>11}")
    for (name, target), (low, high) in zip(chosen.items(), pairwise(borders), strict=True):
        counts = found[name] = fuzz(target, high - low, options.seed)
        total = counts.results + counts.refused
        findings = sum(counts.findings.values())
        print(
            f"{name:<20}{total + findings:8}{counts.results:9}{counts.refused:9}{findings:10}{counts.slowest:11.2f}",
            flush=True,
        )
        for what, times in counts.findings.items():
            print(f"    {times} × {what}\n        {counts.examples[what]}")
    return found


if __name__ == "__main__":
    sys.exit(any(counts.findings for counts in main().values()))
