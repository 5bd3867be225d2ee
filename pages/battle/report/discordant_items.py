"""The questions one contender has right and the other wrong: all the evidence there is about a gap."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import streamlit as st

from engine import BattleResult, Item, ItemResult, Task, load_items
from pages.format import printable
from pages.shared import tables

MOST = 1_000
UNKNOWN = Item(id="", index=0, contexts=("(this benchmark has no such question here)",))


def show(result: BattleResult, *, key: str) -> None:
    """A table to scan and, for the row that is chosen, the whole question. All text is shown as plain text."""
    items = _items(result.task)
    flips = result.discordant_items[:MOST]
    if not flips:
        st.caption("None so far: where one was right, so was the other.")
        return
    named = tables.apart(result.names, ("right", "question", "answer"))
    rows = [
        {
            "right": result.names[0] if a.score > b.score else result.names[1],
            "question": _question(items[item_id]),
            named[0]: _answer(items[item_id], a),
            named[1]: _answer(items[item_id], b),
            "answer": _right_answer(items[item_id]),
        }
        for item_id, a, b in flips
    ]
    columns = {"right": st.column_config.TextColumn("right was", width=150), "question": {"width": "medium"}}
    chosen = tables.choose(rows, columns=columns, key=key)
    first = f"The first {MOST:,} of them. " if len(flips) == MOST else ""
    st.caption(f"{first}Choose a row to read the whole question.")
    for number in chosen:
        item_id, a, b = flips[number]
        item = items[item_id]
        st.text(printable("\n\n".join(dict.fromkeys(item.contexts))))
        for name, outcome in zip(result.names, (a, b), strict=True):
            mark = "●" if outcome.score == 1 else "○" if outcome.score else "✕"
            st.text(printable(f"{mark} {name}: {_answer(item, outcome)}"))
        st.text(printable(f"The answer: {_right_answer(item)}"))


def show_latest(
    pairs: Sequence[tuple[str, float, float]], task: Task, names: Sequence[str], *, latest: int = 5, key: str
) -> None:
    """The latest few while a battle runs, in a space that stays the same."""
    items = _items(task)
    flips = [pair for pair in pairs if pair[1] != pair[2]]
    rows = [
        {"right was": names[0] if a > b else names[1], "question": _question(items[item_id])}
        for item_id, a, b in reversed(flips[-latest:])
    ]
    st.caption(f"{len(flips):,} questions where they differ so far, the latest first")
    columns = {"right was": st.column_config.TextColumn(width=150), "question": {"width": 500}}
    tables.show(rows, columns=columns, key=key, height=tables.height(latest))


def _items(task: Task) -> Mapping[str, Item]:
    """By id; one that the benchmark has not, or no more, stands for itself."""
    known: defaultdict[str, Item] = defaultdict(lambda: UNKNOWN)
    known.update((item.id, item) for item in load_items(task))
    return known


def _question(item: Item) -> str:
    text = item.contexts[0].removeprefix("Question: ").removesuffix("\nAnswer:")
    return text.partition("\n")[0] if item.choices else text


def _answer(item: Item, outcome: ItemResult) -> str:
    if outcome.choice is not None:
        known = 0 <= outcome.choice < len(item.options or item.choices)
        return item.readable(outcome.choice) if known else f"choice {outcome.choice + 1:,}"
    return outcome.answer or f"no answer found in: {(outcome.text or '')[:200]}"


def _right_answer(item: Item) -> str:
    return item.answer if item.gold is None else item.readable(item.gold)
