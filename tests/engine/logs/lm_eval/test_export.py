"""A battle's answers, written as lm-eval writes them, and read back.

The oracle are files of lm-eval 0.4.13 itself (SmolLM2 135M Instruct): a battle is made up that was asked the same and
got the same answers, and its files must say the same. Recipes: tests/engine/logs/lm_eval/test_read_samples.py has that of
`no_shots`; `groups` is a group of two tasks with “Colours of {sky, sea}.” and a blank line as description, 6 and 4
questions “Q: What colour is sky0?”, “A:”, choices red, green, light blue, right is the number modulo 3.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import Battle, BattleRequest, CallerMistake, Contender, Item, Task, runs
from engine.battles.battle import ItemFailure, ItemResult, Outcome
from engine.battles.result import BattleResult
from engine.cli import main
from engine.harness.config import Decoding
from engine.logs import align, comparability, lm_eval, read_log
from engine.logs.judging import verdict_of_logs
from engine.logs.lm_eval import definitions
from engine.logs.lm_eval.export import export
from engine.runs.lock import device_lock
from engine.runs.worker import work
from engine.tasks.catalogue.gsm8k import FLEXIBLE, STRICT
from engine.tasks.items import digest, load_items
from engine.tasks.scoring.normalisation import best_choice
from tests.conftest import ToyModel, toy_task
from tests.engine.quiz import quiz

AddTask = Callable[[Task], Task]
REAL = Path(__file__).parents[3] / "data" / "logs" / "lm_eval"
A, B = "smollm2-135m-instruct", "gemma-3-270m"
NOT_KNOWN = {"doc", "doc_hash"}
LEFT_OUT = {"max_length", "eot_token_id", "tokenizer_bos_token", "tokenizer_eos_token", "tokenizer_pad_token"}


def written(folder: Path) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """The results in a folder, and the lines of its samples by task."""
    (results,) = folder.glob("results_*")
    date = results.stem.removeprefix("results_")
    files = {file.stem.removeprefix("samples_").removesuffix(f"_{date}"): file for file in folder.glob("samples_*")}
    lines = {
        name: [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line]
        for name, file in files.items()
    }
    return json.loads(results.read_text(encoding="utf-8")), lines


def real(run: str) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """What lm-eval wrote."""
    return written(REAL / run)


def fought(task: Task, a: Iterable[Outcome], b: Iterable[Outcome] | None = None, **settings: Any) -> BattleResult:
    """A finished battle over all items of a task; B answered as A did unless told otherwise."""
    items = load_items(task)
    one, two = (Contender(model=model, harness=task.harness(**settings)) for model in (A, B))
    battle = Battle(
        id="0123456789", a=one, b=two, task=task.name, item_ids=tuple(item.id for item in items), seed=0, margin=0.02,
        items_digest=digest(items), level=0.95, device="cpu",
    )  # fmt: skip
    left = {outcome.item_id: outcome for outcome in a}
    right = {outcome.item_id: outcome for outcome in b} if b is not None else left
    ran = {"dtype": "float32", "device": "cpu", "transformers": "5.23.0"}
    return BattleResult(
        battle=battle, state="done", a=left, b=right, environment={"a": ran, "b": ran}, notices=(), seconds=9.0,
        created=1795337608.5,
    )  # fmt: skip


def known(monkeypatch: pytest.MonkeyPatch, name: str, **stated: Any) -> None:
    """Makes lm-eval have a task."""
    monkeypatch.setitem(definitions.DEFINITIONS, name, definitions.Definition(**stated))  # type: ignore[arg-type]


# ---- as lm-eval writes it


def coloured(index: int, row: Mapping[str, Any]) -> Item:
    doc = row["doc"]
    return Item(
        id=f"{row['group']}/{index}",
        index=index,
        group=row["group"],
        contexts=(f"Q: {doc['question']}\nA:",),
        choices=tuple(doc["choices"]),
        gold=doc["gold"],
        answer=doc["choices"][doc["gold"]],
    )


@pytest.fixture
def colours(add_task: AddTask, monkeypatch: pytest.MonkeyPatch) -> BattleResult:
    """The battle whose answers are those of the real run `groups`."""
    _, lines = real("groups")
    rows = [{**line, "group": name.removeprefix("toyg_")} for name in ("toyg_sky", "toyg_sea") for line in lines[name]]
    known(monkeypatch, "toyg", version=1.0, group="2", metrics=("acc", "acc_norm"), target="number")
    described = {"item": coloured, "description": "Colours of {}.\n\n".format}
    task = add_task(toy_task("toyg", rows=rows, **described))

    def outcome(item: Item, row: Mapping[str, Any]) -> ItemResult:
        sums = tuple(float(resps[0][0]) for resps in row["resps"])
        choice = best_choice(sums, item.choices, "sum")
        return ItemResult(item_id=item.id, score=float(choice == item.gold), choice=choice, logliks=sums, seconds=0.5)

    return fought(task, [outcome(item, row) for item, row in zip(load_items(task), rows, strict=True)])


@pytest.fixture
def sums(add_task: AddTask, monkeypatch: pytest.MonkeyPatch) -> BattleResult:
    """The battle whose answers are those of the real run `no_shots`."""
    _, lines = real("no_shots")
    rows = [line for line in lines["toy_sums"] if line["filter"] == "strict-match"]

    def item(index: int, row: Mapping[str, Any]) -> Item:
        doc = row["doc"]
        return Item(
            id=str(index), index=index, contexts=(f"Question: {doc['question']}\nAnswer:",), answer=doc["answer"]
        )

    known(monkeypatch, "toy_sums", version=3.0)
    how = {
        "decoding": Decoding(max_tokens=40, until=("Question:",)),
        "extractions": {"strict-match": STRICT, "flexible-extract": FLEXIBLE},
    }
    task = add_task(toy_task("toy_sums", rows=[row | {"group": ""} for row in rows], item=item, **how))
    texts = [row["resps"][0][0] for row in rows]
    outcomes = [ItemResult(item_id=str(i), score=0.0, text=text, answer=None) for i, text in enumerate(texts)]
    return fought(task, outcomes)


def without_greedy(resps: Any) -> Any:
    """What lm-eval has, with null for whether a choice was the greedy one."""
    if isinstance(resps, list) and len(resps) == 2 and resps[1] in ("True", "False"):
        return [resps[0], None]
    return [without_greedy(part) for part in resps] if isinstance(resps, list) else resps


@pytest.mark.parametrize(("battle", "run", "tasks"), [("colours", "groups", 2), ("sums", "no_shots", 1)])
def test_the_lines_are_lm_evals(
    battle: str, run: str, tasks: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Prompts and targets with their hashes, sums, texts, filters, metrics and scores, in lm-eval's order."""
    export(request.getfixturevalue(battle), tmp_path, with_texts=True)
    _, lines = written(tmp_path / A)
    _, expected = real(run)
    assert len(lines) == tasks
    for name, found in lines.items():
        assert len(found) == len(expected[name])
        for ours, theirs in zip(found, expected[name], strict=True):
            assert list(ours) == list(theirs)
            assert ours["doc_hash"] is None
            differing = {key for key in theirs if ours[key] != without_greedy(theirs[key])}
            assert differing <= NOT_KNOWN


@pytest.mark.parametrize(("battle", "run"), [("colours", "groups"), ("sums", "no_shots")])
def test_the_results_are_lm_evals(battle: str, run: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Scores, standard errors (the group's too), versions and counts."""
    export(request.getfixturevalue(battle), tmp_path)
    results, lines = written(tmp_path / A)
    expected, _ = real(run)
    assert expected.keys() - results.keys() <= LEFT_OUT
    assert results.keys() - expected.keys() <= {"git_hash", "date", "upper_git_hash", "noise_floor",
                                                "model_name_sanitized", "total_evaluation_time_seconds"}  # fmt: skip
    for name in (*lines, *expected.get("groups", {})):
        theirs = expected["results"][name]
        for key in theirs.keys() - {"sample_count"}:
            assert results["results"][name][key] == (pytest.approx(theirs[key]) if "," in key else theirs[key])
        for part in ("versions", "n-shot", "higher_is_better"):
            assert results[part][name] == expected[part][name]
    for name in lines:
        assert results["n-samples"][name] == expected["n-samples"][name]
        ours, theirs = results["configs"][name], expected["configs"][name]
        for key in ("description", "num_fewshot", "output_type", "target_delimiter", "fewshot_delimiter", "repeats"):
            assert ours[key] == theirs[key]
    assert results.get("groups", {}).keys() == expected.get("groups", {}).keys()
    assert results["config"].keys() == expected["config"].keys()
    assert results["config"]["model_dtype"] == expected["config"]["model_dtype"]


def test_where_the_files_are(colours: BattleResult, tmp_path: Path) -> None:
    """1795337608.5 is 2026-11-22 08:53:28.5 UTC."""
    told = export(colours, tmp_path)
    assert told == {"a": f"{tmp_path / A}::acc,none", "b": f"{tmp_path / B}::acc,none"}
    date = "2026-11-22T08-53-28.500000"
    names = {f"results_{date}.json", f"samples_toyg_sea_{date}.jsonl", f"samples_toyg_sky_{date}.jsonl"}
    assert {file.name for file in (tmp_path / A).iterdir()} == names
    export(colours, tmp_path)
    assert {file.name for file in (tmp_path / A).iterdir()} == names


def test_two_contenders_of_one_model_have_folders_of_their_own(colours: BattleResult, tmp_path: Path) -> None:
    other = replace(colours.battle.a, harness=colours.task.harness(batch=1))
    export(replace(colours, battle=replace(colours.battle, b=other)), tmp_path)
    assert (tmp_path / "a" / A).is_dir() and (tmp_path / "b" / A).is_dir()


def test_no_text_of_the_benchmark_is_written_unless_asked_for(colours: BattleResult, tmp_path: Path) -> None:
    export(colours, tmp_path)
    content = "".join(file.read_text(encoding="utf-8") for file in (tmp_path / A).iterdir())
    assert "What colour" not in content and "light blue" not in content
    results, lines = written(tmp_path / A)
    assert results["noise_floor"]["texts"].startswith("left out")
    line = lines["toyg_sky"][1]
    assert (line["doc"], line["target"]) == ({"id": "sky/1"}, "1")
    assert line["arguments"]["gen_args_0"] == {"arg_0": None, "arg_1": None}
    _, expected = real("groups")
    assert line["prompt_hash"] == expected["toyg_sky"][1]["prompt_hash"]


def test_what_nobody_knows_is_not_stated(colours: BattleResult, tmp_path: Path) -> None:
    export(colours, tmp_path)
    results, _ = written(tmp_path / A)
    assert (results["lm_eval_version"], results["git_hash"], results["task_hashes"]) == (None, None, {})
    assert (results["model_source"], results["config"]["model"]) == ("noise-floor", "noise-floor")
    assert results["noise_floor"]["harness"]["normalisation"] == "sum"


# ---- what lm-eval has no case of


def test_a_group_with_a_single_item_somewhere_has_no_error(colours: BattleResult, tmp_path: Path) -> None:
    """As in lm-eval: one item has no standard error, and then the group has none."""
    kept = tuple(i for i in colours.battle.item_ids if i.startswith("sky") or i == "sea/0")
    items = [item for item in load_items(colours.task) if item.id in kept]
    export(replace(colours, battle=replace(colours.battle, item_ids=kept, items_digest=digest(items))), tmp_path)
    results, _ = written(tmp_path / A)
    assert results["results"]["toyg_sea"]["acc_stderr,none"] == results["groups"]["toyg"]["acc_stderr,none"] == "N/A"
    assert results["n-samples"]["toyg_sea"] == {"original": 4, "effective": 1}


def test_the_battles_own_rule_is_there_even_where_lm_eval_has_none(colours: BattleResult, tmp_path: Path) -> None:
    own = replace(colours.battle.a, harness=colours.task.harness(normalisation="bytes"))
    told = export(replace(colours, battle=replace(colours.battle, a=own)), tmp_path)
    assert told["a"].endswith("::acc_bytes,none") and told["b"].endswith("::acc,none")
    _, lines = written(tmp_path / A)
    assert lines["toyg_sky"][0]["metrics"] == ["acc", "acc_norm", "acc_bytes"]


def test_options_in_another_order_are_told_as_the_benchmark_numbers_them(add_task: AddTask, tmp_path: Path) -> None:
    """Reversed, the first option is shown last, as letter C, and what came of it is the first sum."""
    task = add_task(quiz(2, shots=0))
    outcomes = [ItemResult(item_id=str(i), score=1.0, choice=i, logliks=(-1.0, -2.0, -3.0)) for i in range(2)]
    export(fought(task, outcomes, option_order="reversed"), tmp_path, with_texts=True)
    _, lines = written(tmp_path / A)
    line = lines["quiz"][0]
    assert "C. right" in line["arguments"]["gen_args_0"]["arg_0"] and line["arguments"]["gen_args_0"]["arg_1"] == " C"
    assert [one[0][0] for one in line["resps"]] == ["-1.0", "-2.0", "-3.0"]


def test_choices_without_their_question_are_requests_of_their_own(add_task: AddTask, tmp_path: Path) -> None:
    """lm-eval asks for them after the others, with an empty context."""
    task = add_task(quiz(2, shots=0))
    given = {"score": 1.0, "choice": 0, "logliks": (-1.0, -2.0, -3.0), "unconditional": (-4.0, -5.0, -6.0)}
    outcomes = [ItemResult(item_id=str(i), **given) for i in range(2)]  # type: ignore[arg-type]
    asked = {"normalisation": "unconditional", "unconditional": True}
    export(fought(task, outcomes, **asked), tmp_path, with_texts=True)
    line = written(tmp_path / A)[1]["quiz"][0]
    assert line["acc_mutual_info"] == 1.0 and [one[0] for one in line["filtered_resps"]][3:] == ["-4.0", "-5.0", "-6.0"]
    assert line["arguments"]["gen_args_3"] == {"arg_0": "", "arg_1": " A"}


def test_a_conversation_has_no_hash_that_we_could_know(add_task: AddTask, tmp_path: Path) -> None:
    """The template is the tokenizer's. To an endpoint lm-eval sends the messages, and hashes those (seen in 0.4.13)."""
    task = add_task(quiz(2, shots=0, decoding=Decoding(max_tokens=4, until=()), extractions={"strict-match": STRICT}))
    outcomes = [ItemResult(item_id=str(i), score=0.0, text="?") for i in range(2)]
    result = fought(task, outcomes, template="chat", system="Be brief.")
    served = replace(result.battle.b, model="openai:m@https://host.example/v1")
    export(replace(result, battle=replace(result.battle, b=served)), tmp_path, with_texts=True)
    results, lines = written(tmp_path / A)
    assert lines["quiz"][0]["prompt_hash"] is None and "chat_template_sha" not in results
    messages = json.loads(lines["quiz"][0]["arguments"]["gen_args_0"]["arg_0"])
    assert [turn["role"] for turn in messages] == ["system", "user"] and messages[0]["content"] == "Be brief."
    results, lines = written(tmp_path / "m")
    (sent,) = lines["quiz"][0]["arguments"]["gen_args_0"]["arg_0"]
    assert lines["quiz"][0]["prompt_hash"] == hashlib.sha256(sent.encode()).hexdigest()
    assert (results["chat_template"], results["chat_template_sha"], results["fewshot_as_multiturn"]) == (
        "",
        None,
        False,
    )


def test_reasoning_is_kept_beside_the_answer(sums: BattleResult, tmp_path: Path) -> None:
    """lm-eval logs what follows the reasoning; all of it is in a field of ours."""
    text = "<think>#### 1</think> It is 2.\n#### 2"
    outcomes = [ItemResult(item_id=i, score=0.0, text=text, answer="2") for i in sums.battle.item_ids]
    export(fought(sums.task, outcomes, template="chat", thinking=50), tmp_path)
    line = written(tmp_path / A)[1]["toy_sums"][0]
    assert (line["resps"], line["filtered_resps"], line["written"]) == ([["It is 2.\n#### 2"]], ["2"], text)


# ---- there and back


def test_a_failure_is_no_wrong_answer_in_the_files_either(sums: BattleResult, tmp_path: Path) -> None:
    """A text that was cut off: one rule finds an answer in it, the battle's own does not."""
    outcomes = dict(sums.a)
    outcomes["3"] = ItemFailure(item_id="3", reason="truncated", message="cut off", text="so 1, 2, 5")
    outcomes["4"] = ItemFailure(item_id="4", reason="endpoint", message="went away")
    told = export(replace(sums, a=outcomes), tmp_path)
    results, lines = written(tmp_path / A)
    strict = {line["doc_id"]: line for line in lines["toy_sums"] if line["filter"] == "strict-match"}
    assert strict[3]["error"] == "truncated: cut off" and strict[3]["metrics"] == [] and "exact_match" not in strict[3]
    assert strict[3]["resps"] == [["so 1, 2, 5"]] and strict[4]["resps"] == []
    flexible = {line["doc_id"]: line for line in lines["toy_sums"] if line["filter"] == "flexible-extract"}
    assert (flexible[3]["filtered_resps"], flexible[3]["exact_match"]) == (["5"], 1.0) and "error" in flexible[4]
    assert results["results"]["toy_sums"]["sample_len"] == 7 and results["noise_floor"]["failures"] == 2
    logs = [read_log(*_place(told[side])) for side in ("a", "b")]
    assert [log.unscored for log in logs] == [2, 0]
    found = align(*logs)
    assert (len(found.pairs), found.unscored, found.left_out) == (6, (2, 0, 0), 2)


def _place(told: str) -> tuple[str, Path, str]:
    path, _, selector = told.rpartition("::")
    return path, Path(path), selector


@pytest.fixture
def battle_id(toy: Task, contenders: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """A battle of two toys over forty items in two groups; one failed for A."""
    battle = runs.plan(BattleRequest(a=contenders[0], b=contenders[1], task=toy.name, device="cpu"))
    lost = battle.item_ids[4]

    def open_toy(address: str, *_: object) -> ToyModel:
        name = Path(address).name
        return ToyModel(name, fails={lost} if name == "ruby" else ())

    monkeypatch.setattr("engine.runs.worker.open_model", open_toy)
    with device_lock("cpu"):
        runs.start(battle)
    work("cpu")
    return battle.id


def test_the_files_have_the_battles_pairs_and_verdict(
    battle_id: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", battle_id, str(tmp_path / "out")]) == 0
    told = capsys.readouterr().out.split()
    a, b = (read_log(*_place(line)) for line in told)
    result = runs.result(battle_id)
    judged, expected = verdict_of_logs(a, b), result.verdict
    assert expected is not None and judged.verdict.n == expected.n == 39
    pairs = {(x.id, x.score, y.score) for x, y in judged.aligned.pairs}
    numbers = {item.id: f"toy_{item.group}/{item.index}" for item in load_items(result.task)}
    assert pairs == {(numbers[item], x.score, y.score) for item, x, y in result.pairs}
    for field in ("gap", "interval", "discordant", "p_value", "p_equal", "winner", "a_score", "b_score"):
        assert getattr(judged.verdict, field) == getattr(expected, field)
    found = comparability(judged.aligned)
    assert (found.grade, found.compared) == ("definitive", "model")
    assert a.settings["harness"] == "Noise Floor" and a.settings["fingerprint"] == result.battle.a.harness.fingerprint
    assert main(["verdict", *told]) == 0


def test_a_battle_that_was_stopped_says_so(colours: BattleResult, tmp_path: Path) -> None:
    """Only what both sides answered is written: the rest is no part of the verdict either."""
    half = dict(list(colours.b.items())[:5])
    told = export(replace(colours, state="stopped", b=half), tmp_path)
    logs = [read_log(*_place(told[side])) for side in ("a", "b")]
    assert [len(log.rows) for log in logs] == [5, 5]
    assert all("ended before all planned items were answered" in log.notes[0] for log in logs)


def test_what_cannot_be_exported(colours: BattleResult, tmp_path: Path) -> None:
    with pytest.raises(CallerMistake, match="has no item that both sides answered"):
        export(replace(colours, a={}), tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(CallerMistake, match=r"samples_toyg_\w+.* cannot be written"):
        export(colours, tmp_path / "file")


def test_a_battle_that_is_not_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["export", "nowhere", str(tmp_path)]) == 2
    assert "nowhere" in capsys.readouterr().err and list(tmp_path.glob("*/results*")) == []


def test_a_name_that_is_no_folder(colours: BattleResult, tmp_path: Path) -> None:
    """lm-eval writes __ for what no file system takes; a name of dots would lead out of the folder."""
    names = {"openai:org/m:1@https://h.example/v1": "org__m__1", "openai:..@https://h.example/v1": "__"}
    for model, folder in names.items():
        served = replace(colours.battle.b, model=model)
        lm_eval.export(replace(colours, battle=replace(colours.battle, b=served)), tmp_path / "out")
        assert (tmp_path / "out" / folder).is_dir()
