// Which states matter: a range of the input is chosen, and the places with the same state are listed.
const PAUSE = 180;  // milliseconds after the last change of a range, when it is requested
class Matcher {
  constructor(column) {
    this.column = column;
    this.root = el("section");
    this.found = el("div", { "aria-live": "polite" });
    this.range = null;
    this.texts = null;
    this.threshold = 0.3;
  }
  clear() {
    clearTimeout(this.timer);
    this.range = null;
    blank(this.root);
    blank(this.found);
  }
  // the items of an explained input
  show(data) {
    const labels = data.input.items, last = labels.at(-1);
    if (!this.column.facts.matches || !data.input.timed || labels.length < 2) return this.clear();
    // a space is read after the last word, which is not typed yet
    const own = last === " " && !/\s$/.test(view.text) ? labels.slice(0, -1) : labels;
    if (this.range && this.labels.join("\n") === own.join("\n")) return undefined;
    this.clear();
    this.labels = own;
    const picker = rangeOf(own, (first, end) => {
      this.range = [first + 1, end];
      this.wait();
    });
    const introduction = el(
      "p", { class: "soft" },
      "Drag over a piece of the input, or tap its first and its last item (keys: arrows, with Shift to extend): the units that are on over it and off beside it are its state. Where else is the network in this state?");
    fill(
      this.root, el("h2", {}, "Which states matter: select a range"), introduction, picker,
      el("div", { class: "controls" }, this.size(), this.corpus()), this.found);
    return undefined;
  }
  size() {
    const shown = el("output", {}, String(this.threshold));
    return el("label", { class: "soft" }, "a unit is on above ", shown, el("input", {
                type: "range",
                min: 0.05,
                max: 0.95,
                step: 0.05,
                value: this.threshold,
                oninput: (e) => {
                  this.threshold = +e.target.value;
                  shown.textContent = String(this.threshold);
                  this.wait();
                }
              }));
  }
  // texts to search in: lines of a file that the page reads, else the input itself
  corpus() {
    const said = el("span", { class: "soft" }, this.said());
    return el(
      "label", { class: "soft" }, "search in a text file, line by line ", el("input", {
        type: "file",
        accept: ".txt,text/plain",
        onchange: async (e) => {
          const [file] = e.target.files;
          this.texts = file ? (await file.text()).split(/\r?\n/).filter((one) => one.trim()) : null;
          this.name = file ? file.name : "";
          said.textContent = this.said();
          this.wait();
        }
      }),
      said);
  }
  said() {
    return this.texts ? ` ${this.texts.length} lines of ${this.name}` : " without a file: in the input itself";
  }
  wait() {
    clearTimeout(this.timer);
    if (this.range) this.timer = setTimeout(() => this.ask(), PAUSE);
  }
  ask() {
    const { column } = this, { facts } = column;
    return column.guarded("matching", [this.found], async (signal) => {
      column.dim(this.found);
      const within = this.texts && this.texts.map((one) => typed(facts, one));
      const body = { model: facts.name, value: typed(facts, view.text), over: this.range, threshold: this.threshold };
      const match = await told("match", within ? {...body, within } : body, signal);
      blank(this.found);
      Recur.matching(this.found, { match });
      this.root.dataset.matched = this.range.join(":");
    });
  }
}
const rangeOf = (labels, tell) => Recur.rangePicker(labels, "the items of the input; select a range", tell);
