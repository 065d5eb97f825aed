// Chapter 9: the LSTM, drawn from its graph; one gate after the other, with the numbers of one unit at one word.
const WALK = ["f", "i", "g", "c", "o", "h"];
// products of numbers of two digits look wrong
const exact = (v) => shown(v, 3);
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
        bracketed = (v) => v < 0 ? `(${exact(v)})` : exact(v);
  if (name === "c")
    return [
      "<i>c</i><sub>t</sub> = <i>f</i> · <i>c</i><sub>t−1</sub> + <i>i</i> · <i>g</i>",
      `${exact(value("f"))} · ${bracketed(state("c", "before"))} + ${exact(value("i"))} · ${bracketed(value("g"))}`, own
    ];
  if (name === "h")
    return [
      "<i>h</i><sub>t</sub> = <i>o</i> · tanh(<i>c</i><sub>t</sub>)",
      `${exact(value("o"))} · tanh(${exact(state("c", "after"))})`, own
    ];
  const sign = name === "g" ? "tanh" : "σ", sum = gateSum(net, run, n, name, unit);
  return [
    `<i>${name}</i> = ${sign}(<i>W</i><sub>${
      name}</sub> [<i>x</i><sub>t</sub>, <i>h</i><sub>t−1</sub>] + <i>b</i><sub>${name}</sub>)`,
    `${sign}(${exact(sum[0])} ${sum[1] < 0 ? "−" : "+"} ${exact(Math.abs(sum[1]))} ${sum[2] < 0 ? "−" : "+"} ${
      exact(Math.abs(sum[2]))})`,
    own
  ];
}
// the parts of the drawing that belong to each step of the walk
const LIT = {
  c: ["output:c", "sign:c", "sign:×"],
  f: ["gate:f"],
  i: ["gate:i"],
  g: ["gate:g"],
  o: ["gate:o"],
  h: ["output:h", "sign:h", "function:tanh(c)", "function:tanh"],
};
// the weighted sum with the names of the gate that it is computed for: its rows of the one matrix
function labelSum(group, gate, tall) {
  const box = group.querySelector("rect");
  const [x, y, wide, high] = ["x", "y", "width", "height"].map((one) => +box.getAttribute(one));
  // pieces: upright, in italics, below, and so on
  const W = ["", "W", gate], x_ = [" [", "x", "t"], h = ["h", "t−1"], b = ["b", gate];
  const lines = tall ? [[...W, ...x_, ","], ["", ...h, "]"], ["+ ", ...b]] : [[...W, ...x_, ", ", ...h, "] + ", ...b]];
  group.querySelectorAll("text:not(.number)").forEach((one) => one.remove());
  lines.forEach((line, n) => {
    const text = word(x + wide / 2, y + high / 2 + 5 + 16 * (n - (lines.length - 1) / 2), "");
    const looks = [{ dy: -4 }, { "font-style": "italic" }, { dy: 4, "font-size": 10 }];
    line.forEach((piece, m) => text.append(draw("tspan", m ? looks[m % 3] : {}, piece || "\u200b")));
    group.append(text);
  });
}
// the numbers of one unit, and what enters, written into the drawing of the step
function writeNumbers(diagram, net, run, n, unit, gate, texts, t) {
  diagram.querySelectorAll(".number").forEach((one) => one.remove());
  const svg = diagram.querySelector("svg"), tall = +svg.getAttribute("height") > +svg.getAttribute("width");
  svg.classList.toggle("numbered", !tall);
  labelSum(diagram.querySelector(".product"), "figo".includes(gate) ? gate : "", tall);
  const now = unitTrace(net, run, unit)[n], before = n ? unitTrace(net, run, unit)[n - 1] : { c: 0, h: 0 };
  // the text of a part, at a place of its box
  const write = (group, text, place, anchor = "start") => {
    const box = group.querySelector("rect");
    const [x, y] = place(...["x", "y", "width", "height"].map((one) => +box.getAttribute(one)));
    group.append(word(x, y, text, { class: "number", style: `text-anchor: ${anchor}` }));
  };
  const all = (key) => [...diagram.querySelectorAll(`[data-part="${key}"]`)], only = (key) => all(key)[0];
  const below = (x, y, wide, high) => [x + wide / 2, y + high + 14];
  for (const one of ["f", "i", "g", "o"]) {
    const group = only(`gate:${one}`), box = group.querySelector("rect");
    if (tall)
      write(group, exact(now[one]), (x, y, wide) => [x + wide / 2 - 5, y - 10], "end");
    else
      write(group, `${one} = ${exact(now[one])}`, (x, y, wide) => [x + wide / 2 + 7, y - 5]);
    // the rows of W that feed it
    const [x, y, wide, high] = ["x", "y", "width", "height"].map((each) => +box.getAttribute(each));
    const [right, under] = !tall ? [16, high + 26] : one === "f" ? [29, high / 2 + 22] : [46, high / 2 + 5];
    group.append(symbol(x + wide / 2 + right, y + under, "W", one, { class: "math number rows" }));
  }
  write(
    only("state:c"), exact(before.c), tall ? (x, y, wide, high) => [x + wide + 5, y + high / 2 + 4] : below,
    tall ? "start" : "middle");
  write(only("output:c"), exact(now.c), below, "middle");
  write(only("output:h"), exact(now.h), below, "middle");
  // all units of the state before enter the weighted sum, and the word
  write(only("state:h"), fill(t.all_units, { n: net.hidden }), tall ? (x, y) => [x + 27, y - 5] : below, "middle");
  write(
    only("input:x"), `“${texts[n]}”`,
    (x, y, wide, high) => tall ? [x + wide / 2 - 5, y + high + 14] : [x + wide + 8, y + high / 2 - 6],
    tall ? "end" : "start");
  if ("figo".includes(gate) && !tall) {
    const sum = gateSum(net, run, n, gate, unit).reduce((a, b) => a + b, 0);
    write(
      diagram.querySelector(".product"), fill(t.sum, { gate: t[gate], sum: exact(sum) }),
      (x, y, wide, high) => [x + wide + 8, y + high / 2 + 4]);
  }
  if (!tall) {
    const beside = (x, y, wide, high) => [x + wide + 2, y + high + 6];
    const [kept, added] = all("sign:×");
    write(kept, exact(now.f * before.c), beside);
    write(added, exact(now.i * now.g), beside);
    write(only("function:tanh"), exact(Math.tanh(now.c)), (x, y, wide, high) => [x + wide + 4, y + high / 2 + 5]);
  }
}
FIGURES.anatomy = (root, t) => {
  const net = wordNet("lstm"), countries = Object.keys(TASKS.countries), { step } = net.layers[0];
  const runs = Object.fromEntries(countries.map((one) => [one, net.run(net.ids(farText(one, 2)))]));
  const diagram = el("div", { class: "diagram" }), list = el("ol", { class: "walk" });
  const trace = el("div", { class: "chart" }), place = el("div", { class: "chart" });
  const [deed, after, told] = [0, 0, 0].map(() => el("p", { class: "told", "aria-live": "polite" }));
  const title = el("h3");
  let country = "France", gate = "f", n = 4, unit = 6;
  // a word can be in a sentence twice
  const placeOf = (texts) => fill(t.place, { word: texts[n], n: n + 1 });
  const values = (name, m) => {
    const frame = runs[country].frames[0][m];
    return part(frame, name === "c" || name === "h" ? step.states[name].after : step.values[name].value);
  };
  // a choice in a picture moves the slider
  const moveTo = (one, v) => {
    const input = one.querySelector("input");
    input.value = v + 1;
    input.dispatchEvent(new Event("input"));
  };
  function showTrace(texts) {
    const traces = Object.fromEntries(countries.map((one) => [one, unitTrace(net, runs[one], unit)]));
    traceChart(trace, traces, country, texts, n, t, (m) => moveTo(words, m));
    const now = traces[country][n], done = deeds(now.f, now.i * now.g, now.o);
    const numbers = { f: shown(now.f), written: shown(now.i * now.g), o: shown(now.o) };
    deed.textContent = fill(t.deed, {
      place: placeOf(texts),
      unit: unit + 1,
      ...Object.fromEntries(done.map((one, m) => [["keep", "write", "read"][m], fill(t[one], numbers)]))
    });
    const cells = countries.map((one) => [one, traces[one][n].c]).sort((x, y) => x[1] - y[1]);
    after.textContent = fill(n < CUE ? t.alike : t.cells, {
      unit: unit + 1,
      place: placeOf(texts),
      cue: CUE + 1,
      c: shown(now.c),
      list: cells.map(([one, v]) => `${one} ${shown(v)}`).join(", ")
    });
  }
  function showStep(texts) {
    const reached = WALK.indexOf(gate), seen = WALK.slice(0, reached + 1).flatMap((one) => LIT[one]);
    const later = WALK.slice(reached + 1).flatMap((one) => LIT[one]).filter((one) => !seen.includes(one));
    [...root.querySelectorAll(".panel > button")].forEach(
      (one, m) => (one.disabled = reached === (m ? WALK.length - 1 : 0)));
    diagram.querySelectorAll("[data-part]").forEach((one) => {
      const key = one.dataset.part;
      one.classList.toggle("lit", LIT[gate].includes(key));
      // what comes later in the walk has not happened yet
      one.classList.toggle("later", later.includes(key));
    });
    diagram.querySelector("svg").dataset.highway = gate === "c" ? "on" : "";
    title.textContent = fill(t.part_step, { unit: unit + 1, place: placeOf(texts) });
    writeNumbers(diagram, net, runs[country], n, unit, gate, texts, t);
    list.replaceChildren(...WALK.map((one) => {
      const [formula, numbers, value] = walked(net, runs[country], n, one, unit), name = el("span", { class: "math" });
      name.innerHTML = formula;
      const item = el(
        "li", { class: one === gate ? "current" : "" }, el("b", {}, t[one]), name,
        el("span", { class: "numbers" }, `= ${numbers} = `, el("strong", {}, exact(value))));
      item.addEventListener("click", () => choosing(one));
      return item;
    }));
  }
  function showAll(texts) {
    const all = texts.map((_, m) => values(gate, m)), most = gate === "c" ? Math.max(...all.flat().map(Math.abs)) : 1;
    picture(clear(place), 244, t.label, (svg, wide) => {
      const axis = sentencePlace(wide, texts.length), { left, gap } = axis, cell = 7.5;
      texts.forEach((one, m) => all[m].forEach((v, u) => {
        const box = draw(
          "rect",
          { x: left + gap * m, y: 24 + u * cell, width: gap - 1, height: cell - 0.5, style: `fill:${tone(v, most)}` });
        box.addEventListener("click", () => moveTo(moved, u));
        svg.append(tip(box, `${one}, ${t.unit} ${u + 1}: ${shown(v, 3)}`));
      }));
      svg.append(
        draw("rect", { x: left + gap * n - 1, y: 22, width: gap + 1, height: net.hidden * cell + 3, class: "frame" }),
        draw(
          "rect",
          { x: left + gap * n - 3, y: 24 + unit * cell - 2, width: gap + 5, height: cell + 3.5, class: "frame" }),
        word(
          left, 14, `${t[gate]}: ${fill(t.rows, { n: net.hidden, most: shown(most) })}`,
          { class: "soft", "text-anchor": "start" }));
      sentenceWords(svg, axis, texts, n, 188);
    });
    // how many units do one thing or the other at this word
    const now = values(gate, n), cells = values("c", n).map((v, u) => Math.abs(v - (n ? values("c", n - 1)[u] : 0)));
    const count = (holds, of = now) => of.filter(holds).length;
    const [high, low] = gate === "c" ? [count((v) => v > 0.5, cells), count((v) => v < 0.1, cells)] :
      gate === "h"                   ? [count((v) => Math.abs(v) > 0.5), count((v) => Math.abs(v) < 0.1)] :
                                       [count((v) => v > 0.9), count((v) => v < (gate === "g" ? -0.9 : 0.1))];
    told.textContent = fill(t[`is ${gate}`], { place: placeOf(texts), n: net.hidden, high, low });
  }
  function show() {
    const texts = farText(country, 2);
    showTrace(texts);
    showStep(texts);
    showAll(texts);
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
  const words = slider(t.step, 1, farText(country, 2).length, n + 1, (v) => {
    n = v - 1;
    show();
  }, (v) => `${v}: ${farText(country, 2)[v - 1]}`);
  const unitPart = section(
    el("h3", {}, t.part_unit), note(t.note_unit),
    controls(choose(t.country, countries.map((one) => [one, one]), country, (v) => {
               country = v;
               moveTo(words, n);
             }), moved, words), trace, deed, after);
  const stepPart = section(
    title, note(t.note_step),
    controls(
      button("←", () => go(-1), { "aria-label": t.previous }),
      button("→", () => go(1), { "aria-label": t.next, class: "main" }), names),
    diagram, list, note(t.note_sum));
  root.append(unitPart, stepPart, section(el("h3", {}, t.part_all), note(t.note_all), place, told));
  stepDrawing(diagram, CELLS.lstm);
  show();
  paper.push(() => {
    const before = gate;
    choosing("h");
    return () => choosing(before);
  });
};
