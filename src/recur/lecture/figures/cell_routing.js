// The lines between the boxes, by the rules of recur.equations.drawing.routing: short, with few bends and crossings,
// never over a box or along another.
const cellRouting = (() => {
  const RIGHT = 0, DOWN = 1, LEFT = 2, UP = 3, STEPS = [[1, 0], [0, 1], [-1, 0], [0, -1]], TURNED = [1, 0, 3, 2];
  const BEND = 3, CROSSING = 9, BESIDE = 2, PASSES = 1, LARGE = 22;
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
  const portsOf = (box, sides, leaving) => sides.map((side) => {
    const [dx, dy] = [[box.wide, 0], [0, box.high], [-box.wide, 0], [0, -box.high]][side];
    return { x: box.x + dx, y: box.y + dy, direction: leaving ? side : (side + 2) % 4 };
  });
  // all lines, and then those of each value once more with those of all others in place
  function linesOf(grid, boxes, pairs, down) {
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
  return { LARGE, Grid, linesOf, pointsOf, less };
})();
