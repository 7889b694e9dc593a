// Click the cells of a mask: each row's weights, and what comes out, follow.

// Weights and outputs of all rows. `method` is how the mask is used: "before" sets forbidden scores
// to −∞, which is right; "after" sets their weights to 0 once the softmax is done, "zero" sets their
// scores to 0: two mistakes. A row that may attend to nothing gets nothing.
function attend(scores, values, mask, method) {
  const weights = scores.map((row, i) => {
    const hidden = method === "zero" ? 0 : -Infinity;
    const kept = row.map((score, j) => (mask[i][j] || method === "after" ? score : hidden));
    const largest = Math.max(...kept);
    if (largest === -Infinity) return kept.map(() => 0);
    const exponentials = kept.map((score) => Math.exp(score - largest));
    const total = exponentials.reduce((sum, one) => sum + one, 0);
    return exponentials.map((one, j) => (method === "after" && !mask[i][j] ? 0 : one / total));
  });
  const outputs = weights.map((row) => row.reduce((sum, share, j) => sum + share * values[j], 0));
  return { weights, outputs };
}

// Rows whose output a later token can change: through its own weight or, where weights are set to 0
// only after the softmax, through the total that all were divided by.
function leakingRows(mask, method) {
  return mask.map((row, i) => {
    const last = i === mask.length - 1;
    if (method === "before") return row.some((allowed, j) => allowed && j > i);
    return !last && (method === "zero" || row.some(Boolean));
  });
}

function render({ model, el }) {
  const parts = frame(
    el,
    "mask-painter",
    "Mask painter: which tokens may see which",
    "Try this: start from the causal mask and forbid a token everything. Then let one token see a later one. Then change how the mask is applied.",
  );
  const presets = model.get("presets");
  const methods = [["before", "scores to −∞ (right)"], ["after", "weights to 0 after the softmax"], ["zero", "scores to 0"]];
  const names = [...presets.map(({ name }) => [name, name]), ["", "painted by hand"]];
  const preset = select(parts.controls, { label: "Mask", options: names, onChange: (name) => store(model, choose(name)) });
  const method = select(parts.controls, { label: "How it is applied", options: methods, onChange: (value) => store(model, { method: value }) });
  const n = model.get("scores").length;
  const word = (value) => `${value}, “${model.get("tokens")[value - 1]}”`;
  const row = slider(parts.controls, { label: "Row", min: 1, max: n, step: 1, short: true, words: word, onInput: (value) => store(model, { query: value - 1 }) });
  const column = slider(parts.controls, { label: "Column", min: 1, max: n, step: 1, short: true, words: word, onInput: (value) => store(model, { key: value - 1 }) });
  button(parts.controls, "Allow or forbid", () => toggle(model.get("query"), model.get("key")));
  const grid = new Chart(parts.charts, { height: 330, title: "Weights: click a cell to allow or forbid it" }, drawGrid);
  const outcome = new Chart(parts.charts, { height: 330, title: "Output: the mean place each row looks at" }, drawOutputs);
  let now;

  function choose(name) {
    const found = presets.find((one) => one.name === name);
    return found ? { preset: name, tokens: found.tokens, mask: found.mask } : { preset: "" };
  }

  function toggle(i, j) {
    const mask = model.get("mask").map((cells, k) => (k === i ? cells.map((cell, m) => (m === j ? !cell : cell)) : cells));
    store(model, { query: i, key: j, preset: "", mask });
  }

  function update() {
    const [tokens, mask, i, j] = ["tokens", "mask", "query", "key"].map((name) => model.get(name));
    now = attend(model.get("scores"), model.get("values"), mask, model.get("method"));
    const leaks = leakingRows(mask, model.get("method"));
    preset.value = model.get("preset");
    method.value = model.get("method");
    row.set(i + 1);
    column.set(j + 1);
    grid.redraw();
    outcome.redraw();
    const allowed = mask.flat().filter(Boolean).length;
    const empty = mask.filter((cells) => !cells.some(Boolean)).length;
    const total = now.weights[i].reduce((sum, share) => sum + share, 0);
    showNumbers(
      parts.output,
      [
        ["Allowed", `${allowed} of ${n * n}`, "cw-ink"],
        ["Empty rows", String(empty), "cw-ink"],
        ["See ahead", String(leaks.filter(Boolean).length), "cw-vermillion"],
        ["Row sums to", total.toFixed(2), "cw-blue"],
        ["Row's output", now.outputs[i].toFixed(2), "cw-blue"],
      ],
      `“${tokens[i]}” (${i + 1}) looks at “${tokens[j]}” (${j + 1}): ${mask[i][j] ? "allowed" : "forbidden"}, weight ${now.weights[i][j].toFixed(2)}.`,
    );
  }

  function drawGrid(chart) {
    const [tokens, mask, i, j] = ["tokens", "mask", "query", "key"].map((name) => model.get(name));
    blank(chart, `Mask and weights of ${n} rows and ${n} columns; row ${i + 1}, column ${j + 1} is chosen.`);
    const [left, top] = [64, 44];
    const size = Math.min((chart.width - left - 4) / n, (chart.height - top - 4) / n);
    tokens.forEach((name, k) => {
      const centre = left + (k + 0.5) * size;
      chart.text(centre, top - 8 - (k % 2) * 16, name, { "text-anchor": "middle", ...bold(k === j) });
      chart.text(left - 6, top + (k + 0.5) * size + 4, name, { "text-anchor": "end", ...bold(k === i) });
    });
    now.weights.forEach((shares, a) => shares.forEach((share, b) => {
      const place = { x: left + b * size + 1, y: top + a * size + 1, width: size - 2, height: size - 2, rx: 3 };
      const colour = b > a ? "cw-vermillion" : "cw-blue";
      draw(chart.svg, "rect", { class: mask[a][b] ? `${colour} cw-stroke` : "cw-pale-stroke", "fill-opacity": 0, ...place });
      if (share > 0) draw(chart.svg, "rect", { class: `${colour} cw-fill`, "fill-opacity": 0.5 * share, ...place });
      const words = mask[a][b] || share > 0 ? share.toFixed(2) : "–";
      const ink = mask[a][b] || share > 0 ? { class: "cw-label" } : {};
      chart.text(left + (b + 0.5) * size, top + (a + 0.5) * size + 4, words, { "text-anchor": "middle", ...ink });
      draw(chart.svg, "rect", { class: "cw-pointable", ...place }).addEventListener("click", () => toggle(a, b));
    }));
    draw(chart.svg, "rect", { class: "cw-frame", x: left + j * size, y: top + i * size, width: size, height: size, rx: 4 });
  }

  function drawOutputs(chart) {
    const [tokens, mask, i] = ["tokens", "mask", "query"].map((name) => model.get(name));
    const leaks = leakingRows(mask, model.get("method"));
    const said = now.outputs.map((output, k) => `${tokens[k]} ${output.toFixed(2)}`).join(", ");
    const middle = { from: 0, to: n + 0.5, label: "place in the sequence", ticks: [0, ...tokens.map((_, k) => k + 1)] };
    chart.axes(middle, { from: n + 0.5, to: 0.5, label: "", ticks: [] }, `Outputs by row: ${said}.`);
    tokens.forEach((name, k) => {
      const y = chart.y(k + 1);
      const colour = leaks[k] ? "cw-vermillion" : "cw-blue";
      chart.text(chart.box.left - 6, y + 4, name, { "text-anchor": "end", ...bold(k === i) });
      draw(chart.svg, "line", { class: "cw-grid", x1: chart.box.left, x2: chart.box.right, y1: y, y2: y });
      draw(chart.svg, "line", { class: "cw-cursor", x1: chart.x(k + 1), x2: chart.x(k + 1), y1: y - 9, y2: y + 9 });
      draw(chart.svg, "circle", { class: `${colour} cw-fill`, cx: chart.x(now.outputs[k]), cy: y, r: k === i ? 7 : 5 });
    });
    const key = chart.text(chart.box.left, 12, "", {});
    draw(key, "tspan", { class: "cw-label" }, "| own place  ");
    draw(key, "tspan", { class: "cw-blue cw-fill" }, "● output  ");
    draw(key, "tspan", { class: "cw-vermillion cw-fill" }, "● sees ahead");
  }

  const stop = follow(model, ["tokens", "mask", "method", "query", "key"], update);
  update();
  return () => [stop, () => grid.stop(), () => outcome.stop()].forEach((end) => end());
}

function bold(chosen) {
  return chosen ? { class: "cw-label", style: "font-weight: 700" } : {};
}

export { attend, leakingRows };
export default { render };
