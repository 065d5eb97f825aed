// A place to draw a picture on, for networks that read pictures: light on dark, or dark on light.
function sketch(dark, tell) {
  const side = 280, paper = el("canvas", {
                      width: side,
                      height: side,
                      class: "sketch",
                      role: "img",
                      "aria-label": "draw here with mouse, finger or pen; a file can be chosen below instead"
                    });
  const pen = paper.getContext("2d");
  const clear = () => {
    pen.fillStyle = dark ? "#000" : "#fff";
    pen.fillRect(0, 0, side, side);
  };
  let last = null, drawn = false;
  const at = (e) => {
    const edge = paper.getBoundingClientRect();
    return [(e.clientX - edge.left) * side / edge.width, (e.clientY - edge.top) * side / edge.height];
  };
  const line = (to) => {
    Object.assign(pen, { lineWidth: 22, lineCap: "round", lineJoin: "round", strokeStyle: dark ? "#fff" : "#000" });
    pen.beginPath();
    pen.moveTo(...last);
    pen.lineTo(...to);
    pen.stroke();
    last = to;
  };
  paper.addEventListener("pointerdown", (e) => {
    paper.setPointerCapture(e.pointerId);
    last = at(e);
    drawn = true;
    line(last);
  });
  paper.addEventListener("pointermove", (e) => {
    if (last) line(at(e));
  });
  const up = () => {
    if (last && drawn) tell(paper.toDataURL("image/png"));
    last = null;
  };
  paper.addEventListener("pointerup", up);
  paper.addEventListener("pointercancel", up);
  clear();
  const again = () => {
    clear();
    drawn = false;
    tell(null);
  };
  return el(
    "div", {}, paper, el("div", { class: "controls" }, el("button", { type: "button", onclick: again }, "clear")));
}
