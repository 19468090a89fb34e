"""Passes that stored outputs would have taken with drafts, and the time of the drafter, printed as Markdown.

    python benchmarks/draft_acceptance.py --predictions FILE --tokenizer PATH [--cap N] [--draft-from FILE]

Outputs are replayed, no model is run. Their token ids are those of their units, encoded one by one; where an output
leaves its sentence or has characters outside the vocabulary they are approximate. What a model would choose after a
wrong token is not known from a replay. It is simulated: at the label of a word drafted later it is the label that the
output has for that word or, with the probability of --hint-error, the drafted one, as everywhere else. Nothing is
simulated, and the drafter gets no such hints, with an error of 1 and for outputs that do not copy their sentence.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gner_bench.documents.record import Record, read_records
from gner_bench.predict.decode.draft import Drafter, SentenceDraft
from gner_bench.predict.decode.units import Units
from gner_bench.structure.back_tokenizer import tokenizer_file

END = 1
UNIT = re.compile(r"(.*?)\((O|[BI]-[^)\n]*)\)")
UNKNOWN = "{"
"""For words that vanished from an output that leaves its sentence."""


@dataclass
class Count:
    """Totals of ``sentences``: plain ``steps``, ``passes``, tokens ``pushed``, ``seconds`` in the drafter."""

    sentences: int = 0
    steps: int = 0
    passes: int = 0
    pushed: int = 0
    seconds: float = 0.0

    def __add__(self, other: Count) -> Count:
        return Count(*(one + two for one, two in zip(vars(self).values(), vars(other).values(), strict=True)))


@dataclass
class Target:
    """The ``tokens`` of an output with the end token, and where the label of each unit begins and ends.

    ``copies`` says that the units are the words of the sentence, one by one.
    """

    tokens: list[int]
    labels: list[tuple[int, int]]
    copies: bool


def load_units(path: Path) -> Units:
    """The units of a ``tokenizer.json`` or a SentencePiece model."""
    file = tokenizer_file(path) or path
    if file.suffix == ".json":
        from tokenizers import Tokenizer

        fast = Tokenizer.from_file(str(file))
        return Units(
            lambda texts: [encoding.ids for encoding in fast.encode_batch(texts, add_special_tokens=False)],
            fast.decode,
            END,
        )
    from sentencepiece import SentencePieceProcessor

    slow = SentencePieceProcessor(model_file=str(file))
    return Units(slow.encode, slow.decode, slow.eos_id())


def target(record: Record, units: Units) -> Target:
    pairs = [(word.strip(), label) for word, label in UNIT.findall(record.prediction)]
    shown = [units.text(units.unit(word, "O")).removesuffix("(O)") for word in record.words]
    copies = [word for word, _ in pairs] == shown
    goal = Target([], [], copies)
    for place, (word, label) in enumerate(pairs):
        goal.tokens += units.unit(record.words[place] if copies else word or UNKNOWN, label)
        goal.labels.append((len(goal.tokens) - len(units.tail(label) or ()), len(goal.tokens)))
    goal.tokens.append(units.end)
    return goal


def replay(draft: SentenceDraft, goal: Target, cap: int, errors: Iterator[bool] | None) -> Count:
    """Decode ``goal`` by drafts; asserts that it comes out."""
    count = Count(sentences=1, steps=len(goal.tokens))
    at = 0
    while at < len(goal.tokens):
        started = time.perf_counter()
        drafted = draft.propose(cap)
        count.seconds += time.perf_counter() - started
        same = 0
        while same < len(drafted) and at + same < len(goal.tokens) - 1 and drafted[same] == goal.tokens[at + same]:
            same += 1
        chosen = choices(draft, drafted, same, goal, at, errors)
        started = time.perf_counter()
        draft.advance(goal.tokens[at : at + same + 1], chosen)
        count.seconds += time.perf_counter() - started
        at += same + 1
        count.passes += 1
        count.pushed += len(drafted) + 1
    assert draft.tokens == goal.tokens[:-1]
    started = time.perf_counter()
    draft.finish()
    count.seconds += time.perf_counter() - started
    return count


def choices(
    draft: SentenceDraft, drafted: list[int], same: int, goal: Target, at: int, errors: Iterator[bool] | None
) -> list[int]:
    """What the model chooses for each token of ``drafted``, of which the first ``same`` are right."""
    choices = [*drafted, END]
    choices[same] = goal.tokens[at + same]
    if not goal.copies or errors is None:
        return choices[: same + 1]
    for unit in draft.plan:
        if same < unit.label < len(drafted) and not next(errors):
            start, stop = goal.labels[unit.index]
            for place, token in zip(range(unit.label, len(drafted)), goal.tokens[start:stop], strict=False):
                if drafted[place] != token:
                    choices[place] = token
                    break
    return choices


def hint_errors(rate: float) -> Iterator[bool]:
    """An endless row of chances, the same in every run."""
    chance = random.Random(0)
    while True:
        yield chance.random() < rate


def measure(
    records: Sequence[Record], tokenizer: Path, cap: int, hint_error: float, hints: dict[tuple[str, str], str]
) -> dict[str, Count]:
    """Replay ``records`` in order; the counts of each data set. The drafter's seconds include its encoding of words."""
    known, units = load_units(tokenizer), load_units(tokenizer)
    drafter, errors = Drafter(units), hint_errors(hint_error) if hint_error < 1 else None
    counts: dict[str, Count] = defaultdict(Count)
    for record in records:
        goal = target(record, known)
        started = time.perf_counter()
        draft = drafter.sentence(record.dataset, record.words, record.types, hints.get((record.dataset, record.id)))
        begun = Count(seconds=time.perf_counter() - started)
        counts[record.dataset] += begun + replay(draft, goal, cap, errors)
    return counts


def row(name: str, count: Count) -> list[str]:
    sentences = count.sentences
    return [
        name,
        f"{count.passes / sentences:.2f}",
        f"{count.steps / sentences:.1f}",
        f"{count.steps / count.passes:.1f}x",
        f"{count.pushed / count.steps:.2f}",
        f"{count.seconds / sentences * 1e3:.2f}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--predictions", type=Path, required=True, metavar="FILE")
    parser.add_argument("--tokenizer", type=Path, required=True, metavar="PATH")
    parser.add_argument(
        "--cap", type=int, default=10_000, metavar="N", help="most tokens of a draft (default: no limit)"
    )
    parser.add_argument("--draft-from", type=Path, metavar="FILE", help="outputs of another run, drafted first")
    parser.add_argument("--hint-error", type=float, default=0.1, metavar="Q", help="see above (default: %(default)s)")
    options = parser.parse_args()
    other = read_records(options.draft_from) if options.draft_from else ()
    hints = {(record.dataset, record.id): record.prediction for record in other}
    records = list(read_records(options.predictions))
    counts = measure(records, options.tokenizer, options.cap, options.hint_error, hints)
    heads = "data set", "passes", "plain steps", "fewer by", "tokens pushed", "drafter ms"
    for cells in (heads, ["---", *["---:"] * 5], *(row(name, count) for name, count in counts.items())):
        print(f"| {' | '.join(cells)} |")
    print(f"| {' | '.join(row('all', sum(counts.values(), Count())))} |")


if __name__ == "__main__":
    main()
