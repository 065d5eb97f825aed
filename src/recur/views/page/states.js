// States and gates over the items, saturation, the trajectory of the state, eigenvalues.
function colouredText(labels, values, most) {
  return chips(
    "items coloured by the unit",
    labels.map(
      (label, t) => chip(visible(label), null, signed(values[t], most), `${visible(label)}: ${number(values[t])}`)));
}
// `state` keeps the selected state or gate when the text changes
function states(root, data, state = {}) {
  if (!data.states) return;
  root.append(el("h2", {}, "States and gates"));
  for (const layer of data.states.layers) {
    const box = el("div"), text = el("div"), figure = el("figure", {}, el("h3", {}, layer.name));
    const views = {};
    for (const [name, values] of Object.entries(layer.states))
      views["state " + name] = { values, units: layer.shown[name], signed: true };
    for (const gate of layer.gates)
      views[(gate.kind === "gate" ? "gate " : "") + gate.name] = {
        values: gate.values,
        units: layer.shown[gate.name],
        signed: gate.kind !== "gate",
        gate
      };
    const show = (key) => {
      state.gate = key;
      const view = views[key], numbers = view.units, rows = numbers.map((_, u) => view.values.map((step) => step[u]));
      const most = view.signed ? Math.max(1, largest(rows.flat())) : 1,
            colour = (v) => view.signed ? signed(v, most) : size(v);
      const choose = (r) => text.replaceChildren(
        el("p", { class: "soft" }, `unit ${numbers[r]} of ${key}, over the text:`),
        colouredText(layer.labels, rows[r], most));
      box.replaceChildren(
        ...heat(
          rows, numbers.map((u) => "unit " + u), layer.labels, colour,
          (r, c) => `unit ${numbers[r]}, step ${c + 1} (${visible(layer.labels[c])}): ${number(rows[r][c])}`,
          { height: 7, chosen: choose, title: `${key}: units by steps; arrow keys read it, Enter colours the text` }),
        scaleBar(
          view.signed ? SIGNED : VIRIDIS, view.signed ? number(-most) : "0 shut",
          view.signed ? number(most) : "1 open"));
      if (view.gate && view.gate.kind === "gate")
        box.append(el(
          "p", { class: "look" },
          `${key}: shut (< 0.1) ${percent(view.gate.shut)} of the time, open (> 0.9) ${percent(view.gate.open)}.`));
      choose(0);
    };
    const chosen = views[state.gate] ? state.gate : Object.keys(views)[0];
    figure.append(
      choice("of", Object.keys(views).map((k) => [k, k]), chosen, show), box, text,
      caption(
        `The units that vary most, at most 64; a scale around 0 for states, 0 to 1 for gates. Click a row to colour the text by that unit.`,
        "Which units change where the meaning changes?"));
    root.append(figure);
    show(chosen);
    if (layer.gates.some((g) => g.kind === "gate")) root.append(saturation(layer));
    root.append(el(
      "div", { class: "two" }, trajectory(layer),
      Object.keys(layer.eigenvalues).length ? spectrum(layer, state) : null));
  }
}
function saturation(layer) {
  const gates = layer.gates.filter((g) => g.kind === "gate"), row = el("div", { class: "two" });
  for (const gate of gates) {
    const s = 170,
          svg = draw(
            "svg", { width: s + 50, height: s + 44, role: "group", "aria-label": `saturation of ${gate.name}` },
            draw("line", { x1: 36, x2: 36 + s, y1: s + 8, y2: s + 8, class: "axis" }),
            draw("line", { x1: 36, x2: 36, y1: 8, y2: s + 8, class: "axis" }),
            draw("line", { x1: 36, x2: 36 + s, y1: 8, y2: s + 8, class: "axis", "stroke-dasharray": "3 3" }),
            draw(
              "text", { x: 36 + s / 2, y: s + 26, "text-anchor": "middle" }, `gate ${gate.name}: share of steps open`),
            draw(
              "text", { x: 12, y: 8 + s / 2, transform: `rotate(-90 12 ${8 + s / 2})`, "text-anchor": "middle" },
              "share of steps closed"));
    const dots = gate.units.map(([shut, open], u) => {
      const says = `unit ${u}: open ${percent(open)}, shut ${percent(shut)}`;
      return tip(
        draw("circle", {
          cx: 36 + open * s,
          cy: 8 + s - shut * s,
          r: 3,
          fill: "#1f6fb2",
          "fill-opacity": 0.35,
          role: "img",
          "aria-label": says
        }),
        says);
    });
    svg.append(...dots);
    oneStop(svg, dots);
    row.append(svg);
  }
  return el(
    "figure", {}, row,
    caption(
      "Every unit a point: how often its gate is open (> 0.9) and how often shut (< 0.1), after Karpathy et al. (2016).",
      "Forget gates to the right remember; input gates at the top ignore."));
}
function trajectory(layer) {
  const points = layer.trajectory.points, s = 320, xs = points.map((p) => p[0]), ys = points.map((p) => p[1]);
  const lowX = Math.min(...xs), lowY = Math.min(...ys), tallest = Math.max(...ys) - lowY,
        span = Math.max(Math.max(...xs) - lowX, tallest, 1e-9);
  // both axes have one scale; what is flat takes no more paper than it needs
  const high = Math.max(60, tallest / span * (s - 60) + 40);
  const x = (p) => 20 + (p[0] - lowX) / span * (s - 60), y = (p) => high - 20 - (p[1] - lowY) / span * (s - 60);
  const svg = draw(
    "svg", { width: s + 40, height: high, role: "group", "aria-label": "trajectory of the state" },
    draw("polyline", { points: points.map((p) => x(p) + "," + y(p)).join(" "), fill: "none", stroke: "#8b949e" }));
  const dots = points.map((p, t) => {
    const says = `step ${t + 1}: ${visible(layer.labels[t])}`;
    return tip(
      draw("circle", {
        cx: x(p),
        cy: y(p),
        r: 5,
        fill: size(points.length > 1 ? t / (points.length - 1) : 0),
        stroke: "#111",
        role: "img",
        "aria-label": says
      }),
      says);
  });
  svg.append(...dots);
  oneStop(svg, dots);
  points.forEach((p, t) => {
    if (points.length <= 30)
      svg.append(draw("text", { x: x(p) + 7, y: y(p) + 4 }, short(visible(layer.labels[t]), 10)));
  });
  return el(
    "figure", {}, el("h3", {}, "State trajectory"), svg,
    caption(
      `h_t on its first two principal components (${percent(layer.trajectory.explained[0])} and ${
        percent(layer.trajectory.explained[1])} of the variance), dark to bright over time.`,
      "Where does it turn?"));
}
// the eigenvalues are those of the weights: what is drawn of them stays when the text changes
const SPECTRA = new WeakMap();
function spectrum(layer, state) {
  if (!SPECTRA.has(state)) SPECTRA.set(state, new Map());
  const drawn = SPECTRA.get(state), values = JSON.stringify(layer.eigenvalues), old = drawn.get(layer.name);
  if (old && old.values === values) return old.figure;
  const figure = eigenvalues(layer);
  drawn.set(layer.name, { values, figure });
  return figure;
}
function eigenvalues(layer) {
  const names = Object.keys(layer.eigenvalues), s = 320, holder = el("div");
  const show = (name) => {
    const values = layer.eigenvalues[name], reach = Math.max(1.15, ...values.map((v) => Math.hypot(v[0], v[1]))) * 1.05,
          scale = (s - 20) / 2 / reach;
    const svg = draw(
      "svg", { width: s, height: s, role: "group", "aria-label": `eigenvalues of ${name}` },
      draw("circle", { cx: s / 2, cy: s / 2, r: scale, fill: "#f6f8fa", stroke: "#111" }),
      draw("line", { x1: 0, x2: s, y1: s / 2, y2: s / 2, class: "axis" }),
      draw("line", { x1: s / 2, x2: s / 2, y1: 0, y2: s, class: "axis" }));
    const dots = values.map((v) => {
      const far = Math.hypot(v[0], v[1]);
      const says = `${number(v[0])} ${v[1] < 0 ? "−" : "+"} ${number(Math.abs(v[1]))}i, |λ| = ${number(far)}`;
      return tip(
        draw("circle", {
          cx: s / 2 + v[0] * scale,
          cy: s / 2 - v[1] * scale,
          r: 3,
          fill: far > 1 ? "#c2570c" : "#1f6fb2",
          "fill-opacity": 0.7,
          role: "img",
          "aria-label": says
        }),
        says);
    });
    svg.append(...dots);
    oneStop(svg, dots);
    holder.replaceChildren(svg);
  };
  const figure = el(
    "figure", {}, el("h3", {}, "eigenvalues of the recurrent matrix"),
    names.length > 1 ? choice("block", names.map((n) => [n, n]), names[0], show) : null, holder,
    caption(
      "Of each square block; the circle has radius 1, orange lies outside.",
      "All well inside: gradients vanish where no gate keeps them; outside: they can explode."));
  show(names[0]);
  return figure;
}
