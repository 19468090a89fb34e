"""Training examples: prompt and target text, with types shuffled, mentions exchanged and words to copy; and batches of
about the same number of tokens, in which examples of like length are together."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from tokenizers import Tokenizer
from torch import Tensor

from gner_bench.answers.gner import GNER, Target, parse_target, prompt, tagged_text
from gner_bench.bio import Reading, strict_spans, tags_of
from gner_bench.data import Sentence, read_dataset
from gner_bench.train.batches import IGNORED, padded
from gner_bench.train.prepare import surface

from .recipe import Recipe, TrainingSet

Words = tuple[str, ...]


class Example(NamedTuple):
    """The prompt, the text to be generated, and the GNER text, by whose length examples are put into batches: so the
    batches of all targets hold the same sentences."""

    prompt: str
    target: str
    measured: str


@dataclass(frozen=True)
class Source:
    """The sentences of one training set, those held out, and its types as prompts name them."""

    spec: TrainingSet
    types: tuple[str, ...]
    sentences: tuple[Sentence, ...]
    held_out: tuple[Sentence, ...]


@dataclass
class Pool:
    """What examples are made from: sources by name, mentions by type, words to copy; and what is to be written.

    ``copying`` is the target of words to be copied, None for the bare words.
    """

    sources: dict[str, Source]
    mentions: dict[str, list[Words]]
    words: list[str]
    vocabulary: list[str]
    target: Target = GNER
    copying: Target | None = GNER


def load_pool(recipe: Recipe, root: Path) -> Pool:
    """Read every set of ``recipe`` below ``root`` without the sentences of its protected splits."""
    protected: set[str] = set()
    for name, splits in recipe.protected.items():
        for split in splits.split("+"):
            dataset = read_dataset(root, name, split, Reading(repair="keep"))
            protected |= {surface(sentence.words) for sentence in dataset.sentences}
    sources = {}
    for spec in recipe.sets:
        dataset = read_dataset(root, spec.name, spec.split, Reading(repair=spec.repair, rename=spec.renamed))
        allowed = [s for s in dataset.sentences if surface(s.words) not in protected][: spec.limit]
        cut = len(allowed) - spec.holdout
        sources[spec.name] = Source(spec, dataset.types, tuple(allowed[:cut]), tuple(allowed[cut:]))
    words = [word for source in sources.values() for sentence in source.sentences for word in sentence.words]
    target = parse_target(recipe.target)
    copying = target if recipe.copying == "target" else None
    mentions = _mentions(sources.values(), recipe.borrow)
    return Pool(sources, mentions, words, sorted(set(words)), target, copying)


def _mentions(sources: Iterable[Source], borrow: dict[str, str]) -> dict[str, list[Words]]:
    """All mentions by type; a type of ``borrow`` also takes mentions of another type, four for each of its own."""
    mentions: defaultdict[str, list[Words]] = defaultdict(list)
    for source in sources:
        for sentence in source.sentences:
            for start, end, kind in strict_spans(sentence.tags):
                mentions[kind].append(sentence.words[start:end])
    lent = {kind: list(mentions[kind]) for kind in borrow.values()}
    for kind, lender in borrow.items():
        count = min(len(lent[lender]), 4 * len(mentions[kind]))
        mentions[kind] += random.Random(kind).sample(lent[lender], count)
    return dict(mentions)


@dataclass
class Drawn:
    """How far the examples have been drawn, which with the seed fixes all that follow: examples by set, and the
    length of copying examples in words."""

    counts: dict[str, int] = field(default_factory=dict)
    copy_length: float = 4.0


def draw(pool: Pool, drawn: Drawn, mix: dict[str, float], count: int, seed: int) -> list[Example]:
    """The next ``count`` examples, each from a set drawn by its share in ``mix``; within a set, epoch after epoch.

    All of them are drawn from one random stream, whose seed is how many were drawn before: a resumed run draws the
    same.
    """
    rng, examples = random.Random(f"{seed} {sum(drawn.counts.values())}"), []
    for name in rng.choices(list(mix), list(mix.values()), k=count):
        index = drawn.counts.get(name, 0)
        drawn.counts[name] = index + 1
        if name == "copy":
            examples.append(copy_example(pool, int(drawn.copy_length), rng))
            continue
        source = pool.sources[name]
        epoch, place = divmod(index, len(source.sentences))
        sentence = source.sentences[_permutation(name, epoch, len(source.sentences))[place]]
        words, tags = exchange_mentions(sentence, pool.mentions, source.spec.replace, rng)
        examples.append(example(words, tags, prompt_types(source, tags, rng), pool.target))
    return examples


@lru_cache(maxsize=64)
def _permutation(name: str, epoch: int, size: int) -> list[int]:
    return random.Random(f"{name} {epoch}").sample(range(size), size)


def prompt_types(source: Source, tags: Sequence[str], rng: random.Random) -> list[str]:
    """The types of ``source`` in random order; of those absent from ``tags`` at most ``absent_types``."""
    present = {tag[2:] for tag in tags if tag != "O"}
    absent = [kind for kind in source.types if kind not in present]
    kept = [*present, *rng.sample(absent, min(len(absent), source.spec.absent_types))]
    return rng.sample(sorted(kept), len(kept))


def example(words: Sequence[str], tags: Sequence[str], types: Sequence[str], target: Target | None = GNER) -> Example:
    """A sentence as an example of ``target``, or of writing its bare words."""
    text = " ".join(words) if target is None else target.perfect(words, tags)
    return Example(prompt(words, types), text, tagged_text(words, tags))


def copy_example(pool: Pool, length: int, rng: random.Random) -> Example:
    """Two to ``length`` random words, rare ones as often as frequent ones, all outside entities."""
    words = rng.choices(pool.vocabulary if rng.random() < 0.5 else pool.words, k=rng.randint(2, length))
    types = list(pool.mentions)
    return example(words, ["O"] * len(words), rng.sample(types, rng.randint(1, min(6, len(types)))), pool.copying)


def exchange_mentions(
    sentence: Sentence, mentions: dict[str, list[Words]], probability: float, rng: random.Random
) -> tuple[list[str], list[str]]:
    """Words and tags of ``sentence``, each mention replaced with ``probability`` by another one of its type."""
    words: list[str] = []
    tags: list[str] = []
    placed = 0
    for start, end, kind in strict_spans(sentence.tags):
        words += sentence.words[placed:start]
        tags += sentence.tags[placed:start]
        mention = rng.choice(mentions[kind]) if rng.random() < probability else sentence.words[start:end]
        words += mention
        tags += tags_of(len(mention), [(0, len(mention), kind)])
        placed = end
    return [*words, *sentence.words[placed:]], [*tags, *sentence.tags[placed:]]


@dataclass(frozen=True)
class Batch:
    """``prompts`` and ``targets``: token ids of shape (examples, longest), padded with 0 and -100."""

    prompts: Tensor
    targets: Tensor


def batches(examples: Sequence[Example], tokenizer: Tokenizer, tokens: int, rng: random.Random) -> list[Batch]:
    """``examples`` in batches of at most ``tokens`` padded tokens (prompts and GNER texts), in random order."""
    columns = [[coded.ids for coded in tokenizer.encode_batch(list(texts))] for texts in zip(*examples, strict=True)]
    rows = sorted(zip(*columns, strict=True), key=lambda row: (len(row[2]), len(row[0])))
    groups: list[list[tuple[list[int], ...]]] = [[]]
    longest = (0, 0)
    for row in rows:
        lengths = len(row[0]), len(row[2])
        longest = max(longest[0], lengths[0]), max(longest[1], lengths[1])
        if groups[-1] and sum(longest) * (len(groups[-1]) + 1) > tokens:
            groups.append([])
            longest = lengths
        groups[-1].append(row)
    made = [Batch(padded([row[0] for row in group], 0), padded([row[1] for row in group], IGNORED)) for group in groups]
    rng.shuffle(made)
    return made
