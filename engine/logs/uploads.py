"""Logs that somebody gave a page: read, paired and judged in a process of their own, and only what is drawn comes back.

Whoever serves everybody reads none of it. The functions here that take a `Waiting` ask a pool; those below the line
run in its processes. Files are handed over by their place on disk, results as JSON and within bounds: however large a
log is, what comes back is small.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypedDict, TypeVar

from pydantic import TypeAdapter

from engine.errors import EngineError, Mismatch
from engine.isolation import IsolatedFunction, Limits, Pool, Waiting
from engine.logs import decomposition, judging
from engine.logs.detection import contents
from engine.logs.log import Contents, Log, LogRow
from engine.logs.pairing import Aligned, align
from engine.stats.decomposition import GapDecomposition

MOST_SETS = 500
"""So many of a file's sets of scores are offered; those that were refused as well."""
MOST_DIFFERING = 1_000
SHORT, WHOLE = 160, 20_000
"""Characters of an output in the list of differing items, and of one that is read."""
Result = TypeVar("Result")
Pair = tuple["Side", "Side"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A log as it was given."""

    name: str
    """What to call it, in messages too."""
    place: str
    """Path of the file, or of the folder with the files of one run. What is there never changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What is in an upload.

    kind     what tells its sets of scores apart, as in `Contents`
    names    of those sets, the first MOST_SETS of them
    count    how many there are
    meant    the one that is meant where none is chosen; None where that has to be asked
    refused  what else was found, with the reason why it cannot be chosen
    """

    kind: str
    names: tuple[str, ...]
    count: int
    meant: str | None
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One set of scores of an upload."""

    upload: Upload
    selector: str | None = None
    """Its name; None for the only one that may be meant."""
    scale: tuple[float, float] | None = None
    """The worst and the best score there can be, where that is not 0 and 1."""


class Rules(TypedDict, total=False):
    """How to judge, as in `judging.verdict_of_logs`."""

    level: float
    margin: float
    clusters: judging.Clusters
    common: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What has to be known of several sets of scores before they are judged.

    lowest, highest  of all their scores, before any scale
    grouped          whether they name groups or clusters
    in_part          whether two of them are over other items, and have some in common
    """

    lowest: float
    highest: float
    grouped: bool
    in_part: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferingItem:
    """An item that two logs score differently, with the beginnings of both outputs; None where a log has none."""

    id: str
    group: str
    scores: tuple[float, float]
    outputs: tuple[str | None, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All there is to say about two logs.

    judged         their verdict; the logs in it have no rows, and there are no pairs
    decomposition  of its gap
    identical      whether every line and every setting of the two is the same
    differing      the first MOST_DIFFERING of the items they score differently
    differ         how many items that are
    """

    judged: judging.LogVerdict
    decomposition: GapDecomposition
    identical: bool
    differing: tuple[DifferingItem, ...]
    differ: int


def overview(upload: Upload, *, owner: str, waiting: Waiting | None = None) -> Overview:
    """What is in an upload.

    upload   where it is
    owner    for whom it is read
    waiting  see `Pool.call`, as in all that follows

    Raises:
        CallerMistake: it cannot be read, or not within the limits.
    """
    return _asked(OVERVIEW, Overview, {"uploads": [asdict(upload)]}, owner, waiting)


def facts(sides: Sequence[Side], *, owner: str, waiting: Waiting | None = None) -> Facts:
    """What has to be known of sets of scores before they are judged.

    sides    two or more
    owner    for whom
    waiting  see `Pool.call`
    """
    return _asked(FACTS, Facts, {"sides": list(map(asdict, sides))}, owner, waiting)


def comparison(sides: Pair, rules: Rules, *, owner: str, waiting: Waiting | None = None) -> Comparison:
    """Two sets of scores judged, and their gap decomposed.

    sides    of A and of B
    rules    how to judge
    owner    for whom
    waiting  see `Pool.call`

    Raises:
        CallerMistake: as in `judging.verdict_of_logs`.
    """
    return _asked(COMPARISON, Comparison, _sides_and_rules(sides, rules), owner, waiting)


def every_pair(sides: Sequence[Side], rules: Rules, *, owner: str, waiting: Waiting | None = None) -> judging.EveryPair:
    """Several sets of scores, each against each; the logs in the verdicts have no rows.

    sides    two or more
    rules    how to judge
    owner    for whom
    waiting  see `Pool.call`

    Raises:
        CallerMistake: as in `judging.every_pair`.
    """
    return _asked(EVERY_PAIR, judging.EveryPair, _sides_and_rules(sides, rules), owner, waiting)


def outputs(
    sides: Pair, rules: Rules, number: int, *, owner: str, waiting: Waiting | None = None
) -> tuple[str | None, str | None]:
    """What both wrote on one of the differing items, up to WHOLE characters and one more.

    sides, rules  as they were judged
    number        of the item in `Comparison.differing`
    owner         for whom
    waiting       see `Pool.call`
    """
    argument = _sides_and_rules(sides, rules) | {"number": number}
    first, second = _POOL.call(OUTPUTS, argument, owner=owner, waiting=waiting)
    return first, second


def _sides_and_rules(sides: Sequence[Side], rules: Rules) -> dict[str, Any]:
    return {"sides": list(map(asdict, sides)), "rules": dict(rules)}


def _asked(
    function: IsolatedFunction, kind: type[Result], argument: Any, owner: str, waiting: Waiting | None
) -> Result:
    return TypeAdapter(kind).validate_python(_POOL.call(function, argument, owner=owner, waiting=waiting))


def _isolated(function: Literal["overview", "facts", "comparison", "every_pair", "outputs"]) -> IsolatedFunction:
    return IsolatedFunction(
        name=f"{__name__}:isolated_{function}",
        doing="Reading and judging this log",
        instead="Give a part of it, or judge it on your own machine: python -m engine verdict FILE FILE.",
        limits=Limits(memory=768 << 20, computing=30, time=60, output=4 << 20),
    )


OVERVIEW, FACTS, COMPARISON = _isolated("overview"), _isolated("facts"), _isolated("comparison")
EVERY_PAIR, OUTPUTS = _isolated("every_pair"), _isolated("outputs")
_POOL = Pool(size=2, functions=(OVERVIEW, FACTS, COMPARISON, EVERY_PAIR, OUTPUTS), nice=19)


# ---- in the child


def isolated_overview(argument: dict[str, Any]) -> Any:
    (upload,) = (Upload(**fields) for fields in argument["uploads"])
    found = _contents([upload])[upload]
    try:
        chosen = found.pick(upload.name, None)
    except EngineError:
        meant = None
    else:
        meant = next(name for name, log in found.logs.items() if log is chosen)
    refused = dict(list(found.refused.items())[:MOST_SETS])
    names = tuple(found.logs)
    return _json(
        Overview(kind=found.kind, names=names[:MOST_SETS], count=len(names), meant=meant, refused=refused), Overview
    )


def isolated_facts(argument: dict[str, Any]) -> Any:
    logs = [log for log, _ in _chosen(argument, scaled=False)]
    rows = [row for log in logs for row in log.rows.values()]
    scores = [row.score for row in rows if row.score is not None]
    found = Facts(
        lowest=min(scores, default=0.0),
        highest=max(scores, default=1.0),
        grouped=any(row.group or row.cluster for row in rows),
        in_part=any(_differ_in_part(a, b) for number, a in enumerate(logs) for b in logs[:number]),
    )
    return _json(found, Facts)


def isolated_comparison(argument: dict[str, Any]) -> Any:
    (a, a_contents), (b, b_contents) = _chosen(argument)
    judged = judging.verdict_of_logs(a, b, **argument["rules"])
    aligned = judged.aligned
    others = decomposition.other_scorings(aligned, a_contents, b_contents)
    differing = _differing(aligned)
    found = Comparison(
        judged=_without_rows(judged),
        decomposition=decomposition.decompose_logs(judged.verdict, aligned, others),
        identical=all(x == y for x, y in aligned.pairs) and aligned.a.settings == aligned.b.settings,
        differing=tuple(_item(x, y) for x, y in differing[:MOST_DIFFERING]),
        differ=len(differing),
    )
    return _json(found, Comparison)


def isolated_every_pair(argument: dict[str, Any]) -> Any:
    judged = judging.every_pair([log for log, _ in _chosen(argument)], **argument["rules"])
    slim = replace(judged, verdicts=tuple(map(_without_rows, judged.verdicts)))
    return _json(slim, judging.EveryPair)


def isolated_outputs(argument: dict[str, Any]) -> Any:
    (a, _), (b, _) = _chosen(argument)
    x, y = _differing(align(a, b, common=argument["rules"].get("common", False)))[argument["number"]]
    return [_written(x, WHOLE + 1), _written(y, WHOLE + 1)]


_read: dict[Upload, Contents] = {}
"""What was read last, so that a changed rule reads nothing again; the rest goes, the next call needs the memory."""


def _contents(uploads: Sequence[Upload]) -> Mapping[Upload, Contents]:
    for upload in _read.keys() - set(uploads):
        del _read[upload]
    for upload in uploads:
        if upload not in _read:
            _read[upload] = _contents_of(upload)
    return _read


def _contents_of(upload: Upload) -> Contents:
    place = Path(upload.place)
    try:
        return contents(upload.name, place)
    except EngineError as error:
        told = str(error).replace(f"{place}/", "").replace(str(place), upload.name)  # no path of the server
        raise type(error)(told) from error


def _chosen(argument: dict[str, Any], *, scaled: bool = True) -> Iterator[tuple[Log, Contents]]:
    """Each side's log, with what else is in its file."""
    sides = TypeAdapter(list[Side]).validate_python(argument["sides"])
    read = _contents([side.upload for side in sides])
    for side in sides:
        found = read[side.upload]
        log = found.pick(side.upload.name, side.selector)
        if side.scale is None or not scaled:
            yield log, found
        else:  # the file's other scores are left alone: they may be on another scale
            yield _scaled(log, *side.scale), replace(found, logs={})


def _scaled(log: Log, worst: float, best: float) -> Log:
    rows = {
        name: row if row.score is None else replace(row, score=(row.score - worst) / (best - worst))
        for name, row in log.rows.items()
    }
    note = f"Scores were told from {worst:g} to {best:g}, and are read as shares of that."
    return replace(log, rows=rows, notes=(*log.notes, note))


def _differ_in_part(a: Log, b: Log) -> bool:
    try:
        align(a, b)
    except Mismatch:
        try:
            align(a, b, common=True)
        except Mismatch:
            return False
        return True
    return False


def _differing(aligned: Aligned) -> list[tuple[LogRow, LogRow]]:
    return [(x, y) for x, y in aligned.pairs if x.score != y.score]


def _item(x: LogRow, y: LogRow) -> DifferingItem:
    assert x.score is not None
    assert y.score is not None
    return DifferingItem(
        id=x.id[: SHORT + 1],
        group=x.group or y.group,
        scores=(x.score, y.score),
        outputs=(_written(x, SHORT + 1), _written(y, SHORT + 1)),
    )


def _written(row: LogRow, most: int) -> str | None:
    """What a model wrote, or what was read off it."""
    text = row.text or row.answer
    return text[:most] if text else None


def _without_rows(judged: judging.LogVerdict) -> judging.LogVerdict:
    aligned = judged.aligned
    a, b = (replace(log, rows={}) for log in (aligned.a, aligned.b))
    return replace(judged, aligned=replace(aligned, a=a, b=b, pairs=()))


def _json(value: Any, kind: type[Any]) -> Any:
    return TypeAdapter(kind).dump_python(value, mode="json")
