// Point at a token and see what each head of a trained model makes it look at.

// Of one row of shares: the keys in falling order, and over how many tokens the row is spread: the
// number of equal shares with the same entropy.
function readRow(shares) {
  const order = shares.map((_, key) => key).sort((a, b) => shares[b] - shares[a] || a - b);
  const entropy = shares.reduce((sum, share) => sum - (share > 0 ? share * Math.log(share) : 0), 0);
  return { order, spread: Math.exp(entropy) };
}

// How much the rows of one head look, on average, at the token before, at themselves and at the
// first token. The first row has no choice and is left out.
function readHead(rows) {
  const mean = (key) => rows.slice(1).reduce((sum, row, i) => sum + (row[key(i + 1)] ?? 0), 0) / Math.max(1, rows.length - 1);
  return { before: mean((i) => i - 1), itself: mean((i) => i), first: mean(() => 0) };
}

function render({ model, el }) {
  const parts = frame(
    el,
    "attention-viewer",
    "Attention viewer: what each word looks at",
    "Try this: move over the words, or drag the slider. Then try every head. Which ones look at the word before, whatever the words are? Which ones jump?",
  );
  const { sentences, weights } = Object.fromEntries(["sentences", "weights"].map((name) => [name, model.get(name)]));
  const [nLayers, nHeads] = [weights[0].length, weights[0][0].length];
  const chosen = () => {
    const [s, l, h, t] = ["sentence", "layer", "head", "token"].map((name) => model.get(name));
    return [s, l, h, Math.min(t, sentences[s].length - 1)];
  };
  const titles = sentences.map((words, k) => [k, `${words.slice(0, 5).join(" ")} …`]);
  const onSentence = (value) => store(model, { sentence: Number(value) });
  const sentence = select(parts.controls, { label: "Sentence", options: titles, onChange: onSentence });
  const layer = slider(parts.controls, { label: "Layer", min: 1, max: nLayers, step: 1, short: true, words: (value) => `${value} of ${nLayers}`, onInput: (value) => store(model, { layer: value - 1 }) });
  const head = slider(parts.controls, { label: "Head", min: 1, max: nHeads, step: 1, short: true, words: (value) => `${value} of ${nHeads}`, onInput: (value) => store(model, { head: value - 1 }) });
  const token = slider(parts.controls, { label: "Word that looks", min: 1, max: 1, step: 1, words: (value) => `“${sentences[model.get("sentence")][value - 1]}”`, onInput: (value) => store(model, { token: value - 1 }) });
  const texts = wordsToPointAt(parts, sentences, (k) => store(model, { token: k }));
  const matrix = new Chart(parts.charts, { height: 300, title: "This head: row looks at column" }, drawMatrix);
  const overview = new Chart(parts.charts, { height: 300, title: "All heads: choose one" }, drawOverview);

  function update() {
    const [s, l, h, t] = chosen();
    const words = sentences[s];
    const shares = weights[s][l][h][t];
    sentence.value = s;
    token.input.max = words.length;
    [[layer, l], [head, h], [token, t]].forEach(([control, value]) => control.set(value + 1));
    texts.show(s, t, shares);
    matrix.redraw();
    overview.redraw();
    const { order, spread } = readRow(shares);
    const { before, itself, first } = readHead(weights[s][l][h]);
    const most = order.slice(0, 3).filter((key) => shares[key] >= 0.01);
    const listed = most.map((key) => `“${words[key]}” (word ${key + 1}) ${percent(shares[key])}`);
    showNumbers(
      parts.output,
      [
        ["Spread over", `${spread.toFixed(1)} words`, "cw-blue"],
        ["Head: before", percent(before), "cw-ink"],
        ["Head: itself", percent(itself), "cw-ink"],
        ["Head: first", percent(first), "cw-ink"],
      ],
      `Layer ${l + 1}, head ${h + 1}: “${words[t]}” (word ${t + 1}) looks at ${listed.join(", ")}.`,
    );
  }

  function drawMatrix(chart) {
    const [s, l, h, t] = chosen();
    const words = sentences[s];
    blank(chart, `Weights of layer ${l + 1}, head ${h + 1}: a row for each of ${words.length} words, a column for each word it may look at.`);
    const left = 92;
    const height = (chart.height - 8) / words.length;
    const width = Math.min((chart.width - left - 4) / words.length, height);
    words.forEach((word, i) => {
      const y = 4 + i * height;
      const bold = i === t ? { class: "cw-label", style: "font-weight: 700" } : {};
      chart.text(left - 6, y + height / 2 + 4, short(word), { "text-anchor": "end", ...bold });
      const shares = weights[s][l][h][i];
      for (let j = 0; j < Math.max(i + 1, shares.length); j += 1) {
        const place = { x: left + j * width, y, width, height };
        draw(chart.svg, "rect", { class: "cw-pale-stroke", "fill-opacity": 0, ...place });
        if (shares[j] > 0) draw(chart.svg, "rect", { class: "cw-blue cw-fill", "fill-opacity": shares[j], ...place });
      }
    });
    draw(chart.svg, "rect", { class: "cw-frame", x: left, y: 4 + t * height, width: (t + 1) * width, height });
    const area = { x: 0, y: 4, width: left + words.length * width, height: words.length * height };
    pointAt(draw(chart.svg, "rect", { class: "cw-pointable", ...area }), (event) => {
      const row = Math.floor((event.clientY - chart.svg.getBoundingClientRect().top - 4) / height);
      store(model, { token: Math.max(0, Math.min(words.length - 1, row)) });
    });
  }

  function drawOverview(chart) {
    const [s, l, h] = chosen();
    const n = sentences[s].length;
    blank(chart, `The weights of all ${nLayers} layers of ${nHeads} heads in small; layer ${l + 1}, head ${h + 1} is chosen.`);
    const [left, top, gap] = [56, 22, 8];
    const size = Math.min((chart.width - left) / nHeads, (chart.height - top) / nLayers) - gap;
    for (let j = 0; j < nHeads; j += 1) chart.text(left + j * (size + gap) + size / 2, 14, `head ${j + 1}`, { "text-anchor": "middle" });
    for (let i = 0; i < nLayers; i += 1) {
      const y = top + i * (size + gap);
      chart.text(0, y + size / 2 + 4, `layer ${i + 1}`);
      for (let j = 0; j < nHeads; j += 1) {
        const x = left + j * (size + gap);
        const here = i === l && j === h;
        draw(chart.svg, "rect", { class: here ? "cw-frame" : "cw-pale-stroke", "fill-opacity": 0, x: x - 2, y: y - 2, width: size + 4, height: size + 4 });
        shadedCells(chart.svg, weights[s][i][j], { x, y, size: size / n });
        const place = { x: x - 2, y: y - 2, width: size + 4, height: size + 4 };
        draw(chart.svg, "rect", { class: "cw-pointable", ...place }).addEventListener("click", () => store(model, { layer: i, head: j }));
      }
    }
  }

  const stop = follow(model, ["sentence", "layer", "head", "token"], update);
  update();
  return () => [stop, () => matrix.stop(), () => overview.stop()].forEach((end) => end());
}

// The sentences, one above the other in the same place so that the longest keeps the room; each word
// carries its share, and being pointed at makes it the word that looks.
function wordsToPointAt({ root, charts }, sentences, choose) {
  const stack = element(null, "div", "cw-stack");
  stack.setAttribute("aria-hidden", "true"); // the slider and the numbers say the same
  root.insertBefore(stack, charts);
  const texts = sentences.map((words) => {
    const line = element(stack, "div", "cw-words");
    return words.map((word, k) => {
      const box = element(line, "span", "cw-word");
      element(box, "span", "", word);
      const share = element(box, "span", "cw-share");
      pointAt(box, () => choose(k));
      return { box, share };
    });
  });
  return {
    show(sentence, token, shares) {
      [...stack.children].forEach((line, k) => line.classList.toggle("cw-hidden", k !== sentence));
      texts[sentence].forEach(({ box, share }, k) => {
        const weight = shares[k] ?? 0;
        box.classList.toggle("cw-looks", k === token);
        box.classList.toggle("cw-future", k > token);
        box.style.setProperty("--share", `${(50 * weight).toFixed(1)}%`);
        share.textContent = k > token ? "" : weight < 0.005 ? "·" : (100 * weight).toFixed(0);
      });
    },
  };
}

// A mouse points by moving over; a finger by tapping, so that it can still scroll the page.
function pointAt(node, act) {
  node.addEventListener("pointermove", (event) => event.pointerType === "mouse" && act(event));
  node.addEventListener("click", act);
}

function short(word) {
  return word.length > 12 ? `${word.slice(0, 11)}…` : word;
}

export { readRow, readHead };
export default { render };
