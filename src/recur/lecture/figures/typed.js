// Chapter 12: an equation that is typed in: the language of the library's equations, read to a graph. What only the
// library reads, such as states that are matrices, is refused.
// --- words: names, numbers, texts and signs, with the line of each; a line that is open in a bracket continues
function wordsOf(text) {
  const found = [];
  let line = 1, open = 0, begins = true, margin = "";
  const pattern =
    /("""|''')[\s\S]*?\1|#[^\n]*|\n|[ \t\r\f]+|"[^"\n]*"|'[^'\n]*'|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[A-Za-z_]\w*|\*\*|[-+*\/%@=]=|->|[-+*\/%@(),.=:[\]]|[\s\S]/gy;
  for (const [piece] of text.matchAll(pattern)) {
    if (piece === "\n") {
      if (!open && found.length && found.at(-1).kind !== "end") found.push({ kind: "end", text: "", line });
      begins = !open;
      margin = open ? margin : "";
    } else if (/^[ \t\r\f]+$/.test(piece)) {
      if (begins) margin = piece;
      begins = false;
    } else if (!piece.startsWith("#")) {
      const kind = /^["']/.test(piece)           ? "text" :
        /^[\d.]\d*/.test(piece) && piece !== "." ? "number" :
        /^\w/.test(piece)                        ? "name" :
                                                   "sign";
      if ("([".includes(piece)) ++open;
      if (")]".includes(piece)) --open;
      // the first word of a line has its indentation
      const first = !found.length || found.at(-1).kind === "end";
      found.push({ kind, text: piece, line, ...(first ? { margin } : {}) });
      begins = false;
    }
    line += piece.split("\n").length - 1;
  }
  return [...found, { kind: "end", text: "", line }];
}

// --- the text: an optional import, @equation(sizes), def name(arguments): statements that end in return
class Reader {
  constructor(text) {
    if (text.length > LONGEST) refuse(`the equation has ${text.length} characters, at most ${LONGEST} are read`);
    this.words = wordsOf(text);
    this.at = 0;
    this.deep = 0;
  }
  get word() {
    return this.words[this.at];
  }
  is(text) {
    return this.word.text === text && this.word.kind !== "text" && this.word.kind !== "end";
  }
  take(text) {
    if (!this.is(text)) this.unread(`"${text}"`);
    return this.words[this.at++];
  }
  kind(kind, wanted) {
    if (this.word.kind !== kind) this.unread(wanted);
    return this.words[this.at++].text;
  }
  unread(wanted) {
    const { text, line } = this.word;
    refuse(`line ${line}: ${text ? `"${text.slice(0, 20)}"` : "the end of the line"} where ${wanted} is expected`);
  }
  skipEnds() {
    while (this.word.kind === "end" && this.at + 1 < this.words.length) ++this.at;
  }
  // a line begins with as much space as the others
  indented(margin) {
    if (this.word.margin !== margin) refuse(`line ${this.word.line}: unexpected indent`);
  }
  read() {
    this.skipEnds();
    while (this.is("from") || this.is("import")) {
      while (this.word.kind !== "end") ++this.at;
      this.skipEnds();
    }
    this.indented("");
    const declared = this.declaration();
    this.skipEnds();
    this.indented("");
    this.take("def");
    const name = this.kind("name", "a name"), names = [];
    this.take("(");
    while (!this.is(")")) {
      names.push(this.kind("name", "the name of an argument"));
      if (!this.is(")")) this.take(",");
    }
    this.take(")");
    this.take(":");
    this.skipEnds();
    this.margin = this.word.margin;
    if (this.margin === "" && this.word.text) refuse(`line ${this.word.line}: expected an indented block after def`);
    if (this.word.kind === "text") {  // its documentation
      ++this.at;
      if (this.word.kind !== "end") this.unread("the end of the line");
    }
    return { name, names, declared };
  }
  declaration() {
    if (!this.is("@")) refuse("the sizes are not declared", "@equation(x=\"X\", h=\"H\", ...) above def");
    this.take("@");
    this.take("equation");
    this.take("(");
    const declared = new Map();
    while (!this.is(")")) {
      const key = this.kind("name", "a name and its size");
      this.take("=");
      if (declared.has(key)) refuse(`${key} is declared twice`);
      declared.set(key, this.kind("text", `a size between quotation marks, ${key}="H"`).slice(1, -1));
      if (!this.is(")")) this.take(",");
    }
    this.take(")");
    return declared;
  }
  // statements: name = value; names = split(...); return value, ...
  body(graph, known) {
    const assigned = new Set(),
          names = new Map([...known].map(([name, leaf]) => [leaf, leaf.op === "state" ? `${name}′` : name]));
    for (;;) {
      this.skipEnds();
      if (this.word.kind === "end") return { returned: null, assigned, names };
      this.indented(this.margin);
      if (this.is("return")) {
        ++this.at;
        if (this.word.kind === "end") return { returned: null, assigned, names };
        const returned = this.list(graph, known);
        this.skipEnds();
        if (this.word.kind !== "end") this.unread("the end, after return,");
        return { returned, assigned, names };
      }
      for (const word_ of ["if", "for", "while", "with", "try", "def", "class"])
        if (this.is(word_))
          refuse(
            `line ${this.word.line}: "${
              word_}": an equation is traced once, without data, so its control flow cannot depend on values`,
            "write it as arithmetic, e.g. maximum(a, b), relu(a) or a * sigmoid(b)");
      const targets = [this.kind("name", "a name, or return")];
      while (this.is(",")) {
        ++this.at;
        targets.push(this.kind("name", "a name"));
      }
      const changed = /^([-+*\/%@])=$/.exec(this.word.text);
      if (changed && targets.length === 1) {
        ++this.at;
        known.set(targets[0], this.apply(graph, changed[1], this.named(targets[0], known), this.sum(graph, known)));
      } else {
        this.take("=");
        let value = this.list(graph, known);
        if (value.length === 1 && (targets.length > 1 || Array.isArray(value[0]))) value = value[0];
        if (targets.length > 1 && !Array.isArray(value))
          refuse(
            typeof value === "number" ?
              `cannot unpack the number ${value}` :
              `a loop or unpacking on the value of ${
                nodeText(
                  value)}: an equation is traced once, without data, so its control flow cannot depend on values`,
            "split a vector with split: a, b = split(v, 2)");
        if (targets.length > 1 && value.length !== targets.length)
          refuse(
            value.length < targets.length ?
              `not enough values to unpack (expected ${targets.length}, got ${value.length})` :
              `too many values to unpack (expected ${targets.length})`,
            "split(v, n) returns n parts: unpack all of them, as in a, b = split(v, 2)");
        targets.forEach(
          (one, n) => known.set(
            one,
            targets.length > 1   ? value[n] :
              value.length === 1 ? value[0] :
                                   value));
      }
      for (const one of targets) {
        assigned.add(one);
        const value = known.get(one);
        // the first name that a value gets is written beside it where it is drawn
        if (value?.op && !names.has(value)) names.set(value, one);
      }
      if (this.word.kind !== "end") this.unread("the end of the line");
    }
  }
  list(graph, known) {
    const values = [this.sum(graph, known)];
    while (this.is(",")) {
      ++this.at;
      if (this.word.kind === "end") break;
      values.push(this.sum(graph, known));
    }
    return values;
  }
  apply(graph, sign_, a, b) {
    if (sign_ === "@") return productOf(graph, a, b);
    if (sign_ === "%") {
      if (typeof a === "number" && typeof b === "number") return a - b * Math.floor(a / b);
      if (typeof a === "number") refuse(`${a} % ${nodeText(b)}: the left side must be a value of the equation`);
      const whole = unaryOf(graph, "floor", binaryOf(graph, "div", a, b));
      return binaryOf(graph, "sub", a, binaryOf(graph, "mul", b, whole));
    }
    return binaryOf(graph, { "+": "add", "-": "sub", "*": "mul", "/": "div" }[sign_], a, b);
  }
  sum(graph, known) {
    if (++this.deep > DEEPEST) refuse(`line ${this.word.line}: more than ${DEEPEST} brackets within each other`);
    let value = this.product(graph, known);
    while (this.is("+") || this.is("-"))
      value = this.apply(graph, this.words[this.at++].text, value, this.product(graph, known));
    --this.deep;
    return value;
  }
  product(graph, known) {
    let value = this.signed(graph, known);
    while (["*", "/", "@", "%"].some((one) => this.is(one)))
      value = this.apply(graph, this.words[this.at++].text, value, this.signed(graph, known));
    return value;
  }
  signed(graph, known) {
    let minus = 0;
    for (; this.is("-"); ++this.at) ++minus;
    if (this.is("+")) this.unread("a value");
    let value = this.power(graph, known);
    while (minus-- > 0) value = unaryOf(graph, "neg", value);
    return value;
  }
  power(graph, known) {
    const value = this.atom(graph, known);
    if (!this.is("**")) return value;
    ++this.at;
    return powerOf(graph, value, this.signed(graph, known));
  }
  named(name, known) {
    if (!known.has(name)) {
      const words_ = [...Object.keys(UNARY_), ...Object.keys(FUNCTIONS_), ...known.keys()];
      const near = words_.find((one) => one.toLowerCase() === name.toLowerCase() && one !== name);
      refuse(
        `the name "${name}" is unknown.${near ? ` Did you mean ${near}?` : ""}`,
        near ? `write ${near}` : `a state, a matrix and a vector are arguments with a size: ${name}="H"`);
    }
    return known.get(name);
  }
  atom(graph, known) {
    let value;
    if (this.is("(")) {
      ++this.at;
      value = this.sum(graph, known);
      if (this.is(",")) this.unread("\")\"");
      this.take(")");
    } else if (this.word.kind === "number") {
      if (/^0\d/.test(this.word.text)) refuse(`line ${this.word.line}: leading zeros in decimal integer literals`);
      value = Number(this.words[this.at++].text);
      if (!Number.isFinite(value)) refuse(`a number in an equation is finite`);
    } else {
      const name = this.kind("name", "a value");
      value = this.is("(") ? this.call(graph, known, name) : this.named(name, known);
    }
    while (this.is(".")) {
      ++this.at;
      const name = this.kind("name", "T");
      if (typeof value === "number" || Array.isArray(value) || name !== "T")
        refuse(
          `${typeof value === "object" && !Array.isArray(value) ? nodeText(value) : value}.${
            name}: a value of an equation has no attributes and no methods`,
          `write ${name}(v), with the functions of recur.equations: sigmoid, tanh, split, concat, ...`);
      if (value.shape.length !== 2)
        refuse(
          `${nodeText(value)}.T: ${nodeText(value)} is ${shapeText(value.shape)}, not a matrix`,
          "W.T @ v with a matrix W");
      value = value.op === "transposed" ? value.args[0] : graph.make("transposed", [value], [...value.shape].reverse());
    }
    if (this.is("["))
      refuse(
        `${
          typeof value === "object" && !Array.isArray(value) ?
            nodeText(value) :
            value}[...]: vectors have symbolic sizes and are not indexed`,
        "use split(v, 4) for equal parts");
    return value;
  }
  call(graph, known, name) {
    const args = [];
    this.take("(");
    while (!this.is(")")) {
      if (this.word.kind === "text" || this.is("["))
        refuse(`line ${this.word.line}: ${name} with a list or a text is not read in this page`, ONLY_FILE);
      if (this.word.kind === "name" && this.words[this.at + 1].text === "=")
        refuse(`line ${this.word.line}: ${name}: arguments by name are not read in this page`, ONLY_FILE);
      args.push(this.sum(graph, known));
      if (!this.is(")")) this.take(",");
    }
    this.take(")");
    if (known.has(name)) refuse(`${name} is a value of the equation, and not a function`);
    if (BEYOND.has(name)) refuse(`${name} is not read in this page`, ONLY_FILE);
    if (Object.hasOwn(UNARY_, name)) {
      if (args.length !== 1) refuse(`${name} takes 1 value, got ${args.length}`);
      return unaryOf(graph, UNARY_[name], args[0]);
    }
    if (!Object.hasOwn(FUNCTIONS_, name)) return this.named(name, known);
    const [least, most] = ARGUMENTS_[name] || [0, Infinity];
    if (args.length < least || args.length > most)
      refuse(`${name} takes ${least === most ? least : `${least} to ${most}`} values, got ${args.length}`);
    return FUNCTIONS_[name](graph, ...args);
  }
}
// the shapes of the arguments, as declared
function shapesOf(name, names, declared) {
  for (const key of declared.keys())
    if (!names.includes(key)) refuse(`${name}: a size is declared for ${key}, which is not an argument.`);
  return new Map(names.map((one, position) => {
    const example = `@equation(..., ${one}="H") for a vector, ${one}="H X" for a matrix`;
    if (!declared.has(one)) refuse(`${name}: no size is declared for the argument ${one}`, example);
    const whole = declared.get(one), [sizes, value] = whole.split("=");
    let shape;
    if (whole.includes("/") || sizes.trim().endsWith(" input"))
      refuse(`${name}: ${one}="${whole}" is not read in this page`, ONLY_FILE);
    try {
      shape = sizes.trim().split(/\s+/).filter(Boolean).map(readSize);
    } catch (error) {
      refuse(`${name}: ${one}="${whole}": ${error.message}`, error.hint);
    }
    if (shape.length < 1 || shape.length > 2 || (position === 0 && shape.length !== 1))
      refuse(`${name}: ${one}="${whole}" has ${shape.length} sizes, expected ${
        position === 0 ? "one size" : "one size (vector) or two (matrix)"}`);
    if (shape.some((size) => sameSize(size, ZERO_))) refuse(`${name}: ${one}="${whole}" has the size 0`, example);
    if (value !== undefined && !(value.trim() && Number.isFinite(+value)))
      refuse(
        `${name}: ${one}="${whole}": "${value.trim()}" is not a finite initial value`, `${one}="${sizes.trim()} = 1"`);
    const strange =
      shape.flatMap((size) => Object.keys(size.terms)).find((symbol_) => !["X", "H", "P"].includes(symbol_));
    if (strange)
      refuse(
        `the page cannot run "${name}": its parameters have sizes other than those of input and state`,
        "an equation whose sizes are multiples of X and H");
    return [one, shape];
  }));
}
// an equation as a graph: { name, text, input, states, parameters, outputs, order }
function readEquation(text) {
  const reader = new Reader(text), { name, names, declared } = reader.read();
  if (names.length < 2) refuse(`${name} needs an input and at least one state, got (${names.join(", ")})`);
  const taken = names.find((one) => one in {});
  if (taken) refuse(`${name}: ${taken} is a name that every object of the page has`, "another name");
  if (new Set(names).size < names.length) refuse(`${name}: an argument has the name of another one`);
  const shapes = shapesOf(name, names, declared), begin = reader.at;
  const trace = (count) => {
    reader.at = begin;
    reader.deep = 0;
    const graph = new Graph_();
    const leaves = new Map(names.map((one, n) => {
      const op = n === 0 ? "input" : n <= count ? "state" : "parameter";
      return [one, graph.make(op, [], shapes.get(one), one)];
    }));
    try {
      return { leaves, ...reader.body(graph, new Map(leaves)) };
    } catch (error) {
      if (error instanceof Refused) error.message = `${name}: ${error.message}`;
      throw error;
    }
  };
  const returnedBy = ({ returned }) => {
    const hint = "return the new states at the end: return h, c";
    if (!returned) refuse(`${name} returns nothing`, hint);
    const values = returned.length === 1 && Array.isArray(returned[0]) ? returned[0] : returned;
    for (const one of values)
      if (typeof one === "number" || Array.isArray(one))
        refuse(`${name} returns ${Array.isArray(one) ? "a tuple" : one}; expected the new states, each a vector`, hint);
    return values;
  };
  const count = returnedBy(trace(0)).length;
  if (count > names.length - 1)
    refuse(
      `${name} returns ${count} values but has only ${names.length - 1} arguments after the input`,
      "the states come right after the input and are returned in that order");
  const states = names.slice(1, 1 + count), parameters = names.slice(1 + count);
  for (const one of [names[0], ...states])
    if (declared.get(one).includes("="))
      refuse(
        `${name}: ${one}="${declared.get(one)}": only a parameter has an initial value`,
        "the initial state is zero, an argument of the layer, or learned with learn_initial_state=True");
  const traced = trace(count), values = returnedBy(traced), { assigned, leaves, names: named } = traced;
  let before = parameters.some((one) => shapes.get(one).length === 2);
  for (const one of parameters) {
    before &&= shapes.get(one).length === 1;
    if (assigned.has(one) || before)
      refuse(
        `${name}: ${one} looks like a state but is not returned`,
        `return it after the other states, or, if ${
          one} is a parameter, give it its own name and list it after the matrices`);
  }
  states.forEach((state, n) => {
    const shape = shapes.get(state);
    if (shape.length === 2)
      refuse(`${name}: the state ${state} is a matrix, which is not read in this page`, ONLY_FILE);
    if (shapeText(values[n].shape) !== shapeText(shape))
      refuse(
        `${name} returns a value of ${shapeText(values[n].shape)} for the state ${state}, which is declared as ${
          shapeText(shape)}`,
        "the states are returned in the order of the arguments after the input");
  });
  const order = [], seen = new Set(), visit = (node) => {
    if (seen.has(node)) return;
    seen.add(node);
    node.args.forEach(visit);
    order.push(node);
  };
  values.forEach(visit);
  for (const one of names)
    if (!states.includes(one) && !seen.has(leaves.get(one)))
      refuse(
        `${name} declares ${one}, but never uses it`, `use ${one} in the equation or remove it from the arguments`);
  values.forEach((node, n) => node.args.length && named.set(node, states[n]));
  return { name, text, input: names[0], states, parameters, shapes, leaves, outputs: values, order, names: named };
}
