// Chapter 9: what one unit of the LSTM remembers: its cell state and its gates over a sentence, for every country.
// what a gate does, by a rule that is stated beside the figure, of the numbers as they are printed
function deeds(f, written, o) {
  const [keep, write, show] = [f, Math.abs(written), o].map((v) => +v.toFixed(2));
  return [
    keep <= 0.1   ? "erased" :
      keep >= 0.9 ? "kept" :
                    "part",
    write >= 0.5  ? "written" :
      write < 0.1 ? "nothing" :
                    "little",
    show >= 0.9   ? "read" :
      show <= 0.1 ? "hidden" :
                    "partly"
  ];
}
// the place of the country in a sentence of chapter 5
const CUE = 4;
// f, i, g, o, c and h of one unit at every step of a text
function unitTrace(net, run, unit) {
  const { states, values } = net.layers[0].step;
  return run.frames[0].map(
    (frame) => ({
      ...Object.fromEntries(["f", "i", "g", "o"].map((one) => [one, part(frame, values[one].value)[unit]])),
      c: part(frame, states.c.after)[unit],
      h: part(frame, states.h.after)[unit],
    }));
}
// the place of a word of a sentence in the pictures of the chapter
function sentencePlace(wide, count) {
  const left = 30, gap = (wide - left - 4) / count;
  return { left, gap, at: (n) => left + gap * (n + 0.5) };
}
function sentenceWords(svg, place, texts, n, y) {
  texts.forEach(
    (one, m) => svg.append(draw(
      "text", {
        x: place.at(m),
        y,
        "text-anchor": "end",
        transform: `rotate(-62 ${place.at(m)} ${y})`,
        class: m === n ? "said strong" : "said"
      },
      one)));
}
// the chart of c, a line per country, and below it the gates as cells; a press on a word chooses it
function traceChart(root, traces, chosen, texts, n, t, choose_) {
  const all = Object.values(traces).flat().map((one) => one.c), low = Math.floor(Math.min(0, ...all)),
        high = Math.ceil(Math.max(0, ...all)), top = 26, bottom = 136, own = traces[chosen];
  // where a column is narrow, its numbers are turned
  const turned = sentencePlace(root.clientWidth || 640, texts.length).gap <= 31, tall = turned ? 34 : 20;
  const gates = ["f", "i", "o"], end = 148 + (tall + 2) * gates.length;
  picture(clear(root), end + 76, t.trace, (svg, wide) => {
    const place = sentencePlace(wide, texts.length), { left, gap } = place;
    const y = (v) => bottom - (bottom - top) * (v - low) / (high - low);
    svg.append(word(left, 14, t.cell_of, { class: "soft", "text-anchor": "start" }));
    for (const v of new Set([low, 0, high]))
      svg.append(
        draw("path", { d: `M${left} ${y(v)}H${wide - 4}`, class: "grid" }),
        word(left - 6, y(v) + 4, shown(v, 0), { "text-anchor": "end", class: "soft" }));
    for (const [country, trace] of [...Object.entries(traces).filter(([one]) => one !== chosen), [chosen, own]]) {
      const mine = country === chosen;
      svg.append(draw("polyline", {
        points: trace.map((one, m) => `${place.at(m)},${y(one.c)}`).join(" "),
        class: mine ? "curve" : "curve others",
        style: `stroke:var(--${mine ? "lstm" : "soft"})`
      }));
    }
    own.forEach(
      (one, m) => svg.append(draw("circle", { cx: place.at(m), cy: y(one.c), r: 3.5, style: "fill:var(--lstm)" })));
    gates.forEach((gate, row) => {
      const above = 148 + (tall + 2) * row;
      svg.append(draw(
        "text", { x: left - 8, y: above + tall / 2 + 5, "text-anchor": "end", class: "math", "font-style": "italic" },
        gate));
      own.forEach((one, m) => {
        const v = one[gate], x = place.at(m), y = above + tall / 2;
        svg.append(
          draw("rect", { x: left + gap * m, y: above, width: gap - 1, height: tall, style: `fill:${tone(v)}` }),
          word(
            x, y + 4, shown(v),
            { style: `fill:${ink()}`, class: "digits", ...(turned ? { transform: `rotate(-90 ${x} ${y})` } : {}) }));
      });
    });
    svg.append(
      draw("rect", { x: left + gap * n - 1, y: top - 4, width: gap + 1, height: end - top + 2, class: "frame" }));
    own.forEach((one, m) => {
      const box = draw("rect", { x: left + gap * m, y: top, width: gap, height: end - top, class: "hit" });
      box.addEventListener("click", () => choose_(m));
      svg.append(tip(
        box, `${texts[m]}\nc ${shown(one.c)}\nf ${shown(one.f)}, i · g ${shown(one.i * one.g)}, o ${shown(one.o)}`));
    });
    sentenceWords(svg, place, texts, n, end + 18);
  });
}
