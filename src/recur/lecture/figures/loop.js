// Chapter 1: the loop, and the chain of copies that it is, in one drawing that opens.
FIGURES.loop = (root, t) => {
  const net = network(NETWORKS.spelled), letters = ["h", "e", "l", "l"], run = net.run(net.ids(letters));
  let open = 0, moving = null;
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
    told.textContent = open > 0.99 ? t.unrolled : open < 0.01 ? t.folded : "";
    picture(clear(place), 268, t.label, paint);
  }
  function paint(svg, wide) {
    const gap = Math.min(200, (wide - 70) / 4), middle = wide / 2, width = Math.min(74, gap * 0.56), y = 106;
    const x = (n) => middle + open * (n - 1.5) * gap;
    const loop = draw("g", { class: "arrow", opacity: Math.max(0, 1 - 2.2 * open) });
    const side = middle + width / 2;
    loop.append(
      draw("path", { class: "line", d: `M${side} ${y + 9}h34a14 14 0 0 1 0 28h-26` }),
      draw("path", { class: "head", d: `M${side} ${y + 37}l9 -4.5v9z` }), symbol(side + 66, y + 27, "h", "t"));
    svg.append(loop);
    for (let n = 3; n >= 0; --n) {
      const seen = n === 0 ? 1 : Math.min(1, open * 2.5), copy = draw("g", { opacity: seen });
      if (n < 3) {
        const message = draw("g", { opacity: Math.max(0, 2 * open - 1) });
        message.append(arrow(x(n) + width / 2, y + 22, x(n + 1) - width / 2, y + 22));
        const cell = Math.max(9, Math.min(14, (gap - width) / 5));
        if (open > 0.6)
          message.append(vector(
            (x(n) + x(n + 1)) / 2 - 1.5 * cell - 3, y + 22 - cell / 2, run.h[n], `h${n + 1}`, { cell, across: true }));
        copy.append(message);
      }
      copy.append(arrow(x(n), y + 96, x(n), y + 48), arrow(x(n), y - 2, x(n), y - 38));
      copy.append(
        draw("rect", { x: x(n) - width / 2, y: y - 2, width, height: 48, rx: 8, class: "copy" }),
        word(x(n), y + 28, "A", { class: "big math", "font-style": "italic" }));
      const step = open > 0.5 ? String(n + 1) : "t";
      copy.append(draw("circle", { cx: x(n), cy: y + 114, r: 18, class: "input" }), symbol(x(n), y + 118, "x", step));
      copy.append(draw("circle", { cx: x(n), cy: y - 56, r: 18, class: "state" }), symbol(x(n), y - 52, "h", step));
      if (open > 0.5)
        copy.append(
          word(x(n), y + 152, `“${letters[n]}”`, { class: "said" }),
          word(x(n), y - 84, `“${net.answers[best(run.p[n])]}”`, { class: "said" }));
      svg.append(copy);
    }
  }
  root.append(controls(play, drag), place, told);
  show(0);
  // on paper the chain says more than the loop
  addEventListener("beforeprint", () => set(1));
};
