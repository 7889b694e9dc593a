"""What every recorded run asks for, what it says about itself, and how it is written."""

import argparse
import json
import math
import os
import platform
from datetime import date
from pathlib import Path
from typing import Any

import torch

RESULTS = Path(__file__).parent / "results"
HELP = {"seeds": "how many seeds, counted from 0", "jobs": "how many processes"}


def read_options(doc: str, **defaults: int) -> argparse.Namespace:
    """Read the options named in HELP from the command line; let torch compute on one thread."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    for name, default in defaults.items():
        parser.add_argument(f"--{name}", type=int, default=default, help=HELP[name])
    torch.set_num_threads(1)
    return parser.parse_args()


def write_record(
    name: str, what: str, seeds: list[int], results: dict[str, Any], device: str = "cpu"
) -> None:
    """Write results/<name>.json: what was run, when, on what, and the results to four digits."""
    hardware = cpu_model() if device == "cpu" else torch.cuda.get_device_name()
    record = {
        "what": what,
        "date": date.today().isoformat(),
        "hardware": f"{hardware}, one thread a run" if device == "cpu" else f"one {hardware}",
        "torch": torch.__version__,
        "cpu_seconds": round(sum(os.times()[:4])),  # with those of child processes
        **({"seeds": seeds} if seeds else {}),
        **rounded(results),
    }
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(record, separators=(",", ":"), allow_nan=False) + "\n")
    print(f"wrote {path} after {record['cpu_seconds']} CPU-seconds")


def rounded(value: Any) -> Any:
    """The same data with four significant digits; None where a run diverged."""
    if isinstance(value, float):
        return float(f"{value:.4g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list) else value


def cpu_model() -> str:
    """The processor's name, as Linux gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
