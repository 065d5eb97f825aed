// Sizes, the graph, and the operations of an equation that is typed in; what the library refuses is refused here, in
// the same words.
class Refused extends Error {
  constructor(message, hint = "") {
    super(message);
    this.hint = hint;
  }
}
const refuse = (message, hint) => {
  throw new Refused(message, hint);
};
const LONGEST = 8000, DEEPEST = 60, ONLY_FILE = "write it in a file, and: recur lecture page.html --cell FILE.py:NAME";

// --- sizes: sums of symbols with whole factors and a constant
const sizeOf = (terms, constant = 0) => ({
  terms: Object.fromEntries(Object.entries(terms).filter(([, factor]) => factor).sort(([a], [b]) => (a < b ? -1 : 1))),
  constant
});
const ONE_ = sizeOf({}, 1), ZERO_ = sizeOf({});
function sizeText(size) {
  const parts = Object.entries(size.terms).map(([symbol_, factor]) => (factor === 1 ? "" : factor) + symbol_);
  if (size.constant || !parts.length) parts.push(String(size.constant));
  return parts.join("+");
}
const sameSize = (a, b) => sizeText(a) === sizeText(b);
function sizePlus(a, b, sign_ = 1) {
  const terms = {...a.terms };
  for (const [symbol_, factor] of Object.entries(b.terms)) terms[symbol_] = (terms[symbol_] || 0) + sign_ * factor;
  return sizeOf(terms, a.constant + sign_ * b.constant);
}
function readSize(text) {
  let all = ZERO_;
  for (const one of text.split("+")) {
    const found = /^(\d*)([A-Za-z_]\w*)$|^(\d+)$/.exec(one.trim());
    if (!found)
      refuse(
        `cannot read the size "${text}"`,
        "a size is a symbol with an optional factor, such as \"H\", \"4H\" or \"H+P\"");
    all = sizePlus(all, found[3] ? sizeOf({}, +found[3]) : sizeOf({ [found[2]]: +(found[1] || 1) }));
  }
  return all;
}
function sizeParts(size, parts) {
  const factors = [...Object.values(size.terms), size.constant];
  if (factors.some((one) => one % parts)) return null;
  return sizeOf(
    Object.fromEntries(Object.entries(size.terms).map(([symbol_, factor]) => [symbol_, factor / parts])),
    size.constant / parts);
}
const shapeText = (shape) => shape.length ? shape.map(sizeText).join(" x ") : "a number";

// --- the graph: nodes, each once; constants are folded
class Graph_ {
  constructor() {
    this.made = new Map();
  }
  make(op, args, shape, attribute = null) {
    const key = `${op} ${args.map((one) => one.number)} ${shape.map(sizeText)} ${JSON.stringify(attribute)}`;
    if (!this.made.has(key)) this.made.set(key, { op, args, shape, attribute, number: this.made.size });
    return this.made.get(key);
  }
  constant(value) {
    return this.make("constant", [], [], value);
  }
  binary(op, a, b) {
    if (a.op === "constant" && b.op === "constant" && !(op === "pow" && a.attribute <= 0)) {
      const [x, y] = [a.attribute, b.attribute];
      const folded = { add: x + y, sub: x - y, mul: x * y, div: x / y, pow: x ** y }[op];
      if (folded !== undefined) return this.constant(folded);
    }
    const size = (one) => one.shape[0] || ONE_, wide = (one) => sameSize(size(one), ONE_);
    const shape = !b.shape.length || (wide(b) && a.shape.length) ? a.shape : b.shape;
    return this.make(op, [a, b], shape);
  }
}
const wideOf = (node) => node.shape[0] || ONE_;
const INFIX_ = {
  add: "+",
  sub: "-",
  mul: "*",
  div: "/",
  greater: ">"
};
function nodeText(node, depth = 4) {
  if (["input", "state", "parameter"].includes(node.op)) return node.attribute;
  if (node.op === "constant") return String(+node.attribute.toPrecision(6));
  if (node.op === "count") return sizeText(node.attribute);
  if (!depth) return "...";
  const parts = node.args.map((one) => nodeText(one, depth - 1));
  if (INFIX_[node.op]) return `(${parts[0]} ${INFIX_[node.op]} ${parts[1]})`;
  if (node.op === "matvec") return `${parts[0]} @ ${parts[1]}`;
  if (node.op === "matvec_transposed") return `${parts[0]}^T @ ${parts[1]}`;
  if (node.op === "slice") return `${parts[0]}[${node.attribute.map(sizeText).join(":")}]`;
  if (node.op === "neg") return `-${parts[0]}`;
  if (node.op === "transposed") return `${parts[0]}^T`;
  return `${node.op}(${parts.join(", ")})`;
}

// --- operations on values: numbers, and nodes of the graph
const SIGNS_ = {
  add: "+",
  sub: "-",
  mul: "*",
  div: "/"
};
const UNARY_ = {
  sigmoid: "sigmoid",
  tanh: "tanh",
  relu: "relu",
  exp: "exp",
  log: "log",
  sqrt: "sqrt",
  sin: "sin",
  cos: "cos",
  atan: "atan",
  softplus: "softplus",
  erf: "erf",
  floor: "floor",
  absolute: "abs",
  abs: "abs"
};
const BEYOND = new Set([
  "softmax", "logsumexp", "largest", "one_hot_of_largest", "count", "cumsum", "outer", "scale_rows", "scale_columns",
  "flatten", "bernoulli", "spike", "step", "surrogate"
]);
function vectorOnly(name, ...values) {
  for (const one of values) {
    if (typeof one === "number") refuse(`${name} takes values of the equation, got ${one}`);
    if (Array.isArray(one)) refuse(`${name} takes values of the equation, got several`);
    if (one.shape.length === 2)
      refuse(
        `${name} on the matrix ${nodeText(one)} (${shapeText(one.shape)}): a matrix only multiplies a vector`,
        `write ${nodeText(one)} @ v first`);
  }
}
function binaryOf(graph, op, a, b) {
  const sign_ = SIGNS_[op] || op;
  for (const one of [a, b])
    if (Array.isArray(one)) refuse(`${sign_} takes values of the equation, got several`);
  if (typeof a === "number" && typeof b === "number") {
    if (!SIGNS_[op]) refuse(`${sign_} of ${a} and ${b}: one of the two must be a value of the equation`);
    const value = { add: a + b, sub: a - b, mul: a * b, div: a / b }[op];
    if (op === "div" && b === 0) refuse("ZeroDivisionError: division by zero");
    return value;
  }
  const [left, right] = [a, b].map((one) => {
    if (typeof one !== "number") {
      vectorOnly(sign_, one);
      return one;
    }
    if (!Number.isFinite(one)) refuse(`${sign_} with ${one}: a number in an equation is finite`);
    return graph.constant(one);
  });
  if (op === "div" && right.op === "constant" && right.attribute === 0)
    refuse(`${nodeText(left)} / 0: division by zero`);
  const sizes = [wideOf(left), wideOf(right)];
  if (left.shape.length && right.shape.length && !sameSize(...sizes) && !sizes.some((one) => sameSize(one, ONE_)))
    refuse(
      `${sign_} of ${nodeText(left)} and ${nodeText(right)}: their sizes differ, ${shapeText(left.shape)} and ${
        shapeText(right.shape)}`,
      "element-wise operations need equal sizes; a matrix product W @ v changes a size");
  return graph.binary(op, left, right);
}
function unaryOf(graph, op, value) {
  if (typeof value === "number" && op === "neg") return -value;
  vectorOnly(op === "neg" ? "-" : op, value);
  if (op === "neg" && value.op === "neg") return value.args[0];
  return graph.make(op, [value], value.shape);
}
function productOf(graph, matrix, vector) {
  if (typeof matrix === "number" || Array.isArray(matrix)) refuse(`${matrix} @: the left side must be a matrix`);
  if (typeof vector === "number" || Array.isArray(vector))
    refuse(`${nodeText(matrix)} @ ${vector}: the right side must be a vector of the equation`);
  if (matrix.shape.length !== 2)
    refuse(
      `${nodeText(matrix)} @ ${nodeText(vector)}: the left side is ${shapeText(matrix.shape)}, not a matrix`,
      "write the product as W @ v with W declared by two sizes, such as W_hh='H H'");
  if (vector.shape.length !== 1 || !sameSize(matrix.shape[1], vector.shape[0]))
    refuse(
      `${nodeText(matrix)} @ ${nodeText(vector)}: ${nodeText(matrix)} is ${
        shapeText(matrix.shape)} and multiplies a vector of ${sizeText(matrix.shape[1])}, but ${nodeText(vector)} is ${
        shapeText(vector.shape)}`,
      vector.shape.length === 1 ? `declare ${nodeText(matrix)} as '${sizeText(matrix.shape[0])} ${
                                    sizeText(vector.shape[0])}', or multiply another vector` :
                                  "the right side of @ is a vector");
  const turned = matrix.op === "transposed";
  return graph.make(
    turned ? "matvec_transposed" : "matvec", [turned ? matrix.args[0] : matrix, vector], [matrix.shape[0]]);
}
function powerOf(graph, value, power) {
  if (typeof value === "number" && typeof power === "number") return value ** power;
  if (typeof value === "number")
    refuse(
      `${value} ** ${nodeText(power)}: a vector cannot be an exponent`,
      value > 0 ? `use exp: ${value}**v is exp(v * ${Math.log(value).toFixed(4)})` : "use exp(v)");
  if (typeof power !== "number" || !Number.isFinite(power))
    refuse(
      `${nodeText(value)} ** ${
        typeof power === "number" ? power : nodeText(power)}: the power is a number of the equation`,
      "v ** 2, v ** 0.5, v ** -1; a power that is a vector is exp(power * log(v))");
  vectorOnly("**", value);
  if (power === 0) refuse(`${nodeText(value)} ** 0 is 1 for every value`, "write 1.0");
  if (power < 0) return binaryOf(graph, "div", 1, powerOf(graph, value, -power));
  if (power !== Math.trunc(power) || power > 64) return binaryOf(graph, "pow", value, power);
  if (power === 1) return value;
  const half = powerOf(graph, value, Math.floor(power / 2)), whole = binaryOf(graph, "mul", half, half);
  return power % 2 ? binaryOf(graph, "mul", whole, value) : whole;
}
const FUNCTIONS_ = {
  maximum: (graph, a, b) => binaryOf(graph, "maximum", a, b),
  minimum: (graph, a, b) => binaryOf(graph, "minimum", a, b),
  total(graph, value) {
    vectorOnly("total", value);
    return sameSize(wideOf(value), ONE_) ? value : graph.make("sum", [value], [ONE_]);
  },
  mean(graph, value) {
    vectorOnly("mean", value);
    return binaryOf(graph, "div", FUNCTIONS_.total(graph, value), graph.make("count", [], [], wideOf(value)));
  },
  layer_norm(graph, value, gain = 1, bias = 0, eps = 1e-5) {
    const centred = binaryOf(graph, "sub", value, FUNCTIONS_.mean(graph, value));
    const spread = FUNCTIONS_.mean(graph, binaryOf(graph, "mul", centred, centred));
    const scaled = binaryOf(graph, "div", centred, unaryOf(graph, "sqrt", binaryOf(graph, "add", spread, eps)));
    return binaryOf(graph, "add", binaryOf(graph, "mul", scaled, gain), bias);
  },
  split(graph, value, parts) {
    vectorOnly("split", value);
    if (!Number.isInteger(parts) || parts < 1)
      refuse(
        `split(${nodeText(value)}, ${parts}): the number of parts is a whole number from 1`,
        "i, f, g, o = split(z, 4)");
    const one = sizeParts(wideOf(value), parts);
    if (!one)
      refuse(
        `split(${nodeText(value)}, ${parts}): a vector of ${shapeText(value.shape)} does not divide by ${parts}`,
        `declare the matrices before it with ${parts} times the size, such as W='${parts}H X'`);
    let start = ZERO_;
    return Array.from({ length: parts }, () => {
      const stop = sizePlus(start, one);
      const piece = parts === 1 ? value : graph.make("slice", [value], [one], [start, stop]);
      start = stop;
      return piece;
    });
  },
  concat(graph, ...values) {
    if (!values.length) refuse("concat() needs at least one vector", "concat(a, b)");
    vectorOnly("concat", ...values);
    const all = values.reduce((sum, one) => sizePlus(sum, wideOf(one)), ZERO_);
    return values.length === 1 ? values[0] : graph.make("concat", values, [all]);
  },
};
const ARGUMENTS_ = {
  maximum: [2, 2],
  minimum: [2, 2],
  total: [1, 1],
  mean: [1, 1],
  layer_norm: [1, 4],
  split: [2, 2]
};
