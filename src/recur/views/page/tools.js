// Shared by all pictures: elements, numbers as text, colours, hover and focus values, rows of buttons.
const NS = "http://www.w3.org/2000/svg";
const LINES = ["#1f6fb2", "#c2570c", "#3b7d3c", "#7a4fa3", "#8a6d00", "#4a4a4a"];
const DASH = ["", "6 3", "2 3", "8 3 2 3", "1 2", "10 4"];
// blue - white - orange for signed numbers, viridis for sizes: both can be distinguished by colour-blind people
const SIGNED = [[5, 80, 160], [122, 176, 219], [247, 247, 247], [244, 168, 97], [179, 74, 4]];
const VIRIDIS = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];

function mix(stops, share) {
  const x = Math.max(0, Math.min(1, share)) * (stops.length - 1), i = Math.min(stops.length - 2, Math.floor(x));
  return "rgb(" + stops[i].map((a, n) => Math.round(a + (stops[i + 1][n] - a) * (x - i))).join(",") + ")";
}
const signed = (v, most) =>
  v === null || v === undefined ? "rgb(255,255,255)" : mix(SIGNED, 0.5 + 0.5 * v / (most || 1));
const size = (share) => mix(VIRIDIS, share);

function el(name, attributes = {}, ...children) {
  const one = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on"))
      one.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false)
      one.setAttribute(key, value);
  }
  one.append(...children.filter((c) => c !== null));
  return one;
}
function draw(name, attributes = {}, ...children) {
  const one = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
  // a picture that is made smaller, as on paper, shrinks and is not cut
  if (name === "svg") one.setAttribute("viewBox", `0 0 ${attributes.width} ${attributes.height}`);
  one.append(...children);
  return one;
}
function number(v) {
  if (v === null || v === undefined) return "–";
  const a = Math.abs(v);
  // a whole part is never rounded away: 124071.996 is 124072
  const text = a >= 1000 && a < 1e9 ? String(Math.round(v)) :
    a === 0                         ? "0" :
    a >= 1e9 || a < 1e-3            ? v.toExponential(1) :
                                      String(+v.toPrecision(3));
  return text.replaceAll("-", "−");
}
const plus = (v) => (v > 0 ? "+" : "") + number(v);
const percent = (p) => p === null ? "" : (100 * p).toFixed(p < 0.1 ? 2 : 1) + " %";
const short = (text, most = 12) => text.length > most ? text.slice(0, most - 1) + "…" : text;
// what is written from right to left is isolated, so that what follows it stays in its place
const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;
const visible = (text) => text === " " ? "␣" :
  text === "\n"                        ? "⏎" :
  RIGHT_TO_LEFT.test(text)             ? `\u2068${text}\u2069` :
                                         text;
// the direction in which a row of items is read: that of most of their letters
function direction(items) {
  const text = items.filter((one) => !one.startsWith("⟨")).join("");
  const letters = (text.match(/\p{L}/gu) || []).length;
  return 2 * (text.match(new RegExp(RIGHT_TO_LEFT, "gu")) || []).length > letters ? "rtl" : "ltr";
}

// the element whose value is shown; it is hidden when the picture is replaced
let pointed = null;
function untip() {
  pointed = null;
  document.getElementById("tip").style.display = "none";
}
new MutationObserver(() => {
  if (pointed && !pointed.isConnected) untip();
}).observe(document.body, { childList: true, subtree: true });

// what is shown of an element that is pointed at, or reached by the keyboard
const tips = new WeakMap();
function showTip(target, x, y) {
  const box = document.getElementById("tip"), text = tips.get(target);
  pointed = target;
  box.textContent = typeof text === "function" ? text() : text;
  box.style.display = "block";
  box.style.left = Math.min(x + 12, innerWidth - box.offsetWidth - 8) + "px";
  box.style.top = Math.min(y + 14, innerHeight - box.offsetHeight - 8) + "px";
}
// one listener for all: an element of a drawing that listens to its focus is a stop of the keyboard in Chromium
document.addEventListener("focusin", (e) => {
  if (!tips.has(e.target)) return;
  const r = e.target.getBoundingClientRect();
  showTip(e.target, r.left, r.bottom - 8);
});
document.addEventListener("focusout", (e) => {
  if (tips.has(e.target)) untip();
});
function tip(target, text) {
  tips.set(target, text);
  target.addEventListener("pointermove", (e) => showTip(target, e.clientX, e.clientY));
  target.addEventListener("pointerleave", untip);
  return target;
}

// The items of a group as one stop of the keyboard: arrow keys, Home and End go from one to the next.
function oneStop(group, items) {
  items.forEach((one, n) => one.setAttribute("tabindex", n ? "-1" : "0"));
  if (group.stops) {
    group.stops = items;
    return group;
  }
  group.stops = items;
  group.addEventListener("keydown", (e) => {
    const every = group.stops, at = every.indexOf(e.target);
    const by = { ArrowLeft: -1,
                 ArrowUp: -1,
                 ArrowRight: 1,
                 ArrowDown: 1,
                 Home: -at,
                 End: every.length - 1 - at }[e.key];
    if (at < 0 || by === undefined) return;
    e.preventDefault();
    e.stopPropagation();
    const next = every[Math.max(0, Math.min(every.length - 1, at + by))];
    every.forEach((one) => one.setAttribute("tabindex", one === next ? "0" : "-1"));
    next.focus();
  });
  return group;
}

// one row of buttons of which one is pressed
function choice(label, entries, chosen, tell) {
  const row =
    el("div", { class: "controls", role: "group", "aria-label": label }, el("span", { class: "soft" }, label));
  const buttons = entries.map(
    ([key, text]) => el(
      "button", {
        type: "button",
        "aria-pressed": String(key === chosen),
        onclick: () => {
          buttons.forEach((b, n) => b.setAttribute("aria-pressed", String(entries[n][0] === key)));
          tell(key);
        },
      },
      text));
  row.append(...buttons);
  return oneStop(row, buttons);
}
function caption(how, look) {
  return el("figcaption", {}, look ? el("span", { class: "look" }, look + " ") : null, how);
}
function scaleBar(stops, low, high) {
  const bar = el("i", {});
  bar.style.background = "linear-gradient(90deg," + stops.map((s) => `rgb(${s})`).join(",") + ")";
  return el("span", { class: "scale" }, low, bar, high);
}
const largest = (values) => Math.max(1e-12, ...values.filter((v) => v !== null).map(Math.abs));

// called on every change of view, so that it can be kept in the address
let remember = () => {};
const watch = (tell) => {
  remember = tell;
};
