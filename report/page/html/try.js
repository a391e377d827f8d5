// The form in which a reader tries a table.
function newTryForm() {
  const [kind, value, cpus, trouble, text] = ["try-kind", "try-value", "try-cpus", "try-trouble", "try-text"].map(byId);
  const [key, types] = [byId("try-key"), byId("try-types")];
  byId("try-result").hidden = false;
  const choose = (changes) => state.go(changes, {replace: false});
  const numbersOf = (layout) => layout.slice(layout.indexOf(":") + 1);
  let choice = {};

  const draft = () => { // what the fields say, as --layout has it
    const found = data.try.found[kind.value.replace("found-", "")];
    if (found) return found.layout;
    switch (kind.value) {
      case "": return "";
      case "block": return "block";
      case "list": return choice.layout?.startsWith("list:") ? choice.layout : "list:" + data.table.entries.join(",");
      default: {
        const numbers = value.value.trim().replace(/\s*,\s*|\s+/g, ",").replace(/,start,/, ",start:");
        return kind.value + (numbers ? ":" + numbers : kind.value === "weight" ? ":" + data.table.cpus.map(() => 1).join(",") : "");
      }
    }
  };
  kind.addEventListener("change", () => { value.value = ""; choose({layout: draft(), moves: ""}); });
  value.addEventListener("change", () => choose({layout: draft()}));
  cpus.addEventListener("change", () => choose({cpus: cpus.value.trim()}));
  byId("try-form").addEventListener("submit", (event) => event.preventDefault());
  byId("try-form").addEventListener("reset", (event) => {
    event.preventDefault();
    text.value = "";
    choose({layout: "", cpus: "", moves: "", key: "", types: ""});
  });
  const move = (one) => choose({moves: [choice.moves, one].filter(Boolean).join(",")});
  byId("try-move").addEventListener("click", () => move(byId("try-entry").value.trim() + ":" + byId("try-queue").value.trim()));
  byId("try-best").addEventListener("click", () => {
    try {
      const {entries, map} = tableOf(choice);
      const best = bestMove(entries, map);
      if (best) move(best);
      else say("No single entry that goes from the most loaded CPU to the least loaded one makes it evener.");
    } catch (error) { say(error.message); }
  });
  text.addEventListener("input", () => {
    try {
      const read = readTable(text.value);
      const size = data.table.entries.length;
      if (size % read.entries.length !== 0) throw new Error(`These are ${exact(read.entries.length)} entries, and what is known is the load of ${exact(size)}: give that many, or replay with this table.`);
      choose({layout: "list:" + read.entries.join(","), moves: "", ...(key && read.key && read.key !== data.try.hashing.key ? {key: read.key} : {})});
    } catch (error) { say(error.message); }
  });
  key?.addEventListener("change", () => {
    const hex = key.value.replace(/[\s:,]|0x/g, "").toLowerCase();
    choose({key: hex === data.try.hashing.key ? "" : hex});
  });
  byId("try-random")?.addEventListener("click", () => {
    const bytes = crypto.getRandomValues(new Uint8Array(data.try.hashing.key.length / 2));
    choose({key: [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("")});
  });
  types?.addEventListener("change", () => choose({types: types.value}));
  byId("try-hashing")?.addEventListener("submit", (event) => event.preventDefault());

  function say(what) {
    trouble.textContent = what;
    trouble.hidden = !what;
  }
  const fixed = (x, digits) => x === null || x === undefined ? "–" : x.toFixed(digits);
  const arrow = (a, b, better) => a === null || b === null || a === b ? "" : `${b < a ? "▼" : "▲"} ${(b < a) === (better === "less") ? "better" : "worse"}`;

  function drawFigures(r) {
    const body = document.createElement("tbody");
    const row = (name, present, tried, change = "", numbers = [null, null]) => {
      const tr = body.insertRow();
      const head = document.createElement("th");
      head.scope = "row";
      head.textContent = name;
      tr.append(head);
      [present, tried].forEach((text, i) => {
        const cell = tr.insertCell();
        cell.className = "number";
        cell.textContent = text;
        if (numbers[i] !== null) cell.dataset.value = numbers[i];
      });
      tr.insertCell().textContent = change;
    };
    const [a, b] = [r.present, r.tried];
    row("imbalance, max ÷ mean", fixed(a.imbalance, 3), fixed(b.imbalance, 3), a.cpus.length === b.cpus.length ? arrow(a.imbalance, b.imbalance, "less") : "of other CPUs", [a.imbalance, b.imbalance]);
    if (a.cpus.length !== b.cpus.length) {
      row("packets on the most loaded CPU", exact(a.most), exact(b.most), arrow(a.most, b.most, "less"));
      row("CPUs in use", a.cpus.length, b.cpus.length);
    }
    row("the most loaded CPU", `${a.mostCPU} (${percent(a.total ? a.most / a.total : 0)})`, `${b.mostCPU} (${percent(b.total ? b.most / b.total : 0)})`);
    const whole = (x) => x === null ? "–" : exact(Math.round(x)) + "%";
    row("(max − min) ÷ min", whole(a.minMaxPercent), whole(b.minMaxPercent), a.cpus.length !== b.cpus.length ? "" : arrow(a.minMaxPercent, b.minMaxPercent, "less"));
    if (r.windows && r.windows[0]) {
      const [x, y] = r.windows, every = duration(data.try.interval_ns);
      row(`in the busiest ${every}, from ${moment(x.start)}`, fixed(x.imbalance, 3), fixed(y.imbalance, 3), a.cpus.length === b.cpus.length ? arrow(x.imbalance, y.imbalance, "less") : "");
    }
    row("entries that go to another queue", "", exact(r.moved.entries));
    row("flows that go to another CPU", "", exact(r.moved.flows));
    row("packets that go to another CPU", "", exact(r.moved.packets)); // of no flow, too
    byId("try-figures").tBodies[0].replaceWith(body);
    const about = choice.key || choice.types ? `Of the listed flows whose present hash follows from their addresses and ports, and of packets without a hash: ${percent(r.share)} of the packets steered. Windows are not known of them.` : "";
    byId("try-share").textContent = about;
  }

  function drawBars(r) {
    const cpusThere = [...new Set([...r.present.cpus, ...r.tried.cpus])].sort((a, b) => a - b);
    const of = (f, cpu) => f.packets[f.cpus.indexOf(cpu)];
    const most = Math.max(r.present.most, r.tried.most, 1), height = 176, top = 18, n = cpusThere.length;
    const y = (v) => height - v / most * (height - top), mean = r.tried.total / Math.max(r.tried.cpus.length, 1);
    const plot = {height, dense: n > 8, close: n > 4, grid: [], tips: [], labels: [], values: [],
      summary: `Packets per CPU: the tried table's imbalance is ${fixed(r.tried.imbalance, 2)}, the present one's ${fixed(r.present.imbalance, 2)}`};
    const power = 10 ** Math.floor(Math.log10(most / 5)), step = Math.max(1, [1, 2, 5, 10].find((f) => f * power >= most / 5) * power);
    for (let v = 0; v <= most; v += step) plot.grid.push({y: y(v), text: v >= 1e6 ? byteSize(v).slice(0, -2) + byteSize(v).at(-2) : exact(v)});
    const lines = new Map([["bar", ""], ["bar warm", ""], ["bar hot", ""], ["other", ""]]);
    cpusThere.forEach((cpu, i) => {
      const [now, then] = [of(r.present, cpu), of(r.tried, cpu)], x = 100 * (i + 0.5) / n;
      const line = (style, top, bottom) => lines.set(style, lines.get(style) + `M${10 * i + 5} ${top}V${bottom}`);
      plot.tips.push(`CPU ${cpu}: ` + (then === undefined ? "not in use" : plural(then, "packet", "packets")) + `, at present ` + (now === undefined ? "not in use" : exact(now)));
      if (then > 0) line("bar" + (then >= 2 * mean ? " hot" : then >= 1.25 * mean ? " warm" : ""), Math.min(y(then), height - 1), height);
      if (now !== undefined) line("other", y(now) - 1.5, y(now) + 1.5);
      if (then !== undefined && n <= 16) plot.values.push({x, y: now !== undefined && y(now) > y(then) - 14 && y(now) < y(then) + 2 ? y(now) - 6 : y(then) - 4, most: cpu === r.tried.mostCPU, text: percent(r.tried.total ? then / r.tried.total : 0)});
      if (i % Math.ceil(n / 16) === 0) plot.labels.push({x, text: cpu});
    });
    const wide = {other: 10, bar: 7.6}; // what stands out is seen among a thousand, too
    plot.parts = [...lines].map(([style, path]) => ({style, wide: (wide[style] ?? Math.max(7.6, n / 32)) * Math.min(1, n / 8), path}));
    byId("try-plot").replaceChildren(drawPlot(plot));
  }

  function drawCommands(r) {
    const box = byId("try-commands");
    box.replaceChildren();
    const command = (text) => {
      const div = document.createElement("div"), pre = document.createElement("pre"), code = document.createElement("code");
      div.className = "command";
      code.className = "run";
      code.textContent = text;
      wholeWords(code);
      pre.append(code);
      div.append(pre, copyButton(code));
      box.append(div);
    };
    const note = (text) => { // with commands between backquotes
      const p = document.createElement("p");
      p.className = "note";
      p.append(...text.split("`").map((part, i) => {
        const element = document.createElement(i % 2 ? "code" : "span");
        element.textContent = part;
        return element;
      }));
      box.append(p);
    };
    const layout = choice.layout && !choice.moves && !choice.layout.startsWith("list") && choice.layout !== "block" ? choice.layout.replace(/^equal$/, "equal:" + r.map.queues) : layoutOf(r.entries, r.map.queues);
    const fields = [];
    if (choice.types) {
      for (const protocol of ["tcp", "udp"]) for (const version of ["4", "6"]) {
        const had = data.try.hashing.types.split(",").includes(protocol + "_ipv" + version), has = choice.types.split(",").includes(protocol + "_ipv" + version);
        if (had !== has) fields.push(`${protocol}${version} ${has ? "sdfn" : "sd"}`);
      }
    }
    const wanted = [r.moved.entries > 0 && "table", choice.key && "key", fields.length && "fields"].filter(Boolean);
    const can = (what) => wanted.includes(what) && data.try.sets.includes(what);
    if (can("table") && layout) command("ethtool -X DEV " + layout.replace(":", " ").replaceAll(",start:", " start ").replaceAll(",", " "));
    else if (can("table")) {
      note("`ethtool -X` has no words for this table. The kernel can set it, by netlink (RSS_SET, from Linux 6.17): here through its tool ynl.");
      command(`ynl --family ethtool --do rss-set --json '{"header":{"dev-name":"DEV"},"indir":[${r.entries}]}'`);
    }
    if (can("key")) command("ethtool -X DEV hkey " + choice.key.match(/../g).join(":"));
    if (can("fields")) for (const one of fields) command("ethtool -N DEV rx-flow-hash " + one);
    const cannot = wanted.filter((what) => !can(what));
    if (cannot.length) note(`On this NIC ethtool does not set the ${cannot.join(" and the ")}.`);
    const flags = [];
    if (r.moved.entries > 0) flags.push("--layout " + (layout || "list:" + r.entries.join(",")));
    if (choice.cpus) flags.push(replayedOn(r));
    if (choice.key) flags.push("--key " + choice.key);
    if (choice.types) flags.push("--hash-types " + choice.types);
    if (flags.length) { note("For drops and latency, replay with:"); command(flags.join(" ")); }
  }

  state.shown((values) => {
    const [here, hashed] = [["layout", "cpus", "moves"], ["key", "types"]]; // what each page can try, and what not all can
    choice = Object.fromEntries([...here, ...hashed].map((name) => [name, key || here.includes(name) ? values.get(name) ?? "" : ""]));
    const found = choice.moves || choice.cpus || choice.key || choice.types ? -1 : data.try.found.findIndex((f) => f.layout === choice.layout);
    const name = found < 0 ? choice.layout.split(":")[0] : "found-" + found;
    byId("try-found").hidden = found < 0;
    byId("try-found").textContent = data.try.found[found]?.words ?? "";
    kind.value = [...kind.options].some((o) => o.value === name) ? name : "";
    const label = byId("try-what");
    label.hidden = !["equal", "weight"].includes(name);
    label.querySelector("span").textContent = name === "weight" ? "weights" : "queues";
    if (!label.hidden) value.value = choice.layout.includes(":") ? numbersOf(choice.layout).replaceAll(",", " ").replace(" start:", " start ") : "";
    byId("try-paste").hidden = name !== "list";
    if (name === "list" && !text.value) text.value = numbersOf(choice.layout).replaceAll(",", " ");
    cpus.value = choice.cpus;
    if (key) { key.value = choice.key; types.value = choice.types; }
    try {
      const r = tryTable(choice);
      say(!key && hashed.some((name) => values.get(name)) ? "The link has another key or other hash fields, which can't be tried on this page: they are left as they are." : "");
      drawBars(r);
      drawFigures(r);
      drawCommands(r);
    } catch (error) { say(error.message); }
  });
}
if (data.try && byId("try")) newTryForm();

