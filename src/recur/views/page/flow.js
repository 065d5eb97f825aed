// Gradient through time: ‖∂e/∂h_t‖ at each step, and the contribution of each step to the gradient of each matrix.
const nameOf = (data, layer, many) =>
  (many ? data.model.name + (layer.name === "layer 1" ? "" : ", " + layer.name) : layer.name);

function flow(root, data, every, state) {
  if (!data.flow) return;
  root.append(el("h2", {}, "Gradient through time: ‖∂e/∂h_t‖ at each step"));
  const figure = el("figure"), holder = el("div");
  const same = every.filter((one) => one.flow && one.input.text === data.input.text);
  const layers = data.flow.layers;
  const show = {
    curve() {
      holder.replaceChildren();
      for (const part of new Set(layers.map((layer) => layer.part))) {
        const mine = layers.filter((layer) => layer.part === part), labels = mine[0].labels, series = [],
              sentences = [];
        for (const one of same)
          for (const layer of one.flow.layers) {
            if (layer.part !== part) continue;
            const through = layer.lyapunov ? ` ${layer.lyapunov.sentence}.` : "";
            sentences.push(`${nameOf(one, layer, same.length > 1)}: ${layer.sentence}.${through}`);
            if (layer.labels.length === labels.length)
              series.push({ name: nameOf(one, layer, same.length > 1), values: layer.norms.message });
          }
        holder.append(
          ...lines(series, labels, {
            title: "gradient by step" + (part === "stack" ? "" : ", " + part),
            boundaries: mine[0].boundaries,
            room: holder.clientWidth
          }),
          ...sentences.map((one) => el("p", { class: "look" }, one)));
      }
      holder.append(caption(
        "‖∂e/∂(all states of step t)‖, the total derivative of the answer's error with respect to the states of step t, through all later steps (backpropagation through time, written out); logarithmic. A black bar marks where truncated BPTT cuts. Below 1 % it vanishes, from 1 % it weakens, from 50 % to 200 % it is carried, above that it grows. The Lyapunov exponent is log ‖∂s_T/∂s_1‖ / (T − 1), in nats per step, of all states s of a layer: well below zero the layer forgets, well above zero gradients explode. It follows the change that grows most, from the first step to the last: over a short input it is an upper bound for the gradient of one error, and where several steps have errors, as in a synced network, their gradients add up to more.",
        ""));
    },
    matrix() {
      holder.replaceChildren();
      for (const layer of layers) {
        if (!layer.itemised || !layer.itemised.length) continue;
        const known = layer.itemised.flat().filter((v) => v > 0), high = Math.log10(Math.max(...known, 1e-30)),
              low = Math.max(high - 8, Math.log10(Math.min(...known, 1)));
        const names =
          data.flow.followed.map((k) => "e" + (k + 1) + " " + (data.flow.errors[k] ? data.flow.errors[k].label : ""));
        const share = (v) => (Math.log10(v) - low) / Math.max(1e-9, high - low);
        holder.append(
          el("h3", {}, layer.name),
          ...heat(
            layer.itemised, names, layer.labels, (v) => v > 0 ? size(share(v)) : "#f0f0f0",
            (r, c) =>
              `error ${names[r]} → step ${c + 1} (${visible(layer.labels[c])}): ${number(layer.itemised[r][c])}`,
            { edges: layer.boundaries, title: "errors by steps; arrow keys read it" }),
          scaleBar(VIRIDIS, number(Math.pow(10, low)), number(Math.pow(10, high))));
      }
      holder.append(caption(
        "‖∂e_k/∂(states of step t)‖ for every single error e_k (rows, the error of predicting what follows the item) and step t (columns), logarithmic; grey is zero: an error has no gradient at later steps.",
        "Look along a row from its right end: how fast does it get dark?"));
    },
    shares() {
      holder.replaceChildren();
      const rows = data.flow.readout ? [[
        data.flow.readout.part === "stack" ? "readout" : data.flow.readout.part + " readout", data.flow.readout.name,
        data.flow.readout, data.flow.readout.labels
      ]] :
                                       [];
      for (const layer of layers)
        for (const [name, share] of Object.entries(layer.shares)) rows.push([layer.name, name, share, layer.labels]);
      const kinds = Object.keys(PATHS);
      rows.sort((a, b) => kinds.indexOf(a[2].kind) - kinds.indexOf(b[2].kind));
      for (const [where, name, share, labels] of rows) {
        const w = Math.max(Math.min(480, holder.clientWidth || 480), 60 + labels.length * 26), h = 120,
              most = largest(share.fraction), x = (t) => 50 + (w - 60) * t / labels.length,
              bw = Math.max(2, (w - 60) / labels.length - 3);
        const svg = draw(
          "svg", { width: w, height: h + 50, role: "group", "aria-label": `shares of ${name}` },
          draw("line", { x1: 50, x2: w - 8, y1: h / 2, y2: h / 2, class: "axis" }));
        const bars = [];
        share.fraction.forEach((f, t) => {
          const tall = Math.abs(f) / most * (h / 2 - 4);
          bars.push(tip(
            draw("rect", {
              x: x(t),
              y: f > 0 ? h / 2 - tall : h / 2,
              width: bw,
              height: Math.max(1, tall),
              class: PATHS[share.kind] + (f > 0 ? "" : " against"),
              role: "img",
              "aria-label": `${labels[t]}: ${percent(f)}`
            }),
            `step ${t + 1} (${visible(labels[t])}): ${percent(f)} of dE/d${name}, norm ${number(share.norm[t])}`));
          svg.append(draw(
            "text", { x: x(t) + 2, y: h + 8, transform: `rotate(45 ${x(t) + 2} ${h + 8})` },
            short(visible(labels[t]), 9)));
        });
        svg.append(...bars);
        oneStop(svg, bars);
        holder.append(
          el(
            "h3", { class: PATHS[share.kind] },
            `${share.kind}: dE/d${name}, ${where}, ‖dE/d${name}‖ = ${number(share.gradient)}`),
          svg);
      }
      holder.append(caption(
        "⟨share of step t, dE/dW⟩ / ‖dE/dW‖² : how much of each matrix's gradient step t contributes. The shares of all steps add up to 100 %; a hollow bar, below the line, has the opposite sign.",
        "Which steps does the network learn from?"));
    },
  };
  const itemised = layers.some((layer) => layer.itemised && layer.itemised.length);
  if (!state.flow || (state.flow === "matrix" && !itemised)) state.flow = "curve";
  figure.append(
    choice(
      "picture",
      [
        ["curve", "step by step"], ...itemised ? [["matrix", "error by error"]] : [],
        ["shares", "shares of the three paths"]
      ],
      state.flow,
      (k) => {
        state.flow = k;
        show[k]();
        remember(state);
      }),
    holder);
  root.append(figure);
  show[state.flow]();
}
