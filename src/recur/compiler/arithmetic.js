// Products, sums and functions that the text of a step calls. A vector is an array and its first element.
const arithmetic = {
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  softplus: (x) => x > 40 ? x : Math.log1p(Math.exp(x)),
  // the error function: its series for small arguments, a continued fraction for large ones
  erf(x) {
    const a = Math.abs(x);
    if (!(a < 6)) return Number.isNaN(x) ? x : Math.sign(x);
    const scale = 2 / Math.sqrt(Math.PI) * Math.exp(-a * a);
    if (a < 3) {
      let term = a, sum = a;
      for (let k = 1; term > sum * 1e-17; ++k) sum += term *= 2 * a * a / (2 * k + 1);
      return Math.sign(x) * scale * sum;
    }
    let fraction = a;
    for (let k = 40; k > 0; --k) fraction = a + k / 2 / fraction;
    return Math.sign(x) * (1 - scale / 2 / fraction);
  },
  // a power of 0.5 is the root, which differs from Math.pow at -0 and at minus infinity
  pow: (x, p) => p === 0.5 ? Math.sqrt(x) :
    p === -0.5             ? 1 / Math.sqrt(x) :
                             Math.pow(x, p),
  copy(from, i, to, j, count) {
    for (let u = 0; u < count; ++u) to[j + u] = from[i + u];
  },
  add(from, i, to, count) {
    for (let u = 0; u < count; ++u) to[u] += from[i + u];
  },
  sum(v, i, count) {
    let total = 0;
    for (let u = 0; u < count; ++u) total += v[i + u];
    return total;
  },
  largest(v, i, count) {
    let most = v[i];
    for (let u = 1; u < count; ++u) most = Math.max(most, v[i + u]);
    return most;
  },
  // y = W v
  product(w, first, rows, columns, v, i, y, j) {
    const even = columns - columns % 4;
    for (let row = 0; row < rows; ++row) {
      const at = first + row * columns;
      let a = 0, b = 0, c = 0, d = 0, u = 0;
      for (; u < even; u += 4) {
        a += w[at + u] * v[i + u];
        b += w[at + u + 1] * v[i + u + 1];
        c += w[at + u + 2] * v[i + u + 2];
        d += w[at + u + 3] * v[i + u + 3];
      }
      for (; u < columns; ++u) a += w[at + u] * v[i + u];
      y[j + row] = a + b + (c + d);
    }
  },
  // y = W^T v
  transposed(w, first, rows, columns, v, i, y, j) {
    const sums = new Float64Array(columns);
    for (let row = 0; row < rows; ++row) {
      const at = first + row * columns, one = v[i + row];
      for (let u = 0; u < columns; ++u) sums[u] += w[at + u] * one;
    }
    for (let u = 0; u < columns; ++u) y[j + u] = sums[u];
  },
  // y = u v^T, row after row
  outer(a, i, rows, b, j, columns, y, first) {
    for (let row = 0; row < rows; ++row)
      for (let u = 0; u < columns; ++u) y[first + row * columns + u] = a[i + row] * b[j + u];
  },
  // dE/dW += dE/dz v^T
  share(g, dz, i, rows, v, j, columns) {
    for (let row = 0; row < rows; ++row) {
      const one = dz[i + row], at = row * columns;
      for (let u = 0; u < columns; ++u) g[at + u] += one * v[j + u];
    }
  },
};
