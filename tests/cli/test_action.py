"""The GitHub actions and the workflows and pipeline of the examples: their scripts run as the runners would."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from gner_bench.cli import main
from gner_bench.cli.score import score_command

ROOT = Path(__file__).parents[2]
Json = dict[str, Any]
Sentences = Callable[..., Path]
NO_INPUTS = {
    "format": "the action reads JSON",
    "json": "the action reads JSON",
    "out": "the input scores",
    "write": "the inputs junit and comment",
    "only": "one number and nothing else; the outputs f1 and path",
    "errors": "for the terminal",
    "thresholds": "instead of scores: there would be no F1, no verdict and no scores.json",
    "corrected-gold": "instead of scores, as thresholds",
    "quiet": "the warnings are what a verdict is to be read by",
    "help": "scores nothing",
    "report-to": "needs a library and, mostly, a key",
    "familiarity": "needs a sentence encoder on disk",
}
"""Options of ``score`` that are no inputs of the action, and why."""


def read(path: str) -> Json:
    document: Json = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    return document


ACTION, COMMENT = read("action.yml"), read("actions/comment/action.yml")


def loaded() -> Any:
    spec = spec_from_file_location("action_score", ROOT / "actions/score.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCORE = loaded()


# The inputs


def test_every_option_of_score_is_an_input_or_has_a_reason_not_to_be() -> None:
    options = {param.opts[-1 if param.opts[-1].startswith("--") else 0].lstrip("-"): param for param in OPTIONS}
    of_score = set(options) - NO_INPUTS.keys()
    assert NO_INPUTS.keys() <= options.keys()
    assert set(ACTION["inputs"]) == of_score | {*SCORE.OWN, "python-version", "version"}
    assert set(SCORE.LINES) == {name for name in of_score if options[name].multiple}
    assert set(SCORE.FLAGS) == {name for name in of_score if options[name].is_flag}
    assert set(SCORE.TEXTS) == of_score - {*SCORE.LINES, *SCORE.FLAGS}


OPTIONS: list[Any] = [*(param for param in score_command.params if param.name != "files")]
OPTIONS.append(score_command.get_help_option(score_command.make_context("score", ["x"])))


def test_every_input_reaches_the_step_and_no_script_holds_an_expression() -> None:
    scripts = {step["id"]: step for step in ACTION["runs"]["steps"] if "run" in step}
    assert not any("${{" in step["run"] for step in [*scripts.values(), *COMMENT["runs"]["steps"]])
    assert all(about["description"] for about in ACTION["inputs"].values())
    variables = {key: value for key, value in scripts["score"]["env"].items() if key.startswith("INPUT_")}
    names = ACTION["inputs"].keys() - {"python-version", "version"}
    assert variables == {f"INPUT_{name.upper().replace('-', '_')}": f"${{{{ inputs.{name} }}}}" for name in names}
    for name, about in ACTION["outputs"].items():
        assert about["value"] == f"${{{{ steps.score.outputs.{name} }}}}"


def test_the_documentation_names_every_input_and_output() -> None:
    text = (ROOT / "docs/ci.md").read_text(encoding="utf-8")
    section = text[text.index("### Inputs") : text.index("### Comments")]
    assert {*ACTION["inputs"], *ACTION["outputs"]} <= set(re.findall("`([a-z0-9-]+)`", section))


@pytest.mark.parametrize("text", ["true", "True", "TRUE", "yes", "Yes", "on", "ON", "1", "y", " true\n"])
def test_yes_in_any_form_is_yes(text: str) -> None:
    assert SCORE.flag("strict-drop", text) is True


@pytest.mark.parametrize("text", ["false", "False", "FALSE", "no", "No", "off", "0", "n", "", " ", "false\n"])
def test_no_in_any_form_is_no(text: str) -> None:
    assert SCORE.flag("strict-drop", text) is False


@pytest.mark.parametrize("text", ["ture", "2", "nein", "true false", "yes!", "t\nrue"])
def test_what_is_neither_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(SCORE.UnusableError, match="input strict-drop: expected true or false, found ") as error:
        SCORE.flag("strict-drop", text)
    assert "\n" not in str(error.value)


FILES = [
    "a/p.jsonl",
    "a/b/p.jsonl",
    "a/b c/p q.jsonl",
    "a/.hidden/p.jsonl",
    "-x.jsonl",
    "[1].jsonl",
    "1.jsonl",
    "a*.txt",
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a/p.jsonl", ["a/p.jsonl"]),
        ("a/*.jsonl", ["a/p.jsonl"]),
        ("a/*/p*.jsonl", ["a/b c/p q.jsonl", "a/b/p.jsonl"]),
        ("a/**/p.jsonl", ["a/b/p.jsonl", "a/p.jsonl"]),
        ("**/p.jsonl\n", ["a/b/p.jsonl", "a/p.jsonl"]),
        ("a/b*/", ["a/b c/", "a/b/"]),
        ("a/b c/p q.jsonl", ["a/b c/p q.jsonl"]),
        ("\n  a/b/p.jsonl  \r\n\n1.jsonl\r\n", ["a/b/p.jsonl", "1.jsonl"]),
        ("-*.jsonl", ["-x.jsonl"]),
        ("--help", ["--help"]),
        ("[1].jsonl", ["[1].jsonl"]),
        ("[[]*.jsonl", ["[1].jsonl"]),
        ("[0-9].jsonl", ["1.jsonl"]),
        ("?.jsonl", ["1.jsonl"]),
        ("a*.txt", ["a*.txt"]),
        ("a/**/p.jsonl\na/p.jsonl", ["a/b/p.jsonl", "a/p.jsonl"]),
        ("missing.jsonl", ["missing.jsonl"]),
        ("$(touch x)\n`id`; ~", ["$(touch x)", "`id`; ~"]),
    ],
)
def test_files_are_named_by_paths_and_patterns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, found: list[str]
) -> None:
    for file in FILES:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    monkeypatch.chdir(tmp_path)
    assert SCORE.files(text) == found


@pytest.mark.parametrize(
    ("text", "said"), [("a\n*.x", "no file matches '*.x'"), ("", "names no"), (" \n\r\n", "names no")]
)
def test_a_pattern_without_files_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SCORE.UnusableError, match=re.escape(f"input predictions: {said}")):
        SCORE.files(text)


@given(st.sampled_from([*SCORE.LINES, *SCORE.TEXTS]), st.text(st.characters(exclude_characters="\0*?["), min_size=1))
def test_an_input_is_one_argument_whatever_is_in_it(name: str, text: str) -> None:
    inputs = dict.fromkeys([*SCORE.LINES, *SCORE.TEXTS, *SCORE.FLAGS, *SCORE.OWN], "")
    arguments = SCORE.arguments({**inputs, "predictions": "--help", name: text}, "page.md")
    lines = text.split("\n") if name in SCORE.LINES else [text]
    wanted = [f"--{name}={line.strip()}" for line in lines if line.strip()]
    assert arguments == ["score", "--json", "--write=markdown=page.md", *wanted, "--", "--help"]


def test_runs_of_one_system_take_the_place_of_predictions() -> None:
    inputs = dict.fromkeys([*SCORE.LINES, *SCORE.TEXTS, *SCORE.FLAGS, *SCORE.OWN], "")
    assert SCORE.arguments({**inputs, "group": "a=x,y\na=z"}, "p.md")[3:] == ["--group=a=x,y", "--group=a=z", "--"]


# The step


class InProcess:
    """Takes the place of a process of ``gner-bench``: the command runs in this one, which is quicker."""

    def __init__(self, command: list[str], stdout: Any, env: dict[str, str], **others: Any) -> None:
        assert "GITHUB_STEP_SUMMARY" not in env
        result = CliRunner().invoke(main, command[1:], env={"GITHUB_STEP_SUMMARY": None})
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        stdout.write(result.stdout_bytes)
        self.stderr, self.code = io.BytesIO(result.stderr_bytes), result.exit_code

    def wait(self) -> int:
        return self.code


class Step:
    """Runs the step that scores, in ``folder``; ``outputs``, ``summary`` and ``log`` are those of its last run."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys, self._monkeypatch = folder, capsys, monkeypatch
        self.outputs, self.summary, self.log = dict[str, str](), "", ""

    def run(self, **inputs: str) -> int:
        given = {name: about.get("default", "") for name, about in ACTION["inputs"].items()}
        given |= {name.replace("_", "-"): value for name, value in inputs.items()}
        for name, value in given.items():
            self._monkeypatch.setenv(f"INPUT_{name.upper().replace('-', '_')}", value)
        paths = [self.folder / name for name in (".output", ".summary")]
        for variable, path in zip(("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"), paths, strict=True):
            path.write_text("", encoding="utf-8")
            self._monkeypatch.setenv(variable, str(path))
        SCORE.main()
        self.log = self._capsys.readouterr().out
        self.outputs, self.summary = outputs_of(paths[0]), paths[1].read_text(encoding="utf-8")
        return int(self.outputs.pop("status"))


def outputs_of(path: Path) -> dict[str, str]:
    """What a step wrote for the runner, read as the runner does."""
    outputs, lines = {}, iter(path.read_text(encoding="utf-8").splitlines())
    for line in lines:
        name, separator, value = re.split("(=|<<)", line, maxsplit=1)
        if separator == "<<":
            several = list(iter(lambda: next(lines), value))
            value = "\n".join(several)
        outputs[name] = value
    return outputs


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Step:
    folder = tmp_path / "workspace"
    folder.mkdir()
    monkeypatch.chdir(folder)
    stand_in = SimpleNamespace(Popen=InProcess, DEVNULL=subprocess.DEVNULL, PIPE=subprocess.PIPE)
    monkeypatch.setattr(SCORE, "subprocess", stand_in)
    return Step(folder, monkeypatch, capsys)


def test_the_step_passes_and_writes_everything(step: Step, sentences: Sentences, baseline: Path) -> None:
    sentences(1, file="workspace/my runs/[1]/predictions.jsonl")
    sentences(file="workspace/my runs/2/predictions.jsonl", dataset="films")
    inputs = {"predictions": "my runs/**/predictions.jsonl\n", "fail_under": "90\nstrict@films:100\n", "expect": "60"}
    assert step.run(**inputs, metric="gner\nstrict", tokenizer="none", name="mine", scores="out/scores.json") == 0
    assert step.outputs == {
        **{"f1": "99.58", "difference": "", "verdict": "passed", "exit-code": "0"},
        **{"path": "out/scores.json", "comment": "gner-bench-comment.md"},
    }
    scores = json.loads((step.folder / "out/scores.json").read_text())
    assert (scores["system"]["name"], list(scores["datasets"])) == ("mine", ["films", "news"])
    root = ET.parse(step.folder / "gner-bench-junit.xml").getroot()
    assert (root.get("tests"), root.get("failures")) == ("5", "0")
    page = (step.folder / "gner-bench-comment.md").read_text(encoding="utf-8")
    assert page.startswith("### Passed: `mine`\n")
    assert step.summary == f"{page}\n"
    assert page in step.log


def test_the_step_fails_below_fail_under(step: Step, sentences: Sentences) -> None:
    assert step.run(predictions=str(sentences(10)), fail_under="95", metric="strict\ngner") == 3
    assert (step.outputs["f1"], step.outputs["verdict"], step.outputs["path"]) == ("90.91", "below", "scores.json")
    assert ET.parse(step.folder / "gner-bench-junit.xml").getroot().get("failures") == "1"
    assert "### Failed (exit code 3)" in step.summary
    assert "Error: mean strict F1 90.91% is 4.09 points below 95%" in step.log


def test_f1_is_by_the_metric_that_is_named_first(step: Step, record: Callable[..., Json], tmp_path: Path) -> None:
    """An entity of another type is right for ``exact`` alone, which is after ``gner`` in tables."""
    line = record(["Ann"], ["B-person"], prediction="Ann(B-place)", label_list=["person", "place"])
    (tmp_path / "p.jsonl").write_text(json.dumps(line), encoding="utf-8")
    assert step.run(predictions=str(tmp_path / "p.jsonl"), metric="exact\ngner") == 0
    assert step.outputs["f1"] == "100.00"


@pytest.mark.parametrize("word", ["True", "yes"])
def test_the_step_fails_on_a_drop(step: Step, sentences: Sentences, baseline: Path, word: str) -> None:
    given = {"predictions": str(sentences(2)), "baseline": str(baseline), "resamples": "0"}
    assert step.run(**given) == 0
    assert (step.outputs["verdict"], step.outputs["difference"]) == ("passed", "-1.69")
    assert "98.31 (−1.69)" in step.summary
    assert step.run(**given, strict_drop=word) == 4
    assert (step.outputs["verdict"], step.outputs["f1"]) == ("worse", "98.31")


def test_the_first_run_has_no_baseline(step: Step, sentences: Sentences) -> None:
    given = {"predictions": str(sentences(10)), "baseline": "base.json", "resamples": "0"}
    for required, code in (("true", 7), ("", 7), ("False", 0)):
        assert step.run(**given, require_baseline=required) == code
        assert (step.outputs["f1"], step.outputs["verdict"], step.outputs["exit-code"]) == ("90.91", "not-judged", "7")
        assert (step.outputs["difference"], step.outputs["path"]) == ("", "scores.json")
    assert step.run(**given, fail_under="95", require_baseline="false") == 3


def test_the_baseline_is_never_replaced(step: Step, sentences: Sentences, baseline: Path) -> None:
    before = baseline.read_bytes()
    for name in ("scores", "junit", "comment"):
        given = {"baseline": str(baseline), name: str(baseline)}
        code = step.run(predictions=str(sentences(10)), **given)
        assert (code, step.outputs["verdict"]) == (2, "unusable")
        assert "would replace the --baseline" in step.summary
        if name == "comment":
            continue
        assert baseline.read_bytes() == before


def test_a_forgotten_file_is_incomplete(step: Step, sentences: Sentences) -> None:
    given = {"predictions": str(sentences()), "resamples": "0"}
    assert step.run(**given, expect="news:30\nfilms:20") == 6
    assert step.outputs["verdict"] == "incomplete"
    assert "20 sentences of the run are missing; no predictions of films, which --expect names" in step.summary


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"predictions": "missing.jsonl"}, "Error: missing.jsonl: No such file or directory"),
        ({"predictions": "results/*.jsonl"}, "Error: input predictions: no file matches 'results/*.jsonl'"),
        ({"predictions": ""}, "Error: input predictions: names no file"),
        ({"predictions": "--help"}, "Error: --help: No such file or directory"),
        ({"predictions": "-"}, "/workspace/-: No such file or directory"),
        ({"predictions": "x", "strict_drop": "ja"}, "Error: input strict-drop: expected true or false, found 'ja'"),
        ({"predictions": "x", "require_baseline": "ja"}, "Error: input require-baseline: expected true or false"),
        ({"predictions": "x", "from": "conlll"}, "unknown format 'conlll'"),
        ({"predictions": "x", "metric": "<b>@you</b>"}, "unknown metric '<b>@you</b>'"),
    ],
)
def test_what_is_unusable_is_in_the_summary_too(step: Step, inputs: dict[str, str], said: str) -> None:
    (step.folder / "scores.json").write_text("of an earlier run")
    assert step.run(**inputs) == 2
    assert step.outputs == {
        **{"f1": "", "difference": "", "verdict": "unusable", "exit-code": "2", "path": ""},
        "comment": "gner-bench-comment.md",
    }
    head, empty, line = step.summary.rstrip("\n").split("\n")
    assert (head, empty) == ("### No scores (exit code 2)", "")
    assert line.startswith("    Error: ")
    assert said in line
    assert said in step.log
    assert (step.folder / "gner-bench-comment.md").read_text(encoding="utf-8") + "\n" == step.summary
    assert not (step.folder / "gner-bench-junit.xml").exists()


def test_an_output_of_several_lines_is_one_output(step: Step, sentences: Sentences) -> None:
    path = "a\nverdict=passed\nb.json"
    assert step.run(predictions=str(sentences(10)), fail_under="95", scores=path, junit="", comment="") == 3
    assert (step.outputs["path"], step.outputs["verdict"], step.outputs["comment"]) == (path, "below", "")
    assert (step.folder / path).exists()
    assert not (step.folder / "gner-bench-comment.md").exists()


def test_names_in_the_data_give_the_runner_no_commands(step: Step, sentences: Sentences) -> None:
    name = "a\n::set-output name=verdict::passed"
    path = str(sentences(10, dataset=name, label_list=["place"]))
    for inputs, code in (
        ({"fail_under": f"@{name}:95".replace("\n", " ")}, 2),
        ({"name": name, "fail_under": "95"}, 3),
    ):
        assert step.run(predictions=path, **inputs) == code
        first, *_, last = commands = [line.strip() for line in step.log.splitlines() if line.strip().startswith("::")]
        assert (len(commands), f"::{first.removeprefix('::stop-commands::')}::") == (2, last)


# The actions as the runner runs them


class Runner:
    """Runs the steps of an action, or of a job of a workflow, that have scripts, in bash as GitHub's runner would."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder, self.environment, self.log = folder, environment, ""
        self.outputs: dict[str, dict[str, str]] = {}

    def run(self, steps: list[Json], values: dict[str, str]) -> int:
        """The exit code of the first step that fails, else 0; ``values`` are those of contexts, such as inputs.name."""
        for step in steps:
            if "run" in step and (code := self._step(step, values)):
                return code
        return 0

    def _step(self, step: Json, values: dict[str, str]) -> int:
        output = self.folder / ".output"
        output.write_text("")
        known = {f"steps.{id}.outputs.{key}": text for id, of in self.outputs.items() for key, text in of.items()}
        environment = {
            **{"PIP_DRY_RUN": "1", "PIP_NO_INDEX": "1"},  # whatever a script does, it installs nothing here
            "PATH": os.environ["PATH"],
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(self.folder / ".summary"),
            **self.environment,
            **{key: filled(str(text), {**values, **known}) for key, text in step.get("env", {}).items()},
        }
        (self.folder / ".step.sh").write_text(step["run"])
        line = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(self.folder / ".step.sh")]
        done = subprocess.run(line, cwd=self.folder, env=environment, capture_output=True, text=True)
        self.log += done.stdout + done.stderr
        self.outputs[step.get("id", "")] = outputs_of(output)
        return done.returncode


def filled(text: str, values: dict[str, str]) -> str:
    """``text`` with its expressions, each a value or several with || between them, as values."""

    def value(found: re.Match[str]) -> str:
        return next((known for name in found[1].split("||") if (known := values[name.strip()])), "")

    return re.sub(r"\$\{\{ (.*?) \}\}", value, text)


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder of commands: python, which installs nothing but tells what it was to install, and gner-bench."""
    if shutil.which("bash") is None:
        pytest.skip("needs bash")
    folder = tmp_path / "tools"
    folder.mkdir()
    scripts = {
        "python": f"""#!/bin/bash
if [ "$1 $2 $3" = "-m pip install" ]; then printf '%s\\n' "$@" > "{tmp_path}/installed"; exit 0; fi
exec "{sys.executable}" "$@"
""",
        "gner-bench": f"""#!/bin/bash\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m gner_bench "$@"\n""",
    }
    for name, text in scripts.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return folder


HOSTILE = """x'"; touch pwned; $(touch pwned) `touch pwned` --help & | > pwned"""


@pytest.mark.slow
def test_the_action_runs_step_by_step(tools: Path, sentences: Sentences, baseline: Path, tmp_path: Path) -> None:
    folder = tmp_path / "workspace"
    sentences(2, file="workspace/my results/predictions.jsonl")
    values = {f"inputs.{name}": about.get("default", "") for name, about in ACTION["inputs"].items()}
    values |= {"github.action_path": str(ROOT), "runner.os": "Linux", "runner.arch": "X64"}
    values |= {"inputs.predictions": "*/predictions.jsonl", "inputs.baseline": str(baseline), "inputs.name": HOSTILE}
    runner = Runner(folder, PATH=f"{tools}{os.pathsep}{os.environ['PATH']}", HOME=str(tmp_path))
    assert runner.run(ACTION["runs"]["steps"], values) == 0, runner.log
    assert re.fullmatch("[0-9a-f]{16}", runner.outputs["pip"]["key"])
    assert runner.outputs["pip"]["dir"].endswith("pip")
    assert (tmp_path / "installed").read_text().splitlines()[-2:] == ["--", str(ROOT)]
    assert runner.outputs["score"]["difference"] == "-1.69"
    assert json.loads((folder / "scores.json").read_text())["system"]["name"] == HOSTILE
    # All inputs at once: a file that is not there, and a command that is refused.
    hostile = {key: HOSTILE for key in values if key.startswith("inputs.")}
    version = {"inputs.version": "--evil; x", "inputs.check": "seqeval"}
    flags = {f"inputs.{name}": "no" for name in (*SCORE.FLAGS, "require-baseline")}
    assert runner.run(ACTION["runs"]["steps"], {**values, **hostile, **version, **flags}) == 2
    assert (tmp_path / "installed").read_text().splitlines()[-3:] == ["--", "--evil; x", "seqeval"]
    assert runner.outputs["score"]["verdict"] == "unusable"
    assert not list(tmp_path.rglob("pwned"))
    assert "### No scores (exit code 2)" in (folder / ".summary").read_text(encoding="utf-8")


GH = r"""
import json, os, re, sys
from pathlib import Path
arguments = sys.argv[1:]
store = Path(os.environ["STORE"])
comments = json.loads(store.read_text())
assert os.environ["GH_TOKEN"] == "secret"
options = {name: arguments[arguments.index(name) + 1] for name in ("--method", "-F", "--jq") if name in arguments}
if "--jq" in options:
    place = re.compile(r'repos/me/it/issues/7/comments\?per_page=100')
    assert "--paginate" in arguments and any(map(place.fullmatch, arguments))
    mark = re.search(r'startswith\("(.*?)"\)', options["--jq"])[1]
    assert options["--jq"] == f'.[] | select(.user.type == "Bot" and (.body | startswith("{mark}"))) | .id'
    for comment in comments:
        if comment["type"] == "Bot" and comment["body"].startswith(mark):
            print(comment["id"])
else:
    key, _, file = options["-F"].partition("=@")
    body = Path(file).read_text(encoding="utf-8")
    assert key == "body" and len(body) <= 65536
    if options["--method"] == "POST":
        assert "repos/me/it/issues/7/comments" in arguments
        comments.append({"id": len(comments), "type": "Bot", "body": body})
    else:
        assert options["--method"] == "PATCH"
        [place] = [a for a in arguments if a.startswith("repos/me/it/issues/comments/")]
        comments[int(place.rpartition("/")[2])]["body"] = body
    store.write_text(json.dumps(comments))
"""


@pytest.mark.slow
def test_the_comment_on_a_pull_request_is_renewed(tools: Path, tmp_path: Path) -> None:
    """``gh`` is a stand-in that keeps the comments in a file and looks at what it is asked."""
    (tools / "gh.py").write_text(GH)
    (tools / "gh").write_text(f'#!/bin/bash\nexec "{sys.executable}" "{tools}/gh.py" "$@"\n')
    (tools / "gh").chmod(0o755)
    store, page = tmp_path / "comments.json", tmp_path / "page.md"
    mark = "<!-- gner-bench: scores -->\n"
    store.write_text(json.dumps([{"id": 0, "type": "User", "body": f"{mark}of a person"}]))
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    runner = Runner(tmp_path, PATH=path, STORE=str(store), GITHUB_REPOSITORY="me/it")
    values = {f"inputs.{name}": about.get("default", "") for name, about in COMMENT["inputs"].items()}
    values |= {"inputs.file": str(page), "github.token": "secret", "github.event.pull_request.number": "7"}

    def commented(text: str, **inputs: str) -> list[str]:
        page.write_text(text, encoding="utf-8")
        given = {f"inputs.{name.replace('_', '-')}": value for name, value in inputs.items()}
        assert runner.run(COMMENT["runs"]["steps"], {**values, **given}) == 0, runner.log
        return [comment["body"] for comment in json.loads(store.read_text())]

    assert commented("### Passed ±") == [f"{mark}of a person", f"{mark}### Passed ±"]
    assert commented("### Failed") == [f"{mark}of a person", f"{mark}### Failed"]
    assert commented("other", key='"a" -->')[2] == "<!-- gner-bench: -a- --- -->\nother"
    *_, renewed, _ = commented("a line\n" * 20_000)
    assert renewed.endswith("a line\n\nThe rest is in the summary of the job.\n")
    page.unlink()
    page.symlink_to(store)
    assert runner.run(COMMENT["runs"]["steps"], values) == 1
    assert runner.run(COMMENT["runs"]["steps"], {**values, "github.event.pull_request.number": ""}) == 2
    assert "no pull request to comment on" in runner.log


# The examples

WORKFLOWS = {path.name: read(str(path.relative_to(ROOT))) for path in (ROOT / "examples/workflows").glob("*.yml")}
JOBS = {f"{file}:{name}": job for file, workflow in WORKFLOWS.items() for name, job in workflow["jobs"].items()}
SCORING, BASELINE = JOBS["gner-bench.yml:score"], JOBS["gner-bench-baseline.yml:baseline"]


@pytest.mark.parametrize("name", JOBS)
def test_a_job_gives_inputs_that_the_actions_have(name: str) -> None:
    used = {"gner-bench": ACTION, "gner-bench/actions/comment": COMMENT}
    for step in JOBS[name]["steps"]:
        place = step.get("uses", "").removeprefix("OWNER/").partition("@")[0]
        if place in used:
            inputs = used[place]["inputs"]
            required = {name for name, about in inputs.items() if about.get("required")}
            assert required <= set(step.get("with", {})) <= set(inputs)
            assert all(isinstance(value, str) for value in step.get("with", {}).values())
    assert set(re.findall(r"steps\.score\.outputs\.([\w-]+)", json.dumps(JOBS[name]))) <= set(ACTION["outputs"])
    assert not any("${{" in step.get("run", "") for step in JOBS[name]["steps"])


def test_a_job_that_may_write_checks_out_nothing_of_a_pull_request() -> None:
    for name, job in JOBS.items():
        workflow = WORKFLOWS[name.partition(":")[0]]
        rights = job.get("permissions", workflow["permissions"])
        of_requests = {"pull_request", "workflow_run"} & set(workflow[True])  # YAML reads the key ``on`` as true
        if "write" in rights.values() and of_requests:
            assert {right for right, value in rights.items() if value == "write"} == {"pull-requests"}
            assert not any("checkout" in step.get("uses", "") for step in job["steps"])
        assert "pull_request_target" not in workflow[True]


def scoring(job: Json) -> dict[str, str]:
    """The inputs of the step that scores."""
    [inputs] = [step["with"] for step in job["steps"] if "gner-bench@" in step.get("uses", "")]
    return {name.replace("-", "_"): value for name, value in inputs.items()}


def test_the_baseline_is_scored_as_pull_requests_are() -> None:
    ours, theirs = scoring(SCORING), scoring(BASELINE)
    same = ours.keys() & theirs.keys()
    assert {name: ours[name] for name in same} == {name: theirs[name] for name in same}
    assert ours.keys() - same == {"fail_under", "baseline", "require_baseline", "max_drop"}
    assert theirs.keys() - same == {"scores"}
    assert theirs["scores"] == ours["baseline"]


RESULTS = (("crossner_ai", "crossner", 431), ("mit-movie", "mit", 2443))


@pytest.fixture
def results(sentences: Sentences, step: Step) -> Path:
    """The files that the examples name, in the folder of the step; less sentences than they expect."""
    for dataset, place, _ in RESULTS:
        sentences(file=f"workspace/results/{place}/predictions.jsonl", dataset=dataset)
    shutil.copy(ROOT / "gner_bench/demo/checkpoint/tokenizer.json", step.folder / "results")
    return step.folder


def expected(text: str) -> str:
    """The numbers of sentences of the examples as those of the files here."""
    for dataset, _, count in RESULTS:
        assert f"{dataset}:{count}" in text
        text = text.replace(f"{dataset}:{count}", f"{dataset}:30")
    return text


@pytest.mark.slow
def test_the_workflows_score_and_move_the_baseline(step: Step, results: Path, tmp_path: Path) -> None:
    ours, theirs = scoring(SCORING), scoring(BASELINE)
    ours["expect"] = theirs["expect"] = expected(ours["expect"])
    assert step.run(**ours) == 0
    assert step.outputs["verdict"] == "not-judged"
    clone = git_project(tmp_path, results)
    [script] = [one for one in BASELINE["steps"] if "run" in one]
    runner = Runner(results, HOME=str(tmp_path))
    for said in ("", "The baseline is the same."):
        assert step.run(**theirs) == 0
        assert runner.run([script], {"github.ref_name": "main"}) == 0, runner.log
        assert said in runner.log
    assert git(clone, "show", "--stat", "--format=%s").startswith("Move the baseline of the NER scores\n")
    assert step.run(**ours) == 0
    assert (step.outputs["verdict"], step.outputs["difference"]) == ("passed", "0.00")


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def git_project(parent: Path, folder: Path) -> Path:
    """Makes ``folder`` a clone on the branch main of a bare repository, whose path is returned."""
    if shutil.which("git") is None:
        pytest.skip("needs git")
    bare = parent / "origin.git"
    git(parent, "init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    git(bare, "config", "receive.advertisePushOptions", "true")
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "remote", "add", "origin", str(bare))
    return bare


@pytest.mark.slow
def test_a_run_is_added_to_the_leaderboard_by_a_pull_request(tools: Path, sentences: Sentences, tmp_path: Path) -> None:
    """The steps of both workflows, on runs that are what they say and on one whose predictions are others."""
    folder = tmp_path / "workspace"
    for name, missed in (("a run; touch pwned", 1), ("-b=c", 10)):
        path = sentences(missed, file=f"workspace/runs/{name}/predictions.jsonl")
        arguments = [
            "-q",
            "score",
            str(path),
            "--name",
            f"{name}\n::error::x",
            "--out",
            str(path.parent / "scores.json"),
        ]
        assert CliRunner().invoke(main, arguments).exit_code == 0
    runner = Runner(folder, PATH=f"{tools}{os.pathsep}{os.environ['PATH']}", HOME=str(tmp_path))
    for job in ("gner-bench-leaderboard-check.yml:check", "gner-bench-leaderboard.yml:build"):
        shutil.rmtree(folder / "site", ignore_errors=True)
        assert runner.run(JOBS[job]["steps"], {}) == 0, runner.log
        assert (tmp_path / "installed").read_text().splitlines()[-1] == "gner-bench"
        document = json.loads((folder / "site/leaderboard.json").read_text(encoding="utf-8"))
        assert len(document["parts"][0]["groups"][0]["table"]["rows"]) == 2
        assert (folder / "site/index.html").is_file()
    assert not re.search("^::error", runner.log, re.M)
    shutil.rmtree(folder / "site")
    shutil.copy(path, folder / "runs/a run; touch pwned")
    assert runner.run(JOBS["gner-bench-leaderboard-check.yml:check"]["steps"], {}) == 1
    assert "runs/a run; touch pwned/: failed: " in runner.log.replace("pwned: failed", "pwned/: failed")
    assert not (folder / "site").exists()
    assert not list(tmp_path.rglob("pwned"))


@pytest.mark.slow
def test_the_pull_request_of_a_fork_is_found_by_branch_and_commit(tools: Path, tmp_path: Path) -> None:
    (tools / "gh").write_text('#!/bin/bash\nprintf "%s\\n" "$@" > asked\necho 7\n')
    (tools / "gh").chmod(0o755)
    [script] = [step for step in JOBS["gner-bench-forks.yml:comment"]["steps"] if "run" in step]
    runner = Runner(tmp_path, PATH=f"{tools}{os.pathsep}{os.environ['PATH']}", GITHUB_REPOSITORY="me/it")
    run = "github.event.workflow_run"
    values = {"github.token": "t", f"{run}.head_repository.owner.login": "they", f"{run}.head_branch": "$(touch pwned)"}
    assert runner.run([script], {**values, f"{run}.head_sha": "abc"}) == 0, runner.log
    asked = (tmp_path / "asked").read_text().splitlines()
    assert {"repos/me/it/pulls", "state=open", "head=they:$(touch pwned)"} <= set(asked)
    assert 'map(select(.head.sha == "abc")) | .[0].number // empty' in asked
    assert runner.outputs["pull-request"] == {"number": "7"}
    assert not (tmp_path / "pwned").exists()


# GitLab

GITLAB = read("examples/gitlab-ci.yml")


class Notes(BaseHTTPRequestHandler):
    """The notes of one merge request, as GitLab's interface has them, two a page."""

    notes: list[Json]

    def _answer(self, document: object) -> None:
        assert self.headers["PRIVATE-TOKEN"] == "secret"
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(document).encode())

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        assert path == "/api/v4/projects/5/merge_requests/7/notes"
        first = 2 * (int(query["page"][0]) - 1)
        self._answer(self.notes[first : first + 2])

    def _body(self) -> str:
        return parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())["body"][0]

    def do_POST(self) -> None:
        self.notes.append({"id": len(self.notes), "body": self._body()})
        self._answer(self.notes[-1])

    def do_PUT(self) -> None:
        note = self.notes[int(self.path.removeprefix("/api/v4/projects/5/merge_requests/7/notes/"))]
        note["body"] = self._body()
        self._answer(note)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def notes() -> Iterator[tuple[str, list[Json]]]:
    """A server of notes and these."""
    handler = type("Handler", (Notes,), {"notes": [{"id": i, "body": f"note {i}"} for i in range(5)]})
    server = HTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/api/v4", handler.notes
    server.shutdown()
    server.server_close()


def pipeline(name: str, runner: Runner, **variables: str) -> int:
    """Runs a job of the pipeline as GitLab's runner would: all of its scripts in one bash."""
    job = GITLAB[name]
    merged = {**(GITLAB[job["extends"]] if "extends" in job else {}), **job}
    values = {**GITLAB["variables"], **job.get("variables", {}), **variables}
    values["PIP_CACHE_DIR"] = values["PIP_CACHE_DIR"].replace("$CI_PROJECT_DIR", variables["CI_PROJECT_DIR"])
    script = "\n".join([*merged.get("before_script", ()), *merged["script"]])
    return runner.run([{"run": expected(script) if "--expect" in script else script, "env": values}], {})


@pytest.mark.slow
def test_the_jobs_of_gitlab_run(
    tools: Path, results: Path, sentences: Sentences, notes: tuple[str, list[Json]], tmp_path: Path
) -> None:
    url, kept = notes
    clone = git_project(tmp_path, results)
    push = "https://oauth2:secret@gitlab.example/me/it.git"
    variables = {
        **{"CI_PROJECT_DIR": str(results), "CI_API_V4_URL": url, "CI_PROJECT_ID": "5", "CI_MERGE_REQUEST_IID": "7"},
        **{"GNER_BENCH_TOKEN": "secret", "CI_DEFAULT_BRANCH": "main"},
        **{"CI_SERVER_HOST": "gitlab.example", "CI_PROJECT_PATH": "me/it", "CI_COMMIT_BRANCH": "main"},
        **{"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.{clone}.insteadOf", "GIT_CONFIG_VALUE_0": push},
    }
    runner = Runner(results, PATH=f"{tools}{os.pathsep}{os.environ['PATH']}", HOME=str(tmp_path))

    def run(name: str) -> int:
        return pipeline(name, runner, **variables)

    assert run("ner-comment") == 0, runner.log
    assert kept[5]["body"].startswith("<!-- gner-bench: scores -->\n### No scores")
    assert run("ner-scores") == 0, runner.log  # without a baseline
    assert run("ner-baseline") == 0, runner.log
    assert git(clone, "show", "--format=%s", "--name-only").split("\n\n")[1] == "results/baseline.json\n"
    sentences(20, file="workspace/results/mit/predictions.jsonl", dataset="mit-movie")
    assert run("ner-scores") == 4
    assert (results / "junit.xml").exists()
    assert run("ner-comment") == 0, runner.log
    assert len(kept) == 6
    assert "### Failed (exit code 4)" in kept[5]["body"]
    assert "80.00 (−20.00)" in kept[5]["body"]
    assert (tmp_path / "installed").read_text().splitlines()[-1] == "gner-bench"
