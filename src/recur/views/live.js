// The live page: what is typed goes to the server, the pictures of page.js are drawn of what comes back. The whole
// view is in the address, so a link shows the same.
"use strict";
(() => {
  const { el, tip, percent, visible } = Recur;
  const FAST = 40, SLOW = 450; // milliseconds after the last key: candidates, then everything
  const WAYS = { temperature: 1, top_k: 0, top_p: 1, seed: 0, length: 60 };
  const main = document.getElementById("live");
  let runs = [], view = {}, timers = [];
  const columns = [];

  const fromAddress = () => { try { return JSON.parse(decodeURIComponent(location.hash.slice(1) || "%7B%7D")); } catch { return {}; } };
  const keep = () => history.replaceState(null, "", "#" + encodeURIComponent(JSON.stringify(view)));

  async function ask(path, body, signal) {
    const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal });
    if (answer.ok) return answer;
    const { error } = await answer.json();
    throw new Error(error.message + (error.hint ? ` (${error.hint})` : ""));
  }

  // a text as the network reads it: numbers where it reads numbers
  function typed(facts, text) {
    if (facts.reads !== "numbers") return text;
    const rows = text.trim().split(/\n+/).map((line) => line.split(/[\s,;]+/).filter(Boolean));
    return rows.length > 1 ? rows : rows[0] || [];
  }

  class Column {
    constructor(facts, state) {
      this.facts = facts;
      this.state = state;
      this.problem = el("p", { class: "problem", role: "alert" });
      this.next = el("section");
      this.words = el("section");
      this.written = el("div", { class: "written", "aria-live": "polite" });
      this.deep = el("section");
      const figure = facts.held_out && facts.figure ? `, held-out ${facts.figure} ${Recur.number(facts.held_out[facts.figure])}` : "";
      this.root = el("div", { class: "column" }, el("h1", {}, facts.name),
        el("p", { class: "soft" }, `${facts.sentence}; ${facts.cell}, ${facts.parameters.toLocaleString("en")} parameters${figure}`), this.problem, this.next);
      if (facts.generates) {
        this.button = el("button", { type: "button", onclick: () => this.write() }, "write on");
        this.root.append(el("div", { class: "controls" }, this.button,
          el("button", { type: "button", onclick: () => { type(view.text + this.written.textContent); } }, "take it over")), this.written);
      }
      this.root.append(this.words, this.deep);
    }
    stop(name) { if (this[name]) this[name].abort(); return (this[name] = new AbortController()).signal; }
    async guarded(work) {
      try { await work(); this.problem.textContent = ""; } catch (error) {
        if (error.name !== "AbortError") this.problem.textContent = error.message;
      }
    }
    // the candidates, and what is said for them: follows every key
    follow() {
      return this.guarded(async () => {
        const signal = this.stop("following"), value = typed(this.facts, view.text), model = this.facts.name;
        if (this.facts.generates) {
          const body = { model, text: view.text, top: 12, temperature: +view.temperature };
          if (body.temperature > 0 && +view.top_k > 0) body.top_k = +view.top_k;
          if (body.temperature > 0 && +view.top_p < 1) body.top_p = +view.top_p;
          const found = await (await ask("next", body, signal)).json();
          this.paintNext(found.items);
        }
        if (!view.text.trim()) return this.words.replaceChildren();
        const parts = ["influence"];
        const data = await (await ask("explain", { model, value, parts, top: 5, options: 1 }, signal)).json();
        this.paintWords(data);
      });
    }
    // everything: when the keys rest
    look() {
      return this.guarded(async () => {
        if (!view.text.trim()) return this.deep.replaceChildren();
        const signal = this.stop("looking");
        this.deep.classList.add("busy");
        const data = await (await ask("explain", { model: this.facts.name, value: typed(this.facts, view.text), top: 5 }, signal)).json();
        this.paintWords(data);
        this.deep.replaceChildren();
        this.deep.classList.remove("busy");
        this.explanation = data;
        const every = columns.map((one) => one.explanation).filter((one) => one && one.input.text === data.input.text);
        Recur.flow(this.deep, data, every.length ? every : [data], this.state);
        Recur.unrolled(this.deep, data, this.state);
        Recur.surprise(this.deep, data);
        Recur.alignment(this.deep, data);
        Recur.states(this.deep, data);
        this.root.dataset.drawn = view.text;
      });
    }
    paintWords(data) {
      this.words.replaceChildren();
      Recur.influence(this.words, data, this.state);
    }
    paintNext(items) {
      const most = Math.max(1e-9, ...items.map((one) => Math.max(one.probability, one.drawn)));
      const rows = items.flatMap((one) => {
        const bar = (share, name) => { const b = el("div", { class: name }); b.style.width = 100 * share / most + "%"; return b; };
        const says = `${visible(one.value)}: ${percent(one.probability)} of the network, drawn with ${percent(one.drawn)}`;
        const row = el("div", { class: "track", tabindex: "0", "aria-label": says }, bar(one.probability, "p"), bar(one.drawn, "q"));
        return [
          el("button", { type: "button", class: one.drawn ? "" : "out", onclick: () => type(joined(view.text, one.value)) }, visible(one.value)),
          el("span", {}, percent(one.drawn)), tip(row, says),
        ];
      });
      const key = (name, colour) => { const k = el("span", { class: "key" }); k.style.background = colour; return el("span", {}, k, name); };
      this.next.replaceChildren(el("h2", {}, "What comes next"), el("div", { class: "next", role: "group", "aria-label": "candidates for the next item" }, ...rows),
        el("p", { class: "soft" }, key("the network's probability", "var(--against)"), key("after temperature, top-k and top-p", "var(--for)"), "; a click writes it"));
    }
    async write() {
      if (this.writing) { this.writing.abort(); return; }
      await this.guarded(async () => {
        this.writing = new AbortController();
        this.button.textContent = "stop";
        this.written.textContent = "";
        try {
          const body = { model: this.facts.name, prompt: view.text, stream: true, length: +view.length, temperature: +view.temperature, seed: +view.seed };
          if (body.temperature > 0 && +view.top_k > 0) body.top_k = +view.top_k;
          if (body.temperature > 0 && +view.top_p < 1) body.top_p = +view.top_p;
          const answer = await ask("generate", body, this.writing.signal);
          const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
          let rest = "";
          for (;;) {
            const { done, value } = await reader.read();
            if (done) break;
            const lines = (rest + value).split("\n\n");
            rest = lines.pop();
            for (const line of lines) {
              const data = line.slice(6);
              if (data === "[DONE]") continue;
              const one = JSON.parse(data);
              if (one.error) throw new Error(one.error.message);
              this.written.textContent += one.text;
            }
          }
        } finally { this.writing = null; this.button.textContent = "write on"; }
      });
    }
  }

  // words are put together with a space, letters without
  function joined(text, item) {
    const kind = runs.find((one) => one.name === view.run).reads;
    return kind === "words" ? (text && !/\s$/.test(text) ? text + " " : text) + item + " " : text + item;
  }

  let box;
  function type(text) { box.value = text; changed(); box.focus(); }
  function changed() {
    view.text = box.value;
    keep();
    timers.forEach(clearTimeout);
    timers = [setTimeout(() => columns.forEach((one) => one.follow()), FAST), setTimeout(() => columns.forEach((one) => one.look()), SLOW)];
  }

  function slider(name, label, least, most, step, say) {
    const shown = el("output", {}, say(+view[name]));
    return el("label", {}, el("span", {}, label + " ", shown), el("input", {
      type: "range", min: least, max: most, step, value: view[name], id: name,
      oninput: (e) => { view[name] = +e.target.value; shown.textContent = say(+view[name]); keep(); columns.forEach((one) => one.facts.generates && one.follow()); },
    }));
  }
  const figure = (name, label) => el("label", {}, label, el("input", { type: "number", min: 0, value: view[name], id: name, oninput: (e) => { view[name] = +e.target.value; keep(); } }));

  function build() {
    columns.splice(0);
    const chosen = runs.find((one) => one.name === view.run) || runs[0];
    view.run = chosen.name;
    const beside = runs.find((one) => one.name === view.beside && one.name !== view.run);
    view.beside = beside ? beside.name : "";
    view.look = view.look || {};
    columns.push(new Column(chosen, view.look));
    if (beside) columns.push(new Column(beside, {}));
    const pick = (name, label, entries) => el("label", {}, label, el("select", { id: name, onchange: (e) => { view[name] = e.target.value; build(); changed(); } },
      ...entries.map(([value, text]) => el("option", { value, selected: value === view[name] ? "" : null }, text))));
    const names = runs.map((one) => [one.name, one.name]);
    box = el("textarea", { id: "text", spellcheck: "false", "aria-label": "what the network reads", placeholder: chosen.reads === "numbers" ? "numbers: 0.1, 0.4, …" : "type a sentence …", oninput: changed });
    box.value = view.text;
    const controls = columns.some((one) => one.facts.generates) ? el("div", { class: "drawing" },
      slider("temperature", "temperature", 0, 2, 0.05, (v) => v.toFixed(2)),
      slider("top_k", "top-k", 0, 100, 1, (v) => v ? String(v) : "all"),
      slider("top_p", "top-p", 0.05, 1, 0.01, (v) => v < 1 ? v.toFixed(2) : "all"),
      figure("seed", "seed"), figure("length", "length")) : null;
    const grid = el("div", { class: "columns" + (columns.length > 1 ? " two-runs" : "") }, ...columns.map((one) => one.root));
    main.replaceChildren(el("div", { class: "top" }, pick("run", "network", names),
      runs.length > 1 ? pick("beside", "beside it", [["", "nothing"], ...names.filter(([name]) => name !== view.run)]) : "",
      el("a", { href: "docs", class: "soft" }, "the API")), el("p", {}, box), controls || "", grid);
  }

  async function start() {
    runs = await (await fetch("models")).json();
    view = { text: "", ...WAYS, ...fromAddress() };
    Recur.watch(keep);
    build();
    changed();
    addEventListener("hashchange", () => { view = { text: "", ...WAYS, ...fromAddress() }; build(); changed(); });
  }
  start().catch((error) => main.replaceChildren(el("p", { class: "problem" }, `the server does not answer: ${error.message}`)));
})();
