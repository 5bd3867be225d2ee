"""Our numbers against lm-evaluation-harness 0.4.13's own, item by item, with the packs' real weights.

The reference holds hashes of lm-eval's prompts and its float32 log-likelihoods; `tests/parity/make_reference.py`
made it and says how.
"""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import engine.tasks.gsm8k
from engine import load_items, load_task
from engine.fight import ranking
from engine.local_model import LocalModel, open_local
from engine.model import Prompt
from engine.models import find
from engine.task import _items, prompts

from .conftest import MODELS

TESTS = Path(__file__).resolve().parents[1]
REFERENCE = json.loads(gzip.decompress((TESTS / "parity" / "lm_eval_0.4.13.json.gz").read_bytes()))
RANKED = [case for case in REFERENCE["cases"] if case["task"] != "gsm8k"]
WRITTEN = [case for case in REFERENCE["cases"] if case["task"] == "gsm8k"]
TOLERANCE = 1e-3  # of a summed log-likelihood, float32; batching alone moves lm-eval's own by up to 5e-4

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest, real_home: Path) -> Iterator[tuple[str, LocalModel]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOISEFLOOR_HOME", str(real_home))
        yield request.param, open_local(find(request.param), "cpu")


def name(case: dict[str, Any]) -> str:
    return f"{case['task']}-{case['shots']}shot"


def test_the_reference_covers_what_it_should() -> None:
    for address in MODELS:
        for task in ("arc_easy", "hellaswag", "mmlu"):
            docs = [c["docs"] for c in RANKED if (c["task"], c["model"], c["shots"]) == (task, address, 0)]
            assert [len(d) for d in docs] == [50]


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("case", [c for c in RANKED if c["model"] == MODELS[0]], ids=name)
def test_prompts_are_lm_evals_to_the_character(case: dict[str, Any]) -> None:
    task, docs = load_task(case["task"]), case["docs"]
    before = prompts(task, task.harness(shots=case["shots"]))
    for item, doc in zip(items_of(case), docs, strict=True):
        ours = [sha256(f"{context}\x1f{choice}") for context, choice in ranking(item, before[item.id]).pairs]
        assert ours == doc["requests_sha256"], item.id


def items_of(case: dict[str, Any]) -> list[Any]:
    by_row = {(item.group, item.index): item for item in load_items(load_task(case["task"]))}
    return [by_row[doc.get("group", ""), doc["index"]] for doc in case["docs"]]


@pytest.mark.parametrize("key", sorted({name(case) for case in RANKED}))
def test_log_likelihoods_agree(key: str, model: tuple[str, LocalModel]) -> None:
    address, opened = model
    (case,) = (c for c in RANKED if name(c) == key and c["model"] == address)
    task = load_task(case["task"])
    before = prompts(task, task.harness(shots=case["shots"]))
    items = items_of(case)
    ours = {r.item_id: r for batch in opened.rank([ranking(i, before[i.id]) for i in items]) for r in batch}
    for item, doc in zip(items, case["docs"], strict=True):
        assert ours[item.id].sums == pytest.approx(doc["logliks"], abs=TOLERANCE, rel=0), item.id
        if _margin(doc["logliks"]) > TOLERANCE:
            assert _best(ours[item.id].sums) == _best(doc["logliks"])


def _best(values: Any) -> int:
    return max(range(len(values)), key=values.__getitem__)


def _margin(values: list[float]) -> float:
    first, second = sorted(values, reverse=True)[:2]
    return first - second


def test_written_answers_agree(model: tuple[str, LocalModel], monkeypatch: pytest.MonkeyPatch) -> None:
    """GSM8K's form on problems of our own, so that no benchmark file is needed: same text, answer and score."""
    address, opened = model
    (case,) = (c for c in WRITTEN if c["model"] == address)
    monkeypatch.setenv("NOISEFLOOR_DATA", str(TESTS / "data"))
    monkeypatch.setattr(
        engine.tasks.gsm8k, "TASK", dataclasses.replace(engine.tasks.gsm8k.TASK, size=len(case["docs"]))
    )
    _items.cache_clear()
    task = load_task("gsm8k")
    assert task.decoding
    before = prompts(task, task.harness())
    items = load_items(task)
    texts = [Prompt(item_id=item.id, text=before[item.id] + item.context(0)) for item in items]
    opened.rows_at_once = 1  # as the reference was made; rounding in a batch may turn a close call
    written = {w.item_id: w for batch in opened.write(texts, task.decoding) for w in batch}
    for item, doc in zip(items, case["docs"], strict=True):
        assert sha256(before[item.id] + item.context(0)) in doc["requests_sha256"]
        text = written[item.id].text
        assert text == doc["text"]
        for rule, found in (("strict-match", "strict"), ("flexible-extract", "flexible")):
            answer = task.extractions[rule](text)
            assert (answer or "[invalid]") == doc[found]
            score = answer is not None and task.same_answer(answer, item)
            assert float(score) == doc[f"exact_match_{found}"]
    _items.cache_clear()
