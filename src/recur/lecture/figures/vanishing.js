// Chapter 10: how much of the last step's gradient arrives at each earlier step, and what changes it.
// 4·10⁻⁶ %
const tiny = (p) => {
  const [digit, power] = (100 * p).toExponential(0).split("e-");
  return `${digit}·10⁻${[...power].map((one) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[one]).join("")} %`;
};
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
      if (n > 0) {
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
  const state = { scale: 1, forget: 0, kept: 40, count: 3 };
  const show = () => {
    const texts = farText("France", state.count), last = texts.length - 1, cue = 4;
    const kept = state.kept >= 40 ? Infinity : state.kept, ways = {};
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
    const high = Math.max(1, ...series.flatMap((one) => one.values.filter(Boolean).map((v) => Math.log10(v))));
    curves(clear(place), series, {
      label: t.label,
      log: true,
      steps: texts.length,
      low: -8,
      high: Math.ceil(high),
      across: t.across,
      ticks: [
        [1e-8, tiny(1e-8)], [1e-6, tiny(1e-6)], [1e-4, "0.01 %"], [0.01, "1 %"], [1, "100 %"],
        ...(high > 1 ? [[100, "×100"]] : [])
      ],
      marks: [[cue, "France"], [last, "fluent"]],
      anchor: (n) => n === last ? "end" : "middle",
      say: (n, v) => fill(t.point, { n: n + 1, word: texts[n], share: amount(v) }),
    });
    conveyor(clear(line), texts, ways.lstm, cue, t);
    const alone = ways.lstm.alone[cue];
    told.textContent =
      alone === 0 ? t.cut : fill(t.product, { n: last - cue, share: amount(alone), grade: t[grade(alone)] });
    words.textContent =
      `${texts.slice(0, 6).join(" ")} … ${texts.slice(-3).join(" ")}  (${fill(t.apart, { n: apart(state.count) })})`;
  };
  const set = (name) => (v) => {
    state[name] = v;
    show();
  };
  root.append(
    controls(
      slider(
        t.forget, -8, 4, 0, set("forget"),
        (v) => v > 0 ? `+${v}` :
          v < 0 ? String(v).replace("-", "−") :
                  "±0"),
      choice(t.scale, [["0.5", "× 0.5"], ["1", "× 1"], ["2", "× 2"]], "1", (v) => set("scale")(+v)),
      slider(t.kept, 1, 40, 40, set("kept"), (v) => v >= 40 ? t.all : fill(t.steps, { n: v })),
      slider(t.distance, 0, 6, 3, set("count"), (v) => fill(t.apart, { n: apart(v) }))),
    words, place, rule, line, told);
  show();
};
