"""Everything that can go wrong in the engine, as one tree.

    EngineError                 catch this to show any of them as one sentence
    ├── CallerMistake           what was asked cannot be done as asked: exit code 2
    │   ├── Unknown             a model, task or battle nobody here has heard of
    │   ├── NoSource            a task whose items are not on this machine
    │   ├── CorruptWeights      a weights file that cannot be read
    │   ├── Unreachable         an endpoint that does not answer, or refuses
    │   ├── Unsupported         a model that cannot do what the task needs
    │   ├── DiskFull            nothing more can be written down
    │   ├── Unreadable          a battle that is written down and cannot be read
    │   ├── Mismatch            two sets of results that do not belong together
    │   ├── LimitExceeded       a call that asked for more time or memory than it may use
    │   ├── Busy                too many others are waited for: worth another try
    │   └── NotAllowed          what is not this person's to do
    ├── Locked                  another program keeps the ledger to itself
    ├── Ailing                  the doctor found something broken: exit code 1
    ├── BattleFailed            the battle was sound and still could not be finished: exit code 1
    └── RequestFailure          a request to a server came to nothing (engine/models/client.py)

Every message names the thing, shows the value and says the way out; none of them is worth a traceback.
A single item that fails is not an exception but an `ItemFailure`: the battle goes on without it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

LONGEST_SHOWN = 100  # characters of a value in a message


def shown(given: str) -> str:
    """A value as a message shows it: in quotes, bounded, with every character that cannot be printed written out.

    >>> print(shown("a\\0b"), len(shown(1_000 * "x")))
    'a\\x00b' 103
    """
    return repr(given if len(given) <= LONGEST_SHOWN else f"{given[:LONGEST_SHOWN]}…")


class EngineError(Exception):
    """Base of all errors whose message is written for the person who meets it."""

    exit_code = 1


class CallerMistake(EngineError):
    """What was asked cannot be done as asked; the message says what to change."""

    exit_code = 2


class Unknown(CallerMistake):
    """A name that stands for nothing here; the message offers the nearest ones."""

    @classmethod
    def name(cls, kind: str, given: str, known: Iterable[str]) -> Unknown:
        """The error for a name that there is none of, with the nearest ones.

        kind   what the name is of: "task", "model"
        given  the name
        known  all names of that kind
        """
        given = given if len(given) <= 120 else f"{given[:120]}…"  # nearness takes a time that grows with the length
        names = sorted(known)
        near = [name for name in names if given and name.startswith(given)]
        near = near or difflib.get_close_matches(given[:LONGEST_SHOWN], names, n=2, cutoff=0.5)
        guess = f" Did you mean {' or '.join(repr(n) for n in near)}?" if near else ""
        return cls(f"There is no {kind} called {shown(given)}.{guess} Known: {', '.join(names)}.")


class NoSource(CallerMistake):
    """The items of a task are nowhere on this machine; the message says which command brings them."""


class CorruptWeights(CallerMistake):
    """A weights file is damaged, cut short, or not what its name says."""


class Unreachable(CallerMistake):
    """An endpoint refuses the connection, the key or the model, or does not answer in time."""


class Unsupported(CallerMistake):
    """The model or server lacks what the task needs, log-probabilities of a given text for instance."""


class DiskFull(CallerMistake):
    """The data folder cannot take another byte; what was written before stays."""


class Unreadable(CallerMistake):
    """What is written down of one battle is damaged, or a newer release wrote it; the others are not concerned."""


class LimitExceeded(CallerMistake):
    """A call in a process of its own asked for more than it may use; the message says of what, and what to do."""


class Busy(CallerMistake):
    """Nothing is wrong with what was asked, but its turn did not come in time; the same may work in a minute."""


class Mismatch(CallerMistake):
    """Two sets of per-item results cannot be paired item by item."""


class Locked(EngineError):
    """Another program kept the ledger to itself for longer than one waits; nothing is lost."""


class Ailing(EngineError):
    """Something on this machine is broken; what, was printed."""


class NotAllowed(CallerMistake):
    """What was asked is not this person's to do, or goes beyond a visitor's limits."""


class BattleFailed(EngineError):
    """The battle could not be finished although nothing was wrong with what was asked."""
