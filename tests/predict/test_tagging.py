from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from gner_bench.answers import answer_format
from gner_bench.demo import CHECKPOINT
from gner_bench.documents.run import Model
from gner_bench.errors import UsageError
from gner_bench.predict.backend import Backend, SystemOptions
from gner_bench.predict.generation import Generation
from gner_bench.predict.plan import Asking, Task
from gner_bench.predict.tagging import WORDS, Tagged, TextTagger, text_tagger
from gner_bench.predict.windows import Windows, windows

DEMO = SystemOptions(str(CHECKPOINT), device="cpu")
Answer = Callable[[Task], Generation]


def answering(answer: Answer, format: str = "gner", fits: int | None = None) -> Backend:
    """A backend with these answers; ``fits`` words at once, None for a system that says nothing of its limits."""

    def decode(tasks: Sequence[Task]) -> Iterator[tuple[Task, Generation]]:
        return ((task, answer(task)) for task in reversed(tasks))

    def parted(task: Task) -> Windows:
        words = task.sentence.words
        return Windows(windows(words, [1] * len(words), fits or 0), len(words) * 2, (fits or 0) * 2, "tokens")

    return Backend("x", Model("x"), {}, "plain", "cpu", decode, format=format, windows=parted if fits else None)


def mentions(task: Task) -> list[tuple[int, int]]:
    """The places of Ann Lee in the words of a task."""
    words = task.sentence.words
    return [(i, i + 1) for i in range(len(words) - 1) if words[i : i + 2] == ("Ann", "Lee")]


def tags(task: Task) -> list[str]:
    tags = ["O"] * len(task.sentence.words)
    for first, last in mentions(task):
        tags[first], tags[last] = "B-person", "I-person"
    return tags


def perfect(task: Task) -> Generation:
    return Generation(task.asking.format.perfect(task.sentence.words, tags(task)), 9, "stop")


def require_right(tagged: Tagged) -> None:
    """Every Ann Lee of the text is an entity with its place in the text."""
    expected = [i for i in range(len(tagged.text)) if tagged.text.startswith("Ann  Lee", i)]
    assert [(entity.start, entity.end) for entity in tagged.entities] == [(i, i + 8) for i in expected]
    assert all(tagged.text[e.start : e.end] == e.text and e.type == "person" for e in tagged.entities)
    assert len(tagged.tags) == len(tagged.words)


TEXT = "  ".join(f"On day {i} Ann  Lee sang, and nobody slept." for i in range(30))


@pytest.mark.slow
def test_offsets_point_at_the_entities() -> None:
    texts = ["did  george clooney make a musical?", "São Paulo (city)"]
    for tagged in text_tagger(DEMO, ["actor", "genre"])(texts):
        assert len(tagged.words) == len(tagged.tags)
        for entity in tagged.entities:
            assert tagged.text[entity.start : entity.end] == entity.text
            assert entity.type in ("actor", "genre")


def test_words_are_split_from_punctuation() -> None:
    (tagged,) = TextTagger(answering(perfect), ["actor"])(["state-of-the-art, isn't it?"])
    assert tagged.words == ["state-of-the-art", ",", "isn", "'", "t", "it", "?"]


def test_a_text_without_words_is_refused() -> None:
    with pytest.raises(UsageError, match="no word"):
        TextTagger(answering(perfect), ["actor"])([" "])


@pytest.mark.slow
def test_constrained_tagging_gives_entities_a_confidence() -> None:
    (tagged,) = text_tagger(DEMO, ["actor", "genre"], "constrained")(["did george clooney make a musical"])
    assert all(entity.confidence is not None and 0 < entity.confidence <= 1 for entity in tagged.entities)
    assert [word.partition("(")[0] for word in tagged.generated.split()] == tagged.words


@pytest.mark.parametrize("format", ["gner", "full+bioes", "entities", "inline", "slimer", "list", "spans"])
@pytest.mark.parametrize("fits", [None, 17, 40])
def test_a_long_text_is_tagged_in_windows_with_the_offsets_of_the_whole(format: str, fits: int | None) -> None:
    (tagged,) = TextTagger(answering(perfect, format, fits), ["person"])([TEXT])
    require_right(tagged)
    if fits is None:  # libraries part what they are given by themselves
        assert tagged.windows == (1 if format == "spans" else len(windows(tagged.words, [1] * 330, WORDS)))
    else:
        assert tagged.windows >= 330 / fits
    document = tagged.document()
    assert document.get("windows", 1) == tagged.windows
    assert ("windows" in document) == (tagged.windows > 1)


def test_windows_end_where_sentences_end() -> None:
    seen: list[tuple[str, ...]] = []

    def answer(task: Task) -> Generation:
        seen.append(task.sentence.words)
        return perfect(task)

    TextTagger(answering(answer, fits=17), ["person"])([TEXT])
    assert {words[-1] for words in seen} == {"."}


def test_several_questions_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from gner_bench.answers import ANSWERS

    format = replace(answer_format("uniner"), name="each-type", ask=lambda q: [f"{kind}?" for kind in q.types])
    monkeypatch.setitem(ANSWERS._loaded, "each-type", format)

    def answer(task: Task) -> Generation:
        return Generation(json.dumps(["Ann Lee"] if task.prompt == "person?" and mentions(task) else []), 3, "stop")

    (tagged,) = TextTagger(answering(answer, "each-type", 40), ["place", "person"])([TEXT])
    require_right(tagged)
    assert tagged.windows > 1


def test_scores_of_spans_are_the_confidence_of_entities() -> None:
    def answer(task: Task) -> Generation:
        return Generation(json.dumps([[first, last, "person", 0.75] for first, last in mentions(task)]), 0, "stop")

    (tagged,) = TextTagger(answering(answer, "spans"), ["person"])([TEXT])
    require_right(tagged)
    assert {entity.confidence for entity in tagged.entities} == {0.75}


@pytest.mark.parametrize("finish", ["length", "input"])
def test_a_window_whose_answer_was_cut_is_asked_again_in_parts(finish: str) -> None:
    def answer(task: Task) -> Generation:
        words = task.sentence.words
        if len(words) <= 40:
            return perfect(task)
        text = " ".join(f"{word}(O)" for word in words[:40])
        return Generation(text, 40, "length" if finish == "length" else "stop", finish == "input")

    (tagged,) = TextTagger(answering(answer), ["person"])([TEXT])
    require_right(tagged)
    assert (tagged.cut, tagged.unlabelled, tagged.warnings()) == ([], [], [])


def test_a_short_window_that_loops_is_told_not_parted_for_ever() -> None:
    loop = Generation("Ann(B-person) " * 9, 640, "length")
    (tagged,) = TextTagger(answering(lambda _: loop), ["person"])(["Ann saw Bo today"])
    assert (tagged.cut, tagged.windows, tagged.tags) == (["output"], 1, ["B-person", None, None, None])


def test_a_long_text_is_refused_where_it_is_to_be_asked_about_as_a_whole() -> None:
    tagger = TextTagger(answering(perfect, fits=40), ["person"], whole=True)
    (short,) = tagger(["Ann  Lee sang."])
    require_right(short)
    with pytest.raises(UsageError, match=r"^text 3 has 330 words, 660 tokens, and at most 80 tokens fit at once; w"):
        tagger(["short", TEXT])
    with pytest.raises(UsageError, match=r"^text 1 has 330 words, and at most 100 words fit at once; without --no-w"):
        TextTagger(answering(perfect), ["person"], whole=True)([TEXT])


def test_what_was_left_out_is_told() -> None:
    texts = {
        "list": ("person: Ann Lee; person: Bo; place: day", 2),
        "spans": ('[[3, 4, "person"], [0, 0, "place"]]', 1),
        "inline": ("<person>Ann Lee</person> <place>On</place> day", 2),
    }
    for format, (text, count) in texts.items():
        tagger = TextTagger(answering(lambda _, t=text: Generation(t, 3, "stop"), format), ["person"])
        (tagged,) = tagger(["On day 1 Ann  Lee sang."])
        require_right(tagged)
        assert len(tagged.notes) == count, tagged.notes
        assert any(note.startswith("mentions of types that were not asked for, left out (1)") for note in tagged.notes)
        assert tagged.document()["notes"] == tagged.notes == tagged.warnings()
    filtered = answering(lambda _: Generation("", 0, "content_filter"))
    (tagged,) = TextTagger(filtered, ["person"])(["Ann sang"])
    assert tagged.notes == ["answers that ended by 'content_filter' (1)"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"threshold": 0.5}, "--threshold is not for --backend local"),
        ({"shots": 2}, "--shots are drawn from the train split of a data set, and a text has none"),
        ({"format": "nothing"}, "unknown answer format 'nothing'"),
    ],
)
def test_options_that_cannot_be_met_are_refused(changes: dict[str, Any], reason: str) -> None:
    from dataclasses import replace

    with pytest.raises(UsageError, match=reason):
        text_tagger(replace(DEMO, **changes), ["person"])


def test_constrained_is_for_this_machine() -> None:
    server = SystemOptions("x", backend="openai", base_url="http://127.0.0.1:9/v1")
    with pytest.raises(UsageError, match="--decoding constrained is not for --backend openai"):
        text_tagger(server, ["person"], "constrained")


def test_asking_is_handed_on() -> None:
    asking = Asking(answer_format("list"), "inst")
    seen = []

    def answer(task: Task) -> Generation:
        seen.append((task.asking, task.types))
        return perfect(task)

    (tagged,) = TextTagger(answering(answer), ["person"], asking)([TEXT])
    require_right(tagged)
    assert set(seen) == {(asking, ("person",))}


def test_nothing_of_a_long_text_is_lost_in_any_folder(tmp_path: Path) -> None:
    """Words of all windows together are those of the text, tag by tag."""
    (tagged,) = TextTagger(answering(perfect, fits=13), ["person"])([TEXT])
    assert "".join(tagged.words) == "".join(TEXT.split())
    assert tagged.tags.count("B-person") == tagged.tags.count("I-person") == 30
