"""The gap between two stored logs in its parts: what their files hold is read again, nothing can be run again."""

from __future__ import annotations

from collections.abc import Mapping

from engine.logs.log import Contents, Log, LogRow
from engine.logs.pairing import Aligned
from engine.stats.decomposition import GapDecomposition, ScorePair, decompose_scores
from engine.stats.verdict import Verdict

RIGHT_OR_WRONG = frozenset(
    {
        *("acc", "acc_norm", "exact_match"),  # lm-eval
        *("quasi_exact_match", "prefix_exact_match", "quasi_prefix_exact_match"),  # HELM
        *("answer", "choice", "exact", "includes", "match", "pattern"),  # Inspect
    }
)
"""Metrics that all tell how often an answer is right. Whether more of one with another name is better, nobody knows
here; it is compared with itself only, read by another filter."""
_SCORING_SETTINGS = {"metric", "extraction", "filters"}


def decompose_logs(
    verdict: Verdict, aligned: Aligned, others: Mapping[str, tuple[Log, Log]] | None = None
) -> GapDecomposition:
    """The verdict's gap in its parts.

    verdict  on the pairs
    aligned  the logs it was made of
    others   further sets of scores of the same two files, by name: see `other_scorings`
    """
    a, b = aligned.a, aligned.b
    own = a.selector if a.selector == b.selector and a.selector else "as scored"
    by_scoring = {own: (_by_item(a, aligned), _by_item(b, aligned))}
    by_scoring |= {name: (_by_item(x, aligned), _by_item(y, aligned)) for name, (x, y) in (others or {}).items()}
    left, right = by_scoring[own]
    items = [item for item in left if item in right]
    scores: dict[str, ScorePair] = {}
    for name, sides in by_scoring.items():
        x, y = ({i: _read_score(rows[i]) for i in items if i in rows and rows[i].score is not None} for rows in sides)
        scores[name] = x, y
    scored_a, scored_b = ({i: rows[i].score for i in items} for rows in (left, right))
    unread_a, unread_b = ([i for i in items if _answer_missing(rows[i])] for rows in (left, right))
    return decompose_scores(verdict, (scored_a, scored_b), scores, (unread_a, unread_b))


def other_scorings(aligned: Aligned, a: Contents, b: Contents) -> dict[str, tuple[Log, Log]]:
    """What else the two files say about the same outputs: other filters and other metrics of right and wrong.

    aligned  the logs that are judged
    a, b     all that is in their files
    """
    own = (aligned.a, aligned.b)
    both = {name: (log, b.logs[name]) for name, log in a.logs.items() if name in b.logs}
    return {
        name: pair
        for name, pair in both.items()
        if "model" not in (a.kind, b.kind)
        and all(
            log.rows is not judged.rows and _same_outputs(log, judged) for log, judged in zip(pair, own, strict=True)
        )
    }


def _same_outputs(*logs: Log) -> bool:
    """Whether two logs of one file are of the same outputs and tell how often they are right."""
    x, y = ({k: v for k, v in log.settings.items() if k not in _SCORING_SETTINGS} for log in logs)
    metrics = {log.settings.get("metric", log.selector) for log in logs}
    return x == y and (len(metrics) == 1 or metrics <= RIGHT_OR_WRONG)


def _by_item(log: Log, aligned: Aligned) -> dict[str, LogRow]:
    """The rows by what the two logs were matched by."""
    if aligned.by == "id":
        return dict(log.rows)
    return {row.question: row for row in log.rows.values() if row.question}


def _read_score(row: LogRow) -> float | None:
    return None if _answer_missing(row) else row.score


def _answer_missing(row: LogRow) -> bool:
    """Whether the log says that there was no answer to score; a cut-off text counts where its answer is not given."""
    return not row.score and (row.answer == "" or (row.answer is None and row.truncated is True))
