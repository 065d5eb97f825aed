// The copies of the network, the messages between them, and the operations of one step.
function unrolled(root, data, state) {
  if (!data.unrolled) return;
  root.append(el("h2", {}, "The network unrolled, step by step"));
  const figure = el("figure");
  // at first the layer that answers is shown, since it has the error
  const layers = data.unrolled.layers, answering = Math.max(0, layers.findIndex((one) => one.reads));
  let layer = layers[Math.min(state.layer ?? answering, layers.length - 1)], timer = null;
  const strip = el("div", { class: "strip" }), cell = el("div", { class: "strip" }),
        words = el("p", { class: "look", "aria-live": "polite" }), numbers = el("div", { class: "equations" });
  const frames = () => 2 * layer.copies.length;
  state.frame = state.frame === undefined ? layer.copies.length - 1 : Math.min(state.frame, frames() - 1);
  const where = () => state.frame < layer.copies.length ? [state.frame, false] : [frames() - 1 - state.frame, true];

  function paintStrip(at, back) {
    const messages = {};
    for (const name of Object.keys(layer.units)) {
      const sizes = layer.copies.map((c) => back ? c.is_told[name] : c.hands_on[name]),
            most = Math.max(1e-30, ...sizes);
      const share = (t) => back ? 1 + Math.log10(Math.max(1e-8, sizes[t + 1] / most)) / 8 : sizes[t] / most;
      messages[name] = { sizes, share, dashed: !layer.highways.includes(name) };
    }
    // the copies that there is room for, the one that is looked at among them
    const count = layer.copies.length,
          kept = Math.max(1, Math.min(count, Math.floor(((strip.clientWidth || 960) - 10) / COPY.most)));
    const first = Math.max(0, Math.min(count - kept, at - Math.floor(kept / 2))),
          window = layer.copies.slice(first, first + kept);
    for (const one of Object.values(messages)) {
      const { sizes, share } = one;
      Object.assign(one, { sizes: sizes.slice(first), share: (t) => share(t + first) });
    }
    const here = at - first;
    const svg = copies([{ name: layer.cell, values: null, messages }], window.map((one) => one.label), {
      says: "copies of the network and the messages between them",
      state: (t) => t === here ? "here" :
        back                   ? (t > here ? "back" : "") :
        t < here               ? "forward" :
                                 "",
      lit: (t) => back ? (t >= here ? "back" : "") :
        t <= here      ? "forward" :
                         "",
      press: (t) => go(back ? frames() - 1 - t - first : t + first),
      above: (t) => window[t].error === null ? null : "e " + number(window[t].error),
      tips: (t) => {
        const { step, label, error } = window[t];
        return `step ${step}: ${visible(label)}${error === null ? "" : "\nerror " + number(error)}`;
      },
      message: (name, t) => back ?
        `‖∂E/∂${name}‖ passed back to step ${window[t].step}: ${number(window[t].is_told[name])}` :
        `‖${name}‖ passed on by step ${window[t].step}: ${number(window[t].hands_on[name])}`
    });
    strip.replaceChildren(svg);
  }
  function paintCell(copy, back) {
    const svg = stepDrawing(cell, data.unrolled.drawings[layer.cell]),
          most = largest(Object.values(copy.gradients).flat());
    svg.setAttribute("role", "group");
    svg.setAttribute("aria-label", `inside step ${copy.step}`);
    const boxes = Object.fromEntries(layer.boxes.map((box) => [box.id, box]));
    const shown = [...svg.querySelectorAll("[data-number]")].map((part) => {
      const box = boxes[part.dataset.number], rect = part.querySelector("rect");
      const values = (back ? copy.gradients : copy.values)[box.id],
            norm = (back ? copy.gradient_sizes : copy.sizes)[box.id];
      const [x, y, wide, high] = ["x", "y", "width", "height"].map((name) => +rect.getAttribute(name));
      const scale = back ? most : Math.max(1, largest(values));
      part.append(cellsOf(values, x + wide / 2, y + high - 3, Math.max(34, wide), scale));
      const told = back && box.path ?
        `\nits share of the gradient: ${Object.entries(copy.shares).map(([k, v]) => k + " " + number(v)).join(", ")}` :
        "";
      part.querySelector("title").remove();  // the value is shown in its place
      part.setAttribute("role", "img");
      part.setAttribute("aria-label", `${part.dataset.name}: ${number(norm)}`);
      return tip(
        part,
        `${part.dataset.name}${box.new_state ? " (new)" : ""}\n${back ? "‖∂E/∂·‖" : "norm"} ${
          number(norm)}\nfirst numbers: ${values.map(number).join(", ")}${told}`);
    });
    oneStop(svg, shown);
  }
  function paintWords(copy, back) {
    const names = Object.keys(layer.units), hidden = [
      layer.skipped ? `${layer.skipped} before` : "", layer.left ? `${layer.left} after` : ""
    ].filter(Boolean).join(", ");
    const lead = hidden ? `(steps that are not shown: ${hidden}) ` : "",
          answers = copy.error === null ?
      "" :
      ` The answer is read out here, from ${layer.reads}: error ${number(copy.error)}.`;
    const kinds = { W_hy: "hidden to output" };
    for (const box of layer.boxes)
      if (box.path) kinds[box.matrix] = box.path;
    const added =
      Object.entries(copy.shares)
        .flatMap(
          ([k, v], n) => [n ? ", " : "", el("span", { class: PATHS[kinds[k]] || "" }, `‖share of ${k}‖ ${number(v)}`)]);
    words.replaceChildren(
      ...back ?
        [
          `Backward, step ${copy.step} (${visible(copy.label)}): receives ${
            names.map((s) => `‖∂E/∂${s}‖ = ${number(copy.is_told[s])}`).join(", ")}; contributes `,
          ...added, ". All steps have the same matrices, so their shares are added."
        ] :
        [`${lead}Forward, step ${copy.step}: reads ${visible(copy.label)}, passes on ${
          names.map((s) => `‖${s}‖ = ${number(copy.hands_on[s])}`).join(", ")}.${answers}`]);
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
    `The line straight through: ${
      layer.highways.join(", ")} passes through the step with only products and sums, so its gradient fades slowly.` :
    "No state has a direct path: every step mixes it and applies a nonlinearity.";
  figure.append(
    controls, words, strip, cell, numbers,
    caption(
      "One copy of the cell per step, with the same matrices. Above: the messages between copies, thickness by size (backward: logarithmic). Below: the operations of one step, drawn from the equation's graph, with the first eight numbers of each (backward: of its derivative). Backward, the shares of the three paths have the colours that they have in every picture. Arrow keys step, the space bar plays.",
      straight));
  root.append(figure);
  paint();
}
