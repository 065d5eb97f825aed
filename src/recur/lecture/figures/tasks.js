// Chapter 6: the five kinds of sequence task, each running.
function kind(inputs, copies, outputs, { below = [], above = [], feedback = false } = {}) {
  // a small picture: which steps have an input, and which an output, with what is read and written; with feedback an
  // output is the next input
  const gap = Math.min(54, 244 / copies), half = Math.min(15, (gap < 30 ? 0.26 : 0.33) * gap);
  // words are written across where each has room for it
  const flat = [...below, ...above].every((one) => !one || 6.8 * one.length < gap);
  const long = (texts) => flat ? (texts.some((one) => one?.length > 1) ? 20 : 0) :
                                 Math.max(0, ...texts.map((one) => one && one.length > 1 ? 7.5 * one.length + 6 : 0));
  const top = long(above), foot = top + 92;
  const svg = draw("svg", { width: gap * copies + 8, height: foot + long(below), "aria-hidden": "true" });
  // a word runs upwards; a letter is in its box
  const written = (x, y, text, anchor) => svg.append(
    text.length === 1 ? word(x, y + (anchor === "start" ? 17.5 : -10.5), text) :
      flat ? word(x, y + (anchor === "start" ? -4 : 13), text, { class: "digits" }) :
             draw(
               "text", { x: x + 4, y, transform: `rotate(-90 ${x + 4} ${y})`, "text-anchor": anchor, class: "digits" },
               text));
  const link = (x1, y1, x2, y2) => svg.append(arrow(x1, y1, x2, y2));
  const square = (x, y, name) =>
    svg.append(draw("rect", { x: x - 0.82 * half, y, width: 1.64 * half, height: 18, rx: 3, class: name }));
  for (let n = 0; n < copies; ++n) {
    const x = 4 + gap * (n + 0.5), y = top;
    if (n) link(x - gap + half, y + 46, x - half, y + 46);
    if (inputs.includes(n)) {
      square(x, y + 70, "input");
      link(x, y + 70, x, y + 59);
      if (below[n]) written(x, foot + 2, below[n], "end");
    }
    svg.append(draw("rect", { x: x - half, y: y + 35, width: 2 * half, height: 22, rx: 5, class: "copy" }));
    if (!outputs.includes(n)) continue;
    square(x, y + 4, "state");
    link(x, y + 34, x, y + 24);
    const letter = above[n]?.length === 1;
    if (above[n]) written(x, letter ? y : y + 1, above[n], "start");
    if (!feedback || !outputs.includes(n + 1)) continue;
    const d = `M${x + 0.82 * half} ${y + 13}H${x + gap / 2}V${y + 72}H${x + gap}V${y + 66}`;
    svg.append(draw("g", { class: "arrow" }, draw("path", { class: "line", d })));
    link(x + gap, y + 70, x + gap, y + 59);
  }
  return svg;
}
const steps_ = (first, count) => Array.from({ length: count }, (_, n) => first + n);
// the small picture of a task with what its network reads and writes
function lit_(root, inputs, copies, outputs, options) {
  clear(root.small).append(kind(inputs, copies, outputs, options));
}
function digits(net, root, t) {
  let pixels = [...TASKS.pixels["3"]].map(Number);
  const place = el("div"), grid = el("div", { class: "pixels", role: "group", "aria-label": t.pixels });
  const show = () => {
    const run = net.run([pixels]);
    clear(place).append(bars(net.answers, run.p[0], { top: 3 }));
    grid.replaceChildren(
      ...pixels.map((on, n) => button("", () => {
                      pixels[n] = 1 - pixels[n];
                      show();
                      grid.children[n].focus();
                    }, {
                      "aria-pressed": String(Boolean(on)),
                      "aria-label": `${t.pixel} ${n + 1}`,
                      tabindex: n ? "-1" : "0",
                      onkeydown: (e) => {
                        const to = { ArrowRight: n + 1, ArrowLeft: n - 1, ArrowDown: n + 3, ArrowUp: n - 3 }[e.key];
                        if (grid.children[to]) {
                          grid.children[to].focus();
                          e.preventDefault();
                        }
                      }
                    })));
  };
  root.append(el("div", { class: "control" }, choose(t.digit, net.answers.map((one) => [one, one]), "3", (v) => {
                   pixels = [...TASKS.pixels[v]].map(Number);
                   show();
                 }), grid), place);
  show();
}
function lettersOf(net, digit) {
  const texts = [digit], letters = [];
  for (let n = 0; n < 8; ++n) {
    const letter = net.answers[best(net.next(texts))];
    if (letter === ".") break;
    letters.push(letter);
    texts.push(letter);
  }
  return letters;
}
function spelled(net, root, t) {
  const place = el("p", { class: "result", "aria-live": "polite" });
  const show = (digit) => {
    const letters = lettersOf(net, digit);
    place.textContent = letters.join(" → ");
    lit_(root, [0], letters.length, steps_(0, letters.length), { below: [digit], above: letters, feedback: true });
  };
  root.append(
    el("div", { class: "control" }, choose(t.digit, Object.keys(TASKS.pixels).map((one) => [one, one]), "7", show)),
    place);
  show("7");
}
function opinion(net, root, t) {
  const texts = [
    "the film is not bad", "the film is not good", "the film is good but the music is not funny",
    "the story is dull but the film is great"
  ];
  const place = el("div");
  const show = (text) => {
    const words = text.split(" "), run = net.run(net.ids(words)), last = run.p.length - 1;
    lit_(
      root, steps_(0, last + 1), last + 1, [last],
      { below: words, above: Array.from({ length: last + 1 }, () => t[net.answers[best(run.p[last])]]) });
    clear(place).append(
      el("p", { class: "steady" }, ...words.map((one, n) => {
        const p = run.p[n][0], piece = el("span", { class: "token" }, one);
        piece.style.borderColor = tone(2 * p - 1);
        return tip(piece, fill(t.sofar, { p: share(p) }));
      })),
      bars(net.answers.map((one) => t[one]), run.p[last], { all: true }));
  };
  root.append(
    el("div", { class: "control" }, choose(t.opinion, texts.map((one) => [one, one]), texts[1], show)), place);
  show(texts[1]);
}
function translated(net, english) {
  const texts = [...english.map((one) => `en:${one}`), "fr:."], words = [];
  for (let n = 0; n < 8; ++n) {
    const one = net.answers[best(net.next(texts))];
    if (one === ".") break;
    words.push(one);
    texts.push(`fr:${one}`);
  }
  return words;
}
function translation(net, root, t) {
  const place = el("p", { class: "result", "aria-live": "polite" });
  const show = (n) => {
    const unseen = TASKS.unseen.includes(n), words = translated(net, TASKS.english[n]);
    place.textContent = `${TASKS.english[n].join(" ")} → ${words.join(" ")}`;
    const read = TASKS.english[n].length, said = [...words, "."];
    lit_(
      root, steps_(0, read), read + said.length, steps_(read, said.length),
      { below: TASKS.english[n], above: [...new Array(read).fill(""), ...said], feedback: true });
    if (unseen)
      place.append(el("small", {}, words.join(" ") === TASKS.french[n].join(" ") ? t.unseen : fill(t.wrong, {
                        right: TASKS.french[n].join(" ")
                      })));
  };
  root.append(el("div", { class: "control" }, slider(t.number, 1, 99, 76, show)), place);
  show(72);
  root.querySelector("input").value = 72;
  root.querySelector("output").textContent = "72";
}
function tagged(net, root, t) {
  const texts = ["the fish swim", "they fish the fish", "the can can", "we can the can", "I see the swim"],
        place = el("div");
  const show = (text) => {
    const words = text.split(" "), run = net.run(net.ids(words)), all = steps_(0, words.length);
    lit_(root, all, words.length, all, { below: words, above: run.p.map((p) => t[net.answers[best(p)]]) });
    clear(place).append(el(
      "p", { class: "tags" },
      ...words.map((one, n) => el("span", {}, el("b", {}, one), el("small", {}, t[net.answers[best(run.p[n])]])))));
  };
  root.append(el("div", { class: "control" }, choose(t.words, texts.map((one) => [one, one]), texts[2], show)), place);
  show(texts[2]);
}
FIGURES.tasks = (root, t) => {
  const rows = [
    ["one-to-one", kind([0], 1, [0]), digits],
    ["one-to-many", kind([0], 4, [0, 1, 2, 3]), spelled],
    ["many-to-one", kind([0, 1, 2, 3], 4, [3]), opinion],
    ["many-to-many", kind([0, 1], 5, [2, 3, 4]), translation],
    ["synced", kind([0, 1, 2, 3], 4, [0, 1, 2, 3]), tagged],
  ];
  const french = network(NETWORKS["many-to-many"]);
  const good = TASKS.unseen.filter((n) => translated(french, TASKS.english[n]).join(" ") === TASKS.french[n].join(" "));
  const unseen = { unseen: TASKS.unseen.join(", "), good: good.length };
  root.append(...rows.map(([name, drawing, run]) => {
    const place = el("div", { class: "running" }), small = el("div", { class: "small" }, drawing);
    place.small = small;
    run(network(NETWORKS[name]), place, t);
    return el(
      "section", { class: "task" }, small,
      el("div", {}, el("h3", {}, t[name]), el("p", { class: "soft" }, fill(t[`about ${name}`], unseen)), place));
  }));
  const place = el("div");
  root.append(el(
    "section", { class: "attention" }, el("h3", {}, t["attention title"]),
    el("p", { class: "soft" }, t["about attention"]), place));
  attending(NETWORKS.attention, place, t);
};
