// One pair of entries along the sequence, as a turn, and the product of two positions by distance.

const KINDS = {
  sinusoidal: { name: "sinusoidal: two positions", of: ["position m", "position n"] },
  rotary_same: { name: "rotary: key equal to the query", of: ["query at m", "key at n"] },
  rotary_other: { name: "rotary: another key", of: ["query at m", "key at n"] },
};
const TRAITS = ["kind", "pair", "query_position", "key_position", "log_base", "query", "key", "n_positions"];

// What stands at position m, and what at position n, in the encoding chosen.
function vectorsAt(state, m, n) {
  const base = 10 ** state.log_base;
  if (state.kind === "sinusoidal") {
    return [m, n].map((position) => sinusoid(state.query.length, position, base));
  }
  const key = state.kind === "rotary_same" ? state.query : state.key;
  return [rotate(state.query, m, base), rotate(key, n, base)];
}

// Product of all pairs and of the chosen pair alone, with the query `distance` after the key.
function products(state, distance) {
  const [a, b] = vectorsAt(state, distance, 0);
  const one = (vector) => vector.slice(2 * state.pair, 2 * state.pair + 2);
  return { all: dot(a, b), pair: dot(one(a), one(b)) };
}

function render({ model, el }) {
  const parts = frame(
    el,
    "position-explorer",
    "Position explorer: one pair, its turn, and the product by distance",
    "Try this: move both positions on together. What turns, and what stays the same? Then go to a pair further along.",
  );
  const options = Object.entries(KINDS).map(([key, { name }]) => [key, name]);
  const kind = select(parts.controls, { label: "Positions", options, onChange: (value) => store(model, { kind: value }) });
  const both = element(parts.controls, "div", "cw-buttons");
  button(both, "Both one on", move);
  const range = (label, name, min, step, words) =>
    slider(parts.controls, { label, min, step, short: true, words, onInput: (value) => store(model, { [name]: value }) });
  const pair = range("Pair", "pair", 0, 1, String);
  const query = range("Position m", "query_position", 0, 1, String);
  const key = range("Position n", "key_position", 0, 1, String);
  const base = range("Base", "log_base", 1, 0.5, (value) => pretty(10 ** value));
  Object.assign(base.input, { max: 6 });
  const waves = new Chart(parts.charts, { height: 230, title: "This pair along the sequence" }, drawWaves);
  const turn = new Chart(parts.charts, { height: 230, title: "This pair as a turn" }, drawTurn);
  const distances = new Chart(parts.charts, { height: 230, title: "Product by distance m − n" }, drawDistances);
  let state, sums, span;

  // Both positions go on by one; at the sequence's end they start again, as far apart as before.
  function move() {
    const { query_position: m, key_position: n, n_positions: count } = read();
    const by = Math.max(m, n) + 1 < count ? 1 : -Math.min(m, n);
    store(model, { query_position: m + by, key_position: n + by });
  }

  const read = () => Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));

  function update() {
    state = read();
    const last = state.n_positions - 1;
    span = Array.from({ length: 2 * last + 1 }, (_, i) => i - last);
    sums = span.map((distance) => products(state, distance));
    kind.value = state.kind;
    pair.input.max = state.query.length / 2 - 1;
    query.input.max = key.input.max = last;
    pair.set(state.pair);
    query.set(state.query_position);
    key.set(state.key_position);
    base.set(state.log_base);
    for (const chart of [waves, turn, distances]) chart.redraw();
    const distance = state.query_position - state.key_position;
    const angle = frequency(state.pair, state.query.length, 10 ** state.log_base);
    const { all, pair: alone } = products(state, distance);
    showNumbers(
      parts.output,
      [
        ["Angle a position", pretty(angle), "cw-ink"],
        ["Positions a turn", pretty((2 * Math.PI) / angle), "cw-ink"],
        ["Positions m, n", `${state.query_position}, ${state.key_position}`, "cw-ink"],
        ["Distance m − n", String(distance).replace("-", "−"), "cw-green"],
        ["Product, this pair", tidy(alone), "cw-purple"],
        ["Product, all pairs", tidy(all), "cw-ink"],
      ],
      state.kind === "sinusoidal"
        ? `The vectors of positions ${state.query_position} and ${state.key_position}, all ${state.query.length} entries, have the product ${tidy(all)}.`
        : `The query, turned to ${state.query_position}, and the key, turned to ${state.key_position}, have the product ${tidy(all)}.`,
    );
  }

  function drawWaves(chart) {
    const last = state.n_positions - 1;
    const [, , large] = sizes();
    const words = `Entries ${2 * state.pair} and ${2 * state.pair + 1} at positions 0 to ${last}.`;
    chart.axes({ from: 0, to: last, label: "position" }, { from: -large, to: large, label: "entry" }, words);
    const xs = grid(0, last, 401);
    const turned = xs.map((x) => vectorsAt(state, x, 0)[0].slice(2 * state.pair, 2 * state.pair + 2));
    const lines = ["none", "6 4"];
    lines.forEach((dash, j) => chart.line(xs, turned.map((two) => two[j]), { class: "cw-blue cw-stroke", "stroke-dasharray": dash }));
    const points = [[state.query_position, 0, "cw-blue"], [state.key_position, 1, "cw-vermillion"]];
    for (const [position, which, colour] of points) {
      const at = chart.x(position);
      draw(chart.layer, "line", { class: `${colour} cw-stroke`, x1: at, x2: at, y1: chart.box.top, y2: chart.box.bottom, "stroke-dasharray": which ? "2 3" : "none" });
    }
    const legend = chart.text(chart.box.right, chart.box.top - 7, `─ entry ${2 * state.pair}   ┄ entry ${2 * state.pair + 1}`, { "text-anchor": "end", class: "cw-blue cw-fill" });
    legend.style.whiteSpace = "pre";
  }

  // Lengths of the two vectors in this pair, and how far the picture must reach.
  function sizes() {
    const lengths = vectorsAt(state, state.query_position, state.key_position).map((vector) =>
      Math.hypot(vector[2 * state.pair], vector[2 * state.pair + 1]),
    );
    return [...lengths, 1.15 * Math.max(...lengths)];
  }

  function drawTurn(chart) {
    const [first, second, large] = sizes();
    chart.width = chart.figure.clientWidth || 310;
    const reach = (large * chart.width) / (chart.height - 20);
    const vectors = vectorsAt(state, state.query_position, state.key_position);
    chart.svg.setAttribute("viewBox", `0 0 ${chart.width} ${chart.height}`);
    chart.svg.replaceChildren();
    const centre = [chart.width / 2, chart.height / 2];
    const scale = chart.width / 2 / reach;
    for (const radius of new Set([first, second])) {
      draw(chart.svg, "circle", { cx: centre[0], cy: centre[1], r: radius * scale, class: "cw-grid", fill: "none" });
    }
    draw(chart.svg, "line", { class: "cw-grid", x1: centre[0] - 100, x2: centre[0] + 100, y1: centre[1], y2: centre[1] });
    draw(chart.svg, "line", { class: "cw-grid", x1: centre[0], x2: centre[0], y1: centre[1] - 100, y2: centre[1] + 100 });
    const colours = ["cw-blue", "cw-vermillion"];
    const names = KINDS[state.kind].of;
    const words = vectors.map((vector, i) => {
      const [x, y] = [vector[2 * state.pair], vector[2 * state.pair + 1]];
      const end = [centre[0] + x * scale, centre[1] - y * scale];
      draw(chart.svg, "line", { class: `${colours[i]} cw-stroke`, "stroke-width": 2.5, x1: centre[0], y1: centre[1], x2: end[0], y2: end[1] });
      draw(chart.svg, "circle", { class: `${colours[i]} cw-fill`, r: 5, cx: end[0], cy: end[1] });
      chart.text(i ? chart.width - 4 : 4, 14, names[i], { class: `cw-note ${colours[i]} cw-fill`, "text-anchor": i ? "end" : "start" });
      return `${names[i]}: (${tidy(x)}, ${tidy(y)})`;
    });
    chart.svg.setAttribute("aria-label", `Pair ${state.pair} as two arrows. ${words.join("; ")}.`);
  }

  function drawDistances(chart) {
    const values = sums.flatMap(({ all, pair: alone }) => [all, alone]);
    const high = Math.max(...values), low = Math.min(...values, 0);
    const margin = 0.08 * (high - low || 1);
    const distance = state.query_position - state.key_position;
    const { all, pair: alone } = products(state, distance);
    chart.axes(
      { from: span[0], to: span.at(-1), label: "distance m − n" },
      { from: low - margin, to: high + margin, label: "product" },
      `Product against distance; at distance ${distance} all pairs give ${tidy(all)}, this pair alone ${tidy(alone)}.`,
    );
    const at = chart.x(distance);
    draw(chart.layer, "line", { class: "cw-rule", x1: at, x2: at, y1: chart.box.top, y2: chart.box.bottom });
    chart.line(span, sums.map((sum) => sum.pair), { class: "cw-purple cw-stroke", "stroke-width": 1.5 });
    chart.line(span, sums.map((sum) => sum.all), { class: "cw-ink cw-stroke" });
    chart.dots([distance, distance], [alone, all], { r: 4.5, class: "cw-ink cw-fill" });
    chart.text(chart.box.right, chart.box.top - 7, "all pairs", { "text-anchor": "end", class: "cw-ink cw-fill" });
    chart.text(chart.box.right - 62, chart.box.top - 7, "this pair", { "text-anchor": "end", class: "cw-purple cw-fill" });
  }

  const stops = [follow(model, TRAITS, update)];
  update();
  return () => [...stops, ...[waves, turn, distances].map((chart) => () => chart.stop())].forEach((stop) => stop());
}

const grid = (from, to, count) => Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));
const tidy = (value) => value.toFixed(2).replace(/^-0\.00$/, "0.00").replace("-", "−");

export { rotate, sinusoid, products };
export default { render };
