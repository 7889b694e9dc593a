// Charts drawn as SVG at the page's own pixels: text stays readable at any width, no library needed.

const SVG = "http://www.w3.org/2000/svg";

function draw(parent, tag, attributes = {}, text = null) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== null) node.textContent = text;
  parent.append(node);
  return node;
}

// Round numbers that cut [low, high] into about `count` steps; powers of ten when `log`.
function ticks(low, high, count, log = false) {
  const values = [];
  if (log) {
    const first = Math.ceil(Math.log10(low) - 1e-9);
    const last = Math.floor(Math.log10(high) + 1e-9);
    const stride = Math.max(1, Math.ceil((last - first) / count));
    for (let power = first; power <= last; power += stride) values.push(10 ** power);
    return values;
  }
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
  const first = Math.ceil(low / step - 1e-9);
  for (let k = first; k * step <= high + 1e-9 * step; k += 1) values.push(k * step);
  return values;
}

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

function powerOfTen(value) {
  const power = Math.round(Math.log10(value));
  if (power >= -2 && power <= 3) return String(Number((10 ** power).toPrecision(1)));
  const digits = String(Math.abs(power)).replace(/\d/g, (digit) => SUPERSCRIPTS[digit]);
  return `10${power < 0 ? "⁻" : ""}${digits}`;
}

// A number for people: three significant digits, with a power of ten when it is far from 1.
function pretty(value) {
  if (!Number.isFinite(value)) return "∞";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e5 || size < 1e-4)) {
    const [mantissa, power] = value.toExponential(1).split("e");
    const digits = power.replace(/\d/g, (digit) => SUPERSCRIPTS[digit]);
    return `${mantissa.replace("-", "−")} × 10${digits.replace("+", "").replace("-", "⁻")}`;
  }
  if (size === 0) return "0";
  return (size >= 100 ? value.toFixed(0) : value.toPrecision(3)).replace("-", "−");
}

// A chart of fixed height in `parent`. `redraw(chart)` paints it, now and whenever its width changes.
class Chart {
  constructor(parent, { height, title }, redraw) {
    const figure = document.createElement("div");
    figure.className = "cw-chart";
    const heading = document.createElement("div");
    heading.className = "cw-title";
    heading.textContent = title;
    figure.append(heading);
    parent.append(figure);
    this.height = height;
    this.svg = draw(figure, "svg", { role: "img", height });
    this.redraw = () => redraw(this);
    this.observer = new ResizeObserver(() => {
      if (figure.clientWidth !== this.width) this.redraw();
    });
    this.observer.observe(figure);
    this.figure = figure;
    this.clip = `cw-clip-${Math.random().toString(36).slice(2)}`;
  }

  // Clears the chart and draws its axes; `x` and `y` are { from, to, log, label, ticks }.
  axes(x, y, label) {
    this.width = this.figure.clientWidth || 340;
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${this.height}`);
    this.svg.setAttribute("aria-label", label);
    this.svg.replaceChildren();
    const box = { left: 50, right: this.width - 16, top: 20, bottom: this.height - 38 };
    this.box = box;
    this.x = scale(x, box.left, box.right);
    this.y = scale(y, box.bottom, box.top);
    for (const value of x.ticks ?? ticks(x.from, x.to, this.width / 65, x.log)) {
      const at = this.x(value);
      draw(this.svg, "line", { class: "cw-grid", x1: at, x2: at, y1: box.top, y2: box.bottom });
      this.text(at, box.bottom + 16, tickLabel(value, x), { "text-anchor": "middle" });
    }
    for (const value of y.ticks ?? ticks(y.from, y.to, this.height / 60, y.log)) {
      const at = this.y(value);
      draw(this.svg, "line", { class: "cw-grid", x1: box.left, x2: box.right, y1: at, y2: at });
      this.text(box.left - 6, at + 4, tickLabel(value, y), { "text-anchor": "end" });
    }
    const middle = (box.left + box.right) / 2;
    this.text(middle, this.height - 6, x.label, { "text-anchor": "middle", class: "cw-label" });
    this.text(box.left - 44, 12, y.label, { class: "cw-label" });
    const clip = draw(draw(this.svg, "defs"), "clipPath", { id: this.clip });
    const size = { width: box.right - box.left, height: box.bottom - box.top };
    draw(clip, "rect", { x: box.left, y: box.top, ...size });
    this.layer = draw(this.svg, "g", { "clip-path": `url(#${this.clip})` });
  }

  text(x, y, words, attributes = {}) {
    return draw(this.svg, "text", { x, y, ...attributes }, words);
  }

  line(xs, ys, attributes) {
    let path = "";
    for (let i = 0; i < xs.length; i += 1) {
      // Far outside the frame a coordinate only makes the path longer: pin it there.
      const y = Math.max(-2e4, Math.min(2e4, this.y(ys[i])));
      path += `${i ? "L" : "M"}${this.x(xs[i]).toFixed(2)} ${y.toFixed(2)}`;
    }
    return draw(this.layer, "path", { fill: "none", d: path, ...attributes });
  }

  dots(xs, ys, attributes) {
    xs.forEach((x, i) => draw(this.layer, "circle", { cx: this.x(x), cy: this.y(ys[i]), ...attributes }));
  }

  // Words beside a line, on a halo of the card's colour.
  note(x, y, words, attributes = {}) {
    const right = this.x(x) > this.box.right - 90;
    const anchor = { "text-anchor": right ? "end" : "start" };
    this.text(this.x(x), y, words, { ...anchor, ...attributes, class: `cw-note ${attributes.class ?? ""}` });
  }

  stop() {
    this.observer.disconnect();
  }
}

function tickLabel(value, axis) {
  if (axis.log) return powerOfTen(value);
  return String(Number(value.toFixed(6))).replace("-", "−");
}

function scale({ from, to, log = false }, start, end) {
  if (!log) return (value) => start + ((value - from) / (to - from)) * (end - start);
  const low = Math.log(from);
  const span = Math.log(to) - low;
  return (value) => start + ((Math.log(Math.max(value, 1e-300)) - low) / span) * (end - start);
}
