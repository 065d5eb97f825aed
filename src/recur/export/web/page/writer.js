// A network that writes: what it reads sets the state of a decoder, which reads what it wrote itself, item by item.
const PENALTY = 0.6;  // strength of the length normalisation of the beam
const penalty = (length) => ((5 + length) / 6) ** PENALTY;

class Writer {
  constructor(reader, about, decoder, affine) {
    Object.assign(this, { reader, about, decoder, bridge: affine(about.bridge), symbols: about.symbols });
    const { attention } = about;
    this.attention = attention && {
      ...attention,
      query: affine(attention.query),
      key: affine(attention.key),
      vector: affine(attention.vector),
      combine: affine(attention.combine)
    };
  }
  // what was read, the summary of it, and what attention looks at
  read(items, vectors = null) {
    const { reads, looks } = this.about, { reader } = this;
    if (reads === "nothing") return { summary: new Float32Array(1), memory: [] };
    if (reads === "sequence") {
      const pass = reader.run(vectors || items.map((item) => reader.vector(item)));
      return { pass, summary: reader.summary(pass), memory: pass.tops };
    }
    if (!looks) return { summary: vectors ? vectors[0] : reader.vector(items[0]), memory: [] };
    const found = reader.maps(reader.standardised(items[0])), { maps, height, width, channels } = found;
    const memory = Array.from({ length: height * width }, (_, s) => maps.slice(s * channels, (s + 1) * channels));
    return { summary: averaged(found, reader.about.input), memory, places: [height, width] };
  }
  // the state of the decoder before its first step
  start(read) {
    const z = this.reader.affine(this.bridge, read.summary).map(Math.tanh);
    const states = this.decoder.layers.map(() => ({}));
    for (const [layer, name, first, count] of this.about.states) states[layer][name] = z.slice(first, first + count);
    const { attention } = this;
    return {
      states,
      memory: read.memory,
      weights: null,
      keys: attention ?
        read.memory.map((one) => this.reader.affine(attention.key, one).map((v) => v * attention.scale)) :
        [],
      fed: this.about.feeds ? new Float32Array(attention.combine.rows) : null
    };
  }
  // weights and context of a query
  look(query, { memory, keys }) {
    const { attention } = this, context = new Float32Array(attention.combine.columns - this.top());
    let scores;
    if (attention.query) {
      const own = this.reader.affine(attention.query, query), { weight } = attention.vector;
      scores = keys.map((key) => key.reduce((sum, one, i) => sum + weight[i] * Math.tanh(own[i] + one), 0));
    } else {
      scores = keys.map((key) => dotted(query, key));
    }
    const weights = softened(scores);
    memory.forEach((one, s) => one.forEach((v, i) => {
      context[i] += weights[s] * v;
    }));
    return { weights, context, query };
  }
  // the length of an output of the decoder's layers
  top() {
    const one = this.decoder.layers.at(-1)[0];
    return one.cell.states[one.names[0]].after[1];
  }
  // one step from the vector of an item: the vector that is read out, and the state after; `frames` are kept where
  // given
  step(vector, state, frames = null) {
    const { attention, decoder } = this, { fed } = state;
    let x = fed ? concatenated([vector, fed]) : vector, found = null;
    if (attention && attention.first) {
      found = this.look(state.states.at(-1)[decoder.layers.at(-1)[0].names[0]], state);
      x = concatenated([x, found.context]);
    }
    const { top, states } = decoder.step(state.states, x, frames);
    if (!attention) return { top, state: {...state, states }, found };
    found = found || this.look(top, state);
    const v = decoder.affine(attention.combine, concatenated([found.context, top])).map(Math.tanh);
    return { top: v, state: {...state, states, weights: found.weights, fed: fed && v }, found };
  }
  begin() {
    return this.decoder.embedded(this.symbols.beginning);
  }
  next(id, state) {
    return this.step(id === null ? this.begin() : this.decoder.embedded(id), state);
  }
  // of given symbols: the probabilities at each step, and where it looked
  forced(ids, start) {
    let result = { state: start };
    const answers = [], attention = [];
    [null, ...ids.slice(0, -1)].forEach((id) => {
      result = this.next(id, result.state);
      answers.push(this.decoder.answer(result.top));
      attention.push(result.state.weights);
    });
    return { answers, attention };
  }
  // every step over given vectors, with the frames of all layers
  traced(vectors, start) {
    let state = start;
    return vectors.map((vector) => {
      const frames = [], before = state, result = this.step(vector, state, frames);
      state = result.state;
      return {...result, before, vector, frames };
    });
  }
  // backpropagation through time from dE/dv of the last step: what reaches the layers of the decoder, and what was read
  backward(read, steps, seed) {
    const { decoder, attention } = this,
                               ways =
                                 decoder.layers.map(([one], n) => new Way(one, steps.map((step) => step.frames[n])));
    const memory = read.memory.map((one) => new Float32Array(one.length)), last = ways.at(-1);
    const transposed = ({ weight, rows, columns }, v) => {
      const y = new Float32Array(columns);
      arithmetic.transposed(weight, 0, rows, columns, v, 0, y, 0);
      return y;
    };
    let dv = seed;
    steps.toReversed().forEach((step, n) => {
      const t = steps.length - 1 - n, width = this.top();
      let dy = dv, context = null;
      if (attention) {
        const d = transposed(attention.combine, step.top.map((v, i) => dv ? dv[i] * (1 - v * v) : 0));
        [context, dy] = [d.slice(0, -width), d.slice(-width)];
        if (!attention.first)
          this.lookedBack(step, context, memory, transposed).forEach((v, i) => {
            dy[i] += v;
          });
      }
      for (let layer = ways.length - 1; layer >= 0; --layer) {
        const dx = ways[layer].back(t, dy).slice();
        if (decoder.about.residual && dy && dx.length === dy.length)
          dy.forEach((v, i) => {
            dx[i] += v;
          });
        dy = dx;
      }
      const own = step.vector.length, fed = step.before.fed ? step.before.fed.length : 0;
      dv = fed ? dy.slice(own, own + fed) : null;
      if (!attention || !attention.first) return;
      context.forEach((_, i) => {
        context[i] += dy[own + fed + i];
      });
      this.lookedBack(step, context, memory, transposed).forEach((v, i) => {
        last.carried[0][i] += v;
      });
    });
    const { states } = this.start(read), ds = new Float32Array(this.bridge.rows);
    for (const [layer, name, first] of this.about.states) {
      const { names } = decoder.layers[layer][0], s = states[layer][name];
      ways[layer].carried[names.indexOf(name)].forEach((v, i) => {
        ds[first + i] = v * (1 - s[i] * s[i]);
      });
    }
    return {
      layers: ways.map((way, number) => ({ number, direction: 0, ...way.found() })),
      memory,
      summary: transposed(this.bridge, ds)
    };
  }
  // dE/d(query) from dE/d(context); what reaches the places that were looked at is added up
  lookedBack({ found: { weights, query }, before: { keys, memory: places } }, context, memory, transposed) {
    const { attention } = this, dw = places.map((one) => dotted(context, one));
    const mean = dw.reduce((sum, one, s) => sum + weights[s] * one, 0), dq = new Float32Array(query.length);
    const own = attention.query ? this.reader.affine(attention.query, query) : null;
    const down = own && new Float32Array(own.length);
    places.forEach((_, s) => {
      const ds = weights[s] * (dw[s] - mean);
      const dk = own ? keys[s].map((key, i) => ds * attention.vector.weight[i] * (1 - Math.tanh(own[i] + key) ** 2)) :
                       query.map((one) => ds * one);
      if (own)
        dk.forEach((one, i) => {
          down[i] += one;
        });
      else
        keys[s].forEach((key, i) => {
          dq[i] += ds * key;
        });
      const through = transposed(attention.key, dk);
      memory[s].forEach((_one, i) => {
        memory[s][i] += weights[s] * context[i] + attention.scale * through[i];
      });
    });
    return own ? transposed(attention.query, down) : dq;
  }
  // what is compared with another implementation
  told(items, { ids, length }) {
    const start = this.start(this.read(items));
    if (!this.symbols) return { answers: this.numbers(length, start) };
    return {...this.forced(ids, start), beam: finished(this.beam(start, 3, 3, length)) };
  }
  // so many rows of numbers in their own units
  numbers(length, start) {
    const { decoder } = this, rows = [];
    let state = start, row = new Float32Array(decoder.readout.rows);
    for (let n = 0; n < length; ++n) {
      const result = this.step(decoder.ordered(row), state);
      row = decoder.affine(decoder.readout, result.top);
      state = result.state;
      rows.push(decoder.inUnits(row));
    }
    return rows;
  }
  logarithms(vector) {
    const z = this.decoder.affine(this.decoder.readout, vector), total = logSum(z);
    return z.map((one) => one - total);
  }

  // the best hypotheses, in slots: slot 1 takes the best continuation of its own hypothesis, slot i the best that is
  // left of those of slots 1 to i, so that a beam of 1 is greedy and a wider one is never worse; it yields at each step
  * beam(start, width, most, length) {
    const {
      end,
      forbidden
    } = this.symbols,
    answers = new Map(),
    cut = (one) =>
      ({ ids: one.ids, log: one.log, score: one.log / penalty(Math.max(1, one.ids.length)), finished: false });
    let open = new Map([[0, { ids: [], log: 0, state: start }]]);
    for (let step = 0; step < length && open.size; ++step) {
      const before = open, left = [], children = new Map();
      open = new Map();
      for (const [slot, one] of before) {
        const result = this.next(one.ids.length ? one.ids.at(-1) : null, one.state), log = this.logarithms(result.top);
        forbidden.forEach((id) => {
          log[id] = -Infinity;
        });
        children.set(slot, { state: result.state, best: largestOf(log, width) });
        yield null;
      }
      for (let slot = 0; slot < width; ++slot) {
        for (const [value, id] of children.has(slot) ? children.get(slot).best : [])
          if (value > -Infinity) left.push({ log: before.get(slot).log + value, slot, id });
        if (answers.has(slot)) continue;
        if (!left.length) {
          if (before.has(slot) && children.get(slot).best.every(([value]) => value === -Infinity))
            answers.set(slot, cut(before.get(slot)));
          continue;
        }
        const [next] = left.splice(left.reduce((a, one, b) => one.log > left[a].log ? b : a, 0), 1);
        const { ids } = before.get(next.slot), { log } = next;
        if (next.id === end)
          answers.set(slot, { ids, log, score: log / penalty(ids.length + 1), finished: true });
        else
          open.set(slot, { ids: [...ids, next.id], log, state: children.get(next.slot).state });
      }
      const ended = [...answers.values()].filter((one) => one.finished).map((one) => one.score).sort((a, b) => b - a);
      const hope = Math.max(...[...open.values()].map((one) => one.log)) / penalty(length);
      if (ended.length >= most && ended[most - 1] >= hope) break;
    }
    return [...answers.values(), ...[...open.values()].map(cut)]
      .sort((a, b) => b.finished - a.finished || b.score - a.score)
      .slice(0, most);
  }
}
// what a generator returns in the end
function finished(work) {
  let step = work.next();
  while (!step.done) step = work.next();
  return step.value;
}
// the largest numbers with their places, the largest first
function largestOf(values, count) {
  const best = [];
  values.forEach((value, id) => {
    if (best.length === count && !(value > best[count - 1][0])) return;
    let place = best.length;
    while (place && value > best[place - 1][0]) --place;
    best.splice(place, 0, [value, id]);
    best.length = Math.min(best.length, count);
  });
  return best;
}
