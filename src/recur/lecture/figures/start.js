// Questions, and the figures: they are drawn one after the other, those that come near first, and again when the width
// of their place changes.
document.querySelectorAll(".ask").forEach((ask) => {
  const answer = ask.querySelector(".answer"), options = [...ask.querySelectorAll(".options button")];
  options.forEach((one) => one.addEventListener("click", () => {
    options.forEach((other) => {
      other.setAttribute("aria-pressed", String(other === one));
      other.classList.toggle("right", other.hasAttribute("data-right"));
    });
    answer.hidden = false;
  }));
});
// what the controls of a figure are set to, as a function that sets those of its new drawing alike: first the fields,
// then what is pressed, then the fields that appear with it
function settings(root) {
  const fields = () => [...root.querySelectorAll("input, select, textarea")];
  const pressed = () => [...root.querySelectorAll("button[aria-pressed]")];
  const states = (one) => one.getAttribute("aria-pressed"), on = pressed().map(states);
  const values = fields().map((one) => one.value);
  const pickers = () => [...root.querySelectorAll(".picker")], ranges = pickers().map((one) => one.range());
  return () => {
    const write = () => values.forEach((value, n) => {
      const field = fields()[n];
      if (!field || field.value === value) return;
      field.value = value;
      ["input", "change"].forEach((event) => field.dispatchEvent(new Event(event)));
    });
    write();
    for (const state of ["true", "false"])
      on.forEach((old, n) => old === state && pressed()[n] && states(pressed()[n]) !== old && pressed()[n].click());
    write();
    ranges.forEach((one, n) => one && pickers()[n]?.choose(...one));
  };
}
const waiting = [];
document.querySelectorAll("[data-figure]").forEach((root) => {
  const name = root.dataset.figure, begin = () => {
    if (root.dataset.drawn) return;
    root.dataset.drawn = "yes";
    FIGURES[name](root, TEXTS[name]);
  };
  const near =
    new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && begin(), { rootMargin: "600px" });
  near.observe(root);
  let width = 0;
  new ResizeObserver(([{ contentRect }]) => {
    if (root.dataset.drawn && width && Math.abs(contentRect.width - width) > 24 && !matchMedia("print").matches) {
      const restore = settings(root);
      clear(root);
      FIGURES[name](root, TEXTS[name]);
      restore();
    }
    width = contentRect.width;
  }).observe(root);
  waiting.push(begin);
  addEventListener("beforeprint", begin);
});
// figures below the window have their height before anybody follows a link to a chapter, and are there in print
const next = () => {
  const begin = waiting.shift();
  if (begin) {
    begin();
    setTimeout(next);
  } else if (location.hash.length > 1) {
    document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
  }
};
addEventListener("load", () => setTimeout(next));
// after every figure is drawn: the answers, and where a figure ends
let restored = [];
addEventListener("beforeprint", () => {
  document.querySelectorAll(".answer").forEach((one) => (one.hidden = false));
  restored = paper.map((showLast) => showLast());
});
addEventListener("afterprint", () => restored.forEach((restore) => restore()));
