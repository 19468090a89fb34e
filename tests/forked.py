"""Processes for tests that kill them or install packages: forked, so that they need not import anew what takes seconds
to import."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import CompletedProcess

from click.testing import CliRunner

from gner_bench.answers import ANSWERS
from gner_bench.cli import main
from gner_bench.data.formats import FORMATS
from gner_bench.predict.backend import BACKENDS
from gner_bench.scoring.metrics import METRICS


class Forked:
    """Calls ``call`` in a process of its own, which writes what it prints into the file ``said``.

    The function must not train: torch refuses that in a fork of a process that has trained.
    """

    def __init__(self, call: Callable[[], object], said: Path) -> None:
        self._said, self._status = said, -1
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            self._be_child(call)

    def _be_child(self, call: Callable[[], object]) -> None:
        code = 1
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            file = self._said.open("w", encoding="utf-8", buffering=1)
            for descriptor in (1, 2):
                os.dup2(file.fileno(), descriptor)
            sys.stdout = sys.stderr = file
            call()
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code)

    def runs(self) -> bool:
        """Whether it has not ended yet."""
        if self._status == -1:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._status = status if pid else -1
        return self._status == -1

    def send(self, number: signal.Signals) -> None:
        if self.runs():
            os.kill(self.pid, number)

    def end(self) -> tuple[int, str]:
        """Wait for its end; the exit code, which is negative for a signal, and what it said."""
        while self.runs():
            time.sleep(0.002)
        return os.waitstatus_to_exitcode(self._status), self._said.read_text(encoding="utf-8")


def run_beside(packages: Sequence[Path], folder: Path, *arguments: object) -> CompletedProcess[str]:
    """What the command does in ``folder`` where these folders of packages are on the path too."""
    made, said = folder / "made.json", folder / "said.txt"

    def call() -> None:
        os.chdir(folder)
        sys.path[:0] = map(str, packages)
        for registry in (ANSWERS, BACKENDS, FORMATS, METRICS):
            vars(registry).pop("plugins", None)
        result = CliRunner().invoke(main, [*map(str, arguments)])
        made.write_text(json.dumps([result.exit_code, result.stdout, result.stderr]), encoding="utf-8")

    code, text = Forked(call, said).end()
    assert code == 0, text
    result = json.loads(made.read_text(encoding="utf-8"))
    made.unlink()
    said.unlink()
    return CompletedProcess(list(map(str, arguments)), *result)
