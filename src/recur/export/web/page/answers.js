// The answers that a server would give, computed here.
const MOST = 400;     // items that are read
const FRAMES = 6000;  // of a sound
const SOON = 4;       // items
const FEW = 32;       // of which the largest are found without sorting all
const WARM = 30;      // milliseconds of computing before the first key
const PAUSE = 10;     // milliseconds of computing without a pause
const lines = (n, one, many) => `${n} ${n === 1 ? one : many}`;

class Local {
  constructor(network, facts) {
    this.network = network;
    this.facts = facts;
    this.known = [{ id: null, states: network.start(), top: null }];
    this.reads = facts.reading ? reader(facts.reading) : null;
    this.writes = facts.writing && facts.writing.vocabulary ? reader(facts.writing) : this.reads;
  }
  // what the network reads: items, each with its label
  async items(value) {
    const { reading } = this.facts;
    if (reading.kind === "nothing") return { items: [], labels: [], removable: [] };
    if (reading.kind === "images") return this.picture(await pixels(value, reading));
    if (reading.kind === "audio") return this.sound(await heardFrom(value, reading.rate));
    if (reading.kind === "numbers") {
      const rows = table(value, reading);
      return {
        items: rows,
        removable: rows.map(() => true),
        labels: reading.columns.length === 1 ? rows.map(([one]) => short(one)) : rows.map((_, t) => String(t + 1))
      };
    }
    const pieces = this.reads.pieces(String(value)), own = pieces.map(([, id]) => id);
    const given = reading.prefix || [], ids = [...given, ...own];
    if (!ids.length && reading.when_empty) ids.push(...reading.when_empty);
    const first = ids.length - own.length;
    if (ids.length > MOST)
      refuse(`${lines(ids.length, "item", "items")}; at most ${MOST} are read here`, "type a part");
    return {
      items: ids,
      own,
      labels: [...Array(first).fill("⟨start⟩"), ...pieces.map(([text, id]) => this.unknown(id) ? text + "?" : text)],
      removable: [...Array(first).fill(false), ...own.map(() => true)]
    };
  }
  unknown(id) {
    return this.reads.nearest && (Array.isArray(id) ? id[0] : id) === UNKNOWN;
  }
  frames(samples, rate) {
    const { reading } = this.facts;
    return framesOf(resampled(samples, rate, reading.rate), reading);
  }
  sound({ samples, rate }) {
    const { hop, rate: own } = this.facts.reading, count = samples.length / rate * own / hop;
    if (!samples.length) refuse("the sound has no samples", "choose another file");
    if (count > FRAMES)
      refuse(
        `the sound is ${Math.round(samples.length / rate)} s long`,
        `at most ${Math.floor(FRAMES * hop / own)} s are read here`);
    const items = this.frames(samples, rate);
    return { items, labels: items.map((_, t) => String(t + 1)), removable: items.map(() => true) };
  }
  picture(values) {
    const { reading } = this.facts, { height, width, channels, steps } = reading;
    if (steps === "whole") return { items: [values], labels: ["the picture"], removable: [true] };
    const size = steps === "rows" ? width * channels : channels, count = values.length / size;
    const items = Array.from({ length: count }, (_, t) => values.slice(t * size, (t + 1) * size));
    return { items, labels: items.map((_, t) => String(t + 1)), removable: items.map(() => true), height };
  }
  // the vector that the last answer is read out of, its states, and every answer before
  allowed(probabilities) {
    const { never } = this.facts.writing;
    return probabilities.map((p, id) => never.includes(id) ? 0 : p);
  }
  shownSymbol(id) {
    const { end, kind, vocabulary } = this.facts.writing;
    if (id === end) return "⟨end⟩";
    if (kind === "melody" || kind === "subwords") return vocabulary[id];
    return this.writes.text([id]) || vocabulary[id] || "⟨start⟩";
  }
  // how many ids of a text were read before
  same(ids) {
    let same = 0;
    while (same < Math.min(ids.length, this.known.length - 1) && this.known[same + 1].id === ids[same]) ++same;
    return same;
  }
  // whether the next item of a text is known within a frame: few of its items are new
  soon(text) {
    const ids = [...this.facts.reading.prefix || [], ...this.reads.pieces(text).map(([, id]) => id)];
    return ids.length - this.same(ids) <= SOON;
  }
  // of a text that begins as the one before only the rest is read
  read(ids) {
    const same = this.same(ids);
    this.known.length = same + 1;
    for (const id of ids.slice(same))
      this.known.push({ id, ...this.network.step(this.known.at(-1).states, this.network.vector(id)) });
    return this.known.at(-1);
  }

  // one answer that nobody waits for: what runs for the first time is compiled meanwhile
  warm() {
    const { network, facts } = this;
    if (facts.answers !== "next" || !network.about.input.ids || network.letters) return;
    for (const end = performance.now() + WARM; performance.now() < end;)
      narrowed(network.answer(network.step(network.start(), network.vector(0)).top), 0.5, 0, 0.5);
  }
  async next({ text, top, temperature, top_k, top_p }) {
    const { items } = await this.items(text);
    if (!items.length) refuse("there is nothing to read", "type something");
    const p = this.network.answer(this.read(items).top);
    const silent = this.facts.writing.silent, possible = p.map((one, id) => silent.includes(id) ? 0 : one);
    const drawn = narrowed(possible, temperature, top_k, top_p);
    const order = leading(possible, top);
    return { items: order.map((id) => ({ value: this.shownSymbol(id), probability: p[id], drawn: drawn[id] })) };
  }
  // the ids of a continuation, one after the other
  * sampled(items, { length, temperature, top_k, top_p, seed }) {
    const draw = random(seed || 0), { network } = this, { writer } = network, from = writer ? writer.decoder : network;
    let result = writer ? writer.next(null, writer.start(writer.read(items))) : this.read(items);
    for (let n = 0; n < length; ++n) {
      const p = narrowed(this.allowed(from.answer(result.top)), temperature, top_k, top_p);
      let at = draw(), id = 0;
      while (id < p.length - 1 && (at -= p[id]) >= 0) ++id;
      if (!p[id]) [id] = leading(p, 1);
      if (id === this.facts.writing.stops) return;
      yield id;
      result = writer ? writer.next(id, result.state) : network.step(result.states, network.vector(id));
    }
  }
  // the text of a continuation, piece by piece, with a pause for the page after each
  async * generate({ prompt, ...how }) {
    const { items } = await this.items(prompt), { writes } = this;
    let context = this.network.writer ? [] : items.slice(-16), written = writes.text(context);
    for (const id of this.sampled(items, how)) {
      context = [...context, id];
      let after = writes.text(context);
      // the last bytes may be a part of a character
      if (this.facts.writing.kind === "subwords") after = after.replace(/\ufffd+$/u, "");
      let same = 0;
      while (same < Math.min(written.length, after.length) && written[same] === after[same]) ++same;
      yield after.slice(same);
      context = context.slice(-16);
      written = writes.text(context);
      await new Promise((go) => {
        setTimeout(go, 0);
      });
    }
  }
  async play({ opening, ...how }) {
    const read = await this.items(opening || "");
    const own = this.network.writer ? [] : read.own, ids = [...own, ...this.sampled(read.items, how)];
    return {
      given: own.length,
      pitches: this.writes.pitches(ids),
      steps_per_beat: this.facts.writing.steps_per_beat,
      line: this.writes.text(ids),
      midi: null
    };
  }
  async predict({ inputs, top, beam }, signal) {
    const predictions = [];
    for (const value of inputs) {
      const read = await this.items(value);
      if (this.network.writer) {
        const answer = await composed(this, read, beam || 1, breathing(signal)), { shown, candidates } = answer;
        predictions.push({
          value: shown,
          shown,
          scores: candidates.map(({ label, probability }) => ({ value: label, probability })),
          attention: this.attention(read, answer)
        });
        continue;
      }
      const answer = answered(this, read, this.network.answers(read.items), top);
      predictions.push({
        value: answer.shown,
        shown: answer.shown,
        scores: answer.options.filter((one) => one.probability !== null)
                  .map((one) => ({ value: one.label, probability: one.probability }))
      });
    }
    return { predictions };
  }
  // where each symbol of an answer looked at; null without attention, and of what has too many items to be drawn
  attention({ items, labels }, answer) {
    const { writer } = this.network;
    if (!writer.attention || !answer.ids || items.length > MOST) return null;
    const { attention } = writer.forced([...answer.ids, writer.symbols.end], answer.start);
    return attended(answer, [...answer.labels, "⟨end⟩"], labels, attention);
  }
  async explain({ value, parts, top, beam, at }, signal) {
    const read = await this.items(value);
    if (!read.items.length) refuse("there is nothing to read", "type something");
    if (this.network.writer) return writtenExplained(this, read, value, { parts, top, beam, at }, breathing(signal));
    return explained(this, read, value, parts, top, breathing(signal));
  }
}
// what takes long pauses in between, so that the page answers a key; it ends where its request was cancelled
function breathing(signal) {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < PAUSE) return;
    await new Promise((go) => {
      setTimeout(go, 0);
    });
    if (signal) signal.throwIfAborted();
    last = performance.now();
  };
}
const ranked = (p) => Array.from(p, (_, id) => id).sort((a, b) => p[b] - p[a] || a - b);
// the first of them
const leading = (p, count) => count > FEW ? ranked(p).slice(0, count) : largestOf(p, count).map(([, id]) => id);
// tempered and truncated probabilities, which add up to 1
function narrowed(p, temperature, top_k, top_p) {
  const weights = new Float64Array(p.length), [first] = leading(p, 1);
  if (!(temperature > 0)) {
    weights[first] = 1;
    return weights;
  }
  const kept = top_k && top_k < p.length ? leading(p, top_k) : p.keys();
  for (const id of kept) weights[id] = p[id] > 0 ? (p[id] / p[first]) ** (1 / temperature) : 0;
  const inside = top_p ? nucleus(p, weights, top_p) : weights, total = inside.reduce((a, b) => a + b);
  return inside.map((one) => one / total);
}
// the weights of the first ids that make up a share of all: mostly few, so that all are sorted only where those do not
function nucleus(p, weights, share) {
  const total = weights.reduce((a, b) => a + b);
  for (const count of [FEW, p.length]) {
    const inside = new Float64Array(p.length);
    let before = 0;
    for (const id of leading(p, count)) {
      if (before >= share) return inside;
      inside[id] = weights[id];
      before += weights[id] / total;
    }
    if (before >= share || count >= p.length) return inside;
  }
  return weights;
}
// numbers between 0 and 1; the same seed gives the same ones (mulberry32)
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = state + 0x6d2b79f5 >>> 0;
    let t = Math.imul(state ^ state >>> 15, 1 | state);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) / 4294967296;
  };
}
// a number with four digits, or so many of its scale
function short(value, scale) {
  const size = Math.abs(value);
  if (size === 0) return "0";
  const decimals = Math.max(0, 3 - Math.floor(Math.log10(scale || size)));
  if (decimals > 12 || size < 0.5 * 10 ** -decimals) return String(+value.toPrecision(4));
  const text = value.toFixed(Math.min(decimals, 20));
  return text.includes(".") ? text.replace(/\.?0+$/u, "") : text;
}
