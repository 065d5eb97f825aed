// The copies of a network in a row: what each reads, the messages between them, and what is read out.
const COPY = {
  most: 86,
  least: 50,
  high: 44,
  row: 66
};
// rows: layers from the lowest, each { name, values, messages: sizes by state, dashed, backwards }, one entry per label
function copies(rows, labels, options = {}) {
  const count = labels.length, cw = options.wide || COPY.most, bw = cw - 34, left = 14, top = 26;
  const w = left * 2 + count * cw - 34, h = top + rows.length * COPY.row + 20;
  const svg = draw("svg", { width: w, height: h, role: "group", "aria-label": options.says });
  const x = (t) => left + t * cw, y = (r) => top + (rows.length - 1 - r) * COPY.row, middle = (t) => x(t) + bw / 2;
  const wire = (t, from, to, attributes = {}) =>
    draw("line", { x1: middle(t), x2: middle(t), y1: from, y2: to, class: "wire", ...attributes });
  const stops = [], stop = (one, says) => {
    one.setAttribute("role", "img");
    one.setAttribute("aria-label", says);
    stops.push(tip(one, says));
    return one;
  };
  labels.forEach((label, t) => {
    svg.append(
      wire(t, y(0) + COPY.high + 18, y(0) + COPY.high + 1),
      draw("path", { d: `M${middle(t) - 4} ${y(0) + COPY.high + 7} l4 -6 l4 6`, class: "wire" }),
      draw(
        "text", { x: middle(t), y: y(0) + COPY.high + 32, "text-anchor": "middle", direction: "ltr" },
        short(visible(label), Math.floor(cw / 7.5))));
    rows.forEach((row, r) => {
      // a chain that runs backwards reads what the one below it reads, and both are read out: their lines pass behind
      const foot = y(r) + COPY.high + 1;
      if (row.backwards)
        svg.prepend(
          wire(t, y(r - 1) + COPY.high + 12, foot, { transform: "translate(-9 0)" }),
          wire(t, y(r - 1), y(r) - 12, { transform: "translate(9 0)" }));
      else if (r)
        svg.append(wire(t, y(r - 1), foot));
      const box = draw("rect", {
        x: x(t),
        y: y(r),
        width: bw,
        height: COPY.high,
        rx: 6,
        class: "copy" + (options.state ? " " + options.state(t) : "")
      });
      if (options.press) box.addEventListener("click", () => options.press(t));
      svg.append(
        stop(box, options.tips ? options.tips(t) : `step ${t + 1}: ${visible(label)}`),
        draw(
          "text", { x: middle(t), y: y(r) + (row.values ? 18 : 26), "text-anchor": "middle", class: "name" },
          short(row.name, Math.floor(bw / 7))));
      if (row.values) svg.append(cellsOf(row.values[t], middle(t), y(r) + 25, bw - 8));
      Object.entries(row.messages).forEach(([name, message], k) => {
        const to = t + (row.backwards ? -1 : 1);
        if (to < 0 || to >= count) return;
        const lit = options.lit ? options.lit(t) : "forward", at = y(r) + 14 + 17 * k;
        const says = options.message ? options.message(name, t) : `‖${name}‖ passed on: ${number(message.sizes[t])}`;
        svg.append(
          stop(
            draw("line", {
              x1: Math.min(x(t), x(to)) + bw + 1,
              x2: Math.max(x(t), x(to)) - 1,
              y1: at,
              y2: at,
              class: "message " + lit,
              "stroke-width": lit ? 1 + 6 * Math.max(0, message.share(t)) : 1.2,
              "stroke-dasharray": message.dashed ? "5 3" : ""
            }),
            says),
          draw(
            "text", { x: Math.min(x(t), x(to)) + bw + 17, y: at - 5, "text-anchor": "middle", class: "soft" },
            (lit === "back" ? "∂" : "") + name));
      });
    });
    const above = options.above && options.above(t);
    if (above)
      svg.append(
        wire(t, y(rows.length - 1) - 1, 18),
        draw(
          "text", { x: middle(t), y: 12, "text-anchor": "middle", class: "read" }, short(above, Math.floor(cw / 7))));
  });
  return oneStop(svg, stops);
}
// a vector as a row of small coloured cells around a middle
function cellsOf(values, middle, y, room, most = Math.max(1, largest(values))) {
  const cell = Math.min(8, room / Math.max(1, values.length)), left = middle - cell * values.length / 2;
  return draw(
    "g", { class: "cells" },
    ...values.map(
      (v, n) =>
        draw("rect", { x: left + n * cell, y, width: cell - 0.5, height: 10, style: `fill:${signed(v, most)}` })));
}

// the network over what was read, from its states: drawn at every key
const SHOWN = 6;  // numbers in each copy
function chain(root, data) {
  if (!data.states) return;
  const [answer] = data.question.options;
  const each = data.question.answers || data.question.steps;
  root.append(el("h2", {}, "The network"));
  // the section has its place, and its width, when something is in it
  const room = root.clientWidth || 640;
  const parts = [...new Set(data.states.layers.map((one) => one.part))], figures = parts.map((part) => {
    const layers = data.states.layers.filter((one) => one.part === part), { labels } = layers[0];
    const wide = Math.max(COPY.least + 14, Math.min(COPY.most, Math.floor((room - 20) / labels.length)));
    const kept = Math.max(1, Math.min(labels.length, Math.floor((room - 10) / wide))), first = labels.length - kept;
    const rows = layers.map((layer) => {
      const [values] = Object.values(layer.states), messages = {};
      for (const [name, every] of Object.entries(layer.states)) {
        const sizes = every.slice(first).map((v) => Math.hypot(...v)), most = Math.max(1e-30, ...sizes);
        messages[name] = { sizes, share: (t) => sizes[t] / most };
      }
      return {
        name: layer.cell,
        values: values.slice(first).map((v) => v.slice(0, SHOWN)),
        messages,
        backwards: layer.name.endsWith("backwards")
      };
    });
    // the whole answer, one item at each copy, or the explained one where it is read out
    const whole = part !== "encoder" && each && each.length >= labels.length ? each.slice(-labels.length) : null;
    const above = (t) => part === "encoder" ? null :
      whole                                 ? visible(whole[t + first]) :
      t + first === labels.length - 1       ? visible(answer.label) :
                                              null;
    const svg = copies(
      rows, labels.slice(first), { wide, above, says: `${part === "stack" ? "the network" : part}, copy by copy` });
    return el(
      "div", {}, parts.length > 1 ? el("h3", {}, part) : null,
      first ? el("p", { class: "soft" }, `${first} ${first > 1 ? "copies" : "copy"} before these`) : null, svg);
  });
  const turned = direction(data.input.items) === "rtl" ?
    " The text is read from right to left; in every picture with steps, time runs from left to right." :
    "";
  root.append(el(
    "p", { class: "soft" },
    "One copy of the cell per step, from left to right: what it reads below, its answer above, its state as colours. A thicker line carries a larger state." +
      turned));
  root.append(el("figure", { class: "chain" }, ...figures));
}
