"""Checking a decoding against plain greedy decoding, one sentence at a time in the same number format."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from gner_bench.documents.run import NAME, read_own_run, write_run
from gner_bench.predict.checkpoint import Checkpoint
from gner_bench.predict.decoding import CLEAN_UP_TOKENIZATION_SPACES, end_tokens, prompt_ids, use_protocol_settings
from gner_bench.records import Json


@dataclass(frozen=True)
class Difference:
    """A sentence whose text is not that of plain greedy decoding.

    ``token`` counts the tokens that agree and ``gap`` is the distance between the two best logits of plain decoding
    after them: near zero where rounding decided.
    """

    sentence: str
    token: int
    gap: float


def verify_run(checkpoint: Checkpoint, path: Path, count: int) -> list[str]:
    """Generate for ``count`` sentences of a finished predictions.jsonl, spread over it, greedily and one at a time.

    Returns how many texts differ and each that does, a line each, and records them in the run.json beside the file.
    """
    use_protocol_settings(checkpoint)
    about = path.with_name(NAME)
    run = read_own_run(about)
    total = run.sentences
    chosen = {i * total // count for i in range(count)} if count < total else set(range(total))
    with path.open(encoding="utf-8") as lines:
        records = (json.loads(line) for index, line in enumerate(lines) if index in chosen)
        differing = [found for found in (_difference(checkpoint, record) for record in records) if found is not None]
    verified = {"sentences": len(chosen), "dtype": checkpoint.dtype, "differences": [asdict(d) for d in differing]}
    write_run(about, replace(run, more={**run.more, "verified": verified}))
    first = f"Compared with plain greedy decoding in {checkpoint.dtype}: {len(differing)} of {count} differ."
    return [first, *(f"  {d.sentence} after {d.token} tokens; best logits {d.gap:.3g} apart" for d in differing)]


@torch.inference_mode()
def _difference(checkpoint: Checkpoint, record: Json) -> Difference | None:
    text: str = record["prediction"]
    ((ids, room, _),) = prompt_ids(checkpoint, [record["instance"]["instruction_inputs"]])
    output = checkpoint.model.generate(
        input_ids=torch.tensor([ids], device=checkpoint.model.device),
        max_new_tokens=room,
        output_logits=True,
        return_dict_in_generate=True,
    )
    tokens = output.sequences[0, 1 if checkpoint.encoder_decoder else len(ids) :].tolist()
    ends = end_tokens(checkpoint)
    tokens = tokens[: next((i for i, token in enumerate(tokens) if token in ends), len(tokens))]
    if _text(checkpoint, tokens) == text:
        return None
    agreeing = next((n for n in range(len(tokens) + 1) if not text.startswith(_text(checkpoint, tokens[:n]))), None)
    place = len(tokens) if agreeing is None else agreeing - 1
    best = output.logits[min(place, len(output.logits) - 1)][0].float().topk(2).values
    name = f"{record['dataset']}/{record['split']}/{record['instance']['id']}"
    return Difference(name, place, float(best[0] - best[1]))


def _text(checkpoint: Checkpoint, tokens: list[int]) -> str:
    text: str = checkpoint.tokenizer.decode(
        tokens, skip_special_tokens=True, clean_up_tokenization_spaces=CLEAN_UP_TOKENIZATION_SPACES
    )
    return text
