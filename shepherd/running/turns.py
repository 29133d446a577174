"""The tasks named in one call: each gets its turn, and the worst code ends the call
(docs/interfaces.md#commands).

Invoke finds this in invoke.yaml.
"""

from __future__ import annotations

import sys
import traceback
from typing import Any

from invoke.exceptions import Exit
from invoke.executor import Executor

from shepherd.errors import UNEXPECTED, worst
from shepherd.running.output import without_repetition, write


class Stopped(Exit):
    """A person or a signal ended the call: the tasks that follow are not run."""


class EachInTurn(Executor):
    """Run what follows a task that failed, where Invoke would leave it out."""

    def execute(self, *tasks: Any) -> dict[Any, Any]:
        """Raises Exit with the worst code of several tasks; one alone is left to Invoke."""
        if len(tasks) < 2:
            return super().execute(*tasks)
        codes: list[int] = []
        results: dict[Any, Any] = {}
        with without_repetition():
            for each in self._once(tasks):
                try:
                    results |= super().execute(each)
                except Stopped:
                    raise
                except Exit as ended:
                    codes.append(ended.code)
                except Exception:
                    write(sys.stderr, traceback.format_exc())
                    codes.append(UNEXPECTED)
        if code := worst(codes):
            raise Exit(code=code)
        return results

    def _once(self, tasks: tuple[Any, ...]) -> list[Any]:
        """Without those that were named before with the same options, as Invoke has it."""
        if not self.config.tasks.dedupe:
            return list(tasks)
        calls = self.normalize(tasks)
        return [task for place, task in enumerate(tasks) if calls[place] not in calls[:place]]
