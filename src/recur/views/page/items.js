// Items on the colour of their value, bars out of 100 %, and the class of each path of the gradient.
// black or white, whichever has more contrast with a colour: at least 4.58 to 1 on any
function readable(colour) {
  const [red, green, blue] = colour.match(/[\d.]+/g).map((v) => {
    const c = v / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000" : "#fff";
}
// an item on the colour of its value; what it says is also what is shown when it is pointed at
function chip(text, below, colour, says) {
  const one = el(
    "span", { class: "chip", role: "img", "aria-label": says }, text,
    below === null ? null : el("small", { dir: "ltr" }, below));
  Object.assign(one.style, { background: colour, color: readable(colour) });
  return tip(one, says);
}
// a row of items, in the direction of their text
const chips = (label, items, more = "") => oneStop(
  el(
    "div", {
      class: "chips" + more,
      role: "group",
      "aria-label": label,
      dir: direction(items.map((one) => one.firstChild.data))
    },
    ...items),
  items);
// a bar out of 100 %
function track(share) {
  const bar = el("div", { class: "fill" });
  bar.style.width = 100 * (share || 0) + "%";
  return el("div", { class: "track" }, bar);
}
// each path of the gradient with its class, which has one colour in every picture
const PATHS = {
  "hidden to output": "hy",
  "input to hidden": "xh",
  "hidden to hidden": "hh"
};
