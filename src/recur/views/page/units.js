// Units that follow a simple property of the text, with that property, over this text.
function units(root, data) {
  if (!data.units) return;
  const { labels, findings } = data.units, holder = el("div");
  const name = (one) => `${one.layer}, unit ${one.unit} of ${one.state}`;
  const figure = (one) => one.measure === "AUC" ? `AUC ${number(one.score)}` : `correlation ${plus(one.score)}`;
  const show = (n) => {
    const one = findings[n], most = largest(one.values), yesNo = one.measure === "AUC";
    const reach = Math.max(1, ...one.wanted);
    const below = chips(
      `${one.predicate} at each item`,
      labels.map(
        (label, t) => chip(
          visible(label), null, size(0.25 + 0.75 * one.wanted[t] / reach),
          `${visible(label)}: ${one.predicate} ${yesNo ? (one.wanted[t] ? "yes" : "no") : number(one.wanted[t])}`)));
    holder.replaceChildren(
      el(
        "p", { class: "look" },
        `${name(one)} follows “${one.predicate}”: ${figure(one)} on held-out texts (${
          number(one.found)} on those that it was selected on).`),
      colouredText(labels, one.values, most), scaleBar(SIGNED, plus(-most), plus(most)),
      el("p", { class: "soft" }, `${one.predicate}${yesNo ? ", yes is bright" : ", more is brighter"}:`), below);
  };
  root.append(el("h2", {}, "Units that follow a simple property of the text"), followed(data.units.best || findings));
  if (!findings.length) return;
  root.append(el(
    "figure", {},
    choice("unit", findings.map((one, n) => [n, `${one.predicate}: ${one.unit} (${figure(one)})`]), 0, show), holder,
    caption(
      "Found by search: every unit was compared with every predicate at every step of the corpus, by the area under the ROC curve (0.5 knows nothing, 1 or 0 separates perfectly) or by correlation; chosen on one half of the texts, measured on the other (after Karpathy et al. 2016, who found such cells by eye).",
      "Do the colours of the unit change where the predicate below does?")));
  show(0);
}
// of each property the unit that follows it best, beside what chance gives
function followed(best) {
  const inMeasure = (one, v) => one.measure === "AUC" ? number(v) : plus(v);
  const rows = best.map(
    (one) => el(
      "tr", {}, el("th", { scope: "row" }, one.predicate),
      el("td", {}, `${one.layer}, unit ${one.unit} of ${one.state}`),
      el("td", {}, `${one.measure} ${inMeasure(one, one.score)}`), el("td", {}, number(one.chance)),
      el("td", {}, one.exceeds ? "yes" : "no")));
  const head = ["property", "best unit", "on held-out texts", "by chance at most", "followed"];
  const none = best.some((one) => one.exceeds) ? "" : "No unit follows any of these more than chance gives. ";
  return el(
    "figure", {
      class: "properties",
      tabindex: "0",
      role: "region",
      "aria-label": "the properties that units follow, one per row"
    },
    el(
      "table", {}, el("thead", {}, el("tr", {}, ...head.map((one) => el("th", { scope: "col" }, one)))),
      el("tbody", {}, ...rows)),
    caption(`${
      none}By chance: the best score of 100 searches with the property shifted against the states. An AUC as far below 0.5 as another is above it is as good.`));
}
