
// What the selects and the search say decides which rows are shown; the address keeps it.
const table = document.querySelector("table.entries");
const fields = [...document.querySelectorAll("form [name]")];
const count = document.querySelector("form output");

function choose() {
  let shown = 0;
  for (const row of table.tBodies[0].rows) {
    const fits = fields.every((field) => {
      if (field.value === "") return true;
      if (field.name === "search") return row.textContent.toLowerCase().includes(field.value.toLowerCase());
      return [...row.cells].some((cell) => cell.dataset.head === field.name && cell.dataset.value === field.value);
    });
    row.hidden = !fits;
    shown += fits;
  }
  count.textContent = `${shown} of ${table.tBodies[0].rows.length} rows`;
  const chosen = fields.filter((field) => field.value !== "").map((field) => [field.name, field.value]);
  const hash = new URLSearchParams(chosen).toString();
  if (location.protocol !== "about:" && location.hash.slice(1) !== hash) history.replaceState(null, "", `#${hash}`);
}

for (const [name, value] of new URLSearchParams(location.hash.slice(1))) {
  const field = fields.find((other) => other.name === name);
  if (field) field.value = value;
}
for (const field of fields) field.addEventListener("input", choose);
document.querySelector("form").addEventListener("reset", () => setTimeout(choose));
document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
choose();
