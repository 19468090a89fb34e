// One sentence as elements: gold and every run. All text goes into text nodes, never into markup.

const LONGEST = 200; // characters of a word that are shown
const MARKS = {
  correct: ["✓", "correct"],
  wrong_type: ["≠", "wrong type"],
  wrong_boundary: ["↔", "wrong boundary"],
  wrong_both: ["≠↔", "wrong type and boundary"],
  missed: ["−", "missed: a gold entity without a prediction"],
  spurious: ["+", "spurious: a prediction without a gold entity"],
  stray: ["?", "stray I- tag: part of no strict span"],
};

/** An element; attributes by name, children are elements or text. */
function make(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Text of people: control characters as their pictures, what turns the direction of text replaced, long words cut. */
function shown(text) {
  const safe = text
    .replace(/[\u0000-\u0008\u000b-\u001f]/g, (control) => String.fromCharCode(0x2400 + control.charCodeAt(0)))
    .replace(/[\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
  return safe.length > LONGEST ? `${safe.slice(0, LONGEST)}… (${safe.length.toLocaleString("en")} characters)` : safe;
}

function card(at) {
  const { samples } = state;
  const { data } = samples;
  const set = data.sets[data.set[at]];
  const id = `sample-${at}`;
  const link = make("a", { href: address(at) }, make("bdi", {}, shown(samples.names[at])));
  const heading = make("h3", { id }, link, " ", make("small", {}, shown(set.split)));
  const rows = make("div", { class: "rows" }, goldRow(at, set));
  data.runs.forEach((run, index) => run.spans[at] !== null && rows.append(runRow(at, index, set)));
  return make("article", { "aria-labelledby": id, tabindex: "-1", "data-at": at }, heading, rows);
}

function goldRow(at, set) {
  const { samples } = state;
  return row("gold", [], [sentence(samples.data.words[at], samples.gold(at), set)], "gold");
}

function runRow(at, run, set) {
  const { samples } = state;
  const { name, cut } = samples.data.runs[run];
  const words = samples.data.words[at];
  const [inside, beside] = parted(samples.spans(run, at));
  const content = [sentence(words, inside, set)];
  const extra = [
    ...beside.map((span) => entity(words.slice(span[0], span[1]).join(" "), span, set)),
    ...samples.unplaced(run, at).map(([text, type]) => unplaced(text, type, set)),
  ];
  if (extra.length) content.push(make("p", { class: "extra" }, "also: ", ...spaced(extra)));
  if (typeof samples.text(run, at) === "string" && samples.text(run, at)) content.push(generated(at, run));
  const notes = [samples.step(run, at), cut.has(at) ? "cut at the length limit" : ""].filter(Boolean);
  return row(name, notes, content, "run");
}

function row(name, notes, content, kind) {
  const badges = notes.map((note) => make("small", { class: `badge ${note === "exact" ? "" : "odd"}` }, note));
  const head = make("p", { class: "name" }, make("bdi", {}, shown(name)), " ", ...spaced(badges));
  return make("div", { class: `row ${kind}` }, head, make("div", { class: "content" }, ...content));
}

const spaced = (parts) => parts.flatMap((part, index) => (index ? [" ", part] : [part]));

/** Spans that can be marked in the sentence, in order and apart, and those that overlap these. */
function parted(spans) {
  const inside = spans.filter(([, , , kind]) => kind !== MISSED);
  const beside = [];
  for (const span of spans.filter(([, , , kind]) => kind === MISSED)) {
    const free = inside.every(([start, end]) => end <= span[0] || span[1] <= start);
    (free ? inside : beside).push(span);
  }
  return [inside.sort((a, b) => a[0] - b[0]), beside];
}

function sentence(words, spans, set) {
  const parts = [];
  let next = 0;
  for (const span of spans) {
    if (next < span[0]) parts.push(plain(words.slice(next, span[0])));
    parts.push(entity(words.slice(span[0], span[1]).map(shown).join(" "), span, set));
    next = span[1];
  }
  if (next < words.length) parts.push(plain(words.slice(next)));
  return make("p", { class: "sentence", dir: "auto" }, ...spaced(parts));
}

const plain = (words) => words.map(shown).join(" ");

/** Marked words with the name of their type and, where they are judged, the sign of their class. */
function entity(text, [, , type, kind], set) {
  const { types, classes } = state.samples.data;
  const label = make("span", { class: "label" }, "\u00a0", make("bdi", {}, shown(types[type])));
  const told = make("span", { class: "told" }, shown(text));
  if (kind === undefined) return make("mark", { class: hue(type, set), dir: "auto" }, told, label);
  const [sign, words] = MARKS[classes[kind]];
  label.append("\u00a0", make("span", { "aria-hidden": "true" }, sign), make("span", { class: "unseen" }, `(${words})`));
  return make("mark", { class: `${hue(type, set)} ${classes[kind]}`, dir: "auto" }, told, label);
}

function unplaced(text, name, set) {
  const type = state.samples.data.types.indexOf(name);
  const found = type < 0 ? null : entity(text, [0, 0, type, SPURIOUS], set);
  return make("span", {}, found ?? `${shown(text)} (${shown(name)}, spurious)`, " at no place of the sentence");
}

/** One of eight hues, and stripes for the second eight: by the place of the type in the list of its data set. */
function hue(type, set) {
  const place = Math.max(0, set.types.indexOf(type));
  return `h${place % 8} ${place % 16 < 8 ? "" : "striped"}`;
}

function generated(at, run) {
  const text = make("p", { class: "generated", dir: "auto" });
  const details = make("details", {}, make("summary", {}, "generated text"), text);
  details.addEventListener("toggle", () => {
    if (details.open && !text.textContent) text.textContent = shownWhole(state.samples.text(run, at));
  });
  return details;
}

const shownWhole = (text) => text.split(" ").map(shown).join(" ");
