"""How much a system of an experiment is going to be asked: calls, and tokens of prompts and answers."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gner_bench.answers import answer_format
from gner_bench.catalog.entries import SplitFacts
from gner_bench.data import Dataset, Sentence
from gner_bench.documents.record import GNER
from gner_bench.errors import GnerBenchError
from gner_bench.fetch.checkpoint import locate
from gner_bench.predict.asking import asking_of, material_of
from gner_bench.predict.backend import BACKENDS, SystemOptions
from gner_bench.predict.options import Options
from gner_bench.predict.plan import Asking, plan
from gner_bench.structure.back_tokenizer import tokenizer_file

SAMPLE = 200
"""Sentences of a data set whose prompts are counted; more of them are like these."""
CHARACTERS_A_TOKEN = 4.0
"""Roughly, in English text, where no tokenizer is at hand."""
LETTERS = "words"
"""What stands for a word of a sentence that is not here."""


@dataclass(frozen=True)
class Asked:
    """``calls`` are exact where the sentences are here. Tokens are estimates: of answers, those of right ones.

    ``counted`` says whether a tokenizer of the system was there to count prompts by.
    """

    calls: int
    prompt_tokens: int
    answer_tokens: int
    counted: bool

    def cost(self, price: tuple[float, float]) -> float:
        """Dollars, for a ``price`` of a million tokens in and out."""
        return (self.prompt_tokens * price[0] + self.answer_tokens * price[1]) / 1e6


def asked(system: SystemOptions, options: Options, datasets: Sequence[Dataset], counts: Sequence[int]) -> Asked | None:
    """What ``counts`` sentences of each of ``datasets`` take, of which these hold all or some like them.

    None for a system that reads no prompts. Raises UsageError for definitions or shots that its format has no place
    for, InputError for a file that cannot be read.
    """
    if "format" not in BACKENDS.get(system.backend).takes:
        return None
    format = answer_format(system.format or GNER)
    wrapping = system.wrapping or format.wrapping or "plain"
    try:
        asking = asking_of(format.name, wrapping, system, material_of(system, options, datasets, offline=True))
    except GnerBenchError as error:
        if type(error) is not GnerBenchError:
            raise
        asking = Asking(format, wrapping)  # a train split that shots come from is not here yet
    calls = prompts = answers = 0.0
    texts: list[str] = []
    for dataset, count in zip(datasets, counts, strict=True):
        tasks = plan(dataset, options.label_order, options.seed, asking)
        some = tasks[:: max(1, len(tasks) // SAMPLE)]
        share = count / len(some)
        taken = [prompt for task in some for prompt in task.prompts]
        calls += share * len(taken)
        prompts += share * sum(map(len, taken))
        answers += share * sum(len(format.perfect(task.sentence.words, task.sentence.tags)) for task in some)
        texts += taken[:SAMPLE]
    counted = _characters_a_token(system, texts)
    size = counted or CHARACTERS_A_TOKEN
    return Asked(round(calls), round(prompts / size), round(answers / size), counted is not None)


def typical(name: str, split: str, types: tuple[str, ...], facts: SplitFacts) -> Dataset:
    """A data set with one sentence, of as many words and entities as those of a split have on average."""
    length = max(1, round(facts.words / max(facts.sentences, 1)))
    entities = min(length, round(facts.entities / max(facts.sentences, 1)))
    tags = [f"B-{types[index % len(types)]}" if index < entities and types else "O" for index in range(length)]
    return Dataset(name, split, types, (Sentence("0", (LETTERS,) * length, tuple(tags)),))


def _characters_a_token(system: SystemOptions, texts: Sequence[str]) -> float | None:
    """How many characters a token of the system's own tokenizer has in ``texts``, None where there is none here."""
    folder = system.tokenizer
    if folder is None and BACKENDS.get(system.backend).fetches:
        with suppress(GnerBenchError):
            folder = locate(system.model).folder
    file = tokenizer_file(folder) if folder is not None else None
    if file is None or not texts:
        return None
    tokens = sum(map(len, _encoded(file, texts)))
    return sum(map(len, texts)) / max(tokens, 1)


def _encoded(file: Path, texts: Sequence[str]) -> list[list[int]]:
    if file.suffix == ".json":
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(file))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]
    from sentencepiece import SentencePieceProcessor

    ids: list[list[int]] = SentencePieceProcessor(model_file=str(file)).encode(list(texts))
    return ids
