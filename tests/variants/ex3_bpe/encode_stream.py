"""Other correct ways to write Tokenizer.encode_iterable."""

import regex

from course_lib.tokenizer import Tokenizer


class CutBeforeSpaces:
    """Only `encode` is used: text is cut at places where GPT-2's pattern always cuts."""

    __init__ = Tokenizer.__init__
    encode_pretoken = Tokenizer.encode_pretoken

    def encode_iterable(self, texts):
        # A letter is never followed by a sign, or by white space, in one pre-token.
        cut = regex.compile(r"\p{L}(?=[^\p{L}\p{M}\p{N}'])")
        buffer = ""
        for text in texts:
            buffer = buffer + text
            end = self._safe(buffer)
            last = None
            for match in cut.finditer(buffer, 0, end):
                if not any(
                    buffer.find(t, max(0, match.end() - len(t) + 1), match.end() + len(t) - 1) >= 0
                    for t in self.special_tokens
                ):
                    last = match.end()
            if last is not None:
                for token_id in self.encode(buffer[:last]):
                    yield token_id
                buffer = buffer[last:]
        for token_id in self.encode(buffer):
            yield token_id

    def _safe(self, text):
        for place in range(max(0, len(text) - 40), len(text)):
            for token in self.special_tokens:
                if len(token) > len(text) - place and token.startswith(text[place:]):
                    return place
        return len(text)


class HoldMuch:
    """Waits for 500 characters; keeps the last two pre-tokens and 60 characters before them."""

    __init__ = Tokenizer.__init__
    encode_pretoken = Tokenizer.encode_pretoken

    def encode_iterable(self, texts):
        held = ""
        for text in texts:
            held += text
            if len(held) > 500:
                given = 0
                for end, ids in self._parts(held):
                    if end > len(held) - 60:
                        break
                    yield from ids
                    given = end
                held = held[given:]
        for _, ids in self._parts(held):
            yield from ids

    def _parts(self, text):
        place = 0
        for part in self._split(text):
            if part in self.special_tokens:
                yield place + len(part), [self.special_tokens[part]]
            else:
                for match in self.pattern.finditer(part):
                    yield place + match.end(), self.cached(match.group())
            place += len(part)

    def _split(self, text):
        tokens = sorted(self.special_tokens, key=len, reverse=True)
        return (
            regex.split("(" + "|".join(map(regex.escape, tokens)) + ")", text) if tokens else [text]
        )


class AnIterator:
    """No generator: an object with __next__, character by character, ids in a queue."""

    __init__ = Tokenizer.__init__
    encode_pretoken = Tokenizer.encode_pretoken

    def encode_iterable(self, texts):
        return Stream(self, texts)


class Stream:
    def __init__(self, tokenizer, texts):
        self.tokenizer, self.texts = tokenizer, iter(texts)
        self.text, self.queue, self.done = "", [], False

    def __iter__(self):
        return self

    def __next__(self):
        while not self.queue:
            if self.done:
                raise StopIteration
            self._read()
        return self.queue.pop(0)

    def _read(self):
        try:
            self.text += next(self.texts)
        except StopIteration:
            self.done = True
        parts, rest = self._scan(self.text)
        if not self.done:
            kept = parts[-2:]
            parts, rest = parts[:-2], "".join(kept) + rest
        for part in parts:
            self.queue.extend(self.tokenizer.encode(part))
        self.text = rest

    def _scan(self, text):
        """Pre-tokens and special tokens, and what may be the start of a special token."""
        parts, start, place = [], 0, 0
        specials = sorted(self.tokenizer.special_tokens, key=len, reverse=True)
        while place < len(text):
            if text[place] not in {token[0] for token in specials}:
                place += 1
                continue
            tail = text[place : place + 100]
            if not self.done and any(len(t) > len(tail) and t.startswith(tail) for t in specials):
                break
            here = next((token for token in specials if tail.startswith(token)), None)
            if here is None:
                place += 1
                continue
            parts += [*self.tokenizer.pattern.findall(text[start:place]), here]
            place += len(here)
            start = place
        return parts + self.tokenizer.pattern.findall(text[start:place]), text[place:]


VARIANTS = [CutBeforeSpaces, HoldMuch, AnIterator]
