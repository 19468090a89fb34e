"""The step of the GitHub action that scores: from its inputs to ``gner-bench score`` and to the outputs of the step.

An input comes by the variable ``INPUT_…`` and reaches the command as one argument: nothing in it is run. Names in the
data cannot give commands to the runner either, as the log is closed to them while scoring.
"""

from __future__ import annotations

import glob
import io
import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

LINES = (
    *(
        "group",
        "trained-on",
        "tokenizer",
        "gold",
        "as",
        "rename",
        "field",
        "metric",
        "fail-under",
        "baseline",
        "expect",
    ),
)
"""Options that may be repeated: one a line."""
FLAGS = ("clean-up-spaces", "keep-misc", "per-type", "strict-drop")
TEXTS = (
    *("from", "split", "align", "repair", "answers", "scheme", "gold-scheme", "columns", "gold-columns", "tag-names"),
    *("resamples", "seed", "decimals", "name", "check", "max-drop", "gate", "noise", "alpha", "trials"),
)
OWN = ("predictions", "require-baseline", "scores", "junit", "comment")
"""Inputs that are not options of ``gner-bench score``."""
YES, NO = ("true", "yes", "on", "1", "y"), ("false", "no", "off", "0", "n", "")
VERDICTS = {
    0: "passed",
    2: "unusable",
    3: "below",
    4: "worse",
    5: "mismatch",
    6: "incomplete",
    7: "not-judged",
}
"""By exit code; any other is ``failed``."""
NOT_JUDGED = 7


class UnusableError(Exception):
    """An input that cannot be used, in one line."""


def lines(text: str) -> list[str]:
    """The lines that are not empty, without white space around them."""
    return [line.strip() for line in text.split("\n") if line.strip()]


def flag(name: str, text: str) -> bool:
    """Whether an input says yes, in any of the ways that YAML and people have. Raises UnusableError for others."""
    word = text.strip().lower()
    if word not in (*YES, *NO):
        raise UnusableError(f"input {name}: expected true or false, found {text!r}")
    return word in YES


def files(text: str) -> list[str]:
    """The files that each line names: a path, or a pattern with ``*``, ``**``, ``?`` or ``[…]``; each file once.

    A line that is the name of a file is that file, whatever is in it. The shell does not do this: that of macOS has no
    ``**``. Raises UnusableError for a pattern that nothing matches, and where no file is named.
    """
    found: list[str] = []
    for line in filter(str.strip, text.split("\n")):
        line = line.rstrip("\r")
        path = line if os.path.lexists(line) else line.strip()
        if os.path.lexists(path) or not glob.has_magic(path):
            found.append(path)
        elif matched := sorted(glob.glob(path, recursive=True)):  # noqa: PTH207  (Path.glob also finds hidden files)
            found += matched
        else:
            raise UnusableError(f"input predictions: no file matches {path!r}")
    if not found:
        raise UnusableError("input predictions: names no file")
    # A dash alone would be standard input.
    return [str(Path.cwd() / path) if path == "-" else path for path in dict.fromkeys(found)]


def arguments(inputs: Mapping[str, str], page: str) -> list[str]:
    """Those of ``gner-bench``, which prints JSON and writes Markdown to ``page``. Raises UnusableError."""
    given = [f"--{name}={line}" for name in LINES for line in lines(inputs[name])]
    given += [f"--{name}={text}" for name in TEXTS if (text := inputs[name].strip())]
    given += [f"--{name}" for name in FLAGS if flag(name, inputs[name])]
    given += [f"--out={path}"] if (path := inputs["scores"].strip()) else []
    given += [f"--write=junit={path}"] if (path := inputs["junit"].strip()) else []
    # Without any file the command says what is missing; a dash alone would be standard input.
    of_group = lines(inputs["group"]) and not inputs["predictions"].strip()
    named = [] if of_group else files(inputs["predictions"])
    return ["score", "--json", f"--write=markdown={page}", *given, "--", *named]


def score(given: Iterable[str], page: Path) -> tuple[int, dict[str, Any], str]:
    """The exit code, the document that was printed, and the page; without results an empty document and the error."""
    environment = {key: value for key, value in os.environ.items() if key != "GITHUB_STEP_SUMMARY"}
    token = secrets.token_hex(16)
    print(f"::stop-commands::{token}", flush=True)
    said = ""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(
            ["gner-bench", *given], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, env=environment
        )
        assert process.stderr is not None
        for line in process.stderr:
            said = line.decode("utf-8", "replace").strip() or said
            print(line.decode("utf-8", "replace"), end="", flush=True)
        code = process.wait()
        out.seek(0)
        printed = out.read()
    document: dict[str, Any] = json.loads(printed) if printed else {}
    text = page.read_text(encoding="utf-8") if document else no_scores(code, said or "The command said nothing.")
    print(text, flush=True)
    print(f"::{token}::", flush=True)
    return code, document, text


def no_scores(code: int, error: str) -> str:
    """The page of a run without results: an indented line is code, in which Markdown does nothing."""
    return f"### No scores (exit code {code})\n\n    {' '.join(error.split())}\n"


def percent(document: Mapping[str, Any], metric: str) -> str:
    """Mean F1, empty without results."""
    return format(100 * document["average"][metric]["f1"], ".2f") if document else ""


def difference(document: Mapping[str, Any]) -> str:
    """Points of mean F1 above the baseline, with the sign; empty where it was not compared."""
    for outcome in document.get("gates", {}).get("outcomes", ()):
        if outcome["gate"] == "baseline" and outcome["dataset"] is None and "drop" in outcome:
            text = format(-outcome["drop"], "+.2f")
            return text if float(text) else "0.00"
    return ""


def written(page: Path, text: str) -> bool:
    """Write the page; where that fails, say so."""
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text, encoding="utf-8")
    except OSError as error:
        print(f"Error: input comment: {str(page)!r} cannot be written ({error.strerror})", flush=True)
        return False
    return True


def write_outputs(outputs: Mapping[str, str]) -> None:
    """Append to the file of the runner; a value of several lines is between two lines that cannot be in it."""
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8", newline="\n") as file:
        for name, value in outputs.items():
            end = f"end-{secrets.token_hex(16)}"
            several = "\n" in value or "\r" in value
            file.write(f"{name}<<{end}\n{value}\n{end}\n" if several else f"{name}={value}\n")


def main() -> None:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # Windows has another one for what is no terminal
    names = (*LINES, *TEXTS, *FLAGS, *OWN)
    inputs = {name: os.environ.get(f"INPUT_{name.upper().replace('-', '_')}", "") for name in names}
    comment, required = inputs["comment"].strip(), True
    with tempfile.TemporaryDirectory() as work:
        page = Path(comment or Path(work, "page.md"))
        try:
            required = flag("require-baseline", inputs["require-baseline"].strip() or "true")
            given = arguments(inputs, str(page))
        except UnusableError as error:
            code, document, text = 2, dict[str, Any](), no_scores(2, f"Error: {error}")
            print(f"Error: {error}", flush=True)
        else:
            code, document, text = score(given, page)
        if comment and not document:
            comment = comment if written(page, text) else ""
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8", newline="\n") as file:
            file.write(f"{text}\n")
    metric = next(iter([*lines(inputs["metric"]), *document.get("metrics", ())]), "")
    write_outputs(
        {
            "f1": percent(document, metric),
            "difference": difference(document),
            "verdict": VERDICTS.get(code, "failed"),
            "exit-code": str(code),
            "path": inputs["scores"].strip() if document else "",
            "comment": comment,
            "status": "0" if code == NOT_JUDGED and not required else str(code),
        }
    )


if __name__ == "__main__":
    main()
