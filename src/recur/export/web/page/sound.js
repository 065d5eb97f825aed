// Sounds as frames of log-mel energies or cepstral coefficients, and files of samples (WAV).
const ZEROS = 32, ROLL_OFF = 0.95, BETA = 9, COEFFICIENTS = 13, FLOOR = 1e-10;
const toMel = (hertz) => 2595 * Math.log10(1 + hertz / 700), toHertz = (mel) => 700 * (10 ** (mel / 2595) - 1);

// the discrete Fourier transform of a power of 2 of numbers, in place
function transform(re, im) {
  const size = re.length;
  for (let i = 1, j = 0; i < size; ++i) {
    let bit = size >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) [re[i], re[j], im[i], im[j]] = [re[j], re[i], im[j], im[i]];
  }
  for (let half = 1; half < size; half *= 2)
    for (let k = 0; k < half; ++k) {
      const c = Math.cos(Math.PI * k / half), s = -Math.sin(Math.PI * k / half);
      for (let i = k; i < size; i += 2 * half) {
        const j = i + half, x = re[j] * c - im[j] * s, y = re[j] * s + im[j] * c;
        [re[j], im[j]] = [re[i] - x, im[i] - y];
        [re[i], im[i]] = [re[i] + x, im[i] + y];
      }
    }
}
// the triangles of the mel bands, over the frequencies of a transform
function triangles(bands, size, rate) {
  const top = toMel(rate / 2), edges = Array.from({ length: bands + 2 }, (_, n) => toHertz(top * n / (bands + 1)));
  return Array.from({ length: bands }, (_band, b) => {
    const [low, middle, high] = edges.slice(b, b + 3);
    return Float64Array.from({ length: size / 2 + 1 }, (_, k) => {
      const hertz = k * rate / size;
      return Math.max(0, Math.min((hertz - low) / (middle - low), (high - hertz) / (high - middle)));
    });
  });
}
// the features of samples, frame by frame
function framesOf(samples, { features, bands, window, hop, rate }) {
  const size = 2 ** Math.ceil(Math.log2(window)), filters = triangles(bands, size, rate);
  const hann = Float64Array.from({ length: window }, (_, n) => 0.5 - 0.5 * Math.cos(2 * Math.PI * n / window));
  const count = 1 + Math.floor(Math.max(0, samples.length - window) / hop);
  const cosine = (q, b) => Math.sqrt((q ? 2 : 1) / bands) * Math.cos(Math.PI * q * (2 * b + 1) / (2 * bands));
  return Array.from({ length: count }, (_frame, t) => {
    const re = new Float64Array(size), im = new Float64Array(size);
    samples.subarray(t * hop, t * hop + window).forEach((one, n) => {
      re[n] = one * hann[n];
    });
    transform(re, im);
    const energies = filters.map(
      (filter) => Math.log(
        Math.max(FLOOR, filter.reduce((sum, one, k) => one ? sum + one * (re[k] * re[k] + im[k] * im[k]) : sum, 0))));
    if (features === "log-mel") return energies;
    return Array.from(
      { length: Math.min(COEFFICIENTS, bands) },
      (_, q) => energies.reduce((sum, one, b) => sum + one * cosine(q, b), 0));
  });
}

// the modified Bessel function of order 0
function bessel(x) {
  let sum = 1, term = 1;
  for (let k = 1; term > 1e-17 * sum; ++k) sum += term *= (x / 2 / k) ** 2;
  return sum;
}
// samples at another rate, by a sinc in a Kaiser window
function resampled(samples, rate, other) {
  if (rate === other) return samples;
  const common = (a, b) => b ? common(b, a % b) : a, shared = common(rate, other), up = other / shared,
        down = rate / shared;
  const scale = Math.min(1, up / down) * ROLL_OFF, reach = Math.ceil(ZEROS / scale), filters = new Map();
  const weight = (distance) => {
    const at = scale * distance, inside = 1 - (at / ZEROS) ** 2;
    if (inside < 0) return 0;
    const sinc = at ? Math.sin(Math.PI * at) / (Math.PI * at) : 1;
    return scale * sinc * bessel(BETA * Math.sqrt(inside)) / bessel(BETA);
  };
  const filter = (phase) => {
    if (!filters.has(phase))
      filters.set(phase, Float64Array.from({ length: 2 * reach }, (_, n) => weight(n + 1 - reach - phase / up)));
    return filters.get(phase);
  };
  return Float64Array.from({ length: Math.ceil(samples.length * up / down) }, (_, n) => {
    const before = Math.floor(n * down / up), taps = filter(n * down % up);
    let sum = 0;
    for (let k = 0; k < taps.length; ++k) {
      const place = before + k + 1 - reach;
      if (place >= 0 && place < samples.length) sum += taps[k] * samples[place];
    }
    return sum;
  });
}

const cut = (found, size) =>
  refuse(`the sound is cut short: ${found} of its ${size} bytes are there`, "choose another file");
// the samples of a WAV file, its channels averaged, and their rate; null for files of another kind
function wave(bytes) {
  const view = new DataView(bytes), text = (at) => String.fromCharCode(...new Uint8Array(bytes, at, 4));
  if (bytes.byteLength < 12 || !["RIFF", "RF64"].includes(text(0)) || text(8) !== "WAVE") return null;
  let format = null, data = null;
  for (let at = 12; at + 8 <= bytes.byteLength;) {
    const size = view.getUint32(at + 4, true), name = text(at);
    if (name === "fmt ") {
      if (at + 24 > bytes.byteLength || size > 24 && at + 34 > bytes.byteLength) cut(bytes.byteLength - at - 8, size);
      const [kind, channels, bits] = [0, 2, 14].map((n) => view.getUint16(at + 8 + n, true));
      format = {
        kind: kind === 0xfffe ? view.getUint16(at + 32, true) : kind,
        channels,
        bits,
        rate: view.getUint32(at + 12, true)
      };
    } else if (name === "data") {
      // a size of 32 ones is that of a file above 4 GB, or of one that was written while it was heard
      const rest = bytes.byteLength - at - 8;
      if (size > rest && size !== 0xffffffff) cut(rest, size);
      data = [at + 8, Math.min(size, rest)];
      break;
    }
    at += 8 + size + size % 2;
  }
  const reads = format && {
    "1 8": (at) => (view.getUint8(at) - 128) / 128,
    "1 16": (at) => view.getInt16(at, true) / 32768,
    "1 24": (at) => (view.getInt8(at + 2) * 65536 + view.getUint16(at, true)) / 8388608,
    "1 32": (at) => view.getInt32(at, true) / 2147483648,
    "3 32": (at) => view.getFloat32(at, true),
    "3 64": (at) => view.getFloat64(at, true)
  }[`${format.kind} ${format.bits}`];
  if (!reads || !data || !format.channels || !format.rate) return null;
  const { channels, rate, bits } = format, width = bits / 8, count = Math.floor(data[1] / width / channels);
  const samples = Float64Array.from({ length: count }, (_, n) => {
    let sum = 0;
    for (let c = 0; c < channels; ++c) sum += reads(data[0] + (n * channels + c) * width);
    return sum / channels;
  });
  if (!samples.every(Number.isFinite))
    refuse("the sound has samples that are not finite numbers", "choose another file");
  return { samples, rate };
}
// the samples of a file that was chosen; what is no WAV is decoded by the browser
async function heardFrom(address, rate) {
  const bytes = Uint8Array.from(atob(address.slice(address.indexOf(",") + 1)), (one) => one.charCodeAt(0)).buffer;
  const found = wave(bytes);
  if (found) return found;
  let sound;
  try {
    sound = await new OfflineAudioContext(1, 1, rate).decodeAudioData(bytes);
  } catch {
    return refuse("the file is no sound that this browser can decode", "WAV, FLAC, MP3 or Ogg");
  }
  const channels = Array.from({ length: sound.numberOfChannels }, (_, c) => sound.getChannelData(c));
  return {
    rate: sound.sampleRate,
    samples: Float64Array.from(
      { length: sound.length }, (_, n) => channels.reduce((sum, one) => sum + one[n], 0) / channels.length)
  };
}
