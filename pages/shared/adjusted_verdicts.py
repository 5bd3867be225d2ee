"""Verdicts on several groups or benchmarks, judged together, with an eye on how many chances to be lucky that is."""

from engine.report import figures
from engine.stats import AdjustedVerdicts
from pages.charts import gaps_chart
from pages.charts.gaps_chart import GapRow


def show_gaps(together: AdjustedVerdicts, *, key: str) -> None:
    """One gap below the other, out of the noise only where it is so among all of them."""
    rows = [
        GapRow.of(title or "(no group)", verdict, together.outcomes[title])
        for title, verdict in together.verdicts.items()
    ]
    gaps_chart.show(rows, together.names, key=key)


def in_words(together: AdjustedVerdicts, kind: str) -> str:
    """What to make of so many verdicts side by side; `kind` is what each of them is about, in the plural."""
    interval, lost = together.interval, len(together.taken_back)
    taken_back = f"{lost:,} of them had a winner alone and none among so many. " if lost else ""
    return (
        f"A is {together.names[0]}, B is {together.names[1]}; gaps are A minus B in points, ◆ is above the noise. With "
        f"{len(together.verdicts):,} {kind} some gap looks real by luck: Holm’s correction allows for that. "
        f"{taken_back}"
        f"The mean of the {kind}’ gaps, each counted alike, is {figures.rounded_signed(together.gap)} points "
        f"({together.level:.0%} interval on other items of these same {kind} {figures.rounded_ends(interval)})."
    )
