"""The commands `course tokenizer …`: train a vocabulary, encode, decode, and look inside."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Literal, TextIO

import typer

if TYPE_CHECKING:
    from course_lib.tokenizer import Tokenizer

app = typer.Typer(help="Train a tokenizer, encode and decode with it.", no_args_is_help=True)

Name = Annotated[
    str,
    typer.Argument(metavar="TOKENIZER", help='A folder, "gpt2", or the name of one on the hub.'),
]
Source = Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Standard input if absent.")]

CHUNK = 2**16  # bytes that are read, or ids that are written, at a time
LONGEST_ID = 40  # digits
N_LONGEST = 12  # tokens that inspect shows


@app.command()
def train(
    files: Annotated[list[Path], typer.Argument(metavar="FILES…", help="Texts in UTF-8.")],
    vocab_size: Annotated[int, typer.Option(help="Tokens in all: bytes, merges, special ones.")],
    out: Annotated[str, typer.Option(metavar="FOLDER", help="Where the tokenizer is written.")],
    special: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="A special token; may be repeated.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that count; if absent, as many as cores.")
    ] = None,
    pattern: Annotated[
        Literal["gpt2", "cl100k"], typer.Option(help="What cuts text into pre-tokens.")
    ] = "gpt2",
) -> None:
    """Learn a vocabulary from files, and save it."""
    with _plain_errors():
        from course_lib.tokenizer import Tokenizer, save
        from course_lib.tokenizer.fast_train import train_from_files
        from course_lib.tokenizer.files import VOCAB, check_folder
        from course_lib.tokenizer.pretokenize import CL100K_PATTERN, GPT2_PATTERN
        from course_lib.tokenizer.spelling import may_spell_another

        if not out:
            raise ValueError("--out must name a folder, got ''")
        check_folder(Path(out))  # before the work, not after it
        for token in special or []:
            try:
                token.encode()
            except UnicodeEncodeError:
                raise ValueError(f"--special must be UTF-8, got {os.fsencode(token)!r}") from None
            if may_spell_another(token):
                raise ValueError(
                    f"--special must not be what {VOCAB} calls a byte or another text, "
                    f"got {token!r}"
                )
        special, regex = special or [], {"gpt2": GPT2_PATTERN, "cl100k": CL100K_PATTERN}[pattern]
        with redirect_stdout(sys.stderr):  # the progress bars, which are no output of a command
            vocab, merges = train_from_files(files, vocab_size, special, workers, regex)
        replaced = ", in place of the tokenizer there" if (Path(out) / VOCAB).exists() else ""
        save(Tokenizer(vocab, merges, special, regex), out)
        typer.echo(
            f"wrote {len(vocab):,} tokens and {len(merges):,} merges to {out}{replaced}", err=True
        )
        if len(vocab) < vocab_size:
            typer.echo(
                f"that is fewer than {vocab_size:,} tokens: each pre-token of the files is one "
                "token now, so that there is nothing left to merge",
                err=True,
            )


@app.command()
def encode(tokenizer: Name, file: Source = None) -> None:
    """Write the ids of a text, however long, with spaces between them."""
    with _plain_errors():
        stdout = _open("stdout")
        token_ids = _load(tokenizer).encode_iterable(_texts(file))
        between = ""
        while some := list(islice(token_ids, CHUNK)):
            stdout.write(between + " ".join(map(str, some)))
            between = " "
        stdout.write("\n" if between else "")
        stdout.flush()


@app.command()
def decode(tokenizer: Name, file: Source = None) -> None:
    """Write the text of ids that are separated by white space."""
    with _plain_errors():
        stdout = _open("stdout").buffer
        vocab = _load(tokenizer).vocab
        decoder = codecs.getincrementaldecoder("utf-8")("replace")  # characters across tokens
        token_ids = _numbers(_texts(file))
        while some := list(islice(token_ids, CHUNK)):
            if unknown := [token_id for token_id in some if token_id not in vocab]:
                raise ValueError(f"{unknown[0]} is no id of this tokenizer")
            text = decoder.decode(b"".join(vocab[token_id] for token_id in some))
            stdout.write(text.encode())
        stdout.write(decoder.decode(b"", final=True).encode())
        stdout.flush()


@app.command()
def inspect(
    tokenizer: Name,
    text: Annotated[str | None, typer.Argument(metavar="[TEXT]", help="What to cut up.")] = None,
) -> None:
    """Show what a tokenizer makes of a text, or without one its sizes and longest tokens."""
    with _plain_errors():
        from rich.console import Console

        from course_lib.tokenizer.report import longest_table, sizes_table, summary, tokens_table

        console = Console(file=_open("stdout"))
        loaded = _load(tokenizer)
        if text is None:
            console.print(sizes_table(loaded), longest_table(loaded, N_LONGEST))
        else:
            console.print(tokens_table(loaded, text))
            console.print(summary(loaded, text))


@contextmanager
def _plain_errors() -> Iterator[None]:
    """End with status 1 and a sentence, where files or the network are not as they should be."""
    try:
        yield
    except BrokenPipeError:  # the reader of our output has seen enough; typer ends quietly
        raise
    except (OSError, ValueError, ImportError) as error:
        where = getattr(error, "filename", None)
        said = f"{where}: {error.strerror}" if where else str(error)
        typer.echo(", ".join([said, *getattr(error, "__notes__", ())]), err=True)
        raise typer.Exit(1) from None


def _open(name: str) -> TextIO:
    """Standard input or output, unless it was closed, as by `>&-`: then it is None."""
    if (stream := getattr(sys, name)) is None:
        raise OSError(f"{name} is closed")
    return stream


def _load(name: str) -> Tokenizer:
    from course_lib.tokenizer import from_pretrained

    return from_pretrained(name)


def _texts(path: Path | None) -> Iterator[str]:
    """A file, or standard input, piece by piece; afterwards it is said if it was not UTF-8."""
    if path is None:
        yield from _decoded(_open("stdin").buffer, "standard input")
    else:
        with open(path, "rb") as file:
            yield from _decoded(file, str(path))


def _decoded(file: BinaryIO, name: str) -> Iterator[str]:
    from tqdm import tqdm

    replaced = 0

    def replace(error: UnicodeError) -> tuple[str, int]:
        nonlocal replaced
        replaced += 1
        return codecs.replace_errors(error)

    codecs.register_error("course-replace", replace)
    decoder = codecs.getincrementaldecoder("utf-8")("course-replace")
    quiet = not sys.stderr.isatty() or sys.stdout.isatty()
    with tqdm(unit="B", unit_scale=True, file=sys.stderr, delay=1, disable=quiet) as bar:
        while chunk := file.read(CHUNK):
            yield decoder.decode(chunk)
            bar.update(len(chunk))
    yield decoder.decode(b"", final=True)
    if replaced:
        places = "one place" if replaced == 1 else f"{replaced:,} places"
        typer.echo(f"{name} is not all UTF-8: U+FFFD (�) stands in {places}", err=True)


def _numbers(texts: Iterable[str]) -> Iterator[int]:
    """Whole numbers with white space between them, in a text that may be cut anywhere."""
    held = ""
    for text in chain(texts, " "):
        held += text
        words = held.split()
        held = words.pop() if words and not held[-1].isspace() else ""
        if len(held) > LONGEST_ID:
            words.append(held)  # which is refused here, whatever follows
        yield from map(_number, words)


def _number(word: str) -> int:
    if not (word.isascii() and word.isdigit()) or len(word) > LONGEST_ID:
        raise ValueError(f"{word[:40]!r} is no token id")
    return int(word)
