"""Backends of libraries: words given as they are, windows instead of a cut, types renamed, scores kept.

Models are small and random, or made of rules; the libraries are the real ones, where they are installed.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    BertForTokenClassification,
    BertModel,
    PreTrainedTokenizerFast,
    RobertaConfig,
    pipeline,
)

from gner_bench.answers import Definition, Span, answer_format
from gner_bench.api import score
from gner_bench.data import Dataset, Sentence
from gner_bench.documents.record import Record, read_records
from gner_bench.documents.run import Model, read_own_run
from gner_bench.errors import GnerBenchError, InputError, UsageError
from gner_bench.predict import engine
from gner_bench.predict.backend import BACKENDS, Backend, SystemOptions
from gner_bench.predict.backends.gliner import Words, spans_of
from gner_bench.predict.backends.token_classification import entities
from gner_bench.predict.library import (
    Library,
    Part,
    flat,
    library_backend,
    parts_of,
    read_renaming,
    token_limit,
    written_score,
)
from gner_bench.predict.options import Options
from gner_bench.predict.plan import Asking
from gner_bench.scoring.scores import warnings_of

TEXT = "did george clooney make a musical in paris london"
TYPES = ("person", "place")


def data(*sentences: Sequence[str], name: str = "news", types: tuple[str, ...] = TYPES) -> Dataset:
    of = tuple(Sentence(str(i), tuple(words), ("O",) * len(words)) for i, words in enumerate(sentences))
    return Dataset(name, "test", types, of)


def run(backend: Backend, *datasets: Dataset, out: Path, **asking: Any) -> tuple[list[Record], list[str]]:
    """The records of a run, and what it said."""
    said: list[str] = []
    asked = Asking(answer_format("spans"), **asking)
    path = engine.predict(backend, datasets, Options(None, out), said.append, asking=asked)
    return list(read_records(path)), said


def spans_in(record: Record) -> list[list[Any]]:
    spans: list[list[Any]] = json.loads(record.prediction)
    return spans


# What all of them share, with a stand-in that finds capital letters.


def capitals(parts: Sequence[Part]) -> list[list[Span]]:
    return [[Span(i, i + 1, word, "", 0.75) for i, word in enumerate(part.words) if word.isupper()] for part in parts]


def stand_in(**changes: Any) -> Library:
    library = Library("echo", "click", Model("m", "m", files={}), {}, "cpu", capitals, lambda p: parts_of(p.words, 3))
    return replace(library, **changes)


def backend_of(library: Library, rename: Path | None = None, batch: int = 2) -> Backend:
    return library_backend(library, SystemOptions("m", rename=rename), Options(None, Path(), batch_size=batch))


def test_spans_of_windows_are_at_the_words_of_the_sentence(tmp_path: Path) -> None:
    sentences = [["a", "b", "c", "d", "PERSON", "f", "g", "h", "PLACE"], ["PLACE"], ["a", "b", "c", "PLACE"]]
    records, said = run(backend_of(stand_in()), data(*sentences), out=tmp_path)
    assert [spans_in(record) for record in records] == [
        [[4, 4, "person", 0.75], [8, 8, "place", 0.75]],
        [[0, 0, "place", 0.75]],
        [[3, 3, "place", 0.75]],
    ]
    assert [record.generation.get("windows") for record in records] == [3, None, 2]
    assert "m: sentences longer than the model takes, read in windows: 2" in said
    written = read_own_run(tmp_path / "run.json")
    assert written.statistics == {
        "spans": 4,
        "left_out": {},
        "types_in_another_case": 4,
        "sentences_in_windows": 2,
    }
    assert (written.settings["library"], written.settings["window"]) == (f"click {version_of('click')}", None)


def version_of(package: str) -> str:
    from importlib.metadata import version

    return version(package)


def test_types_are_renamed_by_data_set_and_what_is_left_out_is_counted(tmp_path: Path) -> None:
    rename = tmp_path / "rename.toml"
    rename.write_text('PER = "person"\nDATE = ""\nORG = "organisation"\n[films]\nPER = "actor"\n', encoding="utf-8")
    sentence = ["PER", "ORG", "DATE", "Place", "PLACE", "LAW", "LAW"]
    library = stand_in(cut=lambda part: [(0, len(part.words))])
    datasets = data(sentence), data(sentence, name="films", types=("actor", "place"))
    records, said = run(backend_of(library, rename), *datasets, out=tmp_path / "run")
    assert [[span[:3] for span in spans_in(record)] for record in records] == [
        [[0, 0, "person"], [4, 4, "place"]],
        [[0, 0, "actor"], [4, 4, "place"]],
    ]
    assert records[0].generation["left_out"] == {"ORG": 1, "LAW": 2}
    assert said[0].startswith("m: spans of types that the data lack, left out: 6 ('LAW' 4, 'ORG' 2); --rename FILE")
    assert "m: types in another case or with _ for a space, read as those of the list: 2" in said
    assert "DATE" not in " ".join(said)  # left out by name, which needs no warning
    warnings = warnings_of(score(tmp_path / "run"))
    assert warnings == ["spans of types that the data lack, which the run left out: 6 (news 3, films 3)"]


def test_another_renaming_is_another_run(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"A": "person"}', encoding="utf-8")
    run(backend_of(stand_in()), data(["A"]), out=tmp_path / "run")
    with pytest.raises(InputError, match=r"holds a run with rename none, not [0-9a-f]{64}"):
        run(backend_of(stand_in(), tmp_path / "a.json"), data(["A"]), out=tmp_path / "run")
    with pytest.raises(InputError, match=r"decoding echo, not echo@0.5; threshold none, not 0.5"):
        run(backend_of(stand_in(threshold=0.5)), data(["A"]), out=tmp_path / "run")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.toml", "A = 3", "a.toml: A: expected the name of a type, or an empty one to leave it out, found 3"),
        ("a.json", '{"x": {"A": null}}', "a.json: x.A: expected the name"),
        ("a.json", "[]", "a.json: expected a JSON object, found list"),
        ("a.toml", "A = ", "a.toml: is not TOML"),
    ],
)
def test_an_unusable_renaming_is_refused(name: str, text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_renaming(path)
    assert str(caught.value).startswith(f"{tmp_path}/{message}")


def test_a_table_for_no_data_set_is_told(tmp_path: Path) -> None:
    rename = tmp_path / "rename.toml"
    rename.write_text('[nws]\nA = "person"\n[mit-movie]\nA = "actor"\n', encoding="utf-8")
    _, said = run(backend_of(stand_in(), rename), data(["a"]), out=tmp_path / "run")
    assert said == ["m: --rename: no data set is called 'nws'; did you mean 'news'?"]


def test_spans_below_the_threshold_are_not_recorded(tmp_path: Path) -> None:
    sentence = ["PERSON", "PLACE"]
    for least, expected in ((0.75, [[0, 0, "person", 0.75], [1, 1, "place", 0.75]]), (0.76, [])):
        records, _ = run(backend_of(stand_in(threshold=least)), data(sentence), out=tmp_path / str(least))
        assert spans_in(records[0]) == expected


def test_an_error_of_a_library_is_one_line(tmp_path: Path) -> None:
    def fail(parts: Sequence[Part]) -> list[list[Span]]:
        raise RuntimeError("CUDA error\nand much more")

    with pytest.raises(GnerBenchError, match=r"^click failed: CUDA error$"):
        run(backend_of(stand_in(find=fail)), data(["a"]), out=tmp_path)
    broken = stand_in(find=lambda parts: [[Span(0, 1, "person", "", float("nan"))]])
    with pytest.raises(GnerBenchError, match="a score that is no number"):
        run(backend_of(broken), data(["a"]), out=tmp_path)


@given(st.floats(0, 1), st.integers(0, 10_000))
def test_a_threshold_takes_the_same_spans_by_the_score_as_written(score: float, least: int) -> None:
    written = written_score(score)
    assert written is not None
    assert abs(written - score) <= 1.0001e-4
    # But for scores within 1e-10 of the threshold, which nothing can tell from it.
    if abs(score - least / 10_000) > 1e-10:
        assert (written >= least / 10_000) == (score >= least / 10_000)


def test_written_scores() -> None:
    assert [written_score(score) for score in (None, 0.57, 0.99999, 1.0000001, -1e-9, 1)] == [
        *(None, 0.57, 0.9999, 1.0, 0.0, 1.0)
    ]


def test_of_overlapping_spans_the_surest_stay() -> None:
    spans = [Span(0, 2, "a", "", 0.5), Span(1, 3, "b", "", 0.9), Span(3, 4, "a", "", 0.2), Span(3, 4, "b", "", 0.2)]
    assert flat(spans) == [spans[1], spans[2]]


@given(
    st.lists(st.lists(st.sampled_from(["go", "go.", "a b", "a", "b", ".", " "]), min_size=1, max_size=3), max_size=6)
)
def test_a_splitter_gives_the_words_of_the_corpus_for_its_texts(sentences: list[list[str]]) -> None:
    split = Words(lambda text: iter(()))
    parts = [Part(tuple(words), {}) for words in sentences]
    for part, text in zip(parts, split.joined(parts), strict=True):
        for form in (text, text if text.endswith((".", "!", "?")) else text + "."):
            words = list(split(form))
            assert [word for word, _, _ in words[: len(part.words)]] == list(part.words)
            assert [word for word, _, _ in words[len(part.words) :]] in ([], ["."])
            assert [form[start:end] for _, start, end in words] == [word for word, _, _ in words]
            found = [{"start": words[0][1], "end": words[-1][2], "label": "x", "score": 0.5}]
            assert spans_of(part, found, "score") == [Span(0, len(part.words), "x", "", 0.5)]


# Missing libraries.


@pytest.mark.parametrize(("backend", "wanted"), [("spacy", "'gner-bench[spacy]'"), ("flair", "flair")])
def test_a_missing_library_is_told_with_what_installs_it(
    backend: str, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, backend, None)
    with pytest.raises(UsageError, match=rf"^{backend} is not installed; pip install {re.escape(wanted)}$"):
        BACKENDS.get(backend).make(SystemOptions("x", backend), Options(None, Path()))


@pytest.mark.parametrize(("file", "package"), [("gliner_config.json", "gliner"), ("config.json", "gliner2")])
def test_the_files_of_a_model_say_which_gliner_it_needs(
    file: str, package: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    (tmp_path / file).write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError, match=rf"^{package} is not installed; pip install 'gner-bench\[gliner\]'$"):
        BACKENDS.get("gliner").make(SystemOptions(str(tmp_path), "gliner"), Options(None, Path()))


def test_options_of_others_are_refused() -> None:
    for name, system in {
        "spacy": SystemOptions("m", "spacy", threshold=0.5),
        "flair": SystemOptions("m", "flair", definitions="catalog"),
        "token-classification": SystemOptions("m", "token-classification", shots=3),
        "gliner": SystemOptions("m", "gliner", dtype="bf16"),
    }.items():
        with pytest.raises(UsageError, match=f"is not for --backend {name}"):
            BACKENDS.get(name).require_usable(system)


# Token classification.


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("O B-a I-a B-a I-b", [(1, 3, "a"), (3, 4, "a"), (4, 5, "b")]),
        ("I-a I-a O I-b", [(0, 2, "a"), (3, 4, "b")]),
        ("S-a B-a E-a I-a M-a", [(0, 1, "a"), (1, 3, "a"), (3, 5, "a")]),
        ("U-a B-b I-b L-b U-b", [(0, 1, "a"), (1, 4, "b"), (4, 5, "b")]),
        ("PER PER O X-ray", [(0, 2, "PER"), (3, 4, "X-ray")]),
    ],
)
def test_labels_of_every_scheme_are_entities(labels: str, expected: list[tuple[int, int, str]]) -> None:
    found = entities(labels.split(), [0.5] * 5)
    assert [(span.first, span.end, span.type) for span in found] == expected


def test_an_entity_is_as_sure_as_its_words_on_average() -> None:
    assert [span.score for span in entities(["B-a", "I-a", "O"], [0.5, 1.0, 0.9])] == [0.75]


def tokenizer(limit: int) -> PreTrainedTokenizerFast:
    learned = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    learned.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    texts = [TEXT, "abcdefghijklmnopqrstuvwxyz personplac"]
    learned.train_from_iterator(
        texts, trainers.WordPieceTrainer(vocab_size=120, special_tokens=specials, show_progress=False)
    )
    learned.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), specials, strict=True))
    return PreTrainedTokenizerFast(tokenizer_object=learned, model_max_length=limit, **names)


def bert_config(positions: int, **more: Any) -> BertConfig:
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    return BertConfig(vocab_size=120, max_position_embeddings=positions, **sizes, **more)


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random one that takes 14 tokens beside the special ones."""
    folder = tmp_path_factory.mktemp("classifier")
    labels = ["O", "B-PER", "I-PER", "B-place"]
    torch.manual_seed(1)
    config = bert_config(16, id2label=dict(enumerate(labels)), label2id={x: i for i, x in enumerate(labels)})
    model = BertForTokenClassification(config)
    torch.nn.init.normal_(model.classifier.weight, std=3)  # so that labels differ
    model.save_pretrained(folder)
    tokenizer(10**30).save_pretrained(folder)
    return folder


def make(backend: str, model: Path | str, **options: Any) -> Backend:
    return BACKENDS.get(backend).make(SystemOptions(str(model), backend, **options), Options(None, Path()))


def test_token_classification_gives_what_the_pipeline_of_transformers_gives(classifier: Path, tmp_path: Path) -> None:
    sentences = [TEXT.split(), ["make", "paris"], ["george", "clooney", "in", "london", "a", "musical"]]
    (tmp_path / "rename.json").write_text('{"PER": "person"}', encoding="utf-8")
    backend = make("token-classification", classifier, rename=tmp_path / "rename.json")
    records, _ = run(backend, data(*sentences), out=tmp_path / "run")
    pipe = pipeline("token-classification", str(classifier), aggregation_strategy="first")
    found = 0
    for record in records:
        expected = []
        starts = {len(" ".join(record.words[:i])) + bool(i): i for i in range(len(record.words))}
        for entity in pipe(" ".join(record.words)):
            first = starts[entity["start"]]
            words = len(entity["word"].split())
            kind = {"PER": "person"}.get(entity["entity_group"], entity["entity_group"])
            expected.append([first, first + words - 1, kind, pytest.approx(float(entity["score"]), abs=2e-4)])
        assert spans_in(record) == expected
        found += len(expected)
    assert found >= 5


def test_token_classification_reads_long_sentences_in_windows_and_tells_words_that_are_cut(
    classifier: Path, tmp_path: Path
) -> None:
    musical = ["paris", "london", "in", "a", ",", "musical", "make"]
    long = [*musical, "did", "george", "paris", "london", "in", "a", "musical", ".", "a" * 40, " ", "paris"]
    records, said = run(make("token-classification", classifier), data(long), out=tmp_path / "run")
    # 14 words of a token each, the full stop, the word of 40 tokens, and what follows it.
    assert records[0].generation["windows"] == 4
    assert records[0].generation["input_cut"]
    assert any("1 prompts were cut at the input limit" in line for line in said)
    # A window of the user's is one of words; each is read as a sentence by itself is.
    types = ("PER", "place")
    whole, window = make("token-classification", classifier), make("token-classification", classifier, window=2)
    halves, _ = run(whole, data(long[:2], long[2:4], types=types), out=tmp_path / "halves")
    two, _ = run(window, data(long[:4], types=types), out=tmp_path / "two")
    shifted = [[first + 2, last + 2, *rest] for first, last, *rest in spans_in(halves[1])]
    assert spans_in(two[0]) == spans_in(halves[0]) + shifted
    assert len(spans_in(two[0])) > 0


def test_limits_of_models() -> None:
    limited, unlimited = tokenizer(64), tokenizer(10**30)
    assert token_limit(bert_config(32), limited) == 32
    assert token_limit(bert_config(128), limited) == 64
    assert token_limit(RobertaConfig(max_position_embeddings=514, pad_token_id=1), unlimited) == 512
    assert token_limit(bert_config(512, position_biased_input=False), unlimited) == 10**6


def test_what_is_no_token_classifier_is_refused(classifier: Path, tiny_t5: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is no token classifier: its weights lack classifier\.bias"):
        make("token-classification", tiny_t5)
    (tmp_path / "config.json").write_text('{"model_type": "no such"}', encoding="utf-8")
    with pytest.raises(InputError, match="cannot be loaded as a token classifier"):
        make("token-classification", tmp_path)
    BertModel(bert_config(16)).save_pretrained(tmp_path)
    tokenizer(16).save_pretrained(tmp_path)
    with pytest.raises(InputError, match=r"is no token classifier: its weights lack classifier\.bias"):
        make("token-classification", tmp_path)
    config = json.loads((classifier / "config.json").read_text(encoding="utf-8"))
    config["id2label"] = {str(i): f"LABEL_{i}" for i in range(4)}
    for name in ("model.safetensors", "tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((classifier / name).read_bytes())
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(InputError, match="id2label: none of its labels is O: LABEL_0, LABEL_1"):
        make("token-classification", tmp_path)
    with pytest.raises(UsageError, match="--device map is for checkpoints of --backend local"):
        make("token-classification", classifier, device="map")


# spaCy, with a pipeline of rules.


@pytest.fixture
def ruled(tmp_path: Path) -> Path:
    spacy = pytest.importorskip("spacy", reason="spacy is not installed")
    nlp = spacy.blank("en")
    patterns = [{"label": "PERSON", "pattern": [{"LOWER": "george"}, {"LOWER": "clooney"}]}]
    nlp.add_pipe("entity_ruler").add_patterns([*patterns, {"label": "GPE", "pattern": [{"ORTH": "don't"}]}])
    nlp.to_disk(tmp_path / "ruled")
    return tmp_path / "ruled"


def test_spacy_is_given_the_words_of_the_corpus(ruled: Path, tmp_path: Path) -> None:
    (tmp_path / "rename.toml").write_text('GPE = "place"', encoding="utf-8")
    backend = make("spacy", ruled, rename=tmp_path / "rename.toml")
    # spaCy itself would make two words of don't, and one of Clooney. at the end.
    records, said = run(
        backend, data(["George", " ", "Clooney"], ["x", "don't", "George", "Clooney"]), out=tmp_path / "run"
    )
    assert [spans_in(record) for record in records] == [[], [[1, 1, "place"], [2, 3, "person"]]]
    assert said == ["en_pipeline: types in another case or with _ for a space, read as those of the list: 1"]
    written = read_own_run(tmp_path / "run/run.json")
    assert written.model.files is not None
    assert {"meta.json", "config.cfg", "entity_ruler/patterns.jsonl"} < written.model.files.keys()
    assert written.settings["library"] == f"spacy {version_of('spacy')}"
    assert (written.settings["decoding"], written.settings["threshold"]) == ("spacy", None)


def test_spacy_reads_windows_if_asked(ruled: Path, tmp_path: Path) -> None:
    backend = make("spacy", ruled, window=2)
    records, _ = run(backend, data(["George", "Clooney", "met", "George", "Clooney"]), out=tmp_path / "run")
    assert spans_in(records[0]) == [[0, 1, "person"]]
    assert records[0].generation["windows"] == 3


def test_a_pipeline_that_is_not_there_or_names_nothing_is_refused(ruled: Path, tmp_path: Path) -> None:
    import spacy

    with pytest.raises(UsageError, match=r"--model en_no_such: spaCy cannot load it .*python -m spacy download"):
        make("spacy", "en_no_such")
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.to_disk(tmp_path / "silent")
    with pytest.raises(UsageError, match="no part of the pipeline names entities: sentencizer"):
        make("spacy", tmp_path / "silent")
    with pytest.raises(GnerBenchError, match="--device cuda:7"):
        make("spacy", ruled, device="cuda:7")


# GLiNER and GLiNER2, small and random.


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encoder")
    torch.manual_seed(0)
    BertModel(bert_config(64)).save_pretrained(folder)
    tokenizer(64).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def gliner_model(encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It takes 12 words, and 64 tokens with its prompt."""
    gliner = pytest.importorskip("gliner", reason="gliner is not installed")
    folder = tmp_path_factory.mktemp("gliner")
    sizes = {"hidden_size": 16, "max_len": 12, "max_width": 3, "num_rnn_layers": 1}
    config = gliner.GLiNERConfig(model_name=str(encoder), encoder_config=bert_config(64).to_dict(), **sizes)
    torch.manual_seed(0)
    gliner.GLiNER.from_config(config, backbone_from_pretrained=False).save_pretrained(str(folder))
    return folder


@pytest.fixture(scope="module")
def gliner2_model(encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    gliner2 = pytest.importorskip("gliner2", reason="gliner2 is not installed")
    folder = tmp_path_factory.mktemp("gliner2")
    torch.manual_seed(0)
    gliner2.GLiNER2(gliner2.ExtractorConfig(model_name=str(encoder), max_width=3)).save_pretrained(str(folder))
    return folder


@pytest.fixture(params=["gliner_model", "gliner2_model"])
def any_gliner(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.getfixturevalue(request.param)
    return folder


def test_gliner_gives_flat_spans_of_whole_words_with_scores(any_gliner: Path, tmp_path: Path) -> None:
    odd = ["don't", " ", "\u200b", "Paris", "U.S."]
    backend = make("gliner", any_gliner, threshold=0.0)
    records, _ = run(backend, data(TEXT.split(), odd, ["paris"]), out=tmp_path / "run")
    for record in records:
        taken: set[int] = set()
        for first, last, kind, sure in spans_in(record):
            assert kind in TYPES
            assert 0 <= sure <= 1
            assert taken.isdisjoint(range(first, last + 1))
            taken |= set(range(first, last + 1))
    assert all(spans_in(record) for record in records)


def test_gliner_at_a_threshold_keeps_the_spans_of_a_lower_one_that_are_as_sure(
    any_gliner: Path, tmp_path: Path
) -> None:
    low, _ = run(make("gliner", any_gliner, threshold=0.0), data(TEXT.split()), out=tmp_path / "low")
    scores = sorted(span[3] for span in spans_in(low[0]))
    least = scores[len(scores) // 2]
    high, _ = run(make("gliner", any_gliner, threshold=least), data(TEXT.split()), out=tmp_path / "high")
    assert spans_in(high[0]) == [span for span in spans_in(low[0]) if span[3] >= least]
    assert 0 < len(spans_in(high[0])) < len(spans_in(low[0])) or len(scores) == 1


def test_gliner_reads_every_word_of_a_long_sentence(
    any_gliner: Path, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    words = (TEXT.split() * 8)[:70]
    records, said = run(make("gliner", any_gliner, threshold=0.0), data(words), out=tmp_path / "run")
    assert max(span[1] for span in spans_in(records[0])) >= 67
    assert records[0].generation["windows"] >= 2
    assert any("read in windows: 1" in line for line in said)
    assert not [warning for warning in recwarn if "truncated" in str(warning.message)]


def test_gliner_is_asked_for_definitions_and_by_other_names(any_gliner: Path, tmp_path: Path) -> None:
    plain, _ = run(make("gliner", any_gliner, threshold=0.0), data(TEXT.split()), out=tmp_path / "plain")
    said = {"news": {"person": Definition("a human"), "place": Definition("somewhere")}}
    defined, _ = run(
        make("gliner", any_gliner, threshold=0.0), data(TEXT.split()), out=tmp_path / "said", definitions=said
    )
    assert spans_in(plain[0]) != spans_in(defined[0])
    assert {span[2] for span in spans_in(defined[0])} <= set(TYPES)
    assert (plain[0].prompt, defined[0].prompt) == ("person, place", "person: a human\nplace: somewhere")
    (tmp_path / "rename.toml").write_text('somewhere = "place"\n"a human" = "person"', encoding="utf-8")
    renamed, _ = run(
        make("gliner", any_gliner, threshold=0.0, rename=tmp_path / "rename.toml"),
        data(TEXT.split()),
        out=tmp_path / "renamed",
    )
    assert {span[2] for span in spans_in(renamed[0])} <= set(TYPES)
    assert spans_in(renamed[0]) != spans_in(plain[0])
    same = {"news": {"person": Definition("a thing"), "place": Definition("a thing")}}
    with pytest.raises(UsageError, match="the same is said of two types"):
        run(make("gliner", any_gliner), data(["a"]), out=tmp_path / "same", definitions=same)


def test_types_that_leave_no_room_for_words_are_refused(any_gliner: Path, tmp_path: Path) -> None:
    types = tuple(f"person place {letter}" for letter in "abcdefghijklmnopqrstuvwxyz")
    with pytest.raises(UsageError, match="26 types, with what is said of them, fill the 64 tokens"):
        run(make("gliner", any_gliner), data(["a"], types=types), out=tmp_path)


def test_data_sets_of_other_types_and_shuffled_types_go_side_by_side(any_gliner: Path, tmp_path: Path) -> None:
    sets = data(TEXT.split(), ["paris"], name="one"), data(TEXT.split(), name="two", types=("film", "city"))
    backend = make("gliner", any_gliner, threshold=0.0)
    path = engine.predict(backend, sets, Options(None, tmp_path, label_order="shuffled", seed=3))
    for record in read_records(path):
        assert {span[2] for span in spans_in(record)} <= set(record.types)


def test_gliner_refuses_a_window_beyond_its_own(gliner_model: Path) -> None:
    with pytest.raises(UsageError, match="--window 13: the model takes 12 words at most"):
        make("gliner", gliner_model, window=13)


def test_gliner_refuses_another_folder(gliner_model: Path, tmp_path: Path) -> None:
    (tmp_path / "gliner_config.json").write_bytes((gliner_model / "gliner_config.json").read_bytes())
    with pytest.raises(InputError, match="cannot be loaded by GLiNER"):
        make("gliner", tmp_path)


# flair, small and random.


@pytest.fixture(scope="module")
def flair_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    flair = pytest.importorskip(
        "flair", reason="flair is not installed, or not beside this transformers", exc_type=ImportError
    )
    from flair.data import Dictionary
    from flair.embeddings import OneHotEmbeddings
    from flair.models import SequenceTagger

    words, tags = Dictionary(), Dictionary(add_unk=False)
    tags.span_labels = True
    for word in TEXT.split():
        words.add_item(word)
    for tag in ("person", "place"):
        tags.add_item(tag)
    flair.set_seed(3)
    tagger = SequenceTagger(OneHotEmbeddings(words), tags, "ner", hidden_size=8, use_crf=False)
    path = tmp_path_factory.mktemp("flair") / "model.pt"
    tagger.save(path)
    return path


def test_flair_tags_the_words_of_the_corpus_each_sentence_by_itself(flair_model: Path, tmp_path: Path) -> None:
    sentences = [TEXT.split(), ["don't", "paris", " ", "\u200b", "london"], ["paris"]]
    records, _ = run(make("flair", flair_model), data(*sentences), out=tmp_path / "all")
    assert sum(len(spans_in(record)) for record in records) > 3
    for index, sentence in enumerate(sentences):
        alone, _ = run(make("flair", flair_model), data(sentence), out=tmp_path / str(index))
        assert spans_in(alone[0]) == spans_in(records[index])
    settings = read_own_run(tmp_path / "all/run.json").settings
    assert (settings["context"], settings["library"]) == ("none", f"flair {version_of('flair')}")


def test_flair_keeps_to_a_threshold(flair_model: Path, tmp_path: Path) -> None:
    low, _ = run(make("flair", flair_model), data(TEXT.split()), out=tmp_path / "low")
    least = sorted(span[3] for span in spans_in(low[0]))[-1]
    high, _ = run(make("flair", flair_model, threshold=least), data(TEXT.split()), out=tmp_path / "high")
    assert spans_in(high[0]) == [span for span in spans_in(low[0]) if span[3] >= least]
    with pytest.raises(UsageError, match="flair cannot load it"):
        make("flair", tmp_path / "none.pt")
