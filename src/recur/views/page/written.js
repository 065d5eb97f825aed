// Surprise of each item that was read; attention weights of each item that was written.
function surprise(root, data) {
  if (!data.surprise || data.surprise.length < 2) return;
  const most = largest(data.surprise),
        row = chips("items coloured by surprise", data.input.items.map((item, t) => {
          const v = data.surprise[t], colour = mix([[255, 255, 255], [253, 224, 178], [240, 140, 40]], (v || 0) / most);
          return chip(
            visible(item), v === null ? "·" : v.toFixed(1), colour,
            v === null ? `${visible(item)}: nothing precedes it` :
                         `${visible(item)}: ${number(v)} nats, probability ${percent(Math.exp(-v))}`);
        }));
  root.append(
    el("h2", {}, "Surprise of each item"),
    el(
      "figure", {}, row,
      caption(
        "−log p(item | items before it), in nats.",
        "The deepest colours mark what the network did not expect: new facts, or errors in the data.")));
}
// the whole answer, if the question is about a part of it
function answered(data) {
  const answer = data.question.answer;
  return answer && !data.question.says.includes(answer) ?
    el("p", { class: "look" }, "answer: ", el("bdi", {}, answer)) :
    null;
}
function alignment(root, data) {
  if (!data.alignment) return;
  const { rows, columns, weights } = data.alignment;
  root.append(
    el("h2", {}, "Attention"),
    el(
      "figure", {},
      ...heat(
        weights, rows, columns, (v) => size(v),
        (r, c) => `${rows[r]} attends to ${columns[c]}: ${percent(weights[r][c])}`,
        { height: 22, title: "attention; arrow keys read it" }),
      scaleBar(VIRIDIS, "0 %", "100 %"),
      caption("Attention weights; each row adds up to 100 %.", "A bright diagonal is a word-by-word alignment.")));
}
