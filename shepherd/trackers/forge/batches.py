"""Asks about many things in one question, and about fewer at once where that is too much.

GitHub ends a question after ten seconds, or when it took too many resources, as a whole or in part; Jira
refuses one for a single thing in it. What was refused is asked again in halves, down to one. The size that
went through is kept for the session, and grows by a tenth with each question that is answered.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from shepherd.errors import TrackerError
from shepherd.trackers.forge.items import UnreadablePart

MOST_ALONE = 3
"""So many in a row that are refused even alone show that the tracker is in trouble: nothing more is asked."""

_K = TypeVar("_K")
_A = TypeVar("_A")


class TooMuchPart(UnreadablePart, frozen=True):
    """Refused because the question was too large, perhaps: asked again in a smaller one."""


class Batches:
    """One kind of question. One thing that cannot be answered costs at most 9 requests of a hundred.

    Args:
        largest: the most that is asked about at once.
        name: the tracker, in a sentence.
        answers_at_once: asks a question about nothing, patiently (True) or once; whether that was answered at
            the first try. Raises TrackerError: not at all, so it is
            not because of one of the things asked about.
    """

    def __init__(self, largest: int, name: str, answers_at_once: Callable[[bool], bool]) -> None:
        self._size = self._largest = largest
        self._name = name
        self._answers_at_once = answers_at_once

    def ask(
        self,
        keys: Sequence[_K],
        once: Callable[[Sequence[_K], bool], Mapping[_K, _A | TooMuchPart]],
    ) -> Iterator[tuple[_K, _A | UnreadablePart]]:
        """Yield each with its answer as soon as that is known.

        Args:
            once: asks about these in one question; patiently (True), or rather about less than again.

        Raises:
            TrackerError: nothing is answered.
        """
        left = deque(keys)
        alone = 0
        shrinking = False
        while left:
            some = [left.popleft() for _ in range(min(self._size, len(left)))]
            patient = len(some) == 1 and not shrinking
            answers = once(some, patient)
            refused = []
            for key in some:
                answer = answers[key]
                if isinstance(answer, TooMuchPart):
                    refused.append(key)
                    why = answer.why
                else:
                    yield key, answer
            if len(refused) < len(some):
                alone, shrinking = 0, False
                if refused:
                    self._size = len(some) - len(refused)
                elif len(some) == self._size:
                    self._size = min(self._largest, self._size + max(1, self._size // 10))
            elif len(some) > 1:
                self._size, shrinking = len(some) // 2, True
            elif self._answers_at_once(not patient) or patient:
                alone += 1
                if alone == MOST_ALONE:
                    raise TrackerError(f"{self._name}: {why}; so it is for {alone} in a row")
                yield some[0], UnreadablePart(why)
                # that one was the cause, not the size; others may be like it: the other end is tried first
                left.reverse()
                self._size, shrinking, refused = self._largest, True, []
            else:
                # all of it was in trouble, for a moment
                shrinking = False
            left.extendleft(reversed(refused))
