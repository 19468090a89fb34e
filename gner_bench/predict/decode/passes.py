"""The sizes of passes on a GPU: how many rows and tokens of each, chosen by what the first passes of a run cost.

The choice decides how fast a run is. What it writes is the same in fp32; in 16 bits, passes of other sizes round in
other ways.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import fmean

from gner_bench.documents.fields import Json
from gner_bench.predict.memory import LONGEST_PASS, longest_pass

SIZES = (2, 4, 8, 12, 16, 24, 32, 48, 64, 96, LONGEST_PASS)
"""The numbers of tokens of a row that are chosen from: the last accepted one and a draft."""
TIMES, MOST_TRIALS = 3, 30
"""How often a pass of each trial size is timed, and after how many passes the trial ends whatever has been timed."""


def row_sizes(rows: int) -> tuple[int, ...]:
    """The numbers of rows that passes are recorded for, largest first: a few sentences do not pay for many rows."""
    return tuple(dict.fromkeys((rows, -(-rows // 4), -(-rows // 16))))


@dataclass
class Costs:
    """What passes of one way to run them take: the ``best`` seconds for each number of tokens of all rows, of passes
    that were timed so often for each number of tokens of a row."""

    best: dict[int, float] = field(default_factory=dict)
    timed: Counter[int] = field(default_factory=Counter)
    trials: int = 0

    @property
    def line(self) -> tuple[float, float] | None:
        """Seconds of any pass and seconds for each token, the line nearest to the times; None for fewer than two."""
        if len(self.best) < 2:
            return None
        middle, mean = fmean(self.best), fmean(self.best.values())
        spread = sum((tokens - middle) ** 2 for tokens in self.best)
        rise = sum((tokens - middle) * (seconds - mean) for tokens, seconds in self.best.items())
        slope = max(0.0, rise / spread)
        return max(0.0, mean - slope * middle), slope


class PassSizes:
    """Chooses how many tokens of each row a pass takes, by trying three sizes in the first passes of a run.

    ``rows`` is the most that are decoded side by side, ``held`` the share of drafted tokens that hold where those
    before them did; ``guess`` is the longest draft for a number of rows until passes have been timed. ``recording``
    says that passes are recorded; those that are not cost otherwise and have a trial of their own.
    """

    def __init__(self, rows: int, held: float, guess: Callable[[int], int], recording: bool = True) -> None:
        self.rows, self.held, self.guess, self.recording = rows, held, guess, recording
        self._costs = {True: Costs(), False: Costs()}

    @property
    def trying(self) -> bool:
        """Whether the sizes of the trial are still being timed."""
        costs, tried = self._costs[self.recording], self._tried
        return len(tried) > 1 and costs.trials < MOST_TRIALS and any(costs.timed[size] < TIMES for size in tried)

    def draft_tokens(self, rows: int) -> int:
        """The longest draft of a pass of so many rows."""
        size = self.row_size(rows)
        if size == self.rows and self.trying:
            return min(self._tried, key=lambda tokens: self._costs[self.recording].timed[tokens]) - 1
        return self._tokens(size) - 1

    def sizes(self, size: int) -> tuple[int, ...]:
        """The numbers of tokens that passes of ``size`` rows, of ``row_sizes``, are filled up to, smallest first."""
        if size == self.rows and self.trying:
            return self._tried
        tokens = self._tokens(size)
        return tuple(sorted({max((few for few in SIZES if few <= tokens / 4), default=tokens), tokens}))

    def row_size(self, rows: int) -> int:
        """The number of rows that so many are filled up to."""
        return next(size for size in reversed(row_sizes(self.rows)) if size >= rows)

    def note(self, rows: int, tokens: int, seconds: float, usual: bool = True) -> None:
        """Take the seconds of a pass with ``tokens`` of each row, unless it was not a ``usual`` one."""
        if self.row_size(rows) != self.rows or not self.trying:
            return
        costs = self._costs[self.recording]
        costs.trials += 1
        if usual:
            ran = next((size for size in self._tried if size >= tokens), tokens) if self.recording else tokens
            pushed = (self.rows if self.recording else rows) * ran
            costs.best[pushed] = min(seconds, costs.best.get(pushed, seconds))
            costs.timed[next((size for size in self._tried if size >= tokens), tokens)] += 1

    def document(self) -> Json:
        """The part of run.json: tokens of a row in a pass, for each number of rows, and the milliseconds of the passes
        that were timed, by the tokens of all rows."""
        best = self._costs[self.recording].best
        return {
            "tokens_of_a_row": {str(size): self._tokens(size) for size in row_sizes(self.rows)},
            "milliseconds_by_tokens": {str(pushed): round(1000 * best[pushed], 3) for pushed in sorted(best)},
        }

    @property
    def _tried(self) -> tuple[int, ...]:
        possible = possible_sizes(self.rows)
        third = len(possible) // 3
        return tuple(sorted({possible[third], possible[min(2 * third, len(possible) - 1)], possible[-1]}))

    def _tokens(self, size: int) -> int:
        """The tokens of each row at which a second brings the most, for ``size`` rows."""
        line, possible = self._costs[self.recording].line, possible_sizes(size)
        if line is None or self.trying:
            return max((few for few in possible if few <= self.guess(size) + 1), default=possible[0])
        fixed, token = line

        def rate(tokens: int) -> float:
            # A row keeps 1 + held + held² + … tokens, its own choice included.
            return (1 - self.held**tokens) / (1 - self.held) / max(fixed + token * size * tokens, 1e-9)

        return max(possible, key=rate)


def possible_sizes(rows: int) -> list[int]:
    """The numbers of tokens of a row that passes of so many rows may take."""
    return [size for size in SIZES if size <= longest_pass(rows)]
