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
  const rows = text.trim().split(/\n+/).map((line) => line.split(/[\s,;]+/).filter(Boolean));
  return rows.length > 1 ? rows : rows[0] || [];
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
  keep();
  columns.filter((one) => !FILES[one.facts.reads]).forEach((one) => one.refresh());
}
