"""Familiarity of Golde et al. (2025): by hand on a stub encoder, and a tiny random encoder of a real architecture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gner_bench.errors import InputError
from gner_bench.scoring.familiarity import familiarities, load_encoder

VECTORS = {"person": (2, 0), "human": (3, 4), "city": (0, 1), "anti": (-1, 0), "nothing": (0, 0)}


def stub(texts: Sequence[str]) -> NDArray[np.float64]:
    return np.array([VECTORS[text] for text in texts], dtype=np.float64)


def test_the_closest_mentions_count_by_one_over_their_rank() -> None:
    """human: cosines 0.6 with person (2 mentions) and 0.8 with city (1); ranks 0.8, 0.6, 0.6 of weights 1, 1/2, 1/3."""
    found = familiarities({"news": ["human"]}, {"person": 2, "city": 1}, stub, "stub", k=3)["news"]
    assert found.mean == pytest.approx((0.8 + 0.6 / 2 + 0.6 / 3) / (1 + 1 / 2 + 1 / 3), abs=1e-12)
    assert (found.encoder, found.k, list(found.types)) == ("stub", 3, ["human"])


@pytest.mark.parametrize(
    ("similarity", "counts", "k", "expected"),
    [((0.95, 0.8), (200, 200), 400, 0.93420), ((0.95, 0.8, 0.7), (200, 500, 100), 800, 0.91956)],
)
def test_the_values_of_the_authors_own_tests(
    similarity: tuple[float, ...], counts: tuple[int, ...], k: int, expected: float
) -> None:
    """test_weighted_average of flairNLP/familiarity, Zipf weighting, there to a thousandth."""
    angles = {"asked": (1.0, 0.0)} | {str(at): (cosine, (1 - cosine**2) ** 0.5) for at, cosine in enumerate(similarity)}
    trained = {str(at): count for at, count in enumerate(counts)}
    found = familiarities({"x": ["asked"]}, trained, lambda texts: np.array([angles[text] for text in texts]), "", k)
    assert found["x"].mean == pytest.approx(expected, rel=1e-3)


def test_opposites_and_mentions_that_lack_count_as_nothing() -> None:
    found = familiarities({"news": ["person", "city"]}, {"anti": 5, "person": 1}, stub, "stub", k=2)["news"]
    assert found.types == pytest.approx({"person": 1 / 1.5, "city": 0})
    assert found.mean == pytest.approx(1 / 3)


def test_types_without_mentions_do_not_count() -> None:
    assert familiarities({"news": ["person"]}, {"person": 0}, stub, "stub") == {}
    assert familiarities({"news": []}, {"person": 1}, stub, "stub") == {}
    zero = familiarities({"news": ["nothing"]}, {"person": 1}, stub, "stub")
    assert zero["news"].mean == 0


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    transformers = pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("encoder")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "person", "human", "city", "river", "name"]
    (folder / "vocab.txt").write_text("\n".join(words))
    transformers.BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    config = transformers.BertConfig(vocab_size=len(words), **sizes)
    transformers.BertModel(config).save_pretrained(folder)
    return folder


def test_an_embedding_does_not_depend_on_the_texts_beside_it(encoder: Path) -> None:
    embed = load_encoder(str(encoder))
    alone, beside = embed(["person"]), embed(["person", "city river name"])
    assert alone.shape == (1, 8)
    np.testing.assert_allclose(alone[0], beside[0], atol=1e-6)


def test_a_type_that_was_trained_on_alone_is_familiar(encoder: Path) -> None:
    embed = load_encoder(str(encoder))
    found = familiarities({"news": ["person", "river"]}, {"person": 1000}, embed, "tiny")["news"]
    assert found.types["person"] == pytest.approx(1, abs=1e-6)
    assert found.types["river"] < 1


def test_a_folder_that_holds_no_encoder_is_named(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    with pytest.raises(InputError, match="cannot be loaded as a sentence encoder"):
        load_encoder(str(tmp_path))
