// The copies of a network in a row: what each reads, the messages between them, and what is read out.
const COPY = {
  most: 86,
  least: 50,
  high: 44,
  row: 66,
  mark: 24
};
// rows: layers from the lowest, each { name, values, messages: sizes by state, dashed, backwards, mark, title }, one
// entry per label; `read` says whether the answer reads the copy of a direction, `rail` that it reads several copies at
// once
function copies(rows, labels, options = {}) {
  const count = labels.length, cw = options.wide || COPY.most, bw = cw - 34;
  const left = rows.some((row) => row.mark) ? 14 + COPY.mark : 14, highest = rows.length - 1;
  const both = rows.some((row) => row.backwards), joined = both || options.rail, top = joined ? 36 : 26;
  const w = left + count * cw - 20, h = top + rows.length * COPY.row + 20;
  const svg = draw("svg", { width: w, height: h, role: "group", "aria-label": options.says });
  const x = (t) => left + t * cw, y = (r) => top + (rows.length - 1 - r) * COPY.row, middle = (t) => x(t) + bw / 2;
  const wire = (t, from, to, attributes = {}) =>
    draw("line", { x1: middle(t), x2: middle(t), y1: from, y2: to, class: "wire", ...attributes });
  const across = (from, to, at) => draw("line", { x1: from, x2: to, y1: at, y2: at, class: "wire" });
  const isRead = (t, r) => r < highest - 1 || !options.read || options.read(t, Boolean(rows[r].backwards));
  const stops = [], stop = (one, says) => {
    one.setAttribute("role", "img");
    one.setAttribute("aria-label", says);
    stops.push(tip(one, says));
    return one;
  };
  rows.forEach((row, r) => {
    if (!row.mark) return;
    const mark = draw("text", { x: 4, y: y(r) + COPY.high / 2 + 4, class: "mark soft" }, row.mark);
    mark.append(draw("title", {}, row.title));
    svg.append(mark);
  });
  if (options.rail)
    svg.append(
      across(middle(0) - (options.cut ? bw / 2 : 0), middle(count - 1), top - 9),
      draw("circle", { cx: middle(count - 1), cy: top - 9, r: 3, class: "join" }));
  labels.forEach((label, t) => {
    svg.append(
      wire(t, y(0) + COPY.high + 18, y(0) + COPY.high + 1),
      draw("path", { d: `M${middle(t) - 4} ${y(0) + COPY.high + 7} l4 -6 l4 6`, class: "wire" }),
      draw(
        "text", { x: middle(t), y: y(0) + COPY.high + 32, "text-anchor": "middle", direction: "ltr" },
        short(visible(label), Math.floor(cw / 7.5))));
    rows.forEach((row, r) => {
      // a chain that runs backwards reads what the one below it reads: that line, and the output of the one below, pass
      // behind it, and both outputs are joined at a point
      const foot = y(r) + COPY.high + 1;
      if (row.backwards) {
        const fork = y(r - 1) + COPY.high + (r > 1 ? 7 : 12), join = y(r) - 9;
        svg.prepend(across(middle(t) - 9, middle(t), fork), wire(t, fork, foot, { transform: "translate(-9 0)" }));
        if (isRead(t, r - 1))
          svg.prepend(wire(t, y(r - 1), join, { transform: "translate(9 0)" }), across(middle(t), middle(t) + 9, join));
        if (isRead(t, r)) svg.append(wire(t, y(r), join));
        if (isRead(t, r - 1) && isRead(t, r) && !(options.rail && r === highest && t === count - 1))
          svg.append(draw("circle", { cx: middle(t), cy: join, r: 3, class: "join" }));
      } else if (r)
        svg.append(wire(t, y(r - 1) - (rows[r - 1].backwards ? 9 : 0), foot));
      if (options.rail && r === highest && !row.backwards && isRead(t, r)) svg.append(wire(t, y(r), top - 9));
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
        stop(
          box, options.tips ? options.tips(t) : `${row.title ? row.title + ", " : ""}step ${t + 1}: ${visible(label)}`),
        draw(
          "text", { x: middle(t), y: y(r) + (row.values ? 18 : 26), "text-anchor": "middle", class: "name" },
          short(row.name, Math.floor(bw / 7))));
      if (row.values) svg.append(cellsOf(row.values[t], middle(t), y(r) + 25, bw - 8));
      Object.entries(row.messages).forEach(([name, message], k) => {
        const to = t + (row.backwards ? -1 : 1);
        if (to < 0 || to >= count) return;
        const lit = options.lit ? options.lit(t) : "forward", at = y(r) + 14 + 17 * k;
        const says = options.message ? options.message(name, t) : `‖${name}‖ passed on: ${number(message.sizes[t])}`;
        // the gradient goes against the message
        const leftwards = Boolean(row.backwards) !== (lit === "back"), near = Math.min(x(t), x(to)) + bw + 1,
              far = Math.max(x(t), x(to)) - 1, thick = lit ? 1 + 6 * Math.max(0, message.share(t)) : 1.2,
              half = thick / 2 + 2.5;
        svg.append(
          stop(
            draw("line", {
              x1: leftwards ? near + 6 : near,
              x2: leftwards ? far : far - 6,
              y1: at,
              y2: at,
              class: "message " + lit,
              "stroke-width": thick,
              "stroke-dasharray": message.dashed ? "5 3" : ""
            }),
            says),
          draw("path", {
            d: leftwards ? `M${near} ${at} l7 ${half} v-${2 * half} z` : `M${far} ${at} l-7 ${half} v-${2 * half} z`,
            class: "head " + lit
          }),
          draw(
            "text", { x: Math.min(x(t), x(to)) + bw + 17, y: at - 5, "text-anchor": "middle", class: "soft" },
            (lit === "back" ? "∂" : "") + name));
      });
    });
    const above = options.above && options.above(t);
    if (above)
      svg.append(
        wire(t, joined ? top - 9 : y(highest) - 1, 17),
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
    const stacked = layers.length > 1;
    const kept = Math.max(1, Math.min(labels.length, Math.floor((room - 10 - (stacked ? COPY.mark : 0)) / wide))),
          first = labels.length - kept;
    const twoWays = layers.some((layer) => layer.name.endsWith("backwards"));
    const rows = layers.map((layer) => {
      const [values] = Object.values(layer.states), messages = {};
      for (const [name, every] of Object.entries(layer.states)) {
        const sizes = every.slice(first).map((v) => Math.hypot(...v)), most = Math.max(1e-30, ...sizes);
        messages[name] = { sizes, share: (t) => sizes[t] / most };
      }
      const backwards = layer.name.endsWith("backwards");
      return {
        name: layer.cell,
        title: stacked ? layer.name : "",
        mark: stacked ? (layer.name.match(/\d+/) || [""])[0] +
            (backwards ? " ←" :
               twoWays ? " →" :
                         "") :
                        "",
        values: values.slice(first).map((v) => v.slice(0, SHOWN)),
        messages,
        backwards
      };
    });
    // the whole answer, one item at each copy, or the explained one where it is read out
    const whole = part !== "encoder" && each && each.length >= labels.length ? each.slice(-labels.length) : null;
    const above = (t) => part === "encoder" ? null :
      whole                                 ? visible(whole[t + first]) :
      t + first === labels.length - 1       ? visible(answer.label) :
                                              null;
    // one answer to a whole sequence: from the copies that are computed last, or from all of them
    const { pooling } = data.model, single = part !== "encoder" && Boolean(pooling), last = pooling === "last";
    const read = (t, backwards) => !single || !last || t + first === (backwards ? 0 : labels.length - 1);
    const svg = copies(rows, labels.slice(first), {
      wide,
      above,
      read,
      cut: first > 0,
      rail: single && (twoWays || !last),
      says: `${part === "stack" ? "the network" : part}, copy by copy`
    });
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
      (data.states.layers.some((layer) => layer.name.endsWith("backwards")) ?
         " The rows marked ← read from the end; the outputs of both directions are joined at the point." :
         "") +
      turned));
  root.append(el("figure", { class: "chain" }, ...figures));
}
