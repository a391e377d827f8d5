"use strict";
// What the page can do beyond being read. All text goes into the page as text,
// never as markup: names in a capture may be anything.

const byId = (id) => document.getElementById(id);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const dataBlock = byId("data");
const data = dataBlock ? JSON.parse(dataBlock.textContent) : {received: 0, page: 0, compared: -1, modes: [], flows: [], words: []};

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

