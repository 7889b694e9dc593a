"""What is taken off for handing in late, by the rule of nbgrader's AssignLatePenalties."""

from __future__ import annotations

from datetime import datetime, timedelta

from nbgrader.preprocessors import AssignLatePenalties
from traitlets.config import Config


def seconds_late(
    timestamp: datetime | None, due: datetime | None, extension: timedelta | None
) -> float:
    """How long after its due date something came, 0 where it was in time or nobody knows."""
    if timestamp is None or due is None:
        return 0.0
    return max(0.0, (timestamp - due - (extension or timedelta())).total_seconds())


class LatePenalties:
    """The instructor's plugin (`AssignLatePenalties.plugin_class`), or nbgrader's own."""

    def __init__(self, config: Config) -> None:
        step = AssignLatePenalties(config=config)
        step.init_plugin()
        self.enabled: bool = step.enabled
        self._plugin = step.plugin_inst

    def penalty(self, student: str, score: float, seconds: float) -> float | None:
        """What a notebook with this score loses: never more than it has, None for no penalty."""
        if seconds <= 0:
            return None
        penalty = self._plugin.late_submission_penalty(student, score, seconds)
        if penalty is None:
            return None
        return 0.0 if penalty < 0 else min(penalty, score)
