"""Scores as records of Every Eval Ever (arXiv 2606.14516), version 0.3.0 of its schema.

One document holds a result for each set, metric and ratio, with interval and the signature's fields; beside it, in JSON
lines, are the sentences, each with what was asked, answered and counted. Both are where the datastore has them:
``data/COLLECTION/DEVELOPER/MODEL/UUID.json``. Scores and ends of intervals are shares from 0 to 1.
"""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gner_bench import __version__
from gner_bench.bio import Span
from gner_bench.catalog import catalog
from gner_bench.documents.fields import Json
from gner_bench.documents.scores import NAME, ScoresDocument, SetDocument, Value
from gner_bench.errors import UsageError, short
from gner_bench.fetch.checkpoint import HUB_ID
from gner_bench.files import to_json, write_atomic
from gner_bench.publish import Files, Publication, Target
from gner_bench.publish.hub import on_hub, slug
from gner_bench.scoring.described import read_described
from gner_bench.scoring.document import scores_of
from gner_bench.scoring.intervals import is_small, micro_moments
from gner_bench.scoring.metrics import METRICS, Metric
from gner_bench.scoring.predictions import Prediction
from gner_bench.scoring.scores import SetScores

VERSION = "0.3.0"
RATIOS = ("f1", "precision", "recall")
SPLITS = {"dev": "val"}
"""What the schema calls splits, where it is not as we do."""
COMPUTED = ("revision", "weights", "dtype", "batch_size", "device")
"""What is told of the model, where the scores know it."""
WILSON = "Wilson score interval"
COMBINED = "intervals of the sets, combined (Zou and Donner 2008)"


def files(publication: Publication, destination: str) -> Files:
    """The document and, unless the destination is one file, the lines of sentences where these are known. Raises
    UsageError where nobody says which model it is, and where the predictions are not those of the scores."""
    document, model = publication.document, model_of(publication)
    # A UUID of version 4 that follows from the scores: the same scores take the place of themselves.
    digest = hashlib.sha256(to_json(document.json()).encode("utf-8")).digest()
    name = f"{uuid.UUID(bytes=digest[:16], version=4)}.json"
    single = destination.endswith(".json")
    # What several data sets are called together.
    collection = next(iter(document.datasets)) if len(document.datasets) == 1 else "gner-bench"
    folder = f"data/{slug(collection)}/{'/'.join(map(slug, model.split('/')))}"
    record = _record(publication, model, collection)
    if single or publication.predictions is None:
        return {destination if single else f"{folder}/{name}": to_json(record) + "\n"}
    lines = [json.dumps(line, ensure_ascii=False) for line in _sentences(publication, record)]
    samples, text = f"{folder}/{name.removesuffix('.json')}_samples.jsonl", "\n".join(lines) + "\n"
    record["detailed_evaluation_results"] = {
        "format": "jsonl",
        "file_path": samples,
        "hash_algorithm": "sha256",
        "checksum": hashlib.sha256(text.encode("utf-8")).hexdigest(),
        "total_rows": len(lines),
    }
    return {f"{folder}/{name}": to_json(record) + "\n", samples: text}


def put(texts: Files, destination: str, propose: bool) -> str:
    """Write the files; returns the path of the document. Raises InputError for one that cannot be written."""
    root = Path() if destination in texts else Path(destination)
    for name, text in texts.items():
        write_atomic(root / name, text)
    return str(root / next(iter(texts)))


def model_of(publication: Publication) -> str:
    """The hub id of the model: the given one, else that of its run or of the catalogue. Raises UsageError for none."""
    document, run = publication.document, publication.run
    computed = document.origin.computed
    said = [publication.model, run.model.source if run else "", computed.model or "" if computed else ""]
    if publication.model and not HUB_ID.fullmatch(publication.model):
        raise UsageError(f"--model {short(publication.model)}: expected OWNER/NAME")
    for name in filter(None, [*said, document.system.name]):
        known = catalog().find_model(name)
        if known is not None and HUB_ID.fullmatch(known.hub):
            return known.hub
        if HUB_ID.fullmatch(name) and not Path(name).exists():
            return name
    raise UsageError(f"the scores of {document.system.name} do not say which model it is: --model OWNER/NAME")


def _record(publication: Publication, model: str, collection: str) -> Json:
    document, run, created = publication.document, publication.run, str(int(time.time()))
    record: Json = {
        "schema_version": VERSION,
        "evaluation_id": f"{collection}/{model}/{created}",
        "retrieved_timestamp": created,
        "source_metadata": {
            "source_name": "gner-bench",
            "source_type": "evaluation_run",
            "source_organization_name": publication.organization or "unknown",
            "evaluator_relationship": publication.relationship,
        },
        "eval_library": {
            "name": "gner-bench",
            "version": __version__,
            "additional_details": {"signature": document.signature, "signature_short": document.signature_short},
        },
        "model_info": _model(publication, model),
        "evaluation_results": list(_results(document)),
    }
    if run and run.ended:
        record["evaluation_timestamp"] = run.ended
    return record


def _model(publication: Publication, model: str) -> Json:
    document, run = publication.document, publication.run
    computed = document.origin.computed
    details = {
        "deployment_type": "self_deployed" if run and run.settings.get("backend", "local") == "local" else "unknown",
        "model_availability": "open_weights" if computed and computed.weights else "unknown",
        "decoding": document.origin.decoding,
    }
    known = computed.json() if computed else {}
    details |= {key: str(known[key]) for key in COMPUTED if key in known}
    if document.system.parameters is not None:
        details["parameters"] = str(document.system.parameters)
    if document.system.training_sets:
        details["training_sets"] = ", ".join(document.system.training_sets)
    return {
        "name": document.system.name,
        "id": model,
        "developer": model.partition("/")[0],
        "additional_details": details,
    }


def _results(document: ScoresDocument) -> Iterator[Json]:
    """A result for each set, metric and ratio; last the means over several sets."""
    scores = scores_of(document, Path(NAME))
    for name, part in document.datasets.items():
        for metric in document.metrics:
            method = _method(document, metric, WILSON, scores.sets[name])
            place, value = f"{name}/{part.split}", part.values[metric]
            yield from _ratios(document, place, metric, value, _source(name, part), method, part.sentences)
    if len(document.datasets) > 1:
        total = sum(part.sentences for part in document.datasets.values())
        sets = ", ".join(f"{name}/{part.split}" for name, part in document.datasets.items())
        source = {"dataset_name": "gner-bench", "source_type": "other", "additional_details": {"mean_over": sets}}
        for metric in document.metrics:
            method = _method(document, metric, COMBINED, *scores.sets.values())
            yield from _ratios(document, "mean", metric, document.average[metric], source, method, total)


def _method(document: ScoresDocument, metric: Metric, of_small: str, *parts: SetScores) -> str:
    """How an interval was made; ``of_small`` is how where one of the sets is too small for percentiles."""
    if document.runs:
        return "bootstrap over sentences and runs"
    if any(not METRICS[metric].distinct and is_small(micro_moments(p.units.statistics, metric)) for p in parts):
        return of_small
    drawn = "documents" if document.signature_fields.get("cl") == "doc" else "sentences"
    return f"percentile bootstrap over {drawn}"


def _ratios(
    document: ScoresDocument, place: str, metric: Metric, value: Value, source: Json, method: str, sentences: int
) -> Iterator[Json]:
    definition = METRICS[metric]
    for ratio in RATIOS:
        numbers = {"true_positives": value.true_positives, "predicted": value.predicted, "gold": value.gold}
        details = {key: repr(number).removesuffix(".0") for key, number in numbers.items() if number is not None}
        details |= {"no_interval": value.no_interval} if value.no_interval else {}
        details |= {"sd_over_runs": repr(value.sd)} if value.sd is not None and ratio == "f1" else {}
        score: Json = {"score": getattr(value, ratio), "details": details}
        if ends := (value.interval or {}).get(ratio):
            score["uncertainty"] = {
                "confidence_interval": {
                    "lower": ends[0],
                    "upper": ends[1],
                    "confidence_level": document.resampling.confidence,
                    "method": method,
                },
                "num_samples": sentences,
                **({} if method in (WILSON, COMBINED) else {"num_bootstrap_samples": document.resampling.resamples}),
            }
        yield {
            "evaluation_result_id": f"{place}/{metric}/{ratio}",
            "evaluation_name": place,
            "source_data": source,
            "metric_config": {
                "evaluation_description": definition.description,
                "metric_id": f"gner_bench.{metric}_{ratio}",
                "metric_name": definition.name_in_text if ratio == "f1" else f"{metric} {ratio}",
                "metric_kind": ratio,
                "metric_unit": "proportion",
                "metric_parameters": dict(document.signature_fields),
                "lower_is_better": False,
                "score_type": "continuous",
                "min_score": 0,
                "max_score": 1,
            },
            "score_details": score,
        }


def _source(name: str, part: SetDocument) -> Json:
    """Where the sentences are from, as far as words and tags are those that the catalogue knows."""
    details = {"split": part.split, "content_hash": part.content_hash, "sentences": str(part.sentences)}
    details |= {"planned": str(part.planned)} if part.planned is not None else {}
    known = catalog().find_dataset(name)
    facts = known.splits.get(part.split) if known else None
    if place := on_hub(name, part):
        details |= {"revision": place.revision, "subset": place.subset}
        split = SPLITS.get(part.split, part.split)
        there = {"source_type": "hf_dataset", "hf_repo": place.id, "hf_split": split, "samples_number": part.sentences}
    elif known and facts and known.homepage and part.content_hash == facts.content_hash:
        there = {"source_type": "url", "url": [known.homepage]}
    else:
        there = {"source_type": "other"}
    return {"dataset_name": name, **there, "additional_details": details}


def _sentences(publication: Publication, record: Json) -> Iterator[Json]:
    """A line for each sentence and metric, in the order of the scores. Raises UsageError unless the predictions are
    counted as the scores say."""
    assert publication.predictions is not None
    document = publication.document
    scores = scores_of(document, Path(NAME))
    counts = {
        name: {m: part.statistics.micro(m).tolist() for m in document.metrics} for name, part in scores.sets.items()
    }
    placed = dict.fromkeys(scores.sets, 0)
    for sentence in read_described(publication.predictions):
        name, at = sentence.dataset, placed.get(sentence.dataset, 0)
        part, triples, scored = scores.sets.get(name), {}, {}
        if part is not None and at < len(part.ids) and part.ids[at] == sentence.id:
            for metric in document.metrics:
                counted = METRICS[metric].count(sentence).values()
                triples[metric] = [sum(column) for column in zip((0, 0, 0), *counted, strict=True)]
                scored[metric] = counts[name][metric][part.statistics.places[at]]
        if not triples or triples != scored:
            raise UsageError(
                f"{sentence.file}, line {sentence.line}: is not what was scored, or was read in another way: give"
                " --tokenizer and the other options of `score` here, too, or DESTINATION.json for the scores alone"
            )
        placed[name] = at + 1
        line = _line(sentence, record)
        yield from (line | _counted(sentence, m, triple, line["metadata"]) for m, triple in triples.items())
    if any(placed[name] != len(part.ids) for name, part in scores.sets.items()):
        raise UsageError("the predictions have fewer sentences than the scores: they are not those that were scored")


def _line(sentence: Prediction, record: Json) -> Json:
    """What is the same by every metric."""
    text, reference = " ".join(sentence.words), _entities(sentence.words, sentence.gold_mentions)
    found = _entities(sentence.words, sentence.predicted_mentions)
    found += [json.dumps({"text": t, "type": kind}, ensure_ascii=False) for t, kind in sentence.unplaced]
    return {
        "schema_version": VERSION,
        "evaluation_id": record["evaluation_id"],
        "model_id": record["model_info"]["id"],
        "evaluation_name": f"{sentence.dataset}/{sentence.split}",
        "sample_id": sentence.id,
        "sample_hash": hashlib.sha256((text + "".join(reference)).encode("utf-8")).hexdigest(),
        "interaction_type": "single_turn",
        "input": {"raw": text, "reference": reference},
        "output": {"raw": [sentence.text or " ".join(sentence.predicted)]},
        "answer_attribution": [
            {
                "turn_idx": 0,
                "source": "output.raw",
                "extracted_value": f"[{', '.join(found)}]",
                "extraction_method": sentence.structuring or "tags",
                "is_terminal": True,
            }
        ],
        "metadata": {"split": sentence.split},
    }


def _entities(words: Sequence[str], spans: Sequence[Span]) -> list[str]:
    """Each span as a JSON object in text: words from ``start`` to before ``end``."""
    return [
        json.dumps({"start": start, "end": end, "type": kind, "text": " ".join(words[start:end])}, ensure_ascii=False)
        for start, end, kind in spans
    ]


def _counted(sentence: Prediction, metric: Metric, triple: Sequence[int], metadata: Mapping[str, str]) -> Json:
    """The counts of a sentence by a metric; its score is its own F1, 1 where there is nothing to find nor found."""
    right, predicted, gold = triple
    counts = {key: str(n) for key, n in zip(("true_positives", "predicted", "gold"), triple, strict=True)}
    return {
        "evaluation_result_id": f"{sentence.dataset}/{sentence.split}/{metric}/f1",
        "evaluation": {
            "score": 2 * right / (predicted + gold) if predicted + gold else 1.0,
            "is_correct": right == predicted == gold,
        },
        "metadata": {**metadata, "metric": metric, "unit": str(METRICS[metric].unit), **counts},
    }


EVERY_EVAL_EVER = Target("a folder, or a file ending in .json", files, put, default=".")
