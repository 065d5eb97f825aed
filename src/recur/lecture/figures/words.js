// Chapters 4 and 5: the last word, near and far; what it depends on, by swapping one word for another.
const KINDS = ["elman", "gru", "lstm"];
const wordNets = {};
const wordNet = (kind) => (wordNets[kind] ??= network(NETWORKS[`word ${kind}`]));

const alike = (word_, groups) => groups.find((group) => group.includes(word_))?.filter((one) => one !== word_) || [];
// what the swap of one word for another changes
function swap(net, texts, n, other) {
  const p = net.next(texts), answer = best(p), q = net.next(texts.map((one, m) => m === n ? other : one));
  return {
    other,
    change: Math.abs(q[answer] - p[answer]),
    before: p[answer],
    after: q[answer],
    answer: net.answers[best(q)],
    share: Math.max(...q)
  };
}
// for every word of a text: the swap that changes the answer's probability most
function swaps(net, texts, groups) {
  return texts.map((word_, n) => {
    let most = null;
    for (const other of alike(word_, groups)) {
      const one = swap(net, texts, n, other);
      // of swaps that change it about as much, the first
      if (!most || one.change > most.change + 0.02) most = one;
    }
    return most;
  });
}
// the sentence that says what a swap changes
function swapSaid(t, from, answer, one) {
  const before = share(one.before), after = share(one.after), same = before === after;
  const text = same ? t.stays : one.after > one.before ? t.rises : t.falls;
  return fill(
    `${text} ${one.answer === answer ? t.remains : t.becomes}`,
    { from, to: one.other, answer, before, after, other: one.answer, share: share(one.share) });
}
// the sentence with its words coloured by what a swap changes; a word opens the sentence with its swap, and the answers
// of these networks before and after it
function influence(root, net, texts, groups, t, kinds) {
  const found = swaps(net, texts, groups), p = net.next(texts), answer = net.answers[best(p)];
  const told = el("p", { class: "told", "aria-live": "polite" });
  const most = found.map((one) => one?.change || 0), first = most.indexOf(Math.max(...most));
  const other = el("div", { class: "other" }), below = el("div", { class: "beside" });
  const show = (n, one) => {
    told.textContent = swapSaid(t, texts[n], answer, one);
    const swapped = texts.map((each, m) => m === n ? one.other : each);
    clear(below).append(...kinds.map((kind) => {
      const now = wordNet(kind), before = now.next(texts), right = now.answers[best(before)], top = 3;
      return el(
        "section", {}, el("h3", {}, t[kind]), el("p", { class: "soft" }, fill(t.before, { from: texts[n] })),
        bars(now.answers, before, { answer: right, top }), el("p", { class: "soft" }, fill(t.after, { to: one.other })),
        bars(now.answers, now.next(swapped), { answer: right, top }));
    }));
  };
  const tell = (n) => {
    buttons.forEach((one, m) => found[m] && one.setAttribute("aria-pressed", String(m === n)));
    const one = found[n];
    show(n, one);
    const list = alike(texts[n], groups).map((each) => [each, each]);
    clear(other).append(choose(t.replace, list, one.other, (v) => show(n, swap(net, texts, n, v))));
  };
  const buttons = texts.map((word_, n) => {
    if (!found[n]) return el("span", { class: "untested" }, word_);
    const one = button(word_, () => tell(n), { "aria-pressed": "false", tabindex: n === first ? "0" : "-1" });
    one.style.cssText = `background:${tone(most[n])};color:${ink()}`;
    one.addEventListener("keydown", (e) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
      let to = n + step;
      while (step && buttons[to] && !found[to]) to += step;
      buttons[to]?.focus();
    });
    one.addEventListener("focus", () => tell(n));
    return one;
  });
  root.append(
    el(
      "div", { class: "sentence", role: "group", "aria-label": t.sentence }, ...buttons,
      el("span", { class: "blank" }, answer)),
    el("p", { class: "soft press" }, t.press), other, told, below);
  tell(first);
}
const nouns = () => Object.keys(TASKS.near);
FIGURES.near = (root, t) => {
  let noun = "clouds", colour = "";
  const place = el("div");
  const show = () => {
    const texts = `the ${colour} ${noun} are in the`.split(" ").filter(Boolean);
    influence(clear(place), wordNet("lstm"), texts, [nouns(), ["white", "old"]], t, ["elman", "lstm"]);
  };
  root.append(controls(choose(t.noun, nouns().map((one) => [one, one]), noun, (v) => {
                         noun = v;
                         show();
                       }), choose(t.colour, [["", "–"], ["white", "white"], ["old", "old"]], "", (v) => {
                         colour = v;
                         show();
                       })), place);
  show();
};
const farText = (country, count) =>
  `I grew up in ${country} . ${
    Array.from({ length: count }, (_, n) => TASKS.fillers[n % TASKS.fillers.length]).join(" ")} I speak fluent`
    .split(" ")
    .filter(Boolean);
const apart = (count) => farText("France", count).length - 4;
const MOST = 9;
FIGURES.far = (root, t) => {
  let country = "France", count = 3;
  const place = el("div"), chart = el("div", { class: "chart" }), countries = Object.keys(TASKS.countries);
  const show = () => {
    const texts = farText(country, count);
    influence(
      clear(place), wordNet("lstm"), texts,
      [countries, ["sister", "dog", "house", "winters", "school"], ["small", "old", "long"]], t, KINDS);
  };
  root.append(controls(choose(t.country, countries.map((one) => [one, one]), country, (v) => {
                         country = v;
                         show();
                       }), slider(t.distance, 0, MOST, count, (v) => {
                         count = v;
                         show();
                       }, (v) => fill(t.apart, { count: v, n: apart(v) }))), place, chart);
  show();
  const series = KINDS.map((kind) => {
    const net = wordNet(kind), [colour, dash] = COLOURS[kind];
    const values = Array.from(
      { length: MOST + 1 },
      (_, n) =>
        countries.reduce((sum, one) => sum + net.next(farText(one, n))[net.answers.indexOf(TASKS.countries[one])], 0) /
        countries.length);
    return { name: t[kind], colour, dash, values, wide: kind === "lstm" };
  });
  curves(chart, series, {
    label: t.chart,
    up: t.up,
    steps: MOST + 1,
    low: 0,
    high: 1,
    across: t.across,
    ticks: [[0, "0"], [0.2, t.chance], [0.5, "50 %"], [1, "100 %"]],
    marks: Array.from({ length: MOST + 1 }, (_, n) => [n, String(apart(n))]).filter((_, n) => n % 3 === 0),
    say: (n, v) => fill(t.point, { n: apart(n), p: share(v) }),
  });
  reachStrips(root, t);
};
