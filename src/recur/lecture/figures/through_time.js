// Chapter 11: BPTT, one frame after the other: forward, then backward by three paths that add up to the gradient.
function frames(net, letters, targets) {
  const run = net.run(net.ids(letters)), layer = net.layers[0], T = letters.length;
  const dz = run.p.map((p, t) => p.map((v, k) => v - Number(net.answers[k] === targets[t])));
  const outside = dz.map((one) => throughReadout(net, one));
  const { back, shares } = backward(layer, run.frames[0], outside);
  const message = (t) => t + 1 < T ? part(back[t + 1], layer.step.states.h.message) : new Array(net.hidden).fill(0);
  const before = (t) => part(run.frames[0][t], layer.step.states.h.before);
  return {
    run,
    dz,
    outside,
    T,
    from: dz.map((_, t) => message(t)),
    dh: back.map((d) => part(d, layer.step.states.h.seed)),
    da: back.map((d) => part(d, layer.step.values.a.derivative)),
    before,
    errors: run.p.map((p, t) => -Math.log(p[net.answers.indexOf(targets[t])])),
    // the share of step t in the gradient of each matrix: one path each
    share: (t) => ({
      W_hy: dz[t].flatMap((one) => run.h[t].map((h) => one * h)),
      W_xh: Array.from(shares[t].W_xh),
      W_hh: Array.from(shares[t].W_hh),
    }),
  };
}
// the two vectors whose outer product is the share of step t: what comes back, and what went in
const factors = (net, f, t) => ({
  W_hy: [f.dz[t], f.run.h[t]],
  W_xh: [f.da[t], oneHot(f.run.inputs[t], net.inputs)],
  W_hh: [f.da[t], f.before(t)],
});
// the sum of what the steps from the last one back to the first given add
function gradientUpTo(f, first) {
  const total = {};
  for (let t = f.T - 1; t >= first; --t)
    for (const [name, values] of Object.entries(f.share(t)))
      total[name] = total[name] ? total[name].map((v, n) => v + values[n]) : values;
  return total;
}
// a gradient so short that two decimals of its numbers say nothing
const NEAR_ZERO = 0.1;
// the same network with one weight changed, and the error of a word in it
function nudged(data, name, place, by) {
  const copy = {...data, layers: [{...data.layers[0] }] }, holder = name === "W_hy" ? copy : copy.layers[0];
  holder[name] = Array.from(holder[name]);
  holder[name][place] += by;
  return copy;
}
function wordError(data, letters, targets) {
  const net = network(data), { p } = net.run(net.ids(letters));
  return p.reduce((sum, one, t) => sum - Math.log(one[net.answers.indexOf(targets[t])]), 0);
}
// the network of chapter 3 before its training: random weights, no biases
function untrained() {
  const data = fresh("elman", 4, 3, 3);
  data.layers[0].b.fill(0);
  return data;
}
// the two summands of a_t
function summands(net, f, t) {
  const { weights } = net.layers[0], H = net.hidden, rows = Array.from({ length: H }, (_, u) => u);
  return {
    x: rows.map((u) => weights.W_xh[u * net.inputs + f.run.inputs[t]]),
    h: rows.map((u) => f.before(t).reduce((sum, v, k) => sum + v * weights.W_hh[u * H + k], 0)),
  };
}
// a path that ends: a line with a bar at its end
function ending(x1, y1, x2, y2, attributes) {
  const long = Math.hypot(x2 - x1, y2 - y1), ux = 7 * (x2 - x1) / long, uy = 7 * (y2 - y1) / long;
  const d = `M${x1} ${y1}L${x2} ${y2}M${x2 - uy} ${y2 + ux}L${x2 + uy} ${y2 - ux}`;
  return draw("g", attributes, draw("path", { d, class: "line" }));
}
// the chain: what is computed so far, and the three paths back from the steps that are done
function chain(root, net, f, letters, now, back, t) {
  picture(clear(root), 286, t.label, (svg, wide) => {
    const first = wide < 480 ? 34 : 60, gap = (wide - 20 - first) / f.T, width = Math.min(92, gap - 34), y = 150;
    const x = (n) => 10 + first + gap * (n + 0.5), start = 38, left = (n) => n > 0 ? x(n - 1) + width / 2 : start;
    svg.append(
      draw("rect", { x: start - 28, y: y + 4, width: 28, height: 38, rx: 8, class: "copy" }),
      symbol(start - 14, y + 25, "h", "0"), word(start - 14, y - 4, "= 0", { class: "soft" }));
    for (let n = 0; n < f.T; ++n) {
      const done = back || n <= now, seen = back && n >= now, current = n === now;
      const copy = draw("g", { opacity: done ? 1 : 0.28, class: current ? "current" : "" });
      copy.append(draw("rect", { x: x(n) - width / 2, y, width, height: 46, rx: 8, class: "copy" }));
      const cell = Math.min(26, (width - 10) / 3);
      if (done)
        copy.append(vector(
          x(n) - 1.5 * cell, y + 23 - cell / 2, f.run.h[n], `h${n + 1}`, { cell, across: true, numbers: false }));
      copy.append(
        arrow(x(n), 238, x(n), y + 48), symbol(x(n) - 14, 256, "x", String(n + 1)),
        word(x(n) + 26, 256, `“${letters[n]}”`, { class: "said" }));
      copy.append(arrow(x(n), y - 2, x(n), 92), symbol(x(n) - 18, 82, "z", String(n + 1)));
      if (done)
        copy.append(
          word(x(n) + 30, 82, `“${net.answers[best(f.run.p[n])]}”`, { class: "said" }),
          word(x(n) + 18, 100, gap > 140 ? t.predicts : "", { class: "soft", "text-anchor": "start" }));
      copy.append(arrow(left(n), y + 14, x(n) - width / 2, y + 14));
      if (done)
        copy.append(arrow(x(n), 64, x(n), 44), word(x(n), 32, `e = ${shown(f.errors[n], 3)}`, { class: "digits" }));
      if (seen) {
        copy.append(arrow(x(n) + 12, 44, x(n) + 12, y - 4, { class: "arrow hy" }));
        // what is given is not learned: at x and at the state before the first step a path ends
        copy.append(ending(x(n) + 12, y + 48, x(n) + 12, 234, { class: "arrow xh" }));
        copy.append((n ? arrow : ending)(x(n) - width / 2, y + 34, left(n), y + 34, { class: "arrow hh" }));
      }
      if (current) {
        copy.append(
          symbol(x(n) + 34, 126, "W", "hy", { class: "math path hy" }),
          symbol(x(n) + 34, 218, "W", "xh", { class: "math path xh" }));
        copy.append(symbol((left(n) + x(n) - width / 2) / 2, y + 66, "W", "hh", { class: "math path hh" }));
        if (back) copy.append(word(x(n) + 22, 238, t.ends, { class: "soft", "text-anchor": "start" }));
      }
      svg.append(copy);
    }
  });
}
// the numbers of a frame: [path, formula, value]
function frameRows(net, f, now, back, target, t) {
  const n = now + 1, list = (values) => `(${values.map((v) => shown(v, 3)).join(", ")})`;
  const d = (what, of, at_ = n) => `∂<i>${what}</i>/∂<i>${of}</i><sub>${at_}</sub>`;
  const sub = (letter, at_ = n) => `<i>${letter}</i><sub>${at_}</sub>`, W_ = (name) => `<i>W</i><sub>${name}</sub>`;
  if (!back) {
    const { x, h } = summands(net, f, now), p = f.run.p[now][net.answers.indexOf(target)];
    return [
      ["xh", `${W_("xh")} ${sub("x")}`, list(x)],
      ["hh", `${W_("hh")} ${sub("h", now)}`, list(h)],
      ["", `${sub("a")} = ${t.sum}`, list(x.map((v, u) => v + h[u]))],
      ["", `${sub("h")} = tanh(${sub("a")})`, list(f.run.h[now])],
      ["hy", `${sub("z")} = ${W_("hy")} ${sub("h")}`, list(f.run.z[now])],
      ["", `${sub("p")} = softmax(${sub("z")})`, list(f.run.p[now])],
      ["", `${sub("e")} = −ln <i>p</i>(“${target}”)`, `−ln ${shown(p, 3)} = ${shown(f.errors[now], 3)}`],
    ];
  }
  const last = n === f.T;
  return [
    ["hy", `∂${sub("e")}/∂${sub("z")} = ${sub("p")} − ${sub("y")}`, list(f.dz[now])],
    ["hy", `${W_("hy")}<sup>T</sup> ∂${sub("e")}/∂${sub("z")}`, list(f.outside[now])],
    ["hh", last ? t.nothing : `${W_("hh")}<sup>T</sup> ${d("E", "a", n + 1)}`, list(f.from[now])],
    ["", `${d("E", "h")} = ${t.sum}`, list(f.dh[now])],
    ["", `1 − ${sub("h")}<sup>2</sup>`, list(f.run.h[now].map((v) => 1 - v * v))],
    ["xh", `${d("E", "a")} = (1 − ${sub("h")}<sup>2</sup>) · ${d("E", "h")}`, list(f.da[now])],
  ];
}
// the block of one matrix: in the forward pass what its gradient will need, in the backward pass what this step adds,
// and the sum so far, of which an entry can be chosen
function matrixBlock(net, f, name, now, back, choose_, t) {
  const n = now + 1, path = name.slice(2), [come, went] = factors(net, f, now)[name];
  const grid = (columns, ...cells) => {
    const one = el("div", { class: "matrix" }, ...cells);
    one.style.gridTemplateColumns = `repeat(${columns}, auto)`;
    return one;
  };
  const cell = (v) => {
    const one = el("span", {}, shown(v));
    one.style.cssText = `background:${tone(v, 1)};color:${ink()}`;
    return one;
  };
  const edge = (text) => el("b", {}, text);
  const said = (text, look = "soft") => {
    const one = el("p", { class: look });
    one.innerHTML = text;
    return one;
  };
  const title = el("figcaption");
  title.innerHTML = `∂<i>E</i>/∂<i>W</i><sub>${path}</sub> · ${t[name]}`;
  const vector_ = { W_hy: "h", W_xh: "x", W_hh: "h" }[name], less = Number(name === "W_hh");
  const total = gradientUpTo(f, back ? now : 0)[name], whole = gradientUpTo(f, 0)[name];
  const product =
    name === "W_hy" ? `∂<i>e</i><sub>${n}</sub>/∂<i>z</i><sub>${n}</sub>` : `∂<i>E</i>/∂<i>a</i><sub>${n}</sub>`;
  const above =
    back ? `${fill(t.adds, { n })}: ${product} · <i>${vector_}</i><sub>${n - less}</sub><sup>T</sup>` : t.kept;
  // the vectors that the steps so far have stored, one per row
  const stored = [];
  for (let m = 0; !back && m < f.T; ++m) {
    const values = factors(net, f, m)[name][1];
    stored.push(edge(`${vector_}${"₀₁₂₃₄"[m + 1 - less]}`), ...values.map((v) => m <= now ? cell(v) : edge("·")));
  }
  const added = back ?
    [
      edge("·"), ...went.map((v) => edge(shown(v))),
      ...come.flatMap((d) => [edge(shown(d)), ...went.map((v) => cell(d * v))])
    ] :
    stored;
  const outer = grid(went.length + 1, ...added);
  outer.classList.add("outer");
  // the one that is not near zero has a line there too, so that the page stays where it is
  const length = norm(whole), near = said(fill(t.near, { length: shown(length, 3) }));
  if (!back || length >= NEAR_ZERO) near.style.visibility = "hidden";
  const columns = went.length, entries = total.map((v, n) => {
    const one = el("button", { type: "button", tabindex: n ? -1 : 0 }, back ? shown(v) : "0");
    if (back) one.style.cssText = `background:${tone(v, 1)};color:${ink()}`;
    for (const event of ["pointerenter", "focus", "click"]) one.addEventListener(event, () => choose_(name, n));
    one.addEventListener("keydown", (e) => {
      const to = { ArrowRight: n + 1, ArrowLeft: n - 1, ArrowDown: n + columns, ArrowUp: n - columns }[e.key];
      if (!entries[to]) return;
      entries[to].focus();
      e.preventDefault();
    });
    return one;
  });
  return el(
    "figure", { class: `block ${path}` }, title, said(above, "math"), outer,
    said(
      !back ? t.before :
        now ? t.sofar :
              t.total),
    grid(columns, ...entries), near);
}
// the numbers that an entry of a gradient is made of: their places in the two grids of its block
function markEntry(sums, net, f, { name, place }, back) {
  sums.querySelectorAll(".marked").forEach((one) => one.classList.remove("marked"));
  const [come, went] = factors(net, f, 0)[name], columns = went.length, column = 1 + place % columns;
  const [outer, total] = sums.querySelectorAll(`.${name.slice(2)} .matrix`);
  const row = (1 + Math.floor(place / columns)) * (columns + 1), wide = columns + 1;
  const marked = back ? [column, row, row + column] : Array.from({ length: f.T }, (_, m) => m * wide + column);
  [...marked.map((n) => outer.children[n]), total.children[place]].forEach((one) => one.classList.add("marked"));
}
// the same entry as a sum over the steps: one product each
function entryTerms(net, f, { name, place }, now) {
  const terms = [];
  for (let m = f.T - 1; m >= now; --m) {
    const [come, went] = factors(net, f, m)[name];
    terms.push({ step: m + 1, come: come[Math.floor(place / went.length)], went: went[place % went.length] });
  }
  return terms;
}
FIGURES.through_time = (root, t) => {
  const letters = ["h", "e", "l", "l"], targets = ["e", "l", "l", "o"], T = letters.length;
  let data, net, f;
  // a network that has learned has errors, and so gradients, near zero
  const useWeights = (kind) => {
    data = kind === "trained" ? NETWORKS.spelled : untrained();
    net = network(data);
    f = frames(net, letters, targets);
  };
  useWeights("fresh");
  const place = el("div", { class: "drawing" }), sums = el("div", { class: "beside" }),
        numbers = el("dl", { class: "partials" });
  const told = el("p", { class: "told", "aria-live": "polite" });
  const entry = el("p", { class: "told", "aria-live": "polite" }), check = el("p", { class: "told" });
  let at_ = 0, chosen = { name: "W_hh", place: 0 }, by = 0.01;
  function showEntry() {
    const { name, place } = chosen, back = at_ >= T, now = back ? 2 * T - 1 - at_ : T;
    const columns = factors(net, f, 0)[name][1].length, before = wordError(data, letters, targets);
    const after = wordError(nudged(data, name, place, by), letters, targets);
    const bracketed = (v) => v < 0 ? `(${shown(v, 3)})` : shown(v, 3), terms = entryTerms(net, f, chosen, now);
    const weight = (name === "W_hy" ? data : data.layers[0])[name][place], whole = gradientUpTo(f, 0)[name][place];
    const said = {
      weight: `<i>W</i><sub>${name.slice(2)}</sub>`,
      row: Math.floor(place / columns) + 1,
      column: place % columns + 1,
      terms: terms.map((one) => `${bracketed(one.come)} · ${bracketed(one.went)}`).join(" + "),
      steps: terms.map((one) => one.step).join(", "),
      sum: shown(terms.reduce((sum, one) => sum + one.come * one.went, 0), 4)
    };
    entry.innerHTML = fill(!back ? t.entry_before : now ? t.entry : t.entry_all, said);
    // as many decimals as the quotient needs
    const digits = 4 - Math.round(Math.log10(by));
    check.innerHTML = fill(t.check, {
      ...said,
      from: shown(weight, 4),
      to: shown(weight + by, 4),
      by: String(by),
      before: shown(before, digits),
      after: shown(after, digits),
      slope: shown((after - before) / by, 4),
      gradient: shown(whole, 4)
    });
    markEntry(sums, net, f, chosen, back);
  }
  function choose_(name, place) {
    chosen = { name, place };
    showEntry();
  }
  function show(frame) {
    at_ = frame;
    const [backwards, forwards] = root.querySelectorAll(".panel > button");
    backwards.disabled = frame === 0;
    forwards.disabled = frame === 2 * T - 1;
    const back = frame >= T, now = back ? 2 * T - 1 - frame : frame;
    chain(place, net, f, letters, now, back, t);
    const said = { n: now + 1, letter: letters[now], target: targets[now], e: shown(f.errors[now], 3) };
    told.innerHTML = fill(back ? t.backward : t.forward, said) + (back && now === 0 ? ` ${t.done}` : "");
    numbers.replaceChildren(...frameRows(net, f, now, back, targets[now], t).flatMap(([kind, name, value]) => {
      const term = el("dt", { class: kind });
      term.innerHTML = name;
      return [term, el("dd", { class: kind }, value)];
    }));
    sums.replaceChildren(...["W_hy", "W_xh", "W_hh"].map((name) => matrixBlock(net, f, name, now, back, choose_, t)));
    showEntry();
  }
  const bar = slider(
    t.frame, 1, 2 * T, 1, (v) => show(v - 1), (v) => v <= T ? `${t.forwards} ${v}` : `${t.backwards} ${2 * T + 1 - v}`);
  const go = (by) => {
    const input = bar.querySelector("input");
    input.value = Math.max(1, Math.min(2 * T, at_ + 1 + by));
    input.dispatchEvent(new Event("input"));
  };
  const nudging = controls(choice(t.nudge, ["0.1", "0.01", "0.001"].map((v) => [v, v]), String(by), (v) => {
    by = +v;
    showEntry();
  }));
  root.append(section(
    controls(
      choice(
        t.weights, [["fresh", t.fresh], ["trained", t.trained]], "fresh",
        (v) => {
          useWeights(v);
          show(at_);
        }),
      bar, button("←", () => go(-1), { "aria-label": t.previous }),
      button("→", () => go(1), { "aria-label": t.next, class: "main" })),
    place, told, numbers, el("div", {}, sums, el("div", { class: "entry" }, entry, check, nudging)), note(t.nudges)));
  show(0);
  paper.push(() => {
    const steps = 2 * T - 1 - at_;
    go(steps);
    return () => go(-steps);
  });
};
