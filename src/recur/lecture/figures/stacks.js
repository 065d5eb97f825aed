// Chapters 7 and 8: two directions joined at z_t, and layers on top of each other; the error where the answer is.
// a bar for the error of a step, as high as it is large, with its number
function errorBar(svg, x, bottom, e, most = 44, narrow = false) {
  const high = Math.min(most, 40 * e);
  if (e > 0.02) svg.append(draw("rect", { x: x - 7, y: bottom - high, width: 14, height: high, class: "wrong" }));
  svg.append(word(x, bottom - high - 5, `${narrow ? "" : "e = "}${shown(e)}`, { class: "digits" }));
}
// on a phone a state is a column of cells, else a row; the lower end of one or two rows of copies
const highOf = (wide) => wide > 480 ? 26 : 56;
const chainsBottom = (rows, wide) => 156 + rows * (highOf(wide) + 38);
// one or two rows of copies: words below, messages to the right or to the left, both states joined in z_t
function chains(svg, wide, words, rows, answers) {
  const T = words.length, left = wide > 600 ? 106 : 4, gap = (wide - left - 6) / T, both = rows.length === 2;
  const aside = both ? Math.min(34, gap * 0.22) : 0, width = Math.min(66, gap * (both ? 0.44 : 0.56)), top = 98;
  const high = highOf(wide), apart_ = high + 38, bottom = chainsBottom(rows.length, wide);
  const x = (n, r) => left + gap * (n + 0.5) + (r ? aside : -aside), y = (r) => bottom - apart_ * (r + 1) - 8;
  rows.forEach((row, r) => {
    if (wide > 600) svg.append(word(left - 14, y(r) + high / 2 + 5, row.name, { "text-anchor": "end", class: "soft" }));
    words.forEach((_, n) => {
      const to = row.reverse ? n - 1 : n + 1, side = (row.reverse ? -1 : 1) * width / 2;
      const fork = draw("path", { class: "line", d: `M${left + gap * (n + 0.5)} ${bottom - 4}v-8H${x(n, r)}` });
      if (to >= 0 && to < T) svg.append(arrow(x(n, r) + side, y(r) + high / 2, x(to, r) - side, y(r) + high / 2));
      svg.append(
        draw("g", { class: "arrow" }, fork), arrow(x(n, r), bottom - 12, x(n, r), y(r) + high + 2),
        arrow(x(n, r), y(r), x(n, r), top + 30));
    });
  });
  rows.forEach((row, r) => words.forEach((one, n) => {
    svg.append(draw("rect", { x: x(n, r) - width / 2, y: y(r), width, height: high, rx: 6, class: "copy" }));
    const values = row.h[n], name = `${row.name}, ${one}`;
    if (high > 40) {
      const cell = (high - 6) / values.length, half = width / 2 - 3;
      svg.append(vector(x(n, r) - half, y(r) + 3, values, name, { cell, wide: 2 * half, numbers: false }));
    } else {
      const cell = Math.min(10, (width - 6) / values.length), half = cell * values.length / 2;
      svg.append(vector(x(n, r) - half, y(r) + 13 - cell / 2, values, name, { cell, across: true }));
    }
  }));
  words.forEach((one, n) => {
    const middle = left + gap * (n + 0.5), half = Math.min(gap / 2 - 3, Math.max(18, aside + 12)), answer = answers[n];
    errorBar(svg, middle, top - 36, answer.e, 44, gap < 70);
    svg.append(
      draw("rect", { x: middle - half, y: top, width: 2 * half, height: 28, rx: 14, class: "state" }),
      symbol(middle, top + 18, "z", String(n + 1)),
      word(middle, top - 22, answer.said, { class: answer.strong ? "said strong" : "said" }),
      word(middle, top - 6, share(answer.p), { class: "soft" }), word(middle, bottom + 12, one, { class: "said" }));
  });
}
// the sentences of chapter 7: the last word says whether the noun is an animal or a thing
function meanings() {
  const { nouns: nouns_, between, living, broken } = TASKS;
  return nouns_.flatMap(
    (noun) => between.flatMap(
      (middle) => [...living, ...broken].map((last) => ({
                                               words: `the ${noun} ${middle} ${last}`.split(" ").filter(Boolean),
                                               answer: living.includes(last) ? "animal" : "thing"
                                             }))));
}
// of how many sentences the noun, the second word, is labelled right
const nounsRight = (net, rows) =>
  rows.filter((one) => net.answers[best(net.run(net.ids(one.words)).p[1])] === one.answer).length;
FIGURES.bidirectional = (root, t) => {
  const nets = [network(NETWORKS["meanings one direction"]), network(NETWORKS["meanings two directions"])];
  const all = meanings(), right = nets.map((net) => nounsRight(net, all));
  const place = el("div", { class: "drawing" }), told = el("p", { class: "told", "aria-live": "polite" });
  let noun = "bat", middle = "that we saw", last = "broke";
  const show = () => {
    const words = `the ${noun} ${middle} ${last}`.split(" ").filter(Boolean);
    const meant = TASKS.living.includes(last) ? "animal" : "thing", ps = [];
    clear(place);
    nets.forEach((net, both) => {
      const run = net.run(net.ids(words)), H = net.hidden, rows = [
        { name: t.forwards, h: run.h.map((h) => h.slice(0, H)) },
        { name: t.backwards, h: run.h.map((h) => h.slice(H)), reverse: true }
      ].slice(0, both + 1);
      ps.push(run.p[1]);
      const answers = run.p.map((p, n) => {
        const target = net.answers.indexOf(n === 1 ? meant : "word"), said = net.answers[best(p)];
        const mark = n !== 1 ? "" : said === meant ? " ✓" : " ✗";
        return { said: t[said] + mark, p: Math.max(...p), strong: n === 1, e: -Math.log(p[target]) };
      });
      place.append(el("h3", {}, both ? t.two : t.forward_only));
      picture(place, (wide) => chainsBottom(rows.length, wide) + 24, both ? t.label_two : t.label, (svg, wide) => {
        chains(svg, wide, words, rows, answers);
      });
      place.append(el("p", { class: "soft" }, fill(t.score, { right: right[both], all: all.length })));
    });
    told.textContent = fill(t.told, {
      noun,
      last,
      meant: t[meant],
      one: share(ps[0][nets[0].answers.indexOf(meant)]),
      two: share(ps[1][nets[1].answers.indexOf(meant)])
    });
  };
  const pick = (label, list, value, tell) => choose(label, list.map((one) => [one, one || "–"]), value, (v) => {
    tell(v);
    show();
  });
  root.append(
    controls(
      pick(t.noun, TASKS.nouns, noun, (v) => (noun = v)), pick(t.between, TASKS.between, middle, (v) => (middle = v)),
      pick(t.last, [...TASKS.living, ...TASKS.broken], last, (v) => (last = v))),
    place, told);
  show();
};
// the class at the end of each opinion in a line of letters; "" elsewhere
function opinions(letters) {
  let nots = 0;
  const text = letters.join("");
  return letters.map((one, n) => {
    if (one !== " ") return "";
    const said = text.slice(0, n).split(" ").at(-1);
    nots += said === "not";
    if (said === "not") return "";
    const good = (said === "good" || said === "fun") !== (nots % 2 === 1);
    nots = 0;
    return good ? "good" : "bad";
  });
}
// how many of the answers to all pairs of opinions are right, of how many; the unit of the top layer whose sign alone
// gives most of them, and how many
function pairsRight(net) {
  const one =
    ["", "not ", "not not "].flatMap((nots) => ["good", "bad", "fun", "dull"].map((each) => `${nots}${each} `));
  let right = 0, all = 0;
  const above = new Array(net.hidden).fill(0);
  one.forEach((first) => one.forEach((second) => {
    const letters = [...first + second], targets = opinions(letters), run = net.run(net.ids(letters));
    targets.forEach((target, n) => {
      all += target !== "";
      right += target !== "" && net.answers[best(run.p[n])] === target;
      if (target) run.h[n].forEach((v, u) => (above[u] += (v > 0) === (target === "good")));
    });
  }));
  const signs = above.map((v) => Math.max(v, all - v)), unit = best(signs);
  return [right, all, unit + 1, signs[unit]];
}
// the state of every layer after a text
const stateAfter = (net, text) =>
  net.run(net.ids([...text])).frames.map((one, n) => output(net.layers[n].step, one.at(-1)));
// what a second "not" does to a layer: the largest change of a unit, and the unit that it turns back most (-1: none)
function counting(net, layer) {
  const [once, twice] = ["not ", "not not "].map((text) => stateAfter(net, text)[layer]);
  const back = once.map((v, u) => v * (twice[u] - v) < 0 ? Math.abs(v - twice[u]) : 0), most = Math.max(...back);
  const unit = most > 0 ? back.indexOf(most) : -1;
  return {
    unit,
    once: once[unit],
    twice: twice[unit],
    change: Math.max(...once.map((v, u) => Math.abs(v - twice[u])))
  };
}
function countSaid(net, t, [, all, sign, given]) {
  const first = counting(net, 0), said = [fill(t.alike, { change: shown(Math.ceil(100 * first.change) / 100) })];
  if (net.layers.length > 1) {
    const { unit, once, twice } = counting(net, 1);
    said.push(fill(t.counts, { unit: unit + 1, once: shown(once), twice: shown(twice) }));
  }
  return [...said, fill(t.sign, { n: net.layers.length, unit: sign, given, all })].join(" ");
}
// ||de/dh|| of every layer at every step, of the error of one step: it enters at the top, and goes down and back
function layerGradients(net, run, step, target) {
  const dz = run.p[step].map((v, k) => v - Number(net.answers[k] === target));
  let outside = run.p.map((_, n) => n === step ? throughReadout(net, dz) : null);
  return [...net.layers]
    .reverse()
    .map((layer, n) => {
      const { back } = backward(layer, run.frames[net.layers.length - 1 - n], outside);
      outside = back.map((d) => part(d, layer.step.dx));
      return back.map((d) => norm(part(d, layer.step.states.h.seed)));
    })
    .reverse();
}
// the strongest colour of a state of these layers, whose values have no bound
const STRONGEST = 4;
FIGURES.deep = (root, t) => {
  const nets = [1, 2, 3].map((n) => network(NETWORKS[`deep ${n}`])), right = nets.map(pairsRight);
  const texts = ["not not bad", "not bad fun", "good not dull", "fun not not good"];
  let depth = 1, text = texts[0], view = "states";
  const place = el("div", { class: "drawing" }), told = el("p", { class: "told", "aria-live": "polite" });
  const score = el("div", { class: "scores" });
  const show = () => {
    const net = nets[depth - 1], letters = [...`${text} `], run = net.run(net.ids(letters)),
          targets = opinions(letters);
    const last = letters.length - 1, gradients = layerGradients(net, run, last, targets[last]);
    const most = Math.max(...gradients.flat());
    const errors = targets.map((one, n) => one ? -Math.log(run.p[n][net.answers.indexOf(one)]) : 0);
    picture(clear(place), 186 + 74 * depth, t.label, (svg, wide) => {
      const left = wide > 600 ? 70 : 22, bottom = 136 + 74 * depth, gap = (wide - left - 4) / letters.length;
      const width = gap * 0.6, x = (n) => left + gap * (n + 0.5), y = (r) => bottom - 74 * (r + 1) + 10;
      net.layers.forEach((layer, r) => {
        const name = fill(t.layer, { n: r + 1 }), size_ = 52 / net.hidden;
        letters.forEach((_, n) => {
          const h = output(layer.step, run.frames[r][n]), g = gradients[r][n] / most;
          if (n < last) svg.append(arrow(x(n) + width / 2, y(r) + 26, x(n + 1) - width / 2, y(r) + 26));
          svg.append(arrow(x(n), y(r) + 74, x(n), y(r) + 54));
          svg.append(
            draw("rect", { x: x(n) - width / 2 - 1, y: y(r) - 1, width: width + 2, height: 54, class: "copy" }));
          if (view === "states")
            svg.append(vector(
              x(n) - width / 2, y(r), h, `${name}, ${n + 1}`,
              { cell: size_, wide: width, numbers: false, most: STRONGEST }));
          else
            svg.append(tip(
              draw("rect", { x: x(n) - width / 2, y: y(r), width, height: 52, style: `fill:${tone(g)}` }),
              fill(t.reached, { layer: r + 1, n: n + 1, share: amount(g) })));
        });
        svg.append(
          wide > 600 ? word(left - 8, y(r) + 30, name, { "text-anchor": "end", class: "soft" }) :
                       word(14, y(r) + 26, name, { class: "soft", transform: `rotate(-90 14 ${y(r) + 26})` }));
      });
      letters.forEach((one, n) => {
        svg.append(word(x(n), bottom + 27, one === " " ? "␣" : one, { class: "said" }));
        if (!targets[n]) return;
        const guess = net.answers[best(run.p[n])], place_ = Math.min(wide - 34, x(n));
        svg.append(
          arrow(x(n), y(depth - 1), x(n), 98), draw("circle", { cx: x(n), cy: 84, r: 13, class: "state" }),
          word(x(n), 89, "p", { class: "math", "font-style": "italic" }),
          word(place_, 64, `${t[guess]} ${guess === targets[n] ? "✓" : "✗"}`, { class: "said strong" }));
        errorBar(svg, place_, 48, errors[n], 32);
      });
    });
    place.append(view === "states" ? valueScale(STRONGEST, t.scale) : shareScale(t.scale_error));
    const strongest =
      gradients.flatMap((row, r) => row.map((v, n) => [v, r + 1, n + 1])).sort((a, b) => b[0] - a[0])[0];
    const short = (v) => v >= 0.01 ? shown(v) : small(v);
    told.textContent = view === "states" ?
      `${fill(t.told, { n: depth, e: shown(errors[last]) })} ${countSaid(net, t, right[depth - 1])}` :
      fill(t.told_error, {
        n: depth,
        e: short(errors[last]),
        most: short(strongest[0]),
        layer: strongest[1],
        step: strongest[2],
        letter: letters[strongest[2] - 1].replace(" ", "␣")
      });
    score.replaceChildren(...nets.map((one, n) => {
      const p = right[n][0] / right[n][1], bar = el("i", { class: n === depth - 1 ? "right" : "" });
      bar.style.width = `${100 * p}%`;
      const name = fill(t.row, { n: n + 1, units: one.hidden, weights: one.parameters });
      return el(
        "div", { class: "score" }, el("span", {}, name), el("span", { class: "track" }, bar), el("b", {}, share(p)));
    }));
  };
  root.append(controls(choose(t.text, texts.map((each) => [each, each]), text, (v) => {
                         text = v;
                         show();
                       }), slider(t.layers, 1, 3, depth, (v) => {
                         depth = v;
                         show();
                       }), choice(t.view, [["states", t.states], ["error", t.error]], view, (v) => {
                         view = v;
                         show();
                       })), place, told, el("h3", {}, t.scores), score, el("p", { class: "soft" }, fill(t.tested, {
                                                                             all: right[0][1]
                                                                           })));
  show();
};
