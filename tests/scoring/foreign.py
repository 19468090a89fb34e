"""Writes predictions in the formats of other systems, as these would."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from gner_bench.answers.gner import tagged_text
from gner_bench.bio import Span, lenient_spans
from gner_bench.data.sentence import Dataset, Sentence
from gner_bench.scoring.predictions import Prediction


def dataset_of(sentences: Sequence[Prediction]) -> Dataset:
    """The gold of predictions of one set."""
    first = sentences[0]
    types = tuple(dict.fromkeys(kind for sentence in sentences for kind in sentence.types))
    gold = tuple(Sentence(each.id, each.words, each.gold, each.types) for each in sentences)
    return Dataset(first.dataset, first.split, types, gold)


def spans(sentence: Prediction) -> list[Span]:
    return lenient_spans(sentence.predicted)


def mentions(sentence: Prediction) -> dict[str, list[str]]:
    """The texts of each type, each once."""
    found: dict[str, dict[str, None]] = {kind: {} for kind in sentence.types}
    for first, end, kind in spans(sentence):
        found[kind][" ".join(sentence.words[first:end])] = None
    return {kind: list(texts) for kind, texts in found.items()}


def tabbed(sentence: Prediction) -> str:
    """Word and predicted tag."""
    return "".join(f"{word}\t{tag}\n" for word, tag in zip(sentence.words, sentence.predicted, strict=True))


def token_spans(sentence: Prediction) -> str:
    found = [[first, end - 1, kind] for first, end, kind in spans(sentence)]
    return json.dumps({"id": sentence.id, "tokenized_text": sentence.words, "ner": found})


def character_spans(sentence: Prediction) -> str:
    """As GLiNER's predict_entities gives them."""
    starts = [0]
    for word in sentence.words:
        starts.append(starts[-1] + len(word) + 1)
    text = " ".join(sentence.words)
    entities = [
        {"start": starts[first], "end": starts[end] - 1, "label": kind, "text": text[starts[first] : starts[end] - 1]}
        for first, end, kind in spans(sentence)
    ]
    return json.dumps({"text": text, "entities": entities})


def uniner(sentence: Prediction) -> Iterator[str]:
    """A conversation for each type."""
    for kind, found in mentions(sentence).items():
        said = [
            f"Text: {' '.join(sentence.words)}",
            "I've read this text.",
            f"What describes {kind} in the text?",
            json.dumps(found),
        ]
        turns = [{"from": "gpt" if i % 2 else "human", "value": value} for i, value in enumerate(said)]
        yield json.dumps({"id": f"set_{sentence.id}_{kind}", "conversations": turns})


def slimer(sentence: Prediction) -> str:
    answer = f'<think>Is {{"x"}} one?</think>\n```json\n{json.dumps(mentions(sentence), indent=1)}\n```'
    return json.dumps({"input": " ".join(sentence.words), "gold_answers": "{}", "pred_answers": answer})


def marked(sentence: Prediction) -> str:
    words = list(sentence.words)
    for first, end, kind in spans(sentence):
        words[first] = f"<{kind}>{words[first]}"
        words[end - 1] += f"</{kind}>"
    return " ".join(words)


def generated(sentence: Prediction) -> str:
    return tagged_text(sentence.words, sentence.predicted)


def written(format: str, sentences: Iterable[Prediction]) -> str:
    """The file in one of ``WRITERS``' formats."""
    return "".join(f"{line}\n" for sentence in sentences for line in WRITERS[format](sentence))


WRITERS = {
    "conll": lambda sentence: [tabbed(sentence)],
    "spans": lambda sentence: [token_spans(sentence)],
    "characters": lambda sentence: [character_spans(sentence)],
    "uniner": uniner,
    "slimer": lambda sentence: [slimer(sentence)],
    "text": lambda sentence: [generated(sentence)],
    "inline": lambda sentence: [marked(sentence)],
}
NAMES = {"characters": "spans"}
"""The formats whose names differ from those of ``--from``."""
