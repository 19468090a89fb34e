from __future__ import annotations

import pytest

from gner_bench.demo import CHECKPOINT
from gner_bench.errors import UsageError
from gner_bench.predict.checkpoint import load_checkpoint
from gner_bench.predict.tagging import TextTagger


def test_offsets_point_at_the_entities() -> None:
    texts = ["did  george clooney make a musical?", "São Paulo (city)"]
    for tagged in TextTagger(load_checkpoint(str(CHECKPOINT), device="cpu"), ["actor", "genre"])(texts):
        assert len(tagged.words) == len(tagged.tags)
        for entity in tagged.entities:
            assert tagged.text[entity.start : entity.end] == entity.text
            assert entity.type in ("actor", "genre")


def test_words_are_split_from_punctuation() -> None:
    tagged = TextTagger(load_checkpoint(str(CHECKPOINT), device="cpu"), ["actor"])(["state-of-the-art, isn't it?"])[0]
    assert tagged.words == ["state-of-the-art", ",", "isn", "'", "t", "it", "?"]


def test_a_text_without_words_is_refused() -> None:
    with pytest.raises(UsageError, match="no word"):
        TextTagger(load_checkpoint(str(CHECKPOINT), device="cpu"), ["actor"])([" "])


def test_constrained_tagging_gives_entities_a_confidence() -> None:
    tagger = TextTagger(load_checkpoint(str(CHECKPOINT), device="cpu"), ["actor", "genre"], "constrained")
    (tagged,) = tagger(["did george clooney make a musical"])
    assert all(entity.confidence is not None and 0 < entity.confidence <= 1 for entity in tagged.entities)
    assert [word.partition("(")[0] for word in tagged.generated.split()] == tagged.words
