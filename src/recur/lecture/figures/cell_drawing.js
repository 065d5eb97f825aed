// The drawing of an equation's graph as SVG, by the rules and with the numbers of recur.equations.diagram: a test
// compares the two, letter by letter. It draws the cells of the page, and what is typed in.
const cellDrawing = (() => {
  const { UNIT, FINE, placed, boxesOf } = cellPlaces, { LARGE, Grid, linesOf, pointsOf, less } = cellRouting;
  const TRIES = 8, RADIUS = 6;
  function drawn(graph, { parts, ends }, down, turned) {
    const places = placed(graph, parts, ends, turned), boxes = boxesOf(parts, places.at, down),
          all = [...boxes.values()];
    const width = Math.max(...all.map((one) => one.x + one.wide)) + 2;
    const height = Math.max(...all.map((one) => one.y + one.high)) + 3;
    const grid = new Grid(width, height);
    all.forEach((one) => grid.block(one));
    const wanted = places.straight.flatMap((line) => line.slice(1).map((one, n) => [line[n], one, true]));
    const straight = (a, b) => wanted.some(([x, y]) => x === a && y === b);
    const far = ([from, to]) => {
      const a = boxes.get(from), b = boxes.get(to);
      return [Number(a.x !== b.x && a.y !== b.y), Math.abs(a.x - b.x) + Math.abs(a.y - b.y)];
    };
    const others = [...parts].flatMap(
      ([key, one]) => one.args.filter((each) => !straight(each, key)).map((each) => [each, key, false]));
    others.sort((a, b) => far(a)[0] - far(b)[0] || far(a)[1] - far(b)[1]);
    // a value that is read twice by a part has one line there
    const pairs = [...wanted, ...others];
    const found = linesOf(grid, boxes, pairs, down);
    const bends = found.lines.reduce((sum, one) => sum + one.corners.length, 0);
    return {...found, boxes, width, height, straight: wanted.length, cost: [found.crossings, bends, width * height] };
  }

  // --- text
  const escaped = (text) =>
    text.replace(/[&<>"']/g, (one) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&quot;", "'": "&#x27;" })[one]);
  const unitOf = ([ax, ay], [bx, by]) => [Math.sign(bx - ax), Math.sign(by - ay)];
  function typeset(label) {
    return label.split(/(\s+)/)
      .map((one) => {
        const cut = one.indexOf("_"), head = cut < 0 ? one : one.slice(0, cut),
              below = cut < 0 ? "" : one.slice(cut + 1);
        const style = /^[A-Za-z]$/.test(head) ? " font-style=\"italic\"" : "";
        const written = head.trim() ? `<tspan${style}>${escaped(head)}</tspan>` : escaped(one);
        return written +
          (below ?
             `<tspan dy="4" font-size="10">${escaped(below.replaceAll("_", ""))}</tspan><tspan dy="-4">​</tspan>` :
             "");
      })
      .join("");
  }
  function pathOf(points, straight) {
    const end = points.at(-1), [dx, dy] = unitOf(points.at(-2), end), way = [...points.slice(0, -1)];
    way.push([end[0] - 4 * dx, end[1] - 4 * dy]);
    let path = `M${way[0][0]} ${way[0][1]}`;
    for (let n = 1; n + 1 < way.length; ++n) {
      const [x, y] = way[n], [ux, uy] = unitOf(way[n - 1], way[n]), [vx, vy] = unitOf(way[n], way[n + 1]);
      path += `L${x - RADIUS * ux} ${y - RADIUS * uy}Q${x} ${y} ${x + RADIUS * vx} ${y + RADIUS * vy}`;
    }
    path += `L${way.at(-1)[0]} ${way.at(-1)[1]}`;
    const head =
      `M${end[0]} ${end[1]}l${- 8 * dx - 4 * dy || 0} ${- 8 * dy - 4 * dx || 0}l${8 * dy || 0} ${8 * dx || 0}z`;
    return `<path class="line${straight ? " straight" : ""}" d="${path}"/><path class="head" d="${head}"/>`;
  }
  // where a line leaves another one of the same value
  function branches(lines) {
    const before = new Map(), starts = new Map(), found = [];
    for (const { source, corners } of lines)
      if (!starts.has(source)) starts.set(source, corners[0].join());
    for (const { source, corners } of lines) {
      if (!before.has(source)) before.set(source, new Set());
      const mine = before.get(source), points = pointsOf(corners);
      const shared = points.filter((one) => mine.has(one.join()));
      if (shared.length && shared.at(-1).join() !== starts.get(source)) found.push(shared.at(-1));
      points.forEach((one) => mine.add(one.join()));
    }
    return found;
  }
  function boxText({ part: one, ...box }, unit) {
    const x = box.x * unit, y = box.y * UNIT, kind_ = one.gate ? "gate" : one.kind, sign_ = one.kind === "sign";
    const high = box.high * UNIT + (sign_ ? 3 : -3), wide = sign_ ? Math.max(high, box.wide * unit) : box.wide * unit;
    const round = sign_ ? high : { function: 12, state: 15, output: 15, input: 15 }[kind_] || 4;
    const suffix = { state: "_t−1", output: "_t", input: "_t" }[one.kind] || "";
    let name = "";
    if (["gate", "function"].includes(one.kind) && one.name && one.name !== one.label) {
      const [side, anchor] = unit === FINE ? [x - wide - 4, "end"] : [x + wide + 4, "start"];
      name =
        `<text class="name" x="${side}" y="${y - high + 3}" style="text-anchor: ${anchor}">${escaped(one.name)}</text>`;
    }
    const first = y + 5 - 8 * (box.lines.length - 1);
    const written = box.lines.map((line, n) => `<text x="${x}" y="${first + 16 * n}">${typeset(line + suffix)}</text>`);
    const key = one.name || one.label;
    return `<g class="${kind_}" data-part="${one.kind}:${key}" data-name="${escaped(key)}"><title>${
      escaped(nodeText(one.node))}</title><rect x="${x - wide}" y="${y - high}" width="${2 * wide}" height="${
      2 * high}" rx="${round}"/>${written.join("")}${name}</g>`;
  }
  return (graph, down = false) => {
    const found = cellParts(graph), joins = [...found.parts].filter(([, one]) => one.args.length > 1).slice(0, TRIES);
    let turned = new Set(), best_ = drawn(graph, found, down, turned);
    for (const [key] of found.parts.size <= LARGE ? joins : []) {
      if (!best_.crossings) break;
      const more = new Set([...turned, key]), other = drawn(graph, found, down, more);
      if (less(other.cost, best_.cost)) [best_, turned] = [other, more];
    }
    const unit = down ? FINE : UNIT, pixels = ([x, y]) => [x * unit, y * UNIT];
    const [width, height] = pixels([best_.width, best_.height]);
    const label = `The operations of one step, from ${graph.states.join(", ")} at t−1 to those at t`;
    const body = [
      ...best_.lines.map((one, n) => pathOf(one.corners.map(pixels), n < best_.straight)),
      ...branches(best_.lines).map(pixels).map(([x, y]) => `<circle class="dot" cx="${x}" cy="${y}" r="3"/>`),
      ...[...best_.boxes.values()].map((box) => boxText(box, unit))
    ];
    return `<svg xmlns="${NS}" class="step" width="${width}" height="${height}" viewBox="0 0 ${width} ${
      height}" role="img" aria-label="${escaped(label)}">${body.join("")}</svg>`;
  };
})();
