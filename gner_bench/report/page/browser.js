// The sample browser: filters, pages of sentences, the address, keys.

const PAGE = 20;
const TEXTS = ["set", "type", "class", "step", "run", "q"];
const CHECKS = ["errors", "differ"];

const find = (id) => document.getElementById(id);
const form = find("filters");
const list = find("list");
const state = { samples: null, found: [], page: 0, current: -1 };

// Pages

function pages() {
  return Math.max(1, Math.ceil(state.found.length / PAGE));
}

function draw() {
  const first = state.page * PAGE;
  list.replaceChildren(...state.found.slice(first, first + PAGE).map(card));
  document.querySelectorAll("#browser .turn").forEach((turn) => turn.replaceChildren(...pager()));
}

function pager() {
  const previous = make("button", { type: "button" }, "← Previous");
  const next = make("button", { type: "button" }, "Next →");
  previous.disabled = state.page === 0;
  next.disabled = state.page >= pages() - 1;
  previous.addEventListener("click", () => turn(-1));
  next.addEventListener("click", () => turn(1));
  return [previous, make("span", {}, `page ${state.page + 1} of ${pages().toLocaleString("en")}`), next];
}

function turn(by) {
  const page = state.page + by;
  if (page < 0 || page >= pages()) return;
  select(page * PAGE);
}

function count() {
  const all = state.samples.size.toLocaleString("en");
  const found = state.found.length;
  find("count").textContent = found ? `${found.toLocaleString("en")} of ${all} sentences` : `None of ${all} sentences`;
}

// Filters and the address

function filter() {
  const fields = form.elements;
  const texts = TEXTS.map((name) => [name, fields[name].value]);
  return Object.fromEntries([...texts, ...CHECKS.map((name) => [name, fields[name].checked])]);
}

function setFilter(values) {
  const fields = form.elements;
  fields.set.value = values.get("set") ?? "";
  fillTypes();
  for (const name of TEXTS) choose(fields[name], values.get(name) ?? "");
  for (const name of CHECKS) fields[name].checked = values.get(name) === "1";
}

/** Set a field; a name that its list lacks is added, so that an address keeps what it says. */
function choose(field, value) {
  if (field.tagName === "SELECT" && ![...field.options].some((option) => option.value === value)) {
    field.append(make("option", { value }, shown(value)));
  }
  field.value = value;
}

/** The address of the filters and, unless it is -1, of a sentence. */
function address(at) {
  const now = filter();
  const parts = at < 0 ? [] : [`s=${encode(state.samples.names[at])}`];
  for (const name of TEXTS) if (now[name]) parts.push(`${name}=${encode(now[name])}`);
  for (const name of CHECKS) if (now[name]) parts.push(`${name}=1`);
  return `#${parts.join("&")}`;
}

const encode = (text) => encodeURIComponent(text.toWellFormed?.() ?? text).replaceAll("%2F", "/");

function remember(at) {
  const now = address(at);
  history.replaceState(null, "", now === "#" ? `${location.pathname}${location.search}` : now);
}

/** Show what the filters let through. */
function show() {
  state.found = state.samples.find(filter());
  state.page = 0;
  state.current = -1;
  count();
  draw();
}

function change() {
  show();
  remember(-1);
}

/** Show what the address says; a sentence that its filters hide is shown without them. */
function restore() {
  const values = new URLSearchParams(location.hash.slice(1));
  setFilter(values);
  show();
  const at = state.samples.places.get(values.get("s"));
  if (at !== undefined && !state.found.includes(at)) {
    setFilter(new URLSearchParams());
    show();
  }
  if (at !== undefined) select(state.found.indexOf(at));
  else if (values.has("s")) find("count").textContent += `; there is no sentence ${shown(values.get("s"))}`;
}

function isPermalink() {
  return location.hash.includes("=");
}

/** Go to a sentence by its place among those found. */
function select(place) {
  if (place < 0 || place >= state.found.length) return;
  const page = Math.floor(place / PAGE);
  if (page !== state.page || !list.hasChildNodes()) {
    state.page = page;
    draw();
  }
  const chosen = list.children[place % PAGE];
  chosen.focus({ preventScroll: true });
  chosen.scrollIntoView({ block: "start" });
  remember(state.found[place]);
}

function mark(article) {
  list.querySelector(".current")?.classList.remove("current");
  article.classList.add("current");
  state.current = state.page * PAGE + [...list.children].indexOf(article);
}

// Keys

const KEYS = {
  j: () => select(state.current < 0 ? state.page * PAGE : state.current + 1),
  k: () => select(state.current < 0 ? state.page * PAGE : state.current - 1),
  ArrowRight: () => turn(1),
  ArrowLeft: () => turn(-1),
  t: () => toggleTexts(),
  "/": () => form.elements.q.focus(),
  "?": () => find("help").showModal(),
};

function toggleTexts() {
  const texts = [...(list.children[state.current % PAGE]?.querySelectorAll("details") ?? [])];
  const open = !texts.some((each) => each.open);
  texts.forEach((each) => (each.open = open));
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || find("help").open) return;
  const { target } = event;
  if (event.key === "Escape" && target === form.elements.q) {
    event.preventDefault(); // which would empty the field
    return target.blur();
  }
  if (target.closest("input[type=search], select, .scroll") || !find("keys").checked) return;
  const action = KEYS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

// Start

function fill(select, all, names, title = (name) => name) {
  const options = names.map((name) => make("option", { value: name }, shown(title(name))));
  select.replaceChildren(make("option", { value: "" }, all), ...options);
}

/** The types of the chosen data set, or of all. */
function fillTypes() {
  const { types, sets } = state.samples.data;
  const chosen = form.elements.set.value;
  const shownTypes = sets.filter((set) => !chosen || setName(set) === chosen).flatMap((set) => set.types);
  const names = [...new Set(shownTypes)].map((type) => types[type]).sort((a, b) => a.localeCompare(b, "en"));
  const before = form.elements.type.value;
  fill(form.elements.type, "any", names);
  form.elements.type.value = names.includes(before) ? before : "";
}

function fillFilters() {
  const { sets, classes, steps, runs } = state.samples.data;
  fill(form.elements.set, "all", sets.map(setName));
  fill(form.elements.class, "any", classes, (name) => MARKS[name][1].split(":")[0]);
  fill(form.elements.step, "any step", steps);
  fill(form.elements.run, "any", runs.map((run) => run.name));
  fillTypes();
  if (runs.length < 2) document.querySelectorAll("#filters .runs").forEach((label) => (label.hidden = true));
  for (const name of classes) {
    const [sign, words] = MARKS[name];
    const mark = make("mark", { class: `h0 ${name}` }, make("span", { class: "told" }, sign));
    find("marks").append(make("li", {}, mark, ` ${words}`));
  }
}

function listen() {
  form.addEventListener("input", (event) => {
    if (event.target === form.elements.set) fillTypes();
    change();
  });
  form.addEventListener("reset", () => setTimeout(() => (fillTypes(), change())));
  form.addEventListener("submit", (event) => event.preventDefault());
  list.addEventListener("focusin", (event) => mark(event.target.closest("article")));
  find("help-open").addEventListener("click", KEYS["?"]);
  document.addEventListener("keydown", onKey);
  addEventListener("hashchange", () => isPermalink() && restore());
}

async function start() {
  const block = find("samples");
  if (!block) return;
  const unpacking = find("unpacking");
  if (typeof DecompressionStream === "undefined") {
    unpacking.textContent = "This browser is too old to unpack the sentences (it lacks DecompressionStream).";
    return;
  }
  try {
    state.samples = new Samples(await unpack(block));
  } catch (error) {
    unpacking.textContent = `The sentences cannot be unpacked: ${error.message}`;
    return;
  }
  block.remove();
  fillFilters();
  listen();
  find("browser").hidden = false;
  unpacking.hidden = true;
  if (isPermalink()) restore();
  else show();
  performance.mark("sentences");
}

start();
