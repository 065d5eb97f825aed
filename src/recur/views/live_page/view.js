// The view: the state of the page, kept in the address, so that a link shows the same.
const { el, tip, percent, visible } = Recur;
const SLOW = 450;  // milliseconds after the last key, when slow requests are sent
const WAYS = {
  temperature: 1,
  top_k: 0,
  top_p: 1,
  seed: 0,
  length: 60,
  beam: 4
};
const main = document.getElementById("live");
const FILES = {
  images: "image/*",
  frames: "video/*",
  audio: "audio/*"
};
let runs = [], view = {};
const files = {}, takes = {};  // for each kind, the file that was chosen last, and the number of that choice
const columns = [];

const fromAddress = () => {
  try {
    return JSON.parse(decodeURIComponent(location.hash.slice(1) || "%7B%7D"));
  } catch {
    return {};
  }
};
const keep = () => history.replaceState(null, "", "#" + encodeURIComponent(JSON.stringify(view)));

const blank = (section) => {
  section.replaceChildren();
  section.classList.remove("busy");
  section.inert = false;
};
const fill = (section, ...children) => {
  blank(section);
  section.append(...children);
};

// a text as the network reads it: numbers where it reads numbers
function typed(facts, text) {
  if (facts.reads !== "numbers") return text;
  const rows = text.trim().split(/\n+/).map((line) => split(line, facts.comma));
  return rows.length > 1 ? rows : rows[0] || [];
}
// the numbers of a line; a comma between digits is refused where it may be a decimal sign or separate two numbers
function split(line, comma) {
  const parts = line.replaceAll(";", " ").split(/\s+/).filter(Boolean);
  if (comma) return parts.map((part) => part.replace(/,$/, "")).filter(Boolean);
  const inner = parts.filter((part) => part.replace(/^,+|,+$/g, "").includes(","));
  const mixed = parts.slice(0, -1).some((part) => !part.includes(","));
  if (
    inner.length && parts.length > 1 &&
    (mixed || inner.length === parts.length && !parts.some((part) => part.endsWith(","))))
    throw new Error(
      "“" + inner[0] + "” may be one number with a decimal comma or two numbers " +
      "(separate numbers by spaces and write a decimal point: 291.5 293.5)");
  return line.split(/[\s,;]+/).filter(Boolean);
}

// words are joined with a space, characters without
function joined(facts, text, item) {
  return facts.reads === "words" ? (text && !/\s$/.test(text) ? text + " " : text) + item + " " : text + item;
}

let box;
function type(text) {
  box.value = text;
  changed();
  box.focus();
}
function changed() {
  view.text = box.value;
  // the step, the candidate and the part of the answer that were chosen belong to the older text
  columns.forEach(({ state }) => ["frame", "option", "at"].forEach((name) => delete state[name]));
  keep();
  columns.filter((one) => !FILES[one.facts.reads]).forEach((one) => one.refresh());
}
