"""Speculative decoding: the output of greedy decoding, token for token, in a tenth of the passes (`drafted`).

Without a second model: the draft is the sentence itself with guessed tags (see draft.py), checked in one pass. What
this shares with constrained decoding is in LoopDecoder.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Any, Generic

import torch
from torch import Tensor

from gner_bench.answers import Question, answer_format, wrapped
from gner_bench.documents.fields import Json
from gner_bench.documents.record import GNER
from gner_bench.errors import UsageError
from gner_bench.predict.checkpoint import Checkpoint
from gner_bench.predict.decode.batched import use_protocol_settings
from gner_bench.predict.decode.draft import Drafter, SentenceDraft, common
from gner_bench.predict.decode.graphs import CudaRecorder, Graphs
from gner_bench.predict.decode.llama import LlamaSteps
from gner_bench.predict.decode.loop import Job, Loop, Row, S, longest_match
from gner_bench.predict.decode.passes import PassSizes
from gner_bench.predict.decode.steps import StepModel
from gner_bench.predict.decode.t5 import T5Steps
from gner_bench.predict.decode.units import Units
from gner_bench.predict.generation import Generation
from gner_bench.predict.plan import Key, Task, batches

MODEL_TYPES, ROTARY = ("t5", "llama"), ("default", "linear", "llama3")
"""What the decoding loop has written out: architectures, and rotary positions that do not depend on the length."""
CHUNK = 256
"""Prompts that are tokenized together."""
HELD = 0.97
"""The share of drafted tokens that hold where those before them did (between 0.94 and 0.98 on real outputs)."""
LONGEST = 128
"""The longest draft: drafts without a limit push four to five tokens through the model for each one that is kept."""
CPU = (3e-4, 1.5e10, 1.5e11)
CUDA = (2e-4, 3e12, 4e14)
"""Seconds that a pass costs a layer whatever it does, bytes a second read, operations a second.

CPU: as measured on two cores with AVX-512 in fp32. CUDA: the bandwidth of an H100 and half of its peak in bf16.
"""


class LoopDecoder(ABC, Generic[S]):
    """Decodes tasks with a checkpoint on ``rows`` rows; longest sentences first."""

    def __init__(self, checkpoint: Checkpoint, rows: int) -> None:
        use_protocol_settings(checkpoint)
        self.rows = rows
        self.checkpoint, self.ends, self.units = checkpoint, checkpoint.end_tokens, units_of(checkpoint)
        self.drafter = Drafter(self.units)
        self.loop: Loop[tuple[Task, bool], S] = Loop(
            step_model(checkpoint, rows), rows, self.ends, self.choose, draft_tokens(checkpoint.model)
        )
        if isinstance(graphs := self.loop.model.run, Graphs):
            self.use(graphs)

    def use(self, graphs: Graphs) -> None:
        """Let ``graphs``, which run the passes, choose the length of drafts."""
        self.loop.model.run = graphs
        self.loop.draft_tokens, self.loop.timed = graphs.passes.draft_tokens, graphs.note

    def __call__(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, Generation]]:
        chunks: Iterable[tuple[list[Task], list[tuple[list[int], int, bool]]]] = (
            (chunk, self.checkpoint.prompt_ids([t.prompt for t in chunk])) for chunk in batches(tasks, CHUNK)
        )
        if isinstance(self.loop.model.run, Graphs) and tasks:
            # A cache that grows moves, and a graph reads the addresses that it was recorded with: all prompts are
            # tokenized first, so that it is made once for the longest sentence.
            chunks = list(chunks)
            self.loop.model.plan([(len(ids), room) for _, encoded in chunks for ids, room, _ in encoded])
        jobs = (
            Job((task, cut), ids, partial(self.begin, task), room)
            for chunk, encoded in chunks
            for task, (ids, room, cut) in zip(chunk, encoded, strict=True)
        )
        for row in self.loop.run(jobs):
            task, cut = row.job.item
            yield task, self.generation(task, row, cut)

    def statistics(self) -> Json:
        """What run.json says of the decoding: counts, the rows that a shortage of memory left, and on a GPU sizes of
        passes."""
        graphs, told = self.loop.model.run, dict[str, Any](vars(self.loop.counts))
        if self.loop.size < self.rows:
            told["after_shortage"] = {"batch_size": self.loop.size}
        return {**told, **({"passes_on_gpu": graphs.document()} if isinstance(graphs, Graphs) else {})}

    @abstractmethod
    def begin(self, task: Task) -> S:
        """What drafts the output of a sentence, when it gets a row."""

    @abstractmethod
    def choose(self, logits: Tensor, drafts: Sequence[Sequence[int]], sentences: Sequence[S]) -> list[list[int]]:
        """See gner_bench.predict.decode.loop.Choose."""

    @abstractmethod
    def generation(self, task: Task, row: Row[tuple[Task, bool], S], cut: bool) -> Generation:
        """The record of what was decoded; ``cut`` says that the prompt was cut."""


class SpeculativeDecoder(LoopDecoder[SentenceDraft]):
    """Writes what greedy decoding writes. ``hints`` are outputs of another run, by sentence, to be drafted first."""

    def __init__(self, checkpoint: Checkpoint, rows: int, hints: Mapping[Key, str] | None = None) -> None:
        super().__init__(checkpoint, rows)
        self.hints = hints or {}

    def begin(self, task: Task) -> SentenceDraft:
        return self.drafter.sentence(task.dataset, task.sentence.words, task.types, self.hints.get(task.key))

    def choose(
        self, logits: Tensor, drafts: Sequence[Sequence[int]], sentences: Sequence[SentenceDraft]
    ) -> list[list[int]]:
        kept = []
        for draft, choices, sentence in zip(drafts, best_tokens(logits), sentences, strict=True):
            choices = choices[: len(draft) + 1]
            kept.append(longest_match(draft, choices, self.ends))
            sentence.advance(kept[-1], choices)
        return kept

    def generation(self, task: Task, row: Row[tuple[Task, bool], SentenceDraft], cut: bool) -> Generation:
        row.sentence.finish()
        return self.checkpoint.generation(row.tokens, cut, row.passes)


def best_tokens(logits: Tensor) -> list[list[int]]:
    """The best token at every place of logits of shape (rows, n, vocabulary), the first one of equals."""
    if logits.device.type == "cpu" and logits.dtype == torch.float32:
        # NumPy takes a tenth of the time, and agrees on ties.
        return [row.argmax(-1).tolist() for row in logits.numpy()]
    chosen: list[list[int]] = logits.argmax(-1).tolist()
    return chosen


def unsupported(config: Any) -> str:
    """What kind of model a configuration (transformers) is of, if the loop has it not written out, else nothing."""
    kind = config.model_type
    rotary = (getattr(config, "rope_parameters", None) or {}).get("rope_type", "default")
    if kind not in MODEL_TYPES:
        return f"a {kind} checkpoint"
    return "" if rotary in ROTARY else f"a {kind} checkpoint with {rotary} positions"


def step_model(checkpoint: Checkpoint, rows: int) -> StepModel:
    """The checkpoint's model for a loop of so many rows; on a single CUDA device its passes are recorded graphs.

    Raises UsageError for one that is not of T5 or LLaMA.
    """
    model: Any = checkpoint.model
    if other := unsupported(model.config):
        message = f"this decoding is for T5 and LLaMA, and {checkpoint.name} is {other}"
        raise UsageError(f"{message}; --decoding greedy takes it")
    steps: StepModel
    if checkpoint.encoder_decoder:
        steps = T5Steps(model, rows)
    else:
        # What every prompt begins with, whatever its types and words: two prompts that share neither show it.
        examples = [answer_format(GNER).ask(Question([word], [type]))[0] for word, type in (("a", "b"), ("7", "Z"))]
        prompts = [wrapped(example, checkpoint.prompting.wrapping) for example in examples]
        (first, _, _), (second, _, _) = checkpoint.prompt_ids(prompts)
        steps = LlamaSteps(model, rows, first[: common(first, second)])
    if steps.device.type == "cuda" and len({parameter.device for parameter in model.parameters()}) == 1:
        steps.run = Graphs(PassSizes(rows, HELD, draft_tokens(model)), CudaRecorder(steps.device))
    return steps


def units_of(checkpoint: Checkpoint) -> Units:
    """The units of the checkpoint's tokenizer."""
    tokenizer: Any = checkpoint.tokenizer
    fast = getattr(tokenizer, "backend_tokenizer", None)

    def encode(texts: list[str]) -> list[list[int]]:
        if fast is not None:
            # The tokenizer's own call takes nearly twice as long for short texts.
            return [encoding.ids for encoding in fast.encode_batch(texts, add_special_tokens=False)]
        return [tokenizer.encode(text, add_special_tokens=False) for text in texts]

    return Units(encode, checkpoint.text, min(checkpoint.end_tokens))


def draft_tokens(model: Any) -> Callable[[int], int]:
    """The number of draft tokens, for a number of rows, at which a second brings the most tokens.

    Every token of a draft costs, and the later it comes the less likely it holds: of n drafted tokens a pass keeps
    1 + HELD + HELD² + … + HELDⁿ, its own one included. Depends on nothing but the model's shape and kind of device, not
    on measured times, so that runs repeat.
    """
    config = model.config
    layers = getattr(config, "num_decoder_layers", None) or config.num_hidden_layers
    blocks = model.decoder.block if hasattr(model, "decoder") else model.model.layers
    weights = int(model.lm_head.weight.numel() + sum(parameter.numel() for parameter in blocks.parameters()))
    base, reading, operations = CUDA if model.device.type == "cuda" else CPU
    fixed = base * layers + weights * model.dtype.itemsize / reading

    @cache
    def best(rows: int) -> int:
        token = 2 * weights * rows / operations
        expected = {n: (1 - HELD ** (n + 1)) / (1 - HELD) for n in range(1, LONGEST + 1)}
        return max(expected, key=lambda n: expected[n] / (fixed + token * (n + 1)))

    return best
