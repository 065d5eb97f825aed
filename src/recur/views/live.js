// The live page: what is typed goes to the server, the pictures of page.js are drawn of what comes back. The whole
// view is in the address, so a link shows the same.
(() => {
  "use strict";
  const { el, tip, percent, visible } = Recur;
  const SLOW = 450; // milliseconds after the last key, when what takes a second is asked for
  const WAYS = { temperature: 1, top_k: 0, top_p: 1, seed: 0, length: 60 };
  const main = document.getElementById("live");
  const FILES = { images: "image/*", frames: "video/*", audio: "audio/*" };
  let runs = [], view = {};
  const files = {}, takes = {}; // of each kind, the file that was chosen last, and the number of that choice
  const columns = [];

  const fromAddress = () => { try { return JSON.parse(decodeURIComponent(location.hash.slice(1) || "%7B%7D")); } catch { return {}; } };
  const keep = () => history.replaceState(null, "", "#" + encodeURIComponent(JSON.stringify(view)));

  async function ask(path, body, signal) {
    let answer;
    try {
      answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal });
    } catch (error) {
      throw new Error(`the server does not answer: ${error.message}`, { cause: error });
    }
    if (answer.ok) return answer;
    let said = { message: `the server answers with status ${answer.status}` };
    try { said = (await answer.json()).error || said; } catch { /* no JSON: the status is what is known */ }
    throw new Error(said.message + (said.hint ? ` (${said.hint})` : ""));
  }
  // an answer that arrives after its question was withdrawn is no answer
  async function told(path, body, signal) {
    const data = await (await ask(path, body, signal)).json();
    signal.throwIfAborted();
    return data;
  }
  const blank = (section) => { section.replaceChildren(); section.classList.remove("busy"); section.inert = false; };
  const fill = (section, ...children) => { blank(section); section.append(...children); };

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
      this.inner = el("section");
      this.written = el("div", { class: "written", "aria-live": "polite" });
      this.deep = el("section");
      const figure = facts.held_out && facts.figure ? `, held-out ${facts.figure} ${Recur.number(facts.held_out[facts.figure])}` : "";
      this.root = el("div", { class: "column" }, el("h1", {}, facts.name),
        el("p", { class: "soft" }, `${facts.sentence}; ${facts.cell ? facts.cell + ", " : ""}${facts.parameters.toLocaleString("en")} parameters${figure}`), this.problem, this.next);
      if (facts.writes === "notes" && facts.sessions) {
        this.root.append(el("div", { class: "controls" }, el("button", { type: "button", onclick: () => this.play() }, "continue")));
      } else if (facts.generates) {
        this.button = el("button", { type: "button", onclick: () => this.write() }, "continue");
        this.root.append(el("div", { class: "controls" }, this.button,
          el("button", { type: "button", onclick: () => { type(view.text + this.written.textContent); } }, "take it over")), this.written);
      }
      this.root.append(this.words, this.inner, this.deep);
    }
    stop(name) { if (this[name]) this[name].abort(); return (this[name] = new AbortController()).signal; }
    say(name, message) {
      this.said = { ...this.said, [name]: message };
      this.problem.textContent = [...new Set(Object.values(this.said))].filter(Boolean).join("; ");
    }
    // one question at a time of each name; an error takes the place of the older figures that it concerns
    async guarded(name, sections, work) {
      const signal = this.stop(name);
      this.say(name, "");
      try { await work(signal); } catch (error) {
        if (signal.aborted) return;
        sections.filter((one) => one.classList.contains("busy")).forEach(blank);
        this.say(name, error.message);
      }
    }
    // the input is another: pending requests are cancelled, what is drawn is dimmed until its successor comes
    withdraw() {
      clearTimeout(this.timer);
      for (const name of ["following", "looking", "playing", "writing"]) { if (this[name]) this[name].abort(); this.say(name, ""); }
      this.written.textContent = "";
      this.explanation = null;
      delete this.root.dataset.drawn;
      delete this.root.dataset.followed;
      blank(this.deep);
      if (this.facts.writes === "notes") { blank(this.words); silence(); }
      for (const one of [this.next, this.words, this.inner]) this.dim(one);
      Recur.untip();
    }
    dim(section) { if (section.hasChildNodes()) { section.classList.add("busy"); section.inert = true; } }
    refresh() {
      this.withdraw();
      this.follow();
      this.timer = setTimeout(() => {
        // after this time the figures of an older input are hidden
        [this.next, this.words, this.inner].filter((one) => one.classList.contains("busy")).forEach((one) => one.replaceChildren());
        this.look();
      }, SLOW);
    }
    // the candidates, what supports them, and every state and gate: follows every key
    follow() {
      const text = view.text, model = this.facts.name, value = typed(this.facts, text);
      if (FILES[this.facts.reads] || this.facts.reads === null) return this.guarded("following", [this.words], (signal) => this.answer(signal));
      if (this.facts.writes === "notes") return undefined;
      return this.guarded("following", [this.next, this.words, this.inner], async (signal) => {
        // the candidates are asked for first, since one thread computes, and painted while it explains
        let next = null;
        if (this.facts.generates) {
          this.dim(this.next);
          const body = { model, text, top: 12, temperature: +view.temperature };
          if (body.temperature > 0 && +view.top_k > 0) body.top_k = +view.top_k;
          if (body.temperature > 0 && +view.top_p < 1) body.top_p = +view.top_p;
          next = told("next", body, signal);
        }
        const parts = ["influence", "states"], methods = [this.state.method || "swap"];
        const asked = text.trim() ? told("explain", { model, value, parts, methods, top: 5, options: 1 }, signal) : null;
        if (asked) asked.catch(() => {}); // if the candidates fail first, that is what is said
        if (next) this.paintNext((await next).items);
        if (!asked) { blank(this.inner); return blank(this.words); }
        const data = await asked;
        // what is followed back through time tells of more candidates, and may be there first
        if (this.root.dataset.drawn !== text) this.paintWords(data);
        blank(this.inner);
        Recur.surprise(this.inner, data);
        Recur.states(this.inner, data, this.state);
        this.root.dataset.followed = text;
      });
    }
    // what is followed back through time: when the keys rest
    look() {
      const text = view.text, { reads, writes } = this.facts;
      if (!text.trim() || FILES[reads] || reads === null || writes === "notes") return blank(this.deep);
      this.deep.classList.add("busy");
      this.deep.replaceChildren(el("p", { class: "soft" }, "computing the gradient through time …"));
      return this.guarded("looking", [this.deep], async (signal) => {
        const body = { model: this.facts.name, value: typed(this.facts, text), parts: ["influence", "flow", "unrolled"], top: 5 };
        const data = await told("explain", body, signal);
        this.paintWords(data);
        blank(this.deep);
        this.explanation = data;
        const every = columns.map((one) => one.explanation).filter((one) => one && one.input.text === data.input.text);
        Recur.flow(this.deep, data, every.length ? every : [data], this.state);
        Recur.unrolled(this.deep, data, this.state);
        Recur.alignment(this.deep, data);
        this.root.dataset.drawn = text;
      });
    }
    // of a picture, a sound or a video: what the network says of it
    async answer(signal) {
      const { name, reads } = this.facts, file = files[reads];
      if (!file && reads !== null) return blank(this.words);
      const found = (await told("predict", { model: name, inputs: [file ? file.data : null], top: 5 }, signal)).predictions[0];
      const rows = found.scores.flatMap((one) => {
        const bar = el("div", { class: "fill" });
        bar.style.width = 100 * (one.probability || 0) + "%";
        return [el("span", {}, String(one.value) || "(nothing)"), el("span", {}, percent(one.probability)), el("div", { class: "track" }, bar)];
      });
      fill(this.words, el("h2", {}, "The answer"), el("p", { class: "answer", "aria-live": "polite" }, found.shown), el("div", { class: "bars" }, ...rows));
      this.root.dataset.drawn = file ? file.name : "";
    }
    // of notes: the piece is continued, drawn and can be heard
    play() {
      return this.guarded("playing", [this.words], async (signal) => {
        silence();
        this.dim(this.words);
        const text = view.text, body = { model: this.facts.name, opening: text.trim(), length: +view.length, temperature: +view.temperature, seed: +view.seed };
        const piece = await told("play", body, signal);
        fill(this.words, el("h2", {}, "The piece"), pianoRoll(piece), el("div", { class: "controls" },
          el("button", { type: "button", onclick: (e) => hear(piece, e.target) }, "▶ hear it"),
          el("a", { href: piece.midi, download: "piece.mid" }, "piece.mid")), el("p", {}, piece.line || ""));
        this.root.dataset.drawn = text;
      });
    }
    // the answer first, then which inputs support it
    paintWords(data) {
      blank(this.words);
      if (data.question.answer) this.words.append(el("h2", {}, "The answer"), el("p", { class: "answer", "aria-live": "polite" }, data.question.answer), el("p", { class: "soft" }, data.question.says));
      Recur.influence(this.words, data, this.state);
    }
    paintNext(items) {
      const most = Math.max(1e-9, ...items.map((one) => Math.max(one.probability, one.drawn)));
      const rows = items.flatMap((one) => {
        const bar = (share, name) => { const b = el("div", { class: name }); b.style.width = 100 * share / most + "%"; return b; };
        const says = `${visible(one.value)}: ${percent(one.probability)} of the network, drawn with ${percent(one.drawn)}`;
        const row = el("div", { class: "track", tabindex: "0", "aria-label": says }, bar(one.probability, "p"), bar(one.drawn, "q"));
        return [
          el("button", { type: "button", class: one.drawn ? "" : "out", onclick: () => type(joined(this.facts, view.text, one.value)) }, visible(one.value)),
          el("span", {}, percent(one.drawn)), tip(row, says),
        ];
      });
      const key = (name, colour) => { const k = el("span", { class: "key" }); k.style.background = colour; return el("span", {}, k, name); };
      fill(this.next, el("h2", {}, "What comes next"), el("div", { class: "next", role: "group", "aria-label": "candidates for the next item" }, ...rows),
        el("p", { class: "soft" }, key("the network's probability", "var(--against)"), key("after temperature, top-k and top-p", "var(--for)"), "; a click writes it"));
    }
    write() {
      if (this.busyWriting) { this.writing.abort(); return undefined; }
      return this.guarded("writing", [], async (signal) => {
        this.busyWriting = true;
        this.button.textContent = "stop";
        this.written.textContent = "";
        try {
          const body = { model: this.facts.name, prompt: view.text, stream: true, length: +view.length, temperature: +view.temperature, seed: +view.seed };
          if (body.temperature > 0 && +view.top_k > 0) body.top_k = +view.top_k;
          if (body.temperature > 0 && +view.top_p < 1) body.top_p = +view.top_p;
          const answer = await ask("generate", body, signal);
          const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
          let rest = "";
          for (;;) {
            const { done, value } = await reader.read();
            signal.throwIfAborted();
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
        } finally { this.busyWriting = false; this.button.textContent = "continue"; }
      });
    }
  }

  // a row a key, a column a step; what was given is grey, a line every beat
  function pianoRoll(piece) {
    const keys = piece.pitches.flat(), low = Math.min(60, ...keys) - 1, high = Math.max(72, ...keys) + 1;
    const wide = Math.max(6, Math.min(16, Math.floor(1000 / Math.max(1, piece.pitches.length)))), tall = 8;
    const canvas = el("canvas", { width: wide * piece.pitches.length, height: tall * (high - low + 1), tabindex: "0", role: "img", "aria-label": "piano roll" });
    const pen = canvas.getContext("2d");
    for (let p = low; p <= high; p++) { pen.fillStyle = [1, 3, 6, 8, 10].includes(p % 12) ? "#eef1f4" : "#fbfcfd"; pen.fillRect(0, (high - p) * tall, canvas.width, tall); }
    pen.fillStyle = "#d1d9e0";
    for (let t = 0; t < piece.pitches.length; t += piece.steps_per_beat) pen.fillRect(t * wide, 0, 1, canvas.height);
    piece.pitches.forEach((chord, t) => chord.forEach((p) => {
      pen.fillStyle = t < piece.given ? "#6e7781" : "#1f6fb2";
      pen.fillRect(t * wide, (high - p) * tall + 1, wide, tall - 2);
    }));
    const names = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"];
    const said = el("p", { class: "readout" }, "");
    canvas.addEventListener("pointermove", (e) => {
      const t = Math.floor(e.offsetX / wide), chord = piece.pitches[t] || [];
      said.textContent = `step ${t + 1}: ${chord.map((p) => names[p % 12] + (Math.floor(p / 12) - 1)).join(" ") || "rest"}`;
    });
    return el("figure", {}, canvas, said, el("figcaption", {}, "Grey: the opening; blue: what the network adds. One line per beat."));
  }
  // soft triangle waves, held as long as the key sounds
  let heard = null;
  function silence() { if (heard) { heard.sound.close(); heard.button.textContent = "▶ hear it"; heard = null; } }
  function hear(piece, button) {
    if (heard) return silence();
    const sound = new AudioContext(), own = heard = { sound, button };
    button.textContent = "⏹ stop";
    const step = 0.5 / piece.steps_per_beat, begin = sound.currentTime + 0.1, steps = piece.pitches;
    steps.forEach((chord, t) => chord.forEach((p) => {
      if (t > 0 && steps[t - 1].includes(p)) return;
      let end = t + 1;
      while (end < steps.length && steps[end].includes(p)) end++;
      const tone = sound.createOscillator(), loud = sound.createGain();
      tone.type = "triangle";
      tone.frequency.value = 440 * 2 ** ((p - 69) / 12);
      loud.gain.setValueAtTime(0, begin + t * step);
      loud.gain.linearRampToValueAtTime(0.12, begin + t * step + 0.02);
      loud.gain.setValueAtTime(0.12, begin + end * step - 0.05);
      loud.gain.linearRampToValueAtTime(0, begin + end * step);
      tone.connect(loud).connect(sound.destination);
      tone.start(begin + t * step);
      tone.stop(begin + end * step + 0.05);
    }));
    return setTimeout(() => { if (heard === own) silence(); }, 1000 * (steps.length * step + 0.5));
  }

  // words are put together with a space, letters without
  function joined(facts, text, item) {
    return facts.reads === "words" ? (text && !/\s$/.test(text) ? text + " " : text) + item + " " : text + item;
  }

  let box;
  function type(text) { box.value = text; changed(); box.focus(); }
  function changed() {
    view.text = box.value;
    keep();
    columns.filter((one) => !FILES[one.facts.reads]).forEach((one) => one.refresh());
  }

  // what is shown of a chosen file; each kind of file has a place of its own
  function preview(kind) {
    const place = el("div", { class: "preview" }), file = files[kind];
    if (file) place.append(file.type.startsWith("image/") ? el("img", { src: file.data, alt: file.name }) : el("p", { class: "soft" }, file.name));
    return place;
  }
  function chooser(kind, first) {
    const root = el("div", {}), place = () => root.lastChild.replaceWith(preview(kind));
    const refresh = () => { place(); columns.filter((one) => one.facts.reads === kind).forEach((one) => one.refresh()); };
    const take = (given) => {
      const turn = takes[kind] = (takes[kind] || 0) + 1, reader = new FileReader();
      delete files[kind];
      refresh();
      if (!given) return;
      reader.onload = () => {
        if (takes[kind] !== turn) return; // another was chosen meanwhile
        files[kind] = { name: given.name, type: given.type, data: reader.result };
        refresh();
      };
      reader.readAsDataURL(given);
    };
    root.append(el("label", { class: "soft" }, `a file for the network to read (${kind}) `, el("input", { type: "file", id: kind === first ? "file" : `file-${kind}`, accept: FILES[kind], onchange: (e) => take(e.target.files[0]) })), preview(kind));
    return root;
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
    // pending requests are of another network, and so is what was selected: no step, candidate or picture of it stays
    columns.splice(0).forEach((one) => one.withdraw());
    silence();
    const chosen = runs.find((one) => one.name === view.run) || runs[0];
    view.run = chosen.name;
    const beside = runs.find((one) => one.name === view.beside && one.name !== view.run);
    view.beside = beside ? beside.name : "";
    if (view.looked_at && view.looked_at !== chosen.name) view.look = {};
    view.looked_at = chosen.name;
    view.look = view.look || {};
    columns.push(new Column(chosen, view.look));
    if (beside) columns.push(new Column(beside, {}));
    const pick = (name, label, entries) => el("label", {}, label, el("select", { id: name, onchange: (e) => { view[name] = e.target.value; build(); } },
      ...entries.map(([value, text]) => el("option", { value, selected: value === view[name] ? "" : null }, text))));
    const names = runs.map((one) => [one.name, one.name]);
    const reads = columns.map((one) => one.facts.reads), kinds = [...new Set(reads.filter((kind) => FILES[kind]))];
    // a file that no network here reads is given up, also one that is still being read
    for (const kind of Object.keys(FILES)) if (!kinds.includes(kind)) { delete files[kind]; takes[kind] = (takes[kind] || 0) + 1; }
    const asText = reads.some((kind) => kind !== null && !FILES[kind]);
    box = el("textarea", { id: "text", spellcheck: "false", "aria-label": "what the network reads", placeholder: chosen.writes === "notes" ? "how the piece begins, such as C4 D4 E4/2; or nothing" : chosen.reads === "numbers" ? "numbers: 0.1, 0.4, …" : "type a sentence …", oninput: changed });
    box.value = view.text;
    const controls = columns.some((one) => one.facts.generates || one.facts.writes === "notes") ? el("div", { class: "drawing" },
      slider("temperature", "temperature", 0, 2, 0.05, (v) => v.toFixed(2)),
      slider("top_k", "top-k", 0, 100, 1, (v) => v ? String(v) : "all"),
      slider("top_p", "top-p", 0.05, 1, 0.01, (v) => v < 1 ? v.toFixed(2) : "all"),
      figure("seed", "seed"), figure("length", "length")) : null;
    const grid = el("div", { class: "columns" + (columns.length > 1 ? " two-runs" : "") }, ...columns.map((one) => one.root));
    main.replaceChildren(el("div", { class: "top" }, pick("run", "network", names),
      runs.length > 1 ? pick("beside", "beside it", [["", "nothing"], ...names.filter(([name]) => name !== view.run)]) : "",
      el("a", { href: "docs", class: "soft" }, "the API")), ...kinds.map((kind) => chooser(kind, kinds[0])), asText ? el("p", {}, box) : "", controls || "", grid);
    keep();
    columns.forEach((one) => one.refresh());
  }

  async function start() {
    runs = await (await fetch("models")).json();
    view = { text: "", ...WAYS, ...fromAddress() };
    Recur.watch(keep);
    build();
    addEventListener("hashchange", () => { view = { text: "", ...WAYS, ...fromAddress() }; build(); });
  }
  start().catch((error) => main.replaceChildren(el("p", { class: "problem" }, `the server does not answer: ${error.message}`)));
})();
