// A map of an indirection table, the main one or an RSS context's.
for (const map of all(".map")) {
  const place = contextWords(map) + "entry=";
  const lists = byId("flow-table") && /^map(-context-\d+)?$/.test(map.id) && listable(place, 0);
  const help = document.createElement("p"), readout = document.createElement("p");
  [help.id, help.className, readout.id, readout.className] = [map.id + "-help", "hidden", map.id + "-readout", "map-readout"];
  help.textContent = "Arrow keys go from entry to entry" + (lists ? "; Enter or a click lists the entry's flows." : ".");
  readout.textContent = help.textContent;
  readout.setAttribute("aria-live", "polite");
  map.setAttribute("aria-describedby", help.id);
  map.after(readout, help);
  const rows = [...map.tBodies[0].rows].map((row) => all("td", row));
  map.setAttribute("role", "grid");
  for (const row of rows) {
    for (const cell of row) {
      cell.setAttribute("role", "gridcell");
      cell.tabIndex = -1;
      cell.setAttribute("aria-label", cell.dataset.tip);
    }
  }
  rows[0][0].tabIndex = 0;
  let at = rows[0][0];
  const placeOf = (cell) => {
    const y = cell.parentNode.sectionRowIndex;
    return [rows[y].indexOf(cell), y];
  };
  map.addEventListener("focusin", (event) => {
    const cell = event.target.closest("td");
    if (!cell) return;
    at.tabIndex = -1;
    at = cell;
    at.tabIndex = 0;
    readout.textContent = cell.dataset.tip;
  });
  map.addEventListener("pointerover", (event) => {
    const cell = event.target.closest("td");
    if (cell) readout.textContent = cell.dataset.tip;
  });
  const open = (cell) => { if (lists) list(place + cell.dataset.entry); };
  map.addEventListener("click", (event) => {
    const cell = event.target.closest("td");
    if (cell) open(cell);
  });
  map.addEventListener("keydown", (event) => {
    const cell = event.target.closest("td");
    if (!cell || event.ctrlKey || event.altKey || event.metaKey) return;
    let [x, y] = placeOf(cell);
    const last = rows[y].length - 1;
    switch (event.key) {
      case "ArrowLeft": x--; break;
      case "ArrowRight": x++; break;
      case "ArrowUp": y--; break;
      case "ArrowDown": y++; break;
      case "Home": x = 0; break;
      case "End": x = last; break;
      case "Enter": case " ": open(cell); event.preventDefault(); return;
      default: return;
    }
    event.preventDefault();
    if (x < 0 && y > 0) x = rows[--y].length - 1;
    if (x > last && y < rows.length - 1) { x = 0; y++; }
    rows[y]?.[x]?.focus();
  });
}

