"""The questions one contender has right and the other wrong: all the evidence there is about a gap."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from engine import BattleResult, Item, ItemResult, Task, load_items


def show(result: BattleResult, *, key: str) -> None:
    """A table to scan and, for the row that is chosen, the whole question. All text is shown as plain text."""
    items = {item.id: item for item in load_items(result.task)}
    flips = result.discordant
    if not flips:
        st.caption("None so far: where one was right, so was the other.")
        return
    table = pd.DataFrame(
        [
            {
                "right": result.names[0] if a.score > b.score else result.names[1],
                "question": _question(items[item_id]),
                result.names[0]: _said(items[item_id], a),
                result.names[1]: _said(items[item_id], b),
                "answer": _said(items[item_id], None),
            }
            for item_id, a, b in flips
        ]
    )
    chosen = st.dataframe(
        table,
        hide_index=True,
        height=min(400, 38 + 35 * len(table)),
        column_config={
            "right": st.column_config.TextColumn("right was", width=150),
            "question": {"width": "medium"},
        },
        on_select="rerun",
        selection_mode="single-row",
        key=key,
    )
    st.caption("Choose a row to read the whole question.")
    for row in chosen.selection.rows:
        item_id, a, b = flips[row]
        st.text("\n\n".join(dict.fromkeys(items[item_id].contexts)))
        for name, said in zip(result.names, (a, b), strict=True):
            st.text(f"{'●' if said.score == 1 else '○' if said.score else '✕'} {name}: {_said(items[item_id], said)}")
        st.text(f"The answer: {_said(items[item_id], None)}")


def show_latest(
    pairs: Sequence[tuple[str, float, float]], task: Task, names: Sequence[str], *, latest: int = 5, key: str
) -> None:
    """The latest few while a battle runs, in a space that stays the same."""
    items = {item.id: item for item in load_items(task)}
    flips = [pair for pair in pairs if pair[1] != pair[2]]
    rows = [
        {"right was": names[0] if a > b else names[1], "question": _question(items[item_id])}
        for item_id, a, b in reversed(flips[-latest:])
    ]
    st.caption(f"{len(flips):,} questions where they differ so far, the latest first")
    st.dataframe(
        pd.DataFrame(rows, columns=["right was", "question"]),
        hide_index=True,
        height=38 + 35 * latest,
        column_config={"right was": st.column_config.TextColumn(width=150), "question": {"width": 500}},
        key=key,
    )


def _question(item: Item) -> str:
    text = item.contexts[0].removeprefix("Question: ").removesuffix("\nAnswer:")
    return text.partition("\n")[0] if item.choices else text


def _said(item: Item, outcome: ItemResult | None) -> str:
    if outcome is None:
        return item.answer if item.gold is None else item.readable(item.gold)
    if outcome.choice is not None:
        return item.readable(outcome.choice)
    return outcome.answer or f"no answer found in: {(outcome.text or '')[:200]}"
