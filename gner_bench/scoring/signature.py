"""The line that says how a score was made, and the one decision whether two scores were made alike."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from gner_bench import __version__
from gner_bench.catalog import catalog
from gner_bench.documents.scores import Computed, Resampling
from gner_bench.scoring.metrics import METRICS, Metric
from gner_bench.scoring.noise import STEADY
from gner_bench.scoring.scores import Scores, SetScores

MISC_TYPES = frozenset({"misc", "else", "miscellaneous"})
_SET = re.compile(r"=\d+@[0-9a-f]{8}(?=,|$)")
SHORT = {
    "data": "d",
    "part": "p",
    "common": "com",
    "misc": "x",
    "dec": "dec",
    "dtype": "dt",
    "batch": "batch",
    "runs": "runs",
    "metric": "m",
    "match": "mt",
    "answers": "ans",
    "scheme": "sch",
    "tok": "t",
    "spaces": "sp",
    "align": "al",
    "bs": "bs",
    "ci": "ci",
    "cl": "cl",
    "seed": "s",
    "version": "v",
}
"""The keys of the short line; those it leaves out follow from the metrics."""
NOT_COMPARED = frozenset(
    {
        # The metrics that are compared are asked for; that a system was scored by others besides changes nothing.
        "metric",
        # Which of the planned sentences were scored: data names those that were, with a hash of their content.
        "part",
        # Resamples and their seed move the ends of intervals, never F1; compare draws anew, for both systems alike. So
        # do documents and the kind of interval.
        "bs",
        "seed",
        "ci",
        "cl",
        # They move the outputs of one model, and are told where two systems are the same one (scoring.noise); systems
        # that compute in different formats are still compared as they are used.
        "dtype",
        "batch",
        # How many runs a mean is of: each estimates the same F1, and what is not known of a single run is said.
        "runs",
        # What is compared: not in our lines, but in some that people write.
        "model",
        "system",
    }
)
BY_METRIC = ("count", "repair")
"""Keys that hold a value for each metric; that of a metric which is not compared changes nothing."""
NOT_STATED = "(not stated)"


def signature_fields(scores: Scores, resampling: Resampling) -> dict[str, str]:
    """What changes a score, by key, after sacreBLEU: data, what was dropped, decoding, metrics, matching, averaging.

    ``part`` is there where sentences are missing or were not selected: scored of all, by set; ``runs`` for a group of
    them; ``common`` in a comparison that left sentences out which not all systems have: those that are left, by set.
    ``ci`` is there where the interval of a set's micro figures is not of percentiles, ``cl`` where documents are drawn
    in place of sentences. ``dtype`` and ``batch`` (sentences side by side) are there where the run says them and the
    number format is one in which batches move texts.
    """
    sets, origin = scores.sets.values(), scores.origin
    used = {metric: METRICS[metric] for metric in scores.metrics}
    return {
        **data_fields(scores),
        "misc": _misc(sets),
        "dec": origin.decoding,
        **_number_format(origin.computed),
        **({"runs": str(runs)} if (runs := len(scores.runs)) > 1 else {}),
        "metric": "+".join(used),
        "match": origin.structuring or "none",
        "tok": "+".join(part[:8] for part in (origin.tokenizer or "none").split("+")),
        **origin.options,
        "norm": "+".join(sorted({d.normalisation for d in used.values()} - {"none"})) or "none",
        "count": ",".join(f"{name}={definition.counts_what}" for name, definition in used.items()),
        "repair": ",".join(f"{name}={definition.repair}" for name, definition in used.items()),
        "avg": "micro-per-set,mean-over-sets",
        "bs": str(resampling.resamples),
        **({"ci": "wilson"} if resampling.resamples and any(part.has_small_samples for part in sets) else {}),
        **({"cl": "doc"} if resampling.resamples and any(part.documents is not None for part in sets) else {}),
        "seed": str(resampling.seed),
        "version": __version__,
    }


def data_fields(scores: Scores) -> dict[str, str]:
    """The keys of a signature that say which sentences were scored."""
    sets = scores.sets.values()
    part = ",".join(f"{s.name}={len(s.statistics)}/{s.planned}" for s in sets if s.missing)
    data = ",".join(f"{s.name}/{s.split}={len(s.statistics)}@{s.content_hash[:8]}" for s in sets)
    return {"data": data, **({"part": part} if part else {})}


def _number_format(computed: Computed | None) -> dict[str, str]:
    if computed is None or computed.dtype is None or computed.dtype in STEADY or computed.dtype.startswith("unknown"):
        return {}
    batch = {"batch": str(computed.batch_size)} if computed.batch_size else {}
    return {"dtype": computed.dtype, **batch}


def _misc(sets: Iterable[SetScores]) -> str:
    """What became of types such as CrossNER's ``misc``; where sets differ in it, those that keep them are named."""
    kept, dropped = [], []
    for part in sets:
        known = catalog().find_dataset(part.name)
        if MISC_TYPES & {kind.lower() for kind in part.types}:
            kept.append(part.name)
        elif known and MISC_TYPES & set(known.drop):
            dropped.append(part.name)
    if kept and dropped:
        return f"kept={'+'.join(kept)}"
    return "kept" if kept else "dropped" if dropped else "none"


def fields_over(fields: Mapping[str, str], names: Collection[str]) -> dict[str, str]:
    """The signature of a score over some of its data sets."""
    kept = (entry for name, entry in _sets(fields.get("data", "")).items() if name in names)
    return {**fields, "data": ",".join(kept)}


def long_line(fields: Mapping[str, str]) -> str:
    """``key:value|key:value``; a ``|`` or a line break in a value (names are people's) becomes a space."""
    return "|".join(f"{key}:{' '.join(value.replace('|', ' ').split())}" for key, value in fields.items())


def short_line(fields: Mapping[str, str]) -> str:
    """The same in brief: the data sets as their number and a hash of what the long line says of them."""
    data = fields["data"]
    brief = {**fields, "data": f"{len(_SET.findall(data))}@{hashlib.sha256(data.encode()).hexdigest()[:8]}"}
    if "part" in fields:
        brief["part"] = "yes"
    return long_line({SHORT[key]: value for key, value in brief.items() if key in SHORT})


@dataclass(frozen=True)
class SignatureDifference:
    """A key of the signatures with another value for each of two systems."""

    key: str
    first: str
    second: str

    def sentence(self, first: str, second: str) -> str:
        """As a warning, the systems as they are called."""
        return f"not like for like: {self.key} is {self.first} for {first}, {self.second} for {second}"


def differences(
    signature: Mapping[str, str], other: Mapping[str, str], metrics: Iterable[Metric]
) -> list[SignatureDifference]:
    """The keys in which two systems were not scored alike, for a comparison by ``metrics``; none: like for like.

    Report, compare and the gates all ask this. Of the data, only sets that both signatures name are compared, whatever
    their order; of those that differ, both values are told.
    """
    one, two = (_comparable(fields, list(metrics)) for fields in (signature, other))
    ours, theirs = (_sets(fields.pop("data", "")) for fields in (one, two))
    unlike = [name for name in ours if name in theirs and ours[name] != theirs[name]]
    values = {key: (one.get(key, NOT_STATED), two.get(key, NOT_STATED)) for key in dict.fromkeys([*one, *two])}
    if unlike:
        data = (",".join(sets[name] for name in unlike) for sets in (ours, theirs))
        values = {"data": (next(data), next(data)), **values}
    return [SignatureDifference(key, *pair) for key, pair in values.items() if pair[0] != pair[1]]


def _comparable(fields: Mapping[str, str], metrics: Sequence[Metric]) -> dict[str, str]:
    """The keys of a signature that must agree for a comparison by ``metrics``."""
    kept = {key: value for key, value in fields.items() if key not in NOT_COMPARED}
    for key in BY_METRIC:
        parts = [part for part in kept.pop(key, "").split(",") if part.partition("=")[0] in metrics]
        kept |= {key: ",".join(sorted(parts))} if parts else {}
    if all(METRICS[metric].normalisation == "none" for metric in metrics):
        kept.pop("norm", None)  # of a metric that is not compared
    return kept


def _sets(data: str) -> dict[str, str]:
    """What the key ``data`` says of each set, by name; names may hold commas and slashes, hashes may not."""
    entries = re.split(r"(?<=@[0-9a-f]{8}),", data)
    return {entry.rpartition("=")[0].rpartition("/")[0]: entry for entry in entries if entry}
