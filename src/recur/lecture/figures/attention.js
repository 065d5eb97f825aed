// Chapter 6: an encoder and a decoder that attends; the weights of attention are those of the network.
// English words -> for every word written: the word, its probability, and the weights over the words that were read
function attended(data, english) {
  const encoder = network(data.encoder), decoder = network(data.decoder), H = encoder.hidden, V = data.answers.length;
  const read = encoder.run(encoder.ids(english)).h, texts = ["."], steps = [];
  const keys = read.map((h) => {
    const key = new W(H);
    arithmetic.product(W.from(data.score), 0, H, H, h, 0, key, 0);
    return key;
  });
  while (steps.length < 6) {
    const query = decoder.run(decoder.ids(texts), { start: { h: read.at(-1) } }).h.at(-1);
    const weights = softmax(keys.map((key) => key.reduce((sum, v, u) => sum + v * query[u], 0)));
    const context = query.map((_, u) => read.reduce((sum, h, s) => sum + weights[s] * h[u], 0));
    const z = new W(V);
    arithmetic.product(W.from(data.W), 0, V, 2 * H, [...query, ...context], 0, z, 0);
    const p = softmax(Array.from(z, (v, k) => v + data.b[k])), word_ = data.answers[best(p)];
    steps.push({ word: word_, p: Math.max(...p), weights, h: query });
    if (word_ === ".") break;
    texts.push(word_);
  }
  return { read, steps };
}
// the encoder below at the left, the decoder above at the right; lines as thick as their weights
function attentionPicture(svg, wide, english, found, chosen, tell) {
  const { read, steps } = found, columns = english.length + steps.length, gap = Math.min(130, (wide - 8) / columns);
  const width = Math.min(52, gap * 0.62), from = (wide - gap * columns) / 2, low = 206, high = 78;
  const x = (n) => from + gap * (n + 0.5), own = (n) => x(n) - Math.min(9, gap * 0.15);
  const node = (n) => x(n) + Math.min(34, gap * 0.34), lines = draw("g");
  svg.append(lines);
  steps.forEach((step, m) => step.weights.forEach((a, s) => {
    const mine = m === chosen, n = english.length + m;
    const line = draw("path", {
      d: `M${x(s)} ${low}C${x(s)} ${low - 46} ${node(n)} ${high + 110} ${node(n)} ${high + 76}`,
      class: "attends",
      style: `stroke-width:${1 + (mine ? 8 : 4) * a};opacity:${mine ? 0.25 + 0.75 * a : 0.04 + 0.2 * a}`
    });
    lines.append(line);
    if (mine) svg.append(word(x(s), low + 82, share(a), { class: "said strong" }));
  }));
  read.forEach((h, s) => {
    const cell = Math.min(10, (width - 6) / 4);
    svg.append(
      draw("rect", { x: x(s) - width / 2, y: low, width, height: 30, rx: 6, class: "copy" }),
      vector(
        x(s) - 2 * cell, low + 15 - cell / 2, Array.from(h).slice(0, 4), english[s],
        { cell, across: true, numbers: false }),
      arrow(x(s), low + 50, x(s), low + 32), word(x(s), low + 64, english[s], { class: "said" }));
    const last = s === read.length - 1, to = last ? own(s + 1) : x(s + 1);
    if (!last) return svg.append(arrow(x(s) + width / 2, low + 15, to - width / 2, low + 15));
    // the last state starts the decoder
    svg.append(
      draw(
        "g", { class: "arrow" },
        draw("path", { class: "line", d: `M${x(s) + width / 2} ${low + 15}H${to}V${high + 38}` })),
      arrow(to, high + 44, to, high + 32));
  });
  steps.forEach((step, m) => {
    const n = english.length + m, cell = Math.min(10, (width - 6) / 4),
          group = draw("g", { class: m === chosen ? "current" : "" });
    if (m + 1 < steps.length) group.append(arrow(own(n) + width / 2, high + 15, own(n + 1) - width / 2, high + 15));
    group.append(
      draw("rect", { x: own(n) - width / 2, y: high, width, height: 30, rx: 6, class: "copy" }),
      vector(
        own(n) - 2 * cell, high + 15 - cell / 2, step.h.slice(0, 4), step.word, { cell, across: true, numbers: false }),
      draw("circle", { cx: node(n), cy: high + 66, r: 10, class: "state" }),
      word(node(n), high + 71, "Σ", { class: "digits" }), arrow(node(n), high + 56, node(n), 58),
      arrow(own(n), high, own(n), 58),
      draw("rect", { x: x(n) - gap / 2 + 3, y: 30, width: gap - 6, height: 26, rx: 13, class: "state" }),
      word(x(n), 48, step.word === "." ? "·" : step.word, {
        class: m === chosen ? "said strong" : "said",
        style: `font-size:${Math.min(15, 1.55 * gap / step.word.length)}px`
      }),
      draw("rect", { x: x(n) - gap / 2, y: 20, width: gap, height: high + 60, class: "hit" }));
    group.addEventListener("click", () => tell(m));
    group.addEventListener("pointerenter", () => m !== chosen && tell(m));
    svg.append(group);
  });
}
function attending(data, root, t) {
  const place = el("div", { class: "drawing" }), told = el("p", { class: "told", "aria-live": "polite" });
  let number_ = 42, chosen = 2;
  const show = () => {
    const english = TASKS.english[number_], found = attended(data, english), { steps } = found;
    chosen = Math.min(chosen, steps.length - 1);
    picture(clear(place), 290, t.attention, (svg, wide) => {
      svg.append(word(wide / 2, 14, t.writes, { class: "soft" }));
      attentionPicture(svg, wide, english, found, chosen, (m) => {
        chosen = m;
        show();
      });
    });
    const written = steps.slice(0, -1).map((one) => one.word).join(" "), right = TASKS.german[number_].join(" ");
    const step = steps[chosen], most = best(step.weights);
    told.textContent = `${english.join(" ")} → ${written}${
      TASKS.unseen.includes(number_) ? written === right ? t.unseen : fill(t.wrong, { right }) : ""}. ${
      fill(
        step.word === "."     ? t.ends :
          step.word === "und" ? t.joins :
                                t.attends,
        { word: step.word, from: english[most], share: share(step.weights[most]) })}`;
    // a button for each word that is written
    const choices = [...root.querySelectorAll(".panel .controls button")];
    choices.forEach((one, m) => {
      one.hidden = m >= steps.length;
      one.setAttribute("aria-pressed", String(m === chosen));
    });
  };
  root.append(
    controls(slider(t.number, 1, 99, number_, (v) => {
               number_ = v;
               show();
             }), choice(t.writing, [0, 1, 2, 3].map((m) => [String(m), String(m + 1)]), String(chosen), (v) => {
               chosen = +v;
               show();
             })), place, told);
  show();
}
