// Square matrices of shares, drawn as cells: who attends to whom.

// Clears a chart and fits it to its place, without axes; `label` is what a screen reader says.
function blank(chart, label) {
  chart.width = chart.figure.clientWidth || 340;
  chart.svg.setAttribute("viewBox", `0 0 ${chart.width} ${chart.height}`);
  chart.svg.setAttribute("aria-label", label);
  chart.svg.replaceChildren();
}

// The cells of many shares as one path for each of a few shades, so that a hundred matrices stay light.
const SHADES = [0.05, 0.15, 0.3, 0.5, 0.75, 1];

function shadedCells(parent, rows, { x, y, size }) {
  const paths = SHADES.map(() => "");
  rows.forEach((row, i) => row.forEach((share, j) => {
    if (share < SHADES[0] / 2) return;
    const shade = SHADES.findIndex((edge) => share <= edge + 1e-9);
    const [left, top] = [(x + j * size).toFixed(2), (y + i * size).toFixed(2)];
    paths[shade < 0 ? SHADES.length - 1 : shade] += `M${left} ${top}h${size}v${size}h${-size}z`;
  }));
  paths.forEach((d, k) => {
    if (d) draw(parent, "path", { class: "cw-blue cw-fill", d, "fill-opacity": SHADES[k] });
  });
}

// A share for people: "41 %", "3.2 %", "< 0.1 %".
function percent(share) {
  if (share > 0 && share < 0.001) return "< 0.1 %";
  return `${share === 0 || share >= 0.0995 ? Math.round(100 * share) : (100 * share).toFixed(1)} %`;
}
