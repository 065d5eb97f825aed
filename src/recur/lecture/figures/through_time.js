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
FIGURES.through_time = (root, t) => {
  const letters = ["h", "e", "l", "l"], targets = ["e", "l", "l", "o"], T = letters.length;
  let net, f;
  // a network that has learned has errors, and so gradients, near zero
  const useWeights = (kind) => {
    net = network(kind === "trained" ? NETWORKS.spelled : fresh("elman", 4, 3, 3));
    f = frames(net, letters, targets);
  };
  useWeights("fresh");
  const place = el("div", { class: "drawing" }), sums = el("div", { class: "beside" }),
        numbers = el("dl", { class: "partials" });
  const told = el("p", { class: "told", "aria-live": "polite" });
  const list = (values) => `(${values.map((v) => shown(v, 3)).join(", ")})`;
  // rounded so that the four add up to 100 %
  const whole = (p) => `${shown(100 * p, 0)} %`;
  let at_ = 0;
  function show(frame) {
    at_ = frame;
    const [backwards, forwards] = root.querySelectorAll(".panel > button");
    backwards.disabled = frame === 0;
    forwards.disabled = frame === 2 * T - 1;
    const back = frame >= T, now = back ? 2 * T - 1 - frame : frame;
    picture(clear(place), 286, t.label, (svg, wide) => {
      const gap = (wide - 20) / T, width = Math.min(92, gap - 34), y = 150;
      const x = (n) => 10 + gap * (n + 0.5);
      for (let n = 0; n < T; ++n) {
        const done = back || n <= now, current = n === now, seen = back && n >= now;
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
        if (n + 1 < T) copy.append(arrow(x(n) + width / 2, y + 14, x(n + 1) - width / 2, y + 14));
        if (done)
          copy.append(arrow(x(n), 64, x(n), 44), word(x(n), 32, `e = ${shown(f.errors[n], 3)}`, { class: "digits" }));
        if (seen) {
          copy.append(arrow(x(n) + 12, 44, x(n) + 12, y - 4, { class: "arrow hy" }));
          copy.append(arrow(x(n) + 12, y + 48, x(n) + 12, 236, { class: "arrow xh" }));
          if (n > 0) copy.append(arrow(x(n) - width / 2, y + 34, x(n - 1) + width / 2, y + 34, { class: "arrow hh" }));
        }
        svg.append(copy);
      }
    });
    told.textContent = fill(
                         back ? t.backward : t.forward,
                         { n: now + 1, letter: letters[now], target: targets[now], e: shown(f.errors[now], 3) }) +
      (back && now === 0 ? ` ${t.done}` : "");
    const rows = back ?
      [
        ["hy", `∂<i>e</i><sub>${now + 1}</sub>/∂<i>z</i><sub>${now + 1}</sub> = <i>p</i> − <i>y</i>`, list(f.dz[now])],
        [
          "hy", `<i>W</i><sub>hy</sub><sup>T</sup> ∂<i>e</i><sub>${now + 1}</sub>/∂<i>z</i><sub>${now + 1}</sub>`,
          list(f.outside[now])
        ],
        ["hh", t.message, list(f.from[now])],
        ["", `∂<i>E</i>/∂<i>h</i><sub>${now + 1}</sub> = ${t.sum}`, list(f.dh[now])],
        [
          "xh", `∂<i>E</i>/∂<i>a</i><sub>${now + 1}</sub> = (1 − <i>h</i>²) ∂<i>E</i>/∂<i>h</i><sub>${now + 1}</sub>`,
          list(f.da[now])
        ],
      ] :
      [
        ["", `<i>h</i><sub>${now + 1}</sub>`, list(f.run.h[now])],
        ["", `<i>z</i><sub>${now + 1}</sub>`, list(f.run.z[now])],
        ["", t.probability, list(f.run.p[now])],
      ];
    numbers.replaceChildren(...rows.flatMap(([kind_, name, value]) => {
      const term = el("dt", { class: kind_ });
      term.innerHTML = name;
      return [term, el("dd", {}, value)];
    }));
    const total = back ? gradientUpTo(f, now) : {}, pairs = factors(net, f, now);
    const parts = Array.from({ length: T }, (_, n) => portions(f, n));
    const shapes = { W_hy: [net.V, net.hidden], W_xh: [net.hidden, net.inputs], W_hh: [net.hidden, net.hidden] };
    sums.replaceChildren(...Object.entries(shapes).map(([name, [rows_, columns]]) => {
      const values = total[name] || new Array(rows_ * columns).fill(0), [come, went] = pairs[name], n = now + 1;
      const grid = el("div", { class: "matrix" }), outer = el("div", { class: "matrix outer" });
      grid.style.gridTemplateColumns = `repeat(${columns}, auto)`;
      outer.style.gridTemplateColumns = `repeat(${columns + 1}, auto)`;
      const cell = (v) => {
        const one = el("span", {}, shown(v));
        one.style.cssText = `background:${tone(v, 1)};color:${ink(v, 1)}`;
        return one;
      };
      const edge = (v) => el("b", {}, shown(v));
      values.forEach((v) => grid.append(cell(v)));
      outer.append(el("b", {}, "·"), ...went.map(edge));
      come.forEach((d) => outer.append(edge(d), ...went.map((v) => cell(d * v))));
      const title = el("figcaption"), product = el("p", { class: "math" });
      title.innerHTML = `∂<i>E</i>/∂<i>W</i><sub>${name.slice(2)}</sub> · ${t[name]}`;
      const letter = { W_hy: ["e", "z", "h", n], W_xh: ["E", "a", "x", n], W_hh: ["E", "a", "h", n - 1] }[name];
      product.innerHTML = `${t.step} ${n}: ∂<i>${letter[0]}</i>/∂<i>${letter[1]}</i><sub>${n}</sub> · <i>${
        letter[2]}</i><sub>${letter[3]}</sub><sup>T</sup>`;
      const shares = parts.map((one, m) => back && m >= now ? whole(one[name]) : "–").reverse();
      const said = el("p", { class: "soft" }, `${t.shares} ${shares.join(" + ")}${back && !now ? " = 100 %" : ""}`);
      // what a frame does not have yet keeps its place, so that the page stays where it is
      if (!back) outer.style.visibility = product.style.visibility = "hidden";
      return el(
        "figure", { class: `block ${name.slice(2)}` }, title, product, outer, el("p", { class: "soft" }, t.sofar), grid,
        said);
    }));
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
};
