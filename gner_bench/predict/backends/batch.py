"""Requests in batch files, one a line, and the results that something else writes of them: vLLM on a cluster, a hosted
batch service.

A folder holds files of requests and, beside them, files of results with whatever names. Nothing else is kept: what is
missing is what no result answers, and a file of requests is still to be run if none of it is answered.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from gner_bench.documents.fields import Json
from gner_bench.errors import IncompleteError, UsageError, short
from gner_bench.messages import warn
from gner_bench.predict.backend import ASKING, Backend, BackendKind, SystemOptions
from gner_bench.predict.generation import Generation
from gner_bench.predict.options import Options
from gner_bench.predict.plan import Task
from gner_bench.predict.requests import (
    HELD,
    ROUTES,
    SCHEMA,
    Requests,
    generation_of,
    problem_of,
    requests_of,
    served_backend,
)
from gner_bench.predict.store import replacing

REQUESTS = re.compile(r"requests-(\d{4,})\.jsonl")
OTHERS = ("predictions.jsonl",)
NAMED = 3
"""How many sentences and reasons a message names."""
ODD = re.compile(r"[^A-Za-z0-9_-]+")
"""Characters that services refuse in a custom_id."""
READABLE = 40
"""The most characters of a custom_id that say which sentence it is; services take 64 in all."""


def make(system: SystemOptions, options: Options) -> Backend:
    """The backend of batch files in the folder of the run. Raises UsageError for settings that cannot work together."""
    if system.requests_per_file < 1:
        raise UsageError("requests_per_file must be above 0")
    batch = Batch(requests_of(system), options.folder, system.requests_per_file)
    backend = served_backend("batch", batch.requests, "batch files", {}, batch.decode, system.price)
    return replace(backend, statistics=batch.statistics, settle=batch.settle)


BATCH = BackendKind(
    "batch",
    "files of requests for vllm run-batch or a hosted batch service, and the results beside them",
    make,
    ASKING | {"api", "tokenizer", "request", "stop", "price", "requests_per_file"},
)


@dataclass
class Results:
    """What files of results say of the requests ``wanted``, by custom_id.

    The first whole answer to a request counts; ``failures`` give the reason where there is none. ``counts`` are of
    lines that are no results (``unread``), that belong to no request of the run (``foreign``), that failed (``failed``)
    and that answer what was answered before (``repeated``), perhaps with another text (``otherwise``); ``first`` says
    where the first of each is.
    """

    wanted: Mapping[str, Task]
    answers: dict[str, Generation] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    def count(self, kind: str, what: str) -> None:
        self.counts[kind] += 1
        self.first.setdefault(kind, what)


@dataclass
class Batch:
    """The files of a run in ``folder``. ``every`` holds all tasks of the run, also of those that are done."""

    requests: Requests
    folder: Path
    requests_per_file: int
    schema: bool = False
    every: Sequence[Task] = ()
    counts: Mapping[str, int] = field(default_factory=dict)

    def statistics(self) -> Json:
        return {"results": dict(self.counts)}

    def settle(self, tasks: Sequence[Task], before: Json) -> Json:
        """Answers are held to a schema where their format has one: nobody can be asked."""
        self.every = tasks
        self.schema = bool(tasks) and self.requests.takes_schema(tasks[0])
        return {SCHEMA: HELD} if self.schema else {}

    def request(self, task: Task) -> Json:
        """The line of a task. Its custom_id is made of the sentence and of all that is asked of it."""
        body = self.requests.body(task, self.schema)
        content = json.dumps([task.key, task.ask, body], sort_keys=True).encode()
        readable = ODD.sub("-", f"{task.dataset}-{task.sentence.id}")[:READABLE]
        custom_id = f"{readable}-{task.ask}-{hashlib.sha256(content).hexdigest()[:16]}"
        return {"custom_id": custom_id, "method": "POST", "url": f"/v1/{ROUTES[self.requests.api]}", "body": body}

    @cached_property
    def known(self) -> set[str]:
        """The custom_ids of the whole run."""
        several = bool(self.every) and self.every[0].asking.format.several
        asks = (replace(task, ask=ask) for task in self.every for ask in range(len(task.prompts) if several else 1))
        return {self.request(task)["custom_id"] for task in asks}

    def decode(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, Generation]]:
        """The answers that are there. Raises IncompleteError for others, once there are files that ask for these."""
        results = self.read({self.request(task)["custom_id"]: task for task in tasks})
        self.counts = results.counts
        for line in self.warnings(results):
            warn(f"{self.folder}: {line}")
        for custom_id, task in results.wanted.items():
            if custom_id in results.answers:
                yield task, results.answers[custom_id]
        missing = {custom_id: task for custom_id, task in results.wanted.items() if custom_id not in results.answers}
        if missing:
            to_run = self.write(missing)
            raise IncompleteError(self.what_to_do(results, missing, to_run))

    def read(self, wanted: Mapping[str, Task]) -> Results:
        """What the files of results say."""
        results = Results(wanted)
        for path in sorted(self.folder.glob("*.jsonl")):
            if not REQUESTS.fullmatch(path.name) and path.name not in OTHERS:
                with path.open("rb") as file:
                    for number, content in enumerate(file, start=1):
                        if content.strip():
                            self._take(results, content, f"{path.name}, line {number}")
        results.failures = {
            custom_id: reason for custom_id, reason in results.failures.items() if custom_id not in results.answers
        }
        return results

    def _take(self, results: Results, content: bytes, place: str) -> None:
        """Put a line of a file among the ``results``."""
        try:
            line = json.loads(content.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            line = None
        custom_id = line.get("custom_id") if isinstance(line, dict) else None
        if not isinstance(custom_id, str) or not line.keys() & {"response", "error"}:
            results.count("unread", place)
        elif custom_id not in results.wanted:
            if custom_id not in self.known:
                results.count("foreign", f"{short(custom_id)} ({place})")
        else:
            generation, reason = self._answer(line, results.wanted[custom_id])
            if generation is None:
                results.count("failed", place)
                results.failures[custom_id] = reason
            elif (first := results.answers.setdefault(custom_id, generation)) is not generation:
                results.count("repeated", place)
                if first.text != generation.text:
                    results.count("otherwise", place)

    def _answer(self, line: Json, task: Task) -> tuple[Generation | None, str]:
        """The answer of a result, or None and why."""
        response = line["response"] if isinstance(line.get("response"), dict) else {}
        body, error = response.get("body", response if "choices" in response else None), line.get("error")
        status = str(response.get("status_code", 200 if body else ""))
        generation = generation_of(body) if status == "200" and not error else None
        said = "no finished text in it"
        if status != "200" or error:
            said = problem_of(error or body, self.request(task)["body"]) or "no reason given"
        return generation, f"HTTP {status}: {said}" if status not in ("", "200") else said

    def warnings(self, results: Results) -> Iterator[str]:
        """What was wrong with the results, a line each."""
        counts, first = results.counts, results.first
        if counts["unread"]:
            yield f"{counts['unread']} lines are no whole results and were not read ({first['unread']})"
        if counts["foreign"]:
            yield f"{counts['foreign']} results are of no request of this run and were not read ({first['foreign']})"
        if counts["repeated"]:
            other = f", {counts['otherwise']} with another text ({first['otherwise']})" if counts["otherwise"] else ""
            yield f"{counts['repeated']} results are of requests that had an answer{other}; the first one counts"
        reasons = Counter(results.failures.values()).most_common()
        for reason, count in reasons[:NAMED]:
            failed = [task for custom_id, task in results.wanted.items() if results.failures.get(custom_id) == reason]
            yield f"{count} requests failed ({_named(failed)}): {reason}"
        if len(reasons) > NAMED:
            yield f"{sum(count for _, count in reasons[NAMED:])} requests failed for other reasons"

    def write(self, missing: Mapping[str, Task]) -> list[Path]:
        """The files that ask for what is ``missing``. New ones are written for what no file that is to be run holds."""
        numbered = {int(match[1]): path for path in self.folder.iterdir() if (match := REQUESTS.fullmatch(path.name))}
        held = {numbered[number]: _ids(numbered[number]) for number in sorted(numbered)}
        newest = {custom_id: path for path, ids in held.items() for custom_id in ids}
        # Of a file that was run something is answered, unless all of it failed: then it can be run again as it is.
        to_run = [path for path, ids in held.items() if ids and all(i in missing and newest[i] == path for i in ids)]
        held_there = {custom_id for path in to_run for custom_id in held[path]}
        rest = [task for custom_id, task in missing.items() if custom_id not in held_there]
        for start in range(0, len(rest), self.requests_per_file):
            path = self.folder / f"requests-{max(numbered, default=0) + 1 + start // self.requests_per_file:04}.jsonl"
            with replacing(path) as file:
                for task in rest[start : start + self.requests_per_file]:
                    # ASCII alone: some readers also break lines at other characters than a line feed.
                    file.write(json.dumps(self.request(task)).encode("ascii") + b"\n")
            to_run.append(path)
        return to_run

    def what_to_do(self, results: Results, missing: Mapping[str, Task], to_run: Sequence[Path]) -> str:
        """What is missing, and how to get it."""
        absent = [task for custom_id, task in missing.items() if custom_id not in results.failures]
        parts = [f"{len(results.failures)} failed"] if results.failures else []
        parts += [f"{len(absent)} have no result ({_named(absent)})"] if absent else []
        first = to_run[0]
        output = first.with_name(first.name.replace("requests", "results"))
        how = f"with `vllm run-batch -i {first} -o {output} --model {self.requests.model}` or a batch service"
        if self.requests.api != "chat":
            how = "with a batch service that answers /v1/completions (vllm run-batch takes --api chat alone)"
        files = first.name if len(to_run) == 1 else f"{first.name} to {to_run[-1].name}, {len(to_run)} files,"
        return (
            f"{self.folder}: {len(missing)} requests without an answer: {', '.join(parts)}; run {files} {how}, put the"
            " results into the folder and run the same command again"
        )


def _named(tasks: Sequence[Task]) -> str:
    """The first of the sentences, with the number of the question where there are several."""
    names = ["/".join(task.key) + (f" question {task.ask + 1}" if task.asking.format.several else "") for task in tasks]
    return ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")


def _ids(path: Path) -> list[str]:
    """The custom_ids of a file of requests; a line that is none has an id that nothing asks for."""
    ids = []
    with path.open("rb") as file:
        for content in file:
            try:
                ids.append(str(json.loads(content)["custom_id"]))
            except (ValueError, KeyError, TypeError):
                ids.append("")
    return ids
