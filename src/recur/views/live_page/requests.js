// Requests to the server.
async function ask(path, body, signal) {
  let answer;
  try {
    answer = await fetch(
      path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal });
  } catch (error) {
    throw new Error(`the server does not answer: ${error.message}`, { cause: error });
  }
  if (answer.ok) return answer;
  let said = { message: `the server answers with status ${answer.status}` };
  try {
    said = (await answer.json()).error || said;
  } catch { /* no JSON: the status is what is known */
  }
  throw new Error(said.message + (said.hint ? ` (${said.hint})` : ""));
}
// an answer that arrives after its request was cancelled is ignored
async function told(path, body, signal) {
  const data = await (await ask(path, body, signal)).json();
  signal.throwIfAborted();
  return data;
}
// the pieces of a generated text as they arrive
async function* pieces(path, body, signal) {
  const reader =
    (await ask(path, {...body, stream: true }, signal)).body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    signal.throwIfAborted();
    if (done) return;
    const events = (rest + value).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      const data = event.slice(6);
      if (data === "[DONE]") continue;
      const one = JSON.parse(data);
      if (one.error) throw new Error(one.error.message);
      yield one.text;
    }
  }
}
const models = async () => (await fetch("models")).json();
const about = () => el("a", { href: "docs", class: "soft" }, "the API");
const NO_ANSWER = "the server does not answer";
