"""Record what an LSTM and several kinds of attention cost as the sequence grows, on one device.

    python benchmarks/record_lengths.py                    # some minutes on one core
    python benchmarks/record_lengths.py --device cuda      # two minutes on a GPU

writes benchmarks/results/lengths_<device>.json. Two layers compete for section 1 of the chapter,
and five kinds of attention for section 7, in float32, one sequence at a time:

    layers                          from (1, length, d_model) to the same
      lstm_steps                    course_lib's LSTMCell, one step after the other
      lstm                          torch.nn.LSTM: the same in C++, on a GPU in one fused kernel
      attention                     causal MultiHeadAttention, through torch's fused kernel
    heads                           from q, k, v shaped (1, n_heads, length, d_head) to that shape
      full                          scaled_dot_product_attention with a causal mask
      fused                         causal_attention, which is the same in one kernel
      sliding_window                sliding_window_attention
      lsh_1, lsh_4                  lsh_attention, causal, with one round and with four

The record holds

    lengths                         the lengths, from 64 on
    d_model, n_heads, d_head, window, chunk     the sizes; lsh has 2 · length / chunk buckets
    clock                           "CPU time" of one thread, or on a GPU "wall time"
    forward, training               for each name above, lists by length: `median`, `low` and
                                    `high` quartile, in seconds, of the output alone, and of the
                                    output and all gradients
    peak_bytes                      on a GPU only, the most memory that each took, inputs left out:
                                    {"forward": {name: by length}, "training": …}

with None where a method ran out of memory, was refused by cuDNN (its LSTM takes no sequence so
long), or was so slow at half the length that it was left out.
All take turns, so that what else the machine does falls on all of them.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from recording import write_record
from torch import Tensor, nn
from tqdm import tqdm

from course_lib.device import seeded_generator
from course_lib.nn.attention import causal_attention, scaled_dot_product_attention
from course_lib.nn.attention_layer import AttentionLayer
from course_lib.nn.lsh import lsh_attention
from course_lib.nn.masks import causal_mask
from course_lib.nn.recurrent import LSTMCell, run_cell
from course_lib.nn.sliding_window import sliding_window_attention

D_MODEL, N_HEADS, WINDOW, CHUNK = 256, 4, 128, 64
D_HEAD = D_MODEL // N_HEADS
SHORTEST, LONGEST = 64, {"cpu": 4096, "cuda": 65_536}
KINDS = ("forward", "training")
NOT_SUPPORTED = "CUDNN_STATUS_NOT_SUPPORTED"
N_TIMES, ENOUGH_SECONDS, TOO_SLOW = 9, 2.0, 5.0  # times a method runs, or until it took so long


def main() -> None:
    """Time every method at every length, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=sorted(LONGEST), default="cpu", help="where to run")
    parser.add_argument("--longest", type=int, help="longest sequence: 64 times a power of two")
    options = parser.parse_args()
    torch.set_num_threads(1)
    device, longest = options.device, options.longest or LONGEST[options.device]
    lengths = [SHORTEST << n for n in range((longest // SHORTEST).bit_length())]

    methods = layers(device) | heads()
    seconds = {kind: {name: [] for name in methods} for kind in KINDS}  # [kind][name][length]
    n_bytes = {kind: {name: [] for name in methods} for kind in KINDS}
    for length in tqdm(lengths):
        for kind in KINDS:
            running = [name for name in methods if not too_slow(seconds[kind][name])]
            runs = {name: Run(methods[name], length, kind, device) for name in running}
            for _ in range(1 + N_TIMES):  # the first time is warming up
                for run in runs.values():
                    run.once_more()
            for name in methods:
                done = runs[name].outcome() if name in runs else (None, None)
                seconds[kind][name].append(done[0])
                n_bytes[kind][name].append(done[1])

    results = {kind: {name: quartiles(seconds[kind][name]) for name in methods} for kind in KINDS}
    write_record(
        f"lengths_{device}",
        "an LSTM and several kinds of attention as the sequence grows, float32, one sequence",
        [],
        {
            "lengths": lengths,
            **{"d_model": D_MODEL, "n_heads": N_HEADS, "d_head": D_HEAD},
            **{"window": WINDOW, "chunk": CHUNK},
            "clock": "CPU time" if device == "cpu" else "wall time",
            **results,
            **({"peak_bytes": n_bytes} if device == "cuda" else {}),
        },
        device,
    )


def layers(device: str) -> dict[str, nn.Module]:
    """The layers, by name, all with the same number of units."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = {
            "lstm_steps": LSTMSteps(),
            "lstm": nn.LSTM(D_MODEL, D_MODEL, batch_first=True),
            "attention": AttentionLayer(D_MODEL, N_HEADS, attention=causal_attention),
        }
    return {name: layer.to(device) for name, layer in made.items()}


class LSTMSteps(nn.Module):
    """course_lib's cell, run along the sequence."""

    def __init__(self):
        super().__init__()
        self.cell = LSTMCell(D_MODEL, D_MODEL)

    def forward(self, x: Tensor) -> Tensor:
        """The hidden state after each step."""
        return run_cell(self.cell, x, self.cell.initial_state(len(x)))[0]


def heads() -> dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]]:
    """The kinds of attention, by name, as functions of q, k and v."""

    def full(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return scaled_dot_product_attention(q, k, v, causal_mask(q.shape[2], q.device))

    def sliding_window(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return sliding_window_attention(q, k, v, WINDOW)

    def lsh(n_rounds: int) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
        def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:  # queries serve as keys
            sizes = {"n_buckets": 2 * q.shape[2] // CHUNK, "n_rounds": n_rounds, "chunk": CHUNK}
            return lsh_attention(q, v, **sizes, generator=seeded_generator(0), causal=True)

        return attend

    return {
        "full": full,
        "fused": causal_attention,
        "sliding_window": sliding_window,
        "lsh_1": lsh(1),
        "lsh_4": lsh(4),
    }


class Run:
    """One method at one length: run it again and again, until it has had its time."""

    def __init__(self, method: Callable[..., Tensor], length: int, kind: str, device: str):
        self.method, self.training, self.on_gpu = method, kind == "training", device == "cuda"
        generator, self.weights = seeded_generator(0), []
        if isinstance(method, nn.Module):
            shapes, self.weights = [(1, length, D_MODEL)], list(method.parameters())
        else:
            shapes = [(1, N_HEADS, length, D_HEAD)] * 3
        self.inputs = [
            torch.randn(shape, generator=generator).to(device).requires_grad_(self.training)
            for shape in shapes
        ]
        self.warm, self.failed, self.seconds, self.n_bytes = False, False, [], 0

    def once_more(self) -> None:
        """Run and take the time, unless there is no memory for it or time enough was taken."""
        if self.failed or sum(self.seconds) > ENOUGH_SECONDS:
            return
        try:
            seconds, n_bytes = self.timed()
        except RuntimeError as error:  # torch.OutOfMemoryError is one
            if not isinstance(error, torch.OutOfMemoryError) and NOT_SUPPORTED not in str(error):
                raise
            self.failed = True
            torch.cuda.empty_cache()
            return
        if self.warm or seconds > ENOUGH_SECONDS:
            self.seconds.append(seconds)
        self.warm, self.n_bytes = True, n_bytes

    def timed(self) -> tuple[float, int]:
        """Seconds and, on a GPU, bytes beyond the inputs that one run takes at its peak."""
        if self.on_gpu:
            torch.cuda.reset_peak_memory_stats()
            before = torch.cuda.memory_allocated()
            torch.cuda.synchronize()
        now = time.perf_counter if self.on_gpu else time.process_time
        start = now()
        with torch.set_grad_enabled(self.training):
            output = self.method(*self.inputs)
        output = output[0] if isinstance(output, tuple) else output  # torch's LSTM adds its state
        if self.training:
            wanted = [*self.inputs, *self.weights]
            torch.autograd.grad(output.sum(), wanted, allow_unused=True)  # LSH takes no key
        if self.on_gpu:
            torch.cuda.synchronize()
        seconds = now() - start
        return seconds, torch.cuda.max_memory_allocated() - before if self.on_gpu else 0

    def outcome(self) -> tuple[list[float] | None, int | None]:
        """All times and the bytes, or None for either if there was no memory for it."""
        return (None, None) if self.failed else (self.seconds, self.n_bytes)


def too_slow(times_by_length: list[list[float] | None]) -> bool:
    """Whether a method failed, or took too long, at the length before."""
    if not times_by_length:
        return False
    return times_by_length[-1] is None or min(times_by_length[-1]) > TOO_SLOW


def quartiles(times_by_length: list[list[float] | None]) -> dict[str, list[float | None]]:
    """The median and both quartiles of the times at each length."""
    found = {"low": [], "median": [], "high": []}
    for times in times_by_length:
        if times is None:
            cuts = [None] * 3
        elif len(times) == 1:
            cuts = times * 3
        else:
            cuts = statistics.quantiles(times, n=4, method="inclusive")
        for name, cut in zip(found, cuts, strict=True):
            found[name].append(cut)
    return found


if __name__ == "__main__":
    main()
