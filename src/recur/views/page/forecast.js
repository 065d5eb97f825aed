// A series and its next steps, with the range between the lowest and the highest quantile.
function forecast(root, data) {
  if (!data.forecast) return;
  const { names, past, ahead, median, shares } = data.forecast, shown = past.slice(-Math.max(24, 3 * ahead.length));
  root.append(el("h2", {}, "The forecast"));
  names.forEach((name, c) => {
    // on a phone the whole of it is in view
    const w = Math.max(320, Math.min(760, root.clientWidth || 760)), h = 240, left = 70, bottom = 30, top = 10,
          count = shown.length + ahead.length;
    const before = shown.map((row) => row[c]), steps = ahead.map((row) => row[c]);
    const every = [...before, ...steps.flat()], low = Math.min(...every), high = Math.max(...every);
    const x = (t) => left + (w - left - 10) * t / Math.max(1, count - 1);
    const y = (v) => top + (h - top - bottom) * (1 - (v - low) / (high - low || 1));
    const says = `${name}: ${shown.length} steps that were read, and ${steps.length} steps of the forecast: ${
      steps.map((row) => number(row[median])).join(", ")}`;
    const svg = draw("svg", { width: w, height: h, role: "group", "aria-label": says });
    for (const share of [0, 0.5, 1]) {
      const value = low + share * (high - low), at = y(value);
      svg.append(
        draw("line", { x1: left, x2: w - 10, y1: at, y2: at, class: "axis" }),
        draw("text", { x: left - 6, y: at + 4, "text-anchor": "end", class: "soft" }, number(value)));
    }
    const first = shown.length, path = (values, start) => values.map((v, t) => `${x(start + t)},${y(v)}`).join(" ");
    if (shares.length > 1) {
      const lowest = steps.map((row, t) => `${x(first + t)},${y(row[0])}`);
      const highest = steps.map((row, t) => `${x(first + t)},${y(row.at(-1))}`).toReversed();
      svg.append(
        draw("polygon", { points: [...lowest, ...highest].join(" "), fill: "var(--for)", "fill-opacity": 0.22 }));
    }
    svg.append(
      draw("polyline", { points: path(before, 0), fill: "none", stroke: "var(--against)", "stroke-width": 2 }),
      draw("polyline", {
        points: path([before.at(-1), ...steps.map((row) => row[median])], first - 1),
        fill: "none",
        stroke: "var(--for)",
        "stroke-width": 2,
        "stroke-dasharray": "6 3"
      }));
    const dots = steps.map(
      (row, t) => tip(
        draw("circle", {
          cx: x(first + t),
          cy: y(row[median]),
          r: 4,
          fill: "var(--for)",
          role: "img",
          "aria-label": `step ${t + 1} ahead: ${number(row[median])}`
        }),
        `${name}, step ${t + 1} ahead: ${
          row.map((v, q) => (shares.length ? `${100 * shares[q]} %: ` : "") + number(v)).join("\n")}`));
    svg.append(...dots);
    oneStop(svg, dots);
    svg.append(
      draw("text", { x: left, y: h - 8, class: "soft" }, "read"),
      draw("text", { x: x(first), y: h - 8, class: "soft" }, "forecast"));
    root.append(el(
      "figure", {}, names.length > 1 ? el("h3", {}, name) : null, svg,
      caption(
        shares.length > 1 ? `Blue: what was read; orange: the median, and the range from the ${
                              100 * shares[0]} % to the ${100 * shares.at(-1)} % quantile.` :
                            "Blue: what was read; orange: the forecast.",
        "")));
  });
}
