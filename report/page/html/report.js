"use strict";
// What the page can do beyond being read. All text goes into the page as text,
// never as markup: names in a capture may be anything.

const byId = (id) => document.getElementById(id);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const dataBlock = byId("data");
const data = dataBlock ? JSON.parse(dataBlock.textContent) : {received: 0, page: 0, modes: [], flows: []};

for (const element of all(".script, .copy, .scheme, .map-help, .map-readout")) element.hidden = false;

// Numbers as the page itself has them.
const exact = (n) => n.toLocaleString("en-US");
const plural = (n, one, many) => n === 1 ? "1 " + one : exact(n) + " " + many;
function percent(share) {
  if (share > 0 && share < 0.0005) return "<0.1%";
  if (share < 1 && share >= 0.9995) return ">99.9%";
  return (share * 100).toFixed(1) + "%";
}
function byteSize(n) {
  if (n < 1000) return n + " B";
  let [mantissa, exponent] = n.toExponential(2).split("e").map(Number);
  const unit = Math.min(Math.floor(exponent / 3), 6);
  exponent -= 3 * unit;
  return (mantissa * 10 ** exponent).toFixed(Math.max(2 - exponent, 0)) + " " + " kMGTPE"[unit] + "B";
}
function seconds(ns) {
  const text = exact(Math.floor(ns / 1e9)) + "." + String(Math.round(ns % 1e9)).padStart(9, "0");
  return text.replace(/\.?0+$/, "") + " s";
}
function duration(ns) {
  let unit = 0;
  while (unit < 3 && ns >= 1000 ** (unit + 1)) unit++;
  const text = exact(Math.floor(ns / 1000 ** unit)) + (unit ? "." + String(ns % 1000 ** unit).padStart(3 * unit, "0").replace(/0+$/, "") : "");
  return text.replace(/\.$/, "") + [" ns", " µs", " ms", " s"][unit];
}

// The scheme of colours.
for (const input of all(".scheme input")) {
  input.addEventListener("change", () => { document.documentElement.style.colorScheme = input.value; });
}

// Copying.
for (const button of all(".copy")) {
  button.addEventListener("click", async () => {
    const source = byId(button.dataset.copy);
    getSelection().selectAllChildren(source);
    try {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Selected"; // to be copied by hand, where a page may not write to the clipboard
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}

// Everything is unfolded on paper, and as it was afterwards.
let folded = [];
addEventListener("beforeprint", () => {
  folded = all("details.mode:not([open])");
  for (const details of folded) details.open = true;
});
addEventListener("afterprint", () => { for (const details of folded) details.open = false; });

// Tips at the pointer, in place of the browser's own, which come late.
const tip = byId("tip");
for (const cell of all(".map td")) cell.dataset.tip = cell.title;
for (const element of all("[data-tip]")) {
  element.removeAttribute("title");
  element.querySelector(":scope > title")?.remove();
}
addEventListener("pointermove", (event) => {
  const of = event.target.closest?.("[data-tip]");
  tip.hidden = !of;
  if (!of) return;
  tip.textContent = of.dataset.tip;
  const {width, height} = tip.getBoundingClientRect();
  tip.style.left = Math.max(8, Math.min(event.clientX + 14, document.documentElement.clientWidth - width - 8)) + "px";
  tip.style.top = (event.clientY + 20 + height > innerHeight ? event.clientY - height - 10 : event.clientY + 20) + "px";
});
document.addEventListener("pointerleave", () => { tip.hidden = true; });
addEventListener("scroll", () => { tip.hidden = true; }, {passive: true, capture: true});

// A map of an indirection table.
for (const map of all(".map")) {
  const readout = byId(map.id + "-readout");
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
  const open = (cell) => flowTable?.show("entry=" + cell.dataset.entry);
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

// Packets over time: what is drawn is from and to, in windows.
function timeline(root) {
  const mode = data.modes[Number(root.dataset.mode)];
  const rows = root.querySelector(".rows");
  const drawings = all(".row", rows).map((row) => {
    const name = row.querySelector(".name").textContent;
    const svg = row.querySelector("svg");
    const cpu = mode.cpus.find((c) => String(c.cpu) === name);
    return {name, svg, path: svg.querySelector("path"), packets: cpu?.packets ?? []};
  });
  const windows = Math.max(...mode.cpus.map((c) => c.packets.length));
  const sum = new Array(windows).fill(0);
  for (const cpu of mode.cpus) cpu.packets.forEach((n, i) => { sum[i] += n; });
  drawings[0].packets = sum;
  const note = root.querySelector(".note span");
  const ticks = root.querySelector(".ticks");
  const readout = root.querySelector(".readout");
  const maxColumns = 480;
  let from = 0, to = windows, per = 1;

  const columnsOf = (packets) => {
    const columns = [];
    for (let i = from; i < to; i += per) {
      let n = 0;
      for (let k = i; k < Math.min(i + per, to, packets.length); k++) n += packets[k];
      columns.push(n);
    }
    return columns;
  };
  const areaPath = (values, most) => {
    let path = "M0 100", at = 100;
    values.forEach((v, i) => {
      const y = v > 0 && most > 0 ? Math.min(100 - Math.floor(v * 100 / most), 98) : 100;
      if (y !== at) { path += `H${i}V${y}`; at = y; }
    });
    return path + `H${values.length}V100Z`;
  };
  const greatest = (values) => values.reduce((a, b) => Math.max(a, b), 0);

  function draw() {
    per = Math.max(1, Math.ceil((to - from) / maxColumns));
    const columns = drawings.map((d) => columnsOf(d.packets));
    const most = greatest(columns.slice(1).map(greatest));
    const mostOfAll = greatest(columns[0]);
    drawings.forEach((d, i) => {
      d.svg.setAttribute("viewBox", `0 0 ${columns[i].length} 100`);
      d.path.setAttribute("d", areaPath(columns[i], i === 0 ? mostOfAll : most));
    });
    root.dataset.from = from * mode.interval_ns;
    root.dataset.to = to * mode.interval_ns;
    note.textContent = `A column is ${duration(per * mode.interval_ns)}. A full row of a CPU is ${plural(most, "packet", "packets")}, of all CPUs ${exact(mostOfAll)}.`;
    drawTicks();
    for (const [what, off] of [["in", to - from < 2], ["out", whole()], ["all", whole()], ["left", from === 0], ["right", to === windows]]) {
      root.querySelector(`[data-do=${what}]`).disabled = off;
    }
  }
  const whole = () => from === 0 && to === windows;

  function drawTicks() {
    const span = (to - from) * mode.interval_ns, start = from * mode.interval_ns;
    const power = 10 ** Math.floor(Math.log10(span / 5));
    const step = Math.max(1, [1, 2, 5, 10].find((f) => f * power >= span / 5) * power);
    const wide = Math.ceil((to - from) / per) * per * mode.interval_ns; // the last column may hold fewer windows
    ticks.replaceChildren();
    for (let t = Math.ceil(start / step) * step; t <= start + span - step / 4; t += step) {
      const group = document.createElementNS(ticks.namespaceURI, "g");
      const x = (t - start) / wide * 100 + "%";
      for (const [name, attributes] of [["line", {x1: x, x2: x, y1: 0, y2: 4}], ["text", {x, y: 15}]]) {
        const element = document.createElementNS(ticks.namespaceURI, name);
        for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
        group.append(element);
      }
      group.lastChild.textContent = seconds(t);
      ticks.append(group);
    }
  }

  function show(newFrom, newTo) {
    const length = Math.min(Math.max(Math.round(newTo - newFrom), 1), windows);
    from = Math.min(Math.max(Math.round(newFrom), 0), windows - length);
    to = from + length;
    draw();
  }
  function act(what) {
    const span = to - from, centre = (from + to) / 2;
    switch (what) {
      case "in": show(centre - span / 4, centre + span / 4); break;
      case "out": show(centre - span, centre + span); break;
      case "left": show(from - Math.max(1, span / 4), from - Math.max(1, span / 4) + span); break;
      case "right": show(from + Math.max(1, span / 4), from + Math.max(1, span / 4) + span); break;
      case "all": show(0, windows); break;
    }
  }
  for (const button of all("[data-do]", root)) button.addEventListener("click", () => act(button.dataset.do));
  rows.tabIndex = 0;
  rows.addEventListener("keydown", (event) => {
    const what = {"+": "in", "=": "in", "-": "out", "ArrowLeft": "left", "ArrowRight": "right", "0": "all", "Escape": "all"}[event.key];
    if (!what || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    act(what);
  });

  // The pointer reads a column, and chooses several.
  const cursor = document.createElement("div"), brush = document.createElement("div");
  cursor.className = "cursor";
  brush.className = "brush";
  cursor.hidden = brush.hidden = true;
  rows.append(cursor, brush);
  const at = (event) => {
    const box = drawings[0].svg.getBoundingClientRect();
    const share = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
    const columns = Math.ceil((to - from) / per);
    return {x: box.left - rows.getBoundingClientRect().left - rows.clientLeft + share * box.width, window: Math.min(from + share * columns * per, to)};
  };
  let start = null;
  rows.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.pointerType === "touch") return;
    start = at(event);
    rows.setPointerCapture(event.pointerId);
  });
  rows.addEventListener("pointermove", (event) => {
    const here = at(event);
    cursor.hidden = false;
    cursor.style.left = here.x + "px";
    if (start) {
      brush.hidden = false;
      brush.style.left = Math.min(start.x, here.x) + "px";
      brush.style.width = Math.abs(start.x - here.x) + "px";
    }
    const first = Math.min(from + Math.floor((here.window - from) / per) * per, to - 1);
    const last = Math.min(first + per, to);
    const packets = (values) => { let n = 0; for (let i = first; i < last; i++) n += values[i] ?? 0; return n; };
    const busiest = mode.cpus.map((c) => [c.cpu, packets(c.packets)]).filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]);
    readout.textContent = `from ${seconds(first * mode.interval_ns)}: ${plural(packets(sum), "packet", "packets")}` +
      busiest.slice(0, 4).map(([cpu, n]) => `; CPU ${cpu} ${exact(n)}`).join("") + (busiest.length > 4 ? " …" : "");
  });
  rows.addEventListener("pointerup", (event) => {
    if (!start) return;
    const [a, b] = [start.window, at(event).window].sort((x, y) => x - y);
    const far = Math.abs(start.x - at(event).x) > 4;
    start = null;
    brush.hidden = true;
    if (far) show(Math.floor(a), Math.ceil(b));
  });
  rows.addEventListener("pointercancel", () => { start = null; brush.hidden = true; });
  rows.addEventListener("pointerleave", () => { cursor.hidden = true; readout.textContent = ""; });
  rows.addEventListener("dblclick", () => act("all"));
  draw();
}
for (const root of all(".timeline")) timeline(root);

// The flow table. A flow is [protocol, source, destination, hash, type, entry,
// packets, bytes, and for each mode [migrations, CPU, packets, CPU, packets …]].
function newFlowTable(table) {
  const flows = data.flows, fixed = 8;
  const [search, cpu, mode] = [byId("flow-search"), byId("flow-cpu"), byId("flow-mode")];
  let order = flows.map((_, i) => i), page = 0, by = 0, down = false, texts = null;

  const main = (on) => {
    let most = -1, where = -1, total = 0;
    for (let i = 1; i < on.length; i += 2) {
      total += on[i + 1];
      if (on[i + 1] > most) [where, most] = [on[i], on[i + 1]];
    }
    return {cpu: where, share: most / total};
  };
  const place = (on) => {
    if (on.length === 1) return ["–", ""];
    const {cpu, share} = main(on);
    if (on.length === 3) return [String(cpu), ""];
    const parts = [];
    for (let i = 1; i < on.length; i += 2) parts.push(`CPU ${on[i]}: ${exact(on[i + 1])}`);
    return [`${cpu} (${percent(share)}; on ${(on.length - 1) / 2} CPUs)`, parts.join(", ") + "; " + plural(on[0], "migration", "migrations")];
  };
  // Each column: its text and title, and what it is ordered by.
  const columns = [
    {text: (f, i) => [exact(i + 1)], key: (f, i) => i, number: true, head: true},
    {text: (f) => [f[0]], key: (f) => f[0]},
    {text: (f) => [f[1]], key: (f) => f[1]},
    {text: (f) => [f[2]], key: (f) => f[2]},
    {text: (f) => [exact(f[6])], key: (f) => f[6], number: true},
    {text: (f) => [percent(f[6] / data.received), (f[6] / data.received).toFixed(6)], key: (f) => f[6], number: true},
    {text: (f) => [byteSize(f[7]), exact(f[7]) + " bytes"], key: (f) => f[7], number: true},
    {text: (f) => [f[3] ?? "–"], key: (f) => f[3] ?? ""},
    {text: (f) => [f[4]], key: (f) => f[4]},
    {text: (f) => [f[5] === null ? "–" : String(f[5])], key: (f) => f[5] ?? -1, number: true},
    ...data.modes.map((_, m) => ({text: (f) => place(f[fixed + m]), key: (f) => main(f[fixed + m]).cpu})),
  ];

  const numbers = new Set();
  for (const m of data.modes) for (const c of m.cpus) numbers.add(c.cpu);
  for (const n of [...numbers].sort((a, b) => a - b)) cpu.add(new Option("CPU " + n, n));
  data.modes.forEach((m, i) => mode.add(new Option(m.mode, i)));

  // Words all have to be there; cpu=3 and entry=12-15 are places.
  function filter() {
    const tests = [];
    const onCPU = (first, last = first) => {
      const m = fixed + Number(mode.value);
      return (f) => { for (let i = 1; i < f[m].length; i += 2) if (f[m][i] >= first && f[m][i] <= last) return true; return false; };
    };
    if (cpu.value !== "") tests.push(onCPU(Number(cpu.value)));
    for (const word of search.value.toLowerCase().split(/\s+/).filter(Boolean)) {
      const [, what, n, last = n] = /^(cpu|entry)=(\d+)(?:-(\d+))?$/.exec(word) ?? [];
      if (what === "cpu") tests.push(onCPU(Number(n), Number(last)));
      else if (what === "entry") tests.push((f) => f[5] !== null && f[5] >= Number(n) && f[5] <= Number(last));
      else {
        texts ??= flows.map((f) => `${f[0]} ${f[1]} ${f[2]} ${f[3]} ${f[4]}`.toLowerCase());
        tests.push((f, i) => texts[i].includes(word));
      }
    }
    order = [];
    for (let i = 0; i < flows.length; i++) if (tests.every((test) => test(flows[i], i))) order.push(i);
    sort();
  }

  const collator = new Intl.Collator("en", {numeric: true}); // 10.0.0.9 before 10.0.0.10
  function sort() {
    const keys = new Map(order.map((i) => [i, columns[by].key(flows[i], i)]));
    const text = typeof keys.values().next().value === "string";
    const compare = text ? collator.compare : (a, b) => a - b;
    order.sort((a, b) => (down ? -1 : 1) * compare(keys.get(a), keys.get(b)) || a - b);
    page = 0;
    draw();
  }

  function draw() {
    const pages = Math.max(1, Math.ceil(order.length / data.page));
    page = Math.min(Math.max(page, 0), pages - 1);
    const body = document.createElement("tbody");
    for (const i of order.slice(page * data.page, (page + 1) * data.page)) {
      const row = body.insertRow();
      for (const column of columns) {
        const [text, title] = column.text(flows[i], i);
        const cell = document.createElement(column.head ? "th" : "td");
        if (column.head) cell.scope = "row";
        if (column.number) cell.className = "number";
        if (title) cell.title = title;
        cell.textContent = text;
        row.append(cell);
      }
    }
    table.tBodies[0].replaceWith(body);
    byId("flow-count").textContent = order.length === flows.length ? "" : `${plural(order.length, "flow", "flows")} of ${exact(flows.length)}`;
    byId("flow-page").textContent = order.length ? `${exact(page * data.page + 1)}–${exact(Math.min((page + 1) * data.page, order.length))} of ${exact(order.length)}` : "no flow";
    for (const button of all("[data-page]")) {
      button.disabled = ["first", "previous"].includes(button.dataset.page) ? page === 0 : page === pages - 1;
    }
    [...table.tHead.rows[0].cells].forEach((head, i) => {
      if (i === by) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
  }

  [...table.tHead.rows[0].cells].forEach((head, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", () => {
      down = by === i ? !down : i !== 0 && columns[i].number === true; // the largest first, names from a
      by = i;
      sort();
    });
    head.replaceChildren(button);
  });
  for (const button of all("[data-page]")) {
    button.addEventListener("click", () => {
      page = {first: 0, previous: page - 1, next: page + 1, last: flows.length}[button.dataset.page];
      draw();
    });
  }
  let waiting = 0;
  search.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(filter, 120); });
  for (const select of [cpu, mode]) select.addEventListener("change", filter);
  const form = byId("flow-filter");
  form.addEventListener("submit", (event) => { event.preventDefault(); filter(); });
  form.addEventListener("reset", () => { setTimeout(filter); }); // the fields change after the event
  form.hidden = byId("flow-pages").hidden = false;
  mode.parentNode.hidden = data.modes.length < 2;
  draw();
  return {
    show(words) {
      search.value = words;
      cpu.value = "";
      filter();
      byId("flows").scrollIntoView();
      search.focus({preventScroll: true});
    },
  };
}
const flowTable = byId("flow-table") ? newFlowTable(byId("flow-table")) : null;
