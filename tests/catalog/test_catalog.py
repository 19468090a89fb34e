from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from gner_bench.bio import lenient_spans
from gner_bench.catalog import bibliography, catalog, published_scores, use_file
from gner_bench.catalog.entries import PublishedScore
from gner_bench.data import Reading, read_dataset
from gner_bench.data.problems import known_problems
from gner_bench.errors import InputError, UsageError
from gner_bench.fetch.home import kind_of

SHARED = Path(__file__).parents[3] / "shared"
REFERENCE = SHARED / "reference" / "published_scores.json"


ZERO_SHOT = catalog().group("zero-shot")


def test_the_seven_sets_in_the_order_of_tables() -> None:
    assert [d.title for d in ZERO_SHOT] == ["AI", "Lit.", "Music", "Politics", "Science", "Movie", "Rest."]
    assert sum(d.sentences for d in ZERO_SHOT) == 6470


def test_the_eighteen_supervised_sets_are_those_of_the_published_scores() -> None:
    names = {d.name for d in catalog().group("supervised")}
    assert len(names) == 18
    for row in published_scores("supervised"):
        assert set(row.scores) == names
        assert row.average == pytest.approx(sum(row.scores.values()) / 18, abs=0.006), row.system


def test_the_checkpoints() -> None:
    models = [model for model in catalog().model if model.family]
    assert [m.name for m in models] == [
        "GNER-T5-base",
        "GNER-T5-large",
        "GNER-T5-large-v2",
        "GNER-T5-xl",
        "GNER-T5-xxl",
        "GNER-LLaMA-7B",
    ]
    for model in models:
        assert model.hub == f"dyyyyyyyy/{model.name}"
        assert model.family == ("llama" if "LLaMA" in model.name else "t5")
        assert "Pile-NER-type" in model.training_sets
    assert [m.name for m in models if m.pinned] == ["GNER-T5-xxl", "GNER-LLaMA-7B"]
    assert {m.name: m.memory_class for m in models}["GNER-T5-xxl"] == "48 GB"


def test_every_other_system_says_how_it_is_asked_and_where_that_was_read() -> None:
    others = [model for model in catalog().model if not model.family]
    names = {dataset.name.lower(): dataset.name for dataset in catalog().dataset}
    assert len({model.name.lower() for model in catalog().model}) == len(catalog().model)
    for model in others:
        assert model.source, model.name
        assert model.note or model.backend, model.name
        assert bool(model.format) == (model.backend in ("local", "vllm")), model.name
        # A training set that the catalogue has is called by its name there, so that zero-shot can be judged.
        assert all(names.get(name.lower(), name) == name for name in model.training_sets), model.name


def test_published_rows_are_tied_to_systems() -> None:
    """Read off the tables: whose rows they are. Nobody's are those of services and of systems without a checkpoint."""
    owners = {
        row.system: [m.name for m in catalog().model if m.is_published_as(row.system)] for row in published_scores()
    }
    assert [system for system, models in owners.items() if not models] == [
        "GNER-T5-small",
        "ChatGPT (gpt-3.5-turbo)",
        "UniNER-13B",
        "PaDeLLM-NER-7B",
        "DiZiNER",
        "GPT-5 mini",
    ]
    assert owners["UniNER-7B"] == ["UniNER-7B-type"]
    assert owners["GLiNER-L (as first published)"] == ["GLiNER-L-v1"]
    assert all(len(models) < 2 for models in owners.values())
    known = {row.system for row in published_scores()}
    assert all(known.issuperset(model.published) for model in catalog().model)


def test_a_system_is_found_by_its_hub_id_too() -> None:
    found = catalog().find_model("universal-ner/uniner-7b-type")
    assert found is not None
    assert found.name == "UniNER-7B-type"
    assert catalog().find_model("internlm/internlm2_5-7b") is None  # the base of a system is another one
    assert catalog().find_model("") is None


def test_no_checkpoint_names_a_zero_shot_set_as_training_data() -> None:
    names = {dataset.name for dataset in ZERO_SHOT}
    assert not any(names.intersection(model.training_sets) for model in catalog().model)


def test_the_limits_of_the_protocol() -> None:
    t5, llama = catalog().get_family("t5"), catalog().get_family("llama")
    assert (t5.max_input_tokens, t5.max_new_tokens, t5.wrapping) == (640, 640, "plain")
    assert (llama.max_total_tokens, llama.wrapping) == (1280, "inst")


def test_every_file_has_a_checksum_or_names_a_commit_and_every_source_its_files() -> None:
    assert [file.name for file in catalog().file if not file.checksum] == ["Pile-NER-type/train.json"]
    for file in catalog().file:
        assert kind_of(file.checksum) if file.checksum else "/18a67ca98e0300c0822a649dbf9729cdb9ea9438/" in file.urls[0]
        assert all(url.startswith("https://") for url in file.urls)
    for dataset in catalog().dataset:
        for source in dataset.sources:
            assert source.hub or all(catalog().get_file(name) for name in source.files.values())


def test_names_are_found_in_any_case_and_unknown_ones_get_the_nearest() -> None:
    assert catalog().find_model("gner-t5-XXL") is catalog().model[4]
    assert catalog().find_model("nothing") is None
    with pytest.raises(UsageError, match="unknown data set 'crosner_ai'; did you mean 'crossner_ai'"):
        catalog().expand(("crosner_ai",))
    with pytest.raises(UsageError, match="did you mean 'zero-shot'"):
        catalog().expand(("zero-shots",))


def test_groups_and_names_expand_without_doubles() -> None:
    names = [dataset.name for dataset in catalog().expand(("mit-movie", "zero-shot"))]
    assert names == ["mit-movie", *(dataset.name for dataset in ZERO_SHOT if dataset.name != "mit-movie")]


USER = """
[[model]]
name = "mine"
hub = "me/mine"
family = "t5"
parameters = 1_000

[[model]]
name = "GNER-T5-base"
hub = "mirror/base"
family = "t5"
parameters = 248_000_000

[[dataset]]
name = "news"
types = ["person"]
folder = "data"
"""


def test_a_users_file_adds_entries_and_replaces_those_of_the_same_name(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(USER, encoding="utf-8")
    with use_file(file):
        assert [m.hub for m in catalog().model][:2] == ["mirror/base", "dyyyyyyyy/GNER-T5-large"]
        assert catalog().find_model("mine") is catalog().model[-1]
        assert catalog().get_dataset("news").folder == "data"
        assert len(catalog().group("zero-shot")) == 7
    assert catalog().find_model("mine") is None


def test_a_bad_user_file_names_the_key(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(USER.replace("hub =", "hubb ="), encoding="utf-8")
    with (
        use_file(file),
        pytest.raises(InputError, match=r"model\[0\]\.hubb: unknown key; did you mean 'hub'"),
    ):
        catalog()


def test_known_problems_concern_the_sentences_that_are_there(shared: Path) -> None:
    words = [sentence.words for sentence in read_dataset(shared / "data" / "gner", "crossner_music").sentences]
    assert known_problems("crossner_music", "test", words) == [
        "6 sentences are in train too",
        "8 sentences are there more than once, 5 of them with conflicting gold",
    ]
    assert known_problems("crossner_music", "test", [["something", "else"]]) == []
    assert known_problems("mit-movie", "dev", [["whatever"]]) == ["it is the test split"]
    assert known_problems("news", "test", words) == []


def test_multinerd_has_exchanged_types(shared: Path) -> None:
    # Places, bodies, plants and gods of which no type is in doubt; awk over test.txt counts the same mentions.
    right = {
        "LOC": "United States|China|France|London",
        "ORG": "European Union|BBC|Google|NATO",
        "PLANT": "oak|rice|wheat|garlic|maize",
        "MYTH": "Zeus|Apollo|Poseidon|Aphrodite",
    }
    types: dict[str, Counter[str]] = {kind: Counter() for kind in right}
    sentences = read_dataset(shared / "data" / "gner", "MultiNERD", reading=Reading(repair="keep")).sentences
    for sentence in sentences:
        for first, end, kind in lenient_spans(sentence.tags):
            for wanted, words in right.items():
                types[wanted][kind] += " ".join(sentence.words[first:end]) in words.split("|")
    assert {wanted: +found for wanted, found in types.items()} == {
        "LOC": {"ORG": 500},
        "ORG": {"LOC": 108},
        "PLANT": {"MYTH": 38},
        "MYTH": {"PLANT": 6},
    }
    known = known_problems("MultiNERD", "test", [sentences[0].words])
    assert known[:2] == [
        "the types LOC and ORG are mostly exchanged (China is ORG, Google LOC)",
        "the types PLANT and MYTH are exchanged (rice is MYTH, Zeus PLANT)",
    ]


def test_published_rows_cover_the_seven_sets_in_percent() -> None:
    names = [d.name for d in ZERO_SHOT]
    for row in published_scores():
        assert list(row.scores) == names
        assert all(1 < value < 100 for value in row.scores.values())
        assert row.source


def test_a_published_average_is_the_mean_of_its_row() -> None:
    for row in published_scores():
        assert row.average == pytest.approx(sum(row.scores.values()) / 7, abs=0.051), row.system


def test_rows_with_other_gold_are_not_comparable() -> None:
    others = [row for row in published_scores() if not row.comparable]
    assert [row.system for row in others] == [
        "GLiNER-L (as first published)",
        "GoLLIE-7B (as first published)",
        "B2NER-7B",
    ]
    assert all("not like for like" in row.note for row in others)


def _count(text: str | None) -> float | None:
    return None if text is None else float(text[:-1]) * {"M": 1e6, "B": 1e9}[text[-1]]


@pytest.mark.skipif(not REFERENCE.exists(), reason=f"needs {REFERENCE}, which is not part of the project")
def test_published_rows_equal_the_reference() -> None:
    expected = json.loads(REFERENCE.read_text(encoding="utf-8"))["zero_shot"]
    assert [replace(row, cite=(), scorer="") for row in published_scores()] == [
        PublishedScore(
            system=row["system"],
            year=row["year"],
            source=row["source"],
            average=row["average"],
            scores=row["scores"],
            parameters=_count(row["params"]),
            note=row.get("note", ""),
            comparable="not like for like" not in row.get("note", ""),
        )
        for row in expected
    ]


def test_every_published_row_cites_entries_that_name_what_its_source_names() -> None:
    rows = [*published_scores(), *published_scores("supervised")]
    for row in rows:
        assert row.cite, row.system
        entries = bibliography(row.cite)
        assert entries.count("\n@") + 1 == len(set(row.cite))
        for number in re.findall(r"\d{4}\.\d{5}", row.source):
            assert number in entries, row.system
    everything = bibliography({key for row in rows for key in row.cite})
    # Nothing in published.bib is cited by no row, and no key is there twice.
    assert everything.count("@") == len({key for row in rows for key in row.cite})
    with pytest.raises(KeyError):
        bibliography(["nobody-2024"])


def test_bibtex_entries_are_balanced_and_have_what_their_kind_needs() -> None:
    of_all = {"author", "title", "year"}
    needed = {
        "inproceedings": of_all | {"booktitle"},
        "article": of_all | {"journal"},
        "misc": of_all | {"howpublished"},
    }
    for row in published_scores():
        for key in row.cite:
            entry = bibliography([key])
            kind = entry[1 : entry.index("{")]
            assert needed[kind] <= set(re.findall(r"^  (\w+) = \{.*\},$", entry, re.MULTILINE)), key
            assert entry.count("{") == entry.count("}")
            assert entry.isascii()
            # Styles print addresses as they are, also where no package for them is loaded.
            assert not re.search(r"url = .*[_%#&~]", entry)
