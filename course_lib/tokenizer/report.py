"""Tables that show a tokenizer in a terminal."""

from rich.table import Table
from rich.text import Text

from course_lib.tokenizer.base import Tokenizer
from course_lib.tokenizer.compression import bytes_per_token
from course_lib.tokenizer.pretokenize import CL100K_PATTERN, GPT2_PATTERN

PATTERNS = {GPT2_PATTERN: "of GPT-2", CL100K_PATTERN: "of GPT-4 (cl100k)"}


def tokens_table(tokenizer: Tokenizer, text: str) -> Table:
    """The tokens of a text, one a line, with their ids and bytes."""
    table = Table("token")
    table.add_column("id", justify="right", no_wrap=True)
    table.add_column("bytes")
    for token_id in tokenizer.encode(text):
        token = tokenizer.vocab[token_id]
        table.add_row(Text(legible(token)), str(token_id), token.hex(" "))
    return table


def summary(tokenizer: Tokenizer, text: str) -> str:
    """The lengths of a text in characters, bytes and tokens."""
    n_tokens, n_bytes = len(tokenizer.encode(text)), len(text.encode())
    sizes = f"{len(text):,} characters, {n_bytes:,} bytes, {n_tokens:,} tokens"
    return f"{sizes}: {bytes_per_token(tokenizer, text):.2f} bytes a token" if text else sizes


def sizes_table(tokenizer: Tokenizer) -> Table:
    """How large a vocabulary is, what is special in it, and how it cuts text."""
    table = Table(show_header=False)
    special = [Text(legible(text.encode())) for text in tokenizer.special_tokens]
    table.add_row("tokens", f"{len(tokenizer.vocab):,}")
    if gaps := max(tokenizer.vocab) + 1 - len(tokenizer.vocab):
        table.add_row("ids without a token", f"{gaps:,}")
    table.add_row("merges", f"{len(tokenizer.merges):,}")
    table.add_row("special tokens", Text(" ").join(special) if special else "none")
    table.add_row("pattern", Text(PATTERNS.get(pattern := tokenizer.pattern.pattern, pattern)))
    return table


def longest_table(tokenizer: Tokenizer, n: int) -> Table:
    """The longest tokens that are not special, cut off where a line ends."""
    table = Table()
    table.add_column("id", justify="right", min_width=len(str(max(tokenizer.vocab))))
    table.add_column("bytes", justify="right", min_width=5)
    table.add_column("longest tokens", no_wrap=True, overflow="ellipsis", ratio=1)
    special = set(tokenizer.special_tokens.values())
    ordinary = [item for item in tokenizer.vocab.items() if item[0] not in special]
    ordinary.sort(key=lambda item: (-len(item[1]), item[0]))
    for token_id, token in ordinary[:n]:
        table.add_row(str(token_id), str(len(token)), Text(legible(token)))
    return table


def legible(token: bytes) -> str:
    """A token's text in quotes with nothing invisible in it, or its bytes if it is no UTF-8."""
    try:
        return repr(token.decode())
    except UnicodeDecodeError:
        return repr(token)
