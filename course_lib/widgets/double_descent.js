// A recorded run, browsed: the slider for the ridge strength snaps to strengths that were computed.

// The errors that one choice of noise and ridge strength selects, and where the test error peaks.
function curves(record, noise, alpha) {
  const i = record.noise.indexOf(noise);
  const j = record.alphas.indexOf(alpha);
  const test = record.test_error[i][j];
  const train = record.train_error[i][j];
  const norm = record.weight_norm ? record.weight_norm[i][j] : null;
  const argbest = (better) => test.reduce((kept, value, k) => (better(value, test[kept]) ? k : kept), 0);
  return { test, train, norm, peak: argbest((a, b) => a > b), lowest: argbest((a, b) => a < b) };
}

// One scale for the whole record, so that nothing jumps when a choice changes.
function range(values, log) {
  const positive = values.filter((value) => value > 0);
  const low = log ? Math.max(Math.min(...positive), Math.max(...positive) * 1e-5) / 1.3 : 0;
  return { from: low, to: Math.max(...positive) * (log ? 1.3 : 1.08), log };
}

function render({ model, el }) {
  const record = model.get("record");
  const features = record.n_features;
  const parts = frame(
    el,
    "double-descent",
    "Double descent and ridge strength",
    "Try this: start without ridge, find the peak, then raise the ridge strength until the peak is gone. Then do it without label noise.",
  );
  const alpha = slider(parts.controls, {
    label: "Ridge strength α",
    min: 0,
    max: record.alphas.length - 1,
    step: 1,
    words: (index) => strength(record.alphas[index]),
    onInput: (index) => store(model, { alpha: record.alphas[index] }),
  });
  const width = slider(parts.controls, {
    label: "Features p to read off",
    min: 0,
    max: features.length - 1,
    step: 1,
    words: (index) => String(features[index]),
    onInput: (index) => store(model, { n_features: features[index] }),
  });
  const levels = record.noise.map((value) => [value, `${pretty(100 * value).replace(/\.0+$/, "")} %`]);
  const onNoise = (value) => store(model, { noise: Number(value) });
  const noise = select(parts.controls, { label: "Wrong training labels", options: levels, onChange: onNoise });

  const everyError = [record.test_error, record.train_error].flat(3);
  const tests = record.test_error.flat(2);
  const errorAxis = range(everyError, Math.max(...tests) > 3);
  const normAxis = record.weight_norm ? range(record.weight_norm.flat(2), true) : null;
  const dotted = record.alphas.length > 1 ? ` (dotted: α = ${record.alphas[0]})` : "";
  const error = new Chart(parts.charts, { height: 320, title: `Errors${dotted}` }, drawErrors);
  const norm = normAxis && new Chart(parts.charts, { height: 320, title: `Size of the weights${dotted}` }, drawNorm);

  function strength(value) {
    return value === 0 || value >= 1e-6 ? String(value) : pretty(value);
  }

  function update() {
    const [i, j] = [model.get("noise"), model.get("alpha")];
    const chosen = features.indexOf(model.get("n_features"));
    const { test, train, norm: sizes, peak, lowest } = curves(record, i, j);
    alpha.set(record.alphas.indexOf(j));
    width.set(chosen);
    noise.value = i;
    error.redraw();
    if (norm) norm.redraw();
    const numbers = [
      ["p", String(features[chosen]), "cw-ink"],
      ["Training error", pretty(train[chosen]), "cw-blue"],
      ["Test error", pretty(test[chosen]), "cw-vermillion"],
    ];
    if (sizes) numbers.push(["‖weights‖", pretty(sizes[chosen]), "cw-green"]);
    const words = `With α = ${strength(j)}: highest test error ${pretty(test[peak])} at p = ${features[peak]}, lowest ${pretty(test[lowest])} at p = ${features[lowest]}; ${record.n_train} training images.`;
    showNumbers(parts.output, numbers, words);
  }

  // Axes, the place where p = n, and the reader's own cursor.
  function prepare(chart, yAxis, words) {
    const log = features.at(-1) / features[0] > 20;
    chart.axes({ from: features[0], to: features.at(-1), log, label: "number of features p" }, yAxis, words);
    for (const [p, name] of [[record.n_train, "threshold"], [model.get("n_features"), "cursor"]]) {
      const at = chart.x(p);
      const ends = { x1: at, x2: at, y1: chart.box.top, y2: chart.box.bottom };
      draw(chart.layer, "line", { class: name === "cursor" ? "cw-cursor" : "cw-rule", ...ends });
    }
    chart.note(record.n_train, chart.box.top + 12, ` p = n = ${record.n_train}`, { class: "cw-grey cw-fill", dx: 4 });
  }

  function drawErrors(chart) {
    const chosen = features.indexOf(model.get("n_features"));
    const { test, train } = curves(record, model.get("noise"), model.get("alpha"));
    const label = errorAxis.log ? `${record.error_name} (log scale)` : record.error_name;
    const words = `Test error ${pretty(test[chosen])} and training error ${pretty(train[chosen])} at ${features[chosen]} features; ridge strength ${strength(model.get("alpha"))}.`;
    prepare(chart, { ...errorAxis, label }, words);
    const reference = curves(record, model.get("noise"), record.alphas[0]);
    chart.line(features, reference.test, { class: "cw-grey cw-stroke", "stroke-dasharray": "2 4", style: "stroke-width: 1.5" });
    chart.line(features, train, { class: "cw-blue cw-stroke", "stroke-dasharray": "7 4" });
    chart.line(features, test, { class: "cw-vermillion cw-stroke" });
    chart.dots([features[chosen]], [train[chosen]], { r: 5, class: "cw-blue cw-fill" });
    chart.dots([features[chosen]], [test[chosen]], { r: 5, class: "cw-vermillion cw-fill" });
    const last = features.length - 1;
    const between = chart.y(train[last]) - chart.y(test[last]) > 34;
    chart.note(features[last], chart.y(test[last]) - 10, "test", { class: "cw-vermillion cw-fill" });
    if (between) chart.note(features[last], chart.y(train[last]) - 8, "training", { class: "cw-blue cw-fill" });
    else chart.note(features[0], chart.y(train[0]) + 20, "training", { class: "cw-blue cw-fill" });
  }

  function drawNorm(chart) {
    const chosen = features.indexOf(model.get("n_features"));
    const sizes = curves(record, model.get("noise"), model.get("alpha")).norm;
    const reference = curves(record, model.get("noise"), record.alphas[0]).norm;
    const words = `The weights have norm ${pretty(sizes[chosen])} at ${features[chosen]} features.`;
    prepare(chart, { ...normAxis, label: "‖weights‖ (log scale)" }, words);
    chart.line(features, reference, { class: "cw-grey cw-stroke", "stroke-dasharray": "2 4", style: "stroke-width: 1.5" });
    chart.line(features, sizes, { class: "cw-green cw-stroke" });
    chart.dots([features[chosen]], [sizes[chosen]], { r: 5, class: "cw-green cw-fill" });
  }

  const stop = follow(model, ["alpha", "noise", "n_features"], update);
  update();
  return () => [stop, () => error.stop(), () => norm && norm.stop()].forEach((end) => end());
}

export { curves };
export default { render };
