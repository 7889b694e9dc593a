// mulberry32, a counter-based generator: number k depends on seed + k alone, so Python repeats it.

class RandomStream {
  constructor(seed) {
    this.state = seed >>> 0;
  }

  // Uniform on [0, 1).
  uniform() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  // Standard normal, by the cosine half of Box and Muller's (1958) transform.
  normal() {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }
}
