"""What a person asks for, before anything is looked up, drawn or checked."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.battles.battle import Stop
from engine.battles.forecast import Forecast
from engine.stats.verdict import Estimand


@dataclass(frozen=True, slots=True, kw_only=True)
class BattleRequest:
    """A battle as it is asked for. `plan` turns it into a `Battle`, which is complete."""

    a: str
    b: str
    task: str
    limit: int | None = None
    """Items to draw; None for all."""
    seed: int = 0
    """Of the draw of items. The same seed draws other items from another benchmark."""
    shots: int | None = None
    """None for the task's own number."""
    margin: float = 0.02
    """Gaps smaller than this are as good as none; chosen before the run."""
    level: float = 0.95
    stop: Stop = "planned"
    """planned: all items asked for are used; adaptive: stop as soon as an always-valid interval has decided."""
    estimand: Estimand = "skill"
    """What an always-valid interval speaks of: `skill` on all such questions, or this `benchmark` run to its end."""
    forecast: Forecast | None = None
    """What somebody expects of it, to be sealed with the plan."""
    device: str = "auto"
    dtype: str = "auto"
    settings: dict[str, object] = field(default_factory=dict)
    """Further fields of `HarnessConfig` to set for both sides: normalisation, extraction, template, system."""
