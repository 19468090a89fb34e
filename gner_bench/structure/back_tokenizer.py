"""Back-tokenization: what a word looks like after the model's tokenizer has encoded and decoded it."""

from __future__ import annotations

import hashlib
import json
import re
import string
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, reduce
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gner_bench.errors import InputError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

FILES = ("tokenizer.json", "tokenizer.model", "spiece.model")
"""Tokenizer files in the order in which a checkpoint folder is searched for them."""
CLEANED = tuple((f" {mark}", mark.strip()) for mark in (".", "?", "!", ",", "' ", "n't", "'m", "'s", "'ve", "'re"))
"""What is replaced, in the order of transformers."""
Roundtrip = Callable[[list[str]], list[str]]
PLAIN = frozenset(string.ascii_lowercase + string.digits)


class BackTokenizer:
    """Encodes words one by one and decodes them without special tokens; remembers the words it has seen.

    ``fingerprint`` is the SHA-256 (hex) of the tokenizer file, for the signature. Words of ``unchanged`` characters
    alone are known to come back as they are and are not encoded.
    """

    def __init__(self, roundtrip: Roundtrip, fingerprint: str, unchanged: frozenset[str] = frozenset()) -> None:
        self.fingerprint, self.unchanged = fingerprint, unchanged
        self._roundtrip = roundtrip
        self._seen: dict[str, str] = {}

    def __call__(self, words: Sequence[str]) -> list[str]:
        try:
            return list(map(self._seen.__getitem__, words))
        except KeyError:
            self.learn(words)
            return list(map(self._seen.__getitem__, words))

    def learn(self, words: Iterable[str]) -> None:
        """Remember words that are going to be asked for: many at once take less time than few."""
        fresh = {word: word for word in words if word not in self._seen}
        changing = [word for word in fresh if not self.unchanged.issuperset(word)]
        if changing:
            fresh.update(zip(changing, self._roundtrip(changing), strict=True))
        self._seen.update(fresh)


def tokenizer_file(path: Path) -> Path | None:
    """``path`` itself if it is a file, otherwise the first tokenizer file in the folder ``path``, or None."""
    if path.is_file():
        return path
    return next((path / name for name in FILES if (path / name).is_file()), None)


def load_back_tokenizer(path: Path, clean_up_spaces: bool = False) -> BackTokenizer:
    """Load a ``tokenizer.json`` or SentencePiece model, or a folder's. Raises InputError for none or a bad one.

    Special tokens that a word spells out (``</s>``, ``<pad>``, T5's ``<extra_id_0>``) vanish as in GNER's evaluation.
    ``clean_up_spaces`` takes the space before ``.``, ``?``, ``n't`` and the like off what is decoded, as transformers
    did by default when GNER was evaluated.
    """
    file = tokenizer_file(path)
    if file is None:
        raise InputError(path, f"no tokenizer here (looked for {', '.join(FILES)})")
    if file.suffix != ".json":
        from sentencepiece import SentencePieceProcessor
    try:
        content = file.read_bytes()
        fingerprint = hashlib.sha256(content).hexdigest()
        if file.suffix != ".json":
            roundtrip = _with_sentencepiece(SentencePieceProcessor(model_proto=content))
            return BackTokenizer(_cleaned(roundtrip) if clean_up_spaces else roundtrip, fingerprint)
        tokenizer, unchanged = _read(content)
    except OSError as error:
        raise InputError(file, error.strerror or str(error)) from None
    except Exception as error:  # both libraries raise bare Exception or RuntimeError on bad files
        raise InputError(file, f"is not a tokenizer file ({error})") from None

    def decoded(words: list[str]) -> list[str]:
        ids = [encoding.ids for encoding in tokenizer.encode_batch_fast(words)]
        return list(tokenizer.decode_batch(ids, skip_special_tokens=True))

    # What is cleaned up has a space in it, so that plain words stay as they are.
    return BackTokenizer(_cleaned(decoded) if clean_up_spaces else decoded, fingerprint, unchanged)


@lru_cache(maxsize=1)
def _read(content: bytes) -> tuple[Tokenizer, frozenset[str]]:
    """A tokenizer of a ``tokenizer.json`` and what it leaves ``unchanged``; that of several systems is read once."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_buffer(content)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer, _unchanged(tokenizer)


def _with_sentencepiece(processor: Any) -> Roundtrip:
    """As transformers encodes and decodes, which tells special tokens in a text before the model sees the rest."""
    unknown = processor.unk_id()
    pieces = range(processor.get_piece_size())
    special = [re.escape(processor.id_to_piece(p)) for p in pieces if processor.is_control(p) or p == unknown]
    if processor.pad_id() >= 0:  # T5's models alone; its sentinels are not in the file
        special.append(r"<extra_id_\d\d?>")
    specials = re.compile("|".join(special))

    def decode(ids: list[int]) -> str:
        return str(processor.decode([piece for piece in ids if piece != unknown]))

    def decoded(words: list[str]) -> list[str]:
        parted = [specials.split(word) if "<" in word else [word] for word in words]
        texts = map(decode, processor.encode([part for parts in parted for part in parts]))
        # A part between special tokens begins with a space, also where all of it is outside the vocabulary.
        return [" ".join(text for part, text in zip(parts, texts, strict=False) if part) for parts in parted]

    return decoded


def _cleaned(roundtrip: Roundtrip) -> Roundtrip:
    """Followed by the replacements of transformers' ``clean_up_tokenization``, one after the other."""

    def cleaned(words: list[str]) -> list[str]:
        texts = roundtrip(words)
        return [
            reduce(lambda text, pair: text.replace(*pair), CLEANED, text) if " " in text else text for text in texts
        ]

    return cleaned


def _unchanged(tokenizer: Tokenizer) -> frozenset[str]:
    """The lower-case ASCII letters and digits, if all words of them come back as they are, as with T5's tokenizer.

    A Unigram model splits a text into pieces whose concatenation it is, and takes a character as unknown only where no
    piece is that character alone (Kudo 2018, Subword Regularization). So a word is itself again when each of its
    characters is a piece, the normalizer leaves it, and no added token is in it. What is not known to be so is not.
    """
    parts = tokenizer.normalizer, tokenizer.model, tokenizer.pre_tokenizer, tokenizer.decoder
    if tuple(type(part).__name__ for part in parts) != ("Sequence", "Unigram", "Metaspace", "Metaspace"):
        return frozenset()
    pairs = ["".join(pair) for pair in product(PLAIN, repeat=2)]
    for step in tokenizer.normalizer:
        # What is about spaces or characters alone leaves plain words as they are.
        kind = type(step).__name__
        if kind == "Replace":
            plain = json.loads(step.__getstate__())["pattern"] == {"Regex": " {2,}"}
        else:
            plain = kind in ("Precompiled", "Strip") and all(step.normalize_str(pair) == pair for pair in pairs)
        if not plain:
            return frozenset()
    pieces = all(tokenizer.token_to_id(character) is not None for character in PLAIN)
    added = any(PLAIN.issuperset(token.content) for token in tokenizer.get_added_tokens_decoder().values())
    return PLAIN if pieces and not added else frozenset()
