"""Back-tokenization: what a word looks like after the model's tokenizer has encoded and decoded it."""

from __future__ import annotations

import hashlib
import json
import string
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from gner_bench.errors import InputError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

FILES = ("tokenizer.json", "tokenizer.model", "spiece.model")
"""Tokenizer files in the order in which a checkpoint folder is searched for them."""
PLAIN = frozenset(string.ascii_lowercase + string.digits)


class BackTokenizer:
    """Encodes words one by one and decodes them without special tokens; remembers the words it has seen.

    ``fingerprint`` is the SHA-256 (hex) of the tokenizer file, for the signature. Words of ``unchanged`` characters
    alone are known to come back as they are and are not encoded.
    """

    def __init__(
        self, roundtrip: Callable[[list[str]], list[str]], fingerprint: str, unchanged: frozenset[str] = frozenset()
    ) -> None:
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


def load_back_tokenizer(path: Path) -> BackTokenizer:
    """Load a ``tokenizer.json`` or SentencePiece model, or a folder's. Raises InputError for none or a bad one."""
    file = tokenizer_file(path)
    if file is None:
        raise InputError(path, f"no tokenizer here (looked for {', '.join(FILES)})")
    try:
        content = file.read_bytes()
        fingerprint = hashlib.sha256(content).hexdigest()
        if file.suffix != ".json":
            from sentencepiece import SentencePieceProcessor

            processor = SentencePieceProcessor(model_proto=content)
            unknown = processor.unk_id()

            def decoded(words: list[str]) -> list[str]:
                return [processor.decode([p for p in ids if p != unknown]) for ids in processor.encode(words)]

            return BackTokenizer(decoded, fingerprint)
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_buffer(content)
        tokenizer.no_padding()
        tokenizer.no_truncation()
        unchanged = _unchanged(tokenizer)
    except OSError as error:
        raise InputError(file, error.strerror or str(error)) from None
    except Exception as error:  # both libraries raise bare Exception or RuntimeError on bad files
        raise InputError(file, f"is not a tokenizer file ({error})") from None

    def roundtrip(words: list[str]) -> list[str]:
        ids = [encoding.ids for encoding in tokenizer.encode_batch_fast(words)]
        return list(tokenizer.decode_batch(ids, skip_special_tokens=True))

    return BackTokenizer(roundtrip, fingerprint, unchanged)


def _unchanged(tokenizer: Tokenizer) -> frozenset[str]:
    """The lower-case ASCII letters and digits, if all words of them come back as they are, as with T5's tokenizer.

    A Unigram model splits a text into pieces whose concatenation it is, and takes a character as unknown only where no
    piece is that character alone (Kudo 2018, Subword Regularization). So a word is itself again when each of its
    characters is a piece, the normalizer leaves it, and no added token stands in it. What is not known to be so is not.
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
