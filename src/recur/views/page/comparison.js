// Several runs on one axis.
function comparison(root, data) {
  root.append(el("h1", {}, data.title), el("p", { class: "look" }, data.sentence));
  const labels = data.distances.map(String);
  root.append(el(
    "figure", {},
    ...lines(
      data.runs.map((r) => ({ name: r.label, values: r.relative })), labels,
      { title: "gradient over distance", step: "distance", numbers: true }),
    caption(data.how, data.look)));
  const recorded = data.runs.filter((r) => r.recorded);
  for (const run of recorded) {
    root.append(
      el("h2", {}, `${run.name}: recorded during training`),
      el(
        "figure", {},
        ...lines(
          run.recorded.map((one) => ({ name: `update ${one.step}`, values: one.norm })),
          run.recorded[0].distance.map(String),
          { title: "recorded gradients", step: "distance to the end, from", numbers: true }),
        caption(
          "‖∂E/∂h‖ of the training batches by distance to the end of the sequence, from the native core's own backward pass (root mean square over updates; distances in octaves).",
          "Does the right end rise during training?")));
  }
  const table = el(
    "figure", {}, el("h2", {}, "Figures"),
    ...data.runs.map((r) => el("p", {}, `${r.label}: ${r.sentence}; over ${r.rows} rows`)));
  root.append(table);
}
