"""Which of several ranked choices wins, under each way of weighing their log-likelihoods.

A longer choice has more tokens to be unlikely in, so something must say how much length may cost. lm-eval calls
`sum` acc, `characters` acc_norm, `bytes` acc_bytes and `unconditional` acc_mutual_info; `tokens` is Brown et al.
(2020, section 2.4). `unconditional` subtracts what a choice is worth without its question, so that words which are
likely anywhere win nothing by it (Holtzman et al. 2021).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import get_args

from engine.errors import CallerMistake, Unknown
from engine.harness.config import Normalisation

NORMALISATIONS: tuple[Normalisation, ...] = get_args(Normalisation)


def best_choice(
    logliks: Sequence[float],
    choices: Sequence[str],
    normalisation: str,
    scored: Sequence[int] = (),
    unconditional: Sequence[float] = (),
) -> int:
    """Index of the winning choice; the first one wins a tie, as in lm-eval.

    logliks, choices, normalisation, scored, unconditional  see `normalised`

    Raises:
        CallerMistake: what the normalisation needs is not there.
        Unknown: there is no such normalisation.

    >>> best_choice([-6.0, -8.0], ["wind", "natural gas"], "sum")
    0
    >>> best_choice([-6.0, -8.0], ["wind", "natural gas"], "characters")
    1
    """
    values = normalised(logliks, choices, normalisation, scored, unconditional)
    return max(range(len(values)), key=values.__getitem__)


def normalised(
    logliks: Sequence[float],
    choices: Sequence[str],
    normalisation: str,
    scored: Sequence[int] = (),
    unconditional: Sequence[float] = (),
) -> list[float]:
    """The value of each choice that `best_choice` compares; it has the same errors.

    logliks        summed log-likelihood of each choice after its question, in nats
    choices        their texts, without the delimiter
    normalisation  one of `NORMALISATIONS`
    scored         tokens of each choice that were scored; needed for `tokens` only
    unconditional  log-likelihood of each choice without its question; needed for `unconditional` only
    """
    match normalisation:
        case "sum":
            return list(logliks)
        case "characters":
            return _divided(logliks, [len(choice) for choice in choices])
        case "bytes":
            return _divided(logliks, [len(choice.encode()) for choice in choices])
        case "tokens":
            return _divided(logliks, _given("tokens", "the number of scored tokens", scored, len(logliks)))
        case "unconditional":
            prior = _given("unconditional", "the log-likelihood without its question", unconditional, len(logliks))
            return [total - without for total, without in zip(logliks, prior, strict=True)]
    raise Unknown.name("normalisation", normalisation, NORMALISATIONS)


def _divided(logliks: Sequence[float], lengths: Sequence[float]) -> list[float]:
    """A choice without length cannot win: numpy, and lm-eval with it, divides to minus infinity."""
    return [total / length if length else -math.inf for total, length in zip(logliks, lengths, strict=True)]


def _given(name: str, what: str, values: Sequence[float], count: int) -> Sequence[float]:
    if len(values) != count:
        raise CallerMistake(
            f"The normalisation {name!r} needs {what} of each of the {count} choices, and {len(values)} are there. "
            "Use another normalisation, or fight the battle again with this one."
        )
    return values
