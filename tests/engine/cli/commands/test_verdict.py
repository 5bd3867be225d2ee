"""`python -m engine verdict` on stored logs: what is printed and what is written, for two logs and for more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.cli import main

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Three models on 30 items of two tasks: opal right on 27, ruby on 18, jade on 6, the fewer among the more."""
    file = tmp_path / "table.csv"
    rows = [f"q{i},{'sums' if i % 2 else 'words'},{int(i < 27)},{int(i < 18)},{int(i < 6)}" for i in range(30)]
    file.write_text("\n".join(["id,task,score_opal,score_ruby,score_jade", *rows]))
    return file


@pytest.fixture
def pair(tmp_path: Path) -> tuple[str, str]:
    """Ten items in A, of which one failed; B has nine of them and one more."""
    a, b = tmp_path / "ruby.csv", tmp_path / "jade.csv"
    a.write_text(
        "\n".join(["id,correct,error", *(f"q{i},{'yes' if i else ''},{'' if i else 'timeout'}" for i in range(10))])
    )
    b.write_text("\n".join(["id,correct", *(f"q{i},no" for i in range(1, 11)), "q0,no"]))
    return str(a), str(b)


@pytest.fixture
def stored(tmp_path: Path) -> list[str]:
    """Ten items: both right on 2, A alone on 6, B alone on none."""
    a, b = [1] * 8 + [0] * 2, [1] * 2 + [0] * 8
    files = []
    for name, scores in (("ruby", a), ("jade", b)):
        file = tmp_path / f"{name}.jsonl"
        file.write_text("".join(json.dumps({"id": i, "correct": bool(s)}) + "\n" for i, s in enumerate(scores)))
        files.append(str(file))
    return files


def test_a_verdict_from_files(stored: list[str], capsys: Capture) -> None:
    assert main(["verdict", *stored]) == 0
    out, err = capsys.readouterr()
    assert "ruby" in out and "jade" in out and "only ruby was right on 6, only jade on 0" in out
    assert err == ""


def test_the_verdict_as_json(stored: list[str], tmp_path: Path) -> None:
    """McNemar, exact, 6 against 0: 2 · 0.5**6 = 0.03125."""
    assert main(["verdict", *stored, "--margin", "0.1", "--level", "0.9", "--json", str(tmp_path / "v.json")]) == 0
    told = json.loads((tmp_path / "v.json").read_text())
    assert (told["n"], told["gap"], told["margin"], told["winner"]) == (10, pytest.approx(0.6), 0.1, "a")
    assert told["a"] == {"name": "ruby", "score": 0.8} and told["b"] == {"name": "jade", "score": 0.2}
    assert told["p_value"] == pytest.approx(0.03125)
    assert told["discordant"] == {"a_only": 6, "b_only": 0}
    assert told["interval"]["level"] == 0.9 and told["interval"]["low"] < 0.6 < told["interval"]["high"]


def test_two_logs(pair: tuple[str, str], tmp_path: Path, capsys: Capture) -> None:
    """Exact p of 9 against 0: 2 · 0.5**9."""
    assert main(["verdict", *pair, "--common", "--json", str(tmp_path / "v.json")]) == 0
    out = capsys.readouterr().out.splitlines()
    assert "ruby is better on this" in out[0]
    assert any(line.startswith("Note: ruby.csv has no score for 1 of the 10 items") for line in out)
    assert any(line.startswith("Note: 1 items are in one log only") for line in out)
    assert out[-1].startswith("Comparability: The two logs are comparable only as an indication.")
    told = json.loads((tmp_path / "v.json").read_text())
    assert (told["n"], told["winner"], told["p_value"]) == (9, "a", pytest.approx(2 * 0.5**9))
    assert told["left_out"] == {"only_a": 0, "only_b": 1, "unscored_a": 1, "unscored_b": 0, "unscored_both": 0}
    assert told["comparability"]["grade"] == "indicative" and told["comparability"]["compared"] is None
    (shots,) = [setting for setting in told["comparability"]["settings"] if setting["setting"] == "shots"]
    assert (shots["a"], shots["b"], shots["outcome"]) == (None, None, "not stated")
    assert told["logs"]["a"] == {"file": pair[0], "selector": "", "format": "CSV", "settings": {}}
    assert (told["clusters"], told["groups"], told["matched_by"]) == (None, [], "id")
    assert sum(line.startswith("Gap split: ") for line in out) == 3
    luck, _, protocol, rerun = told["split"]["parts"]
    assert (luck["low"], luck["high"]) == (told["interval"]["low"], told["interval"]["high"])
    assert (protocol["low"], rerun["low"]) == (None, None)  # nothing can be run again


def test_without_common_other_items_are_an_error_that_says_so(pair: tuple[str, str], capsys: Capture) -> None:
    assert main(["verdict", *pair]) == 2
    err = capsys.readouterr().err
    assert "1 are only in jade.csv ('q10')" in err and "--common" in err and err.count("\n") == 1


def test_groups_are_a_table_of_their_own(table: Path, tmp_path: Path, capsys: Capture) -> None:
    assert main(["verdict", f"{table}::score_opal", f"{table}::score_jade", "--json", str(tmp_path / "v.json")]) == 0
    out = capsys.readouterr().out
    assert "By group (A is opal, B is jade" in out
    (line,) = [line for line in out.splitlines() if line.startswith("words")]
    assert line.split()[:4] == ["words", "15", "93.3", "20.0"] and line.endswith("opal")
    told = json.loads((tmp_path / "v.json").read_text())
    assert [group["group"] for group in told["groups"]] == ["words", "sums"]
    assert [group["n"] for group in told["groups"]] == [15, 15]
    assert all(group["p_holm"] >= group["p_value"] and group["winner_holm"] == "a" for group in told["groups"])


def test_clusters_are_counted(table: Path, capsys: Capture) -> None:
    both = [f"{table}::score_opal", f"{table}::score_jade"]
    assert main(["verdict", *both, "--clusters", "group"]) == 0
    assert "Clusters: 30 items in 2 clusters" in capsys.readouterr().out
    assert main(["verdict", *both, "--clusters", "cluster"]) == 2
    assert "name no cluster that several items share" in capsys.readouterr().err


def test_one_file_of_several_models_is_judged_pair_by_pair(table: Path, tmp_path: Path, capsys: Capture) -> None:
    """Exact p of 9, 21 and 12 discordant items that all go one way, times 3, 2 and 1 from the smallest on (Holm)."""
    assert main(["verdict", str(table), "--json", str(tmp_path / "v.json")]) == 0
    out = capsys.readouterr().out
    rows = [line.split() for line in out.splitlines() if line.startswith(("opal", "ruby"))]
    assert [row[:2] for row in rows] == [["opal", "ruby"], ["opal", "jade"], ["ruby", "jade"]]
    assert [row[-1] for row in rows] == ["opal", "opal", "ruby"]
    assert out.count("Comparability:") == 1
    pairs = json.loads((tmp_path / "v.json").read_text())["pairs"]
    assert [one["p_holm"] for one in pairs] == pytest.approx([2 * 0.5**9, 3 * 2 * 0.5**21, 2 * 2 * 0.5**12])
    assert [(one["a"]["name"], one["b"]["name"]) for one in pairs] == [
        ("opal", "ruby"),
        ("opal", "jade"),
        ("ruby", "jade"),
    ]


def test_three_logs_are_judged_pair_by_pair_too(table: Path, capsys: Capture) -> None:
    assert main(["verdict", *(f"{table}::score_{name}" for name in ("jade", "ruby", "opal"))]) == 0
    assert "the 3 pairs" in capsys.readouterr().out


def test_a_winner_that_does_not_survive_the_number_of_pairs_is_none(tmp_path: Path, capsys: Capture) -> None:
    """6 against 0 discordant: p = .031 alone, .094 among three pairs."""
    file = tmp_path / "t.csv"
    rows = [f"q{i},{int(i < 8)},{int(i < 2)},{int(i < 8)}" for i in range(40)]
    file.write_text("\n".join(["id,score_opal,score_ruby,score_jade", *rows]))
    assert main(["verdict", str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].endswith("undecided (a winner alone, none among so many)")


def test_one_file_of_two_models_is_one_verdict(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "battle.csv"
    file.write_text("id,score_a,score_b\n" + "".join(f"q{i},1,{i % 2}\n" for i in range(20)))
    assert main(["verdict", str(file)]) == 0
    assert "a is better on this" in capsys.readouterr().out


MISTAKES = {
    "nothing": ((), "A verdict needs two logs"),
    "one log": (("one.jsonl",), "one.jsonl is one log: name the other one too"),
    "no such file": (("nowhere.jsonl",), "nowhere.jsonl cannot be read: No such file or directory"),
    "no such file of two": (("one.jsonl", "nowhere.jsonl"), "nowhere.jsonl cannot be read"),
    "no such column": (("one.jsonl::psychic", "one.jsonl"), "'psychic' is not there. There is: 'score'"),
    "several scores": (("two.jsonl", "one.jsonl"), "two.jsonl::score"),
    "several scores alone": (("two.jsonl",), "Choose one by its column: two.jsonl::score"),
    "clusters": (("one.jsonl", "one.jsonl", "--clusters", "moon"), "moon"),
    "margin": (("one.jsonl", "one.jsonl", "--margin", "7"), "margin"),
    "level": (("one.jsonl", "one.jsonl", "--level", "95"), "level"),
    "unknown option": (("one.jsonl", "one.jsonl", "--colour", "red"), "--colour"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_costs_one_line(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.chdir(tmp_path)
    Path("one.jsonl").write_text('{"id": 1, "score": 1}\n{"id": 2, "score": 0}\n')
    Path("two.jsonl").write_text('{"id": 1, "score": 1, "acc": 0}\n{"id": 2, "score": 0, "acc": 0}\n')
    arguments, words = MISTAKES[name]
    assert main(["verdict", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert words in err


def test_mistakes_in_stored_results_cost_one_line_too(stored: list[str], capsys: Capture) -> None:
    with Path(stored[1]).open("a") as file:
        file.write('{"id": 10, "correct": null}\n')
    assert main(["verdict", *stored]) == 2
    assert "jade.jsonl, line 11: None is no score" in capsys.readouterr().err
    for option in ("--margin", "--level"):
        assert main(["verdict", stored[0], stored[0], option, "7"]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_a_result_that_cannot_be_written(stored: list[str], tmp_path: Path, capsys: Capture) -> None:
    assert main(["verdict", *stored, "--json", str(tmp_path / "no" / "v.json")]) == 2
    assert "cannot be written: No such file or directory" in capsys.readouterr().err
