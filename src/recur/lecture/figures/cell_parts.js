// The parts of a drawing of an equation's graph, by the rules of recur.equations.drawing.parts: what becomes a box, a
// sign in a circle, or part of a label; and the ends of the states.
const cellParts = (() => {
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
  return partsOf;
})();
