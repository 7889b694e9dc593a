// Byte-level BPE in the page: what course_lib.tokenizer does, on merges packed into a string.

// GPT-2's pattern. JavaScript's own \s is not Unicode's white space: it has U+FEFF and lacks U+0085.
const PRETOKEN =
  /'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

function pretokens(text) {
  return text.match(PRETOKEN) ?? [];
}

// Merges as pairs of tokens, two bytes each, in base64; a byte is its own number here, and merge k
// makes token 256 + k. Gives each pair's rank, and the pairs themselves.
function unpackMerges(packed) {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const pairs = Array.from({ length: bytes.length / 4 }, (_, k) => [view.getUint16(4 * k, true), view.getUint16(4 * k + 2, true)]);
  return { pairs, ranks: new Map(pairs.map(([left, right], rank) => [left * 65536 + right, rank])) };
}

// The text cut so that every special token is a part of its own, the longest first.
function splitSpecial(text, special) {
  const longestFirst = Object.keys(special).sort((a, b) => b.length - a.length);
  if (!longestFirst.length) return [text];
  const escaped = longestFirst.map((token) => token.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  return text.split(new RegExp(`(${escaped.join("|")})`, "u"));
}

// A tokenizer: encode(text) gives each token's id and bytes. It knows the first `nMerges` merges.
function makeTokenizer({ pairs, ranks }, nMerges, byteIds, special) {
  const spelled = new Map();
  const utf8 = new TextEncoder();

  function bytesOf(token) {
    if (token < 256) return [token];
    if (!spelled.has(token)) spelled.set(token, pairs[token - 256].flatMap(bytesOf));
    return spelled.get(token);
  }

  function mergeAll(tokens) {
    while (tokens.length > 1) {
      let best = nMerges, place = -1;
      for (let i = 0; i + 1 < tokens.length; i += 1) {
        const rank = ranks.get(tokens[i] * 65536 + tokens[i + 1]) ?? nMerges;
        if (rank < best) [best, place] = [rank, i];
      }
      if (place < 0) break;
      tokens.splice(place, 2, 256 + best);
    }
    return tokens;
  }

  const idOf = (token) => (token < 256 && byteIds.length ? byteIds[token] : token);
  return (text) =>
    splitSpecial(text, special).flatMap((part) => {
      if (Object.hasOwn(special, part)) return [{ id: special[part], bytes: [...utf8.encode(part)] }];
      const words = pretokens(part).map((word) => mergeAll([...utf8.encode(word)]));
      return words.flat().map((token) => ({ id: idOf(token), bytes: bytesOf(token) }));
    });
}
