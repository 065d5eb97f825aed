// Chapter 5: how much each earlier word counts for a prediction, in three networks.

// Each word in turn is blanked (its input is 0): the share of the probability that moves to other words, by the place
// of the word, for the prediction after the word `last`; the average over sentences of equal length
function reach(net, sentences, last) {
  const totals = new Array(last + 1).fill(0);
  for (const texts of sentences) {
    const ids = net.ids(texts.slice(0, last + 1)), p = net.run(ids).p.at(-1);
    ids.forEach((_, n) => {
      const blanked = ids.map((id, m) => m === n ? new Array(net.inputs).fill(0) : id);
      const q = net.run(blanked).p.at(-1);
      totals[n] += p.reduce((sum, v, k) => sum + Math.abs(v - q[k]), 0) / 2;
    });
  }
  return totals.map((total) => total / sentences.length);
}
const countedAs = (v) => `${Math.round(100 * v)} %`;
function reachStrips(root, t) {
  const sentences = Object.keys(TASKS.countries).map((one) => farText(one, 2)), end = sentences[0].length - 1;
  const names = sentences[0].map((one, n) => n === CUE ? t.any_country : one);
  const place = el("div", { class: "beside" }), told = el("p", { class: "told", "aria-live": "polite" });
  const show = (last) => {
    const said = [];
    clear(place).append(...KINDS.map((kind) => {
      const counts = reach(wordNet(kind), sentences, last), most = best(counts);
      said.push(fill(
        last < CUE || most === CUE ? t.reach_one : t.reach_two,
        { net: t[kind], word: names[most], share: countedAs(counts[most]), country: countedAs(counts[CUE] || 0) }));
      const words = names.map((name, n) => {
        const one = el(
          "span", { class: n > last ? "later" : "" }, name,
          el("small", {}, counts[n] > 0.005 ? countedAs(counts[n]) : "\u00a0"));
        if (n <= last) {
          one.style.cssText = `background:${tone(counts[n])};color:${ink()}`;
          tip(one, `${name}: ${countedAs(counts[n])}`);
        }
        return one;
      });
      const heard = counts.map((v, n) => `${names[n]} ${countedAs(v)}`).join(", ");
      return el(
        "section", {}, el("h4", {}, t[kind]),
        el("div", { class: "reach", role: "img", "aria-label": heard }, ...words));
    }));
    told.textContent = `${fill(t.reach_after, { word: names[last], n: last + 1 })} ${said.join(" ")}`;
  };
  root.append(section(
    el("h3", {}, t.reach_title), note(t.reach_note),
    controls(slider(t.reach_step, 1, end + 1, end + 1, (v) => show(v - 1), (v) => `${v}: “${names[v - 1]}”`)), place,
    shareScale(t.reach_scale), told));
  show(end);
}
