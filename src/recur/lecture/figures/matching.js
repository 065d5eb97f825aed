// Chapter 2: which states matter: the units that are on over a chosen range, and where else they are on together.
// each sign of a unit counts as a unit: 2 u is above the threshold, 2 u + 1 below its negative
const onAt = (states, least) => states.map((h) => h.flatMap((v) => [v > least, v < -least]));
function onOver(on, start, stop, edges) {
  const before = start > 0 && edges !== "after" && edges !== "none" ? on[start - 1] : [];
  const after = stop < on.length && edges !== "before" && edges !== "none" ? on[stop] : [];
  return on[0]
    .map((_, u) => u)
    .filter((u) => on.slice(start, stop).every((step) => step[u]) && !before[u] && !after[u]);
}
// off on both sides, else on the side of more units, else on none
function hypothesis(on, start, stop) {
  const of = (edges) => ({ edges, units: onOver(on, start, stop, edges) });
  const both = of("both"), [side] = [of("before"), of("after")].sort((a, b) => b.units.length - a.units.length);
  return [both, side, of("none")].find((one) => one.units.length) || both;
}
// the ranges over which more than half of the units are on: the best first, none over another
function sameStates(lines, { units, edges }, length) {
  const found = [];
  lines.forEach((on, line) => {
    const counts = on.map((step) => units.filter((u) => step[u]).length), seen = new Set();
    for (let level = Math.floor(units.length / 2) + 1; level <= units.length; ++level)
      for (let start = 0; start < on.length; ++start) {
        if (counts[start] < level || start > 0 && counts[start - 1] >= level) continue;
        let stop = start + 1;
        while (stop < on.length && counts[stop] >= level) ++stop;
        const most = onOver(on, start, stop, "none").filter((u) => units.includes(u)).length;
        if (seen.has(`${start} ${stop}`) || 2 * most <= units.length || stop - start < Math.min(2, length)) continue;
        seen.add(`${start} ${stop}`);
        const exact = onOver(on, start, stop, edges).filter((u) => units.includes(u)).length;
        found.push({ line, start, stop, most, exact, far: Math.abs(stop - start - length) });
      }
  });
  found.sort((a, b) => b.exact - a.exact || b.most - a.most || a.far - b.far || a.line - b.line || a.start - b.start);
  return found.filter(
    (one, n) =>
      !found.slice(0, n).some((other) => other.line === one.line && other.start < one.stop && one.start < other.stop));
}
// whether a quotation is open after each word
function insideQuotes(words) {
  let open = false;
  return words.map((one) => (open = one === "“" || open && one !== "”"));
}
function whichStates(root, t) {
  const net = network(NETWORKS.quotes), [words, ...others] = TASKS.quoted, shownMatches = 8;
  const read = (line) => net.run(net.ids(line)).h, states = read(words), rest = others.map(read);
  const cells = el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": t.states });
  const list = el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": t.matched });
  const told = el("p", { class: "outcome", "aria-live": "polite" });
  let range = [0, 1], least = 0.3;
  const name = (u) => `${t.unit} ${(u >> 1) + 1}${u % 2 ? "−" : "+"}`;
  const show = () => {
    const on = onAt(states, least), [start, stop] = range, guess = hypothesis(on, start, stop);
    const used = guess.units.map((u) => u >> 1);
    const edge = (n) => n === start || n === stop ? "edge" : "";
    const row = (u) => el(
      "tr", { class: used.includes(u) ? "used" : "" }, el("th", { scope: "row" }, `${t.unit} ${u + 1}`),
      ...states.map((h, n) => {
        const cell = el("td", { class: edge(n) });
        cell.style.background = tone(h[u]);
        return tip(cell, `${words[n]}\n${shown(h[u])}`);
      }));
    clear(cells).append(el(
      "table", { class: "cells" },
      el(
        "tbody", {}, el("tr", {}, el("td"), ...words.map((one, n) => el("td", { class: edge(n) }, one))),
        ...Array.from({ length: net.hidden }, (_, u) => row(u)))));
    clear(list);
    if (!guess.units.length) {
      told.textContent = t.none_on;
      return;
    }
    const found = sameStates(rest.map((h) => onAt(h, least)), guess, stop - start),
          first = found.slice(0, shownMatches);
    const inside = others.map(insideQuotes), all = inside.flat(),
          mine = first.flatMap((one) => inside[one.line].slice(one.start, one.stop));
    const part = (flags) => share(flags.filter(Boolean).length / flags.length);
    const how = fill(t[`hypothesis_${guess.edges}`], { units: guess.units.map(name).join(", ") });
    told.textContent = how + " " + fill(first.length ? t.matches : t.matches_none, {
                         lines: others.length,
                         total: found.length,
                         shown: first.length,
                         share: mine.length ? part(mine) : "",
                         base: part(all)
                       });
    list.append(el("table", { class: "alike" }, el("tbody", {}, ...first.map((one) => {
                     const line = others[one.line];
                     return el(
                       "tr", {}, el("td", {}, line.slice(Math.max(0, one.start - 4), one.start).join(" ")),
                       el("td", {}, line.slice(one.start, one.stop).join(" ")),
                       el("td", {}, line.slice(one.stop, one.stop + 4).join(" ")));
                   }))));
  };
  // at first what is inside the first quotation
  const from = words.indexOf("“");
  range = [from, words.indexOf("”", from)];
  root.append(el(
    "section", { class: "states" }, el("h3", {}, t.states), el("p", { class: "soft" }, t.about_states),
    rangePicker(words, t.pick, (start, stop) => {
      range = [start, stop];
      show();
    }, range), controls(slider(t.least, 0.1, 0.9, least, (v) => {
      least = v;
      show();
    }, (v) => v.toFixed(1), 0.1)), cells, told, list));
  show();
}
