// Byte-pair encoding of a short text, as course_lib.tokenizer.bpe does it: same pairs, same merges.

// GPT-2's pattern for pre-tokens, with white space spelt out, since JavaScript's \s is another set.
const WHITE = "\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const PRETOKEN = new RegExp(
  `'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}+| ?[^${WHITE}\\p{L}\\p{N}]+|[${WHITE}]+(?![^${WHITE}])|[${WHITE}]+`,
  "gu",
);

// The pieces of a text that no merge crosses: its pre-tokens, or the text as it is.
function pieces(text, cut) {
  if (cut) return text.match(PRETOKEN) ?? [];
  return text ? [text] : [];
}

// How often each pair of neighbours occurs, at every place, places that overlap too.
function countPairs(words) {
  const counts = new Map();
  for (const { tokens, count } of words) {
    for (let i = 0; i + 1 < tokens.length; i += 1) {
      const key = tokens[i] * 65536 + tokens[i + 1];
      counts.set(key, (counts.get(key) ?? 0) + count);
    }
  }
  return [...counts].map(([key, count]) => ({ left: Math.floor(key / 65536), right: key % 65536, count }));
}

// Where two lists of bytes first differ, the greater byte wins; otherwise the longer list.
function compareBytes(one, other) {
  const n = Math.min(one.length, other.length);
  for (let i = 0; i < n; i += 1) if (one[i] !== other[i]) return one[i] - other[i];
  return one.length - other.length;
}

// In order: the commonest first; of pairs as common, the greatest pair of byte strings first.
function byRank(vocab) {
  return (a, b) =>
    b.count - a.count || compareBytes(vocab[b.left], vocab[a.left]) || compareBytes(vocab[b.right], vocab[a.right]);
}

// Where a pair is replaced, from left to right: the places of its first tokens.
function mergePlaces(tokens, { left, right }) {
  const places = [];
  for (let i = 0; i + 1 < tokens.length; i += 1) {
    if (tokens[i] === left && tokens[i + 1] === right) {
      places.push(i);
      i += 1; // a token takes part in one merge only
    }
  }
  return places;
}

function mergePair(tokens, pair, id) {
  const starts = new Set(mergePlaces(tokens, pair));
  return tokens.flatMap((token, i) => (starts.has(i) ? [id] : starts.has(i - 1) ? [] : [token]));
}

// The first `nMerges` merges of a text: each with its count and in how many places it was made; then
// the tokens of every piece, the bytes of every token, and the pairs that are left, in order.
function learn(text, cut, nMerges = Infinity) {
  const parts = pieces(text, cut);
  const words = new Map();
  for (const part of parts) {
    if (!words.has(part)) words.set(part, { tokens: [...new TextEncoder().encode(part)], count: 0 });
    words.get(part).count += 1;
  }
  const vocab = Array.from({ length: 256 }, (_, byte) => [byte]);
  const merges = [];
  let pairs = countPairs(words.values());
  while (pairs.length && merges.length < nMerges) {
    const order = byRank(vocab);
    const best = pairs.reduce((top, pair) => (order(pair, top) < 0 ? pair : top));
    const id = vocab.length;
    vocab.push([...vocab[best.left], ...vocab[best.right]]);
    let merged = 0;
    for (const word of words.values()) {
      const before = word.tokens.length;
      word.tokens = mergePair(word.tokens, best, id);
      merged += word.count * (before - word.tokens.length);
    }
    merges.push({ ...best, id, merged });
    pairs = countPairs(words.values());
  }
  pairs.sort(byRank(vocab));
  return { pieces: parts.map((part) => words.get(part).tokens), vocab, merges, pairs };
}

// A token for people: its characters, with marks for white space; in hexadecimal where its bytes are
// no whole characters, or none that can be seen.
function tokenName(bytes) {
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
  } catch {
    text = "";
  }
  const shown = text.replaceAll(" ", "␣").replaceAll("\n", "⏎").replaceAll("\t", "⇥");
  if (shown && !/^[\p{C}\p{M}\p{Z}]+$/u.test(shown)) return shown;
  return bytes.map((byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join(" ");
}
