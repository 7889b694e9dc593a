"""Record how fast text becomes ids, beside tiktoken and Hugging Face.

    python benchmarks/record_tokenizer_encoding.py          # six minutes of one core

writes benchmarks/results/tokenizer_encoding.json. All have GPT-2's vocabulary, from the same files,
and one thread; that their ids are the same is checked first. They take turns in one process, corpus
by corpus, and its own CPU time counts:

    ours_cold, ours_warm    `Tokenizer.encode`, having merged no pre-token before, or having
                            encoded the corpus once
    hugging_face_cold, hugging_face_warm
                            `encode` of tokenizers, just loaded, or having encoded the corpus once
    tiktoken                `encode` of tiktoken, which remembers nothing between texts

The record holds, by corpus ("english": speeches, "python": modules of the standard library,
"japanese": Electron's documentation),

    n_bytes, n_texts, n_tokens
    megabytes_per_second    by implementation: [lower quartile, median, upper quartile] of N_ROUNDS
    ratios                  how many times as fast "ours_cold" and "ours_warm" are as each of the
                            others, the same three numbers of the ratios within a round
"""

import time
from collections.abc import Callable

import tiktoken
import tokenizers
from japanese_docs import japanese_docs
from record_transformer import quartiles, quartiles_of_ratios
from recording import read_options, write_record
from tiktoken.load import data_gym_to_mergeable_bpe_ranks
from tqdm import tqdm

from course_lib.data.corpora import state_of_the_union
from course_lib.data.source_code import python_source
from course_lib.tokenizer import from_pretrained
from course_lib.tokenizer.gpt2 import gpt2_files

N_ROUNDS = 7
RIVALS = ("tiktoken", "hugging_face_cold", "hugging_face_warm")

Encode = Callable[[str], object]


def main() -> None:
    """Measure each corpus, and write the record."""
    read_options(__doc__)
    results = {
        "tiktoken": tiktoken.__version__,
        "tokenizers": tokenizers.__version__,
        "clock": "CPU time",
        "n_rounds": N_ROUNDS,
        **{name: speed(texts) for name, texts in corpora().items()},
    }
    write_record("tokenizer_encoding", "encoding beside tiktoken and tokenizers", [], results)


def corpora() -> dict[str, list[str]]:
    """The texts of each corpus; Python and Japanese in parts of about a module's length."""
    code, japanese = python_source(), japanese_docs()
    return {
        "english": [speech.text for speech in state_of_the_union()],
        "python": [code[start : start + 20_000] for start in range(0, len(code), 80_000)],
        "japanese": [japanese[start : start + 20_000] for start in range(0, len(japanese), 20_000)],
    }


def speed(texts: list[str]) -> dict[str, object]:
    """Megabytes a second of each implementation, in turns, and the ratios of ours to the others."""
    n_bytes = sum(len(text.encode()) for text in texts)
    ours, theirs = from_pretrained("gpt2"), tiktoken_gpt2()
    token_ids = [ours.encode(text) for text in texts]
    assert token_ids == [theirs.encode(text, disallowed_special=()) for text in texts]
    hugging_face = hugging_face_gpt2()
    assert token_ids == [hugging_face.encode(text).ids for text in texts]
    taken: dict[str, list[float]] = {}
    for _ in tqdm(range(N_ROUNDS)):
        ours.cached.cache_clear()
        hugging_face = hugging_face_gpt2()
        encoders: list[tuple[str, Encode]] = [
            ("ours_cold", ours.encode),
            ("ours_warm", ours.encode),
            ("tiktoken", lambda text: theirs.encode(text, disallowed_special=())),
            ("hugging_face_cold", hugging_face.encode),
            ("hugging_face_warm", hugging_face.encode),
        ]
        for name, encode in encoders:
            start = time.process_time()
            for text in texts:
                encode(text)
            taken.setdefault(name, []).append(time.process_time() - start)
    found = {
        "n_bytes": n_bytes,
        "n_texts": len(texts),
        "n_tokens": sum(map(len, token_ids)),
        "megabytes_per_second": {
            name: quartiles([n_bytes / 1e6 / seconds for seconds in of])
            for name, of in taken.items()
        },
        "ratios": {
            own: {name: quartiles_of_ratios(taken[name], taken[own]) for name in RIVALS}
            for own in ("ours_cold", "ours_warm")
        },
    }
    print(found)
    return found


def tiktoken_gpt2() -> tiktoken.Encoding:
    """GPT-2's tokenizer as tiktoken makes it from the published files."""
    encoder, merges = map(str, gpt2_files())
    return tiktoken.Encoding(
        "gpt2",
        pat_str=from_pretrained("gpt2").pattern.pattern,
        mergeable_ranks=data_gym_to_mergeable_bpe_ranks(merges, encoder),
        special_tokens={"<|endoftext|>": 50256},
    )


def hugging_face_gpt2() -> tokenizers.ByteLevelBPETokenizer:
    """GPT-2's tokenizer as Hugging Face makes it from the published files, with nothing cached."""
    return tokenizers.ByteLevelBPETokenizer.from_file(*map(str, gpt2_files()))


if __name__ == "__main__":
    main()
