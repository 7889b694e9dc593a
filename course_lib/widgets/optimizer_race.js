// Optimizers leave one starting point together: their paths over the surface, and their losses.

const LANES = {
  sgd: { name: "SGD", colour: "cw-ink", dash: "none" },
  momentum: { name: "Momentum", colour: "cw-blue", dash: "none" },
  adagrad: { name: "AdaGrad", colour: "cw-green", dash: "8 3" },
  adadelta: { name: "AdaDelta", colour: "cw-ochre", dash: "8 3" },
  adam: { name: "Adam", colour: "cw-vermillion", dash: "none" },
  adamw: { name: "AdamW", colour: "cw-purple", dash: "3 3" },
};

function render({ model, el }) {
  const parts = frame(
    el,
    "optimizer-race",
    "Optimizers racing on a surface",
    "Try this: press Reset, then Play. Raise one learning rate until its path breaks out, and start from elsewhere: drag the ring.",
  );
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  let paths, timer = null;

  const options = Object.entries(model.get("surfaces")).map(([key, { label }]) => [key, label]);
  const surface = select(parts.controls, { label: "Surface", options, onChange: chooseSurface });
  const buttons = element(parts.controls, "div", "cw-buttons");
  const play = button(buttons, "Play", toggle);
  button(buttons, "Step", () => goTo(model.get("n_steps") + 1));
  button(buttons, "Reset", () => goTo(0));
  const steps = slider(parts.controls, {
    label: "Steps taken",
    min: 0,
    max: model.get("max_steps"),
    step: 1,
    words: String,
    onInput: (value) => goTo(value),
  });
  const starts = ["x", "y"].map((axis, i) =>
    slider(parts.controls, {
      label: `Start, ${axis}`,
      short: true,
      step: 0.01,
      words: (value) => value.toFixed(2).replace("-", "−"),
      onInput: (value) => moveStart(model.get("start").map((old, j) => (i === j ? value : old))),
    }),
  );
  const map = raceMap(parts.charts, model, moveStart);
  const losses = new Chart(parts.charts, { height: 340, title: "Loss above the minimum" }, drawLosses);
  const rows = optimizerRows(parts, model);

  function chooseSurface(name) {
    pause();
    const { start, learning_rates } = model.get("surfaces")[name];
    store(model, { surface: name, start, learning_rates });
  }

  function moveStart(point) {
    const { x_range: xs, y_range: ys } = ground(model);
    const inside = [xs, ys].map(([from, to], i) => Math.min(to, Math.max(from, point[i])));
    store(model, { start: inside.map((value) => Math.round(100 * value) / 100) });
  }

  function goTo(step) {
    pause();
    store(model, { n_steps: Math.min(model.get("max_steps"), step) });
    update();
  }

  function toggle() {
    if (timer !== null) return goTo(model.get("n_steps"));
    if (still.matches) return goTo(model.get("n_steps") + 100);
    if (model.get("n_steps") >= model.get("max_steps")) model.set("n_steps", 0);
    play.textContent = "Pause";
    timer = setInterval(() => {
      model.set("n_steps", Math.min(model.get("max_steps"), model.get("n_steps") + 1));
      if (model.get("n_steps") >= model.get("max_steps")) toggle();
    }, 40);
    return undefined;
  }

  function pause() {
    clearInterval(timer);
    timer = null;
    play.textContent = still.matches ? "Run 100 steps" : "Play";
  }

  function rerun() {
    const rates = model.get("learning_rates");
    paths = {};
    for (const key of model.get("shown")) {
      paths[key] = race(model.get("surface"), key, rates[key], model.get("start"), model.get("max_steps"));
    }
    surface.value = model.get("surface");
    const { x_range: xs, y_range: ys } = ground(model);
    [xs, ys].forEach(([from, to], i) => {
      Object.assign(starts[i].input, { min: from, max: to });
      starts[i].set(model.get("start")[i]);
    });
    map.redraw(paths);
    update();
  }

  // Where an optimizer is now: its loss above the minimum and its distance, null once it has diverged.
  function standing(key) {
    const { minima } = ground(model);
    const { value } = SURFACES[model.get("surface")];
    const place = paths[key][model.get("n_steps")];
    if (!place || !(Math.hypot(...place) < FAR)) return null;
    return { loss: value(place) - value(minima[0]), away: distance(place, minima) };
  }

  function update() {
    const step = model.get("n_steps");
    steps.set(step);
    map.drawPaths();
    losses.redraw();
    const states = Object.fromEntries(Object.keys(paths).map((key) => [key, standing(key)]));
    rows.show(states);
    parts.output.setAttribute("aria-live", timer === null ? "polite" : "off");
    if (timer === null || step % 10 === 0) showNumbers(parts.output, [], summary(step, states));
  }

  function summary(step, states) {
    const running = Object.entries(states).filter(([, state]) => state !== null);
    const [x, y] = model.get("start");
    const where = `Step ${step} from ${point([x, y])}`;
    const words = running.sort(([, a], [, b]) => a.loss - b.loss).map(([key, { loss }]) => `${LANES[key].name} ${pretty(loss)}`);
    const lost = Object.keys(states).filter((key) => states[key] === null).map((key) => LANES[key].name);
    const diverged = lost.length ? ` Diverged: ${lost.join(", ")}.` : "";
    return running.length ? `${where}. Lowest loss first: ${words.join(", ")}.${diverged}` : `${where}: nothing to show.${diverged}`;
  }

  function drawLosses(chart) {
    const { minima } = ground(model);
    const { value } = SURFACES[model.get("surface")];
    const lowest = value(minima[0]);
    const last = Math.max(50, model.get("n_steps"));
    const first = value(model.get("start")) - lowest;
    const scale = { from: 1e-6, to: Math.max(1e-5, 10 * first), log: true, label: "loss (log scale)" };
    chart.axes({ from: 0, to: last, label: "step" }, scale, `Loss of each optimizer over ${model.get("n_steps")} steps.`);
    for (const [key, path] of Object.entries(paths)) {
      const walked = path.slice(0, model.get("n_steps") + 1);
      const ys = walked.map((place) => Math.min(1e9, value(place) - lowest));
      const { colour, dash } = LANES[key];
      chart.line(walked.map((_, i) => i), ys, { class: `${colour} cw-stroke`, "stroke-dasharray": dash });
    }
  }

  const inputs = ["surface", "start", "learning_rates", "shown", "max_steps"];
  const stops = [follow(model, ["n_steps"], update), follow(model, inputs, rerun)];
  pause();
  rerun();
  return () => [pause, ...stops, map.stop, () => losses.stop()].forEach((stop) => stop());
}

export { race, SURFACES };
export default { render };
