"""Drafted decoding: the output of greedy decoding, token for token, in a tenth of the passes.

Speculative decoding without a second model: the draft is the sentence itself with guessed tags, checked in one pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from torch import Tensor

from gner_bench.predict.checkpoint import Checkpoint
from gner_bench.predict.decode.cost import draft_tokens
from gner_bench.predict.decode.draft import Drafter, SentenceDraft
from gner_bench.predict.decode.graphs import Graphs
from gner_bench.predict.decode.llama import LlamaSteps
from gner_bench.predict.decode.loop import Done, Job, Loop, longest_match
from gner_bench.predict.decode.steps import StepModel
from gner_bench.predict.decode.t5 import T5Steps
from gner_bench.predict.decode.units import Units
from gner_bench.predict.decoding import CLEAN_UP_TOKENIZATION_SPACES, end_tokens, prompt_ids, use_protocol_settings
from gner_bench.predict.generation import Generation
from gner_bench.predict.plan import Key, Task
from gner_bench.prompting import prompt
from gner_bench.records import Json

CHUNK = 256
"""Prompts that are tokenized together."""


class Drafted:
    """Decodes tasks with a checkpoint on ``rows`` rows. ``hints`` are outputs of another run, by sentence."""

    def __init__(self, checkpoint: Checkpoint, rows: int, hints: Mapping[Key, str] | None = None) -> None:
        use_protocol_settings(checkpoint)
        self.checkpoint, self.hints = checkpoint, hints or {}
        self.units = units_of(checkpoint)
        self.drafter, self.ends = Drafter(self.units), end_tokens(checkpoint)
        self.loop: Loop[tuple[Task, bool], SentenceDraft] = Loop(
            step_model(checkpoint, rows), rows, self.ends, self._choose, draft_tokens(checkpoint.model)
        )

    def __call__(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, Generation]]:
        for done in self.loop.run(self._jobs(longest_first(tasks))):
            done.sentence.finish()
            yield done.item[0], generation(self.checkpoint, done, done.item[1])

    def statistics(self) -> Json:
        """Forward passes, tokens pushed through the model and tokens kept."""
        return vars(self.loop.counts).copy()

    def _jobs(self, tasks: Iterator[Task]) -> Iterator[Job[tuple[Task, bool], SentenceDraft]]:
        for task, ids, room, cut in read_prompts(self.checkpoint, tasks):
            yield Job((task, cut), ids, self._beginning(task), room)

    def _beginning(self, task: Task) -> Callable[[], SentenceDraft]:
        hint = self.hints.get(task.key)
        return lambda: self.drafter.sentence(task.dataset, task.sentence.words, task.types, hint)

    def _choose(
        self, logits: Tensor, drafts: Sequence[Sequence[int]], sentences: Sequence[SentenceDraft]
    ) -> list[list[int]]:
        kept = []
        for draft, choices, sentence in zip(drafts, logits.argmax(-1).tolist(), sentences, strict=True):
            choices = choices[: len(draft) + 1]
            kept.append(longest_match(draft, choices, self.ends))
            sentence.advance(kept[-1], choices)
        return kept


def step_model(checkpoint: Checkpoint, rows: int) -> StepModel:
    """The checkpoint's model for a loop of so many rows; on a single CUDA device its passes are recorded graphs."""
    model: Any = checkpoint.model
    steps: StepModel = (
        T5Steps(model, rows) if checkpoint.encoder_decoder else LlamaSteps(model, rows, _shared_beginning(checkpoint))
    )
    if steps.device.type == "cuda" and len({parameter.device for parameter in model.parameters()}) == 1:
        steps.run = Graphs(rows, lambda: steps.positions)
    return steps


def _shared_beginning(checkpoint: Checkpoint) -> list[int]:
    """The tokens that every prompt begins with, whatever its types and words."""
    examples = [prompt([word], [kind], checkpoint.family.wrapping) for word, kind in (("a", "b"), ("7", "Z"))]
    first, second = (ids for ids, _, _ in prompt_ids(checkpoint, examples))
    common = next((i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), len(first))
    return list(first[:common])


def units_of(checkpoint: Checkpoint) -> Units:
    tokenizer: Any = checkpoint.tokenizer
    fast = getattr(tokenizer, "backend_tokenizer", None)

    def encode(texts: list[str]) -> list[list[int]]:
        if fast is not None:
            return [encoding.ids for encoding in fast.encode_batch(texts, add_special_tokens=False)]
        return [tokenizer.encode(text, add_special_tokens=False) for text in texts]

    return Units(
        encode,
        lambda ids: tokenizer.decode(
            ids, skip_special_tokens=True, clean_up_tokenization_spaces=CLEAN_UP_TOKENIZATION_SPACES
        ),
        min(end_tokens(checkpoint)),
    )


def longest_first(tasks: Sequence[Task]) -> Iterator[Task]:
    """Longest sentences first, so that what does not fit the memory fails early."""
    return iter(sorted(tasks, key=lambda task: -len(task.sentence.words)))


def read_prompts(checkpoint: Checkpoint, tasks: Iterator[Task]) -> Iterator[tuple[Task, list[int], int, bool]]:
    """Each task with its prompt as token ids, the most tokens its output may have, and whether the prompt was cut."""
    while chunk := list(islice(tasks, CHUNK)):
        yield from (
            (task, *found) for task, found in zip(chunk, prompt_ids(checkpoint, [t.prompt for t in chunk]), strict=True)
        )


def generation(checkpoint: Checkpoint, done: Done[Any, Any], cut: bool) -> Generation:
    """The record of what was decoded."""
    stopped = bool(done.tokens) and done.tokens[-1] in end_tokens(checkpoint)
    ids = done.tokens[:-1] if stopped else done.tokens
    text = checkpoint.tokenizer.decode(
        ids, skip_special_tokens=True, clean_up_tokenization_spaces=CLEAN_UP_TOKENIZATION_SPACES
    )
    return Generation(text, len(ids), "stop" if stopped else "length", cut, done.passes)
