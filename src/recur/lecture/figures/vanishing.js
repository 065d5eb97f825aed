// Chapter 10: how much of the last step's gradient arrives at each earlier step, and what changes it.
// 4·10⁻⁶
const small = (v) => {
  const [digit, power] = v.toExponential(0).split("e-");
  return `${digit}·10⁻${[...power].map((one) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[one]).join("")}`;
};
const tiny = (p) => `${small(100 * p)} %`;
// a logarithmic axis that holds everything that is drawn: whole powers of ten, at most seven of them named
function decades(least, most) {
  const high = Math.max(1, Math.ceil(most)), by = 2 * Math.ceil((high - least) / 14);
  const low = by * Math.floor(Math.min(least, -2) / by), ticks = [];
  for (let power = low; power <= high; power += by) ticks.push([10 ** power, amount(10 ** power)]);
  return { low, high, ticks };
}
const amount = (p) => p === 0 ? "0 %" : p >= 1e-4 ? `${+ (100 * p).toPrecision(p < 0.01 ? 1 : 2)} %` : tiny(p);
// the cell line as a conveyor: as thick as what is left of the gradient on it, with the forget gate of each step; it
// runs to the left where there is room for a number per word, else upwards
function conveyor(root, texts, way, cue, t) {
  const last = texts.length - 1, room = root.clientWidth || 640, across = room / texts.length > 26;
  const gap = across ? Math.min(46, (Math.min(960, room) - 12) / texts.length) : 21, thick = across ? 38 : 64;
  const length = gap * texts.length, middle = across ? 46 : Math.min(960, room) / 2;
  picture(root, across ? 168 : length + 30, t.line, (svg, wide) => {
    const from = across ? (wide - length) / 2 : 22;
    const at_ = (n) => from + gap * (n + 0.5);
    // a piece of the line, or of a gate on it: where it begins, how long it is, and its extent around the middle
    const piece = (begin, long, low, high, attributes) => draw("rect", {
      ...(
        across ? { x: begin, y: middle + low, width: long, height: high - low } :
                 { x: middle + low, y: begin, width: high - low, height: long }),
      ...attributes
    });
    svg.append(
      across ? word(wide / 2, 14, t.line_title, { class: "soft" }) :
               word(middle, 12, t.line_title.replace("←", "↑"), { class: "soft" }));
    texts.forEach((one, n) => {
      const half = Math.max(0.5, thick / 2 * way.alone[n]), name = { class: n === cue ? "said strong" : "said" };
      svg.append(tip(
        piece(from + gap * n, gap, -half, half, { class: "belt" }),
        fill(t.left, { word: one, share: amount(way.alone[n]) })));
      if (n > 0 && way.gates[n] === null && way.alone[n] > 0) {
        // a cut is no gate
        const side = from + gap * n;
        svg.append(
          tip(piece(side - 1, 3, -thick / 2 - 6, thick / 2 + 6, { class: "wrong" }), t.cut_here),
          across ? word(side, middle + 40, t.cut_mark, { class: "digits" }) :
                   word(middle + 62, side + 6, t.cut_mark, { class: "digits" }));
      } else if (n > 0 && way.gates[n] !== null) {
        const open = thick / 2 * way.gates[n], side = from + gap * n - 2;
        [[-thick / 2 - 4, -open], [open, thick / 2 + 4]].forEach(
          ([low, high]) => svg.append(piece(side, 4, low, Math.max(low + 1, high), { class: "jaw" })));
        const said = fill(t.gate, { word: one, f: shown(way.gates[n], 3) });
        svg.append(tip(piece(side - 4, 12, -thick / 2 - 6, thick / 2 + 6, { class: "hit" }), said));
        const number_ = shown(way.gates[n]).replace(/^0/, "");
        svg.append(
          across ? word(side + 2, middle + 40, number_, { class: "digits" }) :
                   word(middle + 62, side + 6, number_, { class: "digits" }));
      }
      svg.append(
        across ? draw(
                   "text", {
                     x: at_(n) + 4,
                     y: middle + 56,
                     "text-anchor": "end",
                     transform: `rotate(-60 ${at_(n) + 4} ${middle + 56})`,
                     ...name
                   },
                   one) :
                 word(middle - 56, at_(n) + 5, one, { "text-anchor": "end", ...name }));
      if (!across && (n % 4 === 0 || n === last || n === cue))
        svg.append(word(middle + 88, at_(n) + 5, amount(way.alone[n]), { "text-anchor": "start", class: "soft" }));
    });
  });
}
FIGURES.vanishing = (root, t) => {
  const place = el("div", { class: "chart" }), line = el("div", { class: "drawing" });
  const words = el("p", { class: "steady" }), rule = el("p", { class: "soft" }, t.rule);
  const told = el("p", { class: "told", "aria-live": "polite" });
  // kept: over how many steps the gradient is passed back; 0 is over all
  const state = { scale: 1, forget: 0, kept: 0, count: 3 };
  const show = () => {
    const texts = farText("France", state.count), last = texts.length - 1, cue = 4;
    const kept = state.kept || Infinity, ways = {};
    const series = KINDS.map((kind) => {
      const net = network(NETWORKS[`word ${kind}`], { scale: state.scale, forget: kind === "lstm" ? state.forget : 0 });
      const way = ways[kind] = gradientNorms(net, net.ids(texts), net.answers.indexOf("French"), kept);
      const [colour, dash] = COLOURS[kind], arrived = way.shares[cue];
      return {
        name: t[kind],
        colour,
        dash,
        values: way.shares.map((v) => v > 0 ? v : null),
        note: arrived === 0 ? t.cutoff : fill(t.arrives, { share: amount(arrived), grade: t[grade(arrived)] })
      };
    });
    const drawn = series.flatMap((one) => one.values.filter(Boolean).map((v) => Math.log10(v)));
    const { low, high, ticks } = decades(Math.min(...drawn), Math.max(...drawn));
    curves(clear(place), series, {
      label: t.label,
      log: true,
      steps: texts.length,
      low,
      high,
      up: t.up,
      across: t.across,
      ticks,
      marks: [[cue, "France"], [last, "fluent"]],
      anchor: (n) => n === last ? "end" : "middle",
      say: (n, v) => fill(t.point, { n: n + 1, word: texts[n], share: amount(v) }),
    });
    conveyor(clear(line), texts, ways.lstm, cue, t);
    const alone = ways.lstm.alone[cue], { gates } = ways.lstm;
    told.textContent =
      alone === 0 ? t.cut : fill(t.product, { n: last - cue, share: amount(alone), grade: t[grade(alone)] });
    // the gates at "in" and at "France": why one closes is known of the network as it was trained, not of one that is
    // changed
    const before = gates[cue - 1], at_ = gates[cue], own = state.forget === 0 && state.scale === 1;
    if (alone > 0 && before !== null && at_ !== null) {
      const text = own && before < 0.2 ? t.dropped : Math.min(before, at_) > 0.5 ? t.open : "";
      told.textContent += ` ${fill(text, { before: shown(before), at: shown(at_) })}`;
    }
    words.textContent = `${texts.slice(0, 6).join(" ")} … ${texts.slice(-3).join(" ")} · ${t.distance}: ${
      fill(t.apart, { count: state.count, n: apart(state.count) })}`;
  };
  const set = (name) => (v) => {
    state[name] = v;
    show();
  };
  // the last step but one is the furthest that a gradient can be passed to
  let most = farText("France", state.count).length - 1;
  const back = slider(t.kept, 1, most, most, (v) => {
    state.kept = v < most ? v : 0;
    show();
  }, (v) => v < most ? fill(t.steps, { n: v }) : t.all);
  const stretch = (count) => {
    state.count = count;
    most = farText("France", count).length - 1;
    const input = back.querySelector("input");
    input.max = most;
    input.value = state.kept && state.kept < most ? state.kept : most;
    input.dispatchEvent(new Event("input"));
  };
  root.append(
    controls(
      slider(
        t.forget, -8, 4, 0, set("forget"),
        (v) => v > 0 ? `+${v}` :
          v < 0 ? String(v).replace("-", "−") :
                  "±0"),
      choice(t.scale, [["0.5", "× 0.5"], ["1", "× 1"], ["2", "× 2"]], "1", (v) => set("scale")(+v)), back,
      slider(t.distance, 0, 6, 3, stretch, (v) => fill(t.apart, { count: v, n: apart(v) }))),
    words, place, rule, line, told);
  show();
};
