// Tags of a whole row, scored as a chain (CRF): s(y) = a[y_1] + sum z_t[y_t] + sum A[y_{t-1}, y_t] + b[y_T].
function logSum(values) {
  const most = values.reduce((a, b) => Math.max(a, b), -Infinity);
  return most === -Infinity ? most : most + Math.log(values.reduce((sum, one) => sum + Math.exp(one - most), 0));
}
function softened(scores) {
  const total = logSum(scores);
  return scores.map((one) => Math.exp(one - total));
}

class Chain {
  constructor(first, pairs, last) {
    Object.assign(this, { first, pairs, last, size: first.length });
  }
  each(value) {
    return Float64Array.from({ length: this.size }, (_, k) => value(k));
  }
  pair(before, after) {
    return this.pairs[before * this.size + after];
  }
  // the best tags of the rows of scores (Viterbi)
  tags(scores) {
    if (!scores.length) return [];
    const origins = [];
    let best = this.each((k) => this.first[k] + scores[0][k]);
    for (const z of scores.slice(1)) {
      const from = Array.from(best, (_, k) => {
        let most = 0;
        for (let j = 1; j < this.size; ++j)
          if (best[j] + this.pair(j, k) > best[most] + this.pair(most, k)) most = j;
        return most;
      });
      best = this.each((k) => best[from[k]] + this.pair(from[k], k) + z[k]);
      origins.push(from);
    }
    const ends = this.each((k) => best[k] + this.last[k]), path = [ends.indexOf(Math.max(...ends))];
    for (const from of origins.toReversed()) path.unshift(from[path[0]]);
    return path;
  }
  score(scores, tags) {
    return tags.reduce(
      (sum, tag, t) => sum + scores[t][tag] + (t ? this.pair(tags[t - 1], tag) : this.first[tag]),
      tags.length ? this.last[tags.at(-1)] : 0);
  }
  // p(y_t = k) of every step, each summed over the tags of all others (forward-backward)
  marginals(scores) {
    const alpha = [], beta = [this.each((k) => this.last[k])];
    scores.forEach(
      (z, t) => alpha.push(
        this.each((k) => z[k] + (t ? logSum(alpha[t - 1].map((one, j) => one + this.pair(j, k))) : this.first[k]))));
    for (const z of scores.slice(1).toReversed())
      beta.unshift(this.each((j) => logSum(this.each((k) => this.pair(j, k) + z[k] + beta[0][k]))));
    return alpha.map((values, t) => softened(values.map((one, k) => one + beta[t][k])));
  }
  // p of the last tag, given the one before
  conditional(scores, before) {
    const z = scores.at(-1);
    return softened(this.each((k) => z[k] + this.last[k] + (before === null ? this.first[k] : this.pair(before, k))));
  }
}
