"""Tokenizers to test, each made once, and their rivals from the same files, without a network."""

import json
from functools import cache

import tiktoken
import tokenizers
from tiktoken.load import data_gym_to_mergeable_bpe_ranks

from course_lib.data.corpora import state_of_the_union
from course_lib.data.messages import japanese_messages
from course_lib.data.source_code import python_source
from course_lib.tokenizer import Tokenizer, from_pretrained
from course_lib.tokenizer.bpe import train_bpe
from course_lib.tokenizer.gpt2 import gpt2_files
from course_lib.tokenizer.pretokenize import CL100K_PATTERN, GPT2_PATTERN

END = "<|endoftext|>"
# Some contain or overlap each other, some begin like words, spaces, or contractions.
AWKWARD = (END, END + END, "<|", "ab", "bc", "aa", "a b", "\n\n", "  ", "'l", "é", "x")


@cache
def gpt2() -> Tokenizer:
    return from_pretrained("gpt2")


@cache
def learned(special_tokens: tuple[str, ...] = (), pattern: str = GPT2_PATTERN) -> Tokenizer:
    """A small vocabulary from three languages."""
    return Tokenizer(*_vocab_and_merges(), special_tokens, pattern)


@cache
def _vocab_and_merges():
    text = texts()["English"][:10_000] + texts()["Japanese"][:5000] + texts()["Python"][:5000]
    return train_bpe(text, 256 + 150)


def all_kinds() -> list[Tokenizer]:
    """Both patterns with no, one and many special tokens, and GPT-2's own vocabulary."""
    patterns = (GPT2_PATTERN, CL100K_PATTERN)
    return [gpt2(), *(learned(s, p) for s in ((), (END,), AWKWARD) for p in patterns)]


@cache
def tiktoken_gpt2() -> tiktoken.Encoding:
    encoder, merges = map(str, gpt2_files())
    ranks = data_gym_to_mergeable_bpe_ranks(merges, encoder)
    return tiktoken.Encoding(
        "gpt2", pat_str=GPT2_PATTERN, mergeable_ranks=ranks, special_tokens={END: 50256}
    )


@cache
def hugging_face_gpt2() -> tokenizers.Tokenizer:
    encoder, merges = map(str, gpt2_files())
    found = tokenizers.ByteLevelBPETokenizer.from_file(encoder, merges)
    found.add_special_tokens([END])
    return found


def tiktoken_of(tokenizer: Tokenizer) -> tiktoken.Encoding:
    """tiktoken's with the same tokens; it merges the pair whose token has the lowest id."""
    special = tokenizer.special_tokens
    ranks = {token: i for token, i in tokenizer.ids.items() if i not in special.values()}
    return tiktoken.Encoding(
        "ours", pat_str=tokenizer.pattern.pattern, mergeable_ranks=ranks, special_tokens=special
    )


@cache
def texts() -> dict[str, str]:
    """What vocabularies meet in the world, by a name for it."""
    invalid = b"caf\xe9 \xff\xfe \xe3\x81 \xf0\x9f\x98 \xc0\xaf \xed\xa0\x80 end"
    spaces = [chr(c) for c in range(0x110000) if chr(c).isspace()] + ["\u200b", "\ufeff", "\u180e"]
    speeches = state_of_the_union()
    return {
        "empty": "",
        "English": "\n\n".join(s.text for s in (speeches[0], speeches[-1]))[:200_000],
        "Japanese": "\n".join(text for _, text in japanese_messages()),
        "Python": python_source()[:200_000],
        "JSON": json.dumps({"a": [1, 2.5, None], "日本": "\\u65e5"}, indent=2) * 20,
        "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 🇯🇵🇯🇵 👍🏽👍🏿 ☺️ 1️⃣ ❤️‍🔥",
        "combining": "e\u0301a\u0308o\u0302\u0323 Z\u0351\u036b\u0343a\u0335lg\u0321o",
        "clusters": "﷽ ก็็็ हिन्दी 각각 \u1112\u1161\u11ab",
        "other scripts": "Ἀχιλλεύς Привет мир שלום مرحبا ไทย 中文。ﬃ ǆ ㍿ ⅷ ② ٣٤٥ 𝟘𝟙 𒐫 ß ẞ İ ı ſ",
        "invalid UTF-8": invalid.decode("utf-8", errors="replace"),
        "special": f"{END}a{END}{END} b<|endoftext{END}|> <|endoftext |>{END}",
        "contractions": "I'll we've they're it's I'd can't I'm 'LL 'S 'Ve ''ll 'l'l 're're'x ’s 'ſ",
        "digits": "1 12 123 1234 12345 123456 1,234.56 1e-9 0x1F ½ x² ３４５",
        "long words": "Pneumono" * 40 + " " + "ab" * 500 + " " + "日本語" * 200 + " " + "=" * 900,
        "spaces": "".join(f"a{space}b {space}c{space * 3}d\n{space}" for space in spaces),
        "line breaks": "a\nb\r\nc\rd\n\ne\r\n\r\nf \n g\n  h  \n\n  i!\n\nj !\r\n k\n   ",
        "control": "a\0b\0\0 c" + "".join(map(chr, range(32))) + "\x7f\x80\x85\x9f",
        "last characters": "\ufffe\uffff\U0010ffff\ue000\ud7ff",
    }
