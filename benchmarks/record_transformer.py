"""Record how fast our GPT trains, reads and writes, beside Hugging Face's GPT-2 and a minimal one.

    python benchmarks/record_transformer.py                        # three minutes on an idle core
    python benchmarks/record_transformer.py --device cuda          # two minutes on a GPU

writes benchmarks/results/transformer.json, transformer_float32.json where the processor does not
multiply bfloat16 faster, or transformer_cuda.json. Three implementations with the
same weights (their logits are compared first) take turns, step by step:

    ours            course_lib's GPT
    hugging_face    transformers' GPT2LMHeadModel, with its SDPA attention
    nano            benchmarks/nano_gpt.py, written in the manner of nanoGPT

and each is measured at

    training        forward, loss, backward and fused AdamW, all the same for the three
    inference       logits of a whole batch
    generation      N_NEW tokens after a prompt of N_PROMPT, greedily, one sequence: ours with its
                    preallocated cache, Hugging Face's with `generate` (nano has no cache)

in float32 and, where the processor multiplies bfloat16 faster, in bfloat16 autocast. On the CPU
there is one thread, its own CPU time counts, and sizes are A and B of `gpt_presets`; on a GPU the
size is GPT-2 with 124 million parameters in bfloat16 autocast, with as large a batch as fits. The
record holds, by size,

    config, batch_size, n_parameters
    training, inference, generation, each by precision ("float32", "bfloat16") with
        tokens_per_second   by implementation: [lower quartile, median, upper quartile] over rounds
        ratios              of ours to "hugging_face" and to "nano", the same three numbers of the
                            ratios within a round
    training_bfloat16_to_hugging_face_float32
                    the same across precisions, where there is bfloat16
    mfu             on a GPU, for training, by implementation: the FLOPs that a step needs, as
                    counted in appendix B of Chowdhery et al. (2022), a second, as a share of
                    `matmul_flops`, which is measured in the same run on 8192 × 8192 matrices
"""

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import torch
import transformers
from recording import write_record
from rivals import (
    N_NEW,
    N_PROMPT,
    Runs,
    generation_runs,
    inference_runs,
    models_of,
    random_ids,
    training_runs,
)
from torch import nn
from tqdm import tqdm

from course_lib.models.gpt import GPTConfig
from course_lib.models.gpt_presets import gpt2_small, gpt_benchmark_a, gpt_benchmark_b


@dataclass(frozen=True)
class Size:
    """What is measured."""

    config: GPTConfig
    batch_size: int
    n_rounds: int  # in which each implementation takes its turn at training and inference
    n_generations: int  # the same for generation


SIZES = {
    "cpu": {
        "A": Size(gpt_benchmark_a(), batch_size=16, n_rounds=15, n_generations=7),
        "B": Size(gpt_benchmark_b(), batch_size=8, n_rounds=7, n_generations=3),
    },
    "cuda": {"124M": Size(gpt2_small(), batch_size=64, n_rounds=15, n_generations=5)},
    "tiny": {"tiny": Size(GPTConfig(64, 32, 16, 2, 2, 64), 2, n_rounds=3, n_generations=2)},
}


def main() -> None:
    """Measure every size, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where to run")
    parser.add_argument("--compile", action="store_true", help="torch.compile; no generation then")
    parser.add_argument("--tiny", action="store_true", help="try the script on a tiny size")
    options = parser.parse_args()
    torch.set_num_threads(1)
    transformers.utils.logging.set_verbosity_error()
    bench = Bench(options.device, options.compile)
    sizes = SIZES["tiny" if options.tiny else options.device]
    results = {name: bench.measure(size) for name, size in sizes.items()}
    name = "transformer"
    if options.device == "cuda":
        name += "_cuda"
    elif "bfloat16" not in bench.precisions:
        name += "_float32"
    write_record(
        name + ("_compiled" if options.compile else "") + ("_tiny" if options.tiny else ""),
        "our GPT, Hugging Face's GPT-2 and a minimal one: training, inference and generation",
        [],
        {
            "transformers": transformers.__version__,
            "compiled": options.compile,
            "clock": "CPU time" if options.device == "cpu" else "wall time",
            "n_prompt": N_PROMPT,
            "n_new": N_NEW,
            **bench.machine,
            **results,
        },
        options.device,
    )


class Bench:
    """What is the same for all sizes: device, precisions, clock."""

    def __init__(self, device: str, compiled: bool):
        self.device, self.compiled = device, compiled
        if device == "cuda":
            self.precisions = ("bfloat16",)
            rate = 2 * 8192**3 / self.matmul_seconds(8192, torch.bfloat16)
            self.machine = {"matmul_flops": rate}
        else:
            seconds = [self.matmul_seconds(1024, t) for t in (torch.float32, torch.bfloat16)]
            self.machine = {"bfloat16_matmul_speedup": seconds[0] / seconds[1]}
            gains = seconds[0] > 1.2 * seconds[1]
            self.precisions = ("float32", "bfloat16") if gains else ("float32",)

    def measure(self, size: Size) -> dict[str, object]:
        """All that the record says of one size."""
        config = size.config
        models = models_of(config, self.device)
        if self.compiled:
            for model in models.values():
                model.compile()
        batch_size = self.largest_batch(models, size)
        ids = random_ids(config, batch_size, config.context_length + 1, self.device)
        n_tokens = batch_size * config.context_length
        training = self.seconds(training_runs(models, ids, self.precisions), size.n_rounds)
        inference = self.seconds(inference_runs(models, ids, self.precisions), size.n_rounds)
        n_parameters = sum(p.numel() for p in models["ours"].parameters())
        found = {
            "config": asdict(config),
            "batch_size": batch_size,
            "n_parameters": n_parameters,
            "training": compare(training, n_tokens, self.precisions),
            "inference": compare(inference, n_tokens, self.precisions),
        }
        if "float32" in self.precisions and "bfloat16" in self.precisions:
            found["training_bfloat16_to_hugging_face_float32"] = quartiles_of_ratios(
                training["hugging_face", "float32"], training["ours", "bfloat16"]
            )
        if self.device == "cuda":
            in_matrices = n_parameters - config.context_length * config.d_model
            attention = 12 * config.n_layers * config.d_model * config.context_length
            flops = n_tokens * (6 * in_matrices + attention)
            found["mfu"] = {
                name: quartiles([flops / s / self.machine["matmul_flops"] for s in seconds])
                for (name, _), seconds in training.items()
            }
        if not self.compiled:
            del models
            seconds = self.seconds(
                generation_runs(config, self.device, self.precisions), size.n_generations
            )
            found["generation"] = compare(seconds, N_NEW, self.precisions)
        return found

    def largest_batch(self, models: dict[str, nn.Module], size: Size) -> int:
        """The largest batch size that fits, from that of the size downward by halves."""
        batch_size = size.batch_size
        while True:
            ids = random_ids(size.config, batch_size, size.config.context_length + 1, self.device)
            try:
                for run in training_runs(models, ids, self.precisions).values():
                    run()
                return batch_size
            except torch.OutOfMemoryError:
                if batch_size == 1:
                    raise
                batch_size //= 2
            for model in models.values():
                model.zero_grad()
            torch.cuda.empty_cache()

    def seconds(self, runs: Runs, n_rounds: int) -> dict[tuple[str, str], list[float]]:
        """The seconds of each run in each round; before the first, all run once for warming up."""
        taken = {key: [] for key in runs}
        for round_number in tqdm(range(-1, n_rounds)):
            for key, run in runs.items():
                seconds = self.seconds_of(run)
                if round_number >= 0:
                    taken[key].append(seconds)
        return taken

    def seconds_of(self, run: Callable[[], object]) -> float:
        """CPU time of this process, or wall time if the work is done on a GPU."""
        if self.device == "cpu":
            start = time.process_time()
            run()
            return time.process_time() - start
        torch.cuda.synchronize()
        start = time.perf_counter()
        run()
        torch.cuda.synchronize()
        return time.perf_counter() - start

    def matmul_seconds(self, n: int, dtype: torch.dtype) -> float:
        """How long a product of two n × n matrices takes: the median of ten, after three."""
        a, b = (torch.randn(n, n, device=self.device, dtype=dtype) for _ in range(2))
        return statistics.median([self.seconds_of(lambda: a @ b) for _ in range(13)][3:])


def compare(
    seconds: dict[tuple[str, str], list[float]], n_tokens: int, precisions: tuple[str, ...]
) -> dict[str, object]:
    """Tokens a second of each implementation, and the ratios of ours to the others."""
    found = {}
    for precision in precisions:
        of = {name: taken for (name, p), taken in seconds.items() if p == precision}
        found[precision] = {
            "tokens_per_second": {
                name: quartiles([n_tokens / s for s in taken]) for name, taken in of.items()
            },
            "ratios": {
                name: quartiles_of_ratios(taken, of["ours"])
                for name, taken in of.items()
                if name != "ours"
            },
        }
        print(precision, found[precision])
    return found


def quartiles_of_ratios(others: list[float], ours: list[float]) -> list[float]:
    """How many times faster ours was, round by round."""
    return quartiles([other / own for other, own in zip(others, ours, strict=True)])


def quartiles(values: list[float]) -> list[float]:
    """Lower quartile, median, upper quartile."""
    return statistics.quantiles(values, n=4, method="inclusive")


if __name__ == "__main__":
    main()
