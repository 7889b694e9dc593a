"""Record how many bytes a token holds, by vocabulary size, and by what the vocabulary was made of.

    python benchmarks/record_vocabulary.py        # three minutes on one idle core

writes benchmarks/results/vocabulary.json. Three texts (speeches in English, Electron's
documentation in Japanese, Python's standard library) are cut at ends of lines into pieces of PIECE
characters, of which a tenth, drawn at random, is held out. A vocabulary is learned from N_BYTES of
each text alone, from a mixture of as much in all ("mixture"), and from all the English there is
("much English"). The smaller vocabularies are the first merges of the largest. The record holds

    sizes                   vocabulary sizes, from the 256 bytes on
    n_train_bytes           by what was learned from
    n_held_out_bytes        by text
    bytes_per_token         [learned from][held-out text]: a number a size, None where the text that
                            was learned from has no more merges
    whole_words             [learned from][held-out text]: share of the pre-tokens that are one
                            token, the same
    seldom                  [learned from]: how many tokens occur at most SELDOM times in the text
                            that was learned from, a number a size
    messages                the messages of JupyterLab, each in English and in Japanese: how many,
                            "bytes" and "characters" in each of the two languages
    message_tokens          [learned from][language]: mean tokens a message, a number a size
    gpt2                    the same of GPT-2's vocabulary: bytes_per_token by text, whole_words by
                            text and message_tokens by language
"""

from collections import Counter
from collections.abc import Mapping

from japanese_docs import japanese_docs
from recording import read_options, write_record
from tqdm import tqdm

from course_lib.data.corpora import state_of_the_union
from course_lib.data.messages import japanese_messages
from course_lib.data.source_code import python_source
from course_lib.data.split import split_documents
from course_lib.device import seeded_generator
from course_lib.tokenizer import Tokenizer
from course_lib.tokenizer.fast_train import fast_train_bpe
from course_lib.tokenizer.gpt2 import from_pretrained
from course_lib.tokenizer.pretokenize import pretokens

SEED, PIECE, N_BYTES, SELDOM = 0, 20_000, 1_000_000, 10
SIZES = [2**k for k in range(8, 16)]
MIXTURE, MUCH = "mixture", "much English"


def main() -> None:
    """Learn, measure, and write the record."""
    read_options(__doc__)
    texts = {
        "English": "\n".join(speech.text for speech in state_of_the_union()),
        "Japanese": japanese_docs(),
        "Python": python_source(),
    }
    train, held_out = {}, {}
    for language, text in texts.items():
        train[language], held_out[language] = split_text(text)
    learn_from = {language: first_bytes(text, N_BYTES) for language, text in train.items()}
    share = N_BYTES // len(train)
    learn_from[MIXTURE] = "\n".join(first_bytes(text, share) for text in train.values())
    learn_from[MUCH] = train["English"]
    words = {language: Counter(pretokens(text)) for language, text in held_out.items()}
    english, japanese = zip(*japanese_messages(), strict=True)
    messages = {"English": english, "Japanese": japanese}
    message_words = {
        language: Counter(word for message in those for word in pretokens(message))
        for language, those in messages.items()
    }

    fertility, whole, seldom, message_tokens = {}, {}, {}, {}
    for name, text in learn_from.items():
        vocab, merges = fast_train_bpe(text, max(SIZES))
        fertility[name] = {language: [] for language in texts}
        whole[name] = {language: [] for language in texts}
        seldom[name] = []
        message_tokens[name] = {language: [] for language in messages}
        learned_words = Counter(pretokens(text))
        for size in tqdm(SIZES, desc=name):
            known = size - 256 <= len(merges)
            tokenizer = Tokenizer(
                {i: vocab[i] for i in range(min(size, len(vocab)))}, merges[: size - 256]
            )
            for language, counts in words.items():
                per_token, one_token = measured(tokenizer, counts)
                fertility[name][language].append(per_token if known else None)
                whole[name][language].append(one_token if known else None)
            seldom[name].append(n_seldom(tokenizer, learned_words) if known else None)
            for language, counts in message_words.items():
                per_message = n_tokens(tokenizer, counts) / len(english)
                message_tokens[name][language].append(per_message if known else None)

    gpt2 = from_pretrained("gpt2")
    of_gpt2 = {language: measured(gpt2, counts) for language, counts in words.items()}
    results = {
        "sizes": SIZES,
        "n_train_bytes": {name: len(text.encode()) for name, text in learn_from.items()},
        "n_held_out_bytes": {name: len(text.encode()) for name, text in held_out.items()},
        "bytes_per_token": fertility,
        "whole_words": whole,
        "seldom": seldom,
        "messages": {
            "n": len(english),
            "bytes": {name: len("".join(those).encode()) for name, those in messages.items()},
            "characters": {name: len("".join(those)) for name, those in messages.items()},
        },
        "message_tokens": message_tokens,
        "gpt2": {
            "bytes_per_token": {name: per_token for name, (per_token, _) in of_gpt2.items()},
            "whole_words": {name: one_token for name, (_, one_token) in of_gpt2.items()},
            "message_tokens": {
                name: n_tokens(gpt2, counts) / len(english)
                for name, counts in message_words.items()
            },
        },
    }
    write_record("vocabulary", "bytes per token by vocabulary size and language", [SEED], results)


def split_text(text: str) -> tuple[str, str]:
    """What to learn from and what to judge by: pieces of a text in random order."""
    pieces, begin = [], 0
    while begin < len(text):
        end = text.find("\n", begin + PIECE) + 1 or len(text)
        pieces.append(text[begin:end])
        begin = end
    train, held_out = split_documents(pieces, 0.1, seeded_generator(SEED))
    return "".join(train), "".join(held_out)


def first_bytes(text: str, n_bytes: int) -> str:
    """The first whole characters of a text, `n_bytes` of them or up to three fewer."""
    return text.encode()[:n_bytes].decode(errors="ignore")


def n_tokens(tokenizer: Tokenizer, words: Mapping[str, int]) -> int:
    """Number of tokens of all pre-tokens together, each as often as it occurs."""
    return sum(len(tokenizer.encode_pretoken(word)) * n for word, n in words.items())


def measured(tokenizer: Tokenizer, words: Mapping[str, int]) -> tuple[float, float]:
    """Bytes per token, and the share of the pre-tokens that are one token."""
    n_bytes = sum(len(word.encode()) * n for word, n in words.items())
    whole = sum(n for word, n in words.items() if word.encode() in tokenizer.ids)
    return n_bytes / n_tokens(tokenizer, words), whole / sum(words.values())


def n_seldom(tokenizer: Tokenizer, words: Mapping[str, int]) -> int:
    """How many tokens of the vocabulary occur at most SELDOM times."""
    counts = dict.fromkeys(tokenizer.vocab, 0)
    for word, n in words.items():
        for token_id in tokenizer.encode_pretoken(word):
            counts[token_id] += n
    return sum(count <= SELDOM for count in counts.values())


if __name__ == "__main__":
    main()
