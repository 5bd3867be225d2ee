"""The whole examination, one thing after the other: what goes wrong in looking at one is a finding of that one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from engine.doctor import databases, files, machine, packages, weights
from engine.doctor.finding import Finding
from engine.errors import EngineError

_PARTS: tuple[tuple[str, Callable[[], Iterable[Finding]]], ...] = (
    ("versions", machine.versions),
    ("device", machine.device),
    ("disk", machine.disk),
    ("files", files.permissions),
    ("scratch folders", files.scratch),
    ("data packages", packages.packages),
    ("weights", weights.converted),
    ("ledger", databases.ledger),
    ("battles", databases.battles),
    ("journal", databases.journal),
    ("workers", machine.workers),
    ("endpoints", machine.endpoints),
)


def examine() -> Iterator[Finding]:
    """Everything there is to look at. Nothing is changed, and no other machine is asked."""
    for subject, look in _PARTS:
        try:
            yield from look()
        except EngineError as error:
            yield Finding(subject=subject, state="broken", says=str(error))
        except Exception as error:  # a doctor does not die of what it finds
            yield Finding(
                subject=subject, state="broken", says=f"could not be looked at ({type(error).__name__}: {error})."
            )


def mend(findings: Sequence[Finding]) -> Iterator[str]:
    """Does what is safe; yields what was done, or could not be, in sentences."""
    for finding in findings:
        if finding.safe is not None:
            try:
                finding.safe()
            except OSError as error:
                yield f"{finding.subject}: not mended ({error.strerror})."
            else:
                yield f"{finding.subject}: mended."
