// The copies of the network, the messages between them, and the operations of one step.
function layout(layer) {
  const depth = {}, by = {}, rows = {};
  layer.boxes.forEach((b) => {
    by[b.id] = b;
    depth[b.id] = b.args.length ? 1 + Math.max(...b.args.map((a) => depth[a])) : 0;
  });
  const columns = {};
  layer.boxes.forEach((b) => (columns[depth[b.id]] = columns[depth[b.id]] || []).push(b));
  let tallest = 1;
  Object.keys(columns).map(Number).sort((a, b) => a - b).forEach((d) => {
    const straight = columns[d].filter((b) => b.highway), other = columns[d].filter((b) => !b.highway);
    const wish = (b) =>
      b.args.length ? b.args.reduce((sum, a) => sum + rows[a], 0) / b.args.length : layer.boxes.indexOf(b);
    other.sort((a, b) => wish(a) - wish(b));
    straight.forEach((b) => {
      rows[b.id] = 0;
    });
    other.forEach((b, n) => {
      rows[b.id] = n + (layer.highways.length ? 1 : 0);
    });
    tallest = Math.max(tallest, other.length + (layer.highways.length ? 1 : 0));
  });
  // columns with few boxes are in the middle of the space below the straight line
  Object.values(columns).forEach((column) => {
    const other = column.filter((b) => !b.highway), free = tallest - (layer.highways.length ? 1 : 0) - other.length;
    other.forEach((b) => {
      rows[b.id] += free / 2;
    });
  });
  return { depth, rows, by, wide: Math.max(...Object.values(depth)) + 1, tall: tallest };
}
function unrolled(root, data, state) {
  if (!data.unrolled) return;
  root.append(el("h2", {}, "The network unrolled, step by step"));
  const figure = el("figure");
  const layers = data.unrolled.layers;
  let layer = layers[Math.min(state.layer || 0, layers.length - 1)], timer = null;
  const strip = el("div"), cell = el("div"), words = el("p", { class: "look", "aria-live": "polite" }),
        numbers = el("div", { class: "equations" });
  const frames = () => 2 * layer.copies.length;
  state.frame = state.frame === undefined ? layer.copies.length - 1 : Math.min(state.frame, frames() - 1);
  const where = () => state.frame < layer.copies.length ? [state.frame, false] : [frames() - 1 - state.frame, true];

  function paintStrip(at, back) {
    const n = layer.copies.length, cw = 86, w = 40 + n * cw, h = 128, names = Object.keys(layer.units);
    const svg = draw(
      "svg", { width: w, height: h, role: "img", "aria-label": "copies of the network and the messages between them" });
    const most = {};
    names.forEach((s) => {
      most[s] = Math.max(1e-30, ...layer.copies.map((c) => back ? c.is_told[s] : c.hands_on[s]));
    });
    layer.copies.forEach((copy, t) => {
      const x = 20 + t * cw, done = back ? t >= at : t <= at, here = t === at;
      const box = draw("rect", {
        x,
        y: 34,
        width: 50,
        height: 44,
        rx: 6,
        fill: here ? "#fff3c4" :
          done     ? (back ? "#fde3cf" : "#dbeafe") :
                     "#fff",
        stroke: here ? "#111" : "#8b949e",
        "stroke-width": here ? 2.5 : 1,
        tabindex: "0",
        role: "button",
        "aria-label": `step ${copy.step}, ${copy.label}`
      });
      box.addEventListener("click", () => go(back ? frames() - 1 - t : t));
      box.addEventListener("keydown", (e) => {
        if (e.key === "Enter") go(back ? frames() - 1 - t : t);
      });
      svg.append(tip(
        box, `step ${copy.step}: ${visible(copy.label)}${copy.error === null ? "" : "\nerror " + number(copy.error)}`));
      svg.append(
        draw("text", { x: x + 25, y: 60, "text-anchor": "middle", "pointer-events": "none" }, layer.cell.slice(0, 7)));
      svg.append(
        draw("line", { x1: x + 25, x2: x + 25, y1: 96, y2: 79, stroke: "#8b949e" }),
        draw("path", { d: `M${x + 21} 85 l4 -6 l4 6`, fill: "none", stroke: "#8b949e" }));
      svg.append(draw("text", { x: x + 25, y: 110, "text-anchor": "middle" }, short(visible(copy.label), 11)));
      if (copy.error !== null)
        svg.append(
          draw("text", { x: x + 25, y: 14, "text-anchor": "middle", class: "soft" }, "e " + number(copy.error)),
          draw("line", { x1: x + 25, x2: x + 25, y1: 33, y2: 18, stroke: "#8b949e" }));
      if (t + 1 < n)
        names.forEach((s, k) => {
          const straight = layer.highways.includes(s), y = 44 + 20 * k,
                message = back ? copy.is_told[s] : copy.hands_on[s], lit = back ? t + 1 > at || here : t < at || here;
          const share = back ? 1 + Math.log10(Math.max(1e-8, message / most[s])) / 8 : message / most[s];
          const line = draw("line", {
            x1: x + 51,
            x2: x + cw - 1,
            y1: y,
            y2: y,
            stroke: lit ? (back ? "#c2570c" : "#1f6fb2") : "#d1d9e0",
            "stroke-width": lit ? 1 + 7 * Math.max(0, share) : 1.2,
            "stroke-dasharray": straight ? "" : "5 3",
            tabindex: "0",
            "aria-label": `${s}: ${number(message)}`
          });
          svg.append(tip(
            line,
            back ? `‖∂E/∂${s}‖ passed back to step ${copy.step}: ${number(message)}` :
                   `‖${s}‖ passed on by step ${copy.step}: ${number(message)}`));
          svg.append(draw(
            "text", { x: x + 68, y: y - 4, "text-anchor": "middle", class: "soft", "pointer-events": "none" },
            back ? "∂" + s : s));
        });
    });
    strip.replaceChildren(svg);
    strip.style.overflowX = "auto";
    const left = Math.max(0, 20 + at * cw - 400);
    strip.scrollLeft = left;
  }
  function paintCell(copy, back) {
    const { depth, rows, by, wide, tall } = layout(layer), bw = 74, gap = 34, rh = 54;
    const w = wide * (bw + gap) + 10, h = tall * rh + 20,
          svg = draw("svg", { width: w, height: h, role: "img", "aria-label": `inside step ${copy.step}` });
    const x = (id) => 6 + depth[id] * (bw + gap), y = (id) => 8 + rows[id] * rh;
    const gradients = Object.values(copy.gradients).flat(), most = largest(gradients);
    layer.boxes.forEach((b) => b.args.forEach((a) => {
      const x1 = x(a) + bw, y1 = y(a) + 18, x2 = x(b.id), y2 = y(b.id) + 18, straight = b.highway && by[a].highway,
            m = (x1 + x2) / 2;
      svg.append(draw("path", {
        d: `M${x1} ${y1} C${m} ${y1} ${m} ${y2} ${x2} ${y2}`,
        fill: "none",
        stroke: straight ? "#b45309" : "#8b949e",
        "stroke-width": straight ? 5 : 1.3
      }));
    }));
    layer.boxes.forEach((b) => {
      const shown = back ? copy.gradients[b.id] : copy.values[b.id],
            norm = (back ? copy.gradient_sizes : copy.sizes)[b.id];
      const g = draw("g", { tabindex: "0", role: "img", "aria-label": `${b.label}: ${number(norm)}` });
      const tint = { "input to hidden": "#dcfce7", "hidden to hidden": "#ede9fe" }[b.path] ||
        (b.op === "input" || b.op === "state" ? "#f1f5f9" :
           b.new_state                        ? "#fff3c4" :
                                                "#fff");
      g.append(draw("rect", {
        x: x(b.id),
        y: y(b.id),
        width: bw,
        height: 36,
        rx: 6,
        fill: tint,
        stroke: b.highway ? "#b45309" : "#8b949e",
        "stroke-width": b.highway ? 2 : 1
      }));
      g.append(draw("text", { x: x(b.id) + bw / 2, y: y(b.id) + 14, "text-anchor": "middle" }, short(b.label, 12)));
      (shown || []).forEach((v, n) => g.append(draw("rect", {
        x: x(b.id) + 5 + n * 8,
        y: y(b.id) + 20,
        width: 7,
        height: 11,
        fill: signed(v, back ? most : Math.max(1, largest(shown))),
        stroke: "#d1d9e0",
        "stroke-width": 0.5
      })));
      const extra = back && b.path ?
        `\nits share of the gradient: ${Object.entries(copy.shares).map(([k, v]) => k + " " + number(v)).join(", ")}` :
        "";
      svg.append(tip(
        g,
        `${b.label}${b.new_state ? " (new)" : ""}${b.path ? ", path " + b.path : ""}\n${back ? "‖∂E/∂·‖" : "norm"} ${
          number(norm)}\nfirst numbers: ${(shown || []).map(number).join(", ")}${extra}`));
    });
    cell.replaceChildren(svg);
    cell.style.overflowX = "auto";
  }
  function paintWords(copy, back) {
    const names = Object.keys(layer.units), hidden = [
      layer.skipped ? `${layer.skipped} before` : "", layer.left ? `${layer.left} after` : ""
    ].filter(Boolean).join(", ");
    const lead = hidden ? `(steps that are not shown: ${hidden}) ` : "",
          answers = copy.error === null ?
      "" :
      ` The answer is read out here, from ${layer.reads}: error ${number(copy.error)}.`;
    const strongest = Object.entries(copy.shares).map(([k, v]) => `‖share of ${k}‖ ${number(v)}`).join(", ");
    words.textContent = back ? `Backward, step ${copy.step} (${visible(copy.label)}): receives ${
                                 names.map((s) => `‖∂E/∂${s}‖ = ${number(copy.is_told[s])}`).join(", ")}; contributes ${
                                 strongest}. All steps have the same matrices, so their shares are added.` :
                               `${lead}Forward, step ${copy.step}: reads ${visible(copy.label)}, passes on ${
                                 names.map((s) => `‖${s}‖ = ${number(copy.hands_on[s])}`).join(", ")}.${answers}`;
    numbers.replaceChildren(...copy.lines.flatMap(
      ([text, named]) =>
        [el("div", {}, text),
         ...Object.entries(named).map(
           ([name, values]) => el(
             "div", { class: "numbers" },
             `    ${name} = [${values.map((v) => v.toFixed(2).replace("-", "−")).join("  ")}${
               values.length < 8 ? "" : "  …"}]`)),
    ]));
  }
  function paint() {
    const [t, back] = where();
    paintStrip(t, back);
    paintCell(layer.copies[t], back);
    paintWords(layer.copies[t], back);
    remember(state);
  }
  function go(frame) {
    state.frame = (frame + frames()) % frames();
    paint();
  }
  function play() {
    if (timer) {
      clearInterval(timer);
      timer = null;
      button.textContent = "▶ play";
      return;
    }
    button.textContent = "⏸ pause";
    // a picture that was replaced stops playing
    timer = setInterval(() => {
      if (figure.isConnected)
        go(state.frame + 1);
      else
        clearInterval(timer);
    }, 700);
  }
  const button = el("button", { type: "button", onclick: play }, "▶ play");
  const controls = el(
    "div", { class: "controls" },
    el("button", { type: "button", onclick: () => go(0), "aria-label": "to the first step" }, "|◀"),
    el("button", { type: "button", onclick: () => go(state.frame - 1), "aria-label": "one step back" }, "◀ step"),
    button,
    el("button", { type: "button", onclick: () => go(state.frame + 1), "aria-label": "one step forward" }, "step ▶"),
    el("button", { type: "button", onclick: () => go(layer.copies.length) }, "backward"),
    layers.length > 1 ?
      el(
        "select", {
          "aria-label": "layer",
          onchange: (e) => {
            state.layer = +e.target.value;
            layer = layers[state.layer];
            go(0);
          }
        },
        ...layers.map((one, n) => el("option", { value: n, selected: one === layer ? "" : null }, one.name))) :
      null);
  figure.tabIndex = 0;
  figure.setAttribute("aria-label", "unrolled network; arrow keys step, space plays");
  figure.addEventListener("keydown", (e) => {
    if (e.target.tagName === "SELECT") return;
    if (e.key === "ArrowRight") {
      e.preventDefault();
      go(state.frame + 1);
    }
    if (e.key === "ArrowLeft") {
      e.preventDefault();
      go(state.frame - 1);
    }
    if (e.key === " " && e.target.tagName !== "BUTTON") {
      e.preventDefault();
      play();
    }
  });
  const straight = layer.highways.length ?
    `The thick line: ${
      layer.highways.join(", ")} passes through the step with only products and sums, so its gradient fades slowly.` :
    "No state has a direct path: every step mixes it and applies a nonlinearity.";
  figure.append(
    controls, words, strip, cell, numbers,
    caption(
      "One copy of the cell per step, with the same matrices. Above: the messages between copies, thickness by size (backward: logarithmic). Below: the operations of one step, from the equation's graph, with the first eight numbers of each (backward: of its derivative). Green: input to hidden; violet: hidden to hidden. Arrow keys step, the space bar plays.",
      straight));
  root.append(figure);
  paint();
}
