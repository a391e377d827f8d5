// Whatever names a CPU, a queue, an entry or a rule lists its flows, and shows it in the
// drawings.
function list(words, m = null) {
  if (byId("flow-table")) state.go({search: words, page: "", ...(m === null ? {} : {mode: Number(m) ? m : ""})}, {section: "flows"});
}
function lister(text, words, m = null) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "lists";
  button.textContent = text;
  button.addEventListener("click", () => list(words, m));
  return button;
}
function listHeads(table) {
  const what = {cpus: "cpu=", queues: "queue=", heaviest: "entry=", entries: "entry=", rules: "rule="}[table.id.replace(/(-context)?-(\d+|table)$/, "")];
  const m = table.closest("[data-mode]")?.dataset.mode ?? null, place = contextWords(table) + what;
  if (!what || !byId("flow-table") || !listable(place, m)) return;
  for (const head of all("tbody th", table)) {
    head.replaceChildren(lister(head.textContent, place + head.textContent.replaceAll(",", ""), m));
  }
}
for (const table of all("table:not(.map)")) if (!table.closest("[data-table]")) listHeads(table);
for (const details of all("[data-table]")) {
  details.addEventListener("toggle", () => {
    for (const part of all(".late, .scroll", details)) part.remove();
    details.append(makeTable(data.tables[details.dataset.table]));
    listHeads(details.querySelector("table"));
  }, {once: true});
}
if (byId("flow-table")) {
  for (const name of all(".row:not(.sum) .name")) {
    const button = lister(name.textContent, "cpu=" + name.textContent, name.closest("[data-mode]").dataset.mode);
    if (name.closest(".low")) button.tabIndex = -1; // the drawing of CPUs lists the same with one stop of Tab
    name.replaceChildren(button);
  }
  for (const columns of all(".columns:has([data-show])")) {
    const m = columns.closest("[data-mode]")?.dataset.mode ?? null;
    const cells = all("[data-show]", columns);
    if (!listable(cells[0].dataset.show, m)) {
      for (const cell of cells) delete cell.dataset.show;
      continue;
    }
    columns.setAttribute("role", "group");
    cells.forEach((cell, i) => {
      cell.setAttribute("role", "button");
      cell.setAttribute("aria-label", cell.dataset.tip);
      cell.setAttribute("tabindex", i ? -1 : 0);
      const open = () => list(cell.dataset.show, m);
      cell.addEventListener("click", open);
      cell.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(); }
        const next = cells[i + ({ArrowLeft: -1, ArrowRight: 1}[event.key] ?? 0)];
        if (next && next !== cell) {
          event.preventDefault();
          cell.setAttribute("tabindex", -1);
          next.setAttribute("tabindex", 0);
          next.focus();
        }
      });
    });
  }
}
// A chosen CPU, queue or entry is marked wherever it is drawn.
state.shown((values) => {
  const words = values.get("search") ?? "";
  const [, context = "", what, n, last = n] = /^(context=\S+ )?(cpu|queue|entry)=(\d+)(?:-(\d+))?$/.exec(words) ?? [];
  const is = (value) => what !== undefined && value >= Number(n) && value <= Number(last);
  for (const cell of all("#map td, #rules .map td")) {
    const of = contextWords(cell), table = of ? data.steering.contexts.find((c) => c.name + " " === of) : data.table;
    const entries = cell.dataset.entry.split("-").map(Number);
    let chosen = false;
    for (let e = entries[0]; e <= (entries[1] ?? entries[0]) && !chosen; e++) {
      const queue = table?.entries[e];
      chosen = queue !== undefined && (of === context || what !== "entry") && is({entry: e, queue, cpu: data.table.cpus[queue]}[what]);
    }
    cell.classList.toggle("chosen", chosen);
  }
  for (const column of all("[data-show]")) column.classList.toggle("chosen", column.dataset.show === words);
  for (const row of all(".row .name")) row.parentNode.classList.toggle("chosen", what === "cpu" && is(parseInt(row.textContent, 10)));
});

state.show();
{
  const {section} = state.read();
  if (section && byId(section)) { unfold(byId(section)); byId(section).scrollIntoView(); }
}
