// Drag the degree: the curve follows, and so do the errors on both sets of points.

const INPUTS = ["x_train", "y_train", "x_validation", "y_validation", "rcond"];

// Training and validation RMSE of every degree from 0 to `maxDegree`, with the weights.
function fitAll({ x_train, y_train, x_validation, y_validation, rcond }, maxDegree) {
  return Array.from({ length: maxDegree + 1 }, (_, degree) => {
    const weights = fit(x_train, y_train, degree, rcond);
    const training = rmse(evaluate(weights, x_train), y_train);
    const validation = rmse(evaluate(weights, x_validation), y_validation);
    return { weights, training, validation };
  });
}

function render({ model, el }) {
  const parts = frame(
    el,
    "polynomial-fit",
    "Polynomial fit: the degree against both errors",
    "Try this: drag the degree from 0 upwards. Where is the validation error smallest, and what does the curve do after that?",
  );
  let data, fits, best;
  const degree = slider(parts.controls, {
    label: "Degree of the polynomial",
    min: 0,
    max: model.get("max_degree"),
    step: 1,
    words: String,
    onInput: (value) => store(model, { degree: value }),
  });
  const curve = new Chart(parts.charts, { height: 300, title: "The fit" }, drawCurve);
  const errors = new Chart(parts.charts, { height: 300, title: "Error against degree" }, drawErrors);

  function refit() {
    data = Object.fromEntries(INPUTS.map((name) => [name, model.get(name)]));
    fits = fitAll(data, model.get("max_degree"));
    best = fits.reduce((low, one, k) => (one.validation < fits[low].validation ? k : low), 0);
    degree.input.max = model.get("max_degree");
    update();
  }

  function update() {
    const chosen = model.get("degree");
    const { training, validation } = fits[chosen];
    degree.set(chosen);
    curve.redraw();
    errors.redraw();
    showNumbers(
      parts.output,
      [
        ["Degree", String(chosen), "cw-ink"],
        ["Training RMSE", pretty(training), "cw-blue"],
        ["Validation RMSE", pretty(validation), "cw-vermillion"],
      ],
      `Smallest validation RMSE: ${pretty(fits[best].validation)}, at degree ${best}.`,
    );
  }

  function drawCurve(chart) {
    const chosen = model.get("degree");
    const [xFrom, xTo] = model.get("x_range");
    const [yFrom, yTo] = model.get("y_range");
    chart.axes(
      { from: xFrom, to: xTo, label: "x" },
      { from: yFrom, to: yTo, label: "y" },
      `Polynomial of degree ${chosen} through ${data.x_train.length} training points.`,
    );
    const xs = grid(xFrom, xTo, 401);
    const truth = model.get("coefficients");
    if (truth.length) {
      const colour = { class: "cw-grey cw-stroke", "stroke-dasharray": "2 5", "stroke-linecap": "round" };
      chart.line(xs, evaluate(truth, xs), colour);
    }
    chart.dots(data.x_validation, data.y_validation, { r: 3.5, class: "cw-vermillion cw-stroke", fill: "none", "stroke-width": 1.5 });
    chart.dots(data.x_train, data.y_train, { r: 4, class: "cw-blue cw-fill" });
    chart.line(xs, evaluate(fits[chosen].weights, xs), { class: "cw-ink cw-stroke" });
    const key = chart.text(chart.box.left + 6, chart.box.top + 14, "", { class: "cw-note" });
    draw(key, "tspan", { class: "cw-blue cw-fill" }, "● training  ");
    draw(key, "tspan", { class: "cw-vermillion cw-fill" }, "○ validation");
    if (truth.length) draw(key, "tspan", { class: "cw-grey cw-fill" }, "  ┈ truth");
  }

  function drawErrors(chart) {
    const chosen = model.get("degree");
    const degrees = fits.map((_, k) => k);
    const values = fits.flatMap(({ training, validation }) => [training, validation]);
    // Errors beyond 1000 times the smallest leave the frame; the numbers below still give them.
    const low = Math.max(1e-6, Math.min(...values) / 1.5);
    const high = Math.min(Math.max(...values) * 1.5, low * 1e4);
    const { training, validation } = fits[chosen];
    chart.axes(
      { from: -0.5, to: degrees.length - 0.5, label: "degree" },
      { from: low, to: high, log: true, label: "RMSE (log scale)" },
      `Errors against degree; at degree ${chosen}, training ${pretty(training)} and validation ${pretty(validation)}.`,
    );
    const at = chart.x(chosen);
    draw(chart.layer, "line", { class: "cw-rule", x1: at, x2: at, y1: chart.box.top, y2: chart.box.bottom });
    for (const [name, colour] of [["training", "cw-blue"], ["validation", "cw-vermillion"]]) {
      const ys = fits.map((one) => one[name]);
      chart.line(degrees, ys, { class: `${colour} cw-stroke` });
      chart.dots([chosen], [Math.min(ys[chosen], high)], { r: 5, class: `${colour} cw-fill` });
    }
    // The names stand at the right end: validation under its line, training over its own.
    const end = degrees.length - 1;
    const near = fits.slice(Math.floor(0.65 * end));
    const under = Math.max(chart.box.top, ...near.map((one) => chart.y(one.validation))) + 16;
    const over = Math.min(chart.box.bottom, ...near.map((one) => chart.y(one.training))) - 9;
    chart.note(end, under, "validation", { class: "cw-vermillion cw-fill" });
    chart.note(end, over, "training", { class: "cw-blue cw-fill" });
  }

  const stops = [follow(model, ["degree"], update), follow(model, [...INPUTS, "max_degree"], refit)];
  refit();
  return () => [...stops, () => curve.stop(), () => errors.stop()].forEach((stop) => stop());
}

export { fit, evaluate, fitAll };
export default { render };
