"""Constrained decoding: the words are given, the model only chooses their tags, each with a probability.

Not greedy decoding: an output that would have left the sentence cannot be had this way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from gner_bench.predict.checkpoint import Checkpoint
from gner_bench.predict.decode.constrained import ConstrainedSentence
from gner_bench.predict.decode.cost import draft_tokens
from gner_bench.predict.decode.draft import Drafter
from gner_bench.predict.decode.drafted import longest_first, read_prompts, step_model, units_of
from gner_bench.predict.decode.loop import Job, Loop, longest_match
from gner_bench.predict.decoding import end_tokens, use_protocol_settings
from gner_bench.predict.generation import Generation
from gner_bench.predict.plan import Task
from gner_bench.prompting import tagged_text
from gner_bench.records import Json


class Forced:
    """Decodes tasks with a checkpoint on ``rows`` rows."""

    def __init__(self, checkpoint: Checkpoint, rows: int) -> None:
        use_protocol_settings(checkpoint)
        self.checkpoint, self.units, self.ends = checkpoint, units_of(checkpoint), end_tokens(checkpoint)
        self.drafter = Drafter(self.units)
        self.loop: Loop[tuple[Task, bool], ConstrainedSentence] = Loop(
            step_model(checkpoint, rows), rows, self.ends, self._choose, draft_tokens(checkpoint.model)
        )

    def __call__(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, Generation]]:
        for done in self.loop.run(self._jobs(longest_first(tasks))):
            (task, cut), sentence = done.item, done.sentence
            tags = [*sentence.tags, *["O"] * (len(task.sentence.words) - len(sentence.tags))]
            yield (
                task,
                Generation(
                    text=tagged_text(task.sentence.words, tags),
                    tokens=len(done.tokens) - sentence.done,
                    finish="stop" if sentence.done else "length",
                    input_cut=cut,
                    passes=done.passes,
                    confidence=tuple(sentence.confidence),
                ),
            )

    def statistics(self) -> Json:
        """Forward passes, tokens pushed through the model and tokens kept."""
        return vars(self.loop.counts).copy()

    def _jobs(self, tasks: Iterator[Task]) -> Iterator[Job[tuple[Task, bool], ConstrainedSentence]]:
        for task, ids, room, cut in read_prompts(self.checkpoint, tasks):
            yield Job((task, cut), ids, lambda task=task: self._begin(task), room)  # type: ignore[misc]

    def _begin(self, task: Task) -> ConstrainedSentence:
        guess = self.drafter.sentence(task.dataset, task.sentence.words, task.types)
        return ConstrainedSentence(self.units, task.sentence.words, task.types, guess)

    def _choose(
        self, logits: Tensor, drafts: Sequence[Sequence[int]], sentences: Sequence[ConstrainedSentence]
    ) -> list[list[int]]:
        allowed = [sentence.allowed() for sentence in sentences]
        chosen = _best_allowed(logits, allowed)
        kept = []
        for draft, sentence, found in zip(drafts, sentences, chosen, strict=True):
            choices = [token for token, _ in found]
            tokens = longest_match(draft, choices, frozenset())
            sentence.advance(tokens, choices, [probability for _, probability in found[: len(tokens)]])
            ended = not sentence.done or (tokens and tokens[-1] in self.ends)
            kept.append(tokens if ended else [*tokens, min(self.ends)])
        return kept


def _best_allowed(logits: Tensor, allowed: Sequence[Sequence[tuple[int, ...]]]) -> list[list[tuple[int, float]]]:
    """For each row and position the best of the allowed tokens and its probability among them."""
    found = [[(ids[0], 1.0) for ids in row] for row in allowed]
    places = [(r, j, ids) for r, row in enumerate(allowed) for j, ids in enumerate(row) if len(ids) > 1]
    if not places:
        return found
    most = max(len(ids) for _, _, ids in places)
    ids = torch.tensor([[*ids, *[-1] * (most - len(ids))] for _, _, ids in places], device=logits.device)
    rows, columns = (torch.tensor([place[i] for place in places], device=logits.device) for i in (0, 1))
    scores = logits[rows, columns].float().gather(1, ids.clamp(min=0)).masked_fill(ids < 0, -torch.inf)
    probability, index = scores.softmax(-1).max(-1)
    for (row, column, options), p, i in zip(places, probability.tolist(), index.tolist(), strict=True):
        found[row][column] = (options[i], p)
    return found
