// Draw data sets one after another: the fits pile up, and with them bias, variance and error.

function render({ model, el }) {
  const parts = frame(
    el,
    "bias-variance",
    "Bias and variance: resampled fits building up",
    "Try this: draw more data sets until the numbers settle, then choose degree 1 and degree 30. Which of the three sources moved?",
  );
  let ensemble;
  const degrees = model.get("degrees").map((degree) => [degree, String(degree)]);
  const onDegree = (value) => store(model, { degree: Number(value) });
  const degree = select(parts.controls, { label: "Degree", options: degrees, onChange: onDegree });
  const onPoints = (checked) => store(model, { new_points: checked });
  const points = checkbox(parts.controls, "New x in every draw, not only new noise", onPoints);
  const buttons = element(parts.controls, "div", "cw-buttons");
  for (const count of [1, 50, 500]) {
    button(buttons, `Draw ${count}`, () => {
      store(model, { n_draws: Math.min(MOST_DRAWS, model.get("n_draws") + count) });
    });
  }
  button(buttons, "Reset", () => store(model, { n_draws: 0 }));
  const fan = new Chart(parts.charts, { height: 300, title: "Fits, their mean and the truth" }, drawFan);
  const bars = new Chart(parts.charts, { height: 300, title: "What the error is made of" }, drawBars);

  function restart() {
    ensemble = new Ensemble({
      x: model.get("x"),
      xValidation: model.get("x_validation"),
      coefficients: model.get("coefficients"),
      noise: model.get("noise"),
      degree: model.get("degree"),
      seed: model.get("seed"),
      newPoints: model.get("new_points"),
      rcond: model.get("rcond"),
    });
    degree.value = model.get("degree");
    points.checked = model.get("new_points");
    update();
  }

  function update() {
    if (model.get("n_draws") < ensemble.count) return restart();
    ensemble.drawUntil(model.get("n_draws"));
    fan.redraw();
    bars.redraw();
    const { noise, biasSquared, variance, total, measured } = ensemble.summary();
    const shown = (value) => (ensemble.count ? pretty(value) : "–");
    showNumbers(parts.output, [
      ["Data sets", String(ensemble.count), "cw-ink"],
      ["Noise σ²", pretty(noise), "cw-grey"],
      ["Bias²", shown(biasSquared), "cw-blue"],
      ["Variance", shown(variance), "cw-vermillion"],
      ["Sum of the three", shown(total), "cw-ink"],
      ["Measured MSE", shown(measured), "cw-green"],
    ]);
    return undefined;
  }

  function drawFan(chart) {
    const { curveX, coefficients, recent, count } = ensemble;
    const [from, to] = model.get("y_range");
    const words = `${count} fits of degree ${ensemble.degree}, the last ${recent.length} drawn, with their mean and the truth.`;
    chart.axes({ from: 0, to: 1, label: "x" }, { from, to, label: "y" }, words);
    for (const curve of recent) chart.line(curveX, curve, FIT);
    if (count) chart.line(curveX, evaluate(ensemble.meanWeights, curveX), { class: "cw-blue cw-stroke", style: "stroke-width: 3.5" });
    const truth = { class: "cw-ink cw-stroke", "stroke-dasharray": "6 5" };
    chart.line(curveX, evaluate(coefficients, curveX), truth);
    const key = chart.text(chart.box.left + 6, chart.box.top + 14, "", { class: "cw-note" });
    draw(key, "tspan", { class: "cw-vermillion cw-fill" }, "— fits  ");
    draw(key, "tspan", { class: "cw-blue cw-fill" }, "━ their mean  ");
    draw(key, "tspan", { class: "cw-ink cw-fill" }, "┅ truth");
  }

  function drawBars(chart) {
    const { noise, biasSquared, variance, total, measured } = ensemble.summary();
    const top = Math.max(1.6 * noise, total, measured) * 1.15;
    const words = `Noise ${pretty(noise)}, squared bias ${pretty(biasSquared)} and variance ${pretty(variance)} add up to ${pretty(total)}; measured ${pretty(measured)}.`;
    chart.axes({ from: 0, to: 2, label: "", ticks: [] }, { from: 0, to: top, label: "squared error" }, words);
    let below = 0;
    const pieces = [["noise σ²", noise, "cw-grey"], ["bias²", biasSquared, "cw-blue"], ["variance", variance, "cw-vermillion"]];
    if (!ensemble.count) pieces.length = 1;
    for (const [name, value, colour] of pieces) {
      bar(chart, 0.5, below, value, colour);
      const middle = chart.y(below + value / 2) + 4;
      if (chart.y(0) - chart.y(value) > 16) chart.text(chart.x(0.5), middle, name, { "text-anchor": "middle", class: "cw-in-bar" });
      below += value;
    }
    if (ensemble.count) bar(chart, 1.5, 0, measured, "cw-green");
    chart.text(chart.x(0.5), chart.box.bottom + 18, "sum of the three", { "text-anchor": "middle", class: "cw-label" });
    chart.text(chart.x(1.5), chart.box.bottom + 18, "measured MSE", { "text-anchor": "middle", class: "cw-label" });
  }

  function bar(chart, middle, from, value, colour) {
    const x = chart.x(middle - 0.36);
    const y = chart.y(from + value);
    const size = { width: chart.x(middle + 0.36) - x, height: Math.max(0, chart.y(from) - y) };
    draw(chart.layer, "rect", { class: `${colour} cw-fill`, x, y, ...size });
  }

  const inputs = ["x", "x_validation", "noise", "degree", "seed", "new_points"];
  const stops = [follow(model, ["n_draws"], update), follow(model, inputs, restart)];
  restart();
  return () => [...stops, () => fan.stop(), () => bars.stop()].forEach((stop) => stop());
}

const MOST_DRAWS = 10000;
const FIT = { class: "cw-vermillion cw-stroke", style: "stroke-width: 1", opacity: 0.4 };

export { Ensemble };
export default { render };
