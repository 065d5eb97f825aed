// Sizes over steps as lines, on a logarithmic axis.
function lines(series, labels, options) {
  const wanted = Math.max(480, Math.min(1000, 60 + labels.length * 34));
  // on a narrow page the last step, which is the one that answers, is not cut
  const w = Math.max(280, Math.min(wanted, options.room || wanted)), h = 260, left = 62, bottom = 74, top = 12;
  const svg = draw("svg", { width: w, height: h, role: "group", "aria-label": options.title }), dots = [];
  const positive = series.flatMap((s) => s.values).filter((v) => v > 0);
  const high = Math.ceil(Math.log10(Math.max(...positive, 1e-30)) + 1e-9);
  const low = Math.max(high - 12, Math.floor(Math.log10(Math.min(...positive, Math.pow(10, high - 1)))));
  const x = (t) => left + (w - left - 46) * (labels.length > 1 ? t / (labels.length - 1) : 0.5);
  const y = (v) =>
    top + (h - top - bottom) * (1 - (Math.log10(Math.max(v, Math.pow(10, low))) - low) / Math.max(1, high - low));
  for (let e = low; e <= high; e += Math.max(1, Math.ceil((high - low) / 6))) {
    const at = y(Math.pow(10, e));
    svg.append(
      draw("line", { x1: left, x2: w - 8, y1: at, y2: at, class: "axis" }),
      draw("text", { x: left - 6, y: at + 4, "text-anchor": "end", class: "soft" }, `1e${e}`));
  }
  const every = Math.max(1, Math.ceil(14 * labels.length / (w - left - 46)));
  labels.forEach((label, t) => {
    if (t % every) return;
    svg.append(draw(
      "text",
      { x: x(t), y: h - bottom + 14, transform: `rotate(45 ${x(t)} ${h - bottom + 14})`, "text-anchor": "start" },
      short(visible(label))));
  });
  (options.boundaries || []).forEach((t) => svg.append(draw("line", {
    x1: (x(t) + x(t - 1)) / 2,
    x2: (x(t) + x(t - 1)) / 2,
    y1: top,
    y2: h - bottom,
    stroke: "#111",
    "stroke-width": 2.5
  })));
  series.forEach((s, n) => {
    const points = s.values.map((v, t) => [x(t), y(v), v]).filter((p) => p[2] > 0);
    svg.append(draw("polyline", {
      points: points.map((p) => p[0] + "," + p[1]).join(" "),
      fill: "none",
      stroke: LINES[n % 6],
      "stroke-width": 2,
      "stroke-dasharray": DASH[n % 6]
    }));
    s.values.forEach((v, t) => {
      if (!(v > 0)) return;
      const dot = draw("circle", {
        cx: x(t),
        cy: y(v),
        r: labels.length > 80 ? 2 : 4,
        fill: LINES[n % 6],
        role: "img",
        "aria-label": `${s.name}, ${labels[t]}: ${number(v)}`
      });
      dots.push(tip(
        dot,
        `${s.name}\n${options.step || "step"} ${
          options.numbers ? labels[t] : t + 1 + " (" + visible(labels[t]) + ")"}: ${number(v)}`));
    });
  });
  svg.append(...dots);
  oneStop(svg, dots);
  const key = el("div", { class: "controls" }, ...series.map((s, n) => {
    const sample = draw(
      "svg", { width: 34, height: 10, "aria-hidden": "true" },
      draw(
        "line",
        { x1: 0, x2: 34, y1: 5, y2: 5, stroke: LINES[n % 6], "stroke-width": 2.5, "stroke-dasharray": DASH[n % 6] }));
    return el("span", { class: "scale" }, sample, s.name);
  }));
  return [key, svg];
}
