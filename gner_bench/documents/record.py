"""predictions.jsonl: one sentence a line with what a system answered for it, the record of the GNER authors."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from gner_bench.bio import split_tag
from gner_bench.documents.fields import DOCUMENT, Fields, Json, json_lines, renamed_keys
from gner_bench.errors import InputError, short
from gner_bench.files import STDIN, read_bytes

SLICE = 1 << 19
GNER = "gner"
"""The answer format of records that name none."""
FULL_BIO = "full+bio"
"""What the first edition called it, under the key ``target``."""


@dataclass(frozen=True, slots=True)
class Record:
    """One line: the sentence, its gold ``tags``, the ``types`` of its prompt, and the ``prediction``, an answer.

    ``asked`` are the names by which the prompt and the answer have the types, where these are others, in their order.
    ``format`` names the answer format (see gner_bench.answers); ``generation`` is what the run noted about the answer
    (``{"tokens": 87, "finish": "stop"}``), empty where it noted nothing. ``prompt`` is what the system was asked and
    ``gold_text`` what a perfect one would answer, ``document_id`` the document of the sentence, empty where unknown.
    """

    dataset: str
    split: str
    id: str
    types: tuple[str, ...]
    words: tuple[str, ...]
    tags: tuple[str, ...]
    prediction: str
    generation: Json
    line: int = 0
    format: str = GNER
    prompt: str = ""
    gold_text: str = ""
    document_id: str = ""
    asked: tuple[str, ...] = ()

    def document(self) -> Json:
        """The JSON object of the line."""
        return {
            "dataset": self.dataset,
            "split": self.split,
            **({} if self.format == GNER else {"format": self.format}),
            "label_list": list(self.types),
            **({"asked_types": list(self.asked)} if self.asked else {}),
            "instance": {
                "id": self.id,
                **({DOCUMENT: self.document_id} if self.document_id else {}),
                "words": list(self.words),
                "labels": list(self.tags),
                "instruction_inputs": self.prompt,
                "prompt_labels": self.gold_text,
            },
            "prediction": self.prediction,
            "generation": self.generation,
        }


def record_of(fields: Fields) -> Record:
    """The record of an object, keys that we do not know being ignored. Raises InputError naming line and field."""
    line = fields.line or 0
    instance = fields.inner("instance")
    words, tags = words_and_labels(instance)
    for tag in set(tags):
        if split_tag(tag) is None:
            raise instance.error("labels", f"{short(tag)} is neither O nor B-/I- with a type")
    # Files of the first edition have a target instead of a format.
    name = fields.optional("format" if "format" in fields.value else "target", str)
    types, asked = fields.strings("label_list"), fields.strings("asked_types") if "asked_types" in fields.value else ()
    if asked and (len(asked) != len(types) or len(set(asked)) < len(asked)):
        raise fields.error("asked_types", f"expected {len(types)} names, each of another type of label_list")
    generation, prompt = fields.value.get("generation"), instance.value.get("instruction_inputs")
    return Record(
        dataset=fields.get("dataset", str),
        split=fields.get("split", str) if "split" in fields.value else "unknown",
        id=str(instance.value.get("id", line - 1)),
        types=types,
        words=words,
        tags=tags,
        prediction=fields.get("prediction", str),
        generation=generation if isinstance(generation, dict) else {},
        line=line,
        format=GNER if name in (None, FULL_BIO) else name,
        prompt=prompt if isinstance(prompt, str) else "",
        document_id=instance.document() or fields.document(),
        asked=asked,
    )


def words_and_labels(instance: Fields) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words of a record's ``instance`` and as many labels."""
    words, labels = instance.strings("words"), instance.strings("labels")
    if len(words) != len(labels):
        raise instance.error("labels", f"{len(labels)} labels for {len(words)} words")
    return words, labels


@dataclass(frozen=True, slots=True)
class Slice:
    """Lines of a file: ``size`` bytes from byte ``start``, which begins line ``first``; None is to the end."""

    path: Path
    start: int = 0
    size: int | None = None
    first: int = 1


def slices(path: Path, size: int = SLICE) -> list[Slice]:
    """A ``.jsonl`` file in whole lines of about ``size`` bytes together; whole where it is none or compressed.

    Raises InputError when it cannot be read.
    """
    if path.suffix == ".gz" or not path.is_file():
        return [Slice(path)]
    parts, start, first = [], 0, 1
    try:
        with path.open("rb") as lines:
            while block := lines.read(size):
                block += lines.readline()
                if block.isspace():
                    return [Slice(path)]
                parts.append(Slice(path, start, len(block), first))
                start += len(block)
                first += block.count(b"\n")
    except OSError as error:
        raise InputError(path, error.strerror or str(error)) from None
    return parts or [Slice(path)]


def _opened(path: Path) -> IO[bytes]:
    if path == STDIN:
        return io.BytesIO(read_bytes(path))
    return cast(IO[bytes], gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def read_records(source: Path | Slice, keys: Mapping[str, str] | None = None) -> Iterator[Record]:
    """The records of a ``.jsonl(.gz)`` file or a slice, with ``keys`` as in ``renamed_keys``.

    Raises InputError (line, field) for bad ones and for none.
    """
    part = source if isinstance(source, Slice) else Slice(source)
    path = part.path
    try:
        with _opened(path) as content:
            if part.size is not None:
                content.seek(part.start)
                content = io.BytesIO(content.read(part.size))
            encoding = "utf-8" if part.start else "utf-8-sig"
            lines = io.TextIOWrapper(content, encoding=encoding, newline="\n")
            objects = json_lines(path, lines, part.first)
            yield from map(record_of, renamed_keys(objects, keys) if keys else objects)
    except UnicodeDecodeError:
        raise InputError(path, "is not UTF-8 text") from None
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(path, getattr(error, "strerror", None) or str(error)) from None
