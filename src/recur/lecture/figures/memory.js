// Chapter 2: the same letter, two answers, because of the memory; and the memory erased.
FIGURES.memory = (root, t) => {
  const net = network(NETWORKS.spelled), place = el("div", { class: "moments" });
  const told = el("p", { class: "told", "aria-live": "polite" });
  const hello = net.run(net.ids([..."hell"])).h;
  let letters = "hell", erase = 0;
  const show = () => {
    const run = net.run(net.ids([...letters]), { erase });
    clear(place).append(...[...letters].map((letter, n) => {
      const cells = el("div", { class: "vector" }, ...run.h[n].map((v, u) => {
        const one = el("span", {}, shown(v));
        one.style.cssText = `background:${tone(v)};color:${ink()}`;
        return tip(one, `h${n + 1}, ${t.unit} ${u + 1}: ${shown(v, 3)}`);
      }));
      const cut = erase === n && n > 0 ? el("p", { class: "cut off" }, `${t.cut} 0 0 0 →`) :
                                         el("p", { class: "cut" }, n ? "→" : "");
      return el(
        "section", { class: "moment" }, cut, el("h3", {}, `${t.step} ${n + 1}`), el("p", { class: "letter" }, letter),
        el("p", { class: "soft" }, t.state), cells, el("p", { class: "soft" }, t.answer),
        bars(net.answers, run.p[n], { all: true }));
    }));
    const places = [...letters].map((one, n) => one === "l" ? n : -1).filter((n) => n >= 0);
    const said = places.map((n) => net.answers[best(run.p[n])]);
    if (places.length < 2)
      told.textContent = fill(t.once, {
        n: places[0] + 1,
        a: said[0],
        second: shown(norm(run.h[places[0]].map((v, u) => v - hello[3][u]))),
        first: shown(norm(run.h[places[0]].map((v, u) => v - hello[2][u]))),
      });
    else if (places.length === 2)
      told.textContent = fill(t.same, { first: places[0] + 1, second: places[1] + 1, a: said[0], b: said[1] });
    else
      told.textContent =
        fill(t.many, { steps: places.map((n) => n + 1).join(", "), answers: said.map((a) => `“${a}”`).join(", ") });
    if (places.length > 1 && letters !== "hell") told.textContent += ` ${t.untrained}`;
  };
  root.append(
    controls(
      choose(
        t.word, ["hell", "llll", "heel", "elll"].map((one) => [one, one.split("").join(" ")]), letters,
        (v) => {
          letters = v;
          show();
        }),
      choose(
        t.erase, [["0", t.never], ...[1, 2, 3].map((n) => [String(n), fill(t.before, { n: n + 1 })])], "0",
        (v) => {
          erase = +v;
          show();
        })),
    place, told);
  show();
  whichStates(root, t);
};
