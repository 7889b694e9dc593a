// Contour lines by marching squares: [[x1, y1, x2, y2], …] where the surface crosses `level`.

function contour(value, [xFrom, xTo], [yFrom, yTo], level, cells = 70) {
  const xs = Array.from({ length: cells + 1 }, (_, i) => xFrom + ((xTo - xFrom) * i) / cells);
  const ys = Array.from({ length: cells + 1 }, (_, j) => yFrom + ((yTo - yFrom) * j) / cells);
  const heights = ys.map((y) => xs.map((x) => value([x, y]) - level));
  const segments = [];
  for (let j = 0; j < cells; j += 1) {
    for (let i = 0; i < cells; i += 1) {
      const corners = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]];
      const crossings = [];
      corners.forEach(([a, b], k) => {
        const [c, d] = corners[(k + 1) % 4];
        const [from, to] = [heights[b][a], heights[d][c]];
        if (from < 0 === to < 0) return;
        const share = from / (from - to);
        crossings.push(xs[a] + share * (xs[c] - xs[a]), ys[b] + share * (ys[d] - ys[b]));
      });
      for (let k = 0; k + 3 < crossings.length; k += 4) segments.push(crossings.slice(k, k + 4));
    }
  }
  return segments;
}
