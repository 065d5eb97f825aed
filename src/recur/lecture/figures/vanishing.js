// Chapter 10: how the gradient of the last step shrinks or stays on its way back: one factor per step in the Elman
// network, one forget gate per step on the cell line of the LSTM, both ways together, and truncation. A control scales
// what each step back multiplies by; the states stay, unless the forward pass is run again.
// 4·10⁻⁶
const small = (v) => {
  const [digit, power] = v.toExponential(0).split("e");
  return `${digit}·10${[...power].map((one) => ({ "-": "⁻", "+": "" })[one] ?? "⁰¹²³⁴⁵⁶⁷⁸⁹"[one]).join("")}`;
};
const tiny = (p) => `${small(100 * p)} %`;
// a logarithmic axis that holds everything that is drawn: whole powers of ten, at most seven of them named
function decades(least, most) {
  const high = Math.max(1, Math.ceil(most)), by = 2 * Math.ceil((high - least) / 14);
  const low = by * Math.floor(Math.min(least, -2) / by), ticks = [];
  for (let power = low; power <= high; power += by) ticks.push([10 ** power, amount(10 ** power)]);
  return { low, high, ticks };
}
const amount = (p) => p === 0 ? "0 %" :
  p >= 1e-4 && p < 1e3        ? `${+ (100 * p).toPrecision(p < 0.01 ? 1 : 2)} %` :
                                tiny(p);
// a factor in the room of three digits
const factor = (v) => v < 0.005 ? "<.01" : v < 0.995 ? v.toFixed(2).slice(1) : v.toFixed(1);
// by what each step back multiplies the length of a gradient: the lengths before and after as a ratio, per step
const ratios = (shares) => shares.map((v, n) => n > 0 && v > 0 ? shares[n - 1] / v : null);
// the gradient of "French" in a network of chapter 5
function carriedBack(kind, count, options, net = network(NETWORKS[`word ${kind}`])) {
  return gradientNorms(net, net.ids(farText("France", count)), net.answers.indexOf("French"), options);
}
// the Elman network: W_hh is scaled in the backward pass, and in the forward pass too where it is run again; with the
// weights that were trained or with random ones, as training starts
function elmanBack(count, { scale = 1, again = false, random = false } = {}) {
  const data = {...NETWORKS["word elman"] };
  if (random) data.layers = fresh("elman", data.inputs, data.hidden, 1).layers;
  const net = network(data, { scale }), found = carriedBack("elman", count, { from: again ? net : network(data) }, net);
  const slopes = found.run.h.slice(CUE + 1).flat().map((h) => 1 - h * h);
  return {...found, slope: slopes.reduce((a, b) => a + b) / slopes.length };
}

// the axis that all pictures of the chapter share: the words of the sentence, to the right where there is room for a
// number per word, else downwards
function wordAxis(root, texts) {
  const room = Math.min(960, root.clientWidth || 640), across = (room - 76) / texts.length > 24;
  const from = across ? 66 : 34, gap = across ? (room - 76) / texts.length : 21, length = gap * texts.length;
  const at_ = (n) => from + gap * (n + 0.5);
  return {
    room,
    across,
    from,
    gap,
    length,
    at: at_,
    // a rectangle: where it begins along the axis, how long it is, and its extent aside
    box: (begin, long, low, high, attributes) => draw("rect", {
      ...(
        across ? { x: begin, y: low, width: long, height: high - low } :
                 { x: low, y: begin, width: high - low, height: long }),
      ...attributes
    }),
    words: (svg, aside) => texts.forEach((one, n) => {
      const look = { "text-anchor": "end", class: n === CUE ? "said strong" : "said" }, x = at_(n) + 4;
      svg.append(
        across ? draw("text", { x, y: aside, transform: `rotate(-60 ${x} ${aside})`, ...look }, one) :
                 word(86, at_(n) + 5, one, look));
    }),
    // a number between the step n and the one before it
    between: (svg, n, aside, text) => svg.append(
      across ? word(from + gap * n, aside, text, { class: "digits" }) :
               word(aside, from + gap * n + 5, text, { class: "digits" })),
  };
}
// shares at every step on a logarithmic axis, one line per network; factors are printed between two steps
// the powers of ten between which all shares lie
function extent(...series) {
  const all = series.flat().filter((v) => v > 0).map(Math.log10);
  return [Math.min(...all), Math.max(...all)];
}
function shareChart(root, texts, series, range, t, factors) {
  const axis = wordAxis(root, texts), { across, room, from, length } = axis;
  const { low, high, ticks } = decades(...range);
  const [zero, full] = across ? [200, 34] : [96, room - (factors ? 52 : 14)];
  const place = (v) => zero + (full - zero) * (Math.log10(v) - low) / (high - low);
  picture(root, across ? (factors ? 294 : 276) : from + length + 12, t.label, (svg) => {
    svg.append(word(across ? 4 : 96, across ? 14 : 12, t.up, { class: "soft", "text-anchor": "start" }));
    ticks.forEach(([value, text], m) => {
      const p = place(value);
      svg.append(draw(
        "path", { d: across ? `M${from} ${p}H${from + length}` : `M${p} ${from}V${from + length}`, class: "grid" }));
      if (across)
        svg.append(word(from - 6, p + 4, text, { "text-anchor": "end", class: "soft" }));
      else if ((ticks.length - 1 - m) % 2 === 0)
        svg.append(word(p, 28, text, { class: "soft" }));
    });
    svg.append(draw(
      "path", { d: across ? `M${axis.at(CUE)} ${full}V${zero}` : `M${zero} ${axis.at(CUE)}H${full}`, class: "cue" }));
    series.forEach((one) => {
      const points = one.values.map((v, n) => [n, v]).filter(([, v]) => v > 0);
      const xy = ([n, v]) => across ? [axis.at(n), place(v)] : [place(v), axis.at(n)];
      svg.append(draw("polyline", {
        points: points.map(xy).join(" "),
        class: one.wide ? "curve wide" : "curve",
        style: `stroke:${one.colour}`,
        "stroke-dasharray": one.dash
      }));
      points.forEach((point) => {
        const [cx, cy] = xy(point), [n, v] = point;
        svg.append(tip(
          draw("circle", { cx, cy, r: 3.5, style: `fill:${one.colour}` }),
          `${one.name}\n${fill(t.point, { n: n + 1, word: texts[n], share: amount(v) })}`));
      });
    });
    factors?.forEach((v, n) => v === null || axis.between(svg, n, across ? zero + 20 : room - 20, factor(v)));
    if (factors && across) svg.append(word(from - 12, zero + 20, "×", { class: "digits" }));
    axis.words(svg, zero + (factors ? 36 : 18));
  });
}
// the cell line as a conveyor: as thick as what is left of the gradient on it, with the forget gate of each step
function conveyor(root, texts, way, t) {
  const axis = wordAxis(root, texts), { across, from, gap, length } = axis, last = texts.length - 1;
  const thick = across ? 38 : 64, middle = across ? 46 : 140, beside = across ? middle + 40 : middle + 60;
  picture(root, across ? 152 : from + length + 10, t.line, (svg, wide) => {
    svg.append(
      across ? word(wide / 2, 14, t.line_title, { class: "soft" }) :
               word(96, 14, t.line_title.replace("←", "↑"), { class: "soft", "text-anchor": "start" }));
    texts.forEach((one, n) => {
      const half = Math.max(0.5, thick / 2 * way.alone[n]), side = from + gap * n - 2;
      svg.append(tip(
        axis.box(from + gap * n, gap, middle - half, middle + half, { class: "belt" }),
        fill(t.left, { word: one, share: amount(way.alone[n]) })));
      if (n > 0 && way.gates[n] !== null) {
        const open = thick / 2 * way.gates[n], outer = thick / 2 + 4;
        [[-outer, -open], [open, outer]].forEach(
          ([low, high]) =>
            svg.append(axis.box(side, 4, middle + low, middle + Math.max(low + 1, high), { class: "jaw" })));
        const said = fill(t.gate, { word: one, f: shown(way.gates[n], 3) });
        svg.append(tip(axis.box(side - 4, 12, middle - outer, middle + outer, { class: "hit" }), said));
        axis.between(svg, n, beside, factor(way.gates[n]));
      }
      if (!across && (n % 4 === 0 || n === last))
        svg.append(word(middle + 88, axis.at(n) + 5, amount(way.alone[n]), { "text-anchor": "start", class: "soft" }));
    });
    axis.words(svg, beside + 16);
  });
}
// truncated BPTT: the steps to which the gradient is passed, and the cut
function truncation(root, texts, shares, t) {
  const axis = wordAxis(root, texts), { across, from, gap, length } = axis, size = Math.min(26, gap - 6);
  const middle = across ? 22 : 120, first = shares.findIndex((one) => one > 0);
  picture(root, across ? 112 : from + length + 10, t.strip, (svg) => {
    texts.forEach((one, n) => {
      svg.append(tip(
        axis.box(
          axis.at(n) - size / 2, size, middle - size / 2, middle + size / 2,
          { rx: 4, class: shares[n] > 0 ? "belt" : "copy" }),
        `${one}: ${amount(shares[n])}`));
      if (n > first)
        svg.append(axis.box(axis.at(n - 1) + size / 2, gap - size, middle - 1.5, middle + 1.5, { class: "belt" }));
    });
    if (first > 0) svg.append(axis.box(from + gap * first - 1.5, 3, middle - 20, middle + 20, { class: "wrong" }));
    axis.words(svg, middle + 34);
  });
}
FIGURES.vanishing = (root, t) => {
  const state = { scale: 1, again: "", random: "", forget: 0, kept: 10, count: 3 };
  const make = () =>
    ({ place: el("div", { class: "chart" }), told: el("p", { class: "told", "aria-live": "polite" }) });
  const plain = make(), belt = make(), both = make(), cut = make();
  const ways = (kind, options) => carriedBack(kind, state.count, options);
  const line = (kind, values, name = t[kind], wide = false) => ({
    name,
    colour: COLOURS[kind][0],
    dash: COLOURS[kind][1],
    wide,
    values,
    note: fill(t.arrives, { share: amount(values[CUE]), grade: t[grade(values[CUE])] })
  });
  function show() {
    const texts = farText("France", state.count), last = texts.length - 1, steps = last - CUE;
    const elman = elmanBack(state.count, state), shifted = ways("lstm", { shift: state.forget }), lstm = ways("lstm"),
          share = elman.shares[CUE], alone = shifted.alone[CUE];
    // what lies below is drawn first, and wider
    const series = [
      line("lstm", lstm.alone, t.alone, true), line("elman", elmanBack(state.count).shares),
      line("gru", ways("gru").shares), line("lstm", lstm.shares)
    ];
    // one scale for both charts
    const range = extent(elman.shares, ...series.map((one) => one.values));
    shareChart(clear(plain.place), texts, [line("elman", elman.shares)], range, t, ratios(elman.shares));
    plain.told.innerHTML = fill(t.factors, {
      n: steps,
      mean: shown(share ** (1 / steps)),
      share: amount(share),
      grade: t[grade(share)],
      slope: shown(elman.slope)
    });
    conveyor(clear(belt.place), texts, shifted, t);
    belt.told.textContent = fill(t.product, { n: steps, share: amount(alone), grade: t[grade(alone)] });
    // why a gate closes at "in" is known of the network as it was trained, not of shifted gates
    const before = shifted.gates[CUE - 1];
    if (state.forget === 0 && before < 0.2) belt.told.textContent += ` ${fill(t.dropped, { before: shown(before) })}`;
    shareChart(clear(both.place), texts, series, range, t);
    seriesKey(both.place, series);
    both.told.textContent = fill(t.both, { share: amount(lstm.shares[CUE]), alone: amount(lstm.alone[CUE]) });
    const kept = Math.min(state.kept, last);
    const passed = ways("lstm", { kept }).shares;
    truncation(clear(cut.place), texts, passed, t);
    cut.told.textContent = fill(
      kept < steps ? t.cut : t.reaches,
      { k: state.kept, n: steps, word: texts[last - kept], share: amount(passed[CUE]) });
  }
  const set = (name) => (v) => {
    state[name] = v;
    show();
  };
  const signed_ = (v) => v > 0 ? `+${v}` : v < 0 ? String(v).replace("-", "−") : "±0";
  const apart_ = (count) => farText("France", count).length - 1 - CUE;
  const back = slider(t.kept, 1, apart_(4) + CUE, state.kept, set("kept"), (v) => fill(t.steps, { n: v }));
  root.append(
    controls(slider(t.distance, 0, 4, state.count, set("count"), (v) => fill(t.apart, { count: v, n: apart_(v) }))),
    section(
      el("h3", {}, t.part_plain), note(t.plain_formula),
      controls(
        choice(t.scale, ["0.5", "1", "2", "4"].map((v) => [v, `× ${v}`]), String(state.scale), (v) => set("scale")(+v)),
        choice(t.states, [["", t.same], ["again", t.again]], state.again, set("again")),
        choice(t.weights, [["", t.trained], ["random", t.random]], state.random, set("random"))),
      plain.place, plain.told),
    section(
      el("h3", {}, t.part_belt), note(t.belt_formula),
      controls(slider(t.forget, -8, 4, state.forget, set("forget"), signed_)), belt.place, belt.told),
    section(el("h3", {}, t.part_both), note(t.rule), both.place, both.told),
    section(el("h3", {}, t.part_cut), note(t.chunks), controls(back), cut.place, cut.told));
  show();
};
