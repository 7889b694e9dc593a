"""Other correct ways to write Tokenizer.encode."""

import heapq
import re

from course_lib.tokenizer import Tokenizer


class MergeByMerge:
    """Every merge in the order of training, each over the whole pre-token."""

    __init__ = Tokenizer.__init__

    def encode_pretoken(self, pretoken):
        tokens = [bytes([b]) for b in pretoken.encode("utf-8")]
        for left, right in self.merges:
            new = []
            i = 0
            while i < len(tokens):
                if i + 1 < len(tokens) and tokens[i] == left and tokens[i + 1] == right:
                    new.append(left + right)
                    i += 2
                else:
                    new.append(tokens[i])
                    i += 1
            tokens = new
        return [self.ids[token] for token in tokens]

    def encode(self, text):
        result = []
        specials = sorted(self.special_tokens, key=lambda token: -len(token))
        i = start = 0
        while i < len(text):
            for special in specials:
                if text[i:].startswith(special):
                    result += self._plain(text[start:i])
                    result += [self.special_tokens[special]]
                    i = start = i + len(special)
                    break
            else:
                i += 1
        return result + self._plain(text[start:])

    def _plain(self, text):
        return [i for match in self.pattern.finditer(text) for i in self.encode_pretoken(match[0])]


class AHeap:
    """A linked list of tokens, and a heap of (rank, place) with stale entries skipped."""

    __init__ = Tokenizer.__init__

    def encode_pretoken(self, pretoken):
        tokens = [pretoken.encode()[i : i + 1] for i in range(len(pretoken.encode()))]
        after = list(range(1, len(tokens) + 1))
        before = list(range(-1, len(tokens) - 1))
        heap = []

        def push(i):
            if i >= 0 and after[i] < len(tokens):
                pair = tokens[i], tokens[after[i]]
                if pair in self.ranks:
                    heapq.heappush(heap, (self.ranks[pair], i, pair))

        for i in range(len(tokens)):
            push(i)
        while heap:
            _, i, pair = heapq.heappop(heap)
            j = after[i]
            if j >= len(tokens) or (tokens[i], tokens[j]) != pair:
                continue
            tokens[i], tokens[j] = pair[0] + pair[1], b""
            after[i] = after[j]
            if after[i] < len(tokens):
                before[after[i]] = i
            push(before[i])
            push(i)
        return tuple(self.ids[token] for token in tokens if token)

    def encode(self, text):
        ids = []
        names = sorted(self.special_tokens, key=len)[::-1]
        where = re.compile("|".join(re.escape(name) for name in names)) if names else None
        place = 0
        for match in where.finditer(text) if where else ():
            for word in self.pattern.findall(text[place : match.start()]):
                ids.extend(self.cached(word))
            ids.append(self.ids[match.group().encode()])
            place = match.end()
        for word in self.pattern.findall(text[place:]):
            ids.extend(self.cached(word))
        return ids


class OnIds:
    """Merges on ids in place of bytes, with a dict as cache, and special tokens by partition."""

    __init__ = Tokenizer.__init__

    def encode_pretoken(self, pretoken):
        return self.encode(pretoken)

    def encode(self, text):
        if not hasattr(self, "rank_of"):
            self.rank_of = {
                (self.ids[a], self.ids[b]): (rank, self.ids[a + b])
                for (a, b), rank in self.ranks.items()
            }
            self.memory = {}
        if not text:
            return []
        found = [(text.find(token), -len(token), token) for token in self.special_tokens]
        found = [item for item in found if item[0] >= 0]
        if found:
            _, _, token = min(found)
            left, middle, right = text.partition(token)
            return [*self.encode(left), self.special_tokens[middle], *self.encode(right)]
        ids = []
        for word in self.pattern.findall(text):
            ids += self.of_word(word)
        return ids

    def of_word(self, word):
        if word in self.memory:
            return self.memory[word]
        ids = [self.ids[bytes([b])] for b in word.encode()]
        while True:
            best = (len(self.ranks), None, None)
            for i in range(len(ids) - 1):
                rank, new = self.rank_of.get((ids[i], ids[i + 1]), best[:2])
                if rank < best[0]:
                    best = rank, new, i
            if best[1] is None:
                break
            ids[best[2] : best[2] + 2] = [best[1]]
        self.memory[word] = ids
        return ids


VARIANTS = [MergeByMerge, AHeap, OnIds]
