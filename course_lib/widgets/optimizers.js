// The update rules of course_lib.gradients.optimizers, and the surfaces they run on, in two dimensions.

const SURFACES = {
  ravine: {
    value: ([x, y]) => (x ** 2 + 100 * y ** 2) / 2,
    gradient: ([x, y]) => [x, 100 * y],
  },
  rosenbrock: {
    value: ([x, y]) => (1 - x) ** 2 + 100 * (y - x ** 2) ** 2,
    gradient: ([x, y]) => [-2 * (1 - x) - 400 * x * (y - x ** 2), 200 * (y - x ** 2)],
  },
  saddle: {
    value: ([x, y]) => x ** 4 / 4 - x ** 2 / 2 + y ** 2 / 2,
    gradient: ([x, y]) => [x ** 3 - x, y],
  },
};

// Each makes the update of one coordinate, (parameter, gradient, rate) → parameter, with its own state.
const OPTIMIZERS = {
  sgd: () => (theta, g, rate) => theta - rate * g,
  momentum: (mu = 0.9) => {
    let velocity = 0;
    return (theta, g, rate) => {
      velocity = mu * velocity + g;
      return theta - rate * velocity;
    };
  },
  adagrad: (epsilon = 1e-10) => {
    let sum = 0;
    return (theta, g, rate) => {
      sum += g * g;
      return theta - (rate * g) / (Math.sqrt(sum) + epsilon);
    };
  },
  adadelta: (rho = 0.9, epsilon = 1e-6) => {
    let squares = 0;
    let updates = 0;
    return (theta, g, rate) => {
      squares = rho * squares + (1 - rho) * g * g;
      const update = (Math.sqrt(updates + epsilon) / Math.sqrt(squares + epsilon)) * g;
      updates = rho * updates + (1 - rho) * update * update;
      return theta - rate * update;
    };
  },
  adam: (beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8) => {
    let step = 0;
    let mean = 0;
    let square = 0;
    return (theta, g, rate) => {
      step += 1;
      mean = beta1 * mean + (1 - beta1) * g;
      square = beta2 * square + (1 - beta2) * g * g;
      const scale = Math.sqrt(square / (1 - beta2 ** step)) + epsilon;
      return theta - (rate * mean) / (1 - beta1 ** step) / scale;
    };
  },
  adamw: (decay = 0.01) => {
    const adam = OPTIMIZERS.adam();
    return (theta, g, rate) => adam(theta * (1 - rate * decay), g, rate);
  },
};

const FAR = 1e6; // further out than this a run has diverged, and stops

// The places an optimizer visits, the start first: n_steps + 1 of them, or fewer if it diverges.
function race(surface, optimizer, rate, start, nSteps) {
  const { gradient } = SURFACES[surface];
  const updates = [OPTIMIZERS[optimizer](), OPTIMIZERS[optimizer]()];
  const path = [start];
  for (let step = 0; step < nSteps; step += 1) {
    const g = gradient(path[step]);
    const next = path[step].map((theta, i) => updates[i](theta, g[i], rate));
    path.push(next);
    if (!(Math.hypot(...next) < FAR)) break;
  }
  return path;
}

function distance(point, minima) {
  return Math.min(...minima.map(([x, y]) => Math.hypot(point[0] - x, point[1] - y)));
}
