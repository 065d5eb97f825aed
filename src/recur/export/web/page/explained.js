// Why the network answers as it does: the data that the pictures are drawn from, as recur's own explanation has it.
const UNITS = 64, WINDOW = 200, LEFT_OUT = 48;
const symbolic = ({ readout: { ends } }) => ends === "softmax" || ends === "scores";

// the answer: what is shown, and the options with their places in the readout
function answered(local, read, answers, top = 5) {
  const { facts, network } = local, { writing } = facts, last = answers.at(-1);
  const column = (value, i) => short(value, network.target.deviation[i % network.target.deviation.length]);
  if (symbolic(network)) {
    if (facts.answers === "next") {
      const p = last.map(
        (one, id) => writing.silent.includes(id) || (writing.words && !wordlike(writing.vocabulary[id])) ? 0 : one);
      const options = leading(p, top).map((id) => ({ label: local.shownSymbol(id), probability: p[id], place: id }));
      return { shown: "", options, says: `the next ${writing.item} is “${options[0].label}”` };
    }
    // the best chain of tags need not hold the likeliest tag
    const { chain } = network, tags = chain ? chain.tags(answers) : answers.map((p) => leading(p, 1)[0]);
    const p = chain ? chain.marginals(answers).at(-1) : last, best = tags.at(-1);
    const options = [best, ...leading(p, top).filter((id) => id !== best)].slice(0, top).map(
      (id) => ({ label: String(writing.labels[id]), probability: p[id], place: id }));
    if (facts.answers !== "steps")
      return { shown: options[0].label, options, says: `the answer is “${options[0].label}”` };
    const shown = tags.map((tag, t) => `${read.labels[t]}/${writing.labels[tag]}`).join(" ");
    return {
      shown,
      options,
      answers: tags.map((tag) => String(writing.labels[tag])),
      says: `the answer for “${read.labels.at(-1)}” (${answers.length}) is “${options[0].label}”`
    };
  }
  if (facts.forecast) {
    const { quantiles, median, columns } = facts.forecast, steps = [];
    for (let at = 0; at < last.length; at += quantiles) steps.push(last[at + median]);
    const label = (c) => columns > 1 ? writing.columns[c] : column(steps[0], 0);
    const options = Array.from(
      { length: columns }, (_, c) => ({ label: label(c), probability: null, place: c * quantiles + median }));
    const each = steps.map((one, n) => column(one, n % columns));
    const rows =
      columns > 1 ? each.flatMap((_, n) => n % columns ? [] : [`(${each.slice(n, n + columns).join(", ")})`]) : each;
    const shown = rows.join(", ");
    return {
      shown,
      options,
      says: columns > 1 ? `the forecast 1 step later of “${options[0].label}”` :
                          `the value 1 step later is ${options[0].label}`
    };
  }
  const several = writing.columns.length > 1;
  const options = Array.from(
    last,
    (one, c) =>
      ({ label: several ? `${writing.columns[c]} ${column(one, c)}` : column(one, c), probability: null, place: c }));
  const shown = (facts.answers === "steps" ? answers : [last])
                  .map((row) => several ? `(${Array.from(row, column).join(", ")})` : column(row[0], 0))
                  .join(", ");
  const what = facts.answers === "next" ? `the value ${lines(writing.ahead, "step", "steps")} later` : "the answer";
  return {
    shown,
    options,
    says: several ? `${what} is ${shown}; explained is “${options[0].label}”` : `${what} is ${shown}`
  };
}

// scores of options from the readout's z: log-probabilities, or standardised numbers
function scored(network, z, options) {
  if (network.readout.ends !== "softmax") return options.map(({ place }) => z[place]);
  const total = logSum(z);
  return options.map(({ place }) => z[place] - total);
}

// the vector that the explained answer is read out of, from vectors
function lastVector(network, vectors) {
  if (!network.layers.length)
    return network.hidden.reduce((v, layer) => network.affine(layer, v).map((one) => Math.max(0, one)), vectors[0]);
  const result = network.run(vectors);
  return network.about.pooling ? network.summary(result) : result.tops.at(-1);
}
function forecastVectors(network, rows) {
  const { columns, back } = network.about.forecast;
  if (!back) return rows;
  const own = (t) => columns.map((c) => rows[t][c]);
  return rows.map(
    (row, t) => Float32Array.from([...row, ...own(t).map((one, i) => t < back ? 0 : one - own(t - back)[i])]));
}
async function influenced(local, read, options, breathe) {
  const { network, facts } = local, discrete = network.about.input.ids && facts.timed;
  const vectors = read.items.map((item) => network.vector(item)), count = vectors.length;
  const finish = (changed) => network.about.forecast ? forecastVectors(network, changed) : changed;
  const output = (changed) => {
    if (network.chain) {
      const scores = network.run(changed).tops.map((top) => network.answer(top)),
            p = network.chain.marginals(scores).at(-1);
      return options.map(({ place }) => Math.log(p[place]));
    }
    const z = network.affine(network.readout, lastVector(network, finish(changed))),
          scores = scored(network, z, options);
    if (!facts.forecast || !network.about.forecast.back) return scores;
    // a forecast that is relative to an earlier value has that value in it
    const { back, columns } = network.about.forecast, base = changed.at(-Math.min(back, changed.length));
    return scores.map((one, c) => one + base[columns[c]]);
  };
  const zero = (v) => new Float32Array(v.length);
  let without = [];
  if (!facts.timed) {  // the columns of one row: each is set to its mean
    without = Array.from(vectors[0], (_, c) => output([vectors[0].map((one, i) => i === c ? 0 : one)]));
    if (facts.reading.kind !== "numbers") without = [output([zero(vectors[0])])];
  } else {
    const both = network.about.layers[0].length > 1, known = [{ states: network.start(), top: null }];
    const whole = both || network.about.pooling || network.chain;
    if (!whole && discrete)
      for (const v of vectors) known.push(network.step(known.at(-1).states, v));
    const left = (t) => {
      if (!read.removable[t] || count - t > LEFT_OUT || (facts.answers === "steps" && t === count - 1)) return null;
      if (!discrete) return output(vectors.map((one, n) => n === t ? zero(one) : one));
      if (whole) return output(vectors.filter((_, n) => n !== t));
      if (t === count - 1) return t ? scored(network, network.affine(network.readout, known[t].top), options) : null;
      let result = known[t];
      for (const later of vectors.slice(t + 1)) result = network.step(result.states, later);
      return scored(network, network.affine(network.readout, result.top), options);
    };
    for (let t = 0; t < count; ++t) {
      without.push(left(t));
      await breathe();
    }
  }
  return influences(network, options, { whole: output(vectors), nothing: output(vectors.map(zero)), without });
}
// what each item contributes to the options, from their scores: of all items, of none, and without each of them
function influences(network, options, { whole, nothing, without }) {
  const ways = { everything: (scores, n) => scores[n] };
  if (symbolic(network) && options.length > 1)
    ways.candidates = (scores, n) => scores[n] - logSum(scores.filter((_, other) => other !== n));
  return {
    unit: symbolic(network) ? "nats" : "standard deviations",
    methods: ["leave_one_out"],
    against: Object.keys(ways).toReversed(),
    options: options.map(({ label }, n) => ({
                           label,
                           ...Object.fromEntries(Object.entries(ways).map(
                             ([name, f]) => [name, {
                               output: f(whole, n),
                               nothing: f(nothing, n),
                               gap: 0,
                               scores: { leave_one_out: without.map((scores) => scores && f(whole, n) - f(scores, n)) }
                             }]))
                         }))
  };
}

// an explanation as recur's own record has it; its parts follow
function recordOf(facts, { value, items, removable, timed, question, ...parts }) {
  const { name, sentence, mode, cell, parameters } = facts;
  return {
    kind: "recur explanation",
    format: 1,
    model: { name, sentence, mode, cell, parameters },
    input:
      { text: typeof value === "string" ? value : items.join(", "), items, removable, unknown: [], timed, grid: null },
    question: { unit: "", place: null, answer: null, ...question },
    influence: null,
    flow: null,
    states: null,
    surprise: null,
    alignment: null,
    unrolled: null,
    units: null,
    candidates: null,
    forecast: null,
    ...parts
  };
}
// what the items are called: the columns of a row of numbers by their names
const itemsOf = ({ reading }, read, byColumn) =>
  byColumn ? reading.columns.map((name, c) => `${name} ${short(read.items[0][c])}`) : read.labels;

// states, gates and the gradient of the answer's error
async function explained(local, read, value, parts, top, breathe) {
  const { network, facts } = local, answers = network.answers(read.items), { timed } = facts;
  const { shown, answers: each = null, options, says } = answered(local, read, answers, top);
  const labels = itemsOf(facts, read, !timed && facts.reading.kind === "numbers");
  const data = recordOf(facts, {
    value,
    items: labels,
    removable: read.removable,
    timed,
    question: { says, answer: shown || null, answers: each, options },
    influence: parts.includes("influence") ? await influenced(local, read, options, breathe) : null,
    forecast: facts.forecast ? forecastOf(local, read, answers[0]) : null
  });
  if (!network.layers.length || !parts.some((one) => one === "states" || one === "flow")) return data;
  await breathe();
  const vectors = read.items.map((item) => network.vector(item));
  const result = network.run(facts.forecast ? forecastVectors(network, vectors) : vectors);
  await breathe();
  if (parts.includes("states")) data.states = { layers: statesOf(network, result, labels) };
  if (facts.answers === "next" && network.about.input.ids)
    data.surprise = read.items.map((id, t) => t && read.removable[t] ? -Math.log(answers[t - 1][id]) : null);
  if (parts.includes("flow")) data.flow = flowOf(local, result, answers, options[0], labels);
  return data;
}
function forecastOf({ network, facts }, { items }, values) {
  const { columns, quantiles, median, shares } = facts.forecast, of = network.about.forecast.columns;
  const rows = Array.from(
    { length: values.length / quantiles / columns },
    (_row, h) => Array.from(
      { length: columns },
      (_, c) => Array.from(values.slice((h * columns + c) * quantiles, (h * columns + c + 1) * quantiles))));
  return {
    names: facts.writing.columns,
    median,
    shares,
    past: items.map((item) => of.map((column) => item[column])),
    ahead: rows
  };
}
const layerName = (layer, direction, role) =>
  `${role === "stack" ? "" : role + " "}layer ${layer + 1}${direction ? " backwards" : ""}`;

function statesOf(network, { passes }, labels, role = "stack") {
  return network.layers.flatMap((level, number) => level.map((one, direction) => {
    const frames = passes[number][direction].slice(-WINDOW), units = {};
    const rows = (place) => frames.map((frame) => Array.from(part(frame, place)));
    // of states and gates of one size the same units, so that they can be compared
    const chosen = (values) => units[values[0].length] = units[values[0].length] || varied(values);
    const window = (values) => values.map((row) => chosen(values).map((u) => row[u]));
    const states = Object.create(null), shown = Object.create(null);  // a state may be called __proto__
    for (const name of one.names) {
      const values = rows(one.cell.states[name].after);
      states[name] = window(values);
      shown[name] = chosen(values);
    }
    const gates = Object.entries(one.gates).map(([name, kind]) => {
      const values = rows(one.cell.values[name].value), [low, high] = kind === "gate" ? [0.1, 0.9] : [-0.9, 0.9];
      const share = (test) => values[0].map((_, u) => values.filter((row) => test(row[u])).length / values.length);
      const shut = share((v) => v < low), open = share((v) => v > high),
            mean = (v) => v.reduce((a, b) => a + b) / v.length;
      shown[name] = chosen(values);
      return {
        name,
        kind,
        values: window(values),
        mean: values.map(mean),
        shut: mean(shut),
        open: mean(open),
        units: shut.map((v, u) => [v, open[u]])
      };
    });
    return {
      name: layerName(number, direction, role),
      part: role,
      cell: one.name,
      labels: labels.slice(-WINDOW),
      states,
      shown,
      gates,
      trajectory: principal(rows(one.cell.states[one.names[0]].after)),
      eigenvalues: {}
    };
  }));
}
function varied(values) {
  const spread = values[0].map((_, u) => {
    const column = values.map((row) => row[u]), mean = column.reduce((a, b) => a + b) / column.length;
    return squared(column.map((v) => v - mean));
  });
  return ranked(spread).slice(0, UNITS).sort((a, b) => a - b);
}
// the rows on their first two principal components, by power iteration on their products
function principal(rows) {
  const count = rows.length, mean = rows[0].map((_, u) => rows.reduce((sum, row) => sum + row[u], 0) / count);
  const centred = rows.map((row) => row.map((v, u) => v - mean[u]));
  const gram = centred.map((a) => centred.map((b) => dotted(a, b))),
        total = gram.reduce((sum, row, t) => sum + row[t], 0);
  const axes = [0, 1].map(() => {
    let v = centred.map((_, t) => Math.sin(t + 1)), size = 0;
    for (let n = 0; n < 100; ++n) {
      const next = gram.map((row) => dotted(row, v));
      size = Math.sqrt(squared(next));
      if (!(size > 1e-12)) return { points: v.map(() => 0), value: 0 };
      v = next.map((one) => one / size);
    }
    gram.forEach((row, a) => row.forEach((_, b) => {
      row[b] -= size * v[a] * v[b];
    }));
    return { points: v.map((one) => one * Math.sqrt(size)), value: size };
  });
  return {
    points: centred.map((_, t) => axes.map((axis) => axis.points[t])),
    explained: axes.map((axis) => total ? axis.value / total : 0)
  };
}

function flowOf(local, result, answers, option, labels) {
  const { network, facts } = local, { readout, about } = network, steps = labels.length;
  // dE/dz of E = -log p of the option, of a tag given the one before it, or of the value itself
  const dz = new Float32Array(readout.rows), { chain } = network, symbols = symbolic(network);
  const before = chain && steps > 1 ? chain.tags(answers).at(-2) : null;
  if (symbols) dz.set(chain ? chain.conditional(answers, before) : answers.at(-1));
  const probability = dz[option.place];
  dz[option.place] += symbols ? -1 : 1;
  const dh = new Float32Array(readout.columns);
  arithmetic.transposed(readout.weight, 0, readout.rows, readout.columns, dz, 0, dh, 0);
  const tops = Array(steps).fill(null), end = steps - 1;
  let summary = null, vector = result.tops[end];
  if (about.pooling === "last") {
    summary = dh;
    vector = network.summary(result);
  } else if (about.pooling === "mean") {
    tops.fill(dh.map((one) => one / steps));
  } else if (about.pooling === "max") {
    result.tops.forEach((_, t) => {
      tops[t] = new Float32Array(dh.length);
    });
    dh.forEach((one, u) => {
      const column = result.tops.map((row) => row[u]);
      tops[column.indexOf(Math.max(...column))][u] = one;
    });
  } else {
    tops[end] = dh;
  }
  const found = network.backward(result, { tops, summary }), whole = !about.pooling || about.pooling === "last";
  const one = (value) => labels.map((_, t) => t === end ? value : 0);
  const size = Math.sqrt(squared(dz) * squared(vector));
  const error = symbols ? -Math.log(Math.max(1e-30, probability)) : 0;
  return {
    errors: [{
      error,
      step: end,
      part: "stack",
      label: facts.answers === "next" || facts.answers === "steps" ? labels[end] : "the answer"
    }],
    followed: [0],
    error,
    // where the answer is read out: each direction's own last step, or the one that answers
    layers: found.layers.map((layer) => flowLayer(facts, layer, labels, "stack", about.pooling ? null : end)),
    readout: whole ? {
      name: "W_hy",
      part: "stack",
      kind: "hidden to output",
      labels,
      fraction: one(1),
      norm: one(size),
      gradient: size
    } :
                     null
  };
}
function flowLayer(facts, { number, direction, norms, shares }, labels, role, end) {
  return {
    name: layerName(number, direction, role),
    part: role,
    direction,
    cell: facts.cell,
    labels,
    norms: { message: norms },
    shares,
    boundaries: [],
    spectrum: {},
    lyapunov: null,
    itemised: null,
    asked: labels.length,
    memory: null,
    sentence: sentenceOf(norms, labels, direction === 1, end)
  };
}
function sentenceOf(norms, labels, backwards, end) {
  let order = labels.map((_, t) => t);
  if (backwards) order.reverse();
  if (end !== null) order = order.slice(0, order.indexOf(end) + 1);
  order = order.filter((t) => !labels[t].startsWith("⟨"));
  if (order.length < 2) return "no gradient flows back: no step is read before the one that answers";
  const [first, last] = [order[0], order.at(-1)], ratio = norms[first] / norms[last];
  if (!norms[last]) return "no gradient reaches this layer";
  if (!ratio) return `step ${first + 1} (${labels[first]}) receives nothing of the gradient of step ${last + 1}`;
  const share = ratio < 1e-4 ? (100 * ratio).toExponential(1) :
    ratio < 1                ? String(+(100 * ratio).toPrecision(2)) :
                               Math.round(100 * ratio).toLocaleString("en");
  return `step ${first + 1} (${labels[first]}) receives ${share} % of the gradient of step ${last + 1}: it ${
    graded(share.replaceAll(",", "") / 100)}`;
}
