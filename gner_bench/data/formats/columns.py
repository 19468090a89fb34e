"""Lines of columns: where the words and tags are in them, and which lines are sentences, comments and marks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from gner_bench.documents.fields import EMPTY
from gner_bench.errors import InputError, short
from gner_bench.files import read_text

SAMPLE_LINES = 1000
"""How many lines decide which column holds what."""
DOCUMENT_START = "-DOCSTART-"
CHUNKS = {"ADJP", "ADVP", "CONJP", "INTJ", "LST", "NP", "PP", "PRT", "SBAR", "UCP", "VP", "NC", "PC", "VC"}
"""What the types of a column of chunks are (CoNLL-2000, CoNLL-2003); such a column is beside that of entities."""
NAMES = {"word": "words", "gold": "gold tags", "tag": "tags"}
"""What a column can be said to hold."""
_TAG = re.compile(r"O|[BIESLUM]-.+")
_COMMENT = re.compile(r"#(?:\s|begin document|end document)")
_DOCUMENT = re.compile(r"#\s*(?:newdoc|begin document)\b|#\s*doc(?:ument)?[_ ]?(?:id)?\s*[=:]\s*(?P<name>.*\S)")
"""Comments that begin a document, or name the one that the next sentences are of."""
_KEY_AND_VALUE = re.compile(r"# \S+ = ")
_NUMBER = re.compile(r"(\d+)(?:[-.:]\d+)?", re.ASCII)
_BRACKETS = re.compile(r"(?:\([A-Z_]+)?\*\)?|\([A-Z_]+\)")
Rows = list[list[str]]


@dataclass(frozen=True)
class Columns:
    """Which of ``count`` columns (0: any number) hold words and tags, counted from 0.

    ``separator`` None is any run of spaces; ``bare`` tags are types without a prefix. ``skipped`` says what other
    columns hold that one could take for words or tags.
    """

    count: int
    word: int
    tag: int
    gold: int | None
    separator: str | None
    bare: bool = False
    skipped: tuple[str, ...] = ()

    def __str__(self) -> str:
        gap = "<TAB>" if self.separator else "<SPACE>"
        names = ["…"] * (self.count or max(self.needed) + 1)
        names[self.word], names[self.tag] = "word", "tag"
        if self.gold is not None:
            names[self.gold] = "gold tag"
        return gap.join(names) + ("" if self.count else f"{gap}…")

    @property
    def needed(self) -> tuple[int, ...]:
        return (self.word, self.tag) if self.gold is None else (self.word, self.gold, self.tag)

    @property
    def remark(self) -> str:
        """What people should know of the choice, empty where there was none."""
        if not self.skipped:
            return ""
        return f"words are in column {self.word + 1}, tags in column {self.tag + 1} ({', '.join(self.skipped)})"

    def cells(self, line: str) -> list[str]:
        # Other white space than the separator may be in words, such as a space of constant width.
        return line.split("\t") if self.separator else [cell for cell in line.split(" ") if cell]

    def is_comment(self, line: str) -> bool:
        """Whether a line that begins with ``#`` is one: a word with its tag, such as ``#<TAB>O``, is none."""
        cells = self.cells(line)
        if len(cells) == self.count or (not self.count and len(cells) > max(self.needed)):
            tag = cells[self.tag]
            is_tag = not re.search(r"\s", cells[self.word] + tag) if self.bare else _TAG.fullmatch(tag) is not None
            if is_tag and (self.separator or not _KEY_AND_VALUE.match(line)):
                return False
        return _COMMENT.match(line) is not None

    def is_mark(self, cells: Sequence[str]) -> bool:
        """Whether a line is the mark of a document's start and not a word that is in an entity."""
        if DOCUMENT_START not in (cells[0], cells[min(self.word, len(cells) - 1)]):
            return False
        rest = [cell for cell in cells if cell != DOCUMENT_START]
        return "O" in rest or not any(_TAG.fullmatch(cell) for cell in rest)


class Block(NamedTuple):
    """A sentence as it is in the file, from ``line`` on; ``gold`` is empty unless a column holds gold tags, and
    ``document`` unless a mark or a comment before it says of which document it is."""

    line: int
    words: tuple[str, ...]
    tags: tuple[str, ...]
    gold: tuple[str, ...]
    document: str = ""


def looks_like_columns(line: str) -> bool:
    """Whether a line of an unknown file may be a word with its tag, which is the first or the last of its cells."""
    cells = line.split()
    return len(cells) > 1 and any(_TAG.fullmatch(cell) for cell in (cells[0], cells[-1]))


def read_columns(
    path: Path, named: Mapping[str, int], bare: bool = False, predicted: bool = False, with_gold: bool = False
) -> tuple[Columns, list[Block]]:
    """The columns of a file, and its sentences.

    Lines of white space alone part sentences, and so do marks of a document's start, wherever they are. Lines that
    begin with ``# `` before a sentence are comments, unless they have a tag where tags are. Marks and some comments
    (``# newdoc``, ``#begin document``, ``# doc_id = NAME``) say of which document the next sentences are. ``named`` are
    columns that the user names, from 1. Of the others, that of tags is told by what is in it, and that of words is the
    first one that does not count or repeat one value in each sentence. ``predicted`` files hold, ``with_gold``, two
    columns of tags.

    Raises InputError naming line and field for lines with other columns, an empty word, and where it is open which
    column holds the tags or the words.
    """
    text = read_text(path)
    if text.startswith("#FORMAT=WebAnno"):
        raise InputError(path, "is WebAnno TSV; export it from INCEpTION or WebAnno as CoNLL 2002, which is read")
    lines = text.split("\n")
    columns = _find(path, lines, named, bare, predicted, with_gold)
    plain = not text.startswith("#") and "\n#" not in text and DOCUMENT_START not in text
    blocks: list[Block] = []
    start, begun, document = 0, 0, ""
    for stop, line in enumerate(chain(lines, [""])):
        if line and not line.isspace():
            continue
        for block in _blocks(path, lines[start:stop], start + 1, columns, plain) if start < stop else ():
            if isinstance(block, Block):
                blocks.append(block._replace(document=document) if document else block)
            else:
                begun += 1
                document = block or f"{DOCUMENT_START}{begun}"
        start = stop + 1
    return columns, blocks


def _blocks(path: Path, lines: Sequence[str], first: int, columns: Columns, plain: bool) -> Iterator[Block | str]:
    """The sentences in lines without a blank one between them, of which the first one has the number ``first``, and
    where a document begins its name, empty where it has none. ``plain`` lines are no comments or marks."""
    tabs, count, word, tag, gold = columns.separator, columns.count, columns.word, columns.tag, columns.gold
    if plain and tabs and count:
        # What nearly all files have is worth a faster way.
        cells = [line.split("\t") for line in lines]
        words = tuple([row[word] for row in cells if len(row) == count])
        if len(words) == len(lines) and "" not in words:
            golds = () if gold is None else tuple([row[gold] for row in cells])
            yield Block(first, words, tuple([row[tag] for row in cells]), golds)
            return
    rows: Rows = []
    for number, line in enumerate(chain(lines, [""]), start=first):
        is_break, begins = not line, None
        row = columns.cells(line)
        if line[:1] == "#" and columns.is_comment(line):
            if rows and line[1:2].isspace():
                message = "is inside a sentence and neither a word with its tag nor a comment, which comes before"
                raise InputError(path, f"{short(line)} {message}", number)
            is_break, begins = True, _DOCUMENT.match(line)
        is_mark = not is_break and DOCUMENT_START in line and columns.is_mark(row)
        if is_break or is_mark:
            if rows:
                golds = () if gold is None else tuple([row[gold] for row in rows])
                words, tags = (tuple([row[column] for row in rows]) for column in (word, tag))
                yield Block(number - len(rows), words, tags, golds)
            rows = []
            if begins or is_mark:
                yield (begins["name"] or "") if begins else ""
            continue
        if tabs is None and "\t" in line:
            raise InputError(path, "mixes tabs with the spaces of the lines before", number, "tag")
        if len(row) != count and (count or len(row) <= max(columns.needed)):
            found = "" if len(row) == 1 else f", found {len(row)} columns"
            raise InputError(path, f"expected {columns}{found}", number, "tag")
        if not row[word]:
            raise InputError(path, "the word is empty", number, "word")
        rows.append(row)


def _find(
    path: Path, lines: Sequence[str], named: Mapping[str, int], bare: bool, predicted: bool, with_gold: bool
) -> Columns:
    """The columns by what is in the first lines and what the user says of them."""
    blocks, first = _sample(lines)
    if not blocks:
        raise InputError(path, EMPTY.replace("record", "sentence"))
    separator = "\t" if "\t" in blocks[0][0] else None
    cut = Columns(0, 0, 0, None, separator).cells
    split = [[cut(line) for line in block] for block in blocks]
    count = len(split[0][0])
    chosen = {name: number - 1 for name, number in named.items()}
    uniform = all(len(row) == count for block in split for row in block)
    if {"word", "tag", *(("gold",) if with_gold else ())} <= chosen.keys():
        # Of files whose lines differ, such as CoNLL-2012, only the columns that are named must be there.
        gold = chosen["gold"] if with_gold else None
        columns = Columns(count if uniform else 0, chosen["word"], chosen["tag"], gold, separator, bare)
        if uniform and max(columns.needed) >= count:
            raise InputError(path, f"has {count} columns, not {max(columns.needed) + 1} as --columns says", first)
        return columns
    if count < 2:
        raise InputError(path, "expected word<TAB>tag", first, "tag")
    if any(number >= count for number in chosen.values()):
        raise InputError(path, f"has {count} columns, not {max(chosen.values()) + 1} as --columns says", first)
    sample = [[row for row in block if len(row) == count] for block in split]
    tags, chunks = _tag_columns(path, sample, count, first, bare)
    tags, gold = _chosen_tags(path, sample, tags, chosen, first, predicted, with_gold)
    word, skipped = _word_column(path, sample, {*tags, *chunks}, chosen, first)
    tag = tags[-1]
    if chunks:
        skipped.append(f"column {', '.join(str(chunk + 1) for chunk in chunks)} holds chunks")
    if not skipped and 0 < tag < count - 1 and "tag" not in chosen:
        skipped = [f"of {count}"]
    return Columns(count, word, tag, gold, separator, bare, tuple(skipped))


def _sample(lines: Sequence[str]) -> tuple[list[list[str]], int]:
    """The first sentences, each its lines, and the number of the first line in them. Lines that may be marks or
    comments are left out where there are others."""
    numbered = list(enumerate(lines[: 2 * SAMPLE_LINES], start=1))
    for left_out in (DOCUMENT_START, "#"):
        others = [pair for pair in numbered if left_out not in pair[1] or not pair[1].lstrip().startswith(left_out)]
        if any(line and not line.isspace() for _, line in others):
            numbered = others
    blocks: list[list[str]] = [[]]
    first = 0
    for number, line in numbered:
        if not line or line.isspace():
            blocks.append([])
            continue
        first = first or number
        blocks[-1].append(line)
    return [block for block in blocks if block], first


def _tag_columns(path: Path, sample: Sequence[Rows], count: int, first: int, bare: bool) -> tuple[list[int], list[int]]:
    """The columns of tags, at least one, and those of chunks beside them."""
    rows = list(chain.from_iterable(sample))
    cells = [[row[column] for row in rows] for column in range(count)]
    tagged = [sum(_TAG.fullmatch(cell) is not None for cell in column) for column in cells]
    tags = [column for column in range(count) if 2 * tagged[column] > len(rows)]
    chunks = []
    for column in tags:
        kinds = {cell[2:] for cell in cells[column]} - {""}
        if kinds and kinds <= CHUNKS:
            chunks.append(column)
    if len(chunks) < len(tags):
        tags = [column for column in tags if column not in chunks]
    else:
        chunks = []
    if count == 2 or (not tags and not bare):
        if not tags and (brackets := [c for c in range(count) if all(map(_BRACKETS.fullmatch, cells[c]))]):
            message = f"column {brackets[-1] + 1} holds spans in brackets, (GPE* … *), as in CoNLL-2012"
            raise InputError(path, f"{message}; convert them to BIO first", first, "tag")
        # Of two columns one is the tags, whatever is in them.
        tags = [max(range(count), key=lambda i: (tagged[i], i == count - 1, i == 0))]
    if len(tags) == count:
        tags = tags[1:]  # a few words that look like tags
    return tags or [count - 1], chunks


def _chosen_tags(
    path: Path,
    sample: Sequence[Rows],
    tags: list[int],
    chosen: Mapping[str, int],
    first: int,
    predicted: bool,
    with_gold: bool,
) -> tuple[list[int], int | None]:
    """The column of tags that is wanted as the only one or, after one of gold, the last; the column of gold."""
    if with_gold:
        left = [column for column in tags if column not in chosen.values()]
        if len(left) == len({"gold", "tag"} - chosen.keys()):
            gold = chosen["gold"] if "gold" in chosen else left.pop(0)
            return [gold, chosen["tag"] if "tag" in chosen else left[0]], gold
        if len(tags) < 2:
            columns = len(next(row for block in sample for row in block))
            message = f"expected word, gold tag and predicted tag (or --gold), found {columns} columns"
            raise InputError(path, message, first)
    elif "tag" in chosen:
        return [chosen["tag"], *(column for column in tags if column != chosen["tag"])][::-1], None
    elif len(tags) == 1:
        return tags, None
    numbers = [str(column + 1) for column in tags]
    example = f"word=N,gold={numbers[-2]},tag={numbers[-1]}" if with_gold else f"tag={numbers[0]}"
    what = "tags, of which two are gold and prediction" if with_gold else "tags"
    cells = ([row[column] for block in sample for row in block] for column in tags)
    seen = " and ".join(short(next((cell for cell in column if cell != "O"), "O"), 30) for column in cells)
    message = f"columns {', '.join(numbers[:-1])} and {numbers[-1]} hold {what} ({seen})"
    option = "--columns" if predicted or not with_gold else "--gold-columns"
    raise InputError(path, f"{message}; say which is meant, such as {option} {example}", first, "tag")


def _word_column(
    path: Path, sample: Sequence[Rows], tags: set[int], chosen: Mapping[str, int], first: int
) -> tuple[int, list[str]]:
    """The column of words, and what is in those before it."""
    if "word" in chosen:
        return chosen["word"], []
    rows = list(chain.from_iterable(sample))
    free = [column for column in range(len(rows[0])) if column not in tags] or [0]
    several = [block for block in sample if len(block) > 1]
    skipped: dict[int, str] = {}
    for column in free if len(free) > 1 and several else ():
        matches = [[_NUMBER.fullmatch(row[column]) for row in block] for block in sample]
        numbers = [[int(match[1]) if match else -1 for match in block] for block in matches]
        if all(-1 not in block and sorted(block) == block for block in numbers):
            skipped[column] = f"column {column + 1} counts"
        elif len(several) > 1 and all(len({row[column] for row in block}) == 1 for block in sample):
            skipped[column] = f"column {column + 1} has one value a sentence"
    left = [column for column in free if column not in skipped] or free
    word = left[0]
    distinct = {column: len({row[column] for row in rows}) for column in left}
    if others := [column for column in left[1:] if distinct[column] > 4 * max(distinct[word], 10)]:
        message = f"columns {word + 1} and {others[0] + 1} may both hold the words"
        raise InputError(path, f"{message}; say which does, such as --columns word={others[0] + 1}", first, "word")
    return word, [text for column, text in skipped.items() if column < word]
