// Chapter 6: the five kinds of sequence task, each running.
function kind(inputs, copies, outputs, letters = null) {
  // a small picture: which steps have an input, and which an output; with letters, each output is the next input
  const svg = draw("svg", { width: 34 * copies + 8, height: 92, "aria-hidden": "true" });
  for (let n = 0; n < copies; ++n) {
    const x = 4 + 34 * n;
    if (n) svg.append(arrow(x - 10, 46, x + 1, 46));
    if (inputs.includes(n))
      svg.append(
        draw("rect", { x: x + 3, y: 70, width: 18, height: 18, rx: 3, class: "input" }), arrow(x + 12, 70, x + 12, 59));
    svg.append(draw("rect", { x: x + 1, y: 35, width: 22, height: 22, rx: 5, class: "copy" }));
    if (outputs.includes(n))
      svg.append(
        draw("rect", { x: x + 3, y: 4, width: 18, height: 18, rx: 3, class: "state" }), arrow(x + 12, 34, x + 12, 24));
    if (letters) svg.append(word(x + 12, 17, letters[n]));
    if (letters && n + 1 < copies)
      svg.append(
        draw("g", { class: "arrow" }, draw("path", { class: "line", d: `M${x + 21} 13h8V72h17V66` })),
        arrow(x + 46, 70, x + 46, 59));
  }
  return svg;
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
    const letters = lettersOf(net, digit), steps = letters.map((_, n) => n);
    place.textContent = letters.join(" → ");
    // the small picture at the left has the letters that are written
    clear(root.small).append(kind([0], letters.length, steps, letters));
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
    const words = text.split(" "), run = net.run(net.ids(words));
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
  const unseen = { unseen: TASKS.unseen.join(", ") };
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
