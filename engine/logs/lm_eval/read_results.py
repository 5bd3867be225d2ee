"""lm-eval's `results_*.json` (as version 0.4.13 writes it): how a run was made, and the scores of whole tasks.

Beside samples it says what they were made with. By itself it holds printed scores, more exact than most: what two of
them show without their items is what `engine.stats.published` says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import CallerMistake
from engine.logs.files import LogFile, as_object, fields
from engine.logs.log import Contents, Log, listed, plain, settings_of, shown

FORMAT = "lm-eval results"
RANKED = "none: choices are ranked"
EARLY = (
    "The battle behind these files ended before all planned items were answered. Who stops at a moment of their own "
    "choosing is wrong more often than the level allows."
)
NO_ITEMS = (
    "it holds scores of whole tasks and no items. Two such files: `python -m engine verdict A.json::TASK,METRIC "
    "B.json::TASK,METRIC` reads them as printed scores. A paired verdict takes samples_*.jsonl, which lm-eval writes "
    "with --log_samples"
)

MOST_ITEMS = 10**9
_WORDING = ("description", "doc_to_text", "doc_to_choice", "gen_prefix", "target_delimiter", "fewshot_delimiter")
_BEGUN = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"results"\s*:')


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedScore:
    """The score of one task or group, without its items.

    error  the standard error that is stated; None where there is none
    log    how it was made, as a log without rows
    """

    score: float
    error: float | None
    n: int
    log: Log

    @property
    def percent(self) -> str:
        """With so many digits that one number of right answers out of `n` is printed so, and hardly anything else."""
        return f"{100 * self.score:.{max(2, len(str(self.n)))}f}%"


def recognises(document: Mapping[str, Any]) -> bool:
    return isinstance(document.get("results"), dict) and isinstance(document.get("versions"), dict)


def contents(document: Mapping[str, Any]) -> Contents:
    """No log, and the reason why."""
    return Contents(kind="score", logs={}, refused=dict.fromkeys(map(plain, document["results"]), NO_ITEMS))


def printed_pair(given: Sequence[tuple[Path, str | None]]) -> tuple[PrintedScore, PrintedScore] | None:
    """The two scores that are meant, where two files of scores are given; None for anything else.

    Raises:
        CallerMistake: none or several are meant; the message lists what there is.
    """
    sources = [LogFile(name=str(path), content=path) for path, _ in given]
    if len(sources) != 2 or not all(one.path and one.path.is_file() and _BEGUN.match(one.head()) for one in sources):
        return None
    held = [_printed(source, as_object(source.json(), source.name)) for source in sources]
    both = [name for name in held[0] if name in held[1]]
    a, b = (
        _pick(source.name, found, selector, both)
        for source, found, (_, selector) in zip(sources, held, given, strict=True)
    )
    return a, b


def settings(document: Mapping[str, Any], task: str) -> dict[str, Any]:
    """What a file of results says of how a task was run, by our names of the settings."""

    def of_task(key: str) -> Any:
        return fields(document.get(key)).get(task)

    config, run, ours = fields(of_task("configs")), fields(document.get("config")), fields(document.get("noise_floor"))
    system = document.get("system_instruction_sha") or ("none" if "system_instruction_sha" in document else None)
    told = {
        "model": document.get("model_name"),
        "task": task,
        "task version": of_task("versions"),
        "shots": of_task("n-shot"),
        "template": _template(document),
        "system prompt": system,
        "wording": {key: config.get(key) for key in _WORDING} if config else None,
        "harness": "lm-eval",
        "harness version": document.get("lm_eval_version"),
        "dtype": run.get("model_dtype"),
        "filters": config.get("filter_list"),
    }
    if config.get("output_type") == "multiple_choice":
        told["decoding"] = RANKED
    if ours:  # written by a battle here: its fingerprint stands for all that was asked, and it has no templates to tell
        told |= {"harness": "Noise Floor", "harness version": ours.get("version"), "wording": None, "filters": None}
        told["fingerprint"] = ours.get("fingerprint")
    return told


def _template(document: Mapping[str, Any]) -> str | None:
    """An endpoint puts messages into a template of its own, of which lm-eval knows nothing: it states an empty one."""
    if "chat_template_sha" not in document:
        return None
    if not (sha := document["chat_template_sha"]) and document.get("chat_template") != "":
        return "plain text"
    turns = ", examples as turns" if document.get("fewshot_as_multiturn") else ""
    return f"chat template {sha or 'of the endpoint'}{turns}"


def ended_early(document: Mapping[str, Any]) -> bool:
    return bool(fields(document.get("noise_floor")).get("stopped_early"))


def _printed(source: LogFile, document: Mapping[str, Any]) -> dict[str, PrintedScore]:
    """The scores by `task,metric,filter`; what is no share of a known number of items is left out."""
    if not recognises(document):
        raise CallerMistake(
            f"{source.name} begins as lm-eval's results do, and holds none with versions of their tasks."
        )
    found = {}
    for task, told in fields(document["results"]).items():
        sizes, counted = fields(fields(document.get("n-samples")).get(task)), fields(fields(told).get("sample_count"))
        for key, score in fields(told).items():
            metric, _, used = key.partition(",")
            n = counted.get(key, sizes.get("effective", told.get("sample_len")))
            if not used or metric.endswith("_stderr") or not (_share(score) and type(n) is int and 1 < n <= MOST_ITEMS):
                continue
            error = told.get(f"{metric}_stderr,{used}")
            said = settings(document, task) | {"metric": metric, "extraction": used}
            name = plain(f"{task},{key}")
            log = Log(
                name=model_name(said) or source.stem,
                file=source.name,
                format=FORMAT,
                selector=name,
                rows={},
                settings=settings_of(said),
            )
            found[name] = PrintedScore(score=float(score), error=error if _share(error) else None, n=n, log=log)
    return found


def _share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _pick(file: str, found: Mapping[str, PrintedScore], selector: str | None, both: Sequence[str]) -> PrintedScore:
    """The score that has all parts of the selector in its name; without one, the only score that both files hold."""
    wanted = {part.strip() for part in selector.split(",")} if selector else set()
    meant = [name for name in (found if selector else both) if wanted <= set(name.split(","))]
    if len(meant) == 1:
        return found[meant[0]]
    several = f"holds {len(meant)} scores that may be meant" if meant else f"holds no score {shown(selector)}"
    raise CallerMistake(
        f"{file} {several}. There is: {listed(map(repr, found), 30)}. Choose one by task, metric and filter: "
        f"{file}::{next(iter(found), 'TASK,METRIC,FILTER')}"
    )


def model_name(settings: Mapping[str, Any]) -> str:
    """The model without its folders or organisation."""
    model = settings.get("model")
    return plain(model).rstrip("/").rpartition("/")[2] if isinstance(model, str) else ""
