// The drawing of an equation's graph as SVG, by the rules and with the numbers of recur.equations.diagram: a test
// compares the two, letter by letter. It draws the cells of the page, and what is typed in.
const cellDrawing = (() => {
  const RIGHT = 0, DOWN = 1, LEFT = 2, UP = 3, STEPS = [[1, 0], [0, 1], [-1, 0], [0, -1]], TURNED = [1, 0, 3, 2];
  const UNIT = 9, PITCH = 8, NARROW = 3, FINE = 6, TRIES = 8, PASSES = 1, LARGE = 22, RADIUS = 6, HIGHEST = 4;
  const BEND = 3, CROSSING = 9, BESIDE = 2;
  const SIGNS = {
    add: "+",
    sub: "−",
    mul: "×",
    div: "÷",
    neg: "−",
    pow: "^",
    sum: "Σ",
    concat: "[ ]",
    maximum: "max",
    minimum: "min"
  };
  const NAMES = { sigmoid: "σ", softplus: "softplus", sqrt: "√" };
  const ACTIVATIONS = ["sigmoid", "tanh", "relu", "softplus"];
  const LEAVING = {
    state: [RIGHT],
    input: [RIGHT],
    product: [UP, RIGHT],
    gate: [UP, RIGHT],
    function: [UP, RIGHT, DOWN],
    sign: [RIGHT, UP, DOWN]
  };
  const ENTERING = {
    output: [LEFT],
    product: [LEFT, DOWN],
    gate: [DOWN, LEFT],
    function: [DOWN, LEFT, UP],
    sign: [LEFT, DOWN, UP]
  };

  // --- parts: what becomes a box, a sign in a circle, or part of a label
  function partsOf(graph) {
    const { order, leaves, states, outputs, names } = graph, input = leaves.get(graph.input);
    const uses = new Map(), found = new Map(), weighted = new Set(), news = new Set(outputs);
    for (const one of [...order.flatMap((node) => node.args), ...outputs]) uses.set(one, (uses.get(one) || 0) + 1);
    const moving = new Set([input, ...states.map((one) => leaves.get(one))]);
    order.forEach((node) => node.args.some((one) => moving.has(one)) && moving.add(node));
    const shownAs = (node) => {
      while (node.op === "slice") node = node.args[0];
      return node;
    };
    // the terms of a sum of products and constants; null where another kind of term is in it
    const terms = (node, top = true) => {
      if (!moving.has(node) || (node.op === "matvec" && !moving.has(node.args[0])))
        return top || !moving.has(node) || uses.get(node) === 1 ? [node] : null;
      if (node.op !== "add" || (!top && uses.get(node) > 1)) return null;
      const more = node.args.map((one) => terms(one, false));
      return more.includes(null) ? null : more.flat();
    };
    const products = (node) => {
      const all = node.op === "add" || node.op === "matvec" ? terms(node) : null;
      return all?.some((one) => one.op === "matvec") ? all : [];
    };
    const inside = new Set();
    for (const node of order) {
      if (node.op !== "add" || !products(node).length) continue;
      products(node).forEach((one) => inside.add(one));
      const waiting = [...node.args];
      while (waiting.length) {
        const one = waiting.pop();
        if (one.op !== "add" || !moving.has(one)) continue;
        inside.add(one);
        waiting.push(...one.args);
      }
    }
    // a sum of products that are boxes of their own, read by one function: a gate adds them
    const summed = (node) => node.op === "add" && uses.get(node) === 1 &&
      node.args.every((one) => found.get(shownAs(one))?.kind === "product") &&
      order.some((one) => ACTIVATIONS.includes(one.op) && one.args.includes(node));
    const term = (node) => {
      if (node.op !== "matvec") return nodeText(node, 2);
      const vector = shownAs(node.args[1]), matrix = nodeText(node.args[0], 2);
      return vector.op === "state" ? `${matrix} ${vector.attribute}_t−1` :
        vector.op === "input" ? `${matrix} ${vector.attribute}_t` :
                                `${matrix} ·`;
    };
    const partOf = (node) => {
      let name = names.get(node) || "";
      const all = products(node);
      if (all.length) {
        const args = all.filter((one) => one.op === "matvec").map((one) => shownAs(one.args[1]));
        return { node, kind: "product", label: all.map(term).join(" + "), args, name };
      }
      const activation = ACTIVATIONS.includes(node.op);
      const read = activation && summed(node.args[0]) ? node.args[0].args : node.args;
      const args = read.filter((one) => moving.has(one)).map(shownAs);
      const other = node.args.find((one) => !moving.has(one)), fixed = other ? nodeText(other, 2) : "";
      if (SIGNS[node.op]) {
        const sign_ = SIGNS[node.op],
              label = !fixed || node.args.length !== 2 ? sign_ :
          moving.has(node.args[0])                     ? `${sign_} ${fixed}` :
                                                         `${fixed} ${sign_}`;
        return { node, kind: "sign", label, args, name };
      }
      const gate = activation && args.every((one) => found.get(one).kind === "product");
      if (!name && !news.has(node.args[0])) name = names.get(node.args[0]) || "";
      return {
        node,
        kind: gate ? "gate" : "function",
        label: NAMES[node.op] || node.op,
        args,
        name,
        gate: activation && args.some((one) => weighted.has(one))
      };
    };
    for (const one of states)
      found.set(leaves.get(one), { node: leaves.get(one), kind: "state", label: one, args: [], name: "" });
    found.set(input, { node: input, kind: "input", label: input.attribute, args: [], name: "" });
    for (const node of order) {
      if (!moving.has(node) || found.has(node) || inside.has(node) || node.op === "slice" || summed(node)) continue;
      const one = partOf(node);
      found.set(node, one);
      if (one.kind === "product" || (one.kind === "sign" && one.args.some((each) => weighted.has(each))))
        weighted.add(node);
    }
    const ends = new Map();
    outputs.forEach((node, n) => {
      const source = shownAs(node), key = { state: states[n] };
      if (!found.has(source)) return;
      ends.set(states[n], key);
      found.set(key, { node, kind: "output", label: states[n], args: [source], name: "" });
    });
    // what a new state depends on, and what is given
    const reached = new Set([...found].filter(([, one]) => /input|state|output/.test(one.kind)).map(([key]) => key));
    [...found].reverse().forEach(([key, one]) => reached.has(key) && one.args.forEach((each) => reached.add(each)));
    return { parts: new Map([...found].filter(([key]) => reached.has(key))), ends };
  }

  // --- places: states straight across the top, gates in one row, each part after what it reads
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

  // --- boxes on a grid
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
  const portsOf = (box, sides, leaving) => sides.map((side) => {
    const [dx, dy] = [[box.wide, 0], [0, box.high], [-box.wide, 0], [0, -box.high]][side];
    return { x: box.x + dx, y: box.y + dy, direction: leaving ? side : (side + 2) % 4 };
  });

  // --- lines: short, with few bends and crossings, never over a box or along another
  class Queue {
    constructor() {
      this.items = [];
      this.count = 0;
    }
    before(a, b) {
      const x = this.items[a], y = this.items[b];
      return x[0] < y[0] || (x[0] === y[0] && x[1] < y[1]);
    }
    swap(a, b) {
      [this.items[a], this.items[b]] = [this.items[b], this.items[a]];
    }
    push(cost, state) {
      this.items.push([cost, ++this.count, state]);
      for (let n = this.items.length - 1; n && this.before(n, (n - 1) >> 1); n = (n - 1) >> 1)
        this.swap(n, (n - 1) >> 1);
    }
    pop() {
      this.swap(0, this.items.length - 1);
      const [, , state] = this.items.pop();
      for (let n = 0;;) {
        let least = n;
        for (const child of [2 * n + 1, 2 * n + 2])
          if (child < this.items.length && this.before(child, least)) least = child;
        if (least === n) return state;
        this.swap(n, least);
        n = least;
      }
    }
  }
  class Grid {
    constructor(width, height) {
      this.width = width;
      this.height = height;
      // points are numbers; there is a border, so that what is beside a point has a number of its own
      this.row = width + 2;
      const count = this.row * (height + 2);
      this.blocked = new Uint8Array(count);
      this.marks = [
        new Array(count).fill(null), new Array(count).fill(null)
      ];  // the net whose line runs across or down through a point
      this.nets = new Map();
      this.ports = new Map();
    }
    at(x, y) {
      return (y + 1) * this.row + x + 1;
    }
    x(point) {
      return point % this.row - 1;
    }
    y(point) {
      return Math.floor(point / this.row) - 1;
    }
    by(direction) {
      return STEPS[direction][0] + STEPS[direction][1] * this.row;
    }
    inside(point) {
      const x = this.x(point), y = this.y(point);
      return x >= 0 && x < this.width && y >= 0 && y < this.height;
    }
    block({ x, y, wide, high }) {
      for (let v = y - high; v <= y + high; ++v) this.blocked.fill(1, this.at(x - wide, v), this.at(x + wide, v) + 1);
    }
    foreign(direction, point, net) {
      const mark = this.marks[direction % 2][point];
      return mark !== null && mark !== net;
    }
    price(net, point, direction) {
      if (!this.inside(point) || this.blocked[point] || this.foreign(direction, point, net)) return null;
      if (this.foreign(direction + 1, point, net)) return 1 + CROSSING;
      const aside = direction % 2 ? 1 : this.row;
      return 1 + BESIDE * (this.foreign(direction, point - aside, net) + this.foreign(direction, point + aside, net));
    }
    // the corners of a line from one of the sources, or from a line of the same net, to one of the targets
    route(net, sources, targets) {
      const goals = new Map(), queue = new Queue(), states = 4 * this.blocked.length;
      // by state, a point with a direction: the way there, and the state before it (-1: it begins at a port, -2: at a
      // line)
      const cost = new Float64Array(states).fill(Infinity), came = new Int32Array(states);
      for (const one of targets) {
        const point = this.at(one.x, one.y), user = this.ports.get(point);
        if ((user === undefined || user === net) && this.inside(point))
          goals.set(point - this.by(one.direction), { point, direction: one.direction });
      }
      const ends = [...goals.keys()].map((one) => [this.x(one), this.y(one)]);
      const left = (point) => {
        const x = this.x(point), y = this.y(point);
        let least = Infinity;
        for (const [a, b] of ends) least = Math.min(least, Math.abs(x - a) + Math.abs(y - b));
        return ends.length ? least : 0;
      };
      const begin = (point, direction, port) => {
        const state = point * 4 + direction;
        if (cost[state] < Infinity || !this.inside(point)) return;
        cost[state] = 0;
        came[state] = port ? -1 : -2;
        queue.push(left(point), state);
      };
      for (const [point, directions] of this.nets.get(net) || [])
        [0, 1, 2, 3].filter((one) => directions.has(one)).forEach((one) => begin(point, one, false));
      if (!this.nets.has(net))
        for (const one of sources)
          if (!this.ports.has(this.at(one.x, one.y))) begin(this.at(one.x, one.y), one.direction, true);
      while (queue.items.length) {
        const state = queue.pop(), point = state >> 2, direction = state & 3, goal = goals.get(point);
        if (goal && (direction + 2) % 4 !== goal.direction) return this.keep(net, state, goal.point, came);
        const first = came[state] === -1;
        for (let turn = 0; turn < 4; ++turn) {
          if ((turn + 2) % 4 === direction || (first && turn !== direction)) continue;
          const next_ = point + this.by(turn);
          let price = this.price(net, next_, turn);
          if (price === null) continue;
          if (turn !== direction) {
            // two lines would share a corner
            if (this.foreign(turn + 1, point, net) || this.foreign(turn, point, net)) continue;
            price += BEND;
          }
          const total = cost[state] + price, reached = next_ * 4 + turn;
          if (total >= cost[reached]) continue;
          cost[reached] = total;
          came[reached] = state;
          queue.push(total + left(next_), reached);
        }
      }
      return [];
    }
    keep(net, end, port, came) {
      const points = [port, end >> 2];
      for (let state = came[end]; state >= 0; state = came[state]) points.push(state >> 2);
      const line = cornersOf(points.reverse().map((one) => [this.x(one), this.y(one)]));
      this.lay(net, line);
      return line;
    }
    lay(net, line) {
      const points = pointsOf(line);
      if (!this.nets.has(net)) this.nets.set(net, new Map());
      const lines = this.nets.get(net), add = (point, direction) => {
        if (!lines.has(point)) lines.set(point, new Set());
        lines.get(point).add(direction);
      };
      for (let n = 0; n + 1 < points.length; ++n) {
        const [a, b] = [points[n], points[n + 1]], from = this.at(...a), to = this.at(...b);
        const direction = STEPS.findIndex(([dx, dy]) => b[0] - a[0] === dx && b[1] - a[1] === dy);
        const marks = this.marks[direction % 2];
        marks[from] = marks[to] = net;
        add(from, direction);
        if (n + 2 < points.length) add(to, direction);
      }
      const start = this.at(...points[0]);
      if (!this.ports.has(start)) this.ports.set(start, net);
      this.ports.set(this.at(...points.at(-1)), net);
    }
    release(net) {
      this.nets.delete(net);
      for (const marks of this.marks) marks.forEach((one, point) => one === net && (marks[point] = null));
      for (const [point, one] of this.ports)
        if (one === net) this.ports.delete(point);
    }
    crossings(net) {
      const [across, down] = this.marks;
      let count = 0;
      for (const point of (this.nets.get(net) || new Map()).keys())
        count +=
          (across[point] === net && this.foreign(1, point, net)) + (down[point] === net && this.foreign(0, point, net));
      return count;
    }
  }
  function cornersOf(points) {
    const bent = (n) => points[n][0] - points[n - 1][0] !== points[n + 1][0] - points[n][0] ||
      points[n][1] - points[n - 1][1] !== points[n + 1][1] - points[n][1];
    return points.filter((_, n) => n === 0 || n === points.length - 1 || bent(n));
  }
  function pointsOf(line) {
    const points = [line[0]];
    for (let n = 1; n < line.length; ++n) {
      const [bx, by] = line[n], [ax, ay] = line[n - 1], dx = Math.sign(bx - ax), dy = Math.sign(by - ay);
      for (let [x, y] = points.at(-1); x !== bx || y !== by;[x, y] = points.at(-1))
        points.push(dx === 0 || dy === 0 ? [x + dx, y + dy] : [bx, by]);
    }
    return points;
  }
  // all lines, and then those of each value once more with those of all others in place
  function linesOf(grid, boxes, straight, pairs, down) {
    const unplaced = new Set(), found = new Map(), turned = (sides) => down ? sides.map((one) => TURNED[one]) : sides;
    const route = ([source, target, isStraight]) => {
      const a = boxes.get(source), b = boxes.get(target), all = [RIGHT, DOWN, LEFT, UP];
      const leaving = turned(isStraight ? [RIGHT] : LEAVING[a.part.kind]),
            entering = turned(isStraight ? [LEFT] : ENTERING[b.part.kind]);
      // where every usual side is taken: any other one
      for (const [out, into] of [[leaving, entering], [all, all]]) {
        const line = grid.route(source, portsOf(a, out, true), portsOf(b, into, false));
        if (line.length) return line;
      }
      unplaced.add(source);
      return [[a.x, a.y], [b.x, b.y]];
    };
    const cost = (net, mine) =>
      [grid.crossings(net), mine.reduce((sum, pair) => sum + found.get(pair).length, 0), grid.nets.get(net)?.size || 0];
    const again = (net) => {
      const mine = pairs.filter(([source]) => source === net), old = mine.map((pair) => found.get(pair));
      const before = cost(net, mine);
      grid.release(net);
      mine.forEach((pair) => found.set(pair, route(pair)));
      if (!unplaced.has(net) && less(cost(net, mine), before)) return;
      grid.release(net);
      mine.forEach((pair, n) => {
        found.set(pair, old[n]);
        grid.lay(net, old[n]);
      });
    };
    const crossings = () => [...grid.nets.keys()].reduce((sum, net) => sum + grid.crossings(net), 0) / 2;
    pairs.forEach((pair) => found.set(pair, route(pair)));
    const nets = [...new Set(pairs.map(([source]) => source))];
    for (let n = 0; n < PASSES && boxes.size <= LARGE; ++n) {
      const before = crossings();
      for (const net of [...nets].sort((a, b) => grid.crossings(b) - grid.crossings(a)))
        if (grid.crossings(net) && !unplaced.has(net)) again(net);
      if (crossings() === before) break;
    }
    return { lines: pairs.map((pair) => ({ source: pair[0], corners: found.get(pair) })), crossings: crossings() };
  }
  const less = (a, b) => {
    const n = a.findIndex((one, m) => one !== b[m]);
    return n >= 0 && a[n] < b[n];
  };
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
    const found = linesOf(grid, boxes, wanted, pairs, down);
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
    const found = partsOf(graph), joins = [...found.parts].filter(([, one]) => one.args.length > 1).slice(0, TRIES);
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
