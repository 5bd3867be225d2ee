"""HELM's `per_instance_stats.json`, with the files of the same run beside it where they are there.

It is a list with an entry for each instance, perturbation and trial (and each group of metrics), holding statistics.
Every statistic is a set of scores of its own; perturbed instances are sets of their own too, named after the
perturbation, and so are the splits where there is more than one. Trials differ in the worked examples drawn: the score
of an instance is its mean over them, as in HELM's own figures. A statistic that an instance lacks is no score.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean
from typing import Any

from engine.errors import CallerMistake
from engine.logs.files import LogFile, as_object, mapping_of, objects_of
from engine.logs.log import (
    Contents,
    Log,
    LogRow,
    digest,
    item_id,
    model_name,
    one_line,
    score_of,
    selector_part,
    settings_of,
    short_repr,
)

FORMAT = "HELM per-instance statistics"
FILE_NAME = "per_instance_stats.json"
_PROMPT = (
    *("method", "instructions", "input_prefix", "input_suffix", "reference_prefix", "reference_suffix"),
    *("output_prefix", "output_suffix", "global_prefix", "global_suffix", "instance_prefix", "substitutions"),
)
_DECODING = ("temperature", "max_tokens", "stop_sequences", "num_outputs", "random")

_Key = tuple[str, str]  # instance, perturbation
_Set = tuple[str, str, str]  # statistic, perturbation, split
_Scores = dict[_Set, dict[str, dict[int, float]]]  # then by instance and trial
_Instances = dict[tuple[str, str], dict[str, None]]  # by perturbation and split, in order


def recognises(document: Any) -> bool:
    """Whether it is a list of instances with their statistics."""
    first = document[0] if isinstance(document, list) and document else None
    return isinstance(first, dict) and "instance_id" in first and isinstance(first.get("stats"), list)


def contents(source: LogFile, document: list[Any]) -> Contents:
    """Every statistic in every perturbation and split as a log of its own."""
    scores: _Scores = {}
    instances: _Instances = {}
    for number, entry in enumerate(document):
        where = f"{source.name}, entry {number}"
        source.allowance.take(source.name, 0, _add(as_object(entry, where), where, scores, instances))
    source.allowance.take_sets(source.name, len(scores), sum(len(instances[key[1:]]) for key in scores))
    details, settings = _details_beside(source), _settings_beside(source)
    several_splits = len({split for _, split in instances}) > 1
    logs = {}
    for (statistic, perturbation, split), by_instance in scores.items():
        in_set = instances[perturbation, split]
        trials = max(len(of_trials) for of_trials in by_instance.values())
        parts = (statistic, perturbation, split if several_splits else "")
        name = ",".join(part for part in parts if part)
        logs[name] = Log(
            name=model_name(settings.get("model")) or source.stem,
            file=source.name,
            format=FORMAT,
            selector=name,
            rows={i: _row(i, by_instance.get(i, {}), details.get((i, perturbation), {})) for i in in_set},
            settings=settings_of({**settings, "metric": statistic, "perturbation": perturbation or "none"}),
            notes=(f"{source.plain_name} has {trials} trials: scores are means over them.",) if trials > 1 else (),
        )
    return Contents(kind="statistic", logs=logs)


def _add(entry: Mapping[str, Any], where: str, scores: _Scores, instances: _Instances) -> int:
    """Adds the statistics of an entry; how many it has."""
    instance = item_id(entry.get("instance_id"), where)
    trial, stats, perturbation = entry.get("train_trial_index", 0), entry.get("stats"), _perturbation(entry)
    if not isinstance(stats, list) or not isinstance(trial, int):
        raise CallerMistake(f"{where} has no list `stats` or no whole number `train_trial_index`.")
    for stat in stats:
        fields = as_object(stat, where)
        name = as_object(fields.get("name"), f"{where}, name of a statistic")
        statistic, split = selector_part(name.get("name")), selector_part(name.get("split") or "")
        instances.setdefault((perturbation, split), {})[instance] = None
        if fields.get("mean") is None:
            continue  # nothing was counted
        score = score_of(fields["mean"], f"{where}, {statistic}")
        by_trial = scores.setdefault((statistic, perturbation, split), {}).setdefault(instance, {})
        if by_trial.setdefault(trial, score) != score:
            raise CallerMistake(f"{where}: {statistic} of {short_repr(instance)} was there before with another value.")
    return len(stats)


def _row(instance: str, by_trial: Mapping[int, float], details: Mapping[str, Any]) -> LogRow:
    return LogRow(id=instance, score=fmean(by_trial.values()) if by_trial else None, **details)


def _details_beside(source: LogFile) -> dict[_Key, dict[str, Any]]:
    """Question, prompt and output of each instance, from the first trial in the other files of the run."""
    details: dict[_Key, dict[str, Any]] = {}

    def add(instance: Mapping[str, Any], more: dict[str, Any]) -> None:
        key = one_line(instance.get("id", instance.get("instance_id")) or ""), _perturbation(instance)
        details[key] = more | details.get(key, {})

    state = source.beside("scenario_state.json")
    for request in objects_of(as_object(state.json(), state.name).get("request_states")) if state else ():
        completion = next(iter(objects_of(mapping_of(request.get("result")).get("completions"))), {})
        instance, prompt = mapping_of(request.get("instance")), mapping_of(request.get("request")).get("prompt")
        ranked = request.get("reference_index") is not None  # its completion is no answer
        add(instance, _texts(_question(instance), prompt) | ({} if ranked else _output(completion)))
    for name in () if state else ("instances.json", "display_requests.json", "display_predictions.json"):
        beside = source.beside(name)
        for entry in objects_of(beside.json()) if beside else ():
            prompt = mapping_of(entry.get("request")).get("prompt")
            add(entry, _texts(_question(entry), prompt) | _output({"text": entry.get("predicted_text")}))
    return details


def _question(instance: Mapping[str, Any]) -> Any:
    return mapping_of(instance.get("input")).get("text")


def _texts(question: Any, prompt: Any) -> dict[str, Any]:
    texts = (("question", question), ("prompt", prompt))
    return {name: digest("text", text) for name, text in texts if isinstance(text, str)}


def _output(completion: Mapping[str, Any]) -> dict[str, Any]:
    text, reason = completion.get("text"), mapping_of(completion.get("finish_reason")).get("reason")
    output: dict[str, Any] = {"text": text} if isinstance(text, str) else {}
    return output | ({"truncated": reason == "length"} if reason in ("length", "stop", "endoftext") else {})


def _settings_beside(source: LogFile) -> dict[str, Any]:
    """What `run_spec.json` says of the run, by our names of the settings. HELM's version is not in it."""
    beside = source.beside("run_spec.json")
    if beside is None:
        return {"harness": "HELM"}
    spec = as_object(beside.json(), beside.name)
    adapter, scenario = mapping_of(spec.get("adapter_spec")), mapping_of(spec.get("scenario_spec"))
    return {
        "harness": "HELM",
        "model": adapter.get("model"),
        "task": {"class": scenario.get("class_name"), "arguments": scenario.get("args")} if scenario else None,
        "shots": adapter.get("max_train_instances"),
        "wording": {key: adapter[key] for key in _PROMPT if key in adapter} or None,
        "decoding": {key: adapter[key] for key in _DECODING if key in adapter} or None,
        "extraction": spec.get("metric_specs"),
        "trials": adapter.get("num_train_trials"),
    }


def _perturbation(entry: Mapping[str, Any]) -> str:
    return selector_part(mapping_of(entry.get("perturbation")).get("name") or "")
