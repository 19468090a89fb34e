"""Files in the layouts of well-known corpora, with invented sentences: what is read, with which option, and what is
refused with which message. docs/data.md shows this as a table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gner_bench.bio import Reading
from gner_bench.data.formats import Source, detect, read_file
from gner_bench.data.sentence import Dataset
from gner_bench.errors import InputError

PER, LOC = (("Ann", "B-PER"), ("Lee", "I-PER"), ("saw", "O"), ("Oslo", "B-LOC"), (".", "O")), (("Rain", "O"),)
"""The sentences of most files below."""

CONLL_2003 = """-DOCSTART- -X- -X- O

Ann NNP B-NP I-PER
Lee NNP I-NP I-PER
saw VBD B-VP O
Oslo NNP B-NP I-LOC
. . O O

-DOCSTART- -X- -X- O

Rain NN B-NP O
"""
GERMEVAL_2014 = """#\thttp://de.example.org/wiki/Ann [2009-10-17]
1\tAnn\tB-PER\tO
2\tLee\tI-PER\tO
3\tsaw\tO\tO
4\tOslo\tB-LOC\tB-LOCpart
5\t.\tO\tO

#\thttp://de.example.org/wiki/Rain [2009-10-17]
1\tRain\tO\tO
"""
MULTICONER_2 = """# id 5239d808-f300-46ea\tdomain=en
Ann _ _ B-PER
Lee _ _ I-PER
saw _ _ O
Oslo _ _ B-LOC
. _ _ O

# id 0a8c2c5a-9d44-42a1\tdomain=en
Rain _ _ O
"""
UNER = """# newdoc id = batch-0000
# sent_id = batch-0000-0001
# text = Ann Lee saw Oslo.
1\tAnn\tB-PER\t-\tmeg
2\tLee\tI-PER\t-\tmeg
3\tsaw\tO\t-\t-
4\tOslo\tB-LOC\t-\tmeg
5\t.\tO\t-\t-

# sent_id = batch-0000-0002
# text = Rain
1\tRain\tO\t-\t-
"""
ONTONOTES = """#begin document (nw/a/00/a_0001); part 000
Ann NNP (TOP(S(NP* B-PER
Lee NNP *) I-PER
saw VBD (VP* O
Oslo NNP (NP*) B-LOC
. . *)) O

Rain NN (TOP(NP*)) O

#end document
"""
CONLL_2012 = """#begin document (nw/a/00/a_0001); part 000
nw/a/00/a_0001 0 0 Ann NNP (TOP(S(NP* - - - - (PER* (ARG0* -
nw/a/00/a_0001 0 1 Lee NNP *) - - - - *) *) -
nw/a/00/a_0001 0 2 saw VBD (VP* see 01 1 - * (V*) -
nw/a/00/a_0001 0 3 Oslo NNP (NP*) - - - - (LOC) (ARG1*) -
nw/a/00/a_0001 0 4 . . *)) - - - - * * -

nw/a/00/a_0001 0 0 Rain NN (TOP(NP*)) - - - - * -

#end document
"""
FEW_NERD = "Ann\tperson-actor\nLee\tperson-actor\nsaw\tO\nOslo\tlocation-GPE\n.\tO\n\nRain\tO\n"
BC5CDR = "Ann S-Chemical\nLee B-Disease\nsaw E-Disease\nOslo O\n. O\n\nRain O\n"
BILOU = "Ann\tB-PER\nLee\tL-PER\nsaw\tO\nOslo\tU-LOC\n.\tO\n\nRain\tO\n"
CHINESE = "Ann\tB-PER\nLee\tE-PER\nsaw\tO\nOslo\tS-LOC\n.\tO\n\nRain\tO\n"
BMES = "A\tB-PER\nB\tM-PER\nC\tE-PER\n"
WEBANNO = """#FORMAT=WebAnno TSV 3.3
#T_SP=webanno.custom.NamedEntity|identifier|value


#Text=Ann saw Oslo
1-1\t0-3\tAnn\t*\tPER
1-2\t4-7\tsaw\t_\t_
"""
HF = (
    '{"id": "0", "tokens": ["Ann", "Lee", "saw", "Oslo", "."], "ner_tags": [1, 2, 0, 3, 0]}\n'
    '{"id": "1", "tokens": ["Rain"], "ner_tags": [0]}\n'
)
HF_NAMES = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
DOCCANO = (
    '{"id": 1, "text": "Ann Lee saw Oslo.", "label": [[0, 7, "PER"], [12, 16, "LOC"]]}\n'
    '{"id": 2, "text": "Rain", "label": []}\n'
)
DOCCANO_OBJECTS = (
    '{"id": 1, "text": "Ann Lee saw Oslo.", "entities": [{"id": 5, "label": "PER", "start_offset": 0, "end_offset": 7},'
    ' {"id": 6, "label": "LOC", "start_offset": 12, "end_offset": 16}], "relations": [], "Comments": []}\n'
    '{"id": 2, "text": "Rain", "entities": [], "relations": []}\n'
)


def label_studio(*spans: tuple[int, int, str], text: str = "Ann Lee saw Oslo.") -> dict[str, Any]:
    values = [{"start": a, "end": b, "text": text[a:b], "labels": [kind]} for a, b, kind in spans]
    result = [
        {"id": "x", "from_name": "label", "to_name": "text", "type": "labels", "value": value} for value in values
    ]
    return {"id": 1, "data": {"text": text}, "annotations": [{"id": 3, "was_cancelled": False, "result": result}]}


LABEL_STUDIO = json.dumps(
    [label_studio((0, 7, "PER"), (12, 16, "LOC")), label_studio(text="Rain") | {"id": 2}], ensure_ascii=False
)
READ: dict[str, tuple[str, str, Reading]] = {
    "CoNLL-2003, IOB1": ("eng.txt", CONLL_2003, Reading()),
    "GermEval 2014": ("de.tsv", GERMEVAL_2014, Reading(columns={"tag": 3})),
    "NoSta-D, both named": ("NER-de-test.tsv", GERMEVAL_2014, Reading(columns={"word": 2, "tag": 3})),
    "MultiCoNER 2": ("en-test.conll", MULTICONER_2, Reading()),
    "UNER": ("en_ewt-ud-test.iob2", UNER, Reading()),
    "OntoNotes in columns": ("onto.test.bio", ONTONOTES, Reading()),
    "BILOU": ("a.bio", BILOU, Reading()),
    "BIOES": ("a.bioes", CHINESE, Reading()),
    "Hugging Face, numbers": ("test.jsonl", HF, Reading(tag_names=HF_NAMES)),
    "doccano": ("all.jsonl", DOCCANO, Reading()),
    "doccano, relations": ("all.jsonl", DOCCANO_OBJECTS, Reading()),
    "Label Studio": ("project-1.json", LABEL_STUDIO, Reading()),
}


def read(folder: Path, name: str, content: str, reading: Reading | None = None) -> Dataset:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    [dataset] = read_file(Source(path, "news", "test", None, reading or Reading()), detect(path))
    return dataset


def rows(dataset: Dataset) -> list[tuple[tuple[str, str], ...]]:
    return [tuple(zip(sentence.words, sentence.tags, strict=True)) for sentence in dataset.sentences]


def refusal(folder: Path, name: str, content: str, reading: Reading | None = None) -> str:
    with pytest.raises(InputError) as caught:
        read(folder, name, content, reading)
    return str(caught.value).removeprefix(str(folder / name))


@pytest.mark.parametrize("layout", READ)
def test_the_sentences_of_a_layout_are_read(tmp_path: Path, layout: str) -> None:
    dataset = read(tmp_path, *READ[layout])
    assert rows(dataset) == [PER, LOC]
    assert set(dataset.types) == {"PER", "LOC"}


def test_what_was_chosen_is_said(tmp_path: Path) -> None:
    def said(layout: str) -> tuple[str, ...]:
        return read(tmp_path, *READ[layout]).remarks

    assert said("CoNLL-2003, IOB1") == (
        "news/test: words are in column 1, tags in column 4 (column 3 holds chunks)",
        "news/test: tags read as IO (--scheme says another)",
    )
    assert said("UNER") == ("news/test: words are in column 2, tags in column 3 (column 1 counts)",)
    assert said("BILOU") == ("news/test: tags read as BILOU (--scheme says another)",)
    assert said("MultiCoNER 2") == ()


def test_few_nerd_has_types_without_a_prefix_which_is_for_the_user_to_say(tmp_path: Path) -> None:
    message = ", line 1: tag: 'person-actor' is neither O nor B-/I- with a type; --scheme io reads types alone"
    assert refusal(tmp_path, "test.txt", FEW_NERD) == message
    dataset = read(tmp_path, "test.txt", FEW_NERD, Reading(scheme="io"))
    tags = ("B-person-actor", "I-person-actor", "O", "B-location-GPE", "O")
    assert [sentence.tags for sentence in dataset.sentences] == [tags, ("O",)]


def test_bioes_of_bc5cdr_and_bmes_of_chinese_sets(tmp_path: Path) -> None:
    dataset = read(tmp_path, "test.tsv", BC5CDR)
    assert dataset.sentences[0].tags == ("B-Chemical", "B-Disease", "I-Disease", "O", "O")
    assert read(tmp_path, "zh.bio", BMES).sentences[0].tags == ("B-PER", "I-PER", "I-PER")


def test_two_columns_of_tags_are_refused_until_one_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path, "de.tsv", GERMEVAL_2014) == (
        ", line 2: tag: columns 3 and 4 hold tags ('B-PER' and 'B-LOCpart'); say which is meant, such as"
        " --columns tag=3"
    )
    inner = read(tmp_path, "de.tsv", GERMEVAL_2014, Reading(columns={"tag": 4}))
    assert inner.sentences[0].tags == ("O", "O", "O", "B-LOCpart", "O")


REFUSED = {
    "WebAnno": ("a.tsv", WEBANNO, "is WebAnno TSV; export it from INCEpTION or WebAnno as CoNLL 2002, which is read"),
    "CoNLL-2012": ("a.conll", CONLL_2012, "holds spans in brackets, (GPE* … *), as in CoNLL-2012; convert them to BIO"),
    "numbers without names": (
        "a.jsonl",
        HF,
        "line 1: ner_tags: holds numbers, which nothing names; --tag-names O,B-PER",
    ),
    "two annotators": (
        "a.json",
        json.dumps([label_studio() | {"annotations": label_studio()["annotations"] * 2}]),
        "[0].annotations: expected one annotation of the task, found 2",
    ),
    "nested spans": ("a.jsonl", '{"text": "New York", "label": [[0, 8, "LOC"], [0, 3, "X"]]}', "line 1: label: 'New'"),
    "mentions without places": (
        "a.jsonl",
        '{"text": "Ann ran", "entities": [{"text": "Ann", "type": "PER"}]}',
        "line 1: entities[0]: expected start, end and label (or type)",
    ),
}


@pytest.mark.parametrize("layout", REFUSED)
def test_what_cannot_be_read_is_named(tmp_path: Path, layout: str) -> None:
    name, content, message = REFUSED[layout]
    assert message in refusal(tmp_path, name, content)


def test_names_of_tags_are_those_of_the_features_beside_the_file(tmp_path: Path) -> None:
    for features in (
        {"ner_tags": {"feature": {"names": HF_NAMES, "_type": "ClassLabel"}, "_type": "Sequence"}},
        {"ner_tags": [{"names": HF_NAMES, "_type": "ClassLabel"}]},
    ):
        for info in ({"features": features}, {"default": {"features": features}}):
            (tmp_path / "dataset_info.json").write_text(json.dumps(info))
            dataset = read(tmp_path, "test.jsonl", HF)
            assert (rows(dataset), dataset.types) == ([PER, LOC], ("PER", "LOC"))


def test_an_entity_that_ends_inside_a_word_cuts_it_which_is_counted(tmp_path: Path) -> None:
    dataset = read(
        tmp_path, "a.jsonl", '{"text": "Norwegenreise nach Oslo", "label": [[0, 8, "LOC"], [18, 23, "LOC"]]}'
    )
    assert rows(dataset) == [(("Norwegen", "B-LOC"), ("reise", "O"), ("nach", "O"), ("Oslo", "B-LOC"))]
    assert dataset.remarks == (
        "entities with white space at an end, left out there: 1",
        "entities that begin or end inside a word, which was cut there: 1",
    )
