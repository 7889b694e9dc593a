"""A tokenizer: text to token ids by the learned merges, and back."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from operator import index
from typing import Any

from course_lib.tokenizer.long_pretokens import merge_by_rank
from course_lib.tokenizer.pretokenize import GPT2_PATTERN, compile_pattern, split_special
from course_lib.tokenizer.validation import check_text, check_vocabulary, several_texts

LONG = 32  # bytes: from here on a heap is faster
KEPT = 64  # characters: longer pre-tokens would fill the memory, and seldom come again


class Tokenizer:
    """Byte-level BPE with a given vocabulary.

    Args:
        vocab: the bytes of each token, by id.
        merges: pairs of tokens in the order in which they were learned.
        special_tokens: texts that are always one token; those that the vocabulary lacks get the
            next ids.
        pattern: the regular expression that cuts text into pre-tokens.

    Ids may have gaps. For any text to have ids, the vocabulary needs every single byte.

    Raises ValueError if a special token is empty or there twice, if two ids have the same bytes,
    if a merge joins or makes what is no token, or if the pattern has groups or fits the empty text.
    """

    def __init__(
        self,
        vocab: Mapping[int, bytes],
        merges: Iterable[tuple[bytes, bytes]],
        special_tokens: Iterable[str] = (),
        pattern: str = GPT2_PATTERN,
    ) -> None:
        merges = list(merges)
        special_tokens = list(several_texts(special_tokens, "special_tokens"))
        check_vocabulary(vocab, merges, special_tokens)
        self.vocab = dict(vocab)
        self.ids = {token: token_id for token_id, token in self.vocab.items()}
        for token in special_tokens:
            if token.encode() not in self.ids:
                new_id = max(self.vocab, default=-1) + 1
                self.vocab[new_id] = token.encode()
                self.ids[token.encode()] = new_id
        self.merges = merges
        self.ranks = {pair: rank for rank, pair in enumerate(self.merges)}
        self.special_tokens = {token: self.ids[token.encode()] for token in special_tokens}
        self.pattern = compile_pattern(pattern)
        self.cached = lru_cache(maxsize=2**17)(self.encode_pretoken)

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        """How to pickle it: made anew from what it was made of, as a cache cannot travel."""
        special_tokens, pattern = list(self.special_tokens), self.pattern.pattern
        return type(self), (self.vocab, self.merges, special_tokens, pattern)

    def encode_pretoken(self, pretoken: str) -> tuple[int, ...]:
        """The ids of one pre-token: its bytes, merged in the order in which merges were learned."""
        parts = [bytes([byte]) for byte in pretoken.encode()]
        if len(parts) > LONG:
            parts = merge_by_rank(parts, self.ranks)  # what the loop does, without its n² steps
        rank_of, none = self.ranks.get, len(self.ranks)
        ranks = [rank_of(pair, none) for pair in pairwise(parts)]
        while ranks and (lowest := min(ranks)) < none:
            left = ranks.index(lowest)
            parts[left : left + 2] = [parts[left] + parts[left + 1]]
            del ranks[left]
            if left > 0:  # only the pairs on either side of the merge are new
                ranks[left - 1] = rank_of((parts[left - 1], parts[left]), none)
            if left < len(ranks):
                ranks[left] = rank_of((parts[left], parts[left + 1]), none)
        try:
            return tuple(self.ids[part] for part in parts)
        except KeyError as error:
            raise ValueError(f"the vocabulary lacks the byte {error.args[0]!r}") from None

    def encode(self, text: str) -> list[int]:
        """The ids of a text; a special token in it is one id, the longest first.

        Raises ValueError for half of a surrogate pair, which is no character, and for a byte that
        the vocabulary lacks.
        """
        check_text(text)
        token_ids: list[int] = []
        for part in split_special(text, self.special_tokens):
            if part in self.special_tokens:
                token_ids.append(self.special_tokens[part])
            else:
                for piece in self.pattern.findall(part):
                    encode = self.cached if len(piece) <= KEPT else self.encode_pretoken
                    token_ids += encode(piece)
        return token_ids

    def encode_iterable(self, texts: Iterable[str]) -> Iterator[int]:
        """The ids of texts joined without a gap, one by one, holding little text at a time.

        They are those of `encode("".join(texts))`, however the text is cut into pieces. Held are
        the last text, and before it at most twice the length of two pre-tokens and what may begin
        a special token. A pattern of your own must leave out no character, and text that follows
        may change no pre-tokens but the last two.
        """
        # Two things can look different once more text has come. A special token may be complete,
        # if it begins so near the end that a part of it is missing. And the last two pre-tokens may
        # be others: "'" and "l" become "'ll", and of three spaces the last goes to the next word.
        longest = max(map(len, self.special_tokens), default=1)
        held, enough = "", 0
        texts = several_texts(texts, "texts")
        for text in texts:
            check_text(text)
            held += text
            if len(held) < enough:
                continue
            sure = len(held) - longest + 1  # a special token that begins before has its end here
            pieces, end = [], 0
            for part in split_special(held, self.special_tokens):
                if end >= sure:
                    break
                if part in self.special_tokens:
                    pieces.append(part)
                else:
                    part = part[: sure - end]
                    pieces += self.pattern.findall(part)
                end += len(part)
            for piece in pieces[:-2]:
                if piece in self.special_tokens:
                    yield self.special_tokens[piece]
                else:
                    encode = self.cached if len(piece) <= KEPT else self.encode_pretoken
                    yield from encode(piece)
            # Where nothing was sure, as in a long pre-token, looking at each text again costs n².
            enough = 2 * len(held) if len(pieces) <= 2 else 0
            held = "".join(pieces[-2:]) + held[end:]
        yield from self.encode(held)

    def decode(self, token_ids: Iterable[int]) -> str:
        """The text that the tokens spell, with U+FFFD (�) for bytes that are no UTF-8.

        All bytes are joined before they are read: one character may lie in several tokens.

        Raises ValueError for what is no id of the vocabulary.
        """
        tokens = []
        for token_id in token_ids:
            try:
                tokens.append(self.vocab[index(token_id)])
            except (KeyError, TypeError):
                raise ValueError(f"{token_id!r} in token_ids is no id of the vocabulary") from None
        return b"".join(tokens).decode("utf-8", errors="replace")
