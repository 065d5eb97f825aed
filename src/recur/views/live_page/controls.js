// The controls: text, network, file and options.
// preview of a chosen file; each kind of file has its own place
function preview(kind) {
  const place = el("div", { class: "preview" }), file = files[kind];
  if (file)
    place.append(
      file.type.startsWith("image/") ? el("img", { src: file.data, alt: file.name }) :
                                       el("p", { class: "soft" }, file.name));
  return place;
}
function chooser(kind, first) {
  const root = el("div", {
    ondragover: (e) => e.preventDefault(),
    ondrop: (e) => {
      e.preventDefault();
      take(e.dataTransfer.files[0]);
    }
  });
  const place = () => root.lastChild.replaceWith(preview(kind));
  const refresh = () => {
    place();
    columns.filter((one) => one.facts.reads === kind).forEach((one) => one.refresh());
  };
  const take = (given) => {
    const turn = takes[kind] = (takes[kind] || 0) + 1, reader = new FileReader();
    delete files[kind];
    refresh();
    if (!given) return;
    reader.onload = () => {
      if (takes[kind] !== turn) return;  // another file was chosen meanwhile
      files[kind] = { name: given.name, type: given.type, data: reader.result };
      refresh();
    };
    reader.readAsDataURL(given);
  };
  const dark = columns.filter((one) => one.facts.reads === kind).map((one) => (one.facts.reading || {}).dark)[0];
  if (kind === "images" && dark !== undefined)
    root.append(sketch(dark, (data) => {
      takes[kind] = (takes[kind] || 0) + 1;
      if (data)
        files[kind] = { name: "the drawing", type: "image/png", data };
      else
        delete files[kind];
      columns.filter((one) => one.facts.reads === kind).forEach((one) => one.refresh());
    }));
  root.append(
    el("label", { class: "soft" }, `a file for the network to read (${kind}), chosen or dropped here `, el("input", {
         type: "file",
         id: kind === first ? "file" : `file-${kind}`,
         accept: FILES[kind],
         onchange: (e) => take(e.target.files[0])
       })),
    preview(kind));
  return root;
}

function slider(name, label, least, most, step, say) {
  const shown = el("output", {}, say(+view[name]));
  return el("label", {}, el("span", {}, label + " ", shown), el("input", {
              type: "range",
              min: least,
              max: most,
              step,
              value: view[name],
              id: name,
              oninput: (e) => {
                view[name] = +e.target.value;
                shown.textContent = say(+view[name]);
                keep();
                columns.forEach((one) => (one.facts.generates || one.facts.searches) && one.follow());
              },
            }));
}
const figure = (name, label) => el("label", {}, label, el("input", {
                                     type: "number",
                                     min: 0,
                                     value: view[name],
                                     id: name,
                                     oninput: (e) => {
                                       view[name] = +e.target.value;
                                       keep();
                                     }
                                   }));

// how the answer is drawn or searched for; whether this is open is kept with the view
function options(...children) {
  const opened =
    el("details", { class: "drawing", open: view.options ? "" : null }, el("summary", {}, "how it answers"));
  opened.addEventListener("toggle", () => {
    view.options = opened.open;
    keep();
  });
  opened.append(el("div", {}, ...children));
  return opened;
}

function build() {
  // pending requests and the selection belong to the other network: its step, candidate and pictures are dropped
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
  const pick = (name, label, entries) => el(
    "label", {}, label,
    el(
      "select", {
        id: name,
        onchange: (e) => {
          view[name] = e.target.value;
          build();
        }
      },
      ...entries.map(([value, text]) => el("option", { value, selected: value === view[name] ? "" : null }, text))));
  const names = runs.map((one) => [one.name, one.name]);
  const reads = columns.map((one) => one.facts.reads), kinds = [...new Set(reads.filter((kind) => FILES[kind]))];
  // a file that no network here reads is dropped, even if it is still being read
  for (const kind of Object.keys(FILES))
    if (!kinds.includes(kind)) {
      delete files[kind];
      takes[kind] = (takes[kind] || 0) + 1;
    }
  const asText = reads.some((kind) => kind !== null && !FILES[kind]);
  box = el("textarea", {
    id: "text",
    dir: "auto",
    spellcheck: "false",
    "aria-label": "what the network reads",
    placeholder: chosen.writes === "notes" && chosen.reads === "notes" ?
      "how the piece begins, such as C4 D4 E4/2; or nothing" :
      chosen.reads === "numbers" ? "numbers: 0.1, 0.4, …" :
      chosen.labels              ? chosen.labels.join(", ") :
                                   "type a sentence …",
    oninput: changed
  });
  box.value = view.text;
  const searches = columns.some((one) => one.facts.searches && one.facts.writes !== "notes");
  const beam = searches ? slider("beam", "beam width", 1, 8, 1, (v) => v > 1 ? String(v) : "1: greedy search") : "";
  const controls = searches || columns.some((one) => one.facts.generates || one.facts.writes === "notes") ?
    options(
      beam, slider("temperature", "temperature", 0, 2, 0.05, (v) => v.toFixed(2)),
      slider("top_k", "top-k", 0, 100, 1, (v) => v ? String(v) : "all"),
      slider("top_p", "top-p", 0.05, 1, 0.01, (v) => v < 1 ? v.toFixed(2) : "all"), figure("seed", "seed"),
      figure("length", "length")) :
    null;
  const grid =
    el("div", { class: "columns" + (columns.length > 1 ? " two-runs" : "") }, ...columns.map((one) => one.root));
  main.replaceChildren(
    el(
      "div", { class: "top" }, runs.length > 1 ? pick("run", "network", names) : "",
      runs.length > 1 ? pick("beside", "beside it", [["", "nothing"], ...names.filter(([name]) => name !== view.run)]) :
                        ""),
    ...kinds.map((kind) => chooser(kind, kinds[0])), asText ? el("p", {}, box) : "", examples(chosen), controls || "",
    grid, about() || "");
  keep();
  columns.forEach((one) => one.refresh());
}

// texts to begin with
function examples(facts) {
  const texts = facts.labels && !facts.reads_steps ? facts.labels : facts.examples;
  if (!texts || !texts.length) return "";
  const buttons = texts.map(
    (text) => el(
      "button", { type: "button", title: text, dir: "auto", onclick: () => type(text) },
      text.length > 48 ? text.slice(0, 47) + "…" : text));
  return Recur.oneStop(
    el(
      "div", { class: "controls", role: "group", "aria-label": "examples" }, el("span", { class: "soft" }, "try"),
      ...buttons),
    buttons);
}
async function start() {
  runs = await models();
  view = { text: "", ...WAYS, ...fromAddress() };
  Recur.watch(keep);
  build();
  addEventListener("hashchange", () => {
    view = { text: "", ...WAYS, ...fromAddress() };
    build();
  });
}
start().catch((error) => main.replaceChildren(el("p", { class: "problem" }, `${NO_ANSWER}: ${error.message}`)));
