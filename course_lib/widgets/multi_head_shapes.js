// Walk through multi-head attention: at each step three matrices with their shapes and numbers.

const SIZES = ["batch", "seq", "d_model", "n_heads", "n_kv_heads"];
const NUMBERS = ["x", "q_weight", "k_weight", "v_weight", "out_weight"];

function divisors(number) {
  return Array.from({ length: number }, (_, i) => i + 1).filter((divisor) => number % divisor === 0);
}

function render({ model, el }) {
  const parts = frame(
    el,
    "multi-head-shapes",
    "Multi-head attention, step by step",
    "Try this: go through the steps with Next. Then halve the key and value heads: what gets smaller, and what stays?",
  );
  const steps = slider(parts.controls, {
    label: "Step",
    min: 1,
    max: STEPS.length,
    step: 1,
    words: (value) => `${value} of ${STEPS.length}: ${STEPS[value - 1].name}`,
    onInput: (value) => store(model, { step: value }),
  });
  const turn = (by) => store(model, { step: ((model.get("step") - 1 + by + STEPS.length) % STEPS.length) + 1 });
  const buttons = element(parts.controls, "div", "cw-buttons");
  button(buttons, "Start", () => store(model, { step: 1 }));
  button(buttons, "Back", () => turn(-1));
  button(buttons, "Next", () => turn(1));
  const head = slider(parts.controls, {
    label: "Head",
    short: true,
    min: 1,
    step: 1,
    words: (value) => `${value} of ${model.get("n_heads")}`,
    onInput: (value) => store(model, { head: value }),
  });
  const pick = (name, label) => select(parts.controls, { label, options: [], onChange: (value) => resize(name, Number(value)) });
  const lists = Object.fromEntries(SIZES.map((name) => [name, pick(name, name)]));
  const sheets = [0, 1, 2].map((i) => new Chart(parts.charts, { height: 8 * ROW + 4, title: "\u00a0" }, (chart) => drawSheet(chart, i)));
  let shown = [], busy = false;

  // Sizes must divide one another: those that no longer do move to the nearest that does, downwards.
  function resize(name, value) {
    const sizes = Object.fromEntries(SIZES.map((key) => [key, model.get(key)]));
    sizes[name] = value;
    const below = (choices, wanted) => Math.max(...choices.filter((choice) => choice <= wanted));
    sizes.n_heads = below(divisors(sizes.d_model), sizes.n_heads);
    sizes.n_kv_heads = below(divisors(sizes.n_heads), sizes.n_kv_heads);
    busy = true;
    store(model, { ...sizes, head: Math.min(model.get("head"), sizes.n_heads) });
    busy = false;
    update();
  }

  function update() {
    if (busy) return;
    const s = Object.fromEntries([...SIZES, ...NUMBERS, "head", "step"].map((name) => [name, model.get(name)]));
    s.d_head = s.d_model / s.n_heads;
    s.kvHead = Math.floor((s.head - 1) / (s.n_heads / s.n_kv_heads)) + 1;
    const step = STEPS[s.step - 1];
    shown = step.sheets(s, walk(s));
    fill(s);
    steps.set(s.step);
    Object.assign(head.input, { max: s.n_heads, disabled: s.n_heads === 1 });
    head.set(s.head);
    sheets.forEach((chart) => chart.redraw());
    const kvWidth = s.n_kv_heads * s.d_head;
    showNumbers(
      parts.output,
      [
        ["d_head", String(s.d_head), "cw-ink"],
        ["q", shape(s.batch, s.n_heads, s.seq, s.d_head), "cw-blue"],
        ["k and v, each", shape(s.batch, s.n_kv_heads, s.seq, s.d_head), "cw-vermillion"],
        ["scores", shape(s.batch, s.n_heads, s.seq, s.seq), "cw-green"],
        ["weights to learn", String(2 * s.d_model * s.d_model + 2 * s.d_model * kvWidth), "cw-ink"],
        ["cached per token", `${2 * kvWidth} numbers`, "cw-ink"],
      ],
      `${step.words(s)} Head ${s.head} of ${s.n_heads} uses key and value head ${s.kvHead} of ${s.n_kv_heads}.`,
    );
  }

  function fill(s) {
    const choices = {
      batch: s.x.map((_, i) => i + 1),
      seq: s.x[0].map((_, i) => i + 1).slice(1),
      d_model: [4, 6, 8],
      n_heads: divisors(s.d_model),
      n_kv_heads: divisors(s.n_heads),
    };
    for (const [name, numbers] of Object.entries(choices)) {
      const list = lists[name];
      if ([...list.options].map((option) => option.value).join() !== numbers.join()) {
        list.replaceChildren();
        for (const number of numbers) element(list, "option", "", String(number)).value = number;
      }
      list.value = s[name];
    }
  }

  function drawSheet(chart, i) {
    chart.width = chart.figure.clientWidth || 310;
    chart.svg.setAttribute("viewBox", `0 0 ${chart.width} ${chart.height}`);
    chart.svg.replaceChildren();
    const heading = chart.figure.querySelector(".cw-title");
    if (!shown[i]) {
      heading.textContent = "\u00a0";
      chart.svg.setAttribute("aria-label", "Not used at this step.");
      return;
    }
    const [title, matrix, how] = shown[i];
    heading.textContent = title;
    chart.svg.setAttribute("aria-label", how.small ? `${title}, as shades.` : `${title}. ${spoken(matrix, how.digits ?? 1)}`);
    if (how.small) drawAll(chart, matrix, how);
    else drawMatrix(chart, matrix, how);
  }

  const stops = [follow(model, [...SIZES, ...NUMBERS, "head", "step"], update)];
  update();
  return () => [...stops, ...sheets.map((chart) => () => chart.stop())].forEach((stop) => stop());
}

export { attend, walk, STEPS };
export default { render };
