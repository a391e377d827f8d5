"use strict";
// What the page can do beyond being read. All text goes into the page as text,
// never as markup: names in a capture may be anything.

const byId = (id) => document.getElementById(id);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const dataBlock = byId("data");
const data = dataBlock ? JSON.parse(dataBlock.textContent) : {tips: [], tables: [], plots: []};

for (const element of all(".script, .scheme")) element.hidden = false;

// Numbers as the page itself has them.
const exact = (n) => n.toLocaleString("en-US");
const plural = (n, one, many) => n === 1 ? "1 " + one : exact(n) + " " + many;
function percent(share) {
  if (share > 0 && share < 0.0005) return "<0.1%";
  if (share < 1 && share >= 0.9995) return ">99.9%";
  return (share * 100).toFixed(1).replace(/\B(?=(\d{3})+\.)/g, ",") + "%";
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
// clock is a time since the start in days, hours and minutes; moment has both from ten minutes on,
// and no seconds below a millisecond.
function clock(ns) {
  let minutes = Math.floor(ns / 60e9);
  const parts = [];
  for (const [unit, name] of [[1440, "d"], [60, "h"], [1, "min"]]) {
    if (minutes >= unit) parts.push(exact(Math.floor(minutes / unit)) + " " + name);
    minutes %= unit;
  }
  return parts.join(" ") || "0 min";
}
const moment = (ns) => 0 < ns && ns < 1e6 ? duration(ns) : ns < 600e9 ? seconds(ns) : `${seconds(ns)} (${clock(ns)})`;
function duration(ns) {
  if (ns >= 600e9) return moment(ns);
  let unit = 0;
  while (unit < 3 && ns >= 1000 ** (unit + 1)) unit++;
  const text = exact(Math.floor(ns / 1000 ** unit)) + (unit ? "." + String(ns % 1000 ** unit).padStart(3 * unit, "0").replace(/0+$/, "") : "");
  return text.replace(/\.$/, "") + [" ns", " µs", " ms", " s"][unit];
}

// The scheme of colours.
for (const input of all(".scheme input")) {
  input.addEventListener("change", () => { document.documentElement.style.colorScheme = input.value; });
}

// Copying: a button behind every command.
function copyButton(command) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.setAttribute("aria-label", "Copy " + command.textContent);
  button.addEventListener("click", async () => {
    getSelection().selectAllChildren(command);
    try {
      await navigator.clipboard.writeText(command.textContent);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Selected"; // to be copied by hand, where a page may not write to the clipboard
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  return button;
}
// A command's words stay whole where a line ends, as page.go has it.
function wholeWords(command) {
  command.replaceChildren(...command.textContent.split(/( )/).map((text) => {
    if (text === " " || text.length > 100) return text;
    const word = document.createElement("span");
    word.textContent = text;
    return word;
  }));
}
for (const command of all("code.run")) { // what ends its sentence stays before the button
  const button = copyButton(command), next = command.nextSibling;
  const [end] = /^[.,;:)]+/.exec(next?.nodeType === Node.TEXT_NODE ? next.data : "") ?? [""];
  if (end) next.splitText(end.length);
  (end ? next : command.closest("pre") ?? command).after(button);
}

// Everything is unfolded on paper, and as it was afterwards.
let folded = [];
addEventListener("beforeprint", () => {
  folded = all("details.mode:not([open])");
  for (const details of folded) details.open = true;
});
addEventListener("afterprint", () => { for (const details of folded) details.open = false; });

// makeTable is a table that the page did not come with, or not whole.
function makeTable({id, caption, label, head, rows}) {
  const scroll = document.createElement("div"), table = document.createElement("table");
  scroll.className = "scroll";
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", label ?? caption);
  [table.id, table.className] = [id, "numbers"];
  table.createCaption().textContent = caption;
  const fill = (row, cells, tags, scopes) => cells.forEach((cell, i) => {
    const [text, number, style, delta] = typeof cell === "string" ? [cell] : cell;
    const element = document.createElement(tags[i] ?? tags.at(-1));
    if (scopes[i]) element.scope = scopes[i];
    if (style) element.className = style;
    if (number) {
      const value = document.createElement("data");
      [value.value, value.textContent] = [number, text];
      element.append(value);
    } else element.textContent = text;
    if (delta) {
      const span = document.createElement("span");
      [span.className, span.textContent] = ["delta", delta];
      element.append(" ", span);
    }
    row.append(element);
  });
  const titles = head.map((cell) => Boolean(Array.isArray(cell) ? cell[0] : cell)); // a column may have none
  fill(table.createTHead().insertRow(), head, titles.map((has) => has ? "th" : "td"), titles.map((has) => has && "col"));
  const body = table.createTBody();
  for (const cells of rows) fill(body.insertRow(), cells, ["th", "td"], ["row"]);
  scroll.append(table);
  return scroll;
}
// exactly is the number that a cell rounds.
function exactly(value) {
  const unit = /s$/.test(value.textContent) ? " ns" : /B$/.test(value.textContent) ? " bytes" : "";
  return (value.value.includes(".") ? value.value : exact(Number(value.value))) + unit;
}

// Tips at the pointer, in place of the browser's own, which come late.
const tip = byId("tip");
for (const map of all(".map")) {
  const folded = Number(map.dataset.folded), entries = Number(map.dataset.entries);
  all("td", map).forEach((cell, i) => {
    const first = i * folded, last = Math.min(first + folded, entries) - 1;
    cell.dataset.entry = last > first ? first + "-" + last : first;
    cell.dataset.tip = data.tips[map.dataset.tips][i];
  });
}
// svgElement is an element of a drawing.
const svgNS = document.querySelector("svg")?.namespaceURI;
function svgElement(name, attributes, parent, text) {
  const e = document.createElementNS(svgNS, name);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  if (text !== undefined) e.textContent = text;
  parent?.append(e);
  return e;
}
// columnFields lays a field with its tip under each column of a drawing, which lists the flows
// of what the tip begins with.
function columnFields(columns, tips, lists) {
  columns.prepend(...tips.map((text, i) => {
    const group = svgElement("g", {"data-tip": text});
    if (lists) group.dataset.show = text.replace(/^(\w+) (\d+).*$/s, (_, what, n) => what.toLowerCase() + "=" + n);
    svgElement("rect", {class: "field", x: 100 * i / tips.length + "%", width: 100 / tips.length + "%", height: "100%"}, group);
    return group;
  }));
}
// drawPlot is a drawing that the page did not come with, as page.tmpl has the others.
function drawPlot(plot) {
  const {height} = plot, root = document.createElement("div");
  root.className = "plot" + (plot.dense ? " dense" : "") + (plot.close ? " close" : "");
  const scale = svgElement("svg", {class: "scale", width: "100%", height, "aria-hidden": "true"}, root);
  const columns = svgElement("svg", {class: "columns", width: "100%", height, role: "img", "aria-label": plot.summary}, root);
  for (const {y, text} of plot.grid) {
    svgElement("text", {x: "100%", y, dy: 4}, scale, text);
    svgElement("line", {class: "grid", x1: 0, x2: "100%", y1: y, y2: y}, columns);
  }
  const boxes = svgElement("svg", {class: "boxes", width: "100%", height, viewBox: `0 0 ${10 * plot.tips.length} ${height}`, preserveAspectRatio: "none"}, columns);
  for (const {style, wide, path} of plot.parts) svgElement("path", {class: style, "stroke-width": wide, d: path}, boxes);
  if (plot.mark) {
    svgElement("line", {class: "mark", x1: 0, x2: "100%", y1: plot.mark.y, y2: plot.mark.y}, columns);
    svgElement("text", {class: "marked", x: "100%", y: plot.mark.y, dx: 5, dy: 4}, columns, plot.mark.text);
  }
  for (const {x, y, text, hot, most} of plot.values) svgElement("text", {class: "value" + (hot ? " hot" : "") + (most ? " most" : ""), x: x + "%", y}, columns, text);
  const labels = svgElement("svg", {class: "labels", width: "100%", height: 16, "aria-hidden": "true"}, root);
  for (const {x, text} of plot.labels) svgElement("text", {x: x + "%", y: 12}, labels, text);
  columnFields(columns, plot.tips, plot.lists);
  return root;
}
for (const columns of all(".columns")) columnFields(columns, data.tips[columns.dataset.tips], columns.dataset.lists);
for (const place of all("[data-plot]")) place.replaceChildren(drawPlot(data.plots[place.dataset.plot]));
// showTip shows at a place of the window what an element has to tell, null for none.
function showTip(of, x, y) {
  tip.hidden = !of;
  if (!of) return;
  tip.textContent = of.dataset.tip ?? exactly(of);
  const {width, height} = tip.getBoundingClientRect();
  tip.style.left = Math.max(8, Math.min(x + 14, document.documentElement.clientWidth - width - 8)) + "px";
  tip.style.top = (y + 20 + height > innerHeight ? y - height - 10 : y + 20) + "px";
}
// Where the keyboard is on a column, that has the tip while the pointer is on nothing that has
// one. A map has its own line for it.
function showFocused() {
  const of = document.querySelector(".columns [data-tip]:focus-visible"), {x, y, height} = (of ?? tip).getBoundingClientRect();
  showTip(of, x, y + height);
}
addEventListener("pointermove", (event) => {
  const of = event.target.closest?.("[data-tip], .numbers data");
  if (of) showTip(of, event.clientX, event.clientY);
  else showFocused();
});
addEventListener("focusin", showFocused);
addEventListener("focusout", () => { tip.hidden = true; });
document.addEventListener("pointerleave", () => { tip.hidden = true; });
addEventListener("scroll", showFocused, {passive: true, capture: true});

