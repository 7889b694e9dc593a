// Colour the tokens of any text under two vocabularies, and count them under all.

const TINTS = ["blue", "vermillion", "green", "purple", "ochre"];
const BAR = 24; // pixels

const hex = (bytes) => bytes.map((byte) => byte.toString(16).toUpperCase().padStart(2, "0"));
const shortened = (parts, most, gap) => (parts.length > most ? [...parts.slice(0, most), "…"] : parts).join(gap);

// What bytes spell, with white space made visible; null if they are not whole characters.
function spelling(bytes) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
    return text.replaceAll(" ", "␣").replaceAll("\n", "⏎").replaceAll("\t", "⇥").replaceAll("　", "□");
  } catch {
    return null;
  }
}

function render({ model, el }) {
  const parts = frame(
    el,
    "token-colours",
    "Tokens of a text under several vocabularies",
    "Try this: write into the text. Then compare the same sentence in English and in Japanese, and the same word with and without a space before it.",
  );
  const names = model.get("vocabularies").map(({ name }) => name);
  const lists = model.get("merges").map(unpackMerges);
  const encoders = Object.fromEntries(
    model.get("vocabularies").map((one) => [one.name, makeTokenizer(lists[one.merges], one.n_merges, one.byte_ids, one.special_tokens)]),
  );
  const box = element(null, "label", "cw-writing");
  element(box, "span", "", "Your text");
  const text = element(box, "textarea");
  Object.assign(text, { rows: 3, maxLength: model.get("longest"), spellcheck: false });
  parts.controls.before(box);
  text.addEventListener("input", () => store(model, { text: text.value, place: 0 }));

  const samples = [...model.get("texts").map(({ name }) => [name, name]), ["", "your own"]];
  const sample = select(parts.controls, { label: "Text", options: samples, onChange: choose });
  const both = ["first", "second"].map((trait, i) =>
    select(parts.controls, {
      label: i ? "Compare with" : "Vocabulary",
      options: names.map((name) => [name, name]),
      onChange: (name) => store(model, { [trait]: name }),
    }),
  );
  const walk = slider(parts.controls, {
    label: "Token",
    min: 1,
    step: 1,
    short: true,
    words: (value) => `${value} of ${counted[0].length}`,
    onInput: (value) => store(model, { place: counted[0][value - 1].start }),
  });
  const panels = [0, 1].map(() => {
    const panel = element(null, "div", "cw-chips");
    panel.tabIndex = 0;
    panel.setAttribute("role", "region");
    const heading = element(null, "div", "cw-title");
    const pair = element(parts.charts, "div", "cw-chart");
    pair.append(heading, panel);
    return { heading, panel };
  });
  const wide = element(null, "div", "cw-wide");
  parts.charts.after(wide);
  const bars = new Chart(wide, { height: BAR * names.length, title: "Tokens under each vocabulary" }, drawBars);
  let counted = [[], []];
  let totals = [];

  function choose(name) {
    const found = model.get("texts").find((one) => one.name === name);
    if (found) store(model, { text: found.text, place: 0 });
    else update();
  }

  // Each token with its id, its bytes and the place of the first of them in the text.
  function encode(name) {
    let start = 0;
    return encoders[name](model.get("text")).map((token) => {
      const placed = { ...token, start };
      start += token.bytes.length;
      return placed;
    });
  }

  const holds = (place) => ({ start, bytes }) => start <= place && place < start + bytes.length;

  function update() {
    const chosen = ["first", "second"].map((trait) => model.get(trait));
    counted = chosen.map(encode);
    totals = names.map((name) => [name, encoders[name](model.get("text")).length]);
    const last = counted[0].at(-1);
    const nBytes = last ? last.start + last.bytes.length : 0;
    const place = Math.max(0, Math.min(model.get("place"), nBytes - 1));
    if (text.value !== model.get("text")) text.value = model.get("text");
    sample.value = model.get("texts").find((one) => one.text === model.get("text"))?.name ?? "";
    both.forEach((list, i) => (list.value = chosen[i]));
    walk.input.max = Math.max(1, counted[0].length);
    walk.input.disabled = counted[0].length < 2;
    walk.set(Math.min(counted[0].length, counted[0].findIndex(holds(place)) + 1));
    panels.forEach((panel, i) => fill(panel, chosen[i], counted[i], place));
    bars.redraw();
    const perToken = (tokens) => (tokens.length ? (nBytes / tokens.length).toFixed(2) : "–");
    showNumbers(
      parts.output,
      [
        ["Characters", String([...model.get("text")].length), "cw-ink"],
        ["Bytes", String(nBytes), "cw-ink"],
        ["First: tokens", String(counted[0].length), "cw-blue"],
        ["First: bytes a token", perToken(counted[0]), "cw-blue"],
        ["Second: tokens", String(counted[1].length), "cw-vermillion"],
        ["Second: bytes a token", perToken(counted[1]), "cw-vermillion"],
      ],
      counted.map((tokens, i) => `${chosen[i]}: ${described(tokens.find(holds(place)))}`).join(". "),
    );
  }

  function described(token) {
    if (!token) return "no token";
    const words = spelling(token.bytes);
    const said = words === null ? "part of a character" : `“${shortened([...words], 12, "")}”`;
    return `${said}, id ${token.id}, bytes ${shortened(hex(token.bytes), 6, " ")}`;
  }

  function fill({ heading, panel }, name, tokens, place) {
    heading.textContent = `${name}: ${tokens.length} tokens`;
    panel.setAttribute("aria-label", `The tokens under ${name}`);
    panel.replaceChildren();
    let framed = null;
    tokens.forEach((token, i) => {
      const words = spelling(token.bytes);
      const chip = element(panel, "span", `cw-chip cw-tint-${TINTS[i % TINTS.length]}`);
      element(chip, "span", words === null ? "cw-hex" : "cw-letters", words ?? hex(token.bytes).join(" "));
      element(chip, "span", "cw-id", String(token.id));
      chip.addEventListener("click", () => store(model, { place: token.start }));
      if (words?.endsWith("⏎")) element(panel, "br");
      if (holds(place)(token)) framed = chip;
    });
    if (!framed) return;
    framed.classList.add("cw-chosen");
    const above = framed.offsetTop - panel.scrollTop;
    if (above < 0 || above + framed.offsetHeight > panel.clientHeight) panel.scrollTop = framed.offsetTop - 4;
  }

  function drawBars(chart) {
    chart.width = chart.figure.clientWidth || 340;
    chart.svg.setAttribute("viewBox", `0 0 ${chart.width} ${chart.height}`);
    chart.svg.replaceChildren();
    chart.svg.setAttribute("aria-label", `Tokens: ${totals.map(([name, n]) => `${name} ${n}`).join(", ")}.`);
    const left = 150, right = chart.width - 44;
    const most = Math.max(1, ...totals.map(([, n]) => n));
    totals.forEach(([name, n], i) => {
      const y = i * BAR;
      const ours = name === model.get("first") ? "cw-blue" : name === model.get("second") ? "cw-vermillion" : "cw-grey";
      chart.text(left - 6, y + 16, name, { "text-anchor": "end", class: "cw-label" });
      const width = ((right - left) * n) / most;
      draw(chart.svg, "rect", { class: `${ours} cw-fill`, x: left, y: y + 4, width, height: BAR - 8 });
      chart.text(left + width + 6, y + 16, String(n), { class: "cw-label" });
    });
  }

  const stop = follow(model, ["text", "first", "second", "place"], update);
  update();
  return () => [stop, () => bars.stop()].forEach((end) => end());
}

export { makeTokenizer, pretokens, spelling, unpackMerges };
export default { render };
