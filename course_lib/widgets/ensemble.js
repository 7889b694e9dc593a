// Polynomial fits to data sets drawn again and again, and what they add up to.

class Ensemble {
  // x, xValidation: where the data and the judgements lie; coefficients: the truth.
  constructor({ x, xValidation, coefficients, noise, degree, seed, newPoints, rcond }) {
    Object.assign(this, { x, xValidation, coefficients, noise, degree, newPoints, rcond });
    this.random = new RandomStream(seed);
    this.curveX = grid(0, 1, 101);
    this.truth = evaluate(coefficients, xValidation);
    this.inverse = newPoints ? null : pseudoInverse(x, degree, rcond);
    this.count = 0;
    this.deviations = new Float64Array(xValidation.length); // sums over fits of f̂(x) − f(x)
    this.squares = new Float64Array(xValidation.length); // and of its square
    this.errors = 0; // sum over fits of the mean squared error on fresh observations
    this.meanWeights = new Float64Array(degree + 1);
    this.recent = []; // the last curves, for drawing
  }

  // One more data set: its points (if they are drawn anew), its noise, then the fresh observations.
  drawOne(keepCurve) {
    const { random, noise, degree } = this;
    const x = this.newPoints ? Array.from(this.x, () => random.uniform()) : this.x;
    const y = evaluate(this.coefficients, x).map((value) => value + noise * random.normal());
    const weights = solve(this.inverse ?? pseudoInverse(x, degree, this.rcond), y, degree);
    this.count += 1;
    let errors = 0;
    evaluate(weights, this.xValidation).forEach((value, i) => {
      const deviation = value - this.truth[i];
      this.deviations[i] += deviation;
      this.squares[i] += deviation ** 2;
      errors += (noise * random.normal() - deviation) ** 2;
    });
    this.errors += errors / this.truth.length;
    weights.forEach((weight, k) => (this.meanWeights[k] += (weight - this.meanWeights[k]) / this.count));
    if (keepCurve) this.recent = [...this.recent.slice(1 - CURVES_KEPT), evaluate(weights, this.curveX)];
  }

  drawUntil(count) {
    while (this.count < count) this.drawOne(count - this.count <= CURVES_KEPT);
  }

  // Averages over the validation points; variance divides by the number of fits.
  summary() {
    const fits = Math.max(1, this.count);
    const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const biasSquared = mean(Array.from(this.deviations, (sum) => (sum / fits) ** 2));
    const variance = Math.max(0, mean(Array.from(this.squares, (sum) => sum / fits)) - biasSquared);
    const noise = this.noise ** 2;
    const total = noise + biasSquared + variance;
    return { noise, biasSquared, variance, total, measured: this.errors / fits };
  }
}

const CURVES_KEPT = 50;
