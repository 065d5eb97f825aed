// A range of items, chosen with pointer, finger or keys: drag over the items, or tap the first and the last; with keys,
// the arrows move the range, and with Shift they extend it. `tell` gets the first item and the one after the last.
let pickers = 0;
function rangePicker(labels, name, tell, chosen = null) {
  const mark = `range${++pickers}-`;
  let anchor = chosen ? chosen[0] : 0, other = chosen ? chosen[1] - 1 : 0, active = Boolean(chosen), held = false;
  let half = false;  // by touch: the first of two taps
  const items = labels.map(
    (label, t) => el("span", { class: "chip pick", role: "option", id: mark + t, "data-t": t }, visible(label)));
  const box = el(
    "div", {
      class: "chips picker",
      role: "listbox",
      tabindex: "0",
      "aria-multiselectable": "true",
      "aria-label": name,
      "aria-activedescendant": mark + other
    },
    ...items);
  const paint = () => {
    const low = Math.min(anchor, other), high = Math.max(anchor, other);
    items.forEach((one, t) => one.setAttribute("aria-selected", String(active && low <= t && t <= high)));
    box.setAttribute("aria-activedescendant", mark + other);
  };
  const done = () => tell(Math.min(anchor, other), Math.max(anchor, other) + 1);
  const under = (e) => {
    const one = document.elementFromPoint(e.clientX, e.clientY);
    return one && one.closest(".pick") && box.contains(one) ? +one.closest(".pick").dataset.t : null;
  };
  box.addEventListener("pointerdown", (e) => {
    const t = under(e);
    if (t === null) return;
    held = e.pointerType !== "touch";
    if (held) e.preventDefault();
    box.focus();
    if (half || e.shiftKey && active)
      other = t;
    else
      anchor = other = t;
    active = true;
    paint();
    if (held) return;
    half = !half;
    if (!half) done();
  });
  box.addEventListener("pointermove", (e) => {
    const t = held ? under(e) : null;
    if (t === null || t === other) return;
    other = t;
    paint();
  });
  const release = () => {
    if (held) done();
    held = false;
  };
  // also outside of the items
  box.addEventListener("pointerup", release);
  box.addEventListener("pointerleave", release);
  box.addEventListener("keydown", (e) => {
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, Home: -labels.length, End: labels.length };
    if (!(e.key in step)) return;
    e.preventDefault();
    other = Math.max(0, Math.min(labels.length - 1, other + step[e.key]));
    if (!e.shiftKey) anchor = other;
    active = true;
    paint();
    done();
  });
  // what is chosen, and how a redrawn page restores it
  box.range = () => active ? [Math.min(anchor, other), Math.max(anchor, other) + 1] : null;
  box.choose = (start, stop) => {
    [anchor, other, active] = [start, stop - 1, true];
    paint();
    done();
  };
  paint();
  return box;
}
