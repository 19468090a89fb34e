"""A byte-fallback BPE tokenizer in which the fixed parts of a GNER prompt and output are one token each."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from gner_bench.prompting import INSTRUCTION, SENTENCE_JOINT, TYPES_JOINT

PAD, END, UNKNOWN = "<pad>", "</s>", "<unk>"
MARKUP = [INSTRUCTION + TYPES_JOINT.rstrip(" "), SENTENCE_JOINT.rstrip(" "), "(O)", "(B-", "(I-", ")"]


def train_tokenizer(texts: Iterable[str], vocabulary: int, alphabet: int = 160) -> Tokenizer:
    """Learn ``vocabulary`` pieces from ``texts``; characters outside the ``alphabet`` most frequent become bytes."""
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = _pieces("never")
    specials = [PAD, END, UNKNOWN, *(f"<0x{byte:02X}>" for byte in range(256))]
    learner.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=vocabulary - len(MARKUP),
            special_tokens=specials,
            limit_alphabet=alphabet,
            show_progress=False,
        ),
    )
    return _with_markup(json.loads(learner.to_str())["model"])


def _pieces(prepend_scheme: str) -> pre_tokenizers.PreTokenizer:
    """Words with the space before them; the comma that ends a type stands alone, so that types keep one spelling."""
    words = pre_tokenizers.Metaspace(prepend_scheme=prepend_scheme)
    return pre_tokenizers.Sequence([words, pre_tokenizers.Split(Regex("(?<=[^▁]),"), behavior="isolated")])


def _with_markup(learned: dict[str, Any]) -> Tokenizer:
    merges = [(left, right) for left, right in learned["merges"]]
    tokenizer = Tokenizer(models.BPE(learned["vocab"], merges, unk_token=UNKNOWN, byte_fallback=True))
    tokenizer.pre_tokenizer = _pieces("first")
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(content=" ", left=1, right=0),
        ]
    )
    tokenizer.add_special_tokens([PAD, END, UNKNOWN])
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in MARKUP])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {END}", special_tokens=[(END, tokenizer.token_to_id(END))]
    )
    return tokenizer
