// A matrix on a canvas with a cursor: pointer or arrow keys read a cell.
function heat(rows, rowLabels, columnLabels, colour, say, options = {}) {
  const left = options.left || 92, top = 8, bottom = 66;
  const cw = Math.max(6, Math.min(34, Math.floor(900 / Math.max(1, columnLabels.length)))),
        ch = options.height || Math.max(5, Math.min(22, Math.floor(480 / Math.max(1, rows.length))));
  const w = left + cw * columnLabels.length + 50, h = top + ch * rows.length + bottom,
        ratio = window.devicePixelRatio || 1;
  const canvas = el("canvas", {
    tabindex: "0",
    role: "img",
    "aria-label": options.title || "matrix; arrow keys read it",
    width: w * ratio,
    height: h * ratio
  });
  canvas.style.width = w + "px";
  canvas.style.height = h + "px";
  const readout = el(
    "div", { class: "readout", "aria-live": "polite" },
    options.hint || "Point at a cell, or use the arrow keys, to read it.");
  const at = { r: 0, c: 0, on: false };
  function paint() {
    const g = canvas.getContext("2d");
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, w, h);
    rows.forEach((row, r) => row.forEach((v, c) => {
      g.fillStyle = colour(v, r, c);
      g.fillRect(left + c * cw, top + r * ch, cw - (cw > 9 ? 1 : 0), ch - (ch > 9 ? 1 : 0));
    }));
    g.fillStyle = "#1f2328";
    g.font = "11px system-ui, 'DejaVu Sans', sans-serif";
    g.textAlign = "right";
    const everyRow = Math.ceil(12 / ch);
    rowLabels.forEach((label, r) => {
      if (r % everyRow === 0)
        g.fillText(short(visible(label), 14), left - 5, top + r * ch + Math.min(ch - 2, ch / 2 + 4));
    });
    g.textAlign = "left";
    const every = Math.ceil(12 / cw);
    columnLabels.forEach((label, c) => {
      if (c % every) return;
      g.save();
      g.translate(left + c * cw + cw / 2 - 3, top + ch * rows.length + 10);
      g.rotate(Math.PI / 4);
      g.fillText(short(visible(label)), 0, 0);
      g.restore();
    });
    (options.edges || []).forEach((c) => {
      g.fillStyle = "#111";
      g.fillRect(left + c * cw - 2, top, 3, ch * rows.length);
    });
    if (at.on) {
      g.strokeStyle = "#d1242f";
      g.lineWidth = 2;
      g.strokeRect(left + at.c * cw, top + at.r * ch, cw, ch);
    }
  }
  function read() {
    readout.textContent = say(at.r, at.c);
    paint();
    if (options.moved) options.moved(at.r, at.c);
  }
  const place = (e) => {
    const box = canvas.getBoundingClientRect(), c = Math.floor((e.clientX - box.left - left) / cw),
          r = Math.floor((e.clientY - box.top - top) / ch);
    return r >= 0 && c >= 0 && r < rows.length && c < columnLabels.length ? [r, c] : null;
  };
  canvas.addEventListener("pointermove", (e) => {
    const p = place(e);
    if (p) {
      [at.r, at.c] = p;
      at.on = true;
      read();
    }
  });
  canvas.addEventListener("click", (e) => {
    const p = place(e);
    if (p && options.chosen) options.chosen(p[0]);
  });
  canvas.addEventListener("keydown", (e) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[e.key];
    if (e.key === "Enter" && options.chosen) options.chosen(at.r);
    if (!step) return;
    e.preventDefault();
    e.stopPropagation();
    at.r = Math.max(0, Math.min(rows.length - 1, at.r + step[0]));
    at.c = Math.max(0, Math.min(columnLabels.length - 1, at.c + step[1]));
    at.on = true;
    read();
  });
  paint();
  return [canvas, readout];
}
