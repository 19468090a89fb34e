// Tables that sort: a click on a head sorts by that column, another one the other way round.

const NUMBER = /^[-−]?\d[\d,]*(\.\d+)?/;

/** What a cell sorts by: the number that it begins with, else its text; undefined for none. */
function value(cell) {
  const text = cell.querySelector("bdi")?.textContent ?? "";
  const number = text.match(NUMBER)?.[0];
  if (number) return Number(number.replaceAll(",", "").replace("−", "-"));
  return text === "" || text === "–" ? undefined : text;
}

/** Negative where a comes first; cells without a value come last either way. */
function compare(a, b, direction) {
  if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
  const numbers = typeof a === "number" && typeof b === "number";
  const order = numbers ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
  return direction === "ascending" ? order : -order;
}

/** Sort the rows of each group by themselves: quoted rows stay below measured ones. */
function sortBy(table, column, direction) {
  for (const body of table.tBodies) {
    const rows = rowsOf(body).map((row) => [value(row.cells[column]), row]);
    rows.sort(([a], [b]) => compare(a, b, direction));
    body.append(...rows.map(([, row]) => row));
  }
  for (const head of heads(table)) head.removeAttribute("aria-sort");
  heads(table)[column].setAttribute("aria-sort", direction);
}

const heads = (table) => [...table.tHead.rows[0].cells];
const rowsOf = (body) => [...body.rows].filter((row) => !row.classList.contains("group"));

/** Numbers begin with the largest, words with the first of the alphabet, unless the head says it. */
function nextDirection(table, column) {
  const now = heads(table)[column].getAttribute("aria-sort");
  if (now) return now === "ascending" ? "descending" : "ascending";
  if (heads(table)[column].dataset.first) return heads(table)[column].dataset.first;
  const values = [...table.tBodies].flatMap(rowsOf).map((row) => value(row.cells[column]));
  return values.some((each) => typeof each === "string") ? "ascending" : "descending";
}

function makeSortable(table) {
  heads(table).forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sortBy(table, column, nextDirection(table, column)));
    head.append(button);
  });
}

for (const table of document.querySelectorAll("table")) {
  if ([...table.tBodies].some((body) => rowsOf(body).length > 1)) makeSortable(table);
}
