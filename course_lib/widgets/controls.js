// Native controls with their labels: the keyboard, touch and screen readers work by themselves.

function element(parent, tag, className = "", text = null) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== null) node.textContent = text;
  if (parent) parent.append(node);
  return node;
}

// The widget's frame: what to try, then rows for controls, charts and numbers.
function frame(el, name, title, advice) {
  const root = element(el, "div", "course-widget");
  root.dataset.widget = name;
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", title);
  element(root, "p", "cw-advice", advice);
  const controls = element(root, "div", "cw-controls");
  const charts = element(root, "div", "cw-charts");
  const output = element(root, "output", "cw-numbers");
  output.setAttribute("aria-live", "polite");
  return { root, controls, charts, output };
}

// A range input. `words(value)` is what stands beside it and what a screen reader says.
function slider(parent, { label, min, max, step, words, onInput, short = false }) {
  const box = element(parent, "label", `cw-slider ${short ? "cw-short" : ""}`);
  const head = element(box, "span", "cw-slider-head");
  element(head, "span", "", label);
  const shown = element(head, "span", "cw-value");
  const input = element(box, "input");
  Object.assign(input, { type: "range", min, max, step });
  input.addEventListener("input", () => onInput(Number(input.value)));
  return {
    input,
    set(value) {
      input.value = value;
      shown.textContent = words(value);
      input.setAttribute("aria-valuetext", words(value));
    },
  };
}

function button(parent, text, onClick) {
  const node = element(parent, "button", "cw-button", text);
  node.type = "button";
  node.addEventListener("click", onClick);
  return node;
}

function select(parent, { label, options, onChange }) {
  const box = element(parent, "label", "cw-select");
  element(box, "span", "", label);
  const input = element(box, "select");
  for (const [value, text] of options) {
    const option = element(input, "option", "", text);
    option.value = value;
  }
  input.addEventListener("change", () => onChange(input.value));
  return input;
}

function checkbox(parent, label, onChange) {
  const box = element(parent, "label", "cw-checkbox");
  const input = element(box, "input");
  input.type = "checkbox";
  element(box, "span", "", label);
  input.addEventListener("change", () => onChange(input.checked));
  return input;
}

// Numbers with their names, in the widget's <output>; each is [name, number, CSS class of its colour].
function showNumbers(output, numbers, sentence = "") {
  output.replaceChildren();
  for (const [name, value, colour] of numbers) {
    const cell = element(output, "span", "cw-number");
    element(cell, "span", `cw-name ${colour ?? ""}`, `${name} `);
    element(cell, "span", "cw-digits", value);
    output.append(" ");
  }
  if (sentence) element(output, "span", "cw-sentence", sentence);
}

// Writes traits to the model and tells Python, where there is one.
function store(model, traits) {
  for (const [name, value] of Object.entries(traits)) model.set(name, value);
  model.save_changes();
}

// Calls `update` whenever one of the traits changes, here or in Python; returns the way to stop.
function follow(model, names, update) {
  for (const name of names) model.on(`change:${name}`, update);
  return () => names.forEach((name) => model.off(`change:${name}`, update));
}
