// Notes: drawn as a piano roll, and played.
// one row per key, one column per step; the opening is grey, with a line at every beat
function pianoRoll(piece) {
  const keys = piece.pitches.flat(), low = Math.min(60, ...keys) - 1, high = Math.max(72, ...keys) + 1;
  const wide = Math.max(6, Math.min(16, Math.floor(1000 / Math.max(1, piece.pitches.length)))), tall = 8;
  const canvas = el("canvas", {
    width: wide * piece.pitches.length,
    height: tall * (high - low + 1),
    tabindex: "0",
    role: "img",
    "aria-label": "piano roll"
  });
  const pen = canvas.getContext("2d");
  for (let p = low; p <= high; p++) {
    pen.fillStyle = [1, 3, 6, 8, 10].includes(p % 12) ? "#eef1f4" : "#fbfcfd";
    pen.fillRect(0, (high - p) * tall, canvas.width, tall);
  }
  pen.fillStyle = "#d1d9e0";
  for (let t = 0; t < piece.pitches.length; t += piece.steps_per_beat) pen.fillRect(t * wide, 0, 1, canvas.height);
  piece.pitches.forEach((chord, t) => chord.forEach((p) => {
    pen.fillStyle = t < piece.given ? "#6e7781" : "#1f6fb2";
    pen.fillRect(t * wide, (high - p) * tall + 1, wide, tall - 2);
  }));
  const names = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"];
  const said = el("p", { class: "readout" }, "");
  canvas.addEventListener("pointermove", (e) => {
    const t = Math.floor(e.offsetX / wide), chord = piece.pitches[t] || [];
    said.textContent =
      `step ${t + 1}: ${chord.map((p) => names[p % 12] + (Math.floor(p / 12) - 1)).join(" ") || "rest"}`;
  });
  return el(
    "figure", {}, canvas, said,
    el("figcaption", {}, "Grey: the opening; blue: what the network adds. One line per beat."));
}
// soft triangle waves, as long as the key sounds
let heard = null;
function silence() {
  if (heard) {
    heard.sound.close();
    heard.button.textContent = "▶ hear it";
    heard = null;
  }
}
function hear(piece, button) {
  if (heard) return silence();
  const sound = new AudioContext(), own = heard = { sound, button };
  button.textContent = "⏹ stop";
  const step = 0.5 / piece.steps_per_beat, begin = sound.currentTime + 0.1, steps = piece.pitches;
  steps.forEach((chord, t) => chord.forEach((p) => {
    if (t > 0 && steps[t - 1].includes(p)) return;
    let end = t + 1;
    while (end < steps.length && steps[end].includes(p)) end++;
    const tone = sound.createOscillator(), loud = sound.createGain();
    tone.type = "triangle";
    tone.frequency.value = 440 * 2 ** ((p - 69) / 12);
    loud.gain.setValueAtTime(0, begin + t * step);
    loud.gain.linearRampToValueAtTime(0.12, begin + t * step + 0.02);
    loud.gain.setValueAtTime(0.12, begin + end * step - 0.05);
    loud.gain.linearRampToValueAtTime(0, begin + end * step);
    tone.connect(loud).connect(sound.destination);
    tone.start(begin + t * step);
    tone.stop(begin + end * step + 0.05);
  }));
  return setTimeout(() => {
    if (heard === own) silence();
  }, 1000 * (steps.length * step + 0.5));
}
