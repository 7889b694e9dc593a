// Step through byte-pair encoding of any text: which pair is next, and what merging it leaves.

const ROWS = 6; // pairs and merges listed
const OWN = "a text of your own";

function render({ model, el }) {
  const parts = frame(
    el,
    "bpe-steps",
    "Byte-pair encoding, one merge at a time",
    "Try this: say which pair comes next, then merge. Then type a text of your own. Can one letter more change the first merge? Does a merge ever cross a space?",
  );
  const samples = model.get("samples");
  const options = [...samples.map((text) => [text, short(text, 34)]), ["", OWN]];
  const sample = select(parts.controls, { label: "Text", options, onChange: (text) => store(model, { text, step: 0 }) });
  const own = textField(parts.controls, "Edit it, or type your own", model.get("longest"), (text) => store(model, { text }));
  const cut = checkbox(parts.controls, "Cut into pre-tokens first", (value) => store(model, { pretokenize: value }));
  const step = slider(parts.controls, { label: "Merges made", min: 0, max: 1, step: 1, words: (value) => `${value} of ${step.input.max}`, onInput: (value) => store(model, { step: value }) });
  const buttons = element(parts.controls, "div", "cw-buttons");
  button(buttons, "Merge", () => move(1));
  button(buttons, "Undo", () => move(-1));
  const box = element(null, "div", "cw-pieces");
  Object.assign(box, { tabIndex: 0 });
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", "The text as tokens");
  parts.root.insertBefore(box, parts.charts);
  const ranking = new Chart(parts.charts, { height: 24 * ROWS + 8, title: "Pairs, the commonest first" }, drawPairs);
  const history = new Chart(parts.charts, { height: 24 * ROWS + 8, title: "Merges made, the latest last" }, drawMerges);
  let [now, total, done] = [null, 0, 0];

  function move(by) {
    store(model, { step: Math.max(0, Math.min(total, done + by)) });
  }

  function update() {
    const [text, pretokenize] = ["text", "pretokenize"].map((name) => model.get(name));
    total = learn(text, pretokenize).merges.length;
    done = Math.min(model.get("step"), total);
    now = learn(text, pretokenize, done);
    sample.value = samples.includes(text) ? text : "";
    if (own.value !== text) own.value = text;
    cut.checked = pretokenize;
    step.input.max = total;
    step.set(done);
    showPieces();
    ranking.redraw();
    history.redraw();
    const nTokens = now.pieces.flat().length;
    const nBytes = new TextEncoder().encode(text).length;
    const plural = now.pieces.length === 1 ? "" : "s";
    showNumbers(
      parts.output,
      [
        ["Bytes", String(nBytes), "cw-ink"],
        ["Tokens", String(nTokens), "cw-blue"],
        ["Bytes a token", nTokens ? (nBytes / nTokens).toFixed(2) : "–", "cw-blue"],
        ["Vocabulary", `256 + ${done}`, "cw-ink"],
        ["Pieces", pretokenize ? `${now.pieces.length} pre-token${plural}` : "not cut", "cw-ink"],
        ["Next pair's places", now.pairs.length ? String(now.pairs[0].count) : "–", "cw-vermillion"],
      ],
      sayNext(),
    );
  }

  function sayNext() {
    const [next, ...others] = now.pairs;
    if (!next) return total ? "No piece has two tokens left: nothing more to merge." : "Type a text of at least two bytes.";
    const ties = others.filter(({ count }) => count === next.count).length;
    const places = now.pieces.reduce((sum, tokens) => sum + mergePlaces(tokens, next).length, 0);
    const overlap = places < next.count ? ` Merging takes ${places}: the others overlap them.` : "";
    const tie = ties ? `; of ${ties + 1} pairs as common, the greatest by its bytes` : "";
    return `Next: ${named(next)}, in ${next.count} ${next.count === 1 ? "place" : "places"}${tie}.${overlap}`;
  }

  function named({ left, right }) {
    return `“${short(tokenName(now.vocab[left]))}” + “${short(tokenName(now.vocab[right]))}”`;
  }

  // One box a piece, one chip a token; the pair that comes next is framed wherever it will be merged.
  function showPieces() {
    box.replaceChildren();
    const next = now.pairs[0];
    const newest = now.merges.at(-1)?.id;
    for (const tokens of now.pieces) {
      const piece = element(box, "span", "cw-piece");
      const starts = new Set(next ? mergePlaces(tokens, next) : []);
      let parent = piece;
      tokens.forEach((token, i) => {
        if (starts.has(i)) parent = element(piece, "span", "cw-next");
        else if (!starts.has(i - 1)) parent = piece;
        const chip = element(parent, "span", "cw-token", tokenName(now.vocab[token]));
        const share = Math.min(40, 8 * (now.vocab[token].length - 1));
        chip.style.setProperty("--share", `${share}%`);
        if (token === newest) chip.classList.add("cw-newest");
      });
    }
  }

  function drawPairs(chart) {
    const shown = now.pairs.slice(0, ROWS);
    const said = shown.map((pair) => `${named(pair)} ${pair.count}`).join(", ");
    blank(chart, shown.length ? `Pairs and their counts: ${said}.` : "No pair is left.");
    const left = Math.min(150, chart.width * 0.45);
    const longest = shown.length ? shown[0].count : 1;
    shown.forEach((pair, row) => {
      const y = 4 + 24 * row;
      const colour = row ? "cw-blue" : "cw-vermillion";
      const bold = row ? {} : { style: "font-weight: 700" };
      const name = `${short(tokenName(now.vocab[pair.left]), 8)} + ${short(tokenName(now.vocab[pair.right]), 8)}`;
      chart.text(left - 8, y + 15, name, { class: "cw-label", "text-anchor": "end", ...bold });
      const width = Math.max(2, ((chart.width - left - 90) * pair.count) / longest);
      draw(chart.svg, "rect", { class: `${colour} cw-fill`, x: left, y: y + 3, width, height: 17, rx: 2 });
      const note = row && pair.count === longest ? " (tie)" : "";
      chart.text(left + width + 6, y + 15, `${pair.count}${note}`, { class: "cw-label" });
    });
    if (!shown.length) chart.text(0, 19, "none is left");
  }

  function drawMerges(chart) {
    const first = Math.max(0, now.merges.length - ROWS);
    const shown = now.merges.slice(first);
    const lines = shown.map((merge, row) => {
      const name = short(tokenName(now.vocab[merge.id]), 14);
      return [`${first + row + 1}`, name, `counted ${merge.count}, merged ${merge.merged}`];
    });
    const said = lines.map(([number, name, counts]) => `${number}. ${name}, ${counts}`).join("; ");
    blank(chart, said ? `Merges: ${said}.` : "No merge was made yet.");
    lines.forEach(([number, name, counts], row) => {
      const y = 19 + 24 * row;
      const latest = row === lines.length - 1 ? { style: "font-weight: 700" } : {};
      chart.text(22, y, number, { "text-anchor": "end" });
      chart.text(32, y, name, { class: "cw-label", ...latest });
      chart.text(chart.width, y, counts, { "text-anchor": "end" });
    });
    if (!lines.length) chart.text(0, 19, "none yet");
  }

  const stop = follow(model, ["text", "pretokenize", "step"], update);
  update();
  return () => [stop, () => ranking.stop(), () => history.stop()].forEach((end) => end());
}

// One line of text that the reader may edit; `onInput` hears every key.
function textField(parent, label, longest, onInput) {
  const box = element(parent, "label", "cw-text");
  element(box, "span", "", label);
  const input = element(box, "input");
  Object.assign(input, { type: "text", maxLength: longest, spellcheck: false, autocomplete: "off", autocapitalize: "off" });
  input.addEventListener("input", () => onInput(input.value));
  return input;
}

function short(text, longest = 12) {
  const letters = [...text];
  return letters.length > longest ? `${letters.slice(0, longest - 1).join("")}…` : text;
}

export { learn, pieces, tokenName };
export default { render };
