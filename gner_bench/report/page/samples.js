// The sentences of all runs, and which of them a filter lets through. The layout is written by samples.py.

// Indices of the document's classes.
const CORRECT = 0;
const MISSED = 4;
const SPURIOUS = 5;
const STRAY = 6;
const ERRORS = 0b0111110; // classes from wrong type to spurious, as bits

/** The document in an element: base64 of gzipped JSON. */
async function unpack(element) {
  const letters = atob(element.textContent);
  const bytes = new Uint8Array(letters.length);
  for (let at = 0; at < letters.length; at++) bytes[at] = letters.charCodeAt(at);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

class Samples {
  constructor(data) {
    this.data = data;
    this.size = data.ids.length;
    this.names = this.#names();
    this.places = new Map(this.names.map((name, at) => [name, at]));
    this.texts = data.words.map((words, at) => `${this.names[at]}\n${words.join(" ")}`.toLowerCase());
    this.classes = data.runs.map((_, run) => this.#classBits(run));
    this.differ = Uint8Array.from({ length: this.size }, (_, at) => this.#differs(at));
    for (const run of data.runs) run.cut = new Set(run.cut);
  }

  /** How a sentence is called in the address: data set/id, with a number where that stands more than once. */
  #names() {
    const seen = new Map();
    return this.data.ids.map((id, at) => {
      const name = `${this.data.sets[this.data.set[at]].name}/${id}`;
      const times = (seen.get(name) ?? 0) + 1;
      seen.set(name, times);
      return times === 1 ? name : `${name}~${times}`;
    });
  }

  /** The gold spans of a sentence: [first word, word after the last, type]. */
  gold(at) {
    return chunks(this.data.gold[at], 3);
  }

  /** The judged spans of a run: [first word, word after the last, type, class], null where it lacks the sentence. */
  spans(run, at) {
    const flat = this.data.runs[run].spans[at];
    if (flat === null) return null;
    return flat === 0 ? this.gold(at).map((span) => [...span, CORRECT]) : chunks(flat, 4);
  }

  /** Predicted [text, type] pairs that stand at no words of the sentence. */
  unplaced(run, at) {
    return this.data.runs[run].unplaced[at] ?? [];
  }

  step(run, at) {
    return this.data.steps[this.data.runs[run].step[at]];
  }

  /** The generated text, put together from words and spans where it follows from them. */
  text(run, at) {
    const text = this.data.runs[run].text[at];
    if (text !== 0 && text !== 1) return text;
    const tags = this.#tags(run, at);
    const plain = this.data.words[at].map((word, index) => `${word}(${tags[index]})`).join(" ");
    return text === 0 ? plain : cleaned(plain);
  }

  #tags(run, at) {
    const tags = this.data.words[at].map(() => "O");
    for (const [start, end, type, kind] of this.spans(run, at)) {
      if (kind === MISSED) continue;
      tags.fill(`I-${this.data.types[type]}`, start, end);
      if (kind !== STRAY) tags[start] = `B-${this.data.types[type]}`;
    }
    return tags;
  }

  #classBits(run) {
    const { spans, unplaced } = this.data.runs[run];
    return Uint8Array.from(spans, (flat, at) => {
      let bits = flat === 0 && this.data.gold[at].length ? 1 << CORRECT : 0;
      for (let index = 3; flat && index < flat.length; index += 4) bits |= 1 << flat[index];
      return unplaced[at] ? bits | (1 << SPURIOUS) : bits;
    });
  }

  #differs(at) {
    const keys = this.data.runs.map(({ spans, unplaced }) => {
      const flat = spans[at];
      const extra = unplaced[at] ? JSON.stringify(unplaced[at]) : "";
      return flat === null ? null : (flat === 0 ? "right" : flat.join()) + extra;
    });
    const there = keys.filter((key) => key !== null);
    return there.some((key) => key !== there[0]);
  }

  /** The indices of the sentences that a filter lets through, in their order. */
  find(filter) {
    const wanted = this.#wanted(filter);
    const found = [];
    for (let at = 0; at < this.size; at++) if (this.#passes(at, wanted)) found.push(at);
    return found;
  }

  /** Names as indices: -1 where anything goes, -2 for a name that is not there. */
  #wanted(filter) {
    const index = (names, name) => (name === "" ? -1 : names.includes(name) ? names.indexOf(name) : -2);
    const { sets, types, classes, steps, runs } = this.data;
    const run = index(runs.map((each) => each.name), filter.run);
    return {
      set: index(sets.map(setName), filter.set),
      type: index(types, filter.type),
      kind: index(classes, filter.class),
      step: index(steps, filter.step),
      runs: run === -1 ? runs.map((_, each) => each) : run < 0 ? [] : [run],
      q: filter.q.trim().toLowerCase(),
      errors: filter.errors,
      differ: filter.differ,
    };
  }

  #passes(at, { set, type, kind, step, runs, q, errors, differ }) {
    return (
      (set === -1 || this.data.set[at] === set) &&
      (!differ || this.differ[at] === 1) &&
      (!q || this.texts[at].includes(q)) &&
      runs.some((run) => this.data.runs[run].spans[at] !== null) &&
      (step === -1 || runs.some((run) => this.data.runs[run].step[at] === step)) &&
      (!errors || runs.some((run) => (this.classes[run][at] & ERRORS) !== 0)) &&
      (kind === -1 || runs.some((run) => (this.classes[run][at] & (1 << kind)) !== 0)) &&
      (type === -1 || this.#hasType(at, runs, type, kind))
    );
  }

  #hasType(at, runs, type, kind) {
    if (kind === -1 && holds(this.data.gold[at], 3, type, -1)) return true;
    return runs.some((run) => {
      const flat = this.data.runs[run].spans[at];
      const extra = kind === -1 || kind === SPURIOUS ? this.unplaced(run, at) : [];
      if (extra.some(([, name]) => name === this.data.types[type])) return true;
      if (flat === 0) return (kind === -1 || kind === CORRECT) && holds(this.data.gold[at], 3, type, -1);
      return flat !== null && holds(flat, 4, type, kind);
    });
  }
}

function chunks(flat, size) {
  return Array.from({ length: flat.length / size }, (_, at) => flat.slice(size * at, size * (at + 1)));
}

/** Whether flat spans hold one of a type and, unless it is -1, a class. */
function holds(flat, size, type, kind) {
  for (let at = 0; at < flat.length; at += size) {
    if (flat[at + 2] === type && (kind === -1 || flat[at + 3] === kind)) return true;
  }
  return false;
}

function setName({ name, split }) {
  return `${name} (${split})`;
}

/** What clean_up_tokenization_spaces of Hugging Face leaves of a text; see spans.py. */
function cleaned(text) {
  const parts = [" .", " ?", " !", " ,", " ' ", " n't", " 'm", " 's", " 've", " 're"];
  return parts.reduce((shorter, part) => shorter.replaceAll(part, part.trim()), text);
}
