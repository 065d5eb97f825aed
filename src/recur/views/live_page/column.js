// One network: its answer, its pictures, and the text that it generates.
class Column {
  constructor(facts, state) {
    this.facts = facts;
    this.state = state;
    this.problem = el("p", { class: "problem", role: "alert" });
    this.next = el("section");
    this.answered = el("section");
    this.network = el("section");
    this.words = el("section");
    this.inner = el("section");
    this.written = el("div", { class: "written", dir: "auto", "aria-live": "polite" });
    this.deep = el("section");
    this.matcher = new Matcher(this);
    const figure =
      facts.held_out && facts.figure ? `, held-out ${facts.figure} ${Recur.number(facts.held_out[facts.figure])}` : "";
    this.root = el(
      "div", { class: "column" }, el("h1", {}, facts.name),
      el(
        "p", { class: "soft" },
        `${facts.sentence}; ${facts.cell ? facts.cell + ", " : ""}${facts.parameters.toLocaleString("en")} parameters${
          figure}`),
      this.problem);
    const first = el("div", {}, this.next, this.answered);
    if (facts.writes === "notes" && facts.sessions) {
      first.append(
        el("div", { class: "controls" }, el("button", { type: "button", onclick: () => this.play() }, "continue")));
    } else if (facts.generates || facts.searches) {
      this.verb = facts.searches ? "draw an answer" : "continue";
      this.button = el("button", { type: "button", onclick: () => this.write() }, this.verb);
      const take = el(
        "button", {
          type: "button",
          class: "take",
          onclick: () => {
            type(view.text + this.written.textContent);
          }
        },
        "take it over");
      first.append(el("div", { class: "controls" }, this.button, facts.generates ? take : null), this.written);
    }
    // the answer, and beside it, where there is room, the network
    this.root.append(
      el("div", { class: "first" }, first, this.network), this.words, this.inner, this.matcher.root, this.deep);
  }
  // the sections that are drawn at every key
  get quick() {
    return [this.next, this.answered, this.network, this.words, this.inner];
  }
  stop(name) {
    if (this[name]) this[name].abort();
    return (this[name] = new AbortController()).signal;
  }
  say(name, message) {
    this.said = {...this.said, [name]: message };
    this.problem.textContent = [...new Set(Object.values(this.said))].filter(Boolean).join("; ");
  }
  // one request of each name at a time; an error replaces the older pictures that it concerns
  async guarded(name, sections, work) {
    const signal = this.stop(name);
    this.say(name, "");
    try {
      await work(signal);
    } catch (error) {
      if (signal.aborted) return;
      sections.filter((one) => one.classList.contains("busy")).forEach(blank);
      this.say(name, error.message);
    }
  }
  // the input changed: pending requests are cancelled, pictures are dimmed until they are redrawn
  withdraw() {
    clearTimeout(this.timer);
    for (const name of ["following", "looking", "playing", "writing", "matching"]) {
      if (this[name]) this[name].abort();
      this.say(name, "");
    }
    this.written.textContent = "";
    this.explanation = null;
    this.matcher.clear();
    delete this.root.dataset.drawn;
    delete this.root.dataset.followed;
    blank(this.deep);
    if (this.facts.writes === "notes") {
      blank(this.words);
      silence();
    }
    this.quick.forEach((one) => this.dim(one));
    Recur.untip();
  }
  dim(section) {
    if (section.hasChildNodes()) {
      section.classList.add("busy");
      section.inert = true;
    }
  }
  refresh() {
    this.withdraw();
    this.follow();
    this.timer = setTimeout(() => {
      // after this time the pictures of an older input are hidden
      this.quick.filter((one) => one.classList.contains("busy")).forEach((one) => one.replaceChildren());
      this.look();
    }, SLOW);
  }
  // the candidates, what supports them, and every state and gate: updated at every key
  follow() {
    const text = view.text, model = this.facts.name;
    if (FILES[this.facts.reads] || this.facts.reads === null)
      return this.guarded("following", [this.answered, this.words], (signal) => this.answer(signal));
    if (this.facts.writes === "notes") return undefined;
    return this.guarded("following", this.quick, async (signal) => {
      // the candidates are requested first, since one thread computes, and drawn while it explains
      let next = null;
      if (this.facts.generates) {
        this.dim(this.next);
        next = told("next", { model, text, top: innerWidth > 520 ? 12 : 6, ...this.draw() }, signal);
      }
      // the network is drawn before it is known what supports the answer; a search for an answer runs only once
      const methods = [this.state.method || "swap"];
      const value = typed(this.facts, text), body = { model, value, methods, top: 5, options: 1, ...this.search() };
      const requests = this.facts.searches ? [["states", "influence"]] : [["states"], ["influence"]];
      const asked = text.trim() ? requests.map((parts) => told("explain", {...body, parts }, signal)) : [];
      asked.forEach((one) => one.catch(() => {}));  // if the candidates fail first, that error is shown
      if (next) this.paintNext((await next).items);
      if (!asked.length) return this.quick.slice(1).forEach(blank);
      const data = await asked[0], isNew = () => this.root.dataset.drawn !== text;
      if (isNew()) this.paintAnswer(data);
      blank(this.network);
      Recur.chain(this.network, data);
      // drawn while the server computes the reasons
      blank(this.inner);
      Recur.surprise(this.inner, data);
      Recur.states(this.inner, data, this.state);
      this.matcher.show(data);
      // the gradient through time covers more candidates, and may arrive first
      const reasons = await asked.at(-1);
      if (isNew()) this.paintReasons(reasons);
      this.root.dataset.followed = text;
    });
  }
  // the gradient through time: requested when typing pauses
  look() {
    const text = view.text, { reads, writes } = this.facts;
    if (!text.trim() || FILES[reads] || reads === null || writes === "notes") return blank(this.deep);
    this.deep.classList.add("busy");
    this.deep.replaceChildren(el("p", { class: "soft" }, "computing the gradient through time …"));
    return this.guarded("looking", [this.deep], async (signal) => {
      const body = {
        model: this.facts.name,
        value: typed(this.facts, text),
        parts: ["influence", "flow", "unrolled"],
        top: 5,
        ...this.search()
      };
      const data = await told("explain", body, signal);
      this.paintAnswer(data);
      this.paintReasons(data);
      blank(this.deep);
      this.explanation = data;
      const every = columns.map((one) => one.explanation).filter((one) => one && one.input.text === data.input.text);
      Recur.flow(this.deep, data, every.length ? every : [data], this.state);
      Recur.unrolled(this.deep, data, this.state);
      this.root.dataset.drawn = text;
    });
  }
  // for a picture, a sound or a video: the answer of the network
  async answer(signal) {
    const { name, reads } = this.facts, file = files[reads];
    if (!file && reads !== null) return [this.answered, this.words].forEach(blank);
    const body = { model: name, inputs: [file ? file.data : null], top: 5 };
    if (this.facts.searches) body.beam = +view.beam;
    const found = (await told("predict", body, signal)).predictions[0];
    fill(
      this.answered, el("h2", {}, "The answer"),
      el("p", { class: "answer", dir: "auto", "aria-live": "polite" }, found.shown),
      this.bars(found.scores.map((one) => ({ label: String(one.value), probability: one.probability }))));
    blank(this.words);
    Recur.alignment(this.words, { alignment: found.attention });
    this.root.dataset.drawn = file ? file.name : "";
  }
  bars(candidates) {
    const rows = candidates.flatMap(({ label, probability }) => {
      const share = probability !== null && probability < 1e-4 ? probability.toExponential(1) : percent(probability);
      return [el("span", {}, label || "(nothing)"), el("span", {}, share), Recur.track(probability)];
    });
    return el("div", { class: "bars" }, ...rows);
  }
  // the items of an answer, of which one is explained
  steps({ question: { steps, place } }) {
    if (!steps || steps.length < 2) return "";
    return el(
      "div", { class: "controls", role: "group", "aria-label": "the item that is explained" },
      el("span", { class: "soft" }, "explain"),
      ...steps.map(
        (label, n) => el(
          "button", {
            type: "button",
            "aria-pressed": String(n === place),
            onclick: () => {
              this.state.at = n + 1;
              delete this.state.frame;
              keep();
              this.follow();
              this.look();
            }
          },
          visible(label))));
  }
  // how symbols are drawn, and how wide the search for an answer is
  draw() {
    const how = { temperature: +view.temperature };
    if (how.temperature > 0 && +view.top_k > 0) how.top_k = +view.top_k;
    if (how.temperature > 0 && +view.top_p < 1) how.top_p = +view.top_p;
    return how;
  }
  search() {
    return {...this.facts.searches ? { beam: +view.beam } : {}, ...this.state.at ? { at: this.state.at } : {} };
  }
  // for notes: the piece is continued, drawn and can be played
  play() {
    return this.guarded("playing", [this.words], async (signal) => {
      silence();
      this.dim(this.words);
      const text = view.text, body = {
        model: this.facts.name,
        opening: text.trim(),
        length: +view.length,
        temperature: +view.temperature,
        seed: +view.seed
      };
      const piece = await told("play", body, signal);
      fill(
        this.words, el("h2", {}, "The piece"), pianoRoll(piece),
        el(
          "div", { class: "controls" },
          el("button", { type: "button", onclick: (e) => hear(piece, e.target) }, "▶ hear it"),
          piece.midi ? el("a", { href: piece.midi, download: "piece.mid" }, "piece.mid") : null),
        el("p", {}, piece.line || ""));
      this.root.dataset.drawn = text;
    });
  }
  // the answer first, then which inputs support it
  paintAnswer(data) {
    blank(this.answered);
    if (data.question.answer)
      this.answered.append(
        el("h2", {}, "The answer"),
        el("p", { class: "answer", dir: "auto", "aria-live": "polite" }, data.question.answer), this.steps(data),
        el("p", { class: "soft" }, data.question.says));
    if (data.candidates)
      this.answered.append(
        el("h3", {}, "Candidates of the search"), this.bars(data.candidates),
        el("p", { class: "soft" }, "p of the whole answer; ordered by log p divided by ((5 + length) / 6)^0.6."));
  }
  paintReasons(data) {
    blank(this.words);
    Recur.alignment(this.words, data);
    Recur.forecast(this.words, data);
    Recur.influence(this.words, data, this.state);
  }
  paintNext(items) {
    const buttons = [], rows = items.flatMap((one) => {
      const bar = (share, name) => {
        const b = el("div", { class: name });
        b.style.width = 100 * share + "%";
        return b;
      };
      const says =
        `${visible(one.value)}: ${percent(one.probability)} of the network, drawn with ${percent(one.drawn)}`;
      const row = el("div", { class: "track" }, bar(one.probability, "p"), bar(one.drawn, "q"));
      const button = el(
        "button", {
          type: "button",
          class: one.drawn ? "" : "out",
          "aria-label": says,
          onclick: () => type(joined(this.facts, view.text, one.value))
        },
        visible(one.value));
      buttons.push(tip(button, says));
      return [button, el("span", {}, percent(one.drawn)), tip(row, says)];
    });
    const key = (name, colour) => {
      const k = el("span", { class: "key" });
      k.style.background = colour;
      return el("span", {}, k, name);
    };
    fill(
      this.next, el("h2", {}, "What comes next"),
      Recur.oneStop(
        el("div", { class: "next", role: "group", "aria-label": "candidates for the next item" }, ...rows), buttons),
      el(
        "p", { class: "soft" }, key("the network's probability", "var(--against)"),
        key("when drawn, as the figure says: no special symbols, after temperature, top-k and top-p", "var(--for)"),
        "; a click writes it"));
  }
  write() {
    if (this.busyWriting) {
      this.writing.abort();
      return undefined;
    }
    return this.guarded("writing", [], async (signal) => {
      this.busyWriting = true;
      this.button.textContent = "stop";
      this.written.textContent = "";
      try {
        const file = files[this.facts.reads], prompt = file ? file.data : view.text;
        if (FILES[this.facts.reads] && !file) throw new Error("there is nothing to read (choose a file)");
        const body = { model: this.facts.name, prompt, length: +view.length, seed: +view.seed, ...this.draw() };
        for await (const piece of pieces("generate", body, signal)) this.written.textContent += piece;
      } finally {
        this.busyWriting = false;
        this.button.textContent = this.verb;
      }
    });
  }
}
