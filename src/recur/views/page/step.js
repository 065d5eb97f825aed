// The drawing of a cell's step, as it was made from the equation's graph: `recur cells --svg` writes the same.
const asDrawing = (svg) =>
  document.importNode(new DOMParser().parseFromString(svg, "image/svg+xml").documentElement, true);
// as wide as it is, or, where that does not fit, one that runs downwards
function stepDrawing(place, cell) {
  let svg = asDrawing(cell.svg);
  if (+svg.getAttribute("width") > (place.clientWidth || 640)) svg = asDrawing(cell.tall);
  place.replaceChildren(svg);
  return svg;
}
