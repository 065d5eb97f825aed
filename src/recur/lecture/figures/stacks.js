// Chapters 7 and 8: two directions joined at y_t, and layers on top of each other.
// rows of copies from the bottom to the top, with messages to the right or to the left
function stack(svg, wide, words, rows, tops, options) {
  const T = words.length, left = 92, gap = (wide - left - 8) / T, high = 62, width = Math.min(76, gap - 16);
  const x = (n) => left + gap * (n + 0.5), y = (row) => options.bottom - high * (row + 1);
  words.forEach((one, n) => svg.append(word(x(n), options.bottom + 26, one, { class: "said" })));
  rows.forEach((row, r) => {
    svg.append(word(left - 10, y(r) + 18, row.name, { "text-anchor": "end", class: "soft" }));
    words.forEach((_, n) => {
      const to = row.reverse ? n - 1 : n + 1;
      if (to >= 0 && to < T)
        svg.append(arrow(
          x(n) + (row.reverse ? -1 : 1) * (width / 2), y(r) + 13, x(to) + (row.reverse ? 1 : -1) * (width / 2),
          y(r) + 13));
      svg.append(draw("rect", { x: x(n) - width / 2, y: y(r), width, height: 26, rx: 6, class: "copy" }));
      const values = row.h[n], cell = Math.min(10, (width - 10) / values.length);
      svg.append(vector(
        x(n) - cell * values.length / 2, y(r) + 13 - cell / 2, values, `${row.name}, ${words[n]}`,
        { cell, across: true }));
    });
  });
  return { x, y, width, high };
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
    picture(clear(place), 266, t.label, (svg, wide) => {
      const { x, y, width } = stack(svg, wide, words, rows, [], { bottom: 222 });
      words.forEach((_, n) => {
        const answer = best(run.p[n]), top = rows.length === 2 ? 46 : 108;
        // each row sends its state to y_t, past the other row
        svg.append(arrow(
          x(n) - (rows.length === 2 ? width / 2 - 6 : 0), y(0), x(n) - (rows.length === 2 ? width / 2 - 6 : 0), top));
        if (rows.length === 2) svg.append(arrow(x(n) + 8, y(1), x(n) + 8, top));
        svg.append(
          arrow(x(n), 210 + 26 - 2, x(n), y(0) + 27),
          word(x(n), top - 22, t[net.answers[answer]], { class: answer < 2 ? "said strong" : "said" }),
          word(x(n), top - 7, share(run.p[n][answer]), { class: "soft" }));
      });
    });
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
