// Matrices as grids of tinted cells with their numbers.

const ROW = 19; // pixels
const HEAD_COLOURS = ["cw-blue", "cw-vermillion", "cw-green", "cw-purple"];

const number = (value, digits) => value.toFixed(digits).replace(/^-(0\.0*)$/, "$1").replace("-", "−");

function spoken(matrix, digits) {
  return matrix.map((row, i) => `Row ${i + 1}: ${row.map((value) => number(value, digits)).join(", ")}.`).join(" ");
}

// A cell's tint: the more, the further from zero. Blue above, vermillion below.
function tint(value, largest) {
  const opacity = (0.55 * Math.min(1, Math.abs(value) / (largest || 1))).toFixed(3);
  return { class: `${value < 0 ? "cw-vermillion" : "cw-blue"} cw-fill`, "fill-opacity": opacity };
}

// One matrix with its numbers; `block` columns stand together, and head `chosen` is framed.
function drawMatrix(chart, matrix, { block, chosen, colour, digits = 1 }) {
  const columns = matrix[0].length;
  const gap = block ? 5 : 0;
  const nGaps = block ? columns / block - 1 : 0;
  const cell = Math.min(42, (chart.width - 2 - gap * nGaps) / columns);
  const left = (column) => 1 + column * cell + (block ? gap * Math.floor(column / block) : 0);
  const largest = Math.max(...matrix.flat().map(Math.abs));
  matrix.forEach((row, i) =>
    row.forEach((value, j) => {
      const x = left(j), y = 1 + i * ROW;
      draw(chart.svg, "rect", { x, y, width: cell - 1, height: ROW - 1, ...tint(value, largest) });
      const middle = { x: x + cell / 2 - 0.5, y: y + 13.5, "text-anchor": "middle", class: "cw-cell-number" };
      draw(chart.svg, "text", middle, number(value, digits));
    }),
  );
  const rim = (from, to, index) =>
    draw(chart.svg, "rect", {
      x: left(from) - 1, y: 0, width: left(to) + cell - left(from) + 1, height: matrix.length * ROW + 1,
      fill: "none", "stroke-width": 2.5, class: `${HEAD_COLOURS[(index - 1) % 4]} cw-stroke`,
    });
  if (block) rim((chosen - 1) * block, chosen * block - 1, chosen);
  if (colour) rim(0, columns - 1, colour);
}

// All heads' weights as shades, four heads a row; the chosen one is framed.
function drawAll(chart, matrices, { chosen }) {
  const n = matrices[0].length;
  const across = Math.min(4, matrices.length);
  const down = Math.ceil(matrices.length / across);
  const side = Math.min((chart.width - 8 * across) / across, (chart.height - 18 * down) / down, 120);
  matrices.forEach((matrix, head) => {
    const x0 = 2 + (head % across) * (side + 8), y0 = 15 + Math.floor(head / across) * (side + 18);
    draw(chart.svg, "text", { x: x0, y: y0 - 4 }, `head ${head + 1}`);
    matrix.forEach((row, i) =>
      row.forEach((value, j) => {
        const place = { x: x0 + (j * side) / n, y: y0 + (i * side) / n, width: side / n - 0.5, height: side / n - 0.5 };
        draw(chart.svg, "rect", { ...place, class: "cw-blue cw-fill", "fill-opacity": value.toFixed(3) });
      }),
    );
    const framed = head + 1 === chosen;
    const rim = { class: `${framed ? "cw-ink" : "cw-grey"} cw-stroke`, "stroke-width": framed ? 2.5 : 0.7 };
    draw(chart.svg, "rect", { x: x0, y: y0, width: side, height: side, fill: "none", ...rim });
  });
}
