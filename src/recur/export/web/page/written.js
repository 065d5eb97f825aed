// What a network that writes answers, and why: candidates of the beam, attention, what it read, states and gradients.

// the answer and the other candidates; of numbers one answer
async function composed(local, read, width, breathe) {
  const { writer } = local.network, source = writer.read(read.items), start = writer.start(source),
                 { length } = writer.about;
  if (!writer.symbols) {
    const { columns } = local.facts.writing, rows = writer.numbers(length, start),
                    { deviation } = writer.decoder.target;
    const shown = rows.map((row) => Array.from(row, (one, i) => short(one, deviation[i % deviation.length])));
    return {
      source,
      start,
      rows,
      candidates: [],
      shown: columns.length > 1 ? shown.map((row) => `(${row.join(", ")})`).join(", ") : shown.flat().join(", "),
      labels: shown.map((row) => row.join(" ")),
      finished: false
    };
  }
  const work = writer.beam(start, width, width, length);
  let step = work.next();
  for (; !step.done; step = work.next()) await breathe();
  const [best] = step.value,
        candidates = step.value.map(
          (one) => ({ label: local.writes.text(one.ids), probability: Math.exp(one.log), score: one.score }));
  return {
    source,
    start,
    ids: best.ids,
    finished: best.finished,
    candidates,
    shown: candidates[0].label,
    labels: best.ids.map((id) => local.shownSymbol(id))
  };
}

async function writtenExplained(local, read, value, { parts, top, beam, at = null }, breathe) {
  const { network, facts } = local, { writer } = network, { decoder } = writer,
                         answer = await composed(local, read, beam || 1, breathe);
  const { source, start, rows } = answer, labels = rows ? answer.labels : [...answer.labels, "⟨end⟩"];
  const place = at !== null && at <= labels.length ? at - 1 : Math.max(0, answer.labels.length - 1),
        ids = rows ? null : [...answer.ids, writer.symbols.end];
  const given =
    rows ? rows.map((row) => decoder.ordered(decoder.standardised(row))) : ids.map((id) => decoder.embedded(id));
  const first = rows ? new Float32Array(given[0].length) : writer.begin();
  const vectors = [first, ...given.slice(0, -1)], traced = writer.traced(vectors, start), { top: v } = traced[place];
  const options = writerOptions(local, decoder.answer(v), rows ? null : ids[place], top);
  const items = itemsOf(facts, read, facts.reading.kind === "numbers" && writer.about.reads === "value");
  const what = facts.writing.words ? "word" : "step";
  const data = recordOf(facts, {
    value,
    items,
    removable: items.map(() => true),
    timed: true,
    question: {
      says: `${what} ${place + 1} of the answer is “${options[0].label}”`,
      place,
      answer: answer.shown || "(nothing)",
      options,
      steps: labels
    },
    candidates: answer.candidates.length > 1 ? answer.candidates : null
  });
  if (writer.attention) data.alignment = attended(answer, labels, items, traced.map((one) => one.state.weights));
  await breathe();
  if (parts.includes("influence"))
    data.influence = await writerInfluence(local, read, vectors.slice(0, place + 1), options, breathe);
  const written = ["⟨start⟩", ...labels.slice(0, -1)],
        passes = decoder.layers.map((_, n) => [traced.map((one) => one.frames[n])]);
  if (parts.includes("states"))
    data.states = {
      layers: [
        ...source.pass ? statesOf(network, source.pass, items, "encoder") : [],
        ...statesOf(decoder, { passes }, written, "decoder")
      ]
    };
  await breathe();
  if (parts.includes("flow"))
    data.flow = writerFlow(local, { source, traced, place, option: options[0] }, items, written);
  return data;
}
// where each written item looked at: at items, or at the places of a picture, row by row
function attended({ source, labels: { length }, finished: ended }, labels, items, weights) {
  const rows = labels.slice(0, length + ended), [height, width] = source.places || [0, 0];
  const places = Array.from(
    { length: height * width }, (_, place) => `row ${Math.floor(place / width) + 1}, column ${place % width + 1}`);
  return {
    rows,
    columns: source.places ? places : items,
    weights: weights.slice(0, rows.length).map((one) => Array.from(one))
  };
}
// the options of one step of the answer, its own first
function writerOptions(local, answer, own, top) {
  const { facts, network } = local, { decoder } = network.writer;
  if (own === null) {
    const { columns } = facts.writing, { deviation } = decoder.target;
    return Array.from(
      answer, (one, c) => ({
                label: `${columns.length > 1 ? columns[c] + " " : ""}${short(one, deviation[c % deviation.length])}`,
                probability: null,
                place: c
              }));
  }
  return [own, ...leading(answer, top).filter((id) => id !== own)].slice(0, top).map(
    (id) => ({ label: local.shownSymbol(id), probability: answer[id], place: id }));
}
// each item is left out; numbers, and what is no sequence, are set to their mean
async function writerInfluence({ network, facts }, read, written, options, breathe) {
  const { writer } = network, { decoder } = writer, sequence = writer.about.reads === "sequence";
  const vectors = read.items.map((item) => network.vector(item)), zero = (v) => new Float32Array(v.length);
  const output = (changed) => {
    const steps = writer.traced(written, writer.start(writer.read(read.items, changed)));
    return scored(decoder, decoder.affine(decoder.readout, steps.at(-1).top), options);
  };
  const nothing = output(vectors.map(zero)), without = [];
  if (!sequence) {
    const columns = facts.reading.kind === "numbers" ? Array.from(vectors[0].keys()) : null;
    if (columns)
      without.push(...columns.map((c) => output([vectors[0].map((one, i) => i === c ? 0 : one)])));
    else
      without.push(nothing);
  } else {
    for (let t = 0; t < vectors.length; ++t) {
      const left = facts.reading.kind === "numbers" ? vectors.map((one, n) => n === t ? zero(one) : one) :
                                                      vectors.filter((_, n) => n !== t);
      without.push(t < vectors.length - LEFT_OUT || !left.length ? null : output(left));
      await breathe();
    }
  }
  return influences(decoder, options, { whole: output(vectors), nothing, without });
}
// the gradient of one step of the answer, through the decoder, what it looked at, and the encoder
function writerFlow({ network, facts }, { source, traced, place, option }, items, written) {
  const { writer } = network, { decoder } = writer, { readout } = decoder, symbols = symbolic(decoder),
                 { top } = traced[place];
  const dz = new Float32Array(readout.rows);
  if (symbols) dz.set(decoder.answer(top));
  const probability = dz[option.place];
  dz[option.place] += symbols ? -1 : 1;
  const dv = new Float32Array(readout.columns);
  arithmetic.transposed(readout.weight, 0, readout.rows, readout.columns, dz, 0, dv, 0);
  const found = writer.backward(source, traced.slice(0, place + 1), dv),
        error = symbols ? -Math.log(Math.max(1e-30, probability)) : 0;
  const labels = written.slice(0, place + 1), one = (value) => labels.map((_, t) => t === place ? value : 0);
  const encoder = source.pass && items.length ?
    network.backward(source.pass, { tops: writer.attention ? found.memory : [], summary: found.summary }).layers :
    [];
  const size = Math.sqrt(squared(dz) * squared(top));
  return {
    errors: [{ error, step: place, part: "decoder", label: labels[place] }],
    followed: [0],
    error,
    layers: [
      ...encoder.map((layer) => flowLayer(facts, layer, items, "encoder", null)),
      ...found.layers.map((layer) => flowLayer(facts, layer, labels, "decoder", place))
    ],
    readout: {
      name: "W_hy",
      part: "decoder",
      kind: "hidden to output",
      labels,
      fraction: one(1),
      norm: one(size),
      gradient: size
    }
  };
}
