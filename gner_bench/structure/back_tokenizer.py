"""Back-tokenization: what a word looks like after the model's tokenizer has encoded and decoded it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from gner_bench.errors import InputError

FILES = ("tokenizer.json", "tokenizer.model", "spiece.model")
"""Tokenizer files in the order in which a checkpoint folder is searched for them."""


class BackTokenizer:
    """Encodes words one by one and decodes them without special tokens; remembers the words it has seen.

    ``fingerprint`` is the SHA-256 (hex) of the tokenizer file, for the signature.
    """

    def __init__(self, roundtrip: Callable[[list[str]], list[str]], fingerprint: str) -> None:
        self.fingerprint = fingerprint
        self._roundtrip = roundtrip
        self._seen: dict[str, str] = {}

    def __call__(self, words: Sequence[str]) -> list[str]:
        self.learn(words)
        return [self._seen[word] for word in words]

    def learn(self, words: Iterable[str]) -> None:
        """Remember words that are going to be asked for: many at once take less time than few."""
        fresh = [word for word in dict.fromkeys(words) if word not in self._seen]
        if fresh:
            self._seen.update(zip(fresh, self._roundtrip(fresh), strict=True))


def tokenizer_file(path: Path) -> Path | None:
    """``path`` itself if it is a file, otherwise the first tokenizer file in the folder ``path``, or None."""
    if path.is_file():
        return path
    return next((path / name for name in FILES if (path / name).is_file()), None)


def load_back_tokenizer(path: Path) -> BackTokenizer:
    """Load from a ``tokenizer.json``, a SentencePiece model or a folder with one of them.

    Raises InputError when there is none or it cannot be read.
    """
    file = tokenizer_file(path)
    if file is None:
        raise InputError(path, f"no tokenizer here (looked for {', '.join(FILES)})")
    load = _fast_tokenizer if file.suffix == ".json" else _sentencepiece
    try:
        content = file.read_bytes()
        return BackTokenizer(load(content), hashlib.sha256(content).hexdigest())
    except OSError as error:
        raise InputError(file, error.strerror or str(error)) from None
    except Exception as error:  # both libraries raise bare Exception or RuntimeError on bad files
        raise InputError(file, f"is not a tokenizer file ({error})") from None


def _fast_tokenizer(content: bytes) -> Callable[[list[str]], list[str]]:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_buffer(content)
    tokenizer.no_padding()
    tokenizer.no_truncation()

    def roundtrip(words: list[str]) -> list[str]:
        return list(tokenizer.decode_batch([e.ids for e in tokenizer.encode_batch(words)], skip_special_tokens=True))

    return roundtrip


def _sentencepiece(content: bytes) -> Callable[[list[str]], list[str]]:
    from sentencepiece import SentencePieceProcessor

    processor = SentencePieceProcessor(model_proto=content)
    unknown = processor.unk_id()

    def roundtrip(words: list[str]) -> list[str]:
        return [processor.decode([piece for piece in ids if piece != unknown]) for ids in processor.encode(words)]

    return roundtrip
