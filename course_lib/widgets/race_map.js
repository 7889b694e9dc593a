// The map of a race: contour lines, the paths over them, and a ring to drag to another start.

// What the race's surface looks like: its label, minima and ranges.
function ground(model) {
  return model.get("surfaces")[model.get("surface")];
}

// `redraw(paths)` draws all of it, `drawPaths()` the paths alone, as far as `n_steps`.
function raceMap(parent, model, moveStart) {
  const contours = {};
  let paths = {}, moving;
  const chart = new Chart(parent, { height: 340, title: "Paths" }, drawMap);

  function drawMap() {
    const { x_range: xs, y_range: ys, minima, label } = ground(model);
    const name = model.get("surface");
    const { value } = SURFACES[name];
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
      const points = walked.map(([a, b]) => `${pin(chart.x(a))},${pin(chart.y(b))}`);
      const line = { class: `${colour} cw-stroke`, fill: "none", "stroke-dasharray": dash, "stroke-width": 2 };
      draw(moving, "polyline", { points: points.join(" "), ...line });
      const [cx, cy] = points.at(-1).split(",");
      draw(moving, "circle", { cx, cy, r: 5, class: `${colour} cw-fill cw-end` });
    }
    const place = { cx: chart.x(x), cy: chart.y(y) };
    draw(moving, "circle", { ...place, r: 9, class: "cw-ring" });
    draw(moving, "circle", { ...place, r: 22, class: "cw-handle" });
    chart.svg.setAttribute("aria-label", `Contour lines of ${ground(model).label}, with the paths of ${step} steps from ${point([x, y])}.`);
  }

  // The ring follows the pointer; elsewhere on the map a finger still scrolls the page.
  function place(event) {
    const box = chart.svg.getBoundingClientRect();
    const { left, right, top, bottom } = chart.box;
    const { x_range: xs, y_range: ys } = ground(model);
    const across = (event.clientX - box.left - left) / (right - left);
    const up = (bottom - (event.clientY - box.top)) / (bottom - top);
    moveStart([xs[0] + across * (xs[1] - xs[0]), ys[0] + up * (ys[1] - ys[0])]);
  }
  chart.svg.addEventListener("pointerdown", (down) => {
    if (!down.target.classList.contains("cw-handle")) return;
    down.preventDefault();
    const end = () => window.removeEventListener("pointermove", place);
    window.addEventListener("pointermove", place);
    for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, end, { once: true });
  });

  return {
    drawPaths,
    redraw(raced) {
      paths = raced;
      chart.redraw();
    },
    stop: () => chart.stop(),
  };
}

function point(place) {
  return `(${place.map(String).join(", ")})`.replaceAll("-", "−");
}
