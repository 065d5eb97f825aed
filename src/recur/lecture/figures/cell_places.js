// The places of the parts, by the rules of recur.equations.drawing.places: states straight across the top, gates in one
// row, each part after what it reads; and their boxes on a grid.
const cellPlaces = (() => {
  const UNIT = 9, PITCH = 8, NARROW = 3, FINE = 6, HIGHEST = 4;
  function straightPaths(graph) {
    const found = new Map();
    graph.states.forEach((state, n) => {
      const start = graph.leaves.get(state), end = graph.outputs[n], ways = new Map([[start, [start]]]);
      for (const node of graph.order) {
        if (!["add", "sub", "mul"].includes(node.op)) continue;
        const from = node.args.find((one) => ways.has(one));
        if (from) ways.set(node, [...ways.get(from), node]);
      }
      if (ways.has(end) && end !== start) found.set(state, ways.get(end));
    });
    return found;
  }
  function placed(graph, parts, ends, turned) {
    const top = new Map(), straight = [], at_ = new Map(), taken = new Set();
    let next_ = 1;
    for (const [state, nodes] of straightPaths(graph)) {
      const key = ends.get(state);
      if (!key || !nodes.every((one) => parts.has(one) && !top.has(one))) continue;
      [...nodes, key].forEach((one) => top.set(one, straight.length));
      straight.push([...nodes, key]);
    }
    // what is computed from a new state hangs below its line
    const after = new Set(straight.flatMap((line) => line.slice(1)));
    for (const [key, one] of parts)
      if (!top.has(key) && one.args.some((each) => after.has(each))) after.add(key);
    const level = new Map(), waiting = [];
    for (const [key, one] of parts) {
      if (top.has(key) || ["input", "state", "output"].includes(one.kind)) continue;
      const below = one.args.filter((each) => level.has(each)).map((each) => level.get(each));
      if (after.has(key))
        waiting.push(key);
      else
        level.set(key, one.kind === "product" && !below.length ? 0 : Math.min(HIGHEST, 1 + Math.max(0, ...below)));
    }
    for (const key of waiting) {
      const { args } = parts.get(key), below = args.filter((one) => level.has(one)).map((one) => level.get(one));
      const least = below.length ? Math.min(...below) : 1;
      level.set(key, args.every((one) => top.has(one)) ? 2 : Math.max(1, least));
    }
    const bottom = straight.length + Math.max(0, ...level.values());
    const others = graph.states.map((one) => graph.leaves.get(one)).filter((one) => !top.has(one));
    const rowOf = (key) => {
      if (top.has(key)) return top.get(key);
      const { kind: kind_, args } = parts.get(key);
      if (kind_ === "state") return bottom + Math.max(0, others.indexOf(key));
      if (kind_ === "input") return bottom + Math.max(1, others.length);
      if (kind_ === "output") return top.has(args[0]) ? top.get(args[0]) + 1 : rowOf(args[0]);
      return bottom - level.get(key);
    };
    const put = (key, column, row = rowOf(key)) => {
      at_.set(key, [column, row]);
      taken.add(`${column} ${row}`);
      next_ = Math.max(next_, column + 1);
    };
    // above or below the argument that was placed last, else a new column
    const columnOf = (key) => {
      const mine = rowOf(key);
      const args = parts.get(key).args.map((one) => at_.get(one)).filter((one) => one && one[0] > 0);
      const first = args.filter(([, row]) => row === mine).reduce((most, [c]) => Math.max(most, c + 1), -Infinity);
      const least = first === -Infinity ? 1 : first;
      if (args.length) {
        const [column, row] = args.reduce((a, b) => b[0] > a[0] || (b[0] === a[0] && b[1] > a[1]) ? b : a);
        let free = true;
        for (let r = Math.min(row, mine); r <= Math.max(row, mine); ++r)
          if (r !== row && taken.has(`${column} ${r}`)) free = false;
        if (free && column >= least && row !== mine) return column;
      }
      return Math.max(least, next_);
    };
    const visit = (key) => {
      const stack = [[key, false]];
      while (stack.length) {
        const [one, ready] = stack.pop();
        if (at_.has(one)) continue;
        if (ready) {
          put(one, columnOf(one));
          continue;
        }
        const { args } = parts.get(one);
        stack.push([one, true], ...(turned.has(one) ? args : [...args].reverse()).map((each) => [each, false]));
      }
    };
    for (const [key, one] of parts)
      if (one.kind === "state" || one.kind === "input") put(key, 0);
    const order = straight.map((line) => line.at(-1));
    order.push(...[...ends.values()].filter((key) => parts.has(key) && !order.includes(key)));
    order.forEach((key) => visit(parts.get(key).args[0]));
    const end = next_;
    for (const key of order) {
      let row = rowOf(key);
      while (taken.has(`${end} ${row}`)) ++row;
      put(key, end, row);
    }
    return { at: at_, straight };
  }

  const halfHeight = (one) => one.kind === "sign" ? 1 : 2;
  const plain = (one, line) => [...`${line}${one.kind === "state" ? "t-1" : ""}`.replace(/[_{}]/g, "")].length;
  function halfWidth(one, lines, unit) {
    const length = Math.max(...lines.map((line) => plain(one, line)));
    if (one.kind === "sign" && length === 1) return Math.ceil(UNIT / unit);
    return Math.max(2, Math.ceil((length * 7 + 12) / (2 * unit)));
  }
  function middles(numbers, halves, gap) {
    const found = [];
    let x = 1;
    for (let n = 0; n <= Math.max(...numbers); ++n) {
      const wide = Math.max(0, ...halves.filter((_, m) => numbers[m] === n));
      x += wide;
      found.push(x);
      x += wide + gap;
    }
    return found;
  }
  function boxesOf(parts, at_, down) {
    const keys = [...at_.keys()], boxes = new Map();
    const lines = new Map(keys.map((key) => {
      const one = parts.get(key), [first, ...rest] = one.label.split(" + ");
      return [key, down && one.kind === "product" ? [first, ...rest.map((each) => `+ ${each}`)] : [one.label]];
    }));
    const wide = keys.map((key) => halfWidth(parts.get(key), lines.get(key), down ? FINE : UNIT));
    const high = keys.map((key) => {
      const n = lines.get(key).length;
      return Math.max(halfHeight(parts.get(key)), n > 1 ? Math.ceil((16 * n + 12) / (2 * UNIT)) : 1);
    });
    const columns = keys.map((key) => at_.get(key)[0]), rows = keys.map((key) => at_.get(key)[1]);
    const x = down ? middles(rows, wide, NARROW) : middles(columns, wide, 4), y = down ? middles(columns, high, 4) : [];
    keys.forEach((key, n) => {
      const place = down ? { x: x[rows[n]], y: y[columns[n]] + 2 } : { x: x[columns[n]], y: 3 + PITCH * rows[n] };
      boxes.set(key, {
        part: parts.get(key),
        ...place,
        wide: wide[n],
        high: down ? high[n] : halfHeight(parts.get(key)),
        lines: lines.get(key)
      });
    });
    return boxes;
  }
  return { UNIT, FINE, placed, boxesOf };
})();
