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
// how much of the whole gradient of each matrix comes from step t: the part of its share along the gradient, which may
// be below zero; those of all steps add up to 1
function portions(f, t) {
  const own = f.share(t), along = (a, b) => a.reduce((sum, v, n) => sum + v * b[n], 0);
  return Object.fromEntries(
    Object.entries(gradientUpTo(f, 0)).map(([name, g]) => [name, along(own[name], g) / along(g, g)]));
}
function gradientUpTo(f, first) {
  const total = {};
  for (let t = f.T - 1; t >= first; --t)
    for (const [name, values] of Object.entries(f.share(t)))
      total[name] = total[name] ? total[name].map((v, n) => v + values[n]) : values;
  return total;
}
// whole percents that add up to 100: rounded down, and one more where most was cut off
function percents(parts) {
  const exact = parts.map((p) => 100 * p), down = exact.map(Math.floor);
  const rest = 100 - down.reduce((a, b) => a + b, 0);
  const order = exact.map((v, n) => n).sort((a, b) => (exact[b] - down[b]) - (exact[a] - down[a]));
  order.slice(0, rest).forEach((n) => ++down[n]);
  return down;
}
// a gradient so short that shares of it say nothing
const NEAR_ZERO = 0.1;
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
// the chain: what is computed so far, and the three paths back from the steps that are done
function chain(root, net, f, letters, now, back, t) {
  picture(clear(root), 286, t.label, (svg, wide) => {
    const gap = (wide - 20) / f.T, width = Math.min(92, gap - 34), y = 150, x = (n) => 10 + gap * (n + 0.5);
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
      if (n + 1 < f.T) copy.append(arrow(x(n) + width / 2, y + 14, x(n + 1) - width / 2, y + 14));
      if (done)
        copy.append(arrow(x(n), 64, x(n), 44), word(x(n), 32, `e = ${shown(f.errors[n], 3)}`, { class: "digits" }));
      if (seen) {
        copy.append(arrow(x(n) + 12, 44, x(n) + 12, y - 4, { class: "arrow hy" }));
        copy.append(arrow(x(n) + 12, y + 48, x(n) + 12, 236, { class: "arrow xh" }));
        if (n > 0) copy.append(arrow(x(n) - width / 2, y + 34, x(n - 1) + width / 2, y + 34, { class: "arrow hh" }));
      }
      if (current) {
        copy.append(
          symbol(x(n) + 34, 126, "W", "hy", { class: "math path hy" }),
          symbol(x(n) + 34, 218, "W", "xh", { class: "math path xh" }));
        if (n > 0) copy.append(symbol(x(n) - gap / 2, y + 62, "W", "hh", { class: "math path hh" }));
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
// and the sum so far
function matrixBlock(net, f, name, now, back, parts, t) {
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
  const length = norm(whole), near = length < NEAR_ZERO;
  const shares =
    percents(parts.map((one) => one[name])).map((p, m) => back && m >= now ? `${shown(p, 0)} %` : "–").reverse();
  const shared = said(
    near ? fill(t.near, { length: shown(length, 3) }) :
           `${t.shares}<br>${shares.join(" + ")}${back && !now ? " = 100 %" : ""}`);
  // in the forward pass it keeps its place, so that the page stays where it is
  if (!back) shared.style.visibility = "hidden";
  return el(
    "figure", { class: `block ${path}` }, title, said(above, "math"), outer,
    said(
      !back ? t.before :
        now ? t.sofar :
              t.total),
    grid(went.length, ...total.map((v) => back ? cell(v) : edge("0"))), shared);
}
FIGURES.through_time = (root, t) => {
  const letters = ["h", "e", "l", "l"], targets = ["e", "l", "l", "o"], T = letters.length;
  let net, f, parts;
  // a network that has learned has errors, and so gradients, near zero
  const useWeights = (kind) => {
    net = network(kind === "trained" ? NETWORKS.spelled : untrained());
    f = frames(net, letters, targets);
    parts = letters.map((_, n) => portions(f, n));
  };
  useWeights("fresh");
  const place = el("div", { class: "drawing" }), sums = el("div", { class: "beside" }),
        numbers = el("dl", { class: "partials" });
  const told = el("p", { class: "told", "aria-live": "polite" });
  let at_ = 0;
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
    sums.replaceChildren(...["W_hy", "W_xh", "W_hh"].map((name) => matrixBlock(net, f, name, now, back, parts, t)));
  }
  const bar = slider(
    t.frame, 1, 2 * T, 1, (v) => show(v - 1), (v) => v <= T ? `${t.forwards} ${v}` : `${t.backwards} ${2 * T + 1 - v}`);
  const go = (by) => {
    const input = bar.querySelector("input");
    input.value = Math.max(1, Math.min(2 * T, at_ + 1 + by));
    input.dispatchEvent(new Event("input"));
  };
  root.append(
    controls(
      choice(
        t.weights, [["fresh", t.fresh], ["trained", t.trained]], "fresh",
        (v) => {
          useWeights(v);
          show(at_);
        }),
      bar, button("←", () => go(-1), { "aria-label": t.previous }),
      button("→", () => go(1), { "aria-label": t.next, class: "main" })),
    place, told, numbers, sums);
  show(0);
  paper.push(() => {
    const by = 2 * T - 1 - at_;
    go(by);
    return () => go(-by);
  });
};
