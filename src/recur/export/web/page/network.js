// A trained network: vectors of what is read, the recurrent layers forward and backward, the readout.
// `about` describes it, `bytes` has its weights, `cells` the steps that were written from the equations.

// 16-bit floats: one bit of sign, five of exponent, ten of fraction
function float16s(view, first, count) {
  const values = new Float32Array(count);
  for (let i = 0; i < count; ++i) {
    const bits = view.getUint16(first + 2 * i, true), exponent = bits >> 10 & 31, fraction = bits & 1023;
    const size = exponent ? 2 ** (exponent - 25) * (1024 + fraction) : 2 ** -24 * fraction;
    values[i] = bits & 32768 ? -size : size;
  }
  return values;
}
function float32s(view, first, count) {
  const values = new Float32Array(count);
  for (let i = 0; i < count; ++i) values[i] = view.getFloat32(first + 4 * i, true);
  return values;
}
const part = (frame, [first, count]) => frame.subarray(first, first + count);
const squared = (v) => v.reduce((sum, one) => sum + one * one, 0);
const dotted = (a, b) => a.reduce((sum, one, i) => sum + one * b[i], 0);

// the arrays that descriptions refer to by number
function unpacked(places, bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return places.map(
    ({ first, count, bits }) => bits === 16 ? float16s(view, first, count) : float32s(view, first, count));
}

class Network {
  // a network within another one has the arrays of that one
  constructor(about, bytes, cells, arrays = unpacked(about.arrays, bytes)) {
    this.about = about;
    const array = (index) => index === null ? null : arrays[index];
    const affine = (one) => one && {...one, weight: array(one.weight), bias: array(one.bias) };
    const within = (other) => other && new Network(other, null, cells, arrays);
    this.layers = about.layers.map((level) => level.map((one) => {
      const w = Object.fromEntries(Object.entries(one.w).map(([name, index]) => [name, array(index)]));
      const cell = cells[one.cell](one.sizes, w, one.k, Float32Array), names = Object.keys(cell.states);
      const start = Object.fromEntries(
        names.map((name) => [name, array(one.start[name]) || new Float32Array(cell.states[name].before[1])]));
      return {...one, cell, names, w, start, frame: new Float32Array(cell.frame) };
    }));
    this.readout = affine(about.readout);
    this.hidden = about.hidden.map(affine);
    const { target, chain } = about, input = about.input || {};
    this.table = input.ids ? array(input.table) : null;
    this.letters = within(input.letters);
    this.units = "mean" in input ? { mean: array(input.mean), deviation: array(input.deviation) } : null;
    this.target = target ? { mean: array(target.mean), deviation: array(target.deviation) } : null;
    this.chain = chain ? new Chain(array(chain.first), array(chain.pairs), array(chain.last)) : null;
    this.filters =
      (input.convolutions || [])
        .map((one) => ({...one, weight: array(one.weight), scale: array(one.scale), shift: array(one.shift) }));
    this.writer = about.writer ? new Writer(this, about.writer, within(about.writer.decoder), affine) : null;
  }

  // the vector of an id, of an id with letters, or of numbers in their own units
  vector(item) {
    const { input } = this.about;
    if (this.letters) return concatenated([this.embedded(item[0]), this.letters.spelled(item.slice(1))]);
    if (input.ids) return this.embedded(item);
    const read = this.standardised(item);
    return input.grid ? this.pictured(read) : this.ordered(read);
  }
  embedded(item) {
    const { count, size, scale } = this.about.input;
    if (!(item >= 0 && item < count))
      throw new RangeError(`${item} is no id of this network: they are 0 to ${count - 1}`);
    return this.table.subarray(item * size, (item + 1) * size).map((one) => one * scale);
  }
  // the two last states of what reads a word letter by letter; 0 is no letter
  spelled(letters) {
    return this.summary(this.run(letters.filter((one) => one).map((one) => this.embedded(one))));
  }
  standardised(item) {
    const { mean, deviation } = this.units;
    return Float32Array.from(item, (one, i) => (one - mean[i % mean.length]) / deviation[i % mean.length]);
  }
  ordered(read) {
    const { order } = this.about.input;
    return order ? Float32Array.from(order, (column) => read[column]) : read;
  }
  // a picture through its convolutions: what is at each place, row by row
  maps(picture) {
    let [height, width, channels] = this.about.input.grid, maps = picture;
    for (const filter of this.filters) {
      const out = convolved(maps, height, width, channels, filter);
      [height, width, channels] = [Math.ceil(height / 2), Math.ceil(width / 2), filter.channels];
      maps = normalised(pooled(out, filter, height, width), height * width, filter);
    }
    return { maps, height, width, channels };
  }
  pictured(picture) {
    return averaged(this.maps(picture), this.about.input);
  }

  // one step of one direction of one layer, in a frame
  forward(one, frame, x, before) {
    frame.set(x, one.cell.x[0]);
    for (const name of one.names) frame.set(before[name], one.cell.states[name].before[0]);
    one.cell.forward(frame);
  }
  after(one, frame) {
    return Object.fromEntries(one.names.map((name) => [name, part(frame, one.cell.states[name].after).slice()]));
  }
  start() {
    return this.layers.map(([one]) => one.start);
  }
  // a network that reads forwards: one vector, and the states after it; the frames are kept where a list is given
  step(states, x, frames = null) {
    const next = [];
    this.layers.forEach(([one], number) => {
      const frame = frames ? new Float32Array(one.cell.frame) : one.frame;
      if (frames) frames.push(frame);
      this.forward(one, frame, x, states[number]);
      next.push(this.after(one, frame));
      x = this.merged([next[number][one.names[0]]], x);
    });
    return { top: x, states: next };
  }
  merged(outputs, x) {
    const y = concatenated(outputs);
    if (this.about.residual && y.length === x.length)
      x.forEach((one, i) => {
        y[i] += one;
      });
    return y;
  }
  // whole sequences of vectors: the outputs of the last layer, and every frame of every layer
  run(vectors) {
    const passes = [];
    let xs = vectors;
    for (const level of this.layers) {
      const frames = level.map((one, direction) => {
        const own = Array(xs.length);
        let before = one.start;
        for (let n = 0; n < xs.length; ++n) {
          const t = direction ? xs.length - 1 - n : n;
          own[t] = new Float32Array(one.cell.frame);
          this.forward(one, own[t], xs[t], before);
          before = this.after(one, own[t]);
        }
        return own;
      });
      passes.push(frames);
      const below = xs;
      xs = below.map(
        (x, t) => this.merged(
          level.map((one, direction) => part(frames[direction][t], one.cell.states[one.names[0]].after)), x));
    }
    return { tops: xs, passes };
  }
  // the vector that a whole sequence is read out of
  summary({ tops, passes }) {
    const { pooling } = this.about;
    if (pooling === "last") {
      const level = this.layers.at(-1), frames = passes.at(-1);
      const ends = level.map((one, direction) => {
        const frame = frames[direction].at(direction ? 0 : -1), name = one.names[0];
        return frame ? part(frame, one.cell.states[name].after) : one.start[name];
      });
      return Float32Array.from(ends.flatMap((one) => Array.from(one)));
    }
    const width = this.readout.columns;
    if (!tops.length) return new Float32Array(width);
    return Float32Array.from(
      { length: width },
      (_, i) => pooling === "mean" ? tops.reduce((sum, one) => sum + one[i], 0) / tops.length :
                                     Math.max(...tops.map((one) => one[i])));
  }
  affine({ weight, bias, rows, columns }, v) {
    const z = new Float32Array(rows);
    arithmetic.product(weight, 0, rows, columns, v, 0, z, 0);
    if (bias)
      bias.forEach((one, i) => {
        z[i] += one;
      });
    return z;
  }
  // what is answered: probabilities, or numbers in their own units
  answer(vector) {
    const z = this.affine(this.readout, vector), { ends } = this.readout;
    if (ends === "softmax") {
      const most = z.reduce((a, b) => Math.max(a, b)), powers = z.map((one) => Math.exp(one - most));
      const total = powers.reduce((a, b) => a + b);
      return powers.map((one) => one / total);
    }
    if (ends === "sigmoid") return z.map(arithmetic.sigmoid);
    return ends === "scores" ? z : this.inUnits(z);
  }
  inUnits(z) {
    const { mean, deviation } = this.target;
    return z.map((one, i) => one * deviation[i % mean.length] + mean[i % mean.length]);
  }
  // every answer to a sequence of items, or to one item of a network without time; of tags in a chain their scores
  answers(items) {
    if (this.about.forecast) return [forecast(this, items)];
    if (!this.layers.length)
      return items.map(
        (item) => this.answer(
          this.hidden.reduce((v, layer) => this.affine(layer, v).map((one) => Math.max(0, one)), this.vector(item))));
    const result = this.run(items.map((item) => this.vector(item)));
    return this.about.pooling ? [this.answer(this.summary(result))] : result.tops.map((top) => this.answer(top));
  }

  // backpropagation through time: for each direction of each layer the derivative of every step's states, and what each
  // step contributes to the gradient of each matrix. `seeds` has dE/d(outputs), of which a step may have none, and
  // dE/d(summary) where the last states are read out
  backward({ passes }, { tops, summary = null }) {
    const found = [], steps = passes[0][0].length;
    let seeds = Array.from({ length: steps }, (_, t) => tops[t] || null);
    for (let number = this.layers.length - 1; number >= 0; --number) {
      const level = this.layers[number], below = Array.from({ length: steps }, () => null);
      let first = 0;
      found.unshift(...level.map((one, direction) => {
        const width = one.cell.states[one.names[0]].after[1], last = number === this.layers.length - 1 && summary;
        const end = last ? summary.subarray(first, first + width) : null;
        const outside = seeds.map((seed) => seed && seed.subarray(first, first + width));
        first += width;
        return this.through(one, number, direction, passes[number][direction], outside, end, below);
      }));
      if (this.about.residual && first === this.layers[number][0].cell.x[1])
        seeds.forEach((seed, t) => {
          if (seed) added(below, t, seed);
        });
      seeds = below;
    }
    return { layers: found, dx: seeds };
  }
  through(one, number, direction, frames, outside, end, below) {
    const way = new Way(one, frames);
    if (end) way.carried[0].set(end);
    for (let n = frames.length - 1; n >= 0; --n) {
      const t = direction ? frames.length - 1 - n : n;
      added(below, t, way.back(t, outside[t]));
    }
    return { number, direction, ...way.found() };
  }
}
// backpropagation through one direction of one layer, step by step
class Way {
  constructor(one, frames) {
    const { cell, names, w } = one;
    Object.assign(this, { one, frames, norms: Array(frames.length).fill(0), d: Array(frames.length) });
    this.g = Object.fromEntries(Object.entries(w).map(([name, values]) => [name, new Float32Array(values.length)]));
    this.carried = names.map((name) => new Float32Array(cell.states[name].before[1]));
  }
  // dE/d(output) of a step, if any -> dE/dx of it; what reaches the states before it is carried
  back(t, outside) {
    const { cell, names } = this.one, d = this.d[t] = new Float32Array(cell.back);
    if (outside)
      outside.forEach((v, i) => {
        this.carried[0][i] += v;
      });
    this.norms[t] = Math.sqrt(this.carried.reduce((sum, v) => sum + squared(v), 0));
    names.forEach((name, place) => d.set(this.carried[place], cell.states[name].seed[0]));
    cell.backward(this.frames[t], d, this.g);
    this.carried = names.map((name) => part(d, cell.states[name].message).slice());
    return part(d, cell.dx);
  }
  // norms of dE/d(states), and the share of each step in the gradient of each matrix
  found() {
    const { one, frames, norms, d, g } = this;
    const shares = Object.entries(one.cell.products)
                     .filter(([name]) => one.kinds[name])
                     .map(([name, pairs]) => [name, { kind: one.kinds[name], ...sharesOf(g[name], pairs, frames, d) }]);
    return { norms, shares: Object.fromEntries(shares), back: d };
  }
}
function concatenated(vectors) {
  const y = new Float32Array(vectors.reduce((sum, one) => sum + one.length, 0));
  vectors.reduce((first, one) => {
    y.set(one, first);
    return first + one.length;
  }, 0);
  return y;
}
function added(rows, t, values) {
  if (!rows[t]) rows[t] = new Float32Array(values.length);
  values.forEach((v, i) => {
    rows[t][i] += v;
  });
}
// the share of each step in the gradient of a matrix: <dz v^T, dE/dW> / |dE/dW|^2
function sharesOf(gradient, pairs, frames, back) {
  const total = squared(gradient), fraction = [], norm = [];
  frames.forEach((f, t) => {
    const factors = pairs.map((pair) => pair.map(([frame, ...place]) => part(frame === "f" ? f : back[t], place)));
    let projected = 0, size = 0;
    factors.forEach(([dz, v]) => {
      const product = new Float32Array(dz.length);
      arithmetic.product(gradient, 0, dz.length, v.length, v, 0, product, 0);
      projected += dotted(dz, product);
      for (const [other, by] of factors) size += dotted(dz, other) * dotted(v, by);
    });
    fraction.push(total ? projected / total : 0);
    norm.push(Math.sqrt(Math.max(0, size)));
  });
  return { fraction, norm, gradient: Math.sqrt(total) };
}

// 3 x 3 convolutions with zeros around, (height, width, channels)
function convolved(maps, height, width, channels, { weight, channels: out }) {
  const y = new Float32Array(height * width * out);
  for (let row = 0; row < height; ++row)
    for (let column = 0; column < width; ++column)
      for (let o = 0; o < out; ++o) {
        let sum = 0;
        for (let i = 0; i < 3; ++i)
          for (let j = 0; j < 3; ++j) {
            const r = row + i - 1, c = column + j - 1;
            if (r < 0 || c < 0 || r >= height || c >= width) continue;
            for (let k = 0; k < channels; ++k)
              sum += weight[((o * channels + k) * 3 + i) * 3 + j] * maps[(r * width + c) * channels + k];
          }
        y[(row * width + column) * out + o] = sum;
      }
  return Object.assign(y, { height, width });
}
function pooled(maps, { channels }, height, width) {
  const y = new Float32Array(height * width * channels).fill(-Infinity);
  for (let row = 0; row < maps.height; ++row)
    for (let column = 0; column < maps.width; ++column)
      for (let k = 0; k < channels; ++k) {
        const at = ((row >> 1) * width + (column >> 1)) * channels + k;
        y[at] = Math.max(y[at], maps[(row * maps.width + column) * channels + k]);
      }
  return y;
}
// group normalisation and ReLU
function normalised(maps, places, { channels, groups, scale, shift, epsilon }) {
  const size = channels / groups, count = places * size;
  for (let group = 0; group < groups; ++group) {
    let sum = 0, squares = 0;
    const each = (visit) => {
      for (let at = 0; at < places; ++at)
        for (let k = group * size; k < (group + 1) * size; ++k) visit(at * channels + k, k);
    };
    each((i) => {
      sum += maps[i];
    });
    const mean = sum / count;
    each((i) => {
      squares += (maps[i] - mean) ** 2;
    });
    const factor = 1 / Math.sqrt(squares / count + epsilon);
    each((i, k) => {
      maps[i] = Math.max(0, (maps[i] - mean) * factor * scale[k] + shift[k]);
    });
  }
  return maps;
}
// the mean of all places, or of each of the parts of a grid
function averaged({ maps, height, width, channels }, { pooling, places }) {
  const rows = pooling === "mean" ? 1 : Math.min(height, places);
  const columns = pooling === "mean" ? 1 : Math.min(width, places);
  const y = new Float32Array(rows * columns * channels);
  for (let r = 0; r < rows; ++r)
    for (let c = 0; c < columns; ++c) {
      const top = Math.floor(r * height / rows), bottom = Math.ceil((r + 1) * height / rows);
      const left = Math.floor(c * width / columns), right = Math.ceil((c + 1) * width / columns);
      for (let k = 0; k < channels; ++k) {
        let sum = 0;
        for (let row = top; row < bottom; ++row)
          for (let column = left; column < right; ++column) sum += maps[(row * width + column) * channels + k];
        y[(r * columns + c) * channels + k] = sum / ((bottom - top) * (right - left));
      }
    }
  return y;
}

// the next steps of a series, all columns of the first step and so on, of each its quantiles in order
function forecast(network, items) {
  const { horizon, columns, back, recursive, quantiles } = network.about.forecast, own = columns.length;
  const rows = items.map((item) => network.vector(item)), past = items.map((item, t) => {
    const { mean, deviation } = network.units;
    return columns.map((column) => Math.fround((items[t][column] - mean[column]) / deviation[column]));
  });
  const read = (row, change) => back ? Float32Array.from([...row, ...change]) : row;
  let result = { states: network.start() };
  rows.forEach((row, t) => {
    const change = past[t].map((value, i) => t < back ? 0 : Math.fround(value - past[t - back][i]));
    result = network.step(result.states, read(row, change));
  });
  const y = new Float32Array(horizon * own * quantiles);
  if (!recursive) {
    const z = network.affine(network.readout, result.top);
    for (let ahead = 0; ahead < horizon; ++ahead) {
      let age = back ? back - 1 - ahead % back : 0;
      if (age >= past.length) age = 0;
      for (let u = 0; u < own * quantiles; ++u) {
        const at = ahead * own * quantiles + u;
        y[at] = z[at] + (back ? past[past.length - 1 - age][Math.floor(u / quantiles)] : 0);
      }
    }
    if (quantiles > 1)
      for (let u = 0; u < y.length; u += quantiles) y.subarray(u, u + quantiles).sort();
  } else {
    let before = Float32Array.from(past.at(-1));
    for (let ahead = 0; ahead < horizon; ++ahead) {
      const next = network.affine(network.readout, result.top).map((one, i) => one + (back ? before[i] : 0));
      y.set(next, ahead * own);
      if (ahead + 1 === horizon) break;
      const row = new Float32Array(own);
      columns.forEach((column, i) => {
        row[column] = next[i];
      });
      const { order } = network.about.input;
      const ordered = order ? Float32Array.from(order, (column) => row[column]) : row;
      result = network.step(result.states, read(ordered, next.map((one, i) => one - before[i])));
      before = next;
    }
  }
  const { mean, deviation } = network.target;
  return y.map((one, u) => {
    const column = Math.floor(u / quantiles) % own;
    return one * deviation[column] + mean[column];
  });
}
