"""Recorded passes, on a stand-in for a GPU: what they give, what they take, and what happens when they fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from gner_bench.data import read_dataset
from gner_bench.demo import CORPUS
from gner_bench.errors import GnerBenchError
from gner_bench.predict.checkpoint import Checkpoint, load_checkpoint
from gner_bench.predict.decode import t5
from gner_bench.predict.decode.graphs import CudaRecorder, Graphs, Recorder, aligned, equal, levelled, most_graphs
from gner_bench.predict.decode.passes import MOST_TRIALS, PassSizes, row_sizes
from gner_bench.predict.decode.speculative import LoopDecoder, SpeculativeDecoder
from gner_bench.predict.decode.steps import Shape
from gner_bench.predict.plan import Asking, Task, plan

from .gpu import Gpu

SHAPE = Shape(100, 30, (640, 256))


def graphs(recorder: Recorder | None, rows: int = 4) -> Graphs:
    return Graphs(PassSizes(rows, 0.97, lambda rows: 7), recorder)


class Sums:
    """A model whose logits are the sums of what its cache holds: it writes tokens in place, then reads them all."""

    def __init__(self) -> None:
        self.cache = torch.zeros(4, 640)

    def forward(self, shape: Shape, tokens: Tensor, places: Tensor) -> Tensor:
        rows = torch.arange(len(tokens))[:, None]
        self.cache[rows, places] = tokens.float()
        sums = self.cache[: len(tokens), : shape.length].cumsum(1)
        return torch.stack([sums.gather(1, places), tokens.float()], dim=2)


@pytest.mark.parametrize("rows", [1, 2, 4])
def test_a_replay_reads_the_inputs_of_its_pass(rows: int) -> None:
    gpu, model = Gpu(), Sums()
    run = graphs(gpu)
    for start in range(0, 60, 3):
        tokens = torch.arange(rows * 3).view(rows, 3) + start
        places = torch.arange(start, start + 3).expand(rows, 3)
        logits = run(model.forward, SHAPE, tokens, places)
        assert torch.equal(logits, Sums.forward(model, SHAPE, tokens, places))
        assert logits.shape == (rows, 3, 2)
    assert run.recorded == gpu.recordings == 1


def one_pass(run: Graphs, model: Any, count: int = 3) -> Tensor:
    tokens = torch.arange(2 * count).view(2, count) + 1
    logits: Tensor = run(model, SHAPE, tokens, torch.arange(count).expand(2, count))
    return logits.clone()


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("CUDA error: operation not permitted when stream is capturing\nmore"),
        torch.OutOfMemoryError("CUDA out of memory"),
        NotImplementedError("no such kernel"),
        AttributeError("driver too old"),
    ],
)
@pytest.mark.parametrize("number", [1, 2])
def test_recording_that_fails_ends_in_plain_passes_with_one_message(
    error: Exception, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(recording: int) -> None:
        if recording >= number:
            raise error

    gpu = Gpu(fails=fails)
    run, plain = graphs(gpu), graphs(None)
    for count in (7, 30, 7, 1, 31):
        assert torch.equal(one_pass(run, Sums().forward, count), one_pass(plain, Sums().forward, count))
    assert gpu.recordings == number
    assert not run.recording
    assert run.held == gpu.used == 0
    said = capsys.readouterr().err
    assert said.count("no longer recorded") == 1
    assert "more" not in said.replace("no more", "")
    assert run.document()["failure"] == str(error).splitlines()[0]


def reads_python(shape: Shape, tokens: Tensor, places: Tensor) -> Tensor:
    return torch.ones(*tokens.shape, 2) * tokens.sum().item()


class Forgetful(Gpu):
    """A driver that takes recordings and does nothing when they are replayed."""

    def record(self, work: Callable[[], object]) -> Callable[[], object]:
        super().record(work)
        return lambda: None


@pytest.mark.parametrize(
    ("gpu", "forward", "why"),
    [
        (Gpu(), reads_python, "not permitted when stream is capturing"),
        (Forgetful(), Sums().forward, "does not give what a plain one gives"),
    ],
)
def test_a_pass_that_cannot_be_recorded_runs_plainly(
    gpu: Gpu, forward: Callable[..., Tensor], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run = graphs(gpu)
    for _ in range(2):
        assert torch.equal(one_pass(run, forward), one_pass(graphs(None), forward))
    assert why in capsys.readouterr().err
    assert not run.recording


def test_a_shortage_in_a_plain_pass_is_the_loops() -> None:
    def forward(shape: Shape, tokens: Tensor, places: Tensor) -> Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    run = graphs(Gpu())
    with pytest.raises(torch.OutOfMemoryError):
        one_pass(run, forward)
    assert run.recording


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_what_counts_as_equal(dtype: torch.dtype) -> None:
    logits = torch.randn(2, 3, 50, generator=torch.Generator().manual_seed(0)).to(dtype)
    assert equal(logits, logits.clone())
    assert not equal(torch.zeros_like(logits), logits)
    assert not equal(logits.roll(1, 0), logits)
    assert not equal(torch.full_like(logits, torch.nan), logits)


def test_graphs_share_a_pool_and_an_output() -> None:
    """A pool takes what its largest recording takes, not the sum; the output of the largest pass is there once."""
    gpu, model = Gpu(), Sums()
    run = graphs(gpu)
    outputs = []
    for count in (1, 30):
        for _ in range(2):
            tokens = torch.ones(4, count, dtype=torch.int64)
            logits = run(model.forward, SHAPE, tokens, torch.arange(count).expand(4, count))
        outputs.append(logits.data_ptr())
    (pool,) = gpu.pools
    assert len(pool) == run.recorded == 2
    assert gpu.used == max(pool.values()) < sum(pool.values())
    assert len(set(outputs)) == 1
    run.resize(2)
    assert gpu.used == 0


@pytest.mark.parametrize("room", [(648, 640), (648, 301), (1288, 0), (72, 40)])
def test_the_number_of_graphs_is_bounded(room: tuple[int, int]) -> None:
    """Whatever the sentences: by going through rows, drafts and lengths that there can be."""
    owns, sources = range(1, room[0] + 1, 9), [*range(0, room[1], 37), room[1]]
    lengths = {levelled(Shape(own, source, room)) for own in [*owns, room[0]] for source in sources}
    for rows in (1, 2, 8, 64, 95, 256, 2000):
        sizes = PassSizes(rows, 0.97, lambda rows: 30)
        for _ in range(MOST_TRIALS):
            sizes.note(rows, 8, 0.1)
        counts = {(size, tokens) for size in map(sizes.row_size, range(1, rows + 1)) for tokens in sizes.sizes(size)}
        assert {size for size, _ in counts} == set(row_sizes(rows))
        assert len(counts) * len(lengths) <= most_graphs(rows, max(room)) <= 30


def test_lengths_are_never_shorter_than_asked_for() -> None:
    for own in range(1, 649, 7):
        for source in range(0, 257, 32):
            for filled in (levelled, aligned):
                shape = filled(Shape(own, source, (648, 256)))
                assert own <= shape.length <= 648
                assert source <= shape.source <= 256
                assert shape.length % 8 == shape.source % 8 == 0


def test_masks_lie_as_fused_attention_takes_them(monkeypatch: pytest.MonkeyPatch, demo: Checkpoint) -> None:
    """On CUDA its kernels need the last dimension in one piece, and rows that begin at multiples of 16 bytes."""
    masks = []

    def attend(queries: Tensor, memory: tuple[Tensor, Tensor], mask: Tensor) -> Tensor:
        masks.append(mask.expand(len(queries), -1, -1, -1))
        return plain(queries, memory, mask)

    plain = t5._attend
    steps = t5.T5Steps(demo.model, 4)
    steps.run = graphs(None)
    steps.plan([(21, 30), (9, 45)])
    for row, prepared in enumerate(steps.prepare([[5] * 21, [6] * 9])):
        steps.admit(row, prepared)
    monkeypatch.setattr(t5, "_attend", attend)
    steps.step(torch.tensor([[0, 5, 6], [0, 7, 8]]), [0, 2])
    assert masks
    for mask in masks:
        assert mask.stride(-1) == 1
        assert all(stride % 8 == 0 for stride, size in zip(mask.stride()[:-1], mask.shape, strict=False) if size > 1)


@pytest.fixture(scope="module")
def demo() -> Checkpoint:
    return load_checkpoint("demo", device="cpu")


@pytest.fixture(scope="module")
def tasks() -> list[Task]:
    return [
        task
        for name in ("mit-movie", "mit-restaurant")
        for task in plan(read_dataset(CORPUS, name), "file", 0, Asking())[:3]
    ]


@pytest.fixture(scope="module")
def expected(demo: Checkpoint, tasks: list[Task]) -> dict[Task, str]:
    return texts(SpeculativeDecoder(demo, 2)(tasks))


def texts(generations: Any) -> dict[Task, str]:
    return {task: generation.text for task, generation in generations}


def on_gpu(decoder: LoopDecoder[Any], gpu: Gpu) -> Graphs:
    """Let a decoder run as on a GPU."""
    run = graphs(gpu, decoder.loop.size)
    decoder.use(run)
    return run


def test_a_recorded_run_writes_what_a_plain_one_writes(
    demo: Checkpoint, tasks: list[Task], expected: dict[Task, str]
) -> None:
    decoder, gpu = SpeculativeDecoder(demo, 3), Gpu()
    run = on_gpu(decoder, gpu)
    assert texts(decoder(tasks)) == expected
    room = max(len(ids) for ids, _, _ in demo.prompt_ids([task.prompt for task in tasks]))
    model: Any = decoder.loop.model
    assert model.source.positions == -(-room // 8) * 8  # made once, for the longest
    assert model.own.positions == 648
    assert len(gpu.pools) <= 2  # one of the trial of pass sizes, one of the run
    assert run.recorded <= most_graphs(3, 648) + 3
    document = decoder.statistics()["passes_on_gpu"]
    assert document["graphs_recorded"] == gpu.recordings
    assert len(document["milliseconds_by_tokens"]) >= 2


def test_a_device_short_of_memory_decodes_fewer_at_once_or_says_so(
    demo: Checkpoint, tasks: list[Task], expected: dict[Task, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """With less and less memory: the same texts on fewer rows, then without graphs, in the end an error."""
    gpu, decoder = Gpu(), SpeculativeDecoder(demo, 4)
    on_gpu(decoder, gpu)
    with gpu:
        assert texts(decoder(tasks)) == expected
    sizes = []
    for share in (0.6, 0.35, 0.05):
        limit = gpu.peak * share
        short, decoder = Gpu(limit), SpeculativeDecoder(demo, 4)
        run = on_gpu(decoder, short)
        try:
            with short:
                assert texts(decoder(tasks)) == expected
        except GnerBenchError:
            assert (decoder.loop.size, run.failure) == (1, "out of memory with a single sentence")
        assert short.shortages > 0
        assert short.peak <= limit
        sizes.append(decoder.loop.size)
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 1
    assert "sentences side by side; going on with 2" in capsys.readouterr().err


def test_the_recorder_of_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its calls of torch.cuda, of which this machine has none: one pool until it is dropped, the stream put back."""
    calls: list[Any] = []

    class Recording:
        def __init__(self, graph: Any, pool: Any) -> None:
            calls.append(pool)

        def __enter__(self) -> None: ...

        def __exit__(self, kind: Any, *error: object) -> None:
            calls.append("end")

    class Graph:
        def replay(self) -> None:
            calls.append("replay")

    handles = iter("AB")
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: "usual")
    monkeypatch.setattr(torch.cuda, "set_stream", calls.append)
    monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: next(handles))
    monkeypatch.setattr(torch.cuda, "CUDAGraph", Graph)
    monkeypatch.setattr(torch.cuda, "graph", Recording)
    recorder = CudaRecorder(torch.device("cpu"))
    recorder.record(lambda: calls.append("work"))()
    recorder.record(lambda: None)
    recorder.drop()
    with pytest.raises(ZeroDivisionError):
        recorder.record(lambda: 1 / 0)
    assert calls == ["A", "work", "end", "replay", "A", "end", "B", "end", "usual"]
