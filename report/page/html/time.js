// Packets over time. All drawings show the same time, and those whose columns are equally
// long have one scale; what is shown is from and to, in windows of each.
const timelines = [];
// makeRows makes the rows that the page did not come with: of the most loaded CPUs, in a heat
// map those first.
function makeRows(root, rows, mode) {
  rows.querySelector(".late").remove();
  const loads = mode.cpus.map((c, i) => ({cpu: c.cpu, i, packets: c.packets.reduce((a, b) => a + b, 0)}));
  const total = loads.reduce((n, c) => n + c.packets, 0), mean = total / loads.length;
  const shown = loads.sort((a, b) => b.packets - a.packets || a.i - b.i).slice(0, Number(root.dataset.rows));
  if (root.dataset.heat === undefined) shown.sort((a, b) => a.i - b.i);
  const row = (name, style) => {
    const [element, label] = ["div", "span"].map((tag) => document.createElement(tag));
    element.className = "row" + style;
    [label.className, label.textContent] = ["name", name];
    element.append(label, svgElement("svg", {preserveAspectRatio: "none", "aria-hidden": "true"}));
    return element;
  };
  rows.prepend(row("all", " sum"), ...shown.map((c) => row(c.cpu, c.packets >= 2 * mean ? " hot" : c.packets >= 1.25 * mean ? " warm" : "")));
}
// timeStep is the step of ticks at least least apart, and their text, as TimeTicks has them.
function timeStep(least) {
  const round = (x) => {
    const power = 10 ** Math.floor(Math.log10(x));
    return Math.max(1, [1, 2, 5, 10].find((f) => f * power >= x) * power);
  };
  if (least < 30e9) return [round(least), seconds];
  const minutes = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720].find((m) => m * 60e9 >= least);
  return [minutes ? minutes * 60e9 : round(least / 86400e9) * 86400e9, clock];
}
// drawTicks writes times below a drawing, which shows wide from start on, and something in the
// first span of it; all in ns.
function drawTicks(ticks, start, span, wide) {
  const [step, long] = timeStep(span / 5), text = start + span < 1e6 ? duration : long;
  ticks.replaceChildren();
  for (let t = Math.ceil(start / step) * step; t <= start + span - step / 4; t += step) {
    const group = svgElement("g", {}, ticks), x = (t - start) / wide * 100 + "%";
    svgElement("line", {x1: x, x2: x, y1: 0, y2: 4}, group);
    svgElement("text", {x, y: 15}, group, text(t));
  }
}
// imbalanceLines shows from start to end of the rows of imbalance, null being their end.
function imbalanceLines(root, start, end) {
  const length = Number(root.dataset.length);
  const to = Math.min(end ?? length, length), from = Math.max(Math.min(start, to - 1), 0), span = to - from;
  for (const svg of all(".row div > svg:first-child", root)) {
    svg.dataset.columns ??= svg.viewBox.baseVal.width;
    const scale = svg.dataset.columns / length;
    svg.setAttribute("viewBox", `${from * scale} 0 ${span * scale} 100`);
  }
  for (const mark of all(".moves line", root)) {
    const share = (mark.dataset.at - from) / span;
    mark.style.display = share >= 0 && share <= 1 ? "" : "none";
    for (const name of ["x1", "x2"]) mark.setAttribute(name, share * 100 + "%");
  }
  drawTicks(root.querySelector(".ticks"), from, span, span);
}
function timeline(root) {
  const mode = data.modes[Number(root.dataset.mode)];
  const rows = root.querySelector(".rows");
  const heat = root.dataset.heat !== undefined;
  if (!rows.querySelector(".row")) makeRows(root, rows, mode);
  const drawings = all(".row", rows).map((row) => {
    const name = row.querySelector(".name").textContent;
    const svg = row.querySelector("svg");
    const cpu = mode.cpus.find((c) => String(c.cpu) === name);
    return {name, svg, packets: cpu?.packets ?? []};
  });
  const windows = Math.max(...mode.cpus.map((c) => c.packets.length));
  const sum = new Array(windows).fill(0);
  for (const cpu of mode.cpus) cpu.packets.forEach((n, i) => { sum[i] += n; });
  drawings[0].packets = sum;
  const note = root.querySelector(".note span");
  const ticks = root.querySelector(".ticks");
  const buttons = document.createElement("div"), readout = document.createElement("output");
  buttons.className = "buttons";
  readout.className = "readout faint";
  for (const [what, text, label] of [["in", "+", "Zoom in"], ["out", "−", "Zoom out"], ["left", "←", "Earlier"], ["right", "→", "Later"], ["all", "All", "All of the time"]]) {
    const button = document.createElement("button");
    [button.type, button.textContent, button.dataset.do] = ["button", text, what];
    button.setAttribute("aria-label", label);
    buttons.append(button);
  }
  buttons.append(readout);
  root.prepend(buttons);
  const maxColumns = 480;
  let from = 0, to = windows, per = 1, columns = [], ofAll = [];

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
  const level = (n, most, doubling) => n === 0 ? 0 : doubling ? Math.max(8 - Math.floor(Math.log2(most / n)), 1) : Math.max(Math.ceil(n * 8 / most), 1);
  const heatPaths = (values, most, doubling) => {
    const levels = new Array(9).fill(""), ends = new Array(9).fill(0);
    for (let i = 0; i < values.length;) {
      const l = level(values[i], most, doubling), first = i;
      for (i++; i < values.length && level(values[i], most, doubling) === l;) i++;
      levels[l] += levels[l] ? `m${first - ends[l]} 0h${i - first}` : `M${first} 50h${i - first}`;
      ends[l] = i;
    }
    return levels;
  };
  const greatest = (values) => values.reduce((a, b) => Math.max(a, b), 0);

  // measure takes the columns of a time, in ns, and says what they have.
  function measure(start, end) {
    from = Math.min(Math.floor(start / mode.interval_ns), windows - 1);
    to = end === null ? windows : Math.min(Math.max(Math.ceil(end / mode.interval_ns), from + 1), windows);
    per = Math.max(1, Math.ceil((to - from) / maxColumns));
    ofAll = columnsOf(sum);
    columns = drawings.map((d, i) => i ? columnsOf(d.packets) : ofAll);
    const each = mode.cpus.map((c) => columnsOf(c.packets));
    return {column: per * mode.interval_ns, most: greatest(each.map(greatest)), ofAll: greatest(ofAll), total: ofAll.reduce((a, b) => a + b, 0), used: each.reduce((n, values) => n + values.filter(Boolean).length, 0)};
  }
  function draw({most, ofAll: mostOfAll, total, used}) {
    const doubling = heat && most * used > 8 * total;
    drawings.forEach((d, i) => {
      d.svg.setAttribute("viewBox", `0 0 ${columns[i].length} 100`);
      const paths = heat && i ? heatPaths(columns[i], most, doubling).map((path, l) => [path, "h" + l]).filter(([path], l) => path && l > 0) : [[areaPath(columns[i], i ? most : mostOfAll), ""]];
      d.svg.replaceChildren(...paths.map(([path, style]) => svgElement("path", style ? {class: style, d: path} : {d: path})));
    });
    root.dataset.from = from * mode.interval_ns;
    root.dataset.to = to * mode.interval_ns;
    const what = !heat ? "A full row of a CPU" : doubling ? "Each shade is twice the one before; the strongest" : "In eighths, the strongest";
    note.textContent = `A column is ${duration(per * mode.interval_ns)}. ${what} is ${plural(most, "packet", "packets")}, of all CPUs ${exact(mostOfAll)}.`;
    const wide = Math.ceil((to - from) / per) * per * mode.interval_ns; // the last column may hold fewer windows
    drawTicks(ticks, from * mode.interval_ns, (to - from) * mode.interval_ns, wide);
    for (const [what, off] of [["in", to - from < 2], ["out", whole()], ["all", whole()], ["left", from === 0], ["right", to === windows]]) {
      root.querySelector(`[data-do=${what}]`).disabled = off;
    }
    for (const mark of all(".marks g", root)) {
      const share = (Number(mark.dataset.at) - from * mode.interval_ns) / wide;
      mark.style.display = share >= 0 && share <= 1 ? "" : "none";
      const text = mark.querySelector("text"), room = (1 - share) * mark.ownerSVGElement.clientWidth;
      const late = share > 0.8 || room > 0 && text && text.getComputedTextLength() + 3 > room;
      text?.setAttribute("text-anchor", late ? "end" : "start");
      text?.setAttribute("dx", late ? -3 : 3);
      for (const part of mark.children) for (const name of ["x", "x1", "x2"]) if (part.hasAttribute(name)) part.setAttribute(name, share * 100 + "%");
    }
  }
  const whole = () => from === 0 && to === windows;

  function show(newFrom, newTo) {
    const length = Math.min(Math.max(Math.round(newTo - newFrom), 1), windows);
    const first = Math.min(Math.max(Math.round(newFrom), 0), windows - length);
    const all = length === windows;
    state.go({from: all || first === 0 ? "" : first * mode.interval_ns, to: all || first + length === windows ? "" : (first + length) * mode.interval_ns});
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
    if (event.button !== 0 || event.pointerType === "touch" || event.target.closest("button")) return;
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
    readout.textContent = `from ${moment(first * mode.interval_ns)}: ${plural(packets(sum), "packet", "packets")}` +
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
  timelines.push({measure, draw});
}
for (const root of all(".timeline")) timeline(root);
let timeShown = null;
state.shown((values) => {
  const shown = [Number(values.get("from") ?? 0) || 0, values.has("to") ? Number(values.get("to")) || null : null];
  if (timeShown && shown.join() === timeShown.join()) return;
  timeShown = shown;
  const scales = new Map();
  const measured = timelines.map((t) => t.measure(Math.max(shown[0], 0), shown[1]));
  for (const m of measured) {
    const scale = scales.get(m.column) ?? {most: 0, ofAll: 0, total: 0, used: 0};
    scales.set(m.column, {most: Math.max(scale.most, m.most), ofAll: Math.max(scale.ofAll, m.ofAll), total: scale.total + m.total, used: scale.used + m.used});
  }
  timelines.forEach((t, i) => t.draw(scales.get(measured[i].column)));
  for (const root of all(".lines")) imbalanceLines(root, ...shown);
});

