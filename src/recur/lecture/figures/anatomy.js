// Chapter 9: the LSTM, drawn from its graph; one gate after the other, with the numbers of one unit at one word.
const WALK = ["f", "i", "g", "c", "o", "h"];
// a part of the pre-activation of one unit's gate: from the input, from the state before, and the bias
function gateSum(net, run, n, name, unit) {
  const { weights, step } = net.layers[0], H = net.hidden, row = ["i", "f", "g", "o"].indexOf(name) * H + unit;
  const before = part(run.frames[0][n], step.states.h.before);
  return [
    weights.W_xh[row * net.inputs + run.inputs[n]],
    before.reduce((sum, v, u) => sum + v * weights.W_hh[row * H + u], 0),
    weights.b[row],
  ];
}
// the formula of a step of the walk, and the same with the numbers of one unit: [formula, numbers, value]
function walked(net, run, n, name, unit) {
  const { step } = net.layers[0], f = run.frames[0][n];
  const value = (one) => part(f, step.values[one].value)[unit],
        state = (one, when) => part(f, step.states[one][when])[unit];
  const own = name === "c" || name === "h" ? state(name, "after") : value(name),
        bracketed = (v) => v < 0 ? `(${shown(v)})` : shown(v);
  if (name === "c")
    return [
      "<i>c</i><sub>t</sub> = <i>f</i> · <i>c</i><sub>t−1</sub> + <i>i</i> · <i>g</i>",
      `${shown(value("f"))} · ${bracketed(state("c", "before"))} + ${shown(value("i"))} · ${bracketed(value("g"))}`, own
    ];
  if (name === "h")
    return [
      "<i>h</i><sub>t</sub> = <i>o</i> · tanh(<i>c</i><sub>t</sub>)",
      `${shown(value("o"))} · tanh(${shown(state("c", "after"))})`, own
    ];
  const sign = name === "g" ? "tanh" : "σ", sum = gateSum(net, run, n, name, unit);
  return [
    `<i>${name}</i> = ${sign}(<i>W</i><sub>${
      name}</sub> [<i>x</i><sub>t</sub>, <i>h</i><sub>t−1</sub>] + <i>b</i><sub>${name}</sub>)`,
    `${sign}(${shown(sum[0])} ${sum[1] < 0 ? "−" : "+"} ${shown(Math.abs(sum[1]))} ${sum[2] < 0 ? "−" : "+"} ${
      shown(Math.abs(sum[2]))})`,
    own
  ];
}
FIGURES.anatomy = (root, t) => {
  const net = wordNet("lstm"), texts = farText("France", 2), run = net.run(net.ids(texts)), step = net.layers[0].step;
  const diagram = el("div", { class: "diagram" }), place = el("div", { class: "chart" });
  const told = el("p", { class: "told", "aria-live": "polite" }), list = el("ol", { class: "walk" });
  // the parts that belong to each step of the walk, by the names of the drawing
  const lit = {
    c: ["state:c", "output:c", "sign:c", "sign:×"],
    f: ["gate:f"],
    i: ["gate:i"],
    g: ["gate:g"],
    o: ["gate:o"],
    h: ["output:h", "sign:h", "function:tanh(c)", "function:tanh"],
  };
  const values = (name, n) => name === "c" || name === "h" ? part(run.frames[0][n], step.states[name].after) :
                                                             part(run.frames[0][n], step.values[name].value);
  let gate = "f", n = 4;
  // the unit into which most is written at this word
  const written = values("i", n).map((v, u) => Math.abs(v * values("g", n)[u]));
  let unit = best(written);
  function numbersInDrawing() {
    diagram.querySelectorAll(".number").forEach((one) => one.remove());
    const f = run.frames[0][n], svg = diagram.querySelector("svg");
    const tall = +svg.getAttribute("height") > +svg.getAttribute("width");
    const write = (key, v) => {
      const group = diagram.querySelector(`[data-part="${key}"]`), box = group?.querySelector("rect");
      if (!box) return;
      const [x, y, wide, high] = ["x", "y", "width", "height"].map((one) => +box.getAttribute(one));
      // above the name of a gate; below a state, or beside it where the line leaves below
      const name = group.querySelector(".name"), down = tall && key.startsWith("state");
      const [x_, y_, anchor] = name ? (tall ? [x + wide / 2 - 5, y - 10, "end"] : [x + wide + 3, y - 8, "start"]) :
        !down                       ? [x + wide / 2, y + high + 14, "middle"] :
        key === "state:c"           ? [x + wide + 5, y + high / 2 + 4, "start"] :
                                      [x - 5, y + high / 2 + 4, "end"];
      group.append(word(x_, y_, shown(v), { class: "number", style: `text-anchor: ${anchor}` }));
    };
    for (const one of ["f", "i", "g", "o"]) {
      write(`gate:${one}`, values(one, n)[unit]);
      // the rows of W that feed it
      const group = diagram.querySelector(`[data-part="gate:${one}"]`), box = group.querySelector("rect");
      const [x, y, wide, high] = ["x", "y", "width", "height"].map((each) => +box.getAttribute(each));
      const [right, below] = !tall ? [16, high + 26] : one === "f" ? [46, high + 28] : [46, high / 2 + 5];
      group.append(symbol(x + wide / 2 + right, y + below, "W", one, { class: "math number rows" }));
    }
    for (const one of ["c", "h"]) {
      write(`state:${one}`, part(f, step.states[one].before)[unit]);
      write(`output:${one}`, values(one, n)[unit]);
    }
  }
  function show() {
    const reached = WALK.indexOf(gate), before_ = WALK.slice(0, reached + 1).flatMap((one) => lit[one]);
    const later = WALK.slice(reached + 1).flatMap((one) => lit[one]).filter((one) => !before_.includes(one));
    [...root.querySelectorAll(".panel > button")].forEach(
      (one, m) => (one.disabled = reached === (m ? WALK.length - 1 : 0)));
    diagram.querySelectorAll("[data-part]").forEach((one) => {
      const mine = lit[gate].includes(one.dataset.part);
      one.classList.toggle("lit", mine);
      // what comes later in the walk has not happened yet
      one.classList.toggle("later", !mine && later.includes(one.dataset.part));
    });
    diagram.querySelector("svg").dataset.highway = gate === "c" ? "on" : "";
    numbersInDrawing();
    list.replaceChildren(...WALK.map((one) => {
      const [formula, numbers, value] = walked(net, run, n, one, unit), name = el("span", { class: "math" });
      name.innerHTML = formula;
      const item = el(
        "li", { class: one === gate ? "current" : "" }, el("b", {}, t[one]), name,
        el("span", { class: "numbers" }, `= ${numbers} = `, el("strong", {}, shown(value))));
      item.addEventListener("click", () => choosing(one));
      return item;
    }));
    const all = texts.map((_, m) => values(gate, m)), most = gate === "c" ? Math.max(...all.flat().map(Math.abs)) : 1;
    picture(clear(place), 250, t.label, (svg, wide) => {
      const left = 8, gap = (wide - left - 4) / texts.length, cell = 7.5;
      texts.forEach((one, m) => {
        const x = left + gap * m, column = draw("g", { class: m === n ? "now" : "" });
        all[m].forEach((v, u) => {
          const box =
            draw("rect", { x, y: 24 + u * cell, width: gap - 1, height: cell - 0.5, style: `fill:${tone(v, most)}` });
          box.addEventListener("click", () => {
            unit = u;
            moved.querySelector("input").value = unit + 1;
            moved.querySelector("output").textContent = unit + 1;
            show();
          });
          column.append(tip(box, `${one}, ${t.unit} ${u + 1}: ${shown(v, 3)}`));
        });
        column.append(draw(
          "text", {
            x: x + gap / 2,
            y: 188,
            "text-anchor": "end",
            transform: `rotate(-62 ${x + gap / 2} 188)`,
            class: m === n ? "said strong" : "said"
          },
          one));
        svg.append(column);
      });
      svg.append(
        draw("rect", { x: left + gap * n - 1, y: 22, width: gap + 1, height: net.hidden * cell + 3, class: "frame" }),
        draw(
          "rect",
          { x: left + gap * n - 3, y: 24 + unit * cell - 2, width: gap + 5, height: cell + 3.5, class: "frame" }),
        word(
          left, 14, `${t[gate]}: ${fill(t.rows, { n: net.hidden, most: shown(most) })}`,
          { class: "soft", "text-anchor": "start" }));
    });
    const now = values(gate, n), mean = now.reduce((a, b) => a + b, 0) / now.length;
    told.textContent = `${t[`is ${gate}`]} ${fill("fio".includes(gate) ? t.now : t.mean, {
      word: texts[n],
      mean: shown(mean),
      high: now.filter((v) => v > 0.9).length,
      low: now.filter((v) => v < 0.1).length,
      n: now.length
    })}`;
  }
  const names = choice(t.choose, WALK.map((one, m) => [one, `${m + 1}. ${t[one]}`]), gate, (v) => {
    gate = v;
    show();
  });
  const choosing = (one) => names.querySelectorAll("button")[WALK.indexOf(one)].click();
  const go = (by) => choosing(WALK[Math.max(0, Math.min(WALK.length - 1, WALK.indexOf(gate) + by))]);
  const moved = slider(t.unit, 1, net.hidden, unit + 1, (v) => {
    unit = v - 1;
    show();
  });
  root.append(
    controls(
      button("←", () => go(-1), { "aria-label": t.previous }),
      button("→", () => go(1), { "aria-label": t.next, class: "main" }), names),
    controls(slider(t.step, 1, texts.length, n + 1, (v) => {
               n = v - 1;
               show();
             }, (v) => `${v}: ${texts[v - 1]}`), moved), diagram, list, told, place);
  stepDrawing(diagram, CELLS.lstm);
  show();
};
