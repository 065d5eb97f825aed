// Networks in the page: each cell is the step that was written from its equation's graph; a frame holds all its values.
const W = Float64Array;
const NONE = {
  start: {}
};
const part = (f, [first, count]) => Array.from(f.subarray(first, first + count));
const oneHot = (n, size) => Array.from({ length: size }, (_, i) => Number(i === n));
const norm = (values) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));

// the weights of one layer, changed as a control asks for: W_hh times a factor
function weightsOf(data, layer, change) {
  const weights = {};
  for (const [name, values] of Object.entries(data.layers[layer])) weights[name] = W.from(values);
  if (change.scale) weights.W_hh = weights.W_hh.map((v) => v * change.scale);
  return weights;
}

function network(data, change = {}) {
  const H = data.hidden, V = data.b_y.length, both = data.directions === 2;
  const layers = data.layers.map((_, n) => {
    const weights = weightsOf(data, n, change), X = n === 0 || both ? data.inputs : H;
    return { weights, step: CELLS[data.cell].make({ X, H, P: H }, weights, {}, W) };
  });
  const W_hy = W.from(data.W_hy), b_y = W.from(data.b_y), wide = both ? 2 * H : H;
  return {
    ...data,
    layers,
    V,
    wide,
    W_hy,
    ids: (texts) => texts.map((one) => data.symbols.indexOf(one)),
    // every layer over every step
    run(inputs, options = NONE) {
      let xs = inputs.map((one) => typeof one === "number" ? oneHot(one, data.inputs) : one);
      const frames = [];
      for (const [n, layer] of layers.entries()) {
        if (both) {
          const order = n ? [...xs].reverse() : xs, run = forward(layer.step, order, options);
          frames.push(n ? run.reverse() : run);
        } else {
          frames.push(forward(layer.step, xs, options));
          xs = frames[n].map((f) => output(layer.step, f));
        }
      }
      const h = inputs.map(
        (_, t) => both ? layers.flatMap((one, n) => output(one.step, frames[n][t])) :
                         output(layers.at(-1).step, frames.at(-1)[t]));
      const z = h.map((one) => this.readout(one));
      return { frames, h, z, p: z.map(softmax), inputs };
    },
    readout(h) {
      const z = new W(V);
      arithmetic.product(W_hy, 0, V, wide, h, 0, z, 0);
      return Array.from(z, (v, k) => v + b_y[k]);
    },
    // the probabilities after the last input
    next(texts) {
      return this.run(this.ids(texts)).p.at(-1);
    },
  };
}
const output = (step, f) => part(f, Object.values(step.states)[0].after);
function forward(step, xs, options) {
  const names = Object.keys(step.states);
  let before = names.map((name) => options.start?.[name] || new W(step.states[name].before[1]));
  return xs.map((x, t) => {
    const f = new W(step.frame);
    f.set(x, step.x[0]);
    if (t > 0 && options.erase === t) before = before.map((one) => new W(one.length));
    names.forEach((name, n) => f.set(before[n], step.states[name].before[0]));
    step.forward(f);
    before = names.map((name) => part(f, step.states[name].after));
    return f;
  });
}
// BPTT through one layer: outside[t] is dE/dh_t of what reads h_t; kept is how many steps back the messages are passed
function backward(layer, frames, outside, kept = Infinity) {
  const { step, weights } = layer, names = Object.keys(step.states), last = frames.length - 1;
  let message = null;
  const back = [], shares = [];
  for (let t = last; t >= 0; --t) {
    const d = new W(step.back), g = {};
    for (const [name, values] of Object.entries(weights)) g[name] = new W(values.length);
    names.forEach((name, n) => {
      const seed = message ? Array.from(message[name]) : new Array(step.states[name].seed[1]).fill(0);
      if (n === 0 && outside[t]) seed.forEach((v, u) => (seed[u] = v + outside[t][u]));
      d.set(seed, step.states[name].seed[0]);
    });
    step.backward(frames[t], d, g);
    back[t] = d;
    shares[t] = g;
    message =
      last - t >= kept ? null : Object.fromEntries(names.map((name) => [name, part(d, step.states[name].message)]));
  }
  return { back, shares };
}
// dE/dh of a readout: W_hy^T dE/dz
function throughReadout(net, dz) {
  const dh = new W(net.wide);
  arithmetic.transposed(net.W_hy, 0, net.V, net.wide, dz, 0, dh, 0);
  return Array.from(dh);
}
function softmax(z) {
  const most = Math.max(...z), e = z.map((v) => Math.exp(v - most)), total = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / total);
}
const best = (p) => p.indexOf(Math.max(...p));
// the gradient of the error of the last step with respect to the memory of every step (c of the LSTM, h of the others):
// shares of the last step's; of the LSTM also along c alone, where each step multiplies by its forget gate. The states
// are those of the network `from`, and shift is added to the forget gates' pre-activations in the backward pass alone
function gradientNorms(net, ids, target, { kept = Infinity, from = net, shift = 0 } = {}) {
  const run = from.run(ids), last = ids.length - 1, dz = run.p[last].map((v, k) => v - Number(k === target));
  const outside = ids.map((_, t) => t === last ? throughReadout(net, dz) : null);
  const layer = net.layers[0], { values } = layer.step, { back } = backward(layer, run.frames[0], outside, kept);
  const gradients = back.map((d) => part(d, values.memory.derivative)), whole = norm(gradients[last]);
  let line = gradients[last];
  const alone = [], gates = [];
  for (let t = last; values.f && t >= 0; --t) {
    alone[t] = norm(line) / whole;
    const gate = part(run.frames[0][t], values.f.value).map((f) => 1 / (1 + (1 - f) / f * Math.exp(-shift)));
    const cut = last - t >= kept;
    line = cut ? line.map(() => 0) : line.map((v, u) => v * gate[u]);
    // the forget gates of a step as one number: by how much they shorten what passes them; none where nothing arrives
    gates[t] = cut || alone[t] === 0 ? null : norm(line) / whole / alone[t];
  }
  return { shares: gradients.map((one) => norm(one) / whole), alone, gates, run };
}
// a share as it is printed, and the word for it, of what is printed, so that the two agree
const rounded = (share) => +share.toPrecision(share < 0.01 ? 1 : 2);
const grade = (share) => graded(rounded(share)).split(" ").at(-1);  // "is carried" has the key "carried"
