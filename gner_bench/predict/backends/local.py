"""A checkpoint on this machine as a backend, and its decoding compared with plain greedy decoding."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import torch

from gner_bench.answers import answer_format
from gner_bench.documents.fields import Json
from gner_bench.documents.record import GNER, read_records
from gner_bench.documents.run import NAME, Model, read_own_run, write_run
from gner_bench.errors import GnerBenchError, UsageError
from gner_bench.messages import warn
from gner_bench.predict.backend import Backend, SystemOptions
from gner_bench.predict.checkpoint import Checkpoint, load_checkpoint
from gner_bench.predict.decode.batched import BatchedDecoder, use_protocol_settings
from gner_bench.predict.decode.constrained import ConstrainedDecoder
from gner_bench.predict.decode.graphs import most_graphs
from gner_bench.predict.decode.speculative import SpeculativeDecoder, units_of, unsupported
from gner_bench.predict.memory import (
    MOST_ROWS,
    advice,
    free_bytes,
    gigabytes,
    longest_pass,
    memory_of,
    most_rows,
    shape_of,
)
from gner_bench.predict.options import Options
from gner_bench.predict.plan import Key
from gner_bench.predict.prompting import CLEAN_UP_TOKENIZATION_SPACES
from gner_bench.structure.back_tokenizer import tokenizer_file

ROWS = 8
"""Sentences side by side on a CPU, where more of them share nothing but the same arithmetic."""
BATCH = 32
"""Sentences in a batch of ``generate``."""
TOKENS_A_ROW = 1024
"""What a sentence takes of a token budget: prompt and output of nearly all, as memory is laid out for the longest.

It is the same for short sentences: most of a row is room for an output that loops to the limit.
"""
LENGTH = 640
"""Tokens of a prompt or an output that nothing limits, for what fits the memory."""


def local_backend(checkpoint: Checkpoint, options: Options) -> Backend:
    """The backend of ``checkpoint``.

    Raises UsageError for what it cannot decode, InputError for bad drafts and for a chat template that it lacks.
    """
    decoding, prompting = options.effective_decoding, checkpoint.prompting
    if decoding in ("drafted", "constrained") and (why := unfit(checkpoint)):
        if decoding == "constrained":
            raise UsageError(f"constrained decoding is for {why}")
        if options.draft_from is not None:
            raise UsageError(f"--draft-from is for {why}")
        warn(f"drafted decoding is for {why}, so it is decoded greedily in batches")
        decoding = "greedy"
    decoder: SpeculativeDecoder | ConstrainedDecoder | BatchedDecoder
    if decoding == "drafted":
        hints: dict[Key, str] = {}
        if options.draft_from is not None:
            run = options.draft_from
            path = run / "predictions.jsonl" if run.is_dir() else run
            hints = {(record.dataset, record.split, record.id): record.prediction for record in read_records(path)}
        size = rows_for(checkpoint, options)
        decoder = SpeculativeDecoder(checkpoint, size, hints)
    elif decoding == "constrained":
        size = rows_for(checkpoint, options)
        decoder = ConstrainedDecoder(checkpoint, size)
    else:
        budget, beams = options.batch_tokens, options.num_beams
        size = options.batch_size or (rows_within(budget // beams) if budget else BATCH)
        decoder = BatchedDecoder(checkpoint, size, beams)
    return Backend(
        name=checkpoint.name,
        model=Model(
            name=checkpoint.name,
            source=checkpoint.source,
            revision=checkpoint.revision,
            parameters=int(checkpoint.model.num_parameters()),
            note=checkpoint.note,
            training_sets=checkpoint.training_sets,
            files=checkpoint.files,
        ),
        settings={
            "backend": "transformers",
            "decoding": decoding,
            "num_beams": options.num_beams,
            "dtype": checkpoint.dtype,
            **prompting.settings(checkpoint.family),
            **({"adapter": checkpoint.adapter} if checkpoint.adapter else {}),
            "clean_up_tokenization_spaces": CLEAN_UP_TOKENIZATION_SPACES,
        },
        wrapping=prompting.wrapping,
        device=str(checkpoint.model.device),
        decode=decoder,
        tokenizer=tokenizer_file(checkpoint.folder),
        statistics=dict if isinstance(decoder, BatchedDecoder) else decoder.statistics,
        format=checkpoint.format,
        verify=lambda path, count: verify_run(checkpoint, path, count),
        windows=prompting.windows,
        batch_size=size,
    )


def unfit(checkpoint: Checkpoint) -> str:
    """What our decoding loop is for, and why this is no such checkpoint; empty for one that it decodes."""
    if checkpoint.format != GNER:
        return f"GNER's text, and {checkpoint.name} is asked for {checkpoint.format}"
    if other := unsupported(checkpoint.model.config):
        return f"T5 and LLaMA, and {checkpoint.name} is {other}"
    if not checkpoint.end_tokens:
        return f"checkpoints with an end token, and {checkpoint.name} has none"
    # Words are encoded one by one, which puts a space between them with SentencePiece alone.
    units = units_of(checkpoint)
    if units.text([*units.unit("a", "O"), *units.unit("b", "O")]) != "a(O) b(O)":
        return f"tokenizers that put a space before every word, and that of {checkpoint.name} does not"
    return ""


def rows_for(checkpoint: Checkpoint, options: Options) -> int:
    """How many sentences are decoded side by side: as asked for, or as many as a token budget or the memory hold.

    Raises GnerBenchError where not even one of them fits the accelerator's memory.
    """
    fitting = rows_that_fit(checkpoint)
    if options.batch_size is not None:
        return options.batch_size
    return rows_within(options.batch_tokens) if options.batch_tokens is not None else fitting


def rows_that_fit(checkpoint: Checkpoint) -> int:
    """How many of the longest sentences fit the accelerator's memory; without one, a usual number."""
    model, prompting = checkpoint.model, checkpoint.prompting
    free = free_bytes([parameter.device for parameter in model.parameters()])
    if free is None:
        return ROWS
    total = prompting.max_total_tokens
    source = prompting.max_input_tokens or total // 2 or LENGTH
    output = prompting.max_new_tokens or total - total // 2 or LENGTH
    shape = shape_of(model.config, int(model.num_parameters()))
    sizes = {"source": source, "output": output, "itemsize": model.dtype.itemsize}
    graphs = most_graphs(MOST_ROWS, source + output)
    rows = most_rows(free, graphs=graphs, **sizes, **shape) or most_rows(free, **sizes, **shape)
    if rows == 0:
        single = memory_of(rows=1, tokens=longest_pass(1), graphs=graphs, **sizes, **shape)
        more = single.total - single.weights - single.graphs  # a run does without graphs where they do not fit
        need = f"one sentence of {source} + {output} tokens takes {gigabytes(more)} without graphs"
        raise GnerBenchError(
            f"{checkpoint.name} in {checkpoint.dtype} does not fit: {gigabytes(free)} of {model.device} are free, and"
            f" {need} ({single}); {advice(checkpoint.dtype, single.total)}"
        )
    return rows


def rows_within(tokens: int) -> int:
    """How many sentences a budget of tokens holds."""
    return max(1, min(MOST_ROWS, tokens // TOKENS_A_ROW))


@torch.inference_mode()
def verify_run(checkpoint: Checkpoint, path: Path, count: int) -> list[str]:
    """Generate for ``count`` sentences of a finished predictions.jsonl, spread over it, greedily and one at a time.

    Returns how many texts differ and each that does, a line each, and records them in the run.json beside the file:
    ``token`` counts the tokens that agree and ``gap`` is the distance between the two best logits of plain decoding
    after them, near zero where rounding decided.
    """
    use_protocol_settings(checkpoint)
    about = path.with_name(NAME)
    run = read_own_run(about)
    total = run.sentences
    chosen = {i * total // count for i in range(count)} if count < total else set(range(total))
    differences: list[Json] = []
    several = answer_format(checkpoint.format).several
    with path.open(encoding="utf-8") as lines:
        for record in (json.loads(line) for index, line in enumerate(lines) if index in chosen):
            prompt, text = record["instance"]["instruction_inputs"], record["prediction"]
            pairs = zip(json.loads(prompt), json.loads(text), strict=True) if several else [(prompt, text)]
            if unlike := next(filter(None, (_difference(checkpoint, *pair) for pair in pairs)), None):
                name = f"{record['dataset']}/{record['split']}/{record['instance']['id']}"
                differences.append({"sentence": name, **unlike})
    verified = {"sentences": len(chosen), "dtype": checkpoint.dtype, "differences": differences}
    write_run(about, replace(run, more={**run.more, "verified": verified}))
    first = f"Compared with plain greedy decoding in {checkpoint.dtype}: {len(differences)} of {count} differ."
    return [
        first,
        *("  {sentence} after {token} tokens; best logits {gap:.3g} apart".format(**entry) for entry in differences),
    ]


def _difference(checkpoint: Checkpoint, prompt: str, text: str) -> Json:
    """Where plain greedy decoding leaves a recorded ``text``, empty where it does not."""
    ((ids, room, cut),) = checkpoint.prompt_ids([prompt])
    output = checkpoint.model.generate(
        input_ids=torch.tensor([ids], device=checkpoint.model.device),
        max_new_tokens=room,
        output_logits=True,
        return_dict_in_generate=True,
    )
    tokens = output.sequences[0, 1 if checkpoint.encoder_decoder else len(ids) :].tolist()
    plain = checkpoint.generation(tokens, cut)
    if plain.text == text:
        return {}
    place = 0
    while place < plain.tokens and text.startswith(checkpoint.text(tokens[: place + 1])):
        place += 1
    # Where the recorded text goes on after the plain one has ended, the last logits are the end token's.
    best = output.logits[min(place, len(output.logits) - 1)][0].float().topk(2).values
    return {"token": place, "gap": float(best[0] - best[1])}


def make(system: SystemOptions, options: Options) -> Backend:
    """The backend of the checkpoint that ``system`` names, in the format that it names or the checkpoint's own."""
    checkpoint = load_checkpoint(system.model, system.dtype, system.device, system.adapter)
    format = answer_format(system.format).name if system.format else checkpoint.format
    asked = replace(checkpoint, format=format, wrapping=system.wrapping, max_new_tokens=system.max_new_tokens)
    return local_backend(asked, options)
