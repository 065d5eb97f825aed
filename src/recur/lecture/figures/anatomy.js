// Chapter 9: the LSTM, drawn from its graph; one gate at a time, with its values at every word.
FIGURES.anatomy = (root, t) => {
  const net = wordNet("lstm"), texts = farText("France", 2), run = net.run(net.ids(texts)), step = net.layers[0].step;
  const diagram = el("div", { class: "diagram" }), place = el("div", { class: "chart" }),
        told = el("p", { class: "told", "aria-live": "polite" });
  diagram.innerHTML = CELLS.lstm.svg;
  // the parts that belong to each choice, by the names of the diagram
  const lit = {
    c: ["state:c", "output:c", "sign:c", "sign:×"],
    f: ["gate:f"],
    i: ["gate:i"],
    g: ["gate:g"],
    o: ["gate:o"],
    h: ["output:h", "state:h", "sign:h"],
  };
  const values = (name, n) => name === "c" || name === "h" ? part(run.frames[0][n], step.states[name].after) :
                                                             part(run.frames[0][n], step.values[name].value);
  let gate = "f", n = 4;
  function show() {
    diagram.querySelectorAll("[data-part]").forEach((one) => {
      const kind_ = one.dataset.part.split(":")[0], mine = lit[gate].includes(one.dataset.part);
      one.classList.toggle("lit", mine);
      one.classList.toggle("dim", !mine && kind_ === "gate");
    });
    diagram.querySelector("svg").dataset.highway = gate === "c" ? "on" : "";
    const rows = net.hidden;
    const all = texts.map((_, m) => values(gate, m)), most = gate === "c" ? Math.max(...all.flat().map(Math.abs)) : 1;
    picture(clear(place), 250, t.label, (svg, wide) => {
      const left = 8, gap = (wide - left - 4) / texts.length, cell = 7.5;
      texts.forEach((one, m) => {
        const x = left + gap * m, column = draw("g", { class: m === n ? "now" : "" });
        all[m].forEach(
          (v, u) => column.append(tip(
            draw("rect", { x, y: 24 + u * cell, width: gap - 1, height: cell - 0.5, style: `fill:${tone(v, most)}` }),
            `${one}, ${t.unit} ${u + 1}: ${shown(v, 3)}`)));
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
        draw("rect", { x: left + gap * n - 1, y: 22, width: gap + 1, height: rows * cell + 3, class: "frame" }),
        word(left, 14, fill(t.rows, { n: rows }), { class: "soft", "text-anchor": "start" }));
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
  root.append(controls(choice(t.choose, ["f", "i", "g", "o", "c", "h"].map((one) => [one, t[one]]), gate, (v) => {
                gate = v;
                show();
              })), diagram, told, controls(slider(t.step, 1, texts.length, n + 1, (v) => {
                n = v - 1;
                show();
              }, (v) => `${v}: ${texts[v - 1]}`)), place);
  show();
};
