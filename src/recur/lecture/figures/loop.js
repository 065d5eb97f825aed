// Chapter 1: the loop, and the chain of copies that it is, in one drawing that opens.
FIGURES.loop = (root, t) => {
  const net = network(NETWORKS.spelled), { W_xh, W_hh } = net.layers[0].weights;
  const once_ = W_xh.length + W_hh.length + net.W_hy.length;
  let open = 0, moving = null, letters = [..."hell"], run = net.run(net.ids(letters));
  const place = el("div", { class: "drawing" }), told = el("p", { class: "told", "aria-live": "polite" });
  const drag = slider(t.open, 0, 100, 0, (v) => show(v / 100), (v) => `${v} %`);
  const play = button(t.unroll, () => {
    const goal = open < 0.5 ? 1 : 0;
    cancelAnimationFrame(moving);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return set(goal);
    const from = open, begun = performance.now();
    const frame = (now) => {
      const s = Math.min(1, (now - begun) / 900), eased = s * s * (3 - 2 * s);
      set(from + (goal - from) * eased);
      if (s < 1) moving = requestAnimationFrame(frame);
    };
    moving = requestAnimationFrame(frame);
  }, { class: "main" });
  function set(value) {
    const input = drag.querySelector("input");
    input.value = Math.round(100 * value);
    drag.querySelector("output").textContent = `${input.value} %`;
    show(value);
  }
  function show(value) {
    open = value;
    play.textContent = open < 0.5 ? t.unroll : t.fold;
    told.textContent = open > 0.99 ? fill(t.unrolled, { copies: letters.length }) : open < 0.01 ? t.folded : "";
    picture(clear(place), 344, t.label, paint);
  }
  // the message leaves a copy at its right and enters the next at its left: folded they are one copy, so that it runs
  // around it; as the copies part, it becomes straight
  function message(from, to, y, radius, width) {
    const apart_ = to - from, straight = Math.min(1, (apart_ / width + 1) ** 3), end = to - 6;
    const out = radius * (1 - straight) + Math.max(0, apart_) / 2, low = y + 50 * (1 - straight),
          middle_ = (from + end) / 2;
    const d = `M${from} ${y}C${from + out} ${y} ${from + out} ${low} ${middle_} ${low}C${end - out} ${low} ${
      end - out} ${y} ${end} ${y}`;
    return [
      draw("path", { class: "halo", d }), draw("path", { class: "line", d }),
      draw("path", { class: "head", d: `M${to} ${y}l-9 -4.5v9z` })
    ];
  }
  function paint(svg, wide) {
    const count = letters.length, gap = Math.min(200, (wide - 70) / count), middle = wide / 2,
          width = Math.min(74, gap * 0.56), y = 146;
    const x = (n) => middle + open * (n - (count - 1) / 2) * gap, radius = Math.min(46, gap * 0.6), shut = open < 0.02;
    const faded = (v, least) => Math.max(0, Math.min(1, (v - least) / (1 - least)));
    const inputs = draw("g"), messages = draw("g", { class: "arrow" }), copies = draw("g");
    for (let n = count - 1; n >= 0; --n) {
      const step = shut ? "t" : String(n + 1), said = faded(open, 0.55);
      inputs.append(
        arrow(x(n), y + 96, x(n), y + 48), draw("circle", { cx: x(n), cy: y + 114, r: 18, class: "input" }),
        symbol(x(n), y + 118, "x", step), arrow(x(n), y - 2, x(n), y - 38),
        draw("circle", { cx: x(n), cy: y - 56, r: 18, class: "state" }), symbol(x(n), y - 52, "h", step),
        word(x(n), y + 152, `“${letters[n]}”`, { class: "said", opacity: said }),
        draw("g", { opacity: said }, arrow(x(n), y - 76, x(n), y - 94)),
        word(x(n), y - 100, `“${net.answers[best(run.p[n])]}”`, { class: "said", opacity: said }),
        word(x(n), y - 122, t.predicts, { class: "soft", opacity: said }));
      copies.append(
        draw("rect", { x: x(n) - width / 2, y: y - 2, width, height: 48, rx: 8, class: "copy" }),
        word(x(n), y + 28, "A", { class: "big math", "font-style": "italic" }));
      if (n === count - 1) continue;
      const from = x(n) + width / 2, to = x(n + 1) - width / 2, cell = Math.max(9, Math.min(14, (gap - width) / 5));
      messages.append(...message(from, to, y + 22, radius, width));
      const label = draw("g", { opacity: faded(open, 0.7) }), half = (from + to) / 2 - 3;
      label.append(
        vector(half - 1.5 * cell, y + 22 - cell / 2, run.h[n], `h${n + 1}`, { cell, across: true, numbers: false }),
        symbol(half, y + 8, "h", String(n + 1), { class: "math small" }));
      copies.append(label);
    }
    const once = symbol(middle + width / 2 + radius * 0.75 + 10, y + 52, "h", "t", { opacity: faded(1 - open, 0.8) });
    const weights = fill(open < 0.5 ? t.weights : t.weights_all, { n: once_, copies: count });
    svg.append(inputs, messages, copies, once, word(middle, y + 186, weights, { class: "said" }));
  }
  // on a phone there is room for five copies
  const longer = slider(t.copies, 2, (root.clientWidth || 640) < 600 ? 5 : 8, 4, (n) => {
    letters = [..."hellhell"].slice(0, n);
    run = net.run(net.ids(letters));
    set(1);
  });
  root.append(controls(play, drag, longer), place, told);
  show(0);
  // on paper the chain says more than the loop
  addEventListener("beforeprint", () => set(1));
};
