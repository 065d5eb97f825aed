// Which inputs support the answer: the items coloured, the candidates as bars.
const METHODS = {
  swap: [
    "swap",
    "Change of the output when the item becomes unknown: f(x) − f(x with the item replaced by those that the network itself expects there, weighted by their probability) (Kim et al. 2020). An item that follows from the items before it contributes nothing."
  ],
  leave_one_out: [
    "leave one out",
    "Change of the output when the item is left out: f(x) − f(x without it). Numbers are set to their mean instead."
  ],
  integrated_gradients: [
    "integrated gradients",
    "x · ∫ ∂f(αx)/∂x dα from the baseline (zero vectors) to the input; the scores add up to f(x) − f(baseline) (Sundararajan et al. 2017)."
  ],
  gradient_input: ["gradient × input", "x · ∂f/∂x, the first-order part alone."],
};
function influence(root, data, state) {
  const scored = data.influence, items = data.input.items;
  if (!scored || !items.length) return;
  root.append(el("h2", {}, "Which inputs support the answer"));
  const grid = data.input.grid;
  const row = chips("items coloured by influence", [], grid ? " grid" : "");
  const bars = el("div", { class: "bars", role: "group", "aria-label": "candidates" });
  const note = el("figcaption", {}), legend = el("div", { class: "controls" }), line = el("p", { class: "look" });
  const view = Object.assign(state, {
    method: scored.methods.includes(state.method) ? state.method : scored.methods[0],
    option: state.option || 0,
    own: state.own || false
  });
  if (!scored.against.includes(view.against)) view.against = scored.against[0];
  const versus = scored.against.length < 2 ?
    null :
    choice(
      "why", [["candidates", "this rather than the other candidates"], ["everything", "at all"]], view.against,
      (a) => {
        view.against = a;
        paint();
      });
  const pick = choice("measure", scored.methods.map((m) => [m, METHODS[m][0]]), view.method, (m) => {
    view.method = m;
    paint();
  });
  const scale =
    choice("colour scale", [[false, "the same for all candidates"], [true, "of this candidate"]], view.own, (o) => {
      view.own = o;
      paint();
    });
  function paint(hovered) {
    const index = hovered === undefined ? Math.min(view.option, scored.options.length - 1) : hovered;
    const option = scored.options[index], explained = option[view.against], scores = explained.scores[view.method];
    const every = view.own ? scores : scored.options.flatMap((o) => o[view.against].scores[view.method]);
    const most = largest(every);
    if (grid) row.style.gridTemplateColumns = `repeat(${grid[1]}, max-content)`;
    const coloured = items.map((item, t) => {
      const v = scores[t];
      return chip(
        grid ? "" : visible(item), v === null ? "·" : plus(+v.toFixed(2)), signed(v, most),
        `${visible(item)}: ${v === null ? "cannot be left out" : plus(v) + " " + scored.unit}`);
    });
    row.replaceChildren(...coloured, grid ? "" : el("span", { class: "chip ask" }, option.label));
    oneStop(row, coloured);
    row.dir = grid ? "ltr" : direction(items);
    legend.replaceChildren(
      scaleBar(SIGNED, plus(-most), plus(most)),
      el("span", { class: "soft" }, `${scored.unit}; orange supports “${option.label}”, blue opposes it`));
    const order = scores.map((v, t) => [v || 0, t]).sort((a, b) => Math.abs(b[0]) - Math.abs(a[0]));
    const [v, t] = order[0];
    const without = { swap: " than if this item were unknown", leave_one_out: " than without this item" }[view.method];
    line.textContent = `“${visible(items[t])}” contributes most: ${plus(v)} ${scored.unit}` +
      (scored.unit !== "nats" || !without ?
         "" :
         `: the ${view.against === "candidates" ? "odds are" : "probability is"} ${
           number(Math.exp(Math.abs(v)))} times ${v > 0 ? "higher" : "lower"}${without}`) +
      ".";
    note.textContent = METHODS[view.method][1] + " f is " +
      (scored.unit !== "nats"          ? "the value" :
         view.against === "candidates" ? "the log-odds, against the other candidates, of" :
                                         "the log-probability of") +
      (scored.unit === "nats" ? ` “${option.label}”` : "") +
      `: f(x) = ${number(explained.output)}, f(baseline) = ${number(explained.nothing)}` +
      (view.method === "integrated_gradients" ? `; error of the quadrature ${number(explained.gap)}` : "") + ".";
    [...bars.querySelectorAll("button")].forEach((b, n) => b.setAttribute("aria-pressed", String(n === view.option)));
    remember(view);
  }
  data.question.options.forEach((option, n) => {
    const known = n < scored.options.length;
    bars.append(
      el(
        "button", {
          type: "button",
          disabled: known ? null : "",
          "aria-pressed": String(n === view.option),
          onclick: () => {
            view.option = n;
            paint();
          },
          onpointerenter: () => known && paint(n),
          onpointerleave: () => paint(),
        },
        visible(option.label)),
      el("span", {}, percent(option.probability)),
      option.probability === null ? el("span") : track(option.probability),
    );
  });
  const fixed = data.question.options[0].probability === null;
  root.append(
    line, el("figure", {}, versus, pick, row, legend, scale, note),
    el(
      "p", { class: "soft" },
      fixed ? "" : "The candidates; point at one, or press it, to see which inputs support it."),
    bars);
  paint();
}
