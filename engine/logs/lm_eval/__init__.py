"""A battle in lm-eval's terms: the command that measures the same, and the files it would have written."""

from __future__ import annotations

from engine.logs.lm_eval.command import command, differences
from engine.logs.lm_eval.export import export

__all__ = ["command", "differences", "export"]
