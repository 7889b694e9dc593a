"""What every recorded run says about itself, and how it is written."""

import json
import os
import platform
from datetime import date
from pathlib import Path
from typing import Any

import torch

RESULTS = Path(__file__).parent / "results"


def write_record(name: str, what: str, seeds: list[int], results: dict[str, Any]) -> None:
    """Write results/<name>.json: what was run, when, on what, and the results to four digits."""
    record = {
        "what": what,
        "date": date.today().isoformat(),
        "hardware": f"{cpu_model()}, one thread a run",
        "torch": torch.__version__,
        "cpu_seconds": round(sum(os.times()[:4])),  # with those of child processes
        "seeds": seeds,
        **rounded(results),
    }
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(record, separators=(",", ":")) + "\n")
    print(f"wrote {path} after {record['cpu_seconds']} CPU-seconds")


def rounded(value: Any) -> Any:
    """The same data with four significant digits; None where a run diverged to NaN."""
    if isinstance(value, float):
        return float(f"{value:.4g}") if value == value else None
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
