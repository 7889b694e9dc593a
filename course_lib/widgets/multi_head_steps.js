// The steps of multi-head attention: what each is called, says and shows.

// The weights of a model as small as chosen: corners of the large ones.
function weightsOf(state) {
  const { d_model: width, n_heads: heads, n_kv_heads: kvHeads } = state;
  const kvWidth = (width / heads) * kvHeads;
  return {
    q: corner(state.q_weight, width, width),
    k: corner(state.k_weight, kvWidth, width),
    v: corner(state.v_weight, kvWidth, width),
    out: corner(state.out_weight, width, width),
  };
}

// The tensors of sequence `index` of the batch.
function walk(state, index = 0) {
  const x = corner(state.x[index], state.seq, state.d_model);
  return attend(x, weightsOf(state), state.n_heads, state.n_kv_heads);
}

const shape = (...sizes) => `(${sizes.join(", ")})`;

// What each step is called, says and shows: up to three sheets [title, matrix, how to draw it].
const STEPS = [
  {
    name: "input",
    words: (s) => `Each of the ${s.batch * s.seq} tokens comes in as ${s.d_model} numbers. The shape is (batch, seq, d_model).`,
    sheets: (s) => Array.from({ length: s.batch }, (_, i) => [`x, sequence ${i + 1}`, corner(s.x[i], s.seq, s.d_model), {}]),
  },
  {
    name: "project",
    words: (s) => `Three linear maps read the same x. The one for q gives n_heads · d_head = ${s.d_model} columns, those for k and v n_kv_heads · d_head = ${s.n_kv_heads * s.d_head}.`,
    sheets: (s, t) => [[`q ${shape(s.batch, s.seq, s.d_model)}`, t.q, {}], ...["k", "v"].map((name) => [`${name} ${shape(s.batch, s.seq, s.n_kv_heads * s.d_head)}`, t[name], {}])],
  },
  {
    name: "split",
    words: (s) => `Nothing is computed: columns are read in blocks of d_head = ${s.d_head}, a block a head. Then the head axis moves before seq.`,
    sheets: (s, t) => [
      [`q ${shape(s.batch, s.n_heads, s.seq, s.d_head)}`, t.q, { block: s.d_head, chosen: s.head }],
      ...["k", "v"].map((name) => [`${name} ${shape(s.batch, s.n_kv_heads, s.seq, s.d_head)}`, t[name], { block: s.d_head, chosen: s.kvHead }]),
    ],
  },
  {
    name: "scores",
    words: (s) => `Each query of head ${s.head} times each key of key head ${s.kvHead}, divided by √${s.d_head}.`,
    sheets: (s, t) => [
      [`q of head ${s.head} (seq, d_head)`, t.qHeads[s.head - 1], { colour: s.head }],
      [`k of key head ${s.kvHead} (seq, d_head)`, t.kHeads[s.kvHead - 1], { colour: s.kvHead }],
      [`scores of head ${s.head} (query, key)`, t.scores[s.head - 1], {}],
    ],
  },
  {
    name: "softmax",
    words: (s) => `Each row of scores becomes ${s.seq} weights above 0 that add up to 1. Every head has weights of its own.`,
    sheets: (s, t) => [
      [`scores of head ${s.head} (query, key)`, t.scores[s.head - 1], {}],
      [`weights of head ${s.head} (query, key)`, t.shares[s.head - 1], { digits: 2 }],
      [`weights of ${s.n_heads === 1 ? "the head" : "all heads"}`, t.shares, { small: true, chosen: s.head }],
    ],
  },
  {
    name: "weighted mean",
    words: (s) => `Row i of head ${s.head}'s result is the mean of the values, weighted by row i of its weights.`,
    sheets: (s, t) => [
      [`weights of head ${s.head} (query, key)`, t.shares[s.head - 1], { digits: 2 }],
      [`v of value head ${s.kvHead} (seq, d_head)`, t.vHeads[s.kvHead - 1], { colour: s.kvHead }],
      [`result of head ${s.head} (seq, d_head)`, t.heads[s.head - 1], { colour: s.head }],
    ],
  },
  {
    name: "join",
    words: (s) => `The heads' results stand side by side again: ${s.n_heads} blocks of ${s.d_head} columns make ${s.d_model}. Nothing has mixed them yet.`,
    sheets: (s, t) => [
      [`heads ${shape(s.batch, s.n_heads, s.seq, s.d_head)}`, t.joined, { block: s.d_head, chosen: s.head }],
      [`joined ${shape(s.batch, s.seq, s.d_model)}`, t.joined, {}],
    ],
  },
  {
    name: "output projection",
    words: () => "The output projection mixes the heads: each number of the output draws on all of them. The shape is that of x again.",
    sheets: (s, t) => [
      [`joined ${shape(s.batch, s.seq, s.d_model)}`, t.joined, { block: s.d_head, chosen: s.head }],
      [`out_proj's weight ${shape(s.d_model, s.d_model)}`, weightsOf(s).out, {}],
      [`output ${shape(s.batch, s.seq, s.d_model)}`, t.output, {}],
    ],
  },
];
