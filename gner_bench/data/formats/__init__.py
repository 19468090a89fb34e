"""The file formats of corpora and of predictions: which there are, and which one a file is in; one module a format.

``FORMATS`` is open to other packages, which add a format by an entry point of the group ``gner_bench.data_formats``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from gner_bench.answers.answer import Answer, AnswerFormat
from gner_bench.bio import Reading, TagReader
from gner_bench.catalog import catalog
from gner_bench.data.formats.columns import looks_like_columns
from gner_bench.data.sentence import Dataset, Sentence
from gner_bench.documents.fields import Fields, first_object
from gner_bench.errors import InputError, UsageError
from gner_bench.files import STDIN, read_text
from gner_bench.plugins import Registry


@dataclass(frozen=True)
class Source:
    """A file to read, of gold or of predictions; ``name``, ``split`` and ``types`` hold where gold does not say them.

    ``types`` are those after renaming; without them a format that lists no types takes those it meets. ``config`` and
    ``revision`` are of data sets of the hub.
    """

    path: Path
    name: str = ""
    split: str = ""
    types: tuple[str, ...] | None = None
    reading: Reading = field(default_factory=Reading)
    config: str | None = None
    revision: str | None = None

    def tag_reader(self) -> TagReader:
        return TagReader(self.path, self.types, self.reading)

    def dataset(self, sentences: list[Sentence], tags: TagReader) -> Dataset:
        """The data set of ``sentences`` that ``tags`` has read. Raises InputError when there is no sentence."""
        if not sentences:
            raise InputError(self.path, "is empty: no sentence in it")
        types = self.types if self.types is not None else tuple(tags.seen)
        remark = tags.remark()
        remarks = (f"{self.name}/{self.split}: {remark}",) if remark else ()
        return Dataset(self.name, self.split, types, tuple(sentences), tags.repaired, remarks=remarks)


@dataclass(frozen=True, slots=True)
class Predicted:
    """What a file predicts for one sentence, and where that is: ``fields`` name its place in errors.

    ``words`` are the sentence's as the file has them, none where it does not say. The ``answer`` is read already or,
    where ``format`` is given, still a ``text`` in it. ``id``, ``dataset``, ``split`` and the ``gold`` tags
    with their ``types`` are there as far as the file has them. ``scheme`` is what signatures call the reading of tags
    in another scheme than BIO.
    """

    fields: Fields
    words: tuple[str, ...]
    answer: Answer | None = None
    text: str = ""
    format: AnswerFormat | None = None
    id: str | None = None
    dataset: str | None = None
    split: str | None = None
    gold: tuple[str, ...] | None = None
    types: tuple[str, ...] = ()
    scheme: str = ""


@dataclass(frozen=True)
class DataFormat:
    """A file format. ``title`` is a line for lists of formats.

    ``read`` gives the data sets with gold tags of a file, in file order; ``read_predictions`` its predictions, with the
    gold tags in it where a reading of them is given, which a file may hold if ``gold_inside``. ``write(path, datasets,
    lossy)`` writes data sets and returns the files; it raises InputError for what the format cannot hold. Each is None
    where the format is not for that. ``assumed`` says what the reading of predictions takes for granted; ``version`` is
    what signatures call it, and changes when the same file gives other tags.

    Files are told by their ``suffixes`` (in the order in which the file of a split is looked for) and, of formats that
    share these, by one of the ``keys`` of their first JSON object. ``folder``: a data set is a folder, not a file.
    ``example`` is what a file looks like, a few lines at most.
    """

    name: str
    title: str
    read: Callable[[Source], list[Dataset]] | None = None
    read_predictions: Callable[[Source, Reading | None], Iterator[Predicted]] | None = None
    write: Callable[[Path, Sequence[Dataset], bool], list[Path]] | None = None
    suffixes: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    example: str = ""
    version: str = ""
    assumed: tuple[str, ...] = ()
    gold_inside: bool = False
    folder: bool = False


JSON_SUFFIXES = (".jsonl", ".jsonl.gz", ".json")
# The order is that in which the file of a split is looked for by suffix, and the keys of a JSON object are tried.
FORMATS = Registry(
    "gner_bench.data_formats",
    "data format",
    DataFormat,
    {
        "gner": "gner_bench.data.formats.gner:GNER_LAYOUT",
        "gner-jsonl": "gner_bench.data.formats.gner_jsonl:GNER_JSONL",
        "spans": "gner_bench.data.formats.spans:SPANS",
        "tokens": "gner_bench.data.formats.tokens:TOKENS",
        "doccano": "gner_bench.data.formats.spans:DOCCANO",
        "label-studio": "gner_bench.data.formats.label_studio:LABEL_STUDIO",
        "uniner": "gner_bench.data.formats.uniner:UNINER",
        "conll": "gner_bench.data.formats.conll:CONLL",
        "hub": "gner_bench.data.formats.hub:HUB",
        "slimer": "gner_bench.data.formats.answers:SLIMER",
        "text": "gner_bench.data.formats.answers:TEXT",
        "inline": "gner_bench.data.formats.answers:INLINE",
        "mentions": "gner_bench.data.formats.mentions:MENTIONS",
        "list": "gner_bench.data.formats.mentions:LIST",
    },
)


def suffixes() -> tuple[str, ...]:
    """How the file of a split may end, in the order of preference."""
    return tuple(dict.fromkeys(chain.from_iterable(format.suffixes for format in FORMATS.usable().values())))


def detect(path: Path) -> str:
    """The format of a file by its name and, for JSON, the keys of its first object; columns of words and tags also by
    their first line. Raises InputError for none."""
    if not path.exists() and path != STDIN:
        message = "no such file or folder"
        if catalog().find_dataset(str(path)) is not None:
            message += f"; `gner-bench download {path}` puts that data set into $(gner-bench cache path)/data/{path}"
        raise InputError(path, message)
    name = path.name.lower().removesuffix(".gz")
    if path == STDIN:  # which has no name, so that its first character tells
        name = ".json" if read_text(path).lstrip()[:1] in ("{", "[") else ".conll"
    fitting = [
        (known, format)
        for known, format in FORMATS.usable().items()
        if not format.folder and any(name.endswith(suffix.removesuffix(".gz")) for suffix in format.suffixes)
    ]
    first = first_object(path) if any(format.keys for _, format in fitting) else {}
    for known, format in fitting:
        if not format.keys or not first.keys().isdisjoint(format.keys):
            return known
    if not fitting and looks_like_columns(read_text(path).lstrip().partition("\n")[0]):
        return "conll"
    readable = ", ".join(known for known, format in FORMATS.usable().items() if format.suffixes and not format.folder)
    raise InputError(path, f"is in no format that can be told from it; known: {readable}")


def read_file(source: Source, format: str = "auto") -> list[Dataset]:
    """The data sets of a file, in file order.

    Raises InputError for content that is not of the format, UsageError for a format that holds no gold tags.
    """
    name = detect(source.path) if format == "auto" else format
    read = FORMATS.get(name).read
    if read is None:
        raise UsageError(f"{source.path}: the format {name} is not read as a file of gold tags")
    return read(source)
