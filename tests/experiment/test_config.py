from __future__ import annotations

from pathlib import Path

import pytest

from gner_bench.cli.run import PRESET_NAMES
from gner_bench.demo import CORPUS
from gner_bench.errors import InputError
from gner_bench.experiment.config import PRESETS, Experiment, Job, SystemEntry, read_experiment, several
from gner_bench.predict.options import Limit, Options

HEAD = 'predictions = "out"\nreport = "rep"\ndata = "corpora"\n'
CHECKPOINT = '[[checkpoints]]\nmodel = "models/GNER-T5-base"\n'


def read(folder: Path, text: str) -> Experiment:
    path = folder / "experiment.toml"
    path.write_text(text, encoding="utf-8")
    return read_experiment(path)


def refusal(folder: Path, text: str) -> str:
    """What is said about ``text``, after the name of the file."""
    with pytest.raises(InputError) as caught:
        read(folder, text)
    return str(caught.value).removeprefix(f"{folder / 'experiment.toml'}: ")


def test_the_packaged_demonstration_reads() -> None:
    experiment = read_experiment(PRESETS["demo"])
    tiny = SystemEntry("demo", name="gner-tiny", decodings=("drafted", "constrained"))
    assert list(experiment.jobs()) == [
        Job("gner-tiny", tiny, "drafted"),
        Job("gner-tiny+constrained", tiny, "constrained"),
        Job("gazetteer", SystemEntry("train", "gazetteer", name="gazetteer")),
    ]
    assert (experiment.data, experiment.baseline) == ("demo", "gner-tiny")


def test_settings_left_out_have_defaults(tmp_path: Path) -> None:
    assert read(tmp_path, HEAD + CHECKPOINT) == Experiment(
        predictions="out", report="rep", data="corpora", checkpoints=(SystemEntry("models/GNER-T5-base"),)
    )


def test_a_checkpoint_without_name_is_called_after_its_folder(tmp_path: Path) -> None:
    experiment = read(tmp_path, HEAD + CHECKPOINT + '[[checkpoints]]\nmodel = "b/base"\nname = "mine"\n')
    assert [(run.name, run.system.model) for run in experiment.jobs()] == [
        ("GNER-T5-base", "models/GNER-T5-base"),
        ("mine", "b/base"),
    ]


def test_options_carry_every_setting(tmp_path: Path) -> None:
    settings = (
        'datasets = ["a", "b"]\nsplit = "dev"\nlimit = 3\nbatch_size = 4\nnum_beams = 2\ndecodings = ["beam"]\n'
        'label_order = "shuffled"\nseed = 9\n'
    )
    experiment = read(tmp_path, HEAD + settings + CHECKPOINT)
    assert experiment.options(Path("x"), "beam") == Options(
        data=Path("corpora"),
        out=Path("x"),
        datasets=("a", "b"),
        split="dev",
        limit=Limit(1, 3),
        batch_size=4,
        num_beams=2,
        decoding="beam",
        label_order="shuffled",
        seed=9,
    )


def test_the_word_demo_stands_for_the_embedded_corpus(tmp_path: Path) -> None:
    experiment = read(tmp_path, HEAD.replace("corpora", "demo") + CHECKPOINT)
    assert experiment.options(Path("x")).data == CORPUS


def test_an_unknown_key_gets_the_nearest_one(tmp_path: Path) -> None:
    assert refusal(tmp_path, HEAD + "batchsize = 8\n" + CHECKPOINT) == (
        "batchsize: unknown key; did you mean 'batch_size'?"
    )


def test_an_unknown_key_of_a_checkpoint_is_numbered(tmp_path: Path) -> None:
    assert refusal(tmp_path, HEAD + CHECKPOINT + 'nam = "x"\n') == (
        "checkpoints[0].nam: unknown key; did you mean 'name'?"
    )


@pytest.mark.parametrize("key", ["predictions", "report"])
def test_a_missing_key_is_named(tmp_path: Path, key: str) -> None:
    lines = [line for line in HEAD.splitlines(keepends=True) if not line.startswith(key)]
    assert refusal(tmp_path, "".join(lines) + CHECKPOINT) == f"{key}: is missing"


def test_a_checkpoint_without_model(tmp_path: Path) -> None:
    said = refusal(tmp_path, HEAD + '[[checkpoints]]\nname = "x"\n')
    assert said == "checkpoints[0].model: is missing (or predictions, for files of them)"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('split = "tests"', "split: unknown value 'tests'; did you mean 'test'?"),
        ('dtype = "fp64"', "dtype: unknown value 'fp64'; did you mean 'fp16'?"),
        ('label_order = "random"', "label_order: unknown value 'random'; known: file, shuffled"),
    ],
)
def test_a_value_outside_the_choices(tmp_path: Path, line: str, said: str) -> None:
    assert refusal(tmp_path, f"{HEAD}{line}\n{CHECKPOINT}") == said


@pytest.mark.parametrize("key", ["limit", "sample", "batch_size", "num_beams"])
@pytest.mark.parametrize("value", [0, -1])
def test_counts_are_at_least_one(tmp_path: Path, key: str, value: int) -> None:
    assert refusal(tmp_path, f"{HEAD}{key} = {value}\n{CHECKPOINT}") == f"{key}: must be at least 1, found {value}"


def test_a_limit_may_be_a_range(tmp_path: Path) -> None:
    experiment = read(tmp_path, HEAD + 'limit = "11-20"\n' + CHECKPOINT)
    assert experiment.options(Path("x")).limit == Limit(11, 20)
    assert refusal(tmp_path, HEAD + 'limit = "20-11"\n' + CHECKPOINT).startswith("limit: '20-11': expected")


def test_a_sample_is_of_all_sentences(tmp_path: Path) -> None:
    options = read(tmp_path, HEAD + "sample = 5\nsample_seed = 7\n" + CHECKPOINT).options(Path("x"))
    assert (options.sample, options.sample_seed) == (5, 7)
    for other in ("limit = 2", 'sample_ids = ["1"]'):
        assert "sample: goes with neither" in refusal(tmp_path, HEAD + f"sample = 5\n{other}\n" + CHECKPOINT)


def test_without_a_system_there_is_no_run(tmp_path: Path) -> None:
    assert list(read(tmp_path, HEAD + "checkpoints = []\n").jobs()) == []


@pytest.mark.parametrize("table", ["systems", "checkpoints"])
def test_two_systems_of_one_name(tmp_path: Path, table: str) -> None:
    second = f'[[{table}]]\nmodel = "other/GNER-T5-base"\n'
    said = refusal(tmp_path, HEAD + CHECKPOINT + second)
    assert said.endswith("two systems are called 'GNER-T5-base'; give each a name")


def test_every_checkpoint_runs_in_every_decoding(tmp_path: Path) -> None:
    text = HEAD + 'decodings = ["drafted", "greedy", "beam", "constrained"]\nnum_beams = 4\n' + CHECKPOINT
    experiment = read(tmp_path, text)
    names = [run.name.removeprefix("GNER-T5-base") for run in experiment.jobs()]
    assert names == ["", "+greedy", "+beam4", "+constrained"]
    options = [experiment.options(Path("x"), run.decoding) for run in experiment.jobs()]
    assert [(entry.effective_decoding, entry.num_beams) for entry in options] == [
        ("drafted", 1),
        ("greedy", 1),
        ("beam", 4),
        ("constrained", 1),
    ]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('decodings = ["beam"]', "num_beams: 1, and decodings beam"),
        ("num_beams = 4", "num_beams: 4, and decodings drafted"),
        ("decodings = []", "decodings: names none"),
        ('metrics = ["gner", "gner"]', "metrics: names one twice"),
        ('metrics = ["f1"]', "metrics[0]: unknown metric 'f1'"),
        ('baseline = "other"', "baseline: 'other' is none of the runs GNER-T5-base"),
        ("resamples = -1", "resamples: must be at least 0, found -1"),
    ],
)
def test_settings_that_do_not_go_together(tmp_path: Path, lines: str, said: str) -> None:
    assert refusal(tmp_path, f"{HEAD}{lines}\n{CHECKPOINT}").startswith(said)


def test_models_take_the_place_of_the_checkpoints() -> None:
    experiment = read_experiment(PRESETS["supervised"], ("mine/tuned",))
    assert [(run.name, run.system.model) for run in experiment.jobs()] == [("tuned", "mine/tuned")]


@pytest.mark.parametrize("preset", ["demo", "zero-shot"])
def test_presets_read(preset: str) -> None:
    assert list(read_experiment(PRESETS[preset]).jobs())


def test_the_command_knows_all_presets() -> None:
    assert set(PRESET_NAMES) == set(PRESETS)


SERVER = '[[systems]]\nmodel = "llama"\nbackend = "openai"\n'
FILES = '[[systems]]\npredictions = "a/uniner.jsonl"\n'


def test_systems_of_every_kind_in_one_table(tmp_path: Path) -> None:
    text = (
        HEAD
        + 'device = "cuda"\ndecodings = ["drafted", "constrained"]\n'
        + '[[systems]]\nmodel = "m/tiny"\ndtype = "fp16"\n'
        + SERVER
        + 'base_url = "http://h/v1"\nprice = [0.5, 2]\ntokenizer = "t.json"\nstop = ["###"]\ndefinitions = "catalog"\n'
        + FILES
        + 'from = "uniner"\nas = "crossner_ai"\nfield = { prediction = "output" }\n'
        + '[[checkpoints]]\nmodel = "older"\ndecodings = ["greedy"]\n'
    )
    jobs = {job.name: job.system for job in read(tmp_path, text).jobs()}
    assert list(jobs) == ["tiny", "tiny+constrained", "llama", "uniner", "older+greedy"]
    assert (jobs["tiny"].dtype, jobs["tiny"].device, jobs["older+greedy"].device) == ("fp16", "cuda", "cuda")
    server = jobs["llama"]
    assert (server.price, server.tokenizer, server.stop) == ((0.5, 2), Path("t.json"), ("###",))
    assert (server.definitions, server.device) == ("catalog", "auto")
    files = jobs["uniner"]
    assert (files.files, files.from_, files.as_) == ((Path("a/uniner.jsonl"),), "uniner", "crossner_ai")
    assert files.field_ == {"prediction": "output"}


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (CHECKPOINT + 'base_url = "http://h/v1"', "checkpoints[0].base_url: is not for backend local"),
        (SERVER + 'device = "cpu"', "systems[0].device: is not for backend openai"),
        (SERVER + 'decodings = ["greedy"]', "systems[0].decodings: is not for backend openai"),
        (SERVER + 'from = "uniner"', "systems[0].from: is not for backend openai"),
        (SERVER + "concurrency = 0", "systems[0].concurrency: must be at least 1, found 0"),
        (SERVER + "concurency = 1", "systems[0].concurency: unknown key; did you mean 'concurrency'?"),
        (SERVER + "price = 3", "systems[0].price: expected an array"),
        (SERVER + 'name = "a/b"', "systems[0].name: 'a/b' is no name of a folder"),
        (SERVER + 'name = ".."', "systems[0].name: '..' is no name of a folder"),
        (FILES + 'model = "demo"', "systems[0].model: 'demo' is no system of `gner-bench list models`"),
        (FILES + "price = [1, 2]", "systems[0].price: is not for files of predictions"),
        (FILES + "columns = { word = 0 }", "systems[0].columns.word: expected a number from 1 for word, gold or tag"),
        ('[[systems]]\nmodel = "x"\nbackend = "opnai"', "systems[0].backend: unknown backend 'opnai'; did you mean"),
        ('[[systems]]\nmodel = "KnowCoder-7B"', "systems[0].backend: KnowCoder-7B: its prompt is not built in"),
    ],
)
def test_what_a_system_cannot_be_names_the_key(tmp_path: Path, entry: str, said: str) -> None:
    assert refusal(tmp_path, f"{HEAD}{entry}\n").startswith(said)


def test_a_system_of_the_catalogue_brings_its_route(tmp_path: Path) -> None:
    entry = '[[systems]]\nmodel = "uniner-7b-type"\nname = "mine"\n'
    (local,) = read(tmp_path, HEAD + entry).jobs()
    assert (local.name, local.system.backend, local.system.format) == ("mine", "local", "uniner")
    (served,) = read(tmp_path, HEAD + entry + 'backend = "openai"\nformat = "json"\n').jobs()
    assert (served.system.backend, served.system.format, served.system.model) == ("openai", "json", "uniner-7b-type")


def test_sizes_of_batches_are_for_the_systems_that_take_them(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    head = 'predictions = "p"\nreport = "r"\nbatch_size = 4\nthreads = 3\n'
    server = '[[systems]]\nname = "s"\nmodel = "m"\nbackend = "openai"\nbase_url = "http://h/v1"\n'
    path.write_text(head + '[[systems]]\nmodel = "demo"\n' + server, encoding="utf-8")
    experiment = read_experiment(path)
    jobs = list(experiment.jobs())
    assert [experiment.options_of(job, Path("x")).batch_size for job in jobs] == [4, None]
    assert [job.system.threads for job in jobs] == [3, None]
    path.write_text(head + server, encoding="utf-8")
    with pytest.raises(InputError, match="batch_size: is for none of the systems"):
        read_experiment(path)


def test_the_sentences_of_a_file_are_those_of_an_experiment(tmp_path: Path) -> None:
    path, run = tmp_path / "mine.toml", Path(__file__).parents[2] / "prediction_results/demo/gazetteer"
    path.write_text(f'predictions = "p"\nreport = "r"\ndata = "demo"\nsame_as = "{run}"\nlimit = 2\n', encoding="utf-8")
    options = read_experiment(path).options(Path("x"))
    assert (len(options.datasets), options.split) == (7, "test")
    assert options.same_as is not None
    assert options.same_as.document()["file"] == str(run)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", ("all",)),
        ('quoted = "none"\n', ("none",)),
        ('quoted = "GNER-T5-*, UniNER-7B"\n', ("GNER-T5-*, UniNER-7B",)),
        ('quoted = ["GNER-T5-*", "UniNER-7B"]\n', ("GNER-T5-*", "UniNER-7B")),
    ],
)
def test_quoted_rows_of_the_report(tmp_path: Path, text: str, rows: tuple[str, ...]) -> None:
    assert several(read(tmp_path, HEAD + text + CHECKPOINT).quoted) == rows


def test_an_unknown_quoted_row_is_refused_before_anything_runs(tmp_path: Path) -> None:
    said = refusal(tmp_path, HEAD + 'quoted = ["GNER-T5-bass"]\n' + CHECKPOINT)
    assert said == "quoted: unknown published system 'GNER-T5-bass'; did you mean 'GNER-T5-base'?"


SHUFFLED = HEAD + 'label_order = "shuffled"\n'


def test_seeds_and_groups_of_runs(tmp_path: Path) -> None:
    text = SHUFFLED + 'seeds = [0, 1]\ndecodings = ["drafted", "greedy"]\n[[systems]]\nmodel = "a"\nseeds = [5]\n'
    text += '[[systems]]\nname = "two"\nmodels = ["x/b", "x/c"]\ndecodings = ["drafted"]\n'
    text += '[[systems]]\nname = "old"\nruns = ["r/1", "r/2"]\n[[systems]]\nname = "u"\npredictions = "u.jsonl"\n'
    experiment = read(tmp_path, text)
    assert experiment.groups == {
        "a": ["a/seed-5"],
        "a+greedy": ["a+greedy/seed-5"],
        "two": ["two/b/seed-0", "two/b/seed-1", "two/c/seed-0", "two/c/seed-1"],
        "old": ["old/run-1", "old/run-2"],
    }
    jobs = {job.name: job for job in experiment.jobs()}
    assert list(jobs)[-1] == "u"
    assert experiment.options_of(jobs["two/c/seed-1"], Path("out")).seed == 1
    assert jobs["two/c/seed-1"].system.model == "x/c"
    assert jobs["old/run-2"].system.files == (Path("r/2"),)


def test_one_system_samples_by_its_seeds_and_the_other_runs_once(tmp_path: Path) -> None:
    text = HEAD + 'seeds = [3, 4]\n[[systems]]\nmodel = "m"\nbackend = "openai"\nrequest = ["temperature=1"]\n'
    jobs = list(read(tmp_path, text + CHECKPOINT).jobs())
    assert [(job.name, job.seed, job.system.request) for job in jobs] == [
        ("m/seed-3", 3, ("seed=3", "temperature=1")),
        ("m/seed-4", 4, ("seed=4", "temperature=1")),
        ("GNER-T5-base", None, ()),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + "seeds = [0, 1]\n" + CHECKPOINT, "seeds: nothing depends on a seed"),
        (HEAD + CHECKPOINT + "seeds = [0, 1]\n", "checkpoints[0].seeds: nothing depends on a seed"),
        (SHUFFLED + "seeds = [1, 1]\n" + CHECKPOINT, "seeds: names the seed 1 twice"),
        (HEAD + '[[systems]]\nmodels = ["a", "b"]\n', "systems[0].name: is missing: what tables call the group"),
        (HEAD + '[[systems]]\nname = "g"\nmodels = ["x/a", "y/a"]\n', "systems[0].models: names 'g/a' twice"),
        (HEAD + '[[systems]]\nname = "g"\nruns = ["r", "r"]\n', "systems[0].runs: names 'r' twice"),
        (HEAD + '[[systems]]\nname = "g"\nmodel = "a"\nmodels = ["b"]\n', "systems[0].models: and model exclude"),
        (
            HEAD + '[[systems]]\nname = "g"\nruns = ["r"]\nseeds = [1]\n',
            "systems[0].seeds: is not for files of predict",
        ),
        (HEAD + '[[systems]]\nname = "a/b"\nruns = ["r"]\n', "systems[0].name: 'a/b' is no name of a folder"),
        (HEAD + '[[systems]]\nname = "g"\nruns = ["r"]\n[[systems]]\nmodel = "g"\n', "two systems are called 'g'"),
        (HEAD + '[[systems]]\nname = "g"\n', "systems[0].model: is missing (or predictions"),
    ],
)
def test_groups_that_are_none(tmp_path: Path, text: str, said: str) -> None:
    assert said in refusal(tmp_path, text)
