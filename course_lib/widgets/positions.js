// Sinusoidal and rotary positions, computed as course_lib's sinusoidal_positions and rotate do.

const frequency = (pair, width, base) => base ** ((-2 * pair) / width);

// Each pair of entries turned by its angle: position times the pair's frequency.
function rotate(vector, position, base) {
  const turned = [];
  for (let i = 0; i < vector.length; i += 2) {
    const angle = position * frequency(i / 2, vector.length, base);
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    turned.push(vector[i] * cos - vector[i + 1] * sin, vector[i] * sin + vector[i + 1] * cos);
  }
  return turned;
}

// The position's own vector: a sine and a cosine for each pair.
function sinusoid(width, position, base) {
  return Array.from({ length: width }, (_, j) => {
    const angle = position * frequency(Math.floor(j / 2), width, base);
    return j % 2 ? Math.cos(angle) : Math.sin(angle);
  });
}

const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
