"""Other correct ways to write Tokenizer.decode."""

import codecs
import io

from course_lib.tokenizer import Tokenizer


class Incremental:
    """A decoder that keeps unfinished bytes, fed token by token."""

    __init__ = Tokenizer.__init__
    encode_pretoken = Tokenizer.encode_pretoken

    def decode(self, token_ids):
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        text = ""
        for token_id in token_ids:
            token = self.vocab.get(token_id)
            if token is None:
                raise ValueError(f"there is no token {token_id}")
            text += decoder.decode(token)
        return text + decoder.decode(b"", final=True)


class ListFirst:
    """Unknown ids are looked for in a list of all, before anything is joined."""

    __init__ = Tokenizer.__init__
    encode_pretoken = Tokenizer.encode_pretoken

    def decode(self, token_ids):
        token_ids = list(token_ids)
        unknown = [i for i in token_ids if i not in self.vocab]
        if unknown:
            raise ValueError(f"unknown ids: {unknown}")
        out = b""
        for i in token_ids:
            out = out + self.vocab[i]
        return str(out, encoding="utf8", errors="replace")


class KeyErrorTurned:
    """KeyError is turned into ValueError, and a stream of bytes reads the text."""

    __init__ = Tokenizer.__init__
    encode_pretoken = Tokenizer.encode_pretoken

    def decode(self, token_ids):
        stream = io.BytesIO()
        try:
            for i in token_ids:
                stream.write(self.vocab[i])
        except KeyError as error:
            raise ValueError(f"token id {error} is not in the vocabulary") from None
        stream.seek(0)
        return io.TextIOWrapper(stream, encoding="utf-8", errors="replace", newline="").read()


VARIANTS = [Incremental, ListFirst, KeyErrorTurned]
