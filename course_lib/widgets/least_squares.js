// Minimum-norm least squares on 1, x, …, x^degree, as fit_least_squares solves it in Python.

// A = U Σ Vᵀ by one-sided Jacobi rotations (Hestenes 1958; Demmel and Veselić 1992): columns are
// rotated in pairs until all are orthogonal. `columns` becomes U Σ; the columns of V come back.
// Pairs whose smaller column is rounding noise, below `dust`, are left alone: it is dropped later anyway.
function orthogonalize(columns, dust) {
  const n = columns.length;
  const v = columns.map((_, j) => Float64Array.from({ length: n }, (_, i) => (i === j ? 1 : 0)));
  for (let sweep = 0; sweep < 60; sweep += 1) {
    let rotated = false;
    for (let p = 0; p < n - 1; p += 1) {
      for (let q = p + 1; q < n; q += 1) {
        const a = dot(columns[p], columns[p]);
        const b = dot(columns[q], columns[q]);
        const c = dot(columns[p], columns[q]);
        if (Math.abs(c) <= 1e-15 * Math.sqrt(a * b) || Math.min(a, b) <= dust * dust) continue;
        const zeta = (b - a) / (2 * c);
        const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
        const cosine = 1 / Math.hypot(1, tangent);
        rotate(columns[p], columns[q], cosine, cosine * tangent);
        rotate(v[p], v[q], cosine, cosine * tangent);
        rotated = true;
      }
    }
    if (!rotated) break;
  }
  return v;
}

function rotate(left, right, cosine, sine) {
  for (let i = 0; i < left.length; i += 1) {
    const x = left[i];
    left[i] = cosine * x - sine * right[i];
    right[i] = sine * x + cosine * right[i];
  }
}

function dot(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += a[i] * b[i];
  return sum;
}

// The pseudo-inverse of the features of `x`, as a list of [u, v] with weights = Σ v (u · y).
// Singular values below `rcond` times the largest one count as zero.
function pseudoInverse(x, degree, rcond) {
  const columns = Array.from({ length: degree + 1 }, (_, power) => Float64Array.from(x, (t) => t ** power));
  const bound = Math.sqrt(columns.reduce((sum, column) => sum + dot(column, column), 0));
  const v = orthogonalize(columns, 1e-3 * rcond * bound);
  const squares = columns.map((column) => dot(column, column));
  const cut = rcond ** 2 * Math.max(...squares);
  const kept = [...columns.keys()].filter((j) => squares[j] > cut);
  return kept.map((j) => [columns[j].map((value) => value / squares[j]), v[j]]);
}

function solve(inverse, y, degree) {
  const weights = new Float64Array(degree + 1);
  for (const [u, v] of inverse) {
    const amount = dot(u, y);
    for (let k = 0; k <= degree; k += 1) weights[k] += amount * v[k];
  }
  return weights;
}

function fit(x, y, degree, rcond) {
  return solve(pseudoInverse(x, degree, rcond), y, degree);
}

// The polynomial's values by Horner's rule; weights in increasing powers.
function evaluate(weights, x) {
  return Array.from(x, (t) => weights.reduceRight((sum, weight) => sum * t + weight, 0));
}

function rmse(predicted, observed) {
  const squares = predicted.map((value, i) => (value - observed[i]) ** 2);
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
}

function grid(from, to, count) {
  return Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));
}
