// The step of a graph that was typed in, forward and backward, with the interface of the steps that are written from
// the library's equations: frames that hold every value, and every derivative.
const SLOPES = {
  sigmoid: (x, y) => y * (1 - y),
  tanh: (x, y) => 1 - y * y,
  relu: (x) => Number(x > 0),
  exp: (x, y) => y,
  log: (x) => 1 / x,
  sqrt: (x, y) => 0.5 / y,
  sin: Math.cos,
  cos: (x) => -Math.sin(x),
  atan: (x) => 1 / (1 + x * x),
  softplus: arithmetic.sigmoid,
  erf: (x) => 2 / Math.sqrt(Math.PI) * Math.exp(-x * x),
  floor: () => 0,
  abs: Math.sign,
  neg: () => -1,
};
const VALUES = {
  ...Object.fromEntries(
    ["tanh", "exp", "log", "sqrt", "sin", "cos", "atan", "floor", "abs"].map((one) => [one, Math[one]])),
  sigmoid: arithmetic.sigmoid,
  softplus: arithmetic.softplus,
  erf: arithmetic.erf,
  relu: (x) => Math.max(x, 0),
  neg: (x) => -x,
};
const PAIRS = {
  add: [(x, y) => x + y, () => 1, () => 1],
  sub: [(x, y) => x - y, () => 1, () => -1],
  mul: [(x, y) => x * y, (x, y) => y, (x) => x],
  div: [(x, y) => x / y, (x, y) => 1 / y, (x, y) => -x / (y * y)],
  pow: [(x, y) => x ** y, (x, y) => y * x ** (y - 1), () => 0],
  maximum:
    [Math.max,
     (x, y) => x > y ? 1 :
       x < y         ? 0 :
                       0.5,
     (x, y) => x > y ? 0 :
       x < y         ? 1 :
                       0.5],
  minimum:
    [Math.min,
     (x, y) => x < y ? 1 :
       x > y         ? 0 :
                       0.5,
     (x, y) => x < y ? 0 :
       x > y         ? 1 :
                       0.5],
};
function interpreted(equation_) {
  const { order, leaves, states, input, outputs } = equation_;
  return (n, w, _, A) => {
    const number_ = (size) => Object.entries(size.terms).reduce((sum, [one, f]) => sum + f * n[one], size.constant);
    const count = (node) => node.shape.reduce((a, size) => a * number_(size), 1);
    // every value that is a vector, or a number computed from one, has its place in both frames
    const places = new Map(), seeds = {};
    let size = 0, back = 0;
    const take = (node) => {
      places.set(node, size);
      size += count(node);
    };
    [leaves.get(input), ...states.map((one) => leaves.get(one))].forEach(take);
    order.filter((node) => !places.has(node) && node.op !== "transposed" && node.shape.length < 2).forEach(take);
    back = size;
    for (const one of states) {
      seeds[one] = back;
      back += count(leaves.get(one));
    }
    const given = new Set(["input", "state", "parameter", "constant", "count", "transposed"]);
    const at = (frame, node) => frame.subarray(places.get(node), places.get(node) + count(node));
    const read = (f, node) => node.op === "constant" ? [node.attribute] :
      node.op === "count"                            ? [number_(node.attribute)] :
      node.op === "parameter"                        ? w[node.attribute] :
                                                       at(f, node);
    const element = (values, u) => values.length === 1 ? values[0] : values[u];
    function compute(f, node) {
      const out = at(f, node), args = node.args.map((one) => read(f, one));
      if (VALUES[node.op]) {
        for (let u = 0; u < out.length; ++u) out[u] = VALUES[node.op](args[0][u]);
      } else if (PAIRS[node.op]) {
        const [value] = PAIRS[node.op];
        for (let u = 0; u < out.length; ++u) out[u] = value(element(args[0], u), element(args[1], u));
      } else if (node.op === "slice") {
        const first = number_(node.attribute[0]);
        for (let u = 0; u < out.length; ++u) out[u] = args[0][first + u];
      } else if (node.op === "concat") {
        out.set(args.flatMap((one) => Array.from(one)));
      } else if (node.op === "sum") {
        out[0] = args[0].reduce((a, b) => a + b, 0);
      } else {
        const [rows, columns] = node.args[0].shape.map(number_);
        const call = node.op === "matvec" ? "product" : "transposed";
        arithmetic[call](args[0], 0, rows, columns, args[1], 0, out, 0);
      }
    }
    function spread(f, d, g, node) {
      const dz = at(d, node), out = at(f, node), args = node.args.map((one) => read(f, one));
      const into = node.args.map(
        (one) => one.op === "parameter"                                  ? (g ? g[one.attribute] : null) :
          places.has(one) && one.op !== "constant" && one.op !== "count" ? at(d, one) :
                                                                           null);
      const add = (place, u, v) => {
        if (into[place]) into[place][into[place].length === 1 ? 0 : u] += v;
      };
      dz.forEach((v, u) => {
        if (SLOPES[node.op]) add(0, u, v * SLOPES[node.op](args[0][u], out[u]));
        if (PAIRS[node.op])
          [0, 1].forEach(
            (side) => add(side, u, v * PAIRS[node.op][1 + side](element(args[0], u), element(args[1], u))));
        if (node.op === "slice") add(0, number_(node.attribute[0]) + u, v);
      });
      if (node.op === "sum") args[0].forEach((_, u) => add(0, u, dz[0]));
      let first = 0;
      if (node.op === "concat")
        args.forEach((one, side) => {
          for (let u = 0; u < one.length; ++u) add(side, u, dz[first + u]);
          first += one.length;
        });
      if (!node.op.startsWith("matvec")) return;
      const [rows, columns] = node.args[0].shape.map(number_), plain = node.op === "matvec";
      for (let row = 0; row < rows; ++row)
        for (let column = 0; column < columns; ++column) {
          const [from, to] = plain ? [row, column] : [column, row];
          add(1, to, args[0][row * columns + column] * dz[from]);
          if (into[0]) into[0][row * columns + column] += dz[from] * args[1][to];
        }
    }
    const place = (node) => [places.get(node), count(node)];
    return {
      frame: size,
      back,
      x: place(leaves.get(input)),
      dx: place(leaves.get(input)),
      states: Object.fromEntries(states.map((one, m) => [one, {
                                              before: place(leaves.get(one)),
                                              after: place(outputs[m]),
                                              seed: [seeds[one], count(leaves.get(one))],
                                              message: place(leaves.get(one))
                                            }])),
      values: {},
      forward(f) {
        order.forEach((node) => given.has(node.op) || compute(f, node));
      },
      backward(f, d, g) {
        states.forEach((one, m) => {
          const [first, many] = [seeds[one], count(leaves.get(one))], to = at(d, outputs[m]);
          for (let u = 0; u < many; ++u) to[u] += d[first + u];
        });
        [...order].reverse().forEach((node) => given.has(node.op) || spread(f, d, g, node));
      },
    };
  };
}
// a typed text as an entry among the cells of the page
function typedCell(text) {
  const read = readEquation(text);
  const terms = (size) =>
    [...Object.entries(size.terms).map(([one, factor]) => [factor, [one]]),
     ...(size.constant ? [[size.constant, []]] : [])];
  return {
    name: read.name,
    text,
    graph: read,
    shapes: Object.fromEntries(read.parameters.map((one) => [one, read.shapes.get(one).map(terms)])),
    make: interpreted(read),
  };
}
