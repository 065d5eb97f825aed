// The pictures of an explanation, drawn by hand in SVG and canvas: no library, no request. `Recur.report` fills a
// page from plain data (recur/inspect/explanation.py); a live page may call it again with new data.
"use strict";
const Recur = (() => {
  const NS = "http://www.w3.org/2000/svg";
  const LINES = ["#1f6fb2", "#c2570c", "#3b7d3c", "#7a4fa3", "#8a6d00", "#4a4a4a"];
  const DASH = ["", "6 3", "2 3", "8 3 2 3", "1 2", "10 4"];
  // blue - white - orange for signed numbers, viridis for sizes: both are told apart by colour-blind people
  const SIGNED = [[5, 80, 160], [122, 176, 219], [247, 247, 247], [244, 168, 97], [179, 74, 4]];
  const VIRIDIS = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];

  function mix(stops, share) {
    const x = Math.max(0, Math.min(1, share)) * (stops.length - 1), i = Math.min(stops.length - 2, Math.floor(x));
    return "rgb(" + stops[i].map((a, n) => Math.round(a + (stops[i + 1][n] - a) * (x - i))).join(",") + ")";
  }
  const signed = (v, most) => v === null || v === undefined ? "#fff" : mix(SIGNED, 0.5 + 0.5 * v / (most || 1));
  const size = (share) => mix(VIRIDIS, share);

  function el(name, attributes = {}, ...children) {
    const one = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) one.addEventListener(key.slice(2), value);
      else if (value !== null && value !== false) one.setAttribute(key, value);
    }
    one.append(...children.filter((c) => c !== null));
    return one;
  }
  function draw(name, attributes = {}, ...children) {
    const one = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
    one.append(...children);
    return one;
  }
  function number(v) {
    if (v === null || v === undefined) return "–";
    const a = Math.abs(v);
    return a === 0 ? "0" : a >= 1e5 || a < 1e-3 ? v.toExponential(1) : String(+v.toPrecision(3));
  }
  const plus = (v) => (v > 0 ? "+" : "") + number(v).replace("-", "−");
  const percent = (p) => p === null ? "" : (100 * p).toFixed(p < 0.1 ? 2 : 1) + " %";
  const short = (text, most = 12) => text.length > most ? text.slice(0, most - 1) + "…" : text;
  const visible = (text) => text === " " ? "␣" : text === "\n" ? "⏎" : text;

  function tip(target, text) {
    const box = document.getElementById("tip");
    const show = (x, y) => {
      box.textContent = typeof text === "function" ? text() : text;
      box.style.display = "block";
      box.style.left = Math.min(x + 12, innerWidth - box.offsetWidth - 8) + "px";
      box.style.top = Math.min(y + 14, innerHeight - box.offsetHeight - 8) + "px";
    };
    target.addEventListener("pointermove", (e) => show(e.clientX, e.clientY));
    target.addEventListener("pointerleave", () => { box.style.display = "none"; });
    target.addEventListener("focus", () => {
      const r = target.getBoundingClientRect();
      show(r.left, r.bottom - 8);
    });
    target.addEventListener("blur", () => { box.style.display = "none"; });
    return target;
  }

  // one row of buttons of which one is pressed
  function choice(label, entries, chosen, tell) {
    const row = el("div", { class: "controls", role: "group", "aria-label": label }, el("span", { class: "soft" }, label));
    const buttons = entries.map(([key, text]) => el("button", {
      type: "button", "aria-pressed": String(key === chosen),
      onclick: () => {
        buttons.forEach((b, n) => b.setAttribute("aria-pressed", String(entries[n][0] === key)));
        tell(key);
      },
    }, text));
    row.append(...buttons);
    return row;
  }
  function caption(how, look) {
    return el("figcaption", {}, look ? el("span", { class: "look" }, look + " ") : null, how);
  }
  function scaleBar(stops, low, high) {
    const bar = el("i", {});
    bar.style.background = "linear-gradient(90deg," + stops.map((s) => `rgb(${s})`).join(",") + ")";
    return el("span", { class: "scale" }, low, bar, high);
  }
  const largest = (values) => Math.max(1e-12, ...values.filter((v) => v !== null).map(Math.abs));

  // ---- influence ------------------------------------------------------------------------------------------------
  const METHODS = {
    leave_one_out: ["leave one out", "Change of the output when the item is left out: f(x) − f(x without it). Numbers are put to their mean instead."],
    integrated_gradients: ["integrated gradients", "x · ∫ ∂f(αx)/∂x dα from nothing (zero vectors) to the input; the scores add up to f(x) − f(nothing) (Sundararajan et al. 2017)."],
    gradient_input: ["gradient × input", "x · ∂f/∂x, the first-order part alone."],
  };
  function influence(root, data, state) {
    const found = data.influence, items = data.input.items;
    if (!found || !items.length) return;
    root.append(el("h2", {}, "What speaks for the answer"));
    const chips = el("div", { class: "chips", "aria-label": "items coloured by influence" });
    const bars = el("div", { class: "bars", role: "group", "aria-label": "candidates" });
    const note = el("figcaption", {}), legend = el("div", { class: "controls" }), line = el("p", { class: "look" });
    const state_ = Object.assign(state, { method: found.methods.includes(state.method) ? state.method : found.methods[0], option: state.option || 0, own: state.own || false });
    if (!found.against.includes(state_.against)) state_.against = found.against[0];
    const versus = found.against.length < 2 ? null : choice("why", [["candidates", "this rather than the other candidates"], ["everything", "at all"]], state_.against, (a) => { state_.against = a; paint(); });
    const pick = choice("measure", found.methods.map((m) => [m, METHODS[m][0]]), state_.method, (m) => { state_.method = m; paint(); });
    const scale = choice("colour scale", [[false, "the same for all candidates"], [true, "of this candidate"]], state_.own, (o) => { state_.own = o; paint(); });
    function paint(hovered) {
      const number_ = hovered === undefined ? Math.min(state_.option, found.options.length - 1) : hovered;
      const option = found.options[number_], told = option[state_.against], scores = told.scores[state_.method];
      const every = state_.own ? scores : found.options.flatMap((o) => o[state_.against].scores[state_.method]);
      const most = largest(every);
      chips.replaceChildren(...items.map((item, t) => {
        const v = scores[t];
        const chip = el("span", {
          class: "chip", tabindex: "0",
          "aria-label": `${item}: ${v === null ? "stays" : plus(v) + " " + found.unit}`,
        }, visible(item), el("small", {}, v === null ? "·" : plus(+v.toFixed(2))));
        chip.style.background = signed(v, most);
        if (v !== null && Math.abs(v) / most > 0.75) chip.style.color = chip.lastChild.style.color = "#fff";
        return tip(chip, v === null ? `${visible(item)}: cannot be left out` : `${visible(item)}: ${plus(v)} ${found.unit}`);
      }), el("span", { class: "chip ask" }, option.label));
      legend.replaceChildren(scaleBar(SIGNED, plus(-most), plus(most)), el("span", { class: "soft" },
        `${found.unit}; orange speaks for “${option.label}”, blue against it`));
      const order = scores.map((v, t) => [v || 0, t]).sort((a, b) => Math.abs(b[0]) - Math.abs(a[0]));
      const [v, t] = order[0];
      line.textContent = `“${visible(items[t])}” says most: ${plus(v)} ${found.unit}` +
        (found.unit !== "nats" ? "" : state_.against === "candidates" ? `: with it the odds are ${number(Math.exp(Math.abs(v)))} times ${v > 0 ? "higher" : "lower"}` : `, ${number(Math.exp(Math.abs(v)))} times ${v > 0 ? "more" : "less"} probable with it`) + ".";
      note.textContent = METHODS[state_.method][1] + " f is " + (found.unit !== "nats" ? "the value" : state_.against === "candidates" ? "the log-odds, against the other candidates, of" : "the log-probability of") +
        (found.unit === "nats" ? ` “${option.label}”` : "") + `: f(x) = ${number(told.output)}, f(nothing) = ${number(told.nothing)}` +
        (state_.method === "integrated_gradients" ? `; the sum misses ${number(told.gap)}` : "") + ".";
      [...bars.querySelectorAll("button")].forEach((b, n) => b.setAttribute("aria-pressed", String(n === state_.option)));
      remember(state_);
    }
    data.question.options.forEach((option, n) => {
      const known = n < found.options.length;
      bars.append(
        el("button", {
          type: "button", disabled: known ? null : "", "aria-pressed": String(n === state_.option),
          onclick: () => { state_.option = n; paint(); },
          onpointerenter: () => known && paint(n), onpointerleave: () => paint(),
        }, option.label),
        el("span", {}, percent(option.probability)),
        el("div", { class: "track" }, (() => {
          const fill = el("div", { class: "fill" });
          fill.style.width = 100 * (option.probability || 0) + "%";
          return fill;
        })()),
      );
    });
    const fixed = data.question.options[0].probability === null;
    root.append(line, el("figure", {}, versus, pick, chips, legend, scale, note),
      el("p", { class: "soft" }, fixed ? "" : "The candidates; point at one, or press it, to see what speaks for it."), bars);
    paint();
  }

  // ---- the way back ---------------------------------------------------------------------------------------------
  function lines(series, labels, options) {
    const w = Math.max(480, Math.min(1000, 60 + labels.length * 34)), h = 260, left = 62, bottom = 74, top = 12;
    const svg = draw("svg", { width: w, height: h, role: "img", "aria-label": options.title });
    const positive = series.flatMap((s) => s.values).filter((v) => v > 0);
    const high = Math.ceil(Math.log10(Math.max(...positive, 1e-30)) + 1e-9);
    const low = Math.max(high - 12, Math.floor(Math.log10(Math.min(...positive, Math.pow(10, high - 1)))));
    const x = (t) => left + (w - left - 46) * (labels.length > 1 ? t / (labels.length - 1) : 0.5);
    const y = (v) => top + (h - top - bottom) * (1 - (Math.log10(Math.max(v, Math.pow(10, low))) - low) / Math.max(1, high - low));
    for (let e = low; e <= high; e += Math.max(1, Math.ceil((high - low) / 6))) {
      const at = y(Math.pow(10, e));
      svg.append(draw("line", { x1: left, x2: w - 8, y1: at, y2: at, class: "axis" }), draw("text", { x: left - 6, y: at + 4, "text-anchor": "end", class: "soft" }, `1e${e}`));
    }
    const every = Math.max(1, Math.ceil(labels.length / 40));
    labels.forEach((label, t) => {
      if (t % every) return;
      svg.append(draw("text", { x: x(t), y: h - bottom + 14, transform: `rotate(45 ${x(t)} ${h - bottom + 14})`, "text-anchor": "start" }, short(visible(label))));
    });
    (options.boundaries || []).forEach((t) => svg.append(draw("line", {
      x1: (x(t) + x(t - 1)) / 2, x2: (x(t) + x(t - 1)) / 2, y1: top, y2: h - bottom, stroke: "#111", "stroke-width": 2.5 })));
    series.forEach((s, n) => {
      const points = s.values.map((v, t) => [x(t), y(v), v]).filter((p) => p[2] > 0);
      svg.append(draw("polyline", { points: points.map((p) => p[0] + "," + p[1]).join(" "), fill: "none", stroke: LINES[n % 6], "stroke-width": 2, "stroke-dasharray": DASH[n % 6] }));
      s.values.forEach((v, t) => {
        if (!(v > 0)) return;
        const dot = draw("circle", { cx: x(t), cy: y(v), r: labels.length > 80 ? 2 : 4, fill: LINES[n % 6], tabindex: "0", "aria-label": `${s.name}, ${labels[t]}: ${number(v)}` });
        svg.append(tip(dot, `${s.name}\n${options.step || "step"} ${options.numbers ? labels[t] : t + 1 + " (" + visible(labels[t]) + ")"}: ${number(v)}`));
      });
    });
    const key = el("div", { class: "controls" }, ...series.map((s, n) => {
      const sample = draw("svg", { width: 34, height: 10 }, draw("line", { x1: 0, x2: 34, y1: 5, y2: 5, stroke: LINES[n % 6], "stroke-width": 2.5, "stroke-dasharray": DASH[n % 6] }));
      return el("span", { class: "scale" }, sample, s.name);
    }));
    return [key, svg];
  }

  // a matrix on a canvas with a cursor: hover or arrow keys read a cell
  function heat(rows, rowLabels, columnLabels, colour, say, options = {}) {
    const left = options.left || 92, top = 4, bottom = 66;
    const cw = Math.max(6, Math.min(34, Math.floor(900 / Math.max(1, columnLabels.length)))), ch = options.height || Math.max(5, Math.min(22, Math.floor(480 / Math.max(1, rows.length))));
    const w = left + cw * columnLabels.length + 50, h = top + ch * rows.length + bottom, ratio = window.devicePixelRatio || 1;
    const canvas = el("canvas", { tabindex: "0", role: "img", "aria-label": options.title || "matrix; arrow keys read it", width: w * ratio, height: h * ratio });
    canvas.style.width = w + "px"; canvas.style.height = h + "px";
    const readout = el("div", { class: "readout", "aria-live": "polite" }, options.hint || "Point at a cell, or use the arrow keys, to read it.");
    const at = { r: 0, c: 0, on: false };
    function paint() {
      const g = canvas.getContext("2d");
      g.setTransform(ratio, 0, 0, ratio, 0, 0);
      g.clearRect(0, 0, w, h);
      rows.forEach((row, r) => row.forEach((v, c) => { g.fillStyle = colour(v, r, c); g.fillRect(left + c * cw, top + r * ch, cw - (cw > 9 ? 1 : 0), ch - (ch > 9 ? 1 : 0)); }));
      g.fillStyle = "#1f2328"; g.font = "11px system-ui, 'DejaVu Sans', sans-serif";
      g.textAlign = "right";
      const everyRow = Math.ceil(12 / ch);
      rowLabels.forEach((label, r) => { if (r % everyRow === 0) g.fillText(short(visible(label), 14), left - 5, top + r * ch + Math.min(ch - 2, ch / 2 + 4)); });
      g.textAlign = "left";
      const every = Math.ceil(12 / cw);
      columnLabels.forEach((label, c) => {
        if (c % every) return;
        g.save(); g.translate(left + c * cw + cw / 2 - 3, top + ch * rows.length + 10); g.rotate(Math.PI / 4); g.fillText(short(visible(label)), 0, 0); g.restore();
      });
      (options.edges || []).forEach((c) => { g.fillStyle = "#111"; g.fillRect(left + c * cw - 2, top, 3, ch * rows.length); });
      if (at.on) { g.strokeStyle = "#d1242f"; g.lineWidth = 2; g.strokeRect(left + at.c * cw, top + at.r * ch, cw, ch); }
    }
    function read() { readout.textContent = say(at.r, at.c); paint(); if (options.moved) options.moved(at.r, at.c); }
    const place = (e) => {
      const box = canvas.getBoundingClientRect(), c = Math.floor((e.clientX - box.left - left) / cw), r = Math.floor((e.clientY - box.top - top) / ch);
      return r >= 0 && c >= 0 && r < rows.length && c < columnLabels.length ? [r, c] : null;
    };
    canvas.addEventListener("pointermove", (e) => { const p = place(e); if (p) { [at.r, at.c] = p; at.on = true; read(); } });
    canvas.addEventListener("click", (e) => { const p = place(e); if (p && options.chosen) options.chosen(p[0]); });
    canvas.addEventListener("keydown", (e) => {
      const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[e.key];
      if (e.key === "Enter" && options.chosen) options.chosen(at.r);
      if (!step) return;
      e.preventDefault(); e.stopPropagation();
      at.r = Math.max(0, Math.min(rows.length - 1, at.r + step[0])); at.c = Math.max(0, Math.min(columnLabels.length - 1, at.c + step[1])); at.on = true;
      read();
    });
    paint();
    return [canvas, readout];
  }

  const nameOf = (data, layer, many) => (many ? data.model.name + (layer.name === "layer 1" ? "" : ", " + layer.name) : layer.name);

  function flow(root, data, every, state) {
    if (!data.flow) return;
    root.append(el("h2", {}, "The way back: how much of the error each step hears of"));
    const figure = el("figure"), holder = el("div");
    const same = every.filter((one) => one.flow && one.input.text === data.input.text);
    const layers = data.flow.layers;
    const show = {
      curve() {
        const series = [], labels = layers[0].labels;
        for (const one of same) for (const layer of one.flow.layers) {
          if (layer.part === layers[0].part && layer.labels.length === labels.length) series.push({ name: nameOf(one, layer, same.length > 1), values: layer.norms.message });
        }
        holder.replaceChildren(...lines(series, labels, { title: "gradient by step", boundaries: layers[0].boundaries }), caption(
          "‖∂e/∂(all states of step t)‖, the total derivative of the answer's error with respect to what step t hands on, through all later steps (backpropagation through time, written out); logarithmic. A black bar is where truncated BPTT cuts.",
          same.flatMap((one) => one.flow.layers.filter((l) => l.part === layers[0].part).map((layer) => `${nameOf(one, layer, same.length > 1)}: ${layer.sentence}.`)).join(" ")));
      },
      matrix() {
        holder.replaceChildren();
        for (const layer of layers) {
          if (!layer.itemised || !layer.itemised.length) continue;
          const known = layer.itemised.flat().filter((v) => v > 0), high = Math.log10(Math.max(...known, 1e-30)), low = Math.max(high - 8, Math.log10(Math.min(...known, 1)));
          const names = data.flow.followed.map((k) => "e" + (k + 1) + " " + (data.flow.errors[k] ? data.flow.errors[k].label : ""));
          const share = (v) => (Math.log10(v) - low) / Math.max(1e-9, high - low);
          holder.append(el("h3", {}, layer.name), ...heat(layer.itemised, names, layer.labels, (v) => v > 0 ? size(share(v)) : "#f0f0f0",
            (r, c) => `error ${names[r]} → step ${c + 1} (${visible(layer.labels[c])}): ${number(layer.itemised[r][c])}`, { edges: layer.boundaries, title: "errors by steps; arrow keys read it" }),
          scaleBar(VIRIDIS, number(Math.pow(10, low)), number(Math.pow(10, high))));
        }
        holder.append(caption("‖∂e_k/∂(states of step t)‖ for every single error e_k (rows, the error of predicting what follows the item) and step t (columns), logarithmic; grey is zero: no error tells a later step.",
          "Look along a row from its right end: how fast does it get dark?"));
      },
      shares() {
        holder.replaceChildren();
        for (const layer of layers) for (const [name, share] of Object.entries(layer.shares)) {
          const w = Math.max(480, 60 + layer.labels.length * 26), h = 120, most = largest(share.fraction), x = (t) => 50 + (w - 60) * t / layer.labels.length, bw = Math.max(2, (w - 60) / layer.labels.length - 3);
          const svg = draw("svg", { width: w, height: h + 50, role: "img", "aria-label": `shares of ${name}` }, draw("line", { x1: 50, x2: w - 8, y1: h / 2, y2: h / 2, class: "axis" }));
          share.fraction.forEach((f, t) => {
            const tall = Math.abs(f) / most * (h / 2 - 4);
            svg.append(tip(draw("rect", { x: x(t), y: f > 0 ? h / 2 - tall : h / 2, width: bw, height: Math.max(1, tall), fill: f > 0 ? "var(--for)" : "var(--against)", tabindex: "0", "aria-label": `${layer.labels[t]}: ${percent(f)}` }), `step ${t + 1} (${visible(layer.labels[t])}): ${percent(f)} of dE/d${name}, norm ${number(share.norm[t])}`));
            svg.append(draw("text", { x: x(t) + 2, y: h + 8, transform: `rotate(45 ${x(t) + 2} ${h + 8})` }, short(visible(layer.labels[t]), 9)));
          });
          holder.append(el("h3", {}, `${layer.name}: dE/d${name}, ${share.kind}`), svg);
        }
        holder.append(caption("⟨share of step t, dE/dW⟩ / ‖dE/dW‖² : how much of each matrix's gradient step t contributes. The shares of all steps add up to 100 %; blue steps pull the other way.",
          "Which steps does the network learn from?"));
      },
    };
    state.flow = state.flow || "curve";
    figure.append(choice("picture", [["curve", "step by step"], ["matrix", "error by error"], ["shares", "shares of the three paths"]], state.flow, (k) => { state.flow = k; show[k](); remember(state); }), holder);
    root.append(figure);
    show[state.flow]();
  }

  // ---- the unrolled network -------------------------------------------------------------------------------------
  function layout(layer) {
    const depth = {}, by = {}, rows = {};
    layer.boxes.forEach((b) => { by[b.id] = b; depth[b.id] = b.args.length ? 1 + Math.max(...b.args.map((a) => depth[a])) : 0; });
    const columns = {};
    layer.boxes.forEach((b) => (columns[depth[b.id]] = columns[depth[b.id]] || []).push(b));
    let tallest = 1;
    Object.keys(columns).map(Number).sort((a, b) => a - b).forEach((d) => {
      const straight = columns[d].filter((b) => b.highway), other = columns[d].filter((b) => !b.highway);
      const wish = (b) => b.args.length ? b.args.reduce((sum, a) => sum + rows[a], 0) / b.args.length : layer.boxes.indexOf(b);
      other.sort((a, b) => wish(a) - wish(b));
      straight.forEach((b) => { rows[b.id] = 0; });
      other.forEach((b, n) => { rows[b.id] = n + (layer.highways.length ? 1 : 0); });
      tallest = Math.max(tallest, other.length + (layer.highways.length ? 1 : 0));
    });
    // columns with few boxes stand in the middle of the space below the straight line
    Object.values(columns).forEach((column) => {
      const other = column.filter((b) => !b.highway), free = tallest - (layer.highways.length ? 1 : 0) - other.length;
      other.forEach((b) => { rows[b.id] += free / 2; });
    });
    return { depth, rows, by, wide: Math.max(...Object.values(depth)) + 1, tall: tallest };
  }
  function unrolled(root, data, state) {
    if (!data.unrolled) return;
    root.append(el("h2", {}, "The network unrolled, step by step"));
    const figure = el("figure");
    const layers = data.unrolled.layers;
    let layer = layers[Math.min(state.layer || 0, layers.length - 1)], timer = null;
    const strip = el("div"), cell = el("div"), words = el("p", { class: "look", "aria-live": "polite" }), numbers = el("div", { class: "equations" });
    const frames = () => 2 * layer.copies.length;
    state.frame = state.frame === undefined ? layer.copies.length - 1 : Math.min(state.frame, frames() - 1);
    const where = () => state.frame < layer.copies.length ? [state.frame, false] : [frames() - 1 - state.frame, true];

    function paintStrip(at, back) {
      const n = layer.copies.length, cw = 86, w = 40 + n * cw, h = 128, states = Object.keys(layer.units);
      const svg = draw("svg", { width: w, height: h, role: "img", "aria-label": "copies of the network and the messages between them" });
      const most = {};
      states.forEach((s) => { most[s] = Math.max(1e-30, ...layer.copies.map((c) => back ? c.is_told[s] : c.hands_on[s])); });
      layer.copies.forEach((copy, t) => {
        const x = 20 + t * cw, done = back ? t >= at : t <= at, here = t === at;
        const box = draw("rect", { x, y: 34, width: 50, height: 44, rx: 6, fill: here ? "#fff3c4" : done ? (back ? "#fde3cf" : "#dbeafe") : "#fff", stroke: here ? "#111" : "#8b949e", "stroke-width": here ? 2.5 : 1, tabindex: "0", role: "button", "aria-label": `step ${copy.step}, ${copy.label}` });
        box.addEventListener("click", () => go(back ? frames() - 1 - t : t));
        box.addEventListener("keydown", (e) => { if (e.key === "Enter") go(back ? frames() - 1 - t : t); });
        svg.append(tip(box, `step ${copy.step}: ${visible(copy.label)}${copy.error === null ? "" : "\nerror " + number(copy.error) + " nats"}`));
        svg.append(draw("text", { x: x + 25, y: 60, "text-anchor": "middle", "pointer-events": "none" }, layer.cell.slice(0, 7)));
        svg.append(draw("line", { x1: x + 25, x2: x + 25, y1: 96, y2: 79, stroke: "#8b949e" }), draw("path", { d: `M${x + 21} 85 l4 -6 l4 6`, fill: "none", stroke: "#8b949e" }));
        svg.append(draw("text", { x: x + 25, y: 110, "text-anchor": "middle" }, short(visible(copy.label), 11)));
        if (copy.error !== null) svg.append(draw("text", { x: x + 25, y: 14, "text-anchor": "middle", class: "soft" }, "e " + number(copy.error)), draw("line", { x1: x + 25, x2: x + 25, y1: 33, y2: 18, stroke: "#8b949e" }));
        if (t + 1 < n) states.forEach((s, k) => {
          const straight = layer.highways.includes(s), y = 44 + 20 * k, told = back ? copy.is_told[s] : copy.hands_on[s], lit = back ? t + 1 > at || here : t < at || here;
          const share = back ? 1 + Math.log10(Math.max(1e-8, told / most[s])) / 8 : told / most[s];
          const line = draw("line", { x1: x + 51, x2: x + cw - 1, y1: y, y2: y, stroke: lit ? (back ? "#c2570c" : "#1f6fb2") : "#d1d9e0", "stroke-width": lit ? 1 + 7 * Math.max(0, share) : 1.2, "stroke-dasharray": straight ? "" : "5 3", tabindex: "0", "aria-label": `${s}: ${number(told)}` });
          svg.append(tip(line, back ? `‖∂E/∂${s}‖ handed back to step ${copy.step}: ${number(told)}` : `‖${s}‖ handed on by step ${copy.step}: ${number(told)}`));
          svg.append(draw("text", { x: x + 68, y: y - 4, "text-anchor": "middle", class: "soft", "pointer-events": "none" }, back ? "∂" + s : s));
        });
      });
      strip.replaceChildren(svg);
      strip.style.overflowX = "auto";
      const left = Math.max(0, 20 + at * cw - 400);
      strip.scrollLeft = left;
    }
    function paintCell(copy, back) {
      const { depth, rows, by, wide, tall } = layout(layer), bw = 74, gap = 34, rh = 54;
      const w = wide * (bw + gap) + 10, h = tall * rh + 20, svg = draw("svg", { width: w, height: h, role: "img", "aria-label": `inside step ${copy.step}` });
      const x = (id) => 6 + depth[id] * (bw + gap), y = (id) => 8 + rows[id] * rh;
      const gradients = Object.values(copy.gradients).flat(), most = largest(gradients);
      const widest = Math.max(1e-30, ...Object.values(copy.gradient_sizes));
      layer.boxes.forEach((b) => b.args.forEach((a) => {
        const x1 = x(a) + bw, y1 = y(a) + 18, x2 = x(b.id), y2 = y(b.id) + 18, straight = b.highway && by[a].highway, m = (x1 + x2) / 2;
        svg.append(draw("path", { d: `M${x1} ${y1} C${m} ${y1} ${m} ${y2} ${x2} ${y2}`, fill: "none", stroke: straight ? "#b45309" : "#8b949e", "stroke-width": straight ? 5 : 1.3 }));
      }));
      layer.boxes.forEach((b) => {
        const shown = back ? copy.gradients[b.id] : copy.values[b.id], size_ = (back ? copy.gradient_sizes : copy.sizes)[b.id];
        const g = draw("g", { tabindex: "0", role: "img", "aria-label": `${b.label}: ${number(size_)}` });
        const tint = { "input to hidden": "#dcfce7", "hidden to hidden": "#ede9fe" }[b.path] || (b.op === "input" || b.op === "state" ? "#f1f5f9" : b.new_state ? "#fff3c4" : "#fff");
        g.append(draw("rect", { x: x(b.id), y: y(b.id), width: bw, height: 36, rx: 6, fill: tint, stroke: b.highway ? "#b45309" : "#8b949e", "stroke-width": b.highway ? 2 : 1 }));
        g.append(draw("text", { x: x(b.id) + bw / 2, y: y(b.id) + 14, "text-anchor": "middle" }, short(b.label, 12)));
        (shown || []).forEach((v, n) => g.append(draw("rect", { x: x(b.id) + 5 + n * 8, y: y(b.id) + 20, width: 7, height: 11, fill: signed(v, back ? most : Math.max(1, largest(shown))), stroke: "#d1d9e0", "stroke-width": 0.5 })));
        const extra = back && b.path ? `\nits share of the gradient: ${Object.entries(copy.shares).map(([k, v]) => k + " " + number(v)).join(", ")}` : "";
        svg.append(tip(g, `${b.label}${b.new_state ? " (new)" : ""}${b.path ? ", path " + b.path : ""}\n${back ? "‖∂E/∂·‖" : "norm"} ${number(size_)}\nfirst numbers: ${(shown || []).map(number).join(", ")}${extra}`));
      });
      cell.replaceChildren(svg);
      cell.style.overflowX = "auto";
    }
    function paintWords(copy, back) {
      const states = Object.keys(layer.units), lead = layer.skipped ? `(the ${layer.skipped} steps before are not shown) ` : "";
      const strongest = Object.entries(copy.shares).map(([k, v]) => `‖share of ${k}‖ ${number(v)}`).join(", ");
      words.textContent = back
        ? `Backward, step ${copy.step} (${visible(copy.label)}): told ${states.map((s) => `‖∂E/∂${s}‖ = ${number(copy.is_told[s])}`).join(", ")}; it leaves ${strongest}. The same matrices at every step: the shares are added.`
        : `${lead}Forward, step ${copy.step}: reads ${visible(copy.label)}, hands on ${states.map((s) => `‖${s}‖ = ${number(copy.hands_on[s])}`).join(", ")}.`;
      numbers.replaceChildren(...copy.lines.flatMap(([text, named]) => [
        el("div", {}, text),
        ...Object.entries(named).map(([name, values]) => el("div", { class: "numbers" }, `    ${name} = [${values.map((v) => v.toFixed(2).replace("-", "−")).join("  ")}${values.length < 8 ? "" : "  …"}]`)),
      ]));
    }
    function paint() { const [t, back] = where(); paintStrip(t, back); paintCell(layer.copies[t], back); paintWords(layer.copies[t], back); remember(state); }
    function go(frame) { state.frame = (frame + frames()) % frames(); paint(); }
    function play() {
      if (timer) { clearInterval(timer); timer = null; button.textContent = "▶ play"; return; }
      button.textContent = "⏸ pause";
      timer = setInterval(() => go(state.frame + 1), 700);
    }
    const button = el("button", { type: "button", onclick: play }, "▶ play");
    const controls = el("div", { class: "controls" }, el("button", { type: "button", onclick: () => go(0), "aria-label": "to the first step" }, "|◀"),
      el("button", { type: "button", onclick: () => go(state.frame - 1), "aria-label": "one step back" }, "◀ step"), button,
      el("button", { type: "button", onclick: () => go(state.frame + 1), "aria-label": "one step on" }, "step ▶"),
      el("button", { type: "button", onclick: () => go(layer.copies.length) }, "backward"),
      layers.length > 1 ? el("select", { "aria-label": "layer", onchange: (e) => { state.layer = +e.target.value; layer = layers[state.layer]; go(0); } }, ...layers.map((one, n) => el("option", { value: n, selected: one === layer ? "" : null }, one.name))) : null);
    figure.tabIndex = 0;
    figure.setAttribute("aria-label", "unrolled network; arrow keys step, space plays");
    figure.addEventListener("keydown", (e) => {
      if (e.target.tagName === "SELECT") return;
      if (e.key === "ArrowRight") { e.preventDefault(); go(state.frame + 1); }
      if (e.key === "ArrowLeft") { e.preventDefault(); go(state.frame - 1); }
      if (e.key === " " && e.target.tagName !== "BUTTON") { e.preventDefault(); play(); }
    });
    const straight = layer.highways.length ? `The thick line: ${layer.highways.join(", ")} runs straight through the step, only multiplied and added to, so its messages fade slowly.` : "No state runs straight through: every message is squashed and mixed at every step.";
    figure.append(controls, words, strip, cell, numbers, caption(
      "One copy of the cell a step, the same matrices in all. Above: the messages between copies, thickness by size (backward: logarithmic). Below: the operations of one step, from the equation's graph, with the first eight numbers of each (backward: of its derivative). Green: input to hidden; violet: hidden to hidden. Arrow keys step, space plays.", straight));
    root.append(figure);
    paint();
  }

  // ---- states and gates -----------------------------------------------------------------------------------------
  function colouredText(labels, values, most) {
    return el("div", { class: "chips" }, ...labels.map((label, t) => {
      const chip = el("span", { class: "chip", tabindex: "0" }, visible(label));
      chip.style.background = signed(values[t], most);
      return tip(chip, `${visible(label)}: ${number(values[t])}`);
    }));
  }
  function states(root, data) {
    if (!data.states) return;
    root.append(el("h2", {}, "States and gates"));
    for (const layer of data.states.layers) {
      const box = el("div"), text = el("div"), figure = el("figure", {}, el("h3", {}, layer.name));
      const views = {};
      for (const [name, values] of Object.entries(layer.states)) views["state " + name] = { values, low: -1, high: 1, signed: true };
      for (const gate of layer.gates) views[(gate.kind === "gate" ? "gate " : "") + gate.name] = { values: gate.values, signed: gate.kind !== "gate", gate };
      const show = (key) => {
        const view = views[key], rows = layer.units.map((_, u) => view.values.map((step) => step[u])).filter((r) => r[0] !== undefined);
        const most = view.signed ? Math.max(1, largest(rows.flat())) : 1, colour = (v) => view.signed ? signed(v, most) : size(v);
        const choose = (r) => text.replaceChildren(el("p", { class: "soft" }, `unit ${layer.units[r]} of ${key}, over the text:`), colouredText(layer.labels, rows[r], most));
        box.replaceChildren(...heat(rows, layer.units.map((u) => "unit " + u), layer.labels, colour, (r, c) => `unit ${layer.units[r]}, step ${c + 1} (${visible(layer.labels[c])}): ${number(rows[r][c])}`, { height: 7, chosen: choose, title: `${key}: units by steps; arrow keys read it, Enter colours the text` }),
          scaleBar(view.signed ? SIGNED : VIRIDIS, view.signed ? number(-most) : "0 shut", view.signed ? number(most) : "1 open"));
        if (view.gate && view.gate.kind === "gate") box.append(el("p", { class: "look" }, `${key}: shut (< 0.1) ${percent(view.gate.shut)} of the time, open (> 0.9) ${percent(view.gate.open)}.`));
        choose(0);
      };
      figure.append(choice("of", Object.keys(views).map((k) => [k, k]), Object.keys(views)[0], show), box, text,
        caption(`The ${layer.units.length} of ${layer.size} units that vary most; a scale around 0 for states, 0 to 1 for gates. Click a row to colour the text by that unit.`, "Which units change where the meaning changes?"));
      root.append(figure);
      show(Object.keys(views)[0]);
      if (layer.gates.some((g) => g.kind === "gate")) root.append(saturation(layer));
      root.append(el("div", { class: "two" }, trajectory(layer), Object.keys(layer.eigenvalues).length ? eigenvalues(layer) : null));
    }
  }
  function saturation(layer) {
    const gates = layer.gates.filter((g) => g.kind === "gate"), row = el("div", { class: "two" });
    for (const gate of gates) {
      const s = 170, svg = draw("svg", { width: s + 50, height: s + 44, role: "img", "aria-label": `saturation of ${gate.name}` },
        draw("line", { x1: 36, x2: 36 + s, y1: s + 8, y2: s + 8, class: "axis" }), draw("line", { x1: 36, x2: 36, y1: 8, y2: s + 8, class: "axis" }), draw("line", { x1: 36, x2: 36 + s, y1: 8, y2: s + 8, class: "axis", "stroke-dasharray": "3 3" }),
        draw("text", { x: 36 + s / 2, y: s + 26, "text-anchor": "middle" }, `gate ${gate.name}: share of steps open`), draw("text", { x: 12, y: 8 + s / 2, transform: `rotate(-90 12 ${8 + s / 2})`, "text-anchor": "middle" }, "share of steps shut"));
      gate.units.forEach(([shut, open], u) => svg.append(tip(draw("circle", { cx: 36 + open * s, cy: 8 + s - shut * s, r: 3, fill: "#1f6fb2", "fill-opacity": 0.35 }), `unit ${u}: open ${percent(open)}, shut ${percent(shut)}`)));
      row.append(svg);
    }
    return el("figure", {}, row, caption("Every unit a point: how often its gate is open (> 0.9) and how often shut (< 0.1), after Karpathy et al. (2016).", "Forget gates to the right remember; input gates at the top ignore."));
  }
  function trajectory(layer) {
    const points = layer.trajectory.points, s = 320, xs = points.map((p) => p[0]), ys = points.map((p) => p[1]);
    const lowX = Math.min(...xs), lowY = Math.min(...ys), span = Math.max(Math.max(...xs) - lowX, Math.max(...ys) - lowY, 1e-9);
    const x = (p) => 20 + (p[0] - lowX) / span * (s - 60), y = (p) => s - 24 - (p[1] - lowY) / span * (s - 60);
    const svg = draw("svg", { width: s + 40, height: s, role: "img", "aria-label": "trajectory of the state" }, draw("polyline", { points: points.map((p) => x(p) + "," + y(p)).join(" "), fill: "none", stroke: "#8b949e" }));
    points.forEach((p, t) => {
      svg.append(tip(draw("circle", { cx: x(p), cy: y(p), r: 5, fill: size(points.length > 1 ? t / (points.length - 1) : 0), stroke: "#111", tabindex: "0", "aria-label": layer.labels[t] }), `step ${t + 1}: ${visible(layer.labels[t])}`));
      if (points.length <= 30) svg.append(draw("text", { x: x(p) + 7, y: y(p) + 4 }, short(visible(layer.labels[t]), 10)));
    });
    return el("figure", {}, el("h3", {}, "the way of the state"), svg, caption(`h on its first two principal components (${percent(layer.trajectory.explained[0])} and ${percent(layer.trajectory.explained[1])} of the variance), dark to bright in time.`, "Where does it turn?"));
  }
  function eigenvalues(layer) {
    const names = Object.keys(layer.eigenvalues), s = 320, holder = el("div");
    const show = (name) => {
      const values = layer.eigenvalues[name], reach = Math.max(1.15, ...values.map((v) => Math.hypot(v[0], v[1]))) * 1.05, scale = (s - 20) / 2 / reach;
      const svg = draw("svg", { width: s, height: s, role: "img", "aria-label": `eigenvalues of ${name}` }, draw("circle", { cx: s / 2, cy: s / 2, r: scale, fill: "#f6f8fa", stroke: "#111" }), draw("line", { x1: 0, x2: s, y1: s / 2, y2: s / 2, class: "axis" }), draw("line", { x1: s / 2, x2: s / 2, y1: 0, y2: s, class: "axis" }));
      values.forEach((v) => svg.append(tip(draw("circle", { cx: s / 2 + v[0] * scale, cy: s / 2 - v[1] * scale, r: 3, fill: Math.hypot(v[0], v[1]) > 1 ? "#c2570c" : "#1f6fb2", "fill-opacity": 0.7 }), `${number(v[0])} ${v[1] < 0 ? "−" : "+"} ${number(Math.abs(v[1]))}i, |λ| = ${number(Math.hypot(v[0], v[1]))}`)));
      holder.replaceChildren(svg);
    };
    const figure = el("figure", {}, el("h3", {}, "eigenvalues of the recurrent matrix"), names.length > 1 ? choice("block", names.map((n) => [n, n]), names[0], show) : null, holder, caption("Of each square block; the circle has radius 1, orange lies outside.", "All well inside: what is not gated fades; outside: it can explode."));
    show(names[0]);
    return figure;
  }
  function surprise(root, data) {
    if (!data.surprise || data.surprise.length < 2) return;
    const most = largest(data.surprise), row = el("div", { class: "chips" }, ...data.input.items.map((item, t) => {
      const v = data.surprise[t], chip = el("span", { class: "chip", tabindex: "0" }, visible(item), el("small", {}, v === null ? "·" : v.toFixed(1)));
      chip.style.background = v === null ? "#fff" : mix([[255, 255, 255], [253, 224, 178], [240, 140, 40]], v / most);
      return tip(chip, v === null ? "nothing stands before it" : `${visible(item)}: ${number(v)} nats, probability ${percent(Math.exp(-v))}`);
    }));
    root.append(el("h2", {}, "Surprise of each item"), el("figure", {}, row, caption("−log p(item | items before it), in nats.", "The deepest colours are what the network did not see coming: new facts, or faults of the data.")));
  }
  function alignment(root, data) {
    if (!data.alignment) return;
    const { rows, columns, weights } = data.alignment;
    root.append(el("h2", {}, "Where it looked while it wrote"), el("figure", {}, ...heat(weights, rows, columns, (v) => size(v), (r, c) => `${rows[r]} looks at ${columns[c]}: ${percent(weights[r][c])}`, { height: 22, title: "attention; arrow keys read it" }), scaleBar(VIRIDIS, "0 %", "100 %"), caption("Attention weights; each row adds up to 100 %.", "A bright diagonal means: word by word.")));
  }

  // ---- several runs ---------------------------------------------------------------------------------------------
  function comparison(root, data) {
    root.append(el("h1", {}, data.title), el("p", { class: "look" }, data.sentence));
    const labels = data.distances.map(String);
    root.append(el("figure", {}, ...lines(data.runs.map((r) => ({ name: r.label, values: r.relative })), labels, { title: "gradient over distance", step: "distance", numbers: true }), caption(data.how, data.look)));
    const recorded = data.runs.filter((r) => r.recorded);
    for (const run of recorded) {
      root.append(el("h2", {}, `${run.name}: recorded while it learned`), el("figure", {}, ...lines(run.recorded.map((one) => ({ name: `update ${one.step}`, values: one.norm })), run.recorded[0].distance.map(String), { title: "recorded gradients", step: "distance to the end, from", numbers: true }), caption("‖∂E/∂h‖ of the training batches by distance to the end of the sequence, from the native core's own backward pass (root mean square over updates; distances in octaves).", "Does the right end rise while it learns?")));
    }
    const table = el("figure", {}, el("h2", {}, "Figures"), ...data.runs.map((r) => el("p", {}, `${r.label}: ${r.sentence}; memory ${r.memory === null ? "beyond what was looked at" : number(r.memory) + " steps"}; over ${r.rows} rows`)));
    root.append(table);
  }

  // ---- the page -------------------------------------------------------------------------------------------------
  let remember = () => {};
  function report(root, explanations, title) {
    const fromAddress = () => { try { return JSON.parse(decodeURIComponent(location.hash.slice(1) || "%7B%7D")); } catch { return {}; } };
    const state = fromAddress();
    remember = (s) => { const kept = JSON.stringify(s); if (kept !== "{}") history.replaceState(null, "", "#" + encodeURIComponent(kept)); };
    const body = el("div");
    const show = () => {
      const data = explanations[Math.min(state.page || 0, explanations.length - 1)];
      body.replaceChildren(el("p", { class: "soft" }, `${data.model.name}: ${data.model.sentence}; ${data.model.cell}, ${data.model.parameters.toLocaleString("en")} parameters`),
        el("h1", {}, data.question.says[0].toUpperCase() + data.question.says.slice(1)), el("p", {}, data.input.text));
      influence(body, data, state);
      flow(body, data, explanations, state);
      unrolled(body, data, state);
      surprise(body, data);
      alignment(body, data);
      states(body, data);
    };
    root.replaceChildren(title ? el("p", { class: "soft" }, title) : "");
    if (explanations.length > 1) {
      const name = (one) => `${one.model.name}: ${short(one.input.text, 44)}`;
      root.append(choice("explained", explanations.map((one, n) => [n, name(one)]), state.page || 0, (n) => { state.page = n; state.option = 0; delete state.frame; show(); remember(state); }));
    }
    root.append(body);
    show();
  }
  const watch = (tell) => { remember = tell; };
  return { report, comparison, influence, flow, unrolled, states, surprise, alignment, watch, el, tip, number, percent, visible };
})();
