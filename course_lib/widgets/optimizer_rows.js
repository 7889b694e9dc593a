// One row an optimizer: shown or not, its learning rate, its numbers.

const RATE_POWERS = { min: -4, max: 2, step: 0.1 }; // sliders hold log₁₀ of the learning rate

function optimizerRows({ root, output }, model) {
  const list = document.createElement("div");
  list.className = "cw-rows";
  root.insertBefore(list, output);
  const head = element(list, "div", "cw-row cw-row-head");
  for (const title of ["Optimizer", "Learning rate", "Loss", "Distance"]) element(head, "span", "", title);

  const rows = Object.entries(LANES).map(([key, { name, colour, dash }]) => {
    const row = element(list, "div", "cw-row");
    const shown = checkbox(row, name, (checked) => store(model, { shown: lanes(model, key, checked) }));
    const sample = draw(shown.parentElement, "svg", { width: 26, height: 10, "aria-hidden": "true" });
    const line = { class: `${colour} cw-stroke`, "stroke-width": 3, "stroke-dasharray": dash };
    draw(sample, "line", { x1: 0, y1: 5, x2: 26, y2: 5, ...line });
    const rate = slider(row, {
      label: "",
      ...RATE_POWERS,
      words: (power) => String(Number((10 ** power).toPrecision(3))),
      onInput: (power) => {
        const rates = { ...model.get("learning_rates"), [key]: Number((10 ** power).toPrecision(2)) };
        store(model, { learning_rates: rates, shown: lanes(model, key, true) });
      },
    });
    rate.input.setAttribute("aria-label", `Learning rate of ${name}`);
    const loss = element(row, "span", "cw-cell");
    const away = element(row, "span", "cw-cell");
    return { key, shown, rate, loss, away };
  });

  return {
    show(states) {
      for (const { key, shown, rate, loss, away } of rows) {
        shown.checked = key in states;
        rate.set(Math.log10(model.get("learning_rates")[key]));
        const state = states[key];
        loss.textContent = state ? pretty(state.loss) : state === null ? "diverged" : "–";
        away.textContent = state ? pretty(state.away) : "–";
      }
    },
  };
}

// The optimizers shown, once `key` is or is not; whoever moves a rate wants to see what it does.
function lanes(model, key, wanted) {
  const kept = model.get("shown");
  return Object.keys(LANES).filter((lane) => (lane === key ? wanted : kept.includes(lane)));
}
