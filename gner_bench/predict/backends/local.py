"""A checkpoint on this machine as a backend."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import torch

from gner_bench.documents.record import GNER
from gner_bench.documents.run import Model
from gner_bench.errors import UsageError
from gner_bench.predict.backend import Backend, BackendKind, SystemOptions
from gner_bench.predict.checkpoint import Checkpoint, load_checkpoint
from gner_bench.predict.decode.drafted import Drafted
from gner_bench.predict.decode.forced import Forced
from gner_bench.predict.decoding import CLEAN_UP_TOKENIZATION_SPACES, generate, use_protocol_settings
from gner_bench.predict.generation import Generation
from gner_bench.predict.options import DecodingName, Options
from gner_bench.predict.plan import Key, Task, batches
from gner_bench.predict.verify import verify_run
from gner_bench.records import Json, read_records
from gner_bench.structure.back_tokenizer import tokenizer_file

ROWS = 8
"""Sentences side by side on a CPU, where more of them share nothing but the same arithmetic."""
BATCH = 32
TOKENS_A_ROW = 1024
"""What a sentence takes of a token budget: prompt and output of nearly all, as memory is laid out for the longest."""
MOST_ROWS = 256
MEMORY_SHARE = 0.6
"""The part of free accelerator memory that keys and values may fill."""


def local_backend(checkpoint: Checkpoint, options: Options) -> Backend:
    """The backend that generates with ``checkpoint`` as ``options`` say. Raises InputError for unreadable drafts."""
    decoder: Drafted | Forced | _Batched
    decoding = decoding_of(checkpoint, options)
    if decoding == "drafted":
        decoder = Drafted(checkpoint, rows_for(checkpoint, options), hints(options.draft_from))
    elif decoding == "constrained":
        decoder = Forced(checkpoint, rows_for(checkpoint, options))
    else:
        decoder = _Batched(checkpoint, options)
    return Backend(
        name=checkpoint.name,
        model=_model(checkpoint),
        settings=_settings(checkpoint, options),
        wrapping=checkpoint.family.wrapping,
        device=str(checkpoint.model.device),
        decode=decoder,
        tokenizer=tokenizer_file(checkpoint.folder),
        statistics=decoder.statistics,
        format=checkpoint.format,
        verify=lambda path, count: verify_run(checkpoint, path, count),
    )


def decoding_of(checkpoint: Checkpoint, options: Options) -> DecodingName:
    """The decoding that is meant: drafts can be made of the GNER text alone, so other targets are decoded greedily.

    Raises UsageError for constrained decoding of another target.
    """
    asked = options.effective_decoding
    if checkpoint.format == GNER or asked in ("greedy", "beam"):
        return asked
    if asked == "constrained":
        raise UsageError(f"{checkpoint.name} writes {checkpoint.format}; constrained decoding is for {GNER}")
    return "greedy"


def rows_for(checkpoint: Checkpoint, options: Options) -> int:
    """How many sentences are decoded side by side: as asked for, or as many as a token budget or the memory hold."""
    if options.batch_size is not None:
        return options.batch_size
    if options.batch_tokens is not None:
        return fitting(options.batch_tokens)
    device = checkpoint.model.device
    if device.type != "cuda":
        return ROWS
    free = torch.cuda.mem_get_info(device)[0] * MEMORY_SHARE
    return fitting(int(free // bytes_a_token(checkpoint)))


def fitting(tokens: int) -> int:
    """How many sentences a budget of tokens holds."""
    return max(1, min(MOST_ROWS, tokens // TOKENS_A_ROW))


def bytes_a_token(checkpoint: Checkpoint) -> int:
    """Bytes of the keys and values of a token in all layers of the decoder."""
    config = checkpoint.model.config
    if checkpoint.encoder_decoder:
        width, layers = config.num_heads * config.d_kv, config.num_decoder_layers
    else:
        size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        width, layers = config.num_key_value_heads * size, config.num_hidden_layers
    return int(2 * width * layers * checkpoint.model.dtype.itemsize)


def hints(run: Path | None) -> dict[Key, str]:
    """The outputs of another run, by sentence. Raises InputError for an unreadable one."""
    if run is None:
        return {}
    path = run / "predictions.jsonl" if run.is_dir() else run
    return {(record.dataset, record.split, record.id): record.prediction for record in read_records(path)}


class _Batched:
    """Batches through ``generate``."""

    def __init__(self, checkpoint: Checkpoint, options: Options) -> None:
        self.checkpoint, self.options = checkpoint, options

    def __call__(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, Generation]]:
        use_protocol_settings(self.checkpoint, self.options.num_beams)
        return batched(self.checkpoint, tasks, self._size())

    def _size(self) -> int:
        budget, beams = self.options.batch_tokens, self.options.num_beams
        return self.options.batch_size or (fitting(budget // beams) if budget else BATCH)

    def statistics(self) -> Json:
        return {}


def batched(checkpoint: Checkpoint, tasks: Sequence[Task], batch_size: int) -> Iterator[tuple[Task, Generation]]:
    """Generate for ``tasks`` in batches within a data set, longest sentences first."""
    for _, part in groupby(tasks, key=lambda task: task.dataset):
        for batch in batches(list(part), batch_size):
            yield from zip(batch, generate(checkpoint, [task.prompt for task in batch]), strict=True)


def _model(checkpoint: Checkpoint) -> Model:
    return Model(
        checkpoint.name,
        checkpoint.source,
        checkpoint.revision,
        checkpoint.parameters,
        checkpoint.note,
        checkpoint.training_sets,
        checkpoint.files,
    )


def _settings(checkpoint: Checkpoint, options: Options) -> Json:
    family = checkpoint.family
    return {
        "backend": "transformers",
        "decoding": decoding_of(checkpoint, options),
        "num_beams": options.num_beams,
        "dtype": checkpoint.dtype,
        "max_input_tokens": family.max_input_tokens or None,
        "max_new_tokens": family.max_new_tokens or None,
        "max_total_tokens": family.max_total_tokens or None,
        "clean_up_tokenization_spaces": CLEAN_UP_TOKENIZATION_SPACES,
    }


def make(system: SystemOptions, options: Options) -> Backend:
    """The backend of a checkpoint, which is loaded."""
    return local_backend(load_checkpoint(system.model, system.dtype, system.device), options)


LOCAL = BackendKind("local", "a checkpoint on this machine", make, fetches=True)
