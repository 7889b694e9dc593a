"""Record how much memory a stream of text takes while it becomes ids.

    python benchmarks/record_tokenizer_memory.py            # seven minutes of one core

writes benchmarks/results/tokenizer_memory.json: as lists by `sizes` of input in megabytes, for
`encode_iterable` over the lines of the speeches, again and again, with GPT-2's vocabulary, each
size in a process of its own,

    traced_megabytes    the most that Python's objects took beyond what was there before the first
                        line was read, in which the pre-tokens of the speeches were known already;
                        null where it was not traced
    resident_megabytes  the most that the process took, in a run that was not traced; it loads no
                        other libraries than the tokenizer's
"""

import subprocess
import sys
import tracemalloc
from collections.abc import Iterator

from process_memory import kilobytes

from course_lib.data.corpora import state_of_the_union
from course_lib.tokenizer import from_pretrained

SIZES = (10, 100, 1000)
MOST_TRACED = 100  # tracing a larger one takes an hour


def main() -> None:
    """Measure each size twice, and write the record."""
    if len(sys.argv) == 3:
        print(peak_of_stream(int(sys.argv[1]) * 1_000_000, traced=sys.argv[2] == "traced"))
        return
    from recording import read_options, write_record  # imports torch, which would be measured too

    read_options(__doc__)
    results = {
        "sizes": list(SIZES),
        "traced_megabytes": [
            in_a_process(size, "traced") if size <= MOST_TRACED else None for size in SIZES
        ],
        "resident_megabytes": [in_a_process(size, "resident") for size in SIZES],
    }
    write_record("tokenizer_memory", "memory of encode_iterable", [], results)


def in_a_process(size: int, how: str) -> float:
    """What `peak_of_stream` says in a new process, in megabytes."""
    command = [sys.executable, __file__, str(size), how]
    megabytes = int(subprocess.run(command, capture_output=True, check=True).stdout) / 1e6
    print(f"{size} megabytes of text, {how}: {megabytes:.2f} megabytes")
    return megabytes


def peak_of_stream(n_bytes: int, traced: bool) -> int:
    """The most bytes that are taken while so many bytes of text go through `encode_iterable`."""
    tokenizer = from_pretrained("gpt2")
    lines = [
        line for speech in state_of_the_union() for line in speech.text.splitlines(keepends=True)
    ]
    for _ in tokenizer.encode_iterable(lines):
        pass
    if traced:
        tracemalloc.start()
    for _ in tokenizer.encode_iterable(repeated(lines, n_bytes)):
        pass
    if traced:
        return tracemalloc.get_traced_memory()[1]
    return kilobytes("VmHWM") * 1024


def repeated(lines: list[str], n_bytes: int) -> Iterator[str]:
    """The lines again and again, until so many bytes have come."""
    while True:
        for line in lines:
            if n_bytes <= 0:
                return
            yield line
            n_bytes -= len(line.encode())


if __name__ == "__main__":
    main()
