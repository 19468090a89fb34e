"""Familiarity (Golde et al., NAACL 2025): how close the types of a data set are to the types that were trained on.

Of one type: cosines of its embedding with those of all training types, negative ones as 0, each as often as the type
has mentions in the training data; of these the ``k`` highest, weighted by 1 over their rank (Zipf), as a mean. Where
the training data has fewer mentions, those that lack count as 0. Of a data set: the plain mean over its types.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gner_bench.documents.scores import Familiarity
from gner_bench.errors import InputError, first_line
from gner_bench.extras import installed, required

Embed = Callable[[Sequence[str]], NDArray[np.float64]]
"""From texts to embeddings, shape (texts, dimensions)."""
K = 1000
"""The authors' choice."""
BATCH = 64


def familiarities(
    sets: Mapping[str, Sequence[str]], trained: Mapping[str, int], embed: Embed, encoder: str, k: int = K
) -> dict[str, Familiarity]:
    """That of each data set by its types, for ``trained`` types with their mentions; sets without types have none."""
    known = [kind for kind, count in trained.items() if count]
    asked = list(dict.fromkeys(kind for types in sets.values() for kind in types))
    if not known or not asked:
        return {}
    vectors = _unit(embed([*asked, *known]))
    similar = np.clip(vectors[: len(asked)] @ vectors[len(asked) :].T, 0, 1)
    counts = np.array([trained[kind] for kind in known])
    of_type = {kind: _of_type(row, counts, k) for kind, row in zip(asked, similar, strict=True)}
    by_set = {name: {kind: of_type[kind] for kind in types} for name, types in sets.items() if types}
    return {name: Familiarity(encoder, k, sum(of.values()) / len(of), of) for name, of in by_set.items()}


def _of_type(similar: NDArray[np.float64], counts: NDArray[np.int64], k: int) -> float:
    order = np.argsort(-similar, kind="stable")
    closest = np.repeat(similar[order], np.minimum(counts[order], k))[:k]
    weights = 1 / np.arange(1, k + 1)
    return float(closest @ weights[: len(closest)] / weights.sum())


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Vectors of length 1, but for zeros."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)


def load_encoder(name: str) -> Embed:
    """The sentence encoder in a folder or on the hub.

    sentence-transformers runs it where that is installed; otherwise transformers does, and an embedding is the mean
    over the tokens of the last layer. Raises UsageError without either, InputError for what is no encoder.
    """
    try:
        if installed("sentence_transformers"):
            model: Any = required("sentence_transformers").SentenceTransformer(name, device="cpu")
            return lambda texts: np.asarray(model.encode(list(texts)), dtype=np.float64)
        return _pooled(name)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise InputError(name, f"cannot be loaded as a sentence encoder: {first_line(error)}") from None


def _pooled(name: str) -> Embed:
    transformers = required("transformers")
    torch = required("torch")
    transformers.logging.set_verbosity_error()
    safe: dict[str, Any] = {"trust_remote_code": False}
    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(name, **safe)
    model: Any = transformers.AutoModel.from_pretrained(name, dtype=torch.float32, use_safetensors=True, **safe).eval()
    if model.config.is_encoder_decoder:
        model = model.get_encoder()

    def embed(texts: Sequence[str]) -> NDArray[np.float64]:
        found = []
        for start in range(0, len(texts), BATCH):
            batch = tokenizer(list(texts[start : start + BATCH]), padding=True, truncation=True, return_tensors="pt")
            with torch.inference_mode():
                states = model(**batch).last_hidden_state
            mask = batch["attention_mask"].unsqueeze(-1)
            found.append(((states * mask).sum(1) / mask.sum(1)).double().numpy())
        return np.concatenate(found)

    return embed
