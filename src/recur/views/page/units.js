// Units that follow a simple property of the text, with that property, over this text.
function units(root, data) {
  if (!data.units || !data.units.findings.length) return;
  const { labels, findings } = data.units, holder = el("div");
  const name = (one) => `${one.layer}, unit ${one.unit} of ${one.state}`;
  const figure = (one) => one.measure === "AUC" ? `AUC ${number(one.score)}` : `correlation ${plus(one.score)}`;
  const show = (n) => {
    const one = findings[n], most = largest(one.values), yesNo = one.measure === "AUC";
    const reach = Math.max(1, ...one.wanted);
    const below =
      el("div", { class: "chips", "aria-label": `${one.predicate} at each item` }, ...labels.map((label, t) => {
        const chip = el("span", { class: "chip", tabindex: "0" }, visible(label));
        chip.style.background = size(0.25 + 0.75 * one.wanted[t] / reach);
        chip.style.color = one.wanted[t] / reach > 0.4 ? "#111" : "#fff";
        return tip(
          chip,
          `${visible(label)}: ${one.predicate} ${yesNo ? (one.wanted[t] ? "yes" : "no") : number(one.wanted[t])}`);
      }));
    holder.replaceChildren(
      el(
        "p", { class: "look" },
        `${name(one)} follows “${one.predicate}”: ${figure(one)} on held-out texts (${
          number(one.found)} on those that it was selected on).`),
      colouredText(labels, one.values, most), scaleBar(SIGNED, plus(-most), plus(most)),
      el("p", { class: "soft" }, `${one.predicate}${yesNo ? ", yes is bright" : ", more is brighter"}:`), below);
  };
  root.append(
    el("h2", {}, "Units that follow a simple property of the text"),
    el(
      "figure", {},
      choice("unit", findings.map((one, n) => [n, `${one.predicate}: ${one.unit} (${figure(one)})`]), 0, show), holder,
      caption(
        "Found by search: every unit was compared with every predicate at every step of the corpus, by the area under the ROC curve (0.5 knows nothing, 1 or 0 separates perfectly) or by correlation; chosen on one half of the texts, measured on the other (after Karpathy et al. 2016, who found such cells by eye).",
        "Do the colours of the unit change where the predicate below does?")));
  show(0);
}
