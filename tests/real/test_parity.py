"""Our numbers against lm-evaluation-harness 0.4.13's own, item by item, with the packs' real weights.

The reference is lm-eval's side, made by `tests/parity/make_reference.py`: hashes of its prompts, its float32
log-likelihoods, its texts and scores. A case says where its rows come from. `pack`: the installed wheels. `own`: rows
of this project in the publishers' formats, in tests/data. `data`: the publishers' files; these cases are skipped unless
NOISEFLOOR_DATA names a folder that has them. Of written answers the first two of a case are compared, and all of them
with NOISEFLOOR_PARITY=all.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import HarnessConfig, Item, Task, load_items, load_task
from engine.battles.requests import ranking
from engine.battles.scoring import ranked_outcome
from engine.models.interface import Logliks, Prompt
from engine.models.local.model import LocalModel
from engine.tasks.rendering import RenderedItem, few_shot_contexts
from engine.tasks.scoring.normalisation import normalised
from engine.tasks.sources import Folder, first_present, read_rows

from .conftest import MODELS, opened

TESTS = Path(__file__).resolve().parents[1]
REFERENCE = json.loads(gzip.decompress((TESTS / "parity" / "lm_eval_0.4.13.json.gz").read_bytes()))
DATA = os.environ.get("NOISEFLOOR_DATA")  # taken away from the tests, which bring their own
WRITTEN_DOCS = None if os.environ.get("NOISEFLOOR_PARITY") == "all" else 2
TOLERANCE = 1e-3  # of a summed log-likelihood, float32; batching alone moves lm-eval's own by up to 5e-4
NORMALISATIONS = {"acc": "sum", "acc_norm": "characters", "acc_mutual_info": "unconditional"}
STAND_INS = {
    "musr/datasets/murder_mystery.json.gz": "musr_sample/small_murder_mystery.json.gz",
    "musr/datasets/object_placements.json.gz": "musr_sample/small_object_placements.json.gz",
    "musr/datasets/team_allocation.json": "musr_sample/small_team_allocation.json",
    "truthfulqa/v0/mc_task.json": "truthfulqa/v1/mc_task.json",
}
"""Samples and a later release in the same format, which the reference was made with."""

pytestmark = pytest.mark.slow

Case = dict[str, Any]


@pytest.fixture
def model(request: pytest.FixtureRequest, real_home: Path) -> LocalModel:
    return opened(request.param, real_home)


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """The publishers' files in the publishers' places."""
    if not DATA:
        return None
    held, root = Path(DATA).expanduser().resolve(), tmp_path_factory.mktemp("upstream")
    places = {file.relative_to(held): file for file in held.rglob("*") if file.is_file()}
    places |= {Path(wanted): held / there for wanted, there in STAND_INS.items() if (held / there).exists()}
    for place, file in places.items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).symlink_to(file)
    return root


def kind(case: Case) -> str:
    return "prompts" if case["prompts"] else "written" if case["max_tokens"] else "ranked"


def cases(wanted: str) -> Any:
    chosen = [case for case in REFERENCE["cases"] if kind(case) == wanted]
    if wanted == "prompts":
        return pytest.mark.parametrize("case", chosen, ids=lambda case: case["name"])
    of = [pytest.param(case["model"], case, id=f"{case['model']}-{case['name']}") for case in chosen]
    return pytest.mark.parametrize(("model", "case"), of, indirect=["model"])


@pytest.fixture
def task(case: Case, upstream: Path | None, monkeypatch: pytest.MonkeyPatch) -> Task:
    """The case's task, with the rows of the case in place of all."""
    whole = load_task(case["task"])
    if case["place"] == "pack":
        return whole
    if case["place"] == "data" and upstream is None:
        pytest.skip(f"set NOISEFLOOR_DATA to a folder with the publisher's files of {whole.title}")
    monkeypatch.setenv("NOISEFLOOR_DATA", str(upstream if case["place"] == "data" else TESTS / "data"))
    examples = (*whole.shots_from, Folder(f"{whole.name}/{whole.name}*_train*.jsonl"))
    if not first_present(whole.items_from) or (case["shots"] and not first_present(examples)):
        pytest.skip(f"NOISEFLOOR_DATA has not all files of {whole.title}")
    return replace(whole, size=len(read_rows(whole.title, whole.items_from)), shots_from=examples)


def asked_as(case: Case, task: Task) -> HarnessConfig:
    settings = {name: case[name] for name in ("shots", "multiturn", "system")}
    if task.decoding and case["max_tokens"]:
        settings["decoding"] = replace(task.decoding, max_tokens=case["max_tokens"])
    return task.harness(template="chat" if case["chat"] else "plain", unconditional=case["alone"], **settings)


def documents(case: Case, task: Task) -> list[tuple[Item, dict[str, Any]]]:
    """Our items and lm-eval's documents: it counts rows in its subtasks, if a task has any there."""
    subtasks = any(doc["group"] for doc in case["docs"])
    rows: dict[str, list[Item]] = {}
    for item in load_items(task):
        rows.setdefault(item.group if subtasks else "", []).append(item)
    return [(rows[doc["group"]][doc["index"]], doc) for doc in case["docs"]]


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


RANKED = (
    *("arc_easy-0shot", "arc_challenge-0shot", "hellaswag-0shot", "mmlu-0shot", "mmlu-5shot", "openbookqa-0shot"),
    *("piqa-0shot", "winogrande-0shot", "boolq-0shot", "commonsense_qa-0shot"),
)
PUBLISHED = ("truthfulqa_mc1-0shot", "truthfulqa_mc2-0shot", "leaderboard_mmlu_pro-0shot", "leaderboard_bbh-3shot")
OTHER_FORMS = (
    *("arc_easy-0shot-pack-chat", "winogrande-0shot-pack-chat", "mmlu-5shot-pack-200tokens"),
    *("gsm8k-5shot-data", "gsm8k_cot-8shot-pack", "bbh_cot_fewshot-3shot-data", "minerva_math500-4shot-pack"),
    "ifeval-0shot-data-chat",
)


def test_the_reference_covers_what_it_should() -> None:
    docs = {(case["model"], case["name"]): case["docs"] for case in REFERENCE["cases"]}
    asked = [(address, f"{name}-pack") for address in MODELS for name in RANKED]
    asked += [(address, f"{name}-data") for address in MODELS for name in PUBLISHED]
    asked += [(MODELS[0], name) for name in OTHER_FORMS]
    assert [what for what in asked if len(docs[what]) < 50] == []
    cut = docs[MODELS[0], "boolq-0shot-pack-100tokens"]
    assert sum(max(doc["cut"]) > 0 for doc in cut) > len(cut) / 2


@cases("prompts")
def test_prompts_are_lm_evals_to_the_character(case: Case, task: Task) -> None:
    harness, docs = asked_as(case, task), documents(case, task)
    before = few_shot_contexts(task, harness)
    for item, doc in docs:
        if task.decoding:
            texts = [RenderedItem(item=item, context=before[item.id]).prompt(harness)]
        else:
            texts = [
                text
                for pair in ranking(RenderedItem(item=item, context=before[item.id]), harness).pairs
                for text in pair
            ]
        assert sha256("\x1f".join(texts)) == doc["asked_sha256"], item.id


@cases("ranked")
def test_ranked_choices_agree(model: LocalModel, case: Case, task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prompts to the character, tokens to the token, sums to the tolerance, and the winners but for close calls."""
    monkeypatch.setattr(model.encoder, "max_length", case["max_length"] or model.encoder.max_length)
    harness, docs = asked_as(case, task), documents(case, task)
    before = few_shot_contexts(task, harness)
    asked = [ranking(RenderedItem(item=item, context=before[item.id]), harness) for item, _ in docs]
    for put, (_, doc) in zip(asked, docs, strict=True):
        requests = [f"{model.encoder.text(context)}\x1f{choice}" for context, choice in put.pairs]
        assert list(map(sha256, requests)) == doc["requests_sha256"], put.item_id
    told = {logliks.item_id: logliks for batch in model.rank(asked) for logliks in batch}
    close: list[float] = []
    for item, doc in docs:
        ours = told[item.id]
        assert isinstance(ours, Logliks)
        assert ours.sums == pytest.approx(doc["logliks"], abs=TOLERANCE, rel=0), item.id
        assert ours.unconditional == pytest.approx(doc.get("alone", ()), abs=TOLERANCE, rel=0), item.id
        assert ours.scored == tuple(doc["scored"])
        assert ours.truncated_tokens == max(doc["cut"])
        close += differing(item, ours, doc)
    print(f"{len(close)} of {len(docs)} predictions differ")
    assert all(margin < TOLERANCE for margin in close)


def differing(item: Item, ours: Logliks, doc: dict[str, Any]) -> Iterator[float]:
    """The margin between the best two, for every prediction that is not lm-eval's; checks the scores of the others."""
    for metric, score in doc["scores"].items():
        rule = NORMALISATIONS[metric]
        outcome = ranked_outcome(item, ours, rule)
        values = normalised(doc["logliks"], item.choices, rule, doc["scored"], doc.get("alone", ()))
        if outcome.choice != max(range(len(values)), key=values.__getitem__):
            first, second = sorted(values, reverse=True)[:2]
            yield first - second
        else:
            assert outcome.score == pytest.approx(score, abs=TOLERANCE if item.golds else 0), (item.id, metric)


@cases("written")
def test_written_answers_agree(model: LocalModel, case: Case, task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same text, written one at a time as in the reference; the same answer read from it; the same score."""
    monkeypatch.setattr(model.encoder, "max_length", case["max_length"] or model.encoder.max_length)
    monkeypatch.setattr(model, "rows_at_once", 1)  # rounding in a batch may turn a close call
    harness, docs = asked_as(case, task), documents(case, task)[:WRITTEN_DOCS]
    assert harness.decoding
    before = few_shot_contexts(task, harness)
    asked = [
        Prompt(item_id=item.id, text=RenderedItem(item=item, context=before[item.id]).prompt(harness))
        for item, _ in docs
    ]
    written = {completion.item_id: completion for batch in model.write(asked, harness.decoding) for completion in batch}
    for prompt, (item, doc) in zip(asked, docs, strict=True):
        assert [sha256(model.encoder.text(prompt.text))] == doc["requests_sha256"], item.id
        completion = written[item.id]
        assert completion.text == doc.get("text", completion.text)
        assert sha256(completion.text) == doc["text_sha256"], item.id
        assert completion.truncated_tokens == doc["cut"][0]
        check_scorers(task, item, completion.text, doc["filters"])


def check_scorers(task: Task, item: Item, text: str, filters: dict[str, Any]) -> None:
    """lm-eval's filters are our scorers, and where it has none, its metrics are."""
    for name, told in filters.items():
        for metric, score in told["scores"].items():
            scorer = task.extractions[metric if name == "none" else name]
            answer = scorer.extract(text)
            assert (0.0 if answer is None else scorer.score(answer, item)) == score, (item.id, name, metric)
            if name != "none":
                said = answer or "[invalid]"
                assert told["answer"] in (said, sha256(said), *([""] if answer is None else [])), item.id
