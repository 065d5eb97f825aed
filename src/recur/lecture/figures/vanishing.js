// Chapter 10: how much of the last step's gradient arrives at each earlier step, and what changes it.
// 4·10⁻⁶ %
const tiny = (p) => {
  const [digit, power] = (100 * p).toExponential(0).split("e-");
  return `${digit}·10⁻${[...power].map((one) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[one]).join("")} %`;
};
FIGURES.vanishing = (root, t) => {
  const place = el("div", { class: "chart" }), words = el("p", { class: "steady" }),
        rule = el("p", { class: "soft" }, t.rule);
  const state = { scale: 1, forget: 0, kept: 40, count: 4 };
  const show = () => {
    const texts = farText("France", state.count), last = texts.length - 1, cue = 4;
    const kept = state.kept >= 40 ? Infinity : state.kept;
    const series = KINDS.map((kind) => {
      const net = network(NETWORKS[`word ${kind}`], { scale: state.scale, forget: kind === "lstm" ? state.forget : 0 });
      const values = gradientNorms(net, net.ids(texts), net.answers.indexOf("French"), kept),
            [colour, dash] = COLOURS[kind];
      const arrived = values[cue];
      return {
        name: t[kind],
        colour,
        dash,
        values: values.map((v) => v > 0 ? v : null),
        note: arrived === 0 ? t.cutoff : fill(t.arrives, {
          share: arrived >= 1e-4 ? `${+ (100 * arrived).toPrecision(arrived < 0.01 ? 1 : 2)} %` :
                                                    tiny(arrived),
          grade: t[grade(arrived)]
        })
      };
    });
    const high = Math.max(1, ...series.flatMap((one) => one.values.filter(Boolean).map((v) => Math.log10(v)))),
          low = -8;
    curves(clear(place), series, {
      label: t.label,
      log: true,
      steps: texts.length,
      low,
      high: Math.ceil(high),
      across: t.across,
      ticks: [
        [1e-8, "10⁻⁸"], [1e-6, "10⁻⁶"], [1e-4, "10⁻⁴"], [0.01, "1 %"], [1, "100 %"],
        ...(high > 1 ? [[100, "×100"]] : [])
      ],
      marks: [[cue, "France"], [last, "fluent"]],
      anchor: (n) => n === last ? "end" : "middle",
      say: (n, v) =>
        fill(t.point, { n: n + 1, word: texts[n], share: v >= 0.001 ? share(v) : `${v.toExponential(1)}` }),
    });
    words.textContent =
      `${texts.slice(0, 6).join(" ")} … ${texts.slice(-3).join(" ")}  (${fill(t.apart, { n: apart(state.count) })})`;
  };
  const set = (name) => (v) => {
    state[name] = v;
    show();
  };
  root.append(
    controls(
      choice(t.scale, [["0.5", "× 0.5"], ["1", "× 1"], ["2", "× 2"]], "1", (v) => set("scale")(+v)),
      slider(t.forget, -12, 4, 0, set("forget"), (v) => v > 0 ? `+${v}` : v < 0 ? String(v).replace("-", "−") : "±0"),
      slider(t.kept, 1, 40, 40, set("kept"), (v) => v >= 40 ? t.all : fill(t.steps, { n: v })),
      slider(t.distance, 0, 6, 4, set("count"), (v) => fill(t.apart, { n: apart(v) }))),
    words, place, rule);
  show();
};
