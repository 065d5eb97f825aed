// Questions, and the figures: each is drawn when it comes near, and again when the width of its place changes.
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
      clear(root);
      FIGURES[name](root, TEXTS[name]);
    }
    width = contentRect.width;
  }).observe(root);
  addEventListener("beforeprint", begin);
});
addEventListener("beforeprint", () => document.querySelectorAll(".answer").forEach((one) => (one.hidden = false)));
