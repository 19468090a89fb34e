// Filters of a leaderboard. Tables have their figures without it; with it, rank and training are of the chosen data set.

const FIRST = 4; // System, Rank, Letters, Mean; then data sets; then Parameters, Training and perhaps Files
const RANK = 1;
const LETTERS = 2;
const MEAN = 3;
const SIZES = [
  ["under 0.1 billion", 0, 1e2],
  ["0.1 to 1 billion", 1e2, 1e3],
  ["1 to 10 billion", 1e3, 1e4],
  ["10 billion and more", 1e4, Infinity],
];
const TRAINING = ["types unseen", "types seen", "supervised", "not known"];
const UNKNOWN = "not known";

const form = document.getElementById("filters");
const count = document.getElementById("count");
const boards = [...document.querySelectorAll(".board")].map((box) => {
  const table = box.querySelector("table");
  const sets = heads(table).filter((head) => head.dataset.set !== undefined);
  const last = FIRST + sets.length;
  const rows = [...table.tBodies].flatMap(rowsOf).map((row) => {
    const texts = [RANK, last + 1].map((at) => row.cells[at].querySelector("bdi"));
    return { row, texts, own: texts.map((text) => text.textContent), size: value(row.cells[last]) };
  });
  return { box, table, sets: sets.map((head) => head.dataset.set), titles: sets.map(titleOf), rows };
});

function titleOf(head) {
  const title = head.querySelector("bdi").textContent;
  return title === head.dataset.set ? title : `${title} (${head.dataset.set})`;
}

function option(text, label = text) {
  const made = document.createElement("option");
  made.value = text;
  made.textContent = label;
  return made;
}

function fill(name, first, texts, labels = texts) {
  form.elements[name].append(option("", first), ...texts.map((text, at) => option(text, labels[at])));
}

const chosen = () => Object.fromEntries(new FormData(form));

function sizeFits(size, name) {
  if (!name) return true;
  if (name === UNKNOWN) return size === undefined;
  const [, from, to] = SIZES.find(([text]) => text === name);
  return size !== undefined && from <= size && size < to;
}

/** The cell that counts: that of the chosen data set, else of the mean. */
function figure(board, row, set) {
  return row.cells[set ? FIRST + board.sets.indexOf(set) : MEAN];
}

function showRow(board, { row, texts, own, size }, { q, set, size: ofSize, training }) {
  const cell = figure(board, row, set);
  const facts = set ? [cell.dataset.rank ?? "–", cell.dataset.training ?? UNKNOWN] : own;
  facts.forEach((text, at) => (texts[at].textContent = text));
  const named = row.cells[0].textContent.toLowerCase().includes(q.trim().toLowerCase());
  const there = !set || value(cell) !== undefined;
  const shown = named && there && sizeFits(size, ofSize) && (!training || facts[1].startsWith(training));
  row.hidden = !shown;
  return shown;
}

function showBoard(board, filters) {
  const { set } = filters;
  const has = !set || board.sets.includes(set);
  const shown = has ? board.rows.filter((each) => showRow(board, each, filters)).length : 0;
  board.box.hidden = !shown;
  if (!has) return 0;
  for (const row of [...board.table.tHead.rows, ...board.rows.map((each) => each.row)]) {
    [...row.cells].forEach((cell, at) => {
      const ofSet = at >= FIRST && at < FIRST + board.sets.length;
      cell.hidden = Boolean(set) && (at === MEAN || at === LETTERS || (ofSet && board.sets[at - FIRST] !== set));
    });
  }
  return shown;
}

let before = "";

function update() {
  const filters = chosen();
  const counts = boards.map((board) => [board, showBoard(board, filters), board.rows.length]);
  count.textContent = [["measured", "systems"], ["published", "published ones"]].map(([kind, name]) => {
    // Those of one metric: the others have the same systems.
    const shown = counts.filter(([{ box }]) => box.classList.contains(kind) && form.parentElement.contains(box));
    const total = (at) => shown.reduce((sum, each) => sum + each[at], 0);
    return total(2) ? `${total(1)} of ${total(2)} ${name}` : "";
  }).filter(Boolean).join(", ");
  if (filters.set !== before) {
    for (const board of boards.filter(({ sets }) => !filters.set || sets.includes(filters.set))) {
      sortBy(board.table, filters.set ? FIRST + board.sets.indexOf(filters.set) : MEAN, "descending");
    }
    before = filters.set;
  }
}

function store() {
  const kept = Object.entries(chosen()).filter(([, text]) => text);
  history.replaceState(null, "", kept.length ? `#${new URLSearchParams(kept)}` : location.pathname + location.search);
}

function restore() {
  for (const [name, text] of new URLSearchParams(location.hash.slice(1))) {
    if (form.elements[name] && text) form.elements[name].value = text;
  }
}

const titles = new Map(boards.flatMap(({ sets, titles }) => sets.map((set, at) => [set, titles[at]])));
fill("set", "all, and their mean", [...titles.keys()], [...titles.values()]);
const sizes = boards.flatMap(({ rows }) => rows.map(({ size }) => size));
fill("size", "any", [...SIZES.map(([text]) => text), UNKNOWN].filter((name) => sizes.some((size) => sizeFits(size, name))));
const known = boards.flatMap(({ rows }) =>
  rows.flatMap(({ row, own }) => [own[1], ...[...row.cells].map((cell) => cell.dataset.training ?? "")]),
);
fill("training", "any", TRAINING.filter((name) => known.some((text) => text.startsWith(name))));
form.addEventListener("input", () => (update(), store()));
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(() => (update(), store())));
form.hidden = count.hidden = false;
if (location.hash.includes("=")) restore(); // else it names a part of the page
update();
