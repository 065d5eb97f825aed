// Chapter 3: the equation of a step with its numbers in their places.
FIGURES.equation = (root, t) => {
  const net = network(NETWORKS.spelled), letters = ["h", "e", "l", "l"], targets = ["e", "l", "l", "o"];
  const run = net.run(net.ids(letters)), { weights, step } = net.layers[0], H = net.hidden, X = net.inputs, V = net.V;
  const place = el("div", { class: "equation" }), told = el("p", { class: "told", "aria-live": "polite" });
  // a matrix or a vector with its name; the row that is asked for is marked
  const boxes = {};
  function matrix(name, values, rows, columns, label, options = {}) {
    const grid = el("div", { class: "matrix" });
    grid.style.gridTemplateColumns = `repeat(${columns}, auto)`;
    boxes[name] = [];
    for (let n = 0; n < rows * columns; ++n) {
      const v = values[n], row = Math.floor(n / columns);
      const one = el(
        options.explain ? "button" : "span", options.explain ? { type: "button", tabindex: row ? -1 : 0 } : {},
        shown(v));
      one.style.cssText = `background:${tone(v, options.most || 2)};color:${ink()}`;
      if (options.explain) {
        const explain = () => mark(name, row, options.explain(row), options.marked(row));
        ["pointerenter", "focus", "click"].forEach((event) => one.addEventListener(event, explain));
        one.addEventListener("keydown", (e) => {
          const to = { ArrowDown: row + 1, ArrowUp: row - 1 }[e.key];
          if (boxes[name][to]) {
            boxes[name][to].focus();
            e.preventDefault();
          }
        });
      }
      boxes[name].push(one);
      grid.append(one);
    }
    const title = el("span", { class: "title" });
    title.innerHTML = label;
    const heads =
      el("div", { class: "heads", "aria-hidden": "true" }, ...(options.heads || []).map((one) => el("span", {}, one)));
    return el("figure", { class: "block" }, heads, grid, el("figcaption", {}, title));
  }
  function mark(name, row, text, marked) {
    Object.values(boxes).flat().forEach((one) => one.classList.remove("marked"));
    for (const [other, places] of Object.entries({...marked, [name]: [row] }))
      places.forEach((n) => boxes[other][n].classList.add("marked"));
    told.textContent = text;
  }
  // what stays on one line where the page is narrow
  const together = (...parts) => el("div", { class: "together" }, ...parts);
  // what the rows beside it belong to
  const rows = (names, n = -1) => el(
    "div", { class: "letters", "aria-hidden": "true" },
    ...names.map((one, k) => el("span", { class: k === n ? "target" : "" }, one)));
  const units = Array.from({ length: H }, (_, n) => String(n + 1));
  const sign = (text) => el("span", { class: "sign" }, text);
  const range = (row, columns) => Array.from({ length: columns }, (_, n) => row * columns + n);
  const product = (matrix_, row, v) =>
    v.map((one, n) => `${shown(matrix_[row * v.length + n])}·${shown(one)}`).join(" + ");
  function show(n) {
    const f = run.frames[0][n], x = part(f, step.x), before = part(f, step.states.h.before), h = run.h[n];
    const a = part(f, step.values.a.value), z = run.z[n], p = run.p[n], target = net.answers.indexOf(targets[n]);
    const e = -Math.log(p[target]);
    const hidden = (row) => fill(t.hidden, {
      unit: row + 1,
      a: product(weights.W_hh, row, before),
      b: product(weights.W_xh, row, x),
      sum: shown(a[row]),
      h: shown(h[row])
    });
    const out = (row) =>
      fill(t.out, { letter: net.answers[row], a: product(net.W_hy, row, h), z: shown(z[row]), p: share(p[row]) });
    clear(place).append(
      el(
        "div", { class: "row" },
        together(
          rows(units), matrix("h", h, H, 1, `<i>h</i><sub>${n + 1}</sub>`, {
            most: 1,
            explain: hidden,
            marked: (row) =>
              ({ W_hh: range(row, H), W_xh: range(row, X), before: range(0, H), x: range(0, X), a: [row] })
          }),
          sign("= tanh ("), matrix("W_hh", weights.W_hh, H, H, "<i>W</i><sub>hh</sub>", { heads: units }),
          matrix("before", before, H, 1, `<i>h</i><sub>${n}</sub>`, { most: 1 })),
        together(
          sign("+"), matrix("W_xh", weights.W_xh, H, X, "<i>W</i><sub>xh</sub>", { heads: NETWORKS.spelled.symbols }),
          matrix("x", x, X, 1, `<i>x</i><sub>${n + 1}</sub> “${letters[n]}”`, { most: 1 }), sign(")")),
        together(sign("= tanh"), matrix("a", a, H, 1, `<i>a</i><sub>${n + 1}</sub>`))),
      el(
        "div", { class: "row" },
        together(
          rows(net.answers),
          matrix(
            "z", z, V, 1, `<i>z</i><sub>${n + 1}</sub>`,
            { most: 4, explain: out, marked: (row) => ({ W_hy: range(row, H), "h again": range(0, H), p: [row] }) }),
          sign("="), matrix("W_hy", net.W_hy, V, H, "<i>W</i><sub>hy</sub>", { heads: units }),
          matrix("h again", h, H, 1, `<i>h</i><sub>${n + 1}</sub>`, { most: 1 })),
        together(sign("softmax →"), matrix("p", p, V, 1, t.probability, { most: 1 }), rows(net.answers, target)),
        el("p", { class: "error" }, fill(t.error, {
             target: targets[n],
             z: shown(z[target]),
             sum: z.map((v) => `exp(${shown(v)})`).join(" + "),
             p: shown(p[target], 4),
             e: shown(e, 3)
           }))));
    boxes["h again"].forEach((one, row) => one.addEventListener("pointerenter", () => mark("h", row, hidden(row), {})));
    told.textContent = t.hint;
  }
  root.append(
    controls(slider(t.step, 1, 4, 2, (v) => show(v - 1), (v) => `${v}: “${letters[v - 1]}” → “${targets[v - 1]}”`)),
    place, told);
  show(1);
};
