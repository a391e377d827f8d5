"use strict";
// What the page can do beyond being read. All text goes into the page as text,
// never as markup: names in a capture may be anything.

const byId = (id) => document.getElementById(id);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const dataBlock = byId("data");
const data = dataBlock ? JSON.parse(dataBlock.textContent) : {tips: []};

for (const element of all(".script, .scheme, .map-help, .map-readout")) element.hidden = false;

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

// Copying: a button behind every command.
function copyButton(command) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
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
for (const command of all("code.run")) (command.closest("pre") ?? command).after(copyButton(command));

// Everything is unfolded on paper, and as it was afterwards.
let folded = [];
addEventListener("beforeprint", () => {
  folded = all("details.mode:not([open])");
  for (const details of folded) details.open = true;
});
addEventListener("afterprint", () => { for (const details of folded) details.open = false; });

// fillTable gives a table the rows that it did not come with.
function fillTable(table) {
  const body = document.createElement("tbody");
  for (const cells of data.rows[table.dataset.rows]) {
    const row = body.insertRow();
    cells.forEach((cell, i) => {
      const [text, number, style] = typeof cell === "string" ? [cell] : cell;
      const element = document.createElement(i ? "td" : "th");
      if (!i) element.scope = "row";
      if (style) element.className = style;
      if (number) {
        const value = document.createElement("data");
        [value.value, value.textContent] = [number, text];
        element.append(value);
      } else element.textContent = text;
      row.append(element);
    });
  }
  table.tBodies[0].replaceWith(body);
  table.querySelector(".plain").remove();
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
// columnFields lays a field with its tip under each column of a drawing.
function columnFields(columns, tips) {
  columns.prepend(...tips.map((text, i) => {
    const group = svgElement("g", {"data-tip": text});
    svgElement("rect", {class: "field", x: 100 * i / tips.length + "%", width: 100 / tips.length + "%", height: "100%"}, group);
    return group;
  }));
}
for (const columns of all(".columns")) {
  columnFields(columns, data.tips[columns.dataset.tips]);
  if (columns.dataset.lists) {
    for (const group of all("g", columns)) group.dataset.show = group.dataset.tip.replace(/^(\w+) (\d+).*$/s, (_, what, n) => what.toLowerCase() + "=" + n);
  }
}
addEventListener("pointermove", (event) => {
  const of = event.target.closest?.("[data-tip], .numbers data");
  tip.hidden = !of;
  if (!of) return;
  tip.textContent = of.dataset.tip ?? exactly(of);
  const {width, height} = tip.getBoundingClientRect();
  tip.style.left = Math.max(8, Math.min(event.clientX + 14, document.documentElement.clientWidth - width - 8)) + "px";
  tip.style.top = (event.clientY + 20 + height > innerHeight ? event.clientY - height - 10 : event.clientY + 20) + "px";
});
document.addEventListener("pointerleave", () => { tip.hidden = true; });
addEventListener("scroll", () => { tip.hidden = true; }, {passive: true, capture: true});

