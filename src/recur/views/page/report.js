// The page of a report: every picture of an explanation, one below the other.
function report(root, explanations, title) {
  const fromAddress = () => {
    try {
      return JSON.parse(decodeURIComponent(location.hash.slice(1) || "%7B%7D"));
    } catch {
      return {};
    }
  };
  const state = fromAddress();
  remember = (s) => {
    const kept = JSON.stringify(s);
    if (kept !== "{}") history.replaceState(null, "", "#" + encodeURIComponent(kept));
  };
  const body = el("div");
  const show = () => {
    const data = explanations[Math.min(state.page || 0, explanations.length - 1)];
    body.replaceChildren(
      el(
        "p", { class: "soft" },
        `${data.model.name}: ${data.model.sentence}; ${data.model.cell ? data.model.cell + ", " : ""}${
          data.model.parameters.toLocaleString("en")} parameters`),
      el("h1", {}, data.question.says[0].toUpperCase() + data.question.says.slice(1)), answered(data) || "",
      el("p", { dir: "auto" }, data.input.text));
    chain(body, data);
    influence(body, data, state);
    flow(body, data, explanations, state);
    unrolled(body, data, state);
    surprise(body, data);
    alignment(body, data);
    states(body, data);
    units(body, data);
    matching(body, data);
  };
  root.replaceChildren(title ? el("p", { class: "soft" }, title) : "");
  if (explanations.length > 1) {
    const name = (one) => `${one.model.name}: ${short(one.input.text, 44)}`;
    root.append(choice("explained", explanations.map((one, n) => [n, name(one)]), state.page || 0, (n) => {
      state.page = n;
      state.option = 0;
      delete state.frame;
      show();
      remember(state);
    }));
  }
  root.append(body);
  show();
}
