"""Data sets in the cache: fetched from their sources, converted, checked against the catalogue, kept as GNER JSONL."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from gner_bench.catalog import catalog
from gner_bench.catalog.entries import Dataset as Entry
from gner_bench.catalog.entries import Source as Origin
from gner_bench.catalog.entries import SplitFacts
from gner_bench.config import build
from gner_bench.data import Dataset, Reading, read_dataset
from gner_bench.data.formats import FORMATS, Source, read_file
from gner_bench.data.formats.gner_jsonl import write_jsonl
from gner_bench.data.formats.hub import read_hub
from gner_bench.documents.fields import read_object
from gner_bench.errors import GnerBenchError, InputError, IntegrityError, UnreachableError, UsageError, did_you_mean
from gner_bench.fetch.home import checksum_of, home, kind_of, locked, matches
from gner_bench.fetch.http import Advance, RemoteFile, fetch
from gner_bench.files import write_json
from gner_bench.messages import Say


@dataclass(frozen=True)
class StoredSplit:
    """What source.json says of a split in the cache: where it came from and the SHA-256 of its file."""

    source: str
    checksum: str
    content_hash: str
    sentences: int
    fetched: str


@dataclass(frozen=True)
class _Stored:
    """The file source.json."""

    version: int
    splits: dict[str, StoredSplit]


def data_root() -> Path:
    """The folder of the data sets in the cache."""
    return home() / "data"


def folder_hint(name: str, split: str = "test") -> str:
    """How a data set that is not in the cache is given all the same."""
    layout = f"FOLDER/{name}/{split}.txt and label.txt"
    return f"a folder of your own will do as well: --data FOLDER (data in a configuration) with {layout}"


def absent_split(name: str, split: str = "test") -> str:
    """What to say of a data set that is not in the cache: where it was looked for, and how it gets there."""
    hint = folder_hint(name, split)
    return f"{name}/{split} is not in the cache {home()}; `gner-bench download {name}` fetches it, or {hint}"


def split_path(name: str, split: str) -> Path:
    return data_root() / name / f"{split}.jsonl"


def origins(entry: Entry, split: str) -> list[Origin]:
    """The sources that have the split, in order of preference."""
    return [origin for origin in entry.sources if split in origin.files]


def remote_file(name: str) -> RemoteFile:
    """The file of that name in the catalogue and its place in the cache."""
    file = catalog().get_file(name)
    folder = "predictions" if file.predictions_of else "files"
    return RemoteFile(file.urls, home() / folder / file.name, file.checksum, file.bytes or None)


def find_split(entry: Entry, split: str) -> StoredSplit | None:
    """What is in the cache, None if nothing. Raises IntegrityError when its file is missing or altered."""
    stored, path = _stored_splits(entry.name).get(split), split_path(entry.name, split)
    if stored is not None and not (path.is_file() and matches(path, stored.checksum)):
        again = f"gner-bench download {entry.name} --force"
        raise IntegrityError(f"{path}: was altered since it was stored; run: {again}")
    return stored


def verify_dataset(name: str) -> tuple[list[str], list[Path]]:
    """Read every split of a data set in the cache: what is wrong, and the files. Raises IntegrityError for a damaged
    list of them."""
    stored = {split_path(name, split): facts.checksum for split, facts in _stored_splits(name).items()}
    altered = {path: known for path, known in stored.items() if not (path.is_file() and matches(path, known))}
    return [f"{path}: was altered (not {checksum})" for path, checksum in altered.items()], list(stored)


def load_split(entry: Entry, split: str, reading: Reading | None = None) -> Dataset:
    """A split from the cache or the folder that the catalogue names. Raises GnerBenchError when it is in neither."""
    if entry.folder:
        dataset = read_dataset(Path(entry.folder), entry.name, split, reading)
        if not dataset.repaired:  # the catalogue's hash is that of the tags as published
            _verify(entry, split, dataset, entry.folder, lambda message: None)
        return replace(dataset, source=entry.folder)
    stored = find_split(entry, split)
    if stored is None:
        raise GnerBenchError(absent_split(entry.name, split))
    path, types = split_path(entry.name, split), entry.types or None
    return replace(read_file(Source(path, entry.name, split, types, reading or Reading()))[0], source=stored.source)


def fetch_split(
    entry: Entry, split: str, say: Say, advance: Advance = lambda count: None, force: bool = False
) -> StoredSplit:
    """Fetch from the first source that gives what the catalogue expects, and store it.

    ``say`` is given a line for each source that failed before, and for a split that no hash vouches for. When all fail,
    raises UnreachableError if no source can be reached, otherwise the first other error, such as IntegrityError for
    wrong bytes or sentences.
    """
    sources = origins(entry, split)
    if not sources:
        where = f"; its home is {entry.homepage}" if entry.homepage else ""
        raise GnerBenchError(
            f"{entry.name}/{split} is not in the cache {home()} and cannot be fetched automatically{where}. Put it"
            f" into a folder in the GNER layout (ROOT/{entry.name}/{split}.txt, label.txt) and give that as --data"
            f" ROOT, or run: gner-bench download {entry.name} --from ROOT"
        )
    errors: list[GnerBenchError] = []
    for origin in sources:
        try:
            dataset, source = _read_origin(entry, split, origin, advance, force)
            _verify(entry, split, dataset, source, say)
            stored = _store(entry, split, dataset, source)
        except GnerBenchError as error:
            errors.append(error)
        else:
            for failure in errors:
                say(f"{failure}; took {entry.name}/{split} from {source} instead")
            return stored
    raise next((error for error in errors if not isinstance(error, UnreachableError)), errors[0])


def import_split(entry: Entry, split: str, root: Path, say: Say) -> StoredSplit:
    """Take a split from a local data root, checked like one that was fetched. Raises IntegrityError, InputError."""
    dataset = read_dataset(root, entry.name, split, Reading(repair="keep"))
    source = str((root / entry.name).absolute())
    _verify(entry, split, dataset, source, say)
    return _store(entry, split, dataset, source)


def _read_origin(entry: Entry, split: str, origin: Origin, advance: Advance, force: bool) -> tuple[Dataset, str]:
    """The split and where exactly it comes from. Illegal tags are kept: content hashes are those of published tags."""
    reading = replace(entry.reading(), repair="keep")
    place = origin.files[split]
    if origin.hub:
        on_hub = Source(Path(origin.hub), entry.name, split, entry.types or None, reading, revision=origin.revision)
        [dataset] = read_hub(on_hub, place, origin.tag_names, home() / "datasets")
        return dataset, f"hub:{origin.hub}@{origin.revision}/{place}"
    if origin.format not in FORMATS:
        nearest = did_you_mean(origin.format, FORMATS.names())
        raise UsageError(f"the catalogue's {entry.name}: unknown format {origin.format!r}; {nearest}")
    file = remote_file(place)
    path = fetch(file, advance, force=force)
    # Records list types themselves, and a file of them may hold other sets, of other types.
    types = None if origin.format == "gner-jsonl" else entry.types or None
    datasets = read_file(Source(path, entry.name, split, types, reading), origin.format)
    dataset = next((d for d in datasets if (d.name, d.split) == (entry.name, split)), datasets[0])
    if len(datasets) > 1 and dataset.name != entry.name:
        raise InputError(path, f"holds no sentences of {entry.name}/{split}")
    if entry.types and (unknown := [kind for kind in dataset.types if kind not in entry.types]):
        raise InputError(path, f"{unknown[0]!r} is no type of {entry.name}")
    if entry.types and dataset.types != entry.types:
        # The types are those of the catalogue; sentences keep theirs, which are those of their prompts.
        own = [sentence.types or dataset.types for sentence in dataset.sentences]
        listed = [() if types == entry.types else types for types in own]
        sentences = tuple(replace(s, types=types) for s, types in zip(dataset.sentences, listed, strict=True))
        dataset = replace(dataset, types=entry.types, sentences=sentences)
    return dataset, f"{file.urls[0]} ({file.checksum or 'no checksum'})"


def _verify(entry: Entry, split: str, dataset: Dataset, source: str, say: Say) -> None:
    """Compare sentences and tags with the catalogue's hash. Raises IntegrityError for others."""
    facts = entry.splits.get(split, SplitFacts())
    if not facts.content_hash:
        say(f"{entry.name}/{split} is not verified: the catalogue knows no hash of it")
    elif dataset.content_hash not in (facts.content_hash, *facts.other_hashes):
        raise IntegrityError(
            f"{source}: the sentences of {entry.name}/{split} are not those of the catalogue ({len(dataset.sentences)}"
            f" sentences, content {dataset.content_hash[:12]}; expected {facts.sentences}, {facts.content_hash[:12]})"
        )


def _store(entry: Entry, split: str, dataset: Dataset, source: str) -> StoredSplit:
    """Write a split to the cache; source.json, written last, makes it count."""
    path = split_path(entry.name, split)
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path.parent / "source.json.lock"):
        write_jsonl(path, [replace(dataset, name=entry.name, split=split)], prompts=False)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        stored = StoredSplit(source, checksum_of(path, "sha256"), dataset.content_hash, len(dataset.sentences), now)
        splits = {**_stored_splits(entry.name), split: stored}
        write_json(path.parent / "source.json", {"version": 1, "splits": {k: asdict(v) for k, v in splits.items()}})
    return stored


def _stored_splits(name: str) -> dict[str, StoredSplit]:
    path = data_root() / name / "source.json"
    if not path.is_file():
        return {}
    try:
        known = build(_Stored, read_object(path).value, path).splits
        for facts in known.values():
            kind_of(facts.checksum)
    except (InputError, ValueError):
        raise IntegrityError(f"{path}: is not what gner-bench wrote; remove the folder and fetch again") from None
    return known
