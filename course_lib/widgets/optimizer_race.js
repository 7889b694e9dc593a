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
  let paths, timer = null, contours = {}, moving;

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
  const map = new Chart(parts.charts, { height: 340, title: "Paths" }, drawMap);
  const losses = new Chart(parts.charts, { height: 340, title: "Loss above the minimum" }, drawLosses);
  const rows = optimizerRows(parts, model);

  function chooseSurface(name) {
    pause();
    const { start, learning_rates } = model.get("surfaces")[name];
    store(model, { surface: name, start, learning_rates });
  }

  function moveStart(point) {
    const { x_range: xs, y_range: ys } = ground();
    const inside = [xs, ys].map(([from, to], i) => Math.min(to, Math.max(from, point[i])));
    store(model, { start: inside.map((value) => Math.round(100 * value) / 100) });
  }

  function ground() {
    return model.get("surfaces")[model.get("surface")];
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
    const { x_range: xs, y_range: ys } = ground();
    [xs, ys].forEach(([from, to], i) => {
      Object.assign(starts[i].input, { min: from, max: to });
      starts[i].set(model.get("start")[i]);
    });
    map.redraw();
    update();
  }

  // Where an optimizer is now: its loss above the minimum and its distance, null once it has diverged.
  function standing(key) {
    const { minima } = ground();
    const { value } = SURFACES[model.get("surface")];
    const place = paths[key][model.get("n_steps")];
    if (!place || !(Math.hypot(...place) < FAR)) return null;
    return { loss: value(place) - value(minima[0]), away: distance(place, minima) };
  }

  function update() {
    const step = model.get("n_steps");
    steps.set(step);
    drawPaths();
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

  function drawMap(chart) {
    const { x_range: xs, y_range: ys, minima, label } = ground();
    const { value } = SURFACES[model.get("surface")];
    const name = model.get("surface");
    const axes = [{ from: xs[0], to: xs[1], label: "x" }, { from: ys[0], to: ys[1], label: "y" }];
    chart.axes(...axes, `Contour lines of ${label}`);
    const lowest = value(minima[0]);
    const levels = model.get("levels").map((height) => lowest + height);
    contours[name] ??= levels.map((level) => contour(value, xs, ys, level));
    contours[name].forEach((segments) => {
      const line = ([a, b, c, d]) => `M${chart.x(a).toFixed(1)} ${chart.y(b).toFixed(1)}L${chart.x(c).toFixed(1)} ${chart.y(d).toFixed(1)}`;
      draw(chart.layer, "path", { class: "cw-contour", d: segments.map(line).join("") });
    });
    for (const [x, y] of minima) chart.text(chart.x(x), chart.y(y) + 7, "★", { class: "cw-star", "text-anchor": "middle" });
    moving = draw(chart.layer, "g");
    drawPaths();
  }

  function drawPaths() {
    if (!moving) return;
    const step = model.get("n_steps");
    const [x, y] = model.get("start");
    moving.replaceChildren();
    for (const [key, path] of Object.entries(paths)) {
      const walked = path.slice(0, step + 1);
      const { colour, dash } = LANES[key];
      const pin = (at) => Math.max(-1e4, Math.min(1e4, at)).toFixed(1);
      const points = walked.map(([a, b]) => `${pin(map.x(a))},${pin(map.y(b))}`);
      const line = { class: `${colour} cw-stroke`, fill: "none", "stroke-dasharray": dash, "stroke-width": 2 };
      draw(moving, "polyline", { points: points.join(" "), ...line });
      const [cx, cy] = points.at(-1).split(",");
      draw(moving, "circle", { cx, cy, r: 5, class: `${colour} cw-fill cw-end` });
    }
    const place = { cx: map.x(x), cy: map.y(y) };
    draw(moving, "circle", { ...place, r: 9, class: "cw-ring" });
    draw(moving, "circle", { ...place, r: 22, class: "cw-handle" });
    map.svg.setAttribute("aria-label", `Contour lines of ${ground().label}, with the paths of ${step} steps from ${point([x, y])}.`);
  }

  function drawLosses(chart) {
    const { minima } = ground();
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

  // The ring follows the pointer; elsewhere on the map a finger still scrolls the page.
  function place(event) {
    const box = map.svg.getBoundingClientRect();
    const { left, right, top, bottom } = map.box;
    const { x_range: xs, y_range: ys } = ground();
    const across = (event.clientX - box.left - left) / (right - left);
    const up = (bottom - (event.clientY - box.top)) / (bottom - top);
    moveStart([xs[0] + across * (xs[1] - xs[0]), ys[0] + up * (ys[1] - ys[0])]);
  }
  map.svg.addEventListener("pointerdown", (down) => {
    if (!down.target.classList.contains("cw-handle")) return;
    down.preventDefault();
    const end = () => window.removeEventListener("pointermove", place);
    window.addEventListener("pointermove", place);
    for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, end, { once: true });
  });

  const inputs = ["surface", "start", "learning_rates", "shown", "max_steps"];
  const stops = [follow(model, ["n_steps"], update), follow(model, inputs, rerun)];
  pause();
  rerun();
  return () => [pause, ...stops, () => map.stop(), () => losses.stop()].forEach((stop) => stop());
}

function point(place) {
  return `(${place.map(String).join(", ")})`.replaceAll("-", "−");
}

export { race, SURFACES };
export default { render };
