"""What is well on this machine and what is not, each finding with its mend.

examine  looks at everything, whole: versions, device, disk, packages, weights, databases, files, workers, endpoints
mend     does what cannot do harm: permissions, folders that a kill left, converted weights that are damaged
"""

from engine.doctor.examination import examine, mend
from engine.doctor.finding import Finding, State

__all__ = ["Finding", "State", "examine", "mend"]
