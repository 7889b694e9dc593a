// Multi-head attention on nested arrays, step by step: what course_lib's MultiHeadAttention computes.

// a (n, m) times the transpose of b (p, m), as nn.Linear multiplies by its weight.
function timesTransposed(a, b) {
  return a.map((row) => b.map((other) => row.reduce((sum, value, i) => sum + value * other[i], 0)));
}

// a (n, m) times b (m, p).
function times(a, b) {
  return a.map((row) => b[0].map((_, j) => row.reduce((sum, value, i) => sum + value * b[i][j], 0)));
}

function softmaxRow(row) {
  const largest = Math.max(...row);
  const powers = row.map((value) => Math.exp(value - largest));
  const total = powers.reduce((sum, value) => sum + value, 0);
  return powers.map((value) => value / total);
}

// The first `rows` rows and `columns` columns.
function corner(matrix, rows, columns) {
  return matrix.slice(0, rows).map((row) => row.slice(0, columns));
}

// Columns in blocks of d_head: (seq, n · d_head) to n matrices (seq, d_head).
function splitHeads(matrix, dHead) {
  const count = matrix[0].length / dHead;
  return Array.from({ length: count }, (_, i) => matrix.map((row) => row.slice(i * dHead, (i + 1) * dHead)));
}

// Every tensor of one sequence, from x (seq, d_model) to the output (seq, d_model).
function attend(x, weights, nHeads, nKvHeads) {
  const dHead = x[0].length / nHeads;
  const [q, k, v] = ["q", "k", "v"].map((name) => timesTransposed(x, weights[name]));
  const [qHeads, kHeads, vHeads] = [q, k, v].map((matrix) => splitHeads(matrix, dHead));
  const served = (head) => Math.floor(head / (nHeads / nKvHeads));
  const scores = qHeads.map((query, head) =>
    timesTransposed(query, kHeads[served(head)]).map((row) => row.map((value) => value / Math.sqrt(dHead))),
  );
  const shares = scores.map((matrix) => matrix.map(softmaxRow));
  const heads = shares.map((matrix, head) => times(matrix, vHeads[served(head)]));
  const joined = x.map((_, row) => heads.flatMap((matrix) => matrix[row]));
  const output = timesTransposed(joined, weights.out);
  return { q, k, v, qHeads, kHeads, vHeads, scores, shares, heads, joined, output };
}
