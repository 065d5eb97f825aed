// Requests that are answered by the network in this page.
const stored = JSON.parse(document.getElementById("network").textContent);
const local = new Running.Local(
  new Running.Network(
    stored.about, Uint8Array.from(atob(document.getElementById("weights").textContent), (one) => one.charCodeAt(0)),
    Running.cells),
  stored.facts);
if (Running.runners.size) {
  document.querySelector("footer").append(` The steps of its cells run as ${[...Running.runners].join(" and ")}.`);
}
setTimeout(() => local.warm(), 0);
const models = () => Promise.resolve([stored.facts]);
const NO_ANSWER = "the network does not run";
const about = () => null;

async function told(path, body, signal) {
  // what was typed is painted first, but where the candidates are known in the same frame
  if (path !== "next" || !local.soon(body.text))
    await new Promise((go) => {
      setTimeout(go, 0);
    });
  signal.throwIfAborted();
  const data = await local[path](body, signal);
  signal.throwIfAborted();
  return data;
}
async function* pieces(path, body, signal) {
  for await (const piece of local[path](body)) {
    signal.throwIfAborted();
    yield piece;
  }
}
