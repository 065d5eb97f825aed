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
