// Chapter 12: any equation: its graph, and the page trains it to spell.
function fresh(cell, X, H, seed) {
  // a small generator with a seed, so that the same choice trains alike
  let s = seed * 2654435761 >>> 0;
  const random = () => ((s = Math.imul(s ^ (s >>> 15), 2246822519) + 3266489917 >>> 0) / 4294967296) * 2 - 1;
  const size_ = (terms) =>
    terms.reduce((sum, [factor, names]) => sum + factor * names.reduce((a, one) => a * ({ X, H, P: H })[one], 1), 0);
  const data = {
    cell,
    inputs: X,
    hidden: H,
    directions: 1,
    layers: [{}],
    W_hy: [],
    b_y: new Array(4).fill(0),
    answers: ["h", "e", "l", "o"],
    symbols: ["h", "e", "l", "o"]
  };
  for (const [name, shape] of Object.entries(CELLS[cell].shapes)) {
    const count = shape.reduce((a, one) => a * size_(one), 1);
    data.layers[0][name] =
      Array.from({ length: count }, () => shape.length > 1 ? random() / Math.sqrt(H) : 0.3 * random());
  }
  data.W_hy = Array.from({ length: 4 * H }, () => random() / Math.sqrt(H));
  return data;
}
// Adam on the error of "hell" -> "ello", with the gradients of BPTT
function train(data, steps, rate) {
  const letters = [..."hell"], targets = [..."ello"], moments = {}, errors = [];
  for (let n = 1; n <= steps; ++n) {
    const net = network(data), run = net.run(net.ids(letters));
    const dz = run.p.map((p, t) => p.map((v, k) => v - Number(net.answers[k] === targets[t])));
    errors.push(run.p.reduce((sum, p, t) => sum - Math.log(p[net.answers.indexOf(targets[t])]), 0));
    const { shares } = backward(net.layers[0], run.frames[0], dz.map((one) => throughReadout(net, one)));
    const gradient = {
      "W_hy":
        dz[0].flatMap((_, k) => run.h[0].map((__, u) => dz.reduce((sum, one, t) => sum + one[k] * run.h[t][u], 0)))
    };
    for (const name of Object.keys(data.layers[0]))
      gradient[name] = Array.from(shares[0][name], (_, m) => shares.reduce((sum, one) => sum + one[name][m], 0));
    const whole = Math.max(1, norm(Object.values(gradient).flat()));
    for (const [name, g] of Object.entries(gradient)) {
      const values = name === "W_hy" ? data.W_hy : data.layers[0][name];
      const [m, v] = (moments[name] ??= [new W(g.length), new W(g.length)]);
      g.forEach((one, k) => {
        const clipped = one / whole;
        m[k] = 0.9 * m[k] + 0.1 * clipped;
        v[k] = 0.99 * v[k] + 0.01 * clipped * clipped;
        values[k] -= rate * (m[k] / (1 - 0.9 ** n)) / (Math.sqrt(v[k] / (1 - 0.99 ** n)) + 1e-8);
      });
    }
  }
  return errors;
}
const TYPED = "typed in", FIRST_TYPED = `@equation(x="X", h="H", W_xh="H X", W_hh="H H", b="H", a="H")
def mine(x, h, W_xh, W_hh, b, a):
    keep = sigmoid(a + W_hh @ h)
    h = keep * h + (1 - keep) * tanh(W_xh @ x + b)
    return h
`;
FIGURES.own = (root, t) => {
  let cell = "gru", H = 4, seed = 1, typed = FIRST_TYPED, waiting_ = 0;
  const steps = 120, text = el("pre", { class: "text" }), diagram = el("div", { class: "diagram" }),
        place = el("div", { class: "chart" });
  const told = el("p", { class: "told", "aria-live": "polite" });
  const area = el("textarea", { rows: 7, spellcheck: "false", "aria-label": t.typed_label });
  const refusal = el("p", { class: "refusal", role: "status" });
  const box = el("div", { class: "typed" }, area, refusal, el("p", { class: "soft" }, t.typed_note));
  area.value = typed;
  area.addEventListener("input", () => {
    typed = area.value;
    clearTimeout(waiting_);
    waiting_ = setTimeout(run, 300);
  });
  // the cell that was chosen, or null with the reason below the text
  const chosen = () => {
    if (cell !== TYPED) return CELLS[cell];
    try {
      if (!typed.trim()) throw new Refused(t.empty);
      return typedCell(typed);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const said = error.message, ends = said.endsWith("?") || said.endsWith(".");
      refusal.textContent = error.hint ? `${said}${ends ? "" : "."} → ${error.hint}` : said;
      return null;
    }
  };
  const run = () => {
    const own = cell === TYPED;
    refusal.textContent = "";
    const found = chosen();
    box.hidden = !own;
    text.hidden = own;
    diagram.hidden = true;
    clear(place);
    told.textContent = "";
    if (!found) return;
    if (own) CELLS[TYPED] = found;
    text.textContent = found.text;
    diagram.hidden = false;
    stepDrawing(diagram, found);
    const data = fresh(cell, 4, H, seed), errors = train(data, steps, 0.05), net = network(data);
    if (!errors.every(Number.isFinite)) {
      told.textContent = t.overflowed;
      return;
    }
    const spelled_ = net.run(net.ids([..."hell"])).p.map((p) => net.answers[best(p)]).join("");
    const weights = Object.values(data.layers[0]).reduce((sum, one) => sum + one.length, 0) + data.W_hy.length;
    told.textContent = fill(
      shown(errors[0]) === shown(errors.at(-1)) ? t.stays : t.told,
      { weights, steps, first: shown(errors[0]), last: shown(errors.at(-1)), spelled: `h${spelled_}` });
    const most = Math.max(6, Math.ceil(Math.max(...errors)));
    curves(place, [{ name: own ? found.name : cell, colour: "var(--lstm)", values: errors }], {
      label: t.label,
      up: t.up,
      steps,
      low: 0,
      high: most,
      across: t.across,
      ticks: [[0, "0"], [most / 2, String(most / 2)], [most, String(most)]],
      marks: [[0, "1"], [steps / 2, String(steps / 2)], [steps - 1, String(steps)]],
      say: (n, v) => `${t.step} ${n + 1}: E = ${shown(v, 3)}`,
    });
  };
  const entries = Object.keys(CELLS).filter((one) => one !== TYPED).map((one) => [one, one]);
  root.append(controls(choose(t.cell, [...entries, [TYPED, t.typed]], cell, (v) => {
                         cell = v;
                         run();
                       }), slider(t.units, 1, 8, H, (v) => {
                         H = v;
                         run();
                       }), slider(t.seed, 1, 9, seed, (v) => {
                         seed = v;
                         run();
                       })), text, box, diagram, told, place);
  run();
};
