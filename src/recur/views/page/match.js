// The ranges of a corpus in which the state is that of a chosen range: the units over the text, the matches under each
// other, and what they have in common.
const spaced = (labels) => labels.every((one) => one.length <= 1 || one.startsWith("⟨")) ? "" : " ";
const joinedText = (labels, joint) => labels.map(visible).join(joint);

function matching(root, data) {
  if (!data.match) return;
  const { match } = data, joint = spaced(match.labels);
  const chosen = joinedText(match.labels.slice(match.start, match.stop), joint);
  root.append(
    el("h2", {}, `Where the state is that of “${short(chosen, 60)}”`), el("p", {}, match.says + "."), hypothesis(match),
    el("p", { class: "look" }, match.result + "."));
  if (match.matches.length) root.append(matches(match, joint));
  if (match.properties.length) root.append(properties(match));
}
function hypothesis(match) {
  const rows = match.values.map((row, u) => row.map((v) => v * match.units[u].sign));
  const names = match.units.map((one) => `unit ${one.unit}${one.sign > 0 ? "+" : "−"}`);
  return el(
    "figure", {},
    ...heat(
      rows, names, match.labels, (v) => signed(v, 1),
      (r, c) => `${match.units[r].layer}, ${names[r]}, step ${match.first + c} (${visible(match.labels[c])}): ${
        number(rows[r][c])}${rows[r][c] > match.threshold ? ", on" : ""}`,
      {
        height: rows.length < 24 ? 18 : 9,
        edges: [match.start, match.stop],
        title: "units of the hypothesis by steps; arrow keys read it"
      }),
    scaleBar(SIGNED, "−1", "+1"),
    caption(
      `${
        match
          .state}; the chosen range is between the two lines. “−” after a unit: the unit is on where its state is negative, and its sign is turned here, so that on is orange in every row.`,
      "Which units change exactly at the two lines?"));
}
// one row per match, with the ranges under each other
function matches(match, joint) {
  const many = match.count, labelled = match.matches.some((one) => one.label || one.step_labels);
  const head = ["text", "step", "units on", "before", "match", "after", ...(labelled ? ["label"] : [])];
  const rows = match.matches.map((one) => {
    const range = el(
      "td", { class: "range" },
      ...one.labels.slice(one.start, one.stop)
        .map((label, n) => {
          const on = one.counts[one.start + n], mark = el("span", {}, visible(label));
          const colour = mix([[255, 255, 255], [244, 168, 97]], on / many);
          Object.assign(mark.style, { background: colour, color: readable(colour) });
          return tip(mark, `${visible(label)}: ${on} of ${many} units are on`);
        })
        .flatMap((mark, n) => n && joint ? [joint, mark] : [mark]));
    const tags = one.step_labels ? [...new Set(one.step_labels.slice(one.start, one.stop))].join(" ") : one.label || "";
    return el(
      "tr", {}, el("td", {}, String(one.text)), el("td", {}, String(one.step)), el("td", {}, `${one.on} of ${many}`),
      el("td", { class: "before" }, joinedText(one.labels.slice(0, one.start), joint)), range,
      el("td", { class: "after" }, joinedText(one.labels.slice(one.stop), joint)),
      labelled ? el("td", {}, tags) : null);
  });
  return el(
    "figure", { class: "matches", tabindex: "0", role: "region", "aria-label": "the matches, one per row" },
    el(
      "table", {}, el("thead", {}, el("tr", {}, ...head.map((one) => el("th", { scope: "col" }, one)))),
      el("tbody", {}, ...rows)),
    caption(
      `The ranges in which more than half of the ${
        many > 1 ?
          many + " units" :
          "units"} are on at every step; first those in which most of them are on throughout and off beside it. The deeper the colour, the more units are on.`,
      "What do these pieces have in common?"));
}
function properties(match) {
  const rows = match.properties.map(
    (one) => el("tr", {}, el("th", { scope: "row" }, one.name), ...[one.share, one.base, one.chance].map((v) => {
      const fill = el("div", { class: "fill" });
      fill.style.width = 100 * v + "%";
      return el("td", {}, el("div", { class: "track" }, fill), percent(v));
    })));
  return el(
    "figure",
    { class: "properties", tabindex: "0", role: "region", "aria-label": "the properties of the matches, one per row" },
    el(
      "table", {},
      el(
        "thead", {},
        el(
          "tr", {},
          ...["property", "of the matched steps", "of all steps", "by chance at most"].map(
            (one) => el("th", { scope: "col" }, one)))),
      el("tbody", {}, ...rows)),
    caption(`Of ${
      match
        .measured} properties that were compared, those that hold more often in the matches than in ranges of the same lengths drawn at random (1000 draws; for any of the properties in at most 5 % of them).`));
}
