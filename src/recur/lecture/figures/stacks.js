// Chapters 7 and 8: two directions joined at z_t, and layers on top of each other.
// one or two rows of copies: words below, messages to the right or to the left, both states joined in z_t
function chains(svg, wide, words, rows, answers) {
  const T = words.length, left = 106, gap = (wide - left - 8) / T, both = rows.length === 2;
  const aside = both ? Math.min(34, gap * 0.2) : 0, width = Math.min(66, gap * 0.5), bottom = 268, top = 62;
  const x = (n, r) => left + gap * (n + 0.5) + (r ? aside : -aside), y = (r) => bottom - 64 * (r + 1) - 12;
  rows.forEach((row, r) => {
    svg.append(word(left - 14, y(r) + 18, row.name, { "text-anchor": "end", class: "soft" }));
    words.forEach((_, n) => {
      const to = row.reverse ? n - 1 : n + 1, side = (row.reverse ? -1 : 1) * width / 2;
      if (to >= 0 && to < T) svg.append(arrow(x(n, r) + side, y(r) + 13, x(to, r) - side, y(r) + 13));
      svg.append(arrow(x(n, r), bottom - 10, x(n, r), y(r) + 28), arrow(x(n, r), y(r), x(n, r), top + 30));
    });
  });
  rows.forEach((row, r) => words.forEach((one, n) => {
    svg.append(draw("rect", { x: x(n, r) - width / 2, y: y(r), width, height: 26, rx: 6, class: "copy" }));
    const values = row.h[n], cell = Math.min(10, (width - 8) / values.length);
    svg.append(vector(
      x(n, r) - cell * values.length / 2, y(r) + 13 - cell / 2, values, `${row.name}, ${one}`, { cell, across: true }));
  }));
  words.forEach((one, n) => {
    const middle = left + gap * (n + 0.5), half = Math.max(18, aside + 12), [answer, p, strong] = answers[n];
    svg.append(
      draw("rect", { x: middle - half, y: top, width: 2 * half, height: 28, rx: 14, class: "state" }),
      symbol(middle, top + 18, "z", String(n + 1)),
      word(middle, top - 26, answer, { class: strong ? "said strong" : "said" }),
      word(middle, top - 9, share(p), { class: "soft" }), word(middle, bottom + 8, one, { class: "said" }));
  });
}
FIGURES.bidirectional = (root, t) => {
  const one = network(NETWORKS["names one direction"]), two = network(NETWORKS["names two directions"]);
  const texts = [
    "Teddy bears are soft", "Teddy smiled at us", "Rose petals fell down", "Rose was president",
    "Ivy leaves are on sale", "Amber sang well"
  ];
  const place = el("div", { class: "drawing" }), told = el("p", { class: "told", "aria-live": "polite" });
  let text = texts[0], both = "two";
  const show = () => {
    const words = text.split(" "), net = both === "two" ? two : one, run = net.run(net.ids(words)), H = net.hidden;
    const rows = [{ name: t.forwards, h: run.h.map((h) => h.slice(0, H)) }];
    if (both === "two") rows.push({ name: t.backwards, h: run.h.map((h) => h.slice(H)), reverse: true });
    const answers = run.p.map((p) => [t[net.answers[best(p)]], Math.max(...p), best(p) < 2]);
    picture(clear(place), 288, t.label, (svg, wide) => chains(svg, wide, words, rows, answers));
    const p = net.run(net.ids(words)).p[0];
    told.textContent = fill(t.told, { name: words[0], person: share(p[0]), thing: share(p[1]) });
  };
  root.append(controls(choose(t.text, texts.map((each) => [each, each]), text, (v) => {
                         text = v;
                         show();
                       }), choice(t.direction, [["one", t.forward_only], ["two", t.two]], both, (v) => {
                         both = v;
                         show();
                       })), place, told);
  show();
};
FIGURES.deep = (root, t) => {
  const nets = [1, 2, 3].map((n) => network(NETWORKS[`deep ${n}`]));
  const texts = ["not good", "not not bad fun", "good not dull", "fun not not good"];
  let depth = 2, text = texts[1];
  const place = el("div", { class: "drawing" }), told = el("p", { class: "told", "aria-live": "polite" });
  const show = () => {
    const net = nets[depth - 1], letters = [...`${text} `], run = net.run(net.ids(letters));
    const rows = run.frames.map(
      (frames, n) => ({ name: fill(t.layer, { n: n + 1 }), h: frames.map((f) => output(net.layers[n].step, f)) }));
    picture(clear(place), 100 + 62 * depth, t.label, (svg, wide) => {
      const bottom = 62 + 62 * depth, gap = (wide - 70) / letters.length;
      rows.forEach((row, r) => {
        const top = bottom - 62 * (r + 1) + 6, size_ = 50 / net.hidden;
        svg.append(word(58, top + 28, row.name, { "text-anchor": "end", class: "soft" }));
        letters.forEach(
          (_, n) => svg.append(vector(
            66 + gap * n, top, row.h[n], `${row.name}, ${n + 1}`, { cell: size_, wide: gap - Math.min(6, gap / 4) })));
        if (r) svg.append(arrow(40, top + 58, 40, top + 44));
      });
      letters.forEach((one, n) => {
        svg.append(word(66 + gap * (n + 0.4), bottom + 18, one === " " ? "␣" : one, { class: "said" }));
        const ends = one === " " && !text.slice(0, n).endsWith("not");
        if (ends)
          svg.append(
            word(Math.min(wide - 30, 66 + gap * n), 34, t[net.answers[best(run.p[n])]], { class: "said strong" }),
            word(Math.min(wide - 30, 66 + gap * n), 50, share(Math.max(...run.p[n])), { class: "soft" }));
      });
    });
    told.textContent =
      fill(t.told, { n: depth, units: net.hidden, weights: net.parameters, learned: net.learned, seeds: net.seeds });
  };
  root.append(controls(choose(t.text, texts.map((each) => [each, each]), text, (v) => {
                         text = v;
                         show();
                       }), slider(t.layers, 1, 3, depth, (v) => {
                         depth = v;
                         show();
                       })), place, told);
  show();
};
