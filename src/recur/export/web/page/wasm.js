// The forward step of a cell as WebAssembly, where the browser accepts it: the frame is computed in linear memory,
// which has a copy of the weights. Elsewhere, and for the backward step, the JavaScript runs.
const runners = new Set();  // what runs the steps
const functions = {
  log: Math.log,
  sin: Math.sin,
  cos: Math.cos,
  atan: Math.atan,
  pow: arithmetic.pow,
  erf: arithmetic.erf,
  softplus: arithmetic.softplus,
};
function accepted({ code }) {
  const bytes = Uint8Array.from(atob(code), (one) => one.charCodeAt(0));
  try {
    return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null;
  } catch {  // there is no WebAssembly, or it is forbidden
    return null;
  }
}
// a function that makes the step, as `make` does
function accelerated(make, given) {
  const module = given ? accepted(given) : null;
  return (n, w, k, A) => {
    let constants = new A(0);
    function Kept(count) {  // the one array that a step makes
      return constants = new A(count);
    }
    const cell = make(n, w, k, Kept);
    const forward = module && linear(module, cell.frame, [
                      Int32Array.from(given.n, (name) => n[name]),
                      given.w.map((name) => w[name]),
                      Float32Array.from(given.k, (name) => k[name]),
                      constants,
                    ]);
    runners.add(forward ? "WebAssembly SIMD" : "JavaScript");
    return forward ? {...cell, forward } : cell;
  };
}
// the step on a frame; null where there is not enough memory
function linear(module, size, [n, w, k, constants]) {
  try {
    const { memory, forward, __heap_base: heap } = new WebAssembly.Instance(module, { own: functions }).exports;
    let end = heap.value;
    const places = [n, k, constants, ...w].map((values) => [values, room(values.length)]);
    const pointers = [Int32Array.from(places.slice(3), ([, at]) => at), room(w.length)], frame = room(size);
    const pages = Math.ceil(end / 65536) - memory.buffer.byteLength / 65536;
    if (pages > 0) memory.grow(pages);
    for (const [values, at] of [...places, pointers])
      new values.constructor(memory.buffer, at, values.length).set(values);
    const within = new Float32Array(memory.buffer, frame, size), [[, sizes], [, noises], [, once]] = places;
    return (f) => {
      within.set(f);
      forward(sizes, pointers[1], noises, once, frame);
      f.set(within);
    };
    function room(count) {
      const at = Math.ceil(end / 16) * 16;
      end = at + 4 * count;
      return at;
    }
  } catch {
    return null;
  }
}
