"""A byte-fallback BPE tokenizer in which the fixed parts of prompts and outputs are one token each."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from gner_bench.answers.gner import INSTRUCTION, SENTENCE_JOINT, TYPES_JOINT, Scheme

PAD, END, UNKNOWN = "<pad>", "</s>", "<unk>"
PROMPT = [INSTRUCTION + TYPES_JOINT.rstrip(" "), SENTENCE_JOINT.rstrip(" ")]
LABELS: dict[Scheme, list[str]] = {
    "bio": ["(O)", "(B-", "(I-", ")"],
    "plain": ["(O)", "(", ")"],
    "bioes": ["(O)", "(B-", "(I-", "(E-", "(S-", ")"],
}


def markup(schemes: Sequence[Scheme] = ("bio",)) -> list[str]:
    """The fixed parts of a prompt and of the labels of ``schemes``, which are one token each."""
    return list(dict.fromkeys([*PROMPT, *(text for scheme in schemes for text in LABELS[scheme])]))


def train_tokenizer(
    texts: Iterable[str], vocabulary: int, alphabet: int = 160, schemes: Sequence[Scheme] = ("bio",)
) -> Tokenizer:
    """Learn ``vocabulary`` pieces from ``texts``; characters outside the ``alphabet`` most frequent become bytes.

    The labels of ``schemes`` are counted in, see ``markup``. The same texts give the same pieces: of characters that
    are as frequent the library would keep any, so they are chosen here, in the order of their code points.
    """
    fixed, kept = markup(schemes), list(texts)
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = _pieces("never")
    specials = [PAD, END, UNKNOWN, *(f"<0x{byte:02X}>" for byte in range(256))]
    learner.train_from_iterator(
        kept,
        trainers.BpeTrainer(
            vocab_size=vocabulary - len(fixed),
            special_tokens=specials,
            limit_alphabet=alphabet,
            initial_alphabet=_most_frequent(kept, alphabet),
            show_progress=False,
        ),
    )
    return _with_markup(json.loads(learner.to_str())["model"], fixed)


def _most_frequent(texts: Iterable[str], characters: int) -> list[str]:
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(text.replace(" ", "▁"))
    return sorted(sorted(counts), key=lambda character: -counts[character])[:characters]


def _pieces(prepend_scheme: str) -> pre_tokenizers.PreTokenizer:
    """Words with the space before them; the comma after a type is its own piece: types keep one spelling."""
    words = pre_tokenizers.Metaspace(prepend_scheme=prepend_scheme)
    return pre_tokenizers.Sequence([words, pre_tokenizers.Split(Regex("(?<=[^▁]),"), behavior="isolated")])


def _with_markup(learned: dict[str, Any], fixed: list[str]) -> Tokenizer:
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
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in fixed])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {END}", special_tokens=[(END, tokenizer.token_to_id(END))]
    )
    return tokenizer
