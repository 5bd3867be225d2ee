"""The page of one's own logs: whatever is uploaded, the engine judges it, and the page shows it and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import pytest
from streamlit.testing.v1 import AppTest

from engine import explain
from engine.analysis import recordings
from engine.logs import judging, read_log, uploads
from pages.format import printable
from pages.logs import log_example
from tests.pages.driving import open_page, press, shown, texts

LOGS = "pages/logs/logs.py"
RUBY, JADE = "1101110111" * 4, "1011010111" + 3 * "1001010111"  # 8 items for ruby alone, 1 for jade alone


def table(scores: str, *, first: int = 1, groups: Sequence[str] = ("all",)) -> bytes:
    """A CSV of right and wrong answers, whose items are of the groups in turn."""
    rows = (f"{number + first},{score},{groups[number % len(groups)]}" for number, score in enumerate(scores))
    return "\n".join(["id,correct,group", *rows]).encode()


def upload(app: AppTest, side: str, name: str, content: bytes) -> AppTest:
    return app.file_uploader(key=f"log-{side}").set_value((name, content, "text/plain")).run()


def compared(a: tuple[str, bytes], b: tuple[str, bytes]) -> AppTest:
    app = open_page(LOGS)
    upload(app, "A", *a)
    return upload(app, "B", *b)


def test_two_files_get_the_verdict_of_the_engine() -> None:
    app = compared(("ruby.csv", table(RUBY)), ("jade.csv", table(JADE)))
    assert not app.exception
    logs = [read_log(name, content) for name, content in (("ruby.csv", table(RUBY)), ("jade.csv", table(JADE)))]
    found = judging.verdict_of_logs(*logs)
    for sentence in (*explain(found.verdict), found.comparability.sentence):
        assert sentence in texts(app)
    assert "Judged: 40 items, matched by id. None is left out." in texts(app)
    assert "Not measured: the instrument" in texts(app)  # the files score each answer once
    assert "The 9 items where they differ" in texts(app)


def test_the_rules_change_the_verdict() -> None:
    app = compared(("ruby.csv", table(RUBY)), ("jade.csv", table(JADE)))
    assert "ruby is better" in texts(app)
    app.button_group(key="logs-level").set_value(0.99).run()
    assert "We don't know yet which is better" in texts(app)
    app.button_group(key="logs-level").set_value(0.95).run()
    app.select_slider(key="logs-margin").set_value(0.10).run()
    assert "the 10.0 points you called equal" in texts(app)


def test_a_broken_file_is_a_sentence_in_its_place_and_the_other_one_stays() -> None:
    app = compared(("ruby.csv", table(RUBY)), ("jade.jsonl", b'{"id": 1, "score": 1}\n{"id": 2, "score": '))
    assert not app.exception
    assert [error.value.replace("\\", "") for error in app.error] == [
        "jade.jsonl, line 2 is not JSON (Expecting value at column 19)."
    ]
    upload(app, "B", "jade.csv", table(JADE))
    assert not app.error
    assert "ruby is better" in texts(app)


def test_hostile_names_and_contents_are_shown_and_not_obeyed() -> None:
    hostile = "![x](p.png) <b>c $d$ :red[e]"
    answer = f"# {hostile} \ud800 \x07"
    rows = [{"id": f"{hostile} {n}", "score": n % 2, "group": hostile, "output": answer} for n in range(20)]
    content = "\n".join(json.dumps(row) for row in rows).encode()
    other = "\n".join(json.dumps(row | {"score": 1}) for row in rows).encode()
    app = compared((f"{hostile}.jsonl", content), (f"{hostile} B.jsonl", other))
    assert not app.exception
    values = [str(e.value) for kind in ("title", "subheader", "markdown", "caption", "info") for e in app.get(kind)]
    assert any("p\\.png" in text for text in values)
    for text in values:
        assert not re.search(r"(?<!\\)(!\[|<b>|\$d|:red\[)", text), text
    for cells in app.get("table"):
        assert not re.search(r"(?<!\\)(!\[|<b>|\$d|:red\[)", str(cells.value))  # its cells are read as Markdown
    assert printable(answer) in app.dataframe[-1].value.to_string()
    broken = upload(app, "A", f"{hostile}.csv", b"id,correct\n1,perhaps")
    assert not broken.exception
    assert not re.search(r"(?<!\\)(!\[|<b>|\$d|:red\[)", broken.error[0].value)


def test_what_a_model_wrote_computes_nothing_in_a_spreadsheet() -> None:
    """Streamlit's own download of a table holds its cells and the names of its columns as they are."""
    formula = "=HYPERLINK(A1)"
    rows = [{"id": f"{formula}{n}", "score": n % 2, "group": "+1+1", "output": "@SUM(1)"} for n in range(20)]
    first, second = (
        "\n".join(json.dumps(row | changed) for row in rows).encode() for changed in ({}, {"score": 1, "output": "-1"})
    )
    app = compared((f"{formula}.jsonl", first), ("-x.jsonl", second))
    assert not app.exception
    cells = [app.dataframe[-1].value, app.dataframe[0].value]
    begins = {str(text)[:1] for table in cells for text in (*table.columns, *table.astype(str).to_numpy().flat)}
    assert "'" in begins
    assert not begins & set("=+@\t\r")
    assert set(app.dataframe[-1].value["'-x"]) == {"-1"}  # a number stays one


def test_models_of_any_name_are_compared() -> None:
    names = ["half \ud800", "\u202eevil", "=1+1", "a\nb", "![x](p.png) <b>c $d$ :red[e]", "\0nul"]
    rows = [
        {"id": n, "model": name, "score": n % (number + 2) > 0} for n in range(20) for number, name in enumerate(names)
    ]
    app = upload(open_page(LOGS), "A", "all.jsonl", "\n".join(json.dumps(row) for row in rows).encode())
    assert not app.exception and not app.error
    assert f"of {len(names) * (len(names) - 1) // 2} gaps" in texts(app)
    values = [str(e.value) for kind in ("title", "subheader", "markdown", "caption", "info") for e in app.get(kind)]
    assert not [text for text in values if re.search(r"(?<!\\)(!\[|<b>|\$d|:red\[)|[\u202e\0]", text)]


def test_a_model_called_like_a_column_hides_none() -> None:
    rows = [{"id": n, "score": n % 2, "output": "one"} for n in range(20)]
    first, second = (
        "\n".join(json.dumps(row | changed) for row in rows).encode() for changed in ({}, {"score": 1, "output": "two"})
    )
    app = compared(("item.jsonl", first), ("group.jsonl", second))
    table = app.dataframe[-1].value
    assert list(table.columns) == ["better was", "item", "item (A)", "group (B)"]
    assert table.iloc[0, 2:].tolist() == ["one", "two"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("noise.jsonl", bytes(range(256)) * 8),
        ("cut.jsonl.gz", b"\x1f\x8b\x08\x00cut"),
        ("not a zip.eval", b"PK\x03\x04not a zip"),
        ("deep.json", b"[" * 100_000),
        ("../../etc/passwd.csv", b"id\n1"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(name: str, content: bytes) -> None:
    app = upload(open_page(LOGS), "A", name, content)
    assert not app.exception
    assert len(app.error) == 1
    assert len(app.error[0].value) < 1_000


def test_other_items_are_refused_with_the_way_out() -> None:
    app = compared(("ruby.csv", table(RUBY)), ("jade.csv", table(JADE, first=11)))
    assert "not over the same items" in shown(app.warning)
    assert not [button for button in app.button_group if button.key == "logs-register"]  # no verdict
    app.toggle(key="logs-common").set_value(True).run()
    assert not app.warning
    assert "Left out: 10 only in the log of ruby, 10 only in the log of jade" in texts(app)
    app.toggle(key="logs-common").set_value(False).run()
    assert "not over the same items" in shown(app.warning)


def test_no_items_in_common_has_no_way_out() -> None:
    app = compared(("ruby.csv", table(RUBY)), ("jade.csv", table(JADE, first=1_000)))
    assert "not over the same items" in shown(app.warning)
    assert [toggle.key for toggle in app.toggle] == ["published-same"]


def test_clusters_and_groups() -> None:
    groups = ("sky", "sky", "sea", "sea", "wood")
    app = compared(("ruby.csv", table(RUBY, groups=groups)), ("jade.csv", table(JADE, groups=groups)))
    assert not app.exception
    logs = [read_log(name, table(scores, groups=groups)) for name, scores in (("ruby.csv", RUBY), ("jade.csv", JADE))]
    found = judging.verdict_of_logs(*logs).groups
    assert found
    frame = next(frame.value for frame in app.dataframe if "p (Holm)" in frame.value)
    assert dict(zip(frame["group"], frame["p (Holm)"], strict=True)) == found.p_values
    app.button_group(key="logs-clusters").set_value("group").run()
    assert "They form 3 clusters" in texts(app)
    assert explain(judging.verdict_of_logs(*logs, clusters="group").verdict).headline in texts(app)


def test_several_models_in_one_file_meet_each_other() -> None:
    rows = [f"{n},{a},{b},{int(n % 5 == 0)}" for n, (a, b) in enumerate(zip(RUBY, JADE, strict=True))]
    content = "\n".join(["id,score_ruby,score_jade,score_opal", *rows]).encode()
    app = upload(open_page(LOGS), "A", "all.csv", content)
    assert not app.exception
    names = ("ruby", "jade", "opal")
    found = judging.every_pair([read_log("all.csv", content, f"score_{name}") for name in names])
    frame = app.dataframe[0].value
    assert list(zip(frame["A"], frame["B"], strict=True)) == [pair.verdict.names for pair in found.verdicts]
    assert frame["p (Holm)"].tolist() == list(found.p_values)
    app.selectbox(key="logs-pair").set_value(2).run()
    assert explain(found.verdicts[2].verdict).headline in texts(app)
    app.multiselect[0].set_value(["score_ruby", "score_jade"]).run()
    assert not app.exception
    assert explain(found.verdicts[0].verdict).headline in texts(app)
    app.multiselect[0].set_value(["score_ruby"]).run()
    assert "Choose at least two models." in shown(app.info)


def test_one_file_of_one_model_asks_for_the_other() -> None:
    app = upload(open_page(LOGS), "B", "jade.csv", table(JADE))
    assert "jade.csv is one contender: give the log of the other one too." in shown(app.info)


def test_which_scores_are_meant_is_asked_and_not_guessed() -> None:
    def samples(right: str) -> bytes:
        return "\n".join(
            json.dumps({"doc_id": n, "doc_hash": f"h{n}", "filter": name, "exact_match": int(score), "resps": [["7"]]})
            for name in ("strict", "flexible")
            for n, score in enumerate(right if name == "strict" else RUBY)
        ).encode()

    app = compared(("samples_a.jsonl", samples(RUBY)), ("samples_b.jsonl", samples(JADE)))
    assert not app.exception
    assert "Choose which scores are meant" in shown(app.info)
    app.selectbox[0].set_value("exact_match,strict").run()
    assert app.selectbox[1].value == "exact_match,strict"
    assert "samples_a is better" in texts(app)
    assert "exact_match,flexible: " in texts(app)  # the same outputs read by the other rule, in the split of the gap
    app.selectbox[1].set_value("exact_match,flexible").run()
    assert "They never differed" in texts(app)


def test_several_files_of_one_side_are_one_run() -> None:
    app = open_page(LOGS)
    lines = {task: [{"doc_id": n, "filter": "none", "acc": n % 2, "resps": []} for n in range(9)] for task in "xy"}
    files = [
        (f"samples_{task}.jsonl", "\n".join(map(json.dumps, rows)).encode(), "text/plain")
        for task, rows in lines.items()
    ]
    app.file_uploader(key="log-A").set_value(files).run()
    app.file_uploader(key="log-B").set_value(files).run()
    assert not app.exception
    assert "Judged: 18 items" in texts(app)
    app.file_uploader(key="log-B").set_value([files[0], files[0]]).run()
    assert "they are two runs" in shown(app.error)


def test_the_same_log_twice_is_noticed() -> None:
    app = compared(("ruby.csv", table(RUBY)), ("ruby.csv", table(RUBY)))
    assert "one log given twice" in shown(app.warning)


def test_scores_beyond_right_and_wrong() -> None:
    def points(scores: str, most: int) -> bytes:
        return "\n".join(["id,score", *(f"{n},{most * int(score)}" for n, score in enumerate(scores))]).encode()

    app = compared(("ruby.csv", points(RUBY, 7)), ("jade.csv", points(JADE, 7)))
    assert not app.exception
    assert "The scores reach from 0 to 7." in shown(app.info)
    assert "better" not in texts(app).partition("Taken as")[0]
    app.number_input(key="logs-worst").set_value(0.0)
    app.number_input(key="logs-best").set_value(5.0).run()
    assert "give ends between which they lie" in shown(app.warning)
    app.number_input(key="logs-best").set_value(7.0).run()
    logs = [read_log(name, table(scores)) for name, scores in (("ruby.csv", RUBY), ("jade.csv", JADE))]
    assert explain(judging.verdict_of_logs(*logs).verdict).headline in texts(app)


def test_the_example_is_the_recorded_battle() -> None:
    app = open_page(LOGS)
    assert "What can be read." in texts(app)
    press(app, "Try it with an example")
    assert not app.exception
    battle = recordings.load("arc_easy")
    assert explain(recordings.verdict_after(battle, len(battle.a))).headline in texts(app)
    assert battle.provenance in shown(app.info)
    upload(app, "A", "ruby.csv", table(RUBY))
    assert battle.provenance not in shown(app.info)


def test_a_file_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    app = compared(("ruby.csv", table(RUBY)), ("jade.csv", table(JADE)))
    monkeypatch.setattr(uploads, "overview", lambda upload, **_: pytest.fail(f"{upload.name} is read again"))
    app.button_group(key="logs-level").set_value(0.99).run()
    assert not app.exception


def test_the_formats_on_the_page_are_read() -> None:
    """The examples to copy have to work when they are copied."""
    log = read_log("example.csv", log_example.CSV.encode())
    assert [row.score for row in log.rows.values()] == [1, 0, 1]
    assert {row.group for row in log.rows.values()} == {"geography", "sums"}
    assert read_log("example.jsonl", log_example.JSONL.encode()).rows.keys() == log.rows.keys()
