"""What decoding takes of an accelerator's memory, by arithmetic, and how many sentences side by side fit.

Weights, cache and logits are counted exactly; what a pass makes on its way is counted as of fused attention, which
keeps no scores. tests/predict/test_memory.py compares it with the tensors that a pass of these shapes makes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from gner_bench.errors import GnerBenchError

if TYPE_CHECKING:
    import torch

GRAPH = 16 * 2**20
"""Bytes that a recorded graph takes by itself, for its kernels' arguments: read elsewhere, not measured here."""
READ_AHEAD, READ_AHEAD_CPU = 8192, 512
"""Tokens of prompts that are read together, at least one prompt; on a CPU what they become stays in its caches."""
PUSHED = 4096
"""Tokens of all rows in one pass on an accelerator. At some 300 a pass of 16 bits is no longer bound by reading
weights, so that more cost as much each as they would in a pass of their own."""
LONGEST_PASS = 129
"""Tokens of a row in one pass: the last accepted one and the longest draft."""
SHARE = 0.9
"""The part of the free memory that is planned with; allocators lose some between blocks."""
MOST_ROWS = 256


class Memory(NamedTuple):
    """Bytes by what takes them.

    ``cache`` are keys and values of all rows, ``prompts`` what is read ahead and the reading itself, ``passes`` what a
    pass makes on its way, ``graphs`` what recorded passes take besides.
    """

    weights: int
    cache: int
    prompts: int
    passes: int
    graphs: int

    @property
    def total(self) -> int:
        return sum(self)

    def __str__(self) -> str:
        return ", ".join(f"{name} {gigabytes(size)}" for name, size in zip(self._fields, self, strict=True) if size)


def memory_of(
    *,
    parameters: int,
    layers: int,
    heads: int,
    kv_heads: int,
    head_size: int,
    width: int,
    inner: int,
    vocabulary: int,
    encoder_decoder: bool,
    rows: int,
    source: int,
    output: int,
    tokens: int,
    graphs: int,
    itemsize: int = 2,
) -> Memory:
    """The memory of decoding ``rows`` sentences side by side, each of a prompt of ``source`` and an ``output`` of so
    many tokens, in passes of ``tokens`` for each row, of which ``graphs`` are recorded.

    ``parameters`` counts all weights, each of ``itemsize`` bytes; ``layers`` are those of the decoder, ``inner`` is the
    width of its feed-forward layers. T5 (``encoder_decoder``) keeps the prompt in a cache of its own and has a bias for
    every head; in other models prompt and output share a cache.
    """
    pushed, a_token = rows * tokens, 2 * layers * kv_heads * head_size * itemsize
    length = output if encoder_decoder else source + output
    layer = (heads + 2 * kv_heads + 2 * heads) * head_size + 4 * width + 3 * inner
    repeated = 2 * rows * length * heads * head_size * itemsize if kv_heads < heads else 0
    logits = pushed * vocabulary * itemsize
    # The bias of T5 is looked up by distances, 64-bit numbers in three steps.
    mask = pushed * length * (heads * itemsize if encoder_decoder else itemsize)
    steps = pushed * length * (3 * 8 if encoder_decoder else 1)
    passes = mask + max(steps, pushed * layer * itemsize + repeated, 2 * logits)
    read = max(source, min(rows * source, READ_AHEAD))
    biases = 2 * read * source * heads * itemsize if encoder_decoder else read * source * itemsize
    return Memory(
        weights=parameters * itemsize,
        cache=rows * (source + output) * a_token,
        prompts=read * (a_token + layer * itemsize) + biases,
        passes=passes,
        graphs=(graphs * GRAPH + 2 * logits) if graphs else 0,
    )


def shape_of(config: Any, parameters: int) -> dict[str, Any]:
    """What ``memory_of`` takes of a model's configuration (transformers), T5's or LLaMA's."""
    if config.is_encoder_decoder:
        heads = kv_heads = config.num_heads
        sizes = config.num_decoder_layers, config.d_kv, config.d_model, config.d_ff
    else:
        heads, kv_heads = config.num_attention_heads, config.num_key_value_heads
        size = getattr(config, "head_dim", None) or config.hidden_size // heads
        sizes = config.num_hidden_layers, size, config.hidden_size, config.intermediate_size
    shape = dict(zip(("layers", "head_size", "width", "inner"), sizes, strict=True))
    kind = {"encoder_decoder": bool(config.is_encoder_decoder), "vocabulary": config.vocab_size}
    return {**shape, **kind, "parameters": parameters, "heads": heads, "kv_heads": kv_heads}


def most_rows(free: int, source: int, output: int, itemsize: int, graphs: int = 0, **shape: Any) -> int:
    """How many sentences side by side fit ``free`` bytes beside the weights, at most MOST_ROWS; 0 where none does.

    Prompts and outputs are of ``source`` and ``output`` tokens; ``shape`` is that of ``shape_of``.
    """
    for rows in range(MOST_ROWS, 0, -1):
        need = memory_of(
            rows=rows,
            source=source,
            output=output,
            tokens=longest_pass(rows),
            graphs=graphs,
            itemsize=itemsize,
            **shape,
        )
        if need.total - need.weights <= free * SHARE:
            return rows
    return 0


def longest_pass(rows: int) -> int:
    """The most tokens of a row in one pass on an accelerator."""
    return max(2, min(LONGEST_PASS, PUSHED // rows))


def free_bytes(devices: Sequence[torch.device]) -> int | None:
    """The bytes that are free for what a model does not take, of whose parts these are the ``devices``; None on a CPU.

    Layers on several devices have their caches there, so that the fullest device decides for all.
    """
    import torch

    shares = Counter(devices)
    if any(device.type != "cuda" for device in shares):
        return None
    free = []
    for device, count in shares.items():
        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        free.append((torch.cuda.mem_get_info(device)[0] + unused) * len(devices) / count)
    return int(min(free, default=0))


def require_weights_fit(name: str, dtype: str, weights: int, device: torch.device) -> None:
    """Raise GnerBenchError with the numbers where the ``weights``, in bytes, are more than is free on a device."""
    free = free_bytes([device])
    if free is not None and weights > free:
        sizes = f"the weights take {gigabytes(weights)}, and {gigabytes(free)} of {device} are free"
        raise GnerBenchError(f"{name} in {dtype} does not fit: {sizes}; {advice(dtype, weights)}")


def advice(dtype: str, need: int) -> str:
    """What to change where ``need`` bytes do not fit."""
    half = "--dtype bf16, which halves it, " if dtype == "fp32" else ""
    return (
        f"try {half}--device map, which uses all GPUs and the main memory, or a GPU with {gigabytes(int(need / SHARE))}"
    )


def gigabytes(size: int) -> str:
    """Bytes as people read them, in units of 10⁹."""
    return f"{size / 1e9:,.1f} GB" if size >= 5e7 else f"{size / 1e6:,.1f} MB"
