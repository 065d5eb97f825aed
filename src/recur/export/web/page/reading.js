// From what a person types or draws to what the network reads, and from its symbols back to text.
const SPACE = /\p{White_Space}+/u, LETTER = /[\p{L}\p{N}]/u;
const WORD =
  /<unk>|<eos>|(?:\p{L}\.){2,}|\p{N}+(?:[.,:]\p{N}+)*(?![\p{L}\p{M}\p{N}_])|[\p{L}\p{M}\p{N}_]+(?:['\u2019-][\p{L}\p{M}\p{N}_]+)*|\.{2,}|-{2,}|[^\p{White_Space}]/gu;
const CONTRACTION = /^(.+?)(n['\u2019]t|['\u2019](?:s|m|re|ve|ll|d))$/isu;
const RESERVED = ["<pad>", "<unk>", "<bos>", "<eos>"], [PAD, UNKNOWN, BEGIN, END] = [0, 1, 2, 3];
const lowered = (text) => Array.from(text, (one) => one.toLowerCase()).join("");
const wordlike = (text) => LETTER.test(text) && !(text.startsWith("<") && text.endsWith(">"));
const refuse = (what, hint) => {
  throw new Error(`${what} (${hint})`);
};

class Characters {
  constructor(facts) {
    this.facts = facts;
    this.ids = new Map(facts.vocabulary.map((text, id) => [text, id]).slice(RESERVED.length));
  }
  pieces(text) {
    return Array.from(this.facts.lower ? lowered(text) : text, (one) => [one, this.ids.get(one) ?? UNKNOWN]);
  }
  text(ids) {
    return ids.filter((id) => ![PAD, BEGIN, END].includes(id))
      .map((id) => id === UNKNOWN ? "\ufffd" : this.facts.vocabulary[id])
      .join("");
  }
}

class Words {
  constructor(facts) {
    this.facts = facts;
    this.ids = new Map(facts.vocabulary.map((text, id) => [text, id]));
    [this.left, this.right, this.pairs] = ["left", "right", "pairs"].map((side) => new Set(facts.spacing[side]));
  }
  split(text) {
    return this.facts.split === "spaces" ? text.split(SPACE).filter(Boolean) : text.match(WORD) || [];
  }
  nearest(word) {
    const id = this.ids.get(word) ?? this.ids.get(word.toLowerCase()) ?? UNKNOWN;
    return id === PAD || id === BEGIN ? UNKNOWN : id;
  }
  // what an unknown word is made of: itself in lower case, a contraction, word and signs
  parts(word) {
    const whole = this.nearest(word);
    if (whole !== UNKNOWN || RESERVED.includes(word)) return [[word, whole]];
    const halves = (CONTRACTION.exec(word) || []).slice(1).map((half) => [half, this.nearest(half)]);
    if (halves.length && halves.every(([, id]) => id !== UNKNOWN)) return halves;
    const signs = Array.from(word), inner = (sign) => LETTER.test(sign) || sign === "_";
    const first = signs.findIndex(inner), last = signs.findLastIndex(inner);
    if (first < 0 || last - first + 1 === signs.length) return [[word, UNKNOWN]];
    const known = (list) => list.map((sign) => [sign, this.nearest(sign)]);
    const before = known(signs.slice(0, first)), after = known(signs.slice(last + 1));
    const core = this.parts(signs.slice(first, last + 1).join(""));
    if ([...before, ...after].every(([, id]) => id !== UNKNOWN) || core.some(([, id]) => id !== UNKNOWN))
      return [...before, ...core, ...after];
    return [[word, UNKNOWN]];
  }
  // the id of a word; with the ids of its letters where these are read too
  read(word, id) {
    const { letters, longest, unknown_letter: unknown } = this.facts;
    if (!letters) return [word, id];
    this.spelling = this.spelling || new Map(letters.map((letter, n) => [letter, unknown + 1 + n]));
    const signs = Array.from(word), half = longest / 2;
    const kept = signs.length > longest ? [...signs.slice(0, half), ...signs.slice(-half)] : signs;
    return [word, [id, ...kept.map((letter) => this.spelling.get(letter) ?? unknown)]];
  }
  pieces(text) {
    return this.known(text).map(([word, id]) => this.read(word, id));
  }
  known(text) {
    // words that are labelled one by one are not split any further
    if (this.facts.labelled)
      return text.split(SPACE)
        .filter(Boolean)
        .map((word) => this.facts.lower ? lowered(word) : word)
        .map((word) => [word, this.nearest(word)]);
    const lines = this.facts.newlines ? text.split("\n") : [text], pieces = [];
    lines.forEach((line, number) => {
      if (number) pieces.push(["<eos>", END]);
      for (const word of this.split(line)) {
        const token = this.facts.lower ? lowered(word) : word, id = this.ids.get(token) ?? UNKNOWN;
        pieces.push(...id > BEGIN ? [[token, id]] : this.parts(word));
      }
    });
    return pieces;
  }
  text(ids) {
    const lines = [[]];
    for (const id of ids) {
      if (id === END && this.facts.newlines)
        lines.push([]);
      else if (![PAD, BEGIN, END].includes(id))
        lines.at(-1).push(this.facts.vocabulary[id]);
    }
    return lines.map((words) => this.facts.split === "spaces" ? words.join(" ") : this.joined(words)).join("\n");
  }
  // each sign against its neighbours as the training text mostly did
  joined(words) {
    const chunks = [], open = new Set();
    let holds = false;
    for (const word of words) {
      let attach = holds || this.left.has(word);
      holds = this.right.has(word);
      if (this.pairs.has(word)) {
        const closing = open.delete(word);
        if (!closing) open.add(word);
        attach ||= closing;
        holds ||= !closing;
      }
      const last = [...(chunks.at(-1) || []).slice(-8), word];
      if (attach && chunks.length && this.split(last.join("")).join("\n") === last.join("\n"))
        chunks.at(-1).push(word);
      else
        chunks.push([word]);
    }
    return chunks.map((chunk) => chunk.join("")).join(" ");
  }
}

// frequent pieces of the bytes of a text (byte-pair encoding)
const PIECE =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;
// the sign of each byte: printable ones are signs of their own, the others follow from 256 on
const SIGNS = (() => {
  let next = 256;
  const shown = (byte) => byte > 32 && byte < 127 || byte > 160 && byte !== 173;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(shown(byte) ? byte : next++));
})();
class Subwords {
  constructor(facts) {
    this.facts = facts;
    this.ids = new Map(facts.pieces.map((piece, id) => [piece, id]));
    this.ranks = new Map(facts.merges.map((pair, rank) => [pair, rank]));
    this.byte = new Map(SIGNS.map((sign, byte) => [sign, byte]));
    this.known = new Map();
  }
  // the pair that was merged first in training is merged first
  merged(chunk) {
    const parts = Array.from(new TextEncoder().encode(chunk), (byte) => SIGNS[byte]);
    for (;;) {
      let best = Infinity, place = -1;
      for (let n = 0; n + 1 < parts.length; ++n) {
        const rank = this.ranks.get(`${parts[n]} ${parts[n + 1]}`) ?? Infinity;
        if (rank < best) [best, place] = [rank, n];
      }
      if (place < 0) return parts.map((piece) => this.ids.get(piece));
      parts.splice(place, 2, parts[place] + parts[place + 1]);
    }
  }
  pieces(text) {
    const chunks = (this.facts.lower ? lowered(text) : text).match(PIECE) || [];
    return chunks.flatMap((chunk) => {
      if (!this.known.has(chunk)) this.known.set(chunk, this.merged(chunk));
      return this.known.get(chunk).map((id) => [this.facts.vocabulary[id], id]);
    });
  }
  text(ids) {
    const signs = ids.filter((id) => id >= RESERVED.length).map((id) => this.facts.pieces[id]).join("");
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(signs, (sign) => this.byte.get(sign)));
  }
}

// labels between spaces: tags, and other symbols of a small set
class Symbols {
  constructor(facts) {
    this.facts = facts;
    this.ids = new Map(facts.vocabulary.map((text, id) => [text, id]));
  }
  pieces(text) {
    const words = this.facts.single ? [text.trim()] : text.split(SPACE).filter(Boolean);
    return words.map((word) => {
      if (!this.ids.has(word))
        refuse(
          `“${word}” was not in the training data`,
          `the network knows ${this.facts.vocabulary.slice(0, 12).join(", ")}`);
      return [word, this.ids.get(word)];
    });
  }
  text(ids) {
    return ids.map((id) => this.facts.vocabulary[id] ?? "").filter(Boolean).join(" ");
  }
}

// notes as C4 D4 E4/2 r/2: one event per step, a note, a rest, or the previous note held
const STEPS = {
  C: 0,
  D: 2,
  E: 4,
  F: 5,
  G: 7,
  A: 9,
  B: 11
};
const NAMES = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];
function pitch(name) {
  const found = /^([A-Ga-g])([#b]?)(-?\d)$/u.exec(name);
  const number =
    found ? 12 * (+found[3] + 1) + STEPS[found[1].toUpperCase()] + { "": 0, "#": 1, "b": -1 }[found[2]] : -1;
  if (number < 0 || number > 127) refuse(`“${name}” is not a note`, "C4 is the middle of the piano: C4 F#4 Bb3 r");
  return number;
}
const chord = (pitches) => [...new Set(pitches)]
                             .sort((a, b) => a - b)
                             .map((one) => NAMES[one % 12] + (Math.floor(one / 12) - 1))
                             .join("+");
class Melody {
  constructor(facts) {
    this.facts = facts;
    this.ids = new Map(facts.vocabulary.map((text, id) => [text, id]));
  }
  pieces(text) {
    return text.split(SPACE).filter(Boolean).flatMap((word) => {
      const found = /^([^*/]+)(?:\*(\d+))?(?:\/(\d+))?$/u.exec(word);
      const [beats, parts] = found ? [found[2] ?? 1, found[3] ?? 1].map(Number) : [0, 1];
      const steps = beats * this.facts.steps_per_beat / parts;
      if (!(steps >= 1) || steps % 1 || steps > 1000)
        refuse(
          `“${word}” is not a note with a length`, `one of ${this.facts.steps_per_beat} steps per beat: C4*2 E4/2`);
      const event = /^[rR]$/u.test(found[1]) ? "r" : chord(found[1].split("+").map(pitch));
      const id = this.ids.get(event) ?? this.ids.get(event.split("+").at(-1)) ?? UNKNOWN;
      return [[event, id], ...Array.from({ length: steps - 1 }, () => ["-", this.ids.get("-")])];
    });
  }
  events(ids) {
    return ids.filter((id) => ![PAD, BEGIN, END].includes(id))
      .map((id) => id === UNKNOWN ? "r" : this.facts.vocabulary[id]);
  }
  text(ids) {
    const words = [];
    for (const event of this.events(ids))
      if (event === "-" && words.length)
        words.at(-1)[1]++;
      else
        words.push([event === "-" ? "r" : event, 1]);
    const common = (a, b) => b ? common(b, a % b) : a;
    return words
      .map(([name, steps]) => {
        const shared = common(steps, this.facts.steps_per_beat);
        const [beats, parts] = [steps / shared, this.facts.steps_per_beat / shared];
        return name + (beats > 1 ? "*" + beats : "") + (parts > 1 ? "/" + parts : "");
      })
      .join(" ");
  }
  pitches(ids) {
    let sounding = [];
    return this.events(ids).map((event) => {
      if (event !== "-") sounding = event === "r" ? [] : event.split("+").map(pitch);
      return sounding;
    });
  }
}

// 0x10 is a number in this language alone
const numeric = (one) =>
  typeof one === "string" && !/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/iu.test(one) ? NaN : Number(one);
// numbers as a list, or rows of them
function table(value, { columns, sequence }) {
  const rows = (Array.isArray(value[0])            ? value :
                  sequence && columns.length === 1 ? value.map((one) => [one]) :
                  value.length                     ? [value] :
                                                     [])
                 .map((row) => row.map(numeric));
  for (const [number, row] of rows.entries()) {
    if (row.length !== columns.length)
      refuse(`row ${number + 1} has ${row.length} numbers, expected ${columns.length}`, columns.join(", "));
    if (!row.every(Number.isFinite)) refuse(`row ${number + 1} has a cell that is not a number`, "such as 12.5");
  }
  if (!sequence && rows.length > 1) refuse(`${rows.length} rows were given, expected one`, columns.join(", "));
  return rows;
}
const READERS = {
  characters: Characters,
  words: Words,
  subwords: Subwords,
  symbols: Symbols,
  melody: Melody
};
const reader = (facts) => READERS[facts.kind] ? new READERS[facts.kind](facts) : null;

// the pixels of a picture in the size that the network reads: it is scaled to cover that size, and cropped evenly
async function pixels(source, { height, width, channels }) {
  const picture = new Image();
  picture.src = source;
  await picture.decode();
  const paper = Object.assign(document.createElement("canvas"), { width, height });
  const pen = paper.getContext("2d", { willReadFrequently: true });
  const scale = Math.max(width / picture.width, height / picture.height);
  const [w, h] = [picture.width * scale, picture.height * scale];
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, width, height);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(picture, (width - w) / 2, (height - h) / 2, w, h);
  const { data } = pen.getImageData(0, 0, width, height), values = [];
  for (let at = 0; at < data.length; at += 4)
    values.push(
      ...channels === 3 ? data.subarray(at, at + 3) :
                          [(data[at] * 19595 + data[at + 1] * 38470 + data[at + 2] * 7471 + 32768) >> 16]);
  return values;
}
