"use strict";

// A click (or Enter) on a column's head sorts its table; another one turns it round.
function keyOf(row, column) {
  const text = row.cells[column].textContent.trim();
  // A name may begin with a digit, as 2stage does, and is no number.
  const number = /^(?:× )?(-?\d+(?:\.\d+)?(?:e-?\d+)?)(?![\w.-])/.exec(text);
  return number === null ? text : Number(number[1]);
}

function compare(one, other) {
  if (typeof one === "number" && typeof other === "number") return one - other;
  return String(one).localeCompare(String(other));
}

function sortBy(head) {
  const table = head.closest("table");
  const column = head.cellIndex;
  const up = head.getAttribute("aria-sort") !== "ascending";
  const rows = [...table.tBodies[0].rows].map((row) => [keyOf(row, column), row]);
  // What is empty, or no number among numbers, comes last, whichever way.
  const hasNumbers = rows.some(([key]) => typeof key === "number");
  const isTold = ([key]) => (hasNumbers ? typeof key === "number" : key !== "");
  const told = rows.filter(isTold);
  const others = rows.filter((row) => !isTold(row));
  told.sort(([one], [other]) => (up ? 1 : -1) * compare(one, other));
  for (const cell of head.parentElement.cells) cell.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  table.tBodies[0].append(...[...told, ...others].map(([, row]) => row));
}

for (const button of document.querySelectorAll("thead button")) {
  button.addEventListener("click", () => sortBy(button.closest("th")));
}

// n and p, or the buttons of the bar below, go to the next and to the previous mark.
const marks = [...document.querySelectorAll("mark")];
const bar = document.querySelector("nav.marks");
let current = -1;

function go(step) {
  current = (current + step + marks.length) % marks.length;
  const mark = marks[current];
  mark.focus({ preventScroll: true });
  mark.scrollIntoView({ block: "center" });
  bar.querySelector("output").textContent = `${current + 1} of ${marks.length}`;
}

marks.forEach((mark, index) => {
  mark.tabIndex = -1;
  mark.addEventListener("focus", () => { current = index; });
});
if (marks.length) {
  bar.hidden = false;
  const [previous, next] = bar.querySelectorAll("button");
  previous.addEventListener("click", () => go(current < 0 ? 0 : -1));
  next.addEventListener("click", () => go(1));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "n") go(1);
    if (event.key === "p") go(current < 0 ? 0 : -1);
  });
}
