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
from engine.logs.files import LogFile, as_object, mapping_of
from engine.logs.log import Contents, Log, matching, model_name, one_line, settings_of, short_list, short_repr

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
_START = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"results"\s*:')


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


def recognises(document: Any) -> bool:
    """Whether it is a file of results, which has the versions of its tasks."""
    return isinstance(document, dict) and all(isinstance(document.get(key), dict) for key in ("results", "versions"))


def contents(source: LogFile, document: Mapping[str, Any]) -> Contents:
    """No log, and the reason why."""
    return Contents(kind="score", logs={}, refused=dict.fromkeys(map(one_line, document["results"]), NO_ITEMS))


def printed_pair(files: Sequence[tuple[Path, str | None]]) -> tuple[PrintedScore, PrintedScore] | None:
    """The two scores that are meant, where two files of scores are given; None for anything else.

    files  each with the selector of one of its scores, or None for the only one that both files hold

    Raises:
        CallerMistake: none or several are meant; the message lists what there is.
    """
    sources = [LogFile(name=str(path), content=path) for path, _ in files]
    if len(sources) != 2 or not all(map(_holds_results, sources)):
        return None
    in_a, in_b = (_printed(source, as_object(source.json(), source.name)) for source in sources)
    common = [name for name in in_a if name in in_b]
    (path_a, selector_a), (path_b, selector_b) = files
    return _pick(str(path_a), in_a, selector_a, common), _pick(str(path_b), in_b, selector_b, common)


def _holds_results(file: LogFile) -> bool:
    return file.path is not None and file.path.is_file() and bool(_START.match(file.head()))


def settings(document: Mapping[str, Any], task: str) -> dict[str, Any]:
    """What a file of results says of how a task was run, by our names of the settings.

    document  the file
    task      one of its tasks, by lm-eval's name
    """

    def of_task(key: str) -> Any:
        return mapping_of(document.get(key)).get(task)

    config, run = mapping_of(of_task("configs")), mapping_of(document.get("config"))
    ours = mapping_of(document.get("noise_floor"))
    system = document.get("system_instruction_sha") or ("none" if "system_instruction_sha" in document else None)
    stated = {
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
        stated["decoding"] = RANKED
    if (
        ours
    ):  # written by a battle here: its fingerprint stands for all that was asked, and it has no templates to state
        stated |= {"harness": "Noise Floor", "harness version": ours.get("version"), "wording": None, "filters": None}
        stated["fingerprint"] = ours.get("fingerprint")
    return stated


def _template(document: Mapping[str, Any]) -> str | None:
    """An endpoint puts messages into a template of its own, of which lm-eval knows nothing: it states an empty one."""
    if "chat_template_sha" not in document:
        return None
    if not (sha := document["chat_template_sha"]) and document.get("chat_template") != "":
        return "plain text"
    turns = ", examples as turns" if document.get("fewshot_as_multiturn") else ""
    return f"chat template {sha or 'of the endpoint'}{turns}"


def ended_early(document: Mapping[str, Any]) -> bool:
    """Whether results of a battle here say that not all planned items were answered."""
    return bool(mapping_of(document.get("noise_floor")).get("stopped_early"))


def _printed(source: LogFile, document: Mapping[str, Any]) -> dict[str, PrintedScore]:
    """The scores by `task,metric,filter`; what is no share of a known number of items is left out."""
    if not recognises(document):
        raise CallerMistake(
            f"{source.name} begins as lm-eval's results do, and holds none with versions of their tasks."
        )
    printed = {}
    for task, result in document["results"].items():
        scores, sizes = mapping_of(result), mapping_of(mapping_of(document.get("n-samples")).get(task))
        counts = mapping_of(scores.get("sample_count"))
        for key, score in scores.items():
            metric, _, filter_name = key.partition(",")
            n = counts.get(key, sizes.get("effective", scores.get("sample_len")))
            if not filter_name or metric.endswith("_stderr") or not _is_share(score):
                continue
            if type(n) is not int or not 1 < n <= MOST_ITEMS:
                continue
            error = scores.get(f"{metric}_stderr,{filter_name}")
            stated = settings(document, task) | {"metric": metric, "extraction": filter_name}
            name = one_line(f"{task},{key}")
            log = Log(
                name=model_name(stated["model"]) or source.stem,
                file=source.name,
                format=FORMAT,
                selector=name,
                rows={},
                settings=settings_of(stated),
            )
            printed[name] = PrintedScore(score=float(score), error=error if _is_share(error) else None, n=n, log=log)
    return printed


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _pick(file: str, scores: Mapping[str, PrintedScore], selector: str | None, common: list[str]) -> PrintedScore:
    """The score that has all parts of the selector in its name; without one, the only score that both files hold."""
    names = matching(scores, selector) if selector else common
    if len(names) == 1:
        return scores[names[0]]
    several = f"holds {len(names)} scores that may be meant" if names else f"holds no score {short_repr(selector)}"
    raise CallerMistake(
        f"{file} {several}. There is: {short_list(map(repr, scores), 30)}. Choose one by task, metric and filter: "
        f"{file}::{next(iter(scores), 'TASK,METRIC,FILTER')}"
    )
