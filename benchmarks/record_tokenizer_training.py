"""Record what training a tokenizer costs, with ours and with others, side by side.

    python benchmarks/record_tokenizer_training.py          # ten minutes or so on one core

writes benchmarks/results/tokenizer_training.json. Every trainer learns from the same files: English
(the speeches, 12.2 MB), code (Python's standard library, some 12 MB) and Japanese (Electron's
documentation, 1.2 MB). They take turns, each run in a process of its own on one core, and their
CPU-seconds are counted. The record holds

- `seconds`, by corpus, number of merges and trainer, one for each round;
- `ratio_to_hugging_face` and `ratio_to_rustbpe`: our median over theirs;
- `readable`: seconds of the trainer that the exercise asks for, to 4,000 merges, run once;
- `textbook`: seconds on 600,000 characters of English to 1,000 merges, and how many times longer
  the textbook trainer takes;
- `peak_memory_mb` that training from a file adds, and from one ten times as long.

Not all do the same work. Ours, the readable one and the textbook trainer learn the same merges.
Hugging Face's and rustbpe break ties otherwise. sentencepiece merges characters, with bytes for
what is rare, and cuts at spaces. Hugging Face's is fed line by line or reads the file itself,
whichever is faster there; the line ends it sees are the same.
"""

import contextlib
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from japanese_docs import japanese_docs
from process_memory import kilobytes
from textbook_bpe import train_textbook

from course_lib.data.corpora import state_of_the_union
from course_lib.data.source_code import python_source
from course_lib.tokenizer.fast_train import fast_train_bpe, train_from_files
from course_lib.tokenizer.pretokenize import GPT2_PATTERN

N_MERGES = (4_000, 10_000)
ROUNDS = 2
SHORT_TEXT, SHORT_MERGES = 600_000, 1_000


def corpora() -> dict[str, str]:
    """The texts."""
    return {
        "English": "\n".join(speech.text for speech in state_of_the_union()),
        "code": python_source(),
        "Japanese": japanese_docs(),
    }


def ours(path: Path, n_merges: int) -> Callable[[], object]:
    """The library's trainer of files."""
    return lambda: train_from_files([path], 256 + n_merges, n_processes=1)


def readable(path: Path, n_merges: int) -> Callable[[], object]:
    """The trainer that the exercise asks for."""
    text = path.read_text("utf-8")
    return lambda: fast_train_bpe(text, 256 + n_merges)


def textbook(path: Path, n_merges: int) -> Callable[[], object]:
    """Everything recounted for each merge."""
    text = path.read_text("utf-8")
    return lambda: train_textbook(text, 256 + n_merges)


def hugging_face(path: Path, n_merges: int, by_lines: bool = False) -> Callable[[], object]:
    """Hugging Face tokenizers, in Rust, reading the file itself."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=256 + n_merges,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    if by_lines:
        lines = path.read_text("utf-8").splitlines(keepends=True)
        return lambda: tokenizer.train_from_iterator(lines, trainer)
    return lambda: tokenizer.train([str(path)], trainer)


def hugging_face_lines(path: Path, n_merges: int) -> Callable[[], object]:
    """The same, given lines that Python has read."""
    return hugging_face(path, n_merges, by_lines=True)


def rustbpe(path: Path, n_merges: int) -> Callable[[], object]:
    """The package rustbpe, given the text that Python has read."""
    import rustbpe

    text, tokenizer = path.read_text("utf-8"), rustbpe.Tokenizer()
    return lambda: tokenizer.train_from_iterator(iter([text]), 256 + n_merges, pattern=GPT2_PATTERN)


def sentencepiece(path: Path, n_merges: int) -> Callable[[], object]:
    """Sentencepiece's BPE in C++; some of its tokens are characters"""
    import sentencepiece

    return lambda: sentencepiece.SentencePieceTrainer.train(
        input=str(path),
        model_prefix=str(path.with_suffix("")),
        model_type="bpe",
        vocab_size=256 + n_merges,
        byte_fallback=True,
        normalization_rule_name="identity",
        max_sentence_length=2**20,
        num_threads=1,
        minloglevel=2,
    )


TRAINERS = (ours, hugging_face, hugging_face_lines, rustbpe, sentencepiece)


def measure(prepare: Callable, path: Path, n_merges: int) -> tuple[float, float]:
    """CPU-seconds of one run, and the memory it added at its peak, in MB."""
    os.environ |= {"RAYON_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    run = prepare(path, n_merges)
    memory, start = kilobytes("VmRSS"), time.process_time()
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # progress bars
        run()
    return time.process_time() - start, (kilobytes("VmHWM") - memory) / 1000


def apart(prepare: Callable, path: Path, n_merges: int) -> tuple[float, float]:
    """`measure` in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(measure, prepare, path, n_merges).result()


def main() -> None:
    """Run all, and write the record."""
    from recording import read_options, write_record  # here, so that runs do not wait for torch

    read_options(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for name, text in corpora().items():
            paths[name] = Path(folder) / f"{name}.txt"
            paths[name].write_bytes(text.encode())
        seconds = {
            name: {str(n): {trainer.__name__: [] for trainer in TRAINERS} for n in N_MERGES}
            for name in paths
        }
        for _ in range(ROUNDS):
            for name, path in paths.items():
                for n_merges in N_MERGES:
                    found = seconds[name][str(n_merges)]
                    for trainer in TRAINERS:
                        found[trainer.__name__].append(apart(trainer, path, n_merges)[0])
                    last = {trainer: round(of[-1], 2) for trainer, of in found.items()}
                    print(name, n_merges, last, flush=True)
        results = {
            "bytes": {name: path.stat().st_size for name, path in paths.items()},
            "seconds": seconds,
            "ratio_to_hugging_face": ratios(seconds, ("hugging_face", "hugging_face_lines")),
            "ratio_to_rustbpe": ratios(seconds, ("rustbpe",)),
            "readable": {
                name: apart(readable, path, N_MERGES[0])[0] for name, path in paths.items()
            },
            "textbook": against_textbook(paths["English"]),
            "peak_memory_mb": peak_memory(paths["English"]),
        }
    what = "training of BPE on one core: CPU-seconds of ours and of other trainers, taking turns"
    write_record("tokenizer_training", what, [], results)


def ratios(seconds: dict, rivals: tuple[str, ...]) -> dict[str, dict[str, float]]:
    """Our median over the rival's, or over that of the fastest of several."""
    return {
        name: {
            n_merges: statistics.median(found["ours"])
            / min(statistics.median(found[rival]) for rival in rivals)
            for n_merges, found in sizes.items()
        }
        for name, sizes in seconds.items()
    }


def against_textbook(english: Path) -> dict[str, float]:
    """Seconds on a short text, which the textbook trainer reads again for each merge."""
    path = english.with_name("short.txt")
    path.write_bytes(english.read_text("utf-8")[:SHORT_TEXT].encode())
    expected = train_textbook(path.read_text("utf-8")[:20_000], 300)
    assert expected == fast_train_bpe(path.read_text("utf-8")[:20_000], 300)[1], "other merges"
    found = {
        trainer.__name__: statistics.median(apart(trainer, path, SHORT_MERGES)[0] for _ in range(n))
        for trainer, n in ((ours, 5), (readable, 3), (textbook, 1))
    }
    return {**found, "ratio": found["textbook"] / found["ours"]}


def peak_memory(english: Path) -> dict[str, float]:
    """Megabytes that training adds, by size of the file."""
    ten_times = english.with_name("ten_times.txt")
    ten_times.write_bytes(english.read_bytes() * 10)
    return {
        f"{path.stat().st_size / 1e6:.0f} MB": apart(ours, path, N_MERGES[0])[1]
        for path in (english, ten_times)
    }


if __name__ == "__main__":
    main()
