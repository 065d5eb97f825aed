// What several figures are made of: controls, vectors as coloured cells, bars of probabilities, copies of a network.
const shown = (v, digits = 2) => {
  const text = Math.abs(v).toFixed(digits);
  return (v < 0 && +text !== 0 ? "−" : "") + text;
};
const share = (p) => (100 * p).toFixed(p > 0.0995 ? 0 : 1) + " %";
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
const clear = (root) => {
  root.replaceChildren();
  return root;
};

function slider(label, least, most, value, tell, say = String, step = 1) {
  const told = el("output", {}, say(value));
  const input = el("input", {
    type: "range",
    min: least,
    max: most,
    step,
    value,
    "aria-valuetext": say(value),
    oninput: () => {
      told.textContent = say(+input.value);
      input.setAttribute("aria-valuetext", say(+input.value));
      tell(+input.value);
    },
  });
  return el("label", { class: "slider" }, el("span", {}, label), input, told);
}
function choose(label, entries, value, tell) {
  const list = el("select", { onchange: () => tell(list.value) }, ...entries.map(([key, text]) => {
    const one = el("option", { value: key }, text);
    one.selected = key === value;
    return one;
  }));
  return el("label", { class: "choose" }, el("span", {}, label), list);
}
// what is read beside a picture: a rule, or what its parts are
function note(text) {
  const one = el("p", { class: "note" });
  one.innerHTML = text;
  return one;
}
// a part of a figure: on a phone its controls stay in sight while it is read
const section = (...children) => el("div", { class: "part" }, ...children);
const controls = (...children) => el("div", { class: "panel" }, ...children);
function button(text, tell, attributes = {}) {
  return el("button", { type: "button", onclick: tell, ...attributes }, text);
}

// what shows a figure's last state, as on paper, where nothing can be pressed; it returns what brings back the one
// before
const paper = [];

// colours of values: the sign by hue, the size by how far it is from the paper
const tone = (v, most = 1) => `color-mix(in oklab, var(--${v < 0 ? "minus" : "plus"}) ${
  Math.round(100 * Math.min(1, Math.abs(v) / most))}%, var(--zero))`;
// text on such a colour: the palette has a contrast above 4.5 with it at every value, in the light and in the dark
const ink = () => "var(--low)";
// what the colours of cells mean: a bar from -most to most
function valueScale(most, said) {
  const bar = el("i", {}), stops = [-1, -0.5, 0, 0.5, 1].map((v) => tone(v));
  bar.style.background = `linear-gradient(90deg, ${stops.join(", ")})`;
  return el("p", { class: "soft scale" }, `${said} ${shown(-most, 0)}`, bar, shown(most, 0));
}
// the same of shares, from none to the largest
function shareScale(said) {
  const bar = el("i", {});
  bar.style.background = `linear-gradient(90deg, ${[0, 0.5, 1].map((v) => tone(v)).join(", ")})`;
  return el("p", { class: "soft scale" }, `${said} 0`, bar, "100 %");
}

// a drawing as wide as its place
function picture(root, height, label, paint) {
  const wide = Math.max(280, Math.min(960, root.clientWidth || 640));
  const svg = draw(
    "svg",
    { width: wide, height: typeof height === "number" ? height : height(wide), role: "img", "aria-label": label });
  paint(svg, wide);
  root.append(svg);
  return svg;
}
const at = (x, y) => `translate(${x} ${y})`;
function word(x, y, text, attributes = {}) {
  return draw("text", { x, y, "text-anchor": "middle", ...attributes }, text);
}
// h_{t-1}: a letter in italics with what is below it
function symbol(x, y, letter, below, attributes = {}) {
  const small = draw("tspan", { dy: 4, "font-size": "75%" }, below);
  return draw(
    "text", { x, y, "text-anchor": "middle", class: "math", ...attributes },
    draw("tspan", { "font-style": "italic" }, letter), small);
}
function arrow(x1, y1, x2, y2, attributes = {}) {
  const long = Math.hypot(x2 - x1, y2 - y1) || 1, ux = (x2 - x1) / long, uy = (y2 - y1) / long;
  const size_ = Math.min(8, 0.7 * long), half = size_ / 2;  // the head of a short arrow is small
  const head =
    `M${x2} ${y2}l${- size_ * ux - half * uy} ${- size_ * uy + half * ux}l${2 * half * uy} ${- 2 * half * ux}z`;
  return draw(
    "g", { class: "arrow", ...attributes },
    draw("path", { d: `M${x1} ${y1}L${x2 - 0.75 * size_ * ux} ${y2 - 0.75 * size_ * uy}`, class: "line" }),
    draw("path", { d: head, class: "head" }));
}
// a vector: one cell per unit, its number inside where there is room
function vector(x, y, values, name, options = {}) {
  const { cell = 16, most = 1, across = false, numbers = cell > 27, wide = cell } = options;
  const group = draw("g", { transform: at(x, y), class: cell < 5 ? "vector thin" : "vector" });
  values.forEach((v, u) => {
    const place = across ? { x: u * cell, y: 0 } : { x: 0, y: u * cell };
    const box =
      draw("rect", {...place, width: wide, height: numbers && across ? 20 : cell, style: `fill:${tone(v, most)}` });
    group.append(tip(box, `${name} ${values.length > 1 ? u + 1 : ""}\n${shown(v, 3)}`));
    if (numbers)
      group.append(word(place.x + cell / 2, place.y + 14, shown(v), { style: `fill:${ink()}`, class: "digits" }));
  });
  return group;
}
// the largest probabilities as bars of 100 %
function bars(labels, p, options = {}) {
  const order =
    options.all ? p.map((_, k) => k) : p.map((_, k) => k).sort((a, b) => p[b] - p[a]).slice(0, options.top || 4);
  return el(
    "div", { class: "bars", role: "img", "aria-label": order.map((k) => `${labels[k]} ${share(p[k])}`).join(", ") },
    ...order.flatMap((k) => {
      const bar = el("i", { class: labels[k] === options.answer ? "right" : "" });
      bar.style.width = `${100 * p[k]}%`;
      return [
        el("span", { class: k === best(p) ? "first" : "" }, labels[k]), el("span", { class: "track" }, bar),
        el("span", { class: "figure" }, share(p[k]))
      ];
    }));
}
// the drawing of a cell's step: as wide as it is, or, where that does not fit, one that runs downwards
function stepDrawing(place, cell) {
  const graph = () => (cell.graph ??= readEquation(cell.text));
  place.innerHTML = cell.svg ??= cellDrawing(graph());
  const svg = place.firstElementChild;
  if (+svg.getAttribute("width") > (place.clientWidth || 640))
    place.innerHTML = cell.tall ??= cellDrawing(graph(), true);
}
// shares on a logarithmic axis over steps, one line per network
function curves(root, series, options) {
  picture(root, 274, options.label, (svg, wide) => {
    const left = 66, right = wide - 12, top = 38, bottom = 220, low = options.low, high = options.high;
    const x = (t) => left + (right - left) * t / Math.max(1, options.steps - 1);
    const scale = options.log ? Math.log10 : (v) => v;
    const y = (v) =>
      bottom - (bottom - top) * Math.max(0, Math.min(1, (scale(Math.max(v, 1e-300)) - low) / (high - low)));
    svg.append(word(4, 14, options.up, { class: "soft", "text-anchor": "start" }));
    for (const [value, text] of options.ticks)
      svg.append(
        draw("path", { d: `M${left} ${y(value)}H${right}`, class: "grid" }),
        word(left - 6, y(value) + 4, text, { "text-anchor": "end", class: "soft" }));
    for (const [t, text] of options.marks)
      svg.append(word(x(t), bottom + 18, text, { class: "soft", "text-anchor": options.anchor?.(t) || "middle" }));
    svg.append(word(wide < 480 ? wide / 2 : (left + right) / 2, bottom + 40, options.across, { class: "soft" }));
    // of lines that lie on each other all are seen: the last is drawn first, and wider
    [...series].reverse().forEach((one) => {
      const points = one.values.map((v, t) => [t, v]).filter(([, v]) => v !== null);
      const r = (points.length > 30 ? 2.5 : 3.5) + (one.wide ? 2 : 0);
      svg.append(draw("polyline", {
        points: points.map(([t, v]) => `${x(t)},${y(v)}`).join(" "),
        class: one.wide ? "curve wide" : "curve",
        style: `stroke:${one.colour}`,
        "stroke-dasharray": one.dash || ""
      }));
      points.forEach(
        ([t, v]) => svg.append(tip(
          draw("circle", { cx: x(t), cy: y(v), r, style: `fill:${one.colour}` }),
          `${one.name}\n${options.say(t, v)}`)));
    });
  });
  seriesKey(root, series);
}
// what the lines of a chart are
function seriesKey(root, series) {
  root.append(el("p", { class: "key" }, ...series.flatMap((one) => {
    const line = draw("svg", { width: 30, height: 10, "aria-hidden": "true" }, draw("path", {
                        d: "M0 5H30",
                        class: one.wide ? "curve wide" : "curve",
                        style: `stroke:${one.colour}`,
                        "stroke-dasharray": one.dash || ""
                      }));
    return [el("span", {}, line, one.note ? `${one.name}: ${one.note}` : one.name)];
  })));
}
const COLOURS = {
  elman: ["var(--elman)", "6 4"],
  gru: ["var(--gru)", "2 4"],
  lstm: ["var(--lstm)", ""]
};
