"""What a log may look like, to copy; and an example to try, from a battle that was really fought."""

import tempfile
from pathlib import Path

import streamlit as st

from engine import load_task, spreadsheet
from engine.analysis import recordings
from engine.logs import uploads

CSV = """\
id,correct,group,output
geo-1,1,geography,Canberra
geo-2,0,geography,Istanbul
sums-1,1,sums,42"""
JSONL = """\
{"id": "geo-1", "score": 1, "group": "geography"}
{"id": "geo-2", "score": 0, "group": "geography"}
{"id": "sums-1", "score": 0.5, "group": "sums"}"""


def show_formats() -> None:
    """What can be read, for whoever has no file in hand yet."""
    with st.container(border=True):
        st.markdown(
            "**What can be read.** One line an item: an id and a score, 1 for right and 0 for wrong, or anything "
            "between. The rest is optional. The same questions need the same ids in both files; their order does not "
            "matter."
        )
        left, right = st.columns(2)
        left.caption("CSV")
        left.code(CSV, language=None)
        right.caption("JSONL")
        right.code(JSONL, language=None, wrap_lines=True)
        st.markdown(
            "Also as they come: lm-eval’s `samples_….jsonl`, Inspect’s `.json` (and `.eval`, where the library "
            "inspect-ai is installed), HELM’s `per_instance_stats.json`, our own battles as JSON or CSV; and one file "
            "with several models, in a column `model` or a column each (`score_ruby`, `score_jade`). Any of them may "
            "be packed (`.gz`). Is one run in several files (lm-eval’s samples and `results_….json`, a file a task)? "
            "Give all of them on the same side: then the settings are known too."
        )
        st.caption(
            f"Up to {st.get_option('server.maxUploadSize')} MB a file. Nothing is kept: a file is gone when "
            "you remove it or leave."
        )


def example() -> tuple[uploads.Side, ...]:
    """Both sides of a recorded battle, each read from a CSV as an upload is."""
    battle = recordings.load("arc_easy")
    files = [Path(_written().name, f"{name}.csv") for name in battle.names]
    given = (uploads.Upload(name=file.name, place=str(file)) for file in files)
    return tuple(uploads.Side(upload=upload, selector="correct") for upload in given)


def about_example() -> str:
    battle = recordings.load("arc_easy")
    return (
        f"This is the example: {battle.names[0]} and {battle.names[1]} on the {len(battle.a):,} questions of "
        f"{load_task(battle.task).title}, measured by us, written as two CSV files with an id and a score and nothing "
        f"else. {battle.provenance} Give your own logs above, and it makes way for them."
    )


@st.cache_resource
def _written() -> tempfile.TemporaryDirectory[str]:
    """Once a server."""
    folder = tempfile.TemporaryDirectory(prefix="noisefloor-example-")
    battle = recordings.load("arc_easy")
    for name, scores in zip(battle.names, (battle.a, battle.b), strict=True):
        rows = ((number, int(score)) for number, score in enumerate(scores, start=1))
        Path(folder.name, f"{name}.csv").write_text(spreadsheet.csv_table(("id", "correct"), rows), encoding="utf-8")
    return folder
