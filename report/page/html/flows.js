// The flow table. A flow is [protocol, source, its port, destination, its port, hash,
// type, entry, packets, bytes, and for each mode where its packets were]; see flow.go.
const [flowHash, flowType, flowEntry, flowPackets, flowBytes, flowModes] = [5, 6, 7, 8, 9, 10];
const word = (w) => typeof w === "number" ? data.words[w] : w;
const endOf = (f, i) => {
  const address = word(f[i]);
  return f[i + 1] < 0 ? address : (address.includes(":") ? `[${address}]` : address) + ":" + f[i + 1];
};
const flowName = (f) => `${word(f[0])} ${endOf(f, 1)} → ${endOf(f, 3)}`;
const hashText = (f) => f[flowHash] === null ? "–" : "0x" + f[flowHash].toString(16).padStart(8, "0");
const steeredOn = (f, m) => [f[flowModes + m]].flat()[0] < 0; // by receive packet steering
const placesOf = (f, m) => {
  const on = f[flowModes + m], first = (n) => n < 0 ? -1 - n : n;
  return typeof on === "number" ? [0, first(on), f[flowPackets]] : [first(on[0]), ...on.slice(1)];
};

// The entry of an RSS context that a flow met, and its queue under a mode that has several:
// -1 where a rule drops its packets.
const contextOf = (f) => f[flowEntry] !== null && f[flowEntry] < 0 ? data.steering.contexts[data.steering.rules[-1 - f[flowEntry]]?.context] : undefined;
const contextEntry = (f) => f[flowHash] % contextOf(f).entries.length;
function queueOf(f) {
  const entry = f[flowEntry], context = contextOf(f);
  if (entry !== null && entry >= 0) return data.table.entries[entry];
  if (entry === null || context && f[flowHash] === null) return data.steering.default;
  return context ? context.entries[contextEntry(f)] : data.steering.rules[-1 - entry]?.queue ?? -1;
}
// contextWords is what a search says before an entry of the table that an element shows.
const contextWords = (element) => {
  const name = element.closest("[data-context]")?.dataset.context;
  return name ? name + " " : "";
};
// listable tells whether the page knows the flows that words name under a mode: of entries,
// and of queues where there are several, hashes tell.
const withheld = Boolean(data.flows?.some((f) => f[flowHash] === null && word(f[flowType]) !== "none"));
function listable(words, m) {
  if (/(^| )entry=/.test(words)) return !withheld;
  return !/(^| )queue=/.test(words) || data.steering.queues[m] === 1 || !withheld && !data.steering.moves;
}

function newFlowTable(table) {
  const flows = data.flows;
  const [search, mode, more] = [byId("flow-search"), byId("flow-mode"), byId("flow-more")];
  let order = flows.map((_, i) => i), page = 0, by = 0, down = false, texts = null, filtered = "", sorted = "";

  const main = (f, m) => {
    const on = placesOf(f, m);
    let most = -1, where = -1, total = 0;
    for (let i = 1; i < on.length; i += 2) {
      total += on[i + 1];
      if (on[i + 1] > most) [where, most] = [on[i], on[i + 1]];
    }
    return {cpu: where, share: most / total};
  };
  const place = (f, m) => {
    const on = placesOf(f, m);
    if (on.length === 1) return ["–", ""];
    const {cpu, share} = main(f, m);
    if (on.length === 3) return [String(cpu), ""];
    const cpus = [];
    for (let i = 1; i < on.length; i += 2) cpus.push([on[i], on[i + 1]]);
    cpus.sort((a, b) => b[1] - a[1]);
    const most = cpus.slice(0, 8).map(([n, packets]) => `CPU ${n}: ${exact(packets)}`).join(", ") + (cpus.length > 8 ? " …" : "");
    return [`${cpu} (${percent(share)}; on ${cpus.length} CPUs)`, most + "; " + plural(on[0], "migration", "migrations")];
  };
  const stage = (f, m) => { // that chose the CPU
    if (steeredOn(f, m)) return "rps";
    if (data.modes[m].mode === "non-rss") return "";
    if (f[flowEntry] !== null && f[flowEntry] < 0) return "rule:" + (-1 - f[flowEntry]);
    return word(f[flowType]) === "none" ? "" : "rss";
  };
  const entryText = (e) => e === null ? "–" : e < 0 ? "rule " + (-1 - e) : String(e);
  // Each column: its text and title, what it is ordered by, and what a click on it lists.
  const placeColumn = (m) => ({name: "cpu" + m, text: (f) => place(f, m), key: (f) => main(f, m).cpu, lists: (f) => placesOf(f, m).length > 1 && ["cpu=" + main(f, m).cpu, m]});
  const placeColumns = (m, style) => [{...placeColumn(m), style},
    ...(data.staged?.[m] ? [{name: "by" + m, text: (f) => [stage(f, m) || "–"], key: (f) => stage(f, m)}] : [])];
  const columns = [
    {name: "", text: (f, i) => [exact(i + 1)], key: (f, i) => i, number: true, head: true},
    ...data.modes.slice(0, 1).flatMap(() => placeColumns(0, "place")),
    {name: "packets", text: (f) => [exact(f[flowPackets])], key: (f) => f[flowPackets], number: true},
    {name: "share", text: (f) => [percent(f[flowPackets] / data.received), (f[flowPackets] / data.received).toFixed(6)], key: (f) => f[flowPackets], number: true},
    {name: "flow", text: (f) => [flowName(f)], key: flowName, style: "flow"},
    ...data.modes.slice(1).flatMap((_, m) => placeColumns(m + 1)),
    {name: "bytes", text: (f) => [byteSize(f[flowBytes]), exact(f[flowBytes]) + " bytes"], key: (f) => f[flowBytes], number: true},
    {name: "hash", text: (f) => [hashText(f)], key: hashText, style: "more"},
    {name: "type", text: (f) => [word(f[flowType])], key: (f) => word(f[flowType]), style: "more"},
    {name: "entry", text: (f) => [entryText(f[flowEntry])], key: (f) => f[flowEntry] ?? -1e9, number: true, style: "more",
      lists: (f) => f[flowEntry] !== null && [f[flowEntry] < 0 ? "rule=" + (-1 - f[flowEntry]) : "entry=" + f[flowEntry]]},
  ];
  data.modes.forEach((m, i) => mode.add(new Option(m.mode, i)));
  byId("flow-mode").value = "0";

  // Words all have to be there; cpu=3, queue=1, entry=12-15, rule=7 and context=1 (or 1+4: from
  // queue 4 on) are places. Beside a context an entry is one of its table.
  function filter() {
    const tests = [];
    const within = (first, last) => (n) => n >= first && n <= last;
    const m = Number(mode.value), words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const inContext = words.some((one) => /^context=/.test(one));
    for (const one of words) {
      const [, what, n, last = n] = /^(cpu|queue|entry|rule)=(\d+)(?:-(\d+))?$/.exec(one) ?? /^(context)=/.exec(one) ?? [];
      const is = within(Number(n), Number(last));
      switch (what) {
        case "cpu": tests.push((f) => { const on = placesOf(f, m); for (let i = 1; i < on.length; i += 2) if (is(on[i])) return true; return false; }); break;
        case "queue": tests.push(data.steering.queues[m] === 1 ? (f) => is(0) && queueOf(f) >= 0 : (f) => is(queueOf(f))); break;
        case "entry": tests.push(inContext ? (f) => f[flowHash] !== null && contextOf(f) && is(contextEntry(f)) : (f) => f[flowEntry] !== null && f[flowEntry] >= 0 && is(f[flowEntry])); break;
        case "context": tests.push((f) => contextOf(f)?.name === one); break;
        case "rule": tests.push((f) => f[flowEntry] !== null && f[flowEntry] < 0 && is(-1 - f[flowEntry])); break;
        default:
          texts ??= flows.map((f) => `${word(f[0])} ${endOf(f, 1)} ${endOf(f, 3)} ${hashText(f)} ${word(f[flowType])}`.toLowerCase());
          tests.push((f, i) => texts[i].includes(one));
      }
    }
    order = [];
    for (let i = 0; i < flows.length; i++) if (tests.every((test) => test(flows[i], i))) order.push(i);
  }

  const collator = new Intl.Collator("en", {numeric: true}); // 10.0.0.9 before 10.0.0.10
  function sort() {
    const keys = new Map(order.map((i) => [i, columns[by].key(flows[i], i)]));
    const text = typeof keys.values().next().value === "string";
    const compare = text ? collator.compare : (a, b) => a < b ? -1 : a > b ? 1 : 0;
    order.sort((a, b) => (down ? -1 : 1) * compare(keys.get(a), keys.get(b)) || a - b);
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
        cell.className = [column.number ? "number" : "", column.style ?? ""].filter(Boolean).join(" ");
        if (!cell.className) cell.removeAttribute("class");
        if (title) cell.title = title;
        const lists = column.lists?.(flows[i]);
        if (lists) cell.append(lister(text, ...lists));
        else cell.textContent = text;
        row.append(cell);
      }
    }
    table.tBodies[0].replaceWith(body);
    let packets = 0;
    for (const i of order) packets += flows[i][flowPackets];
    byId("flow-count").textContent = !listable(search.value.toLowerCase(), Number(mode.value)) ? (withheld ? "This report has no hashes, and so no flows of an entry or queue." : "The table moves: which flows a queue had is not known.") : `${exact(order.length)} of ${order.length === flows.length || flows.length === data.flows_total ? plural(data.flows_total, "flow", "flows") : plural(flows.length, "listed flow", "listed flows")}, ${plural(packets, "packet", "packets")} (${data.received ? percent(packets / data.received) : "0.0%"})`;
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
    button.addEventListener("click", () => { // the largest first, names from a
      const turned = by === i ? !down : i !== 0 && columns[i].number === true;
      state.go({sort: i === 0 && !turned ? "" : columns[i].name + (turned ? "-" : ""), page: ""});
    });
    head.replaceChildren(button);
  });
  for (const button of all("[data-page]")) {
    button.addEventListener("click", () => {
      const to = {first: 0, previous: page - 1, next: page + 1, last: Math.ceil(order.length / data.page) - 1}[button.dataset.page];
      state.go({page: to > 0 ? to + 1 : ""});
    });
  }
  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => state.go({search: search.value.trim(), page: ""}, {replace: true}), 120);
  });
  mode.addEventListener("change", () => state.go({mode: mode.value === "0" ? "" : mode.value, page: ""}));
  more.addEventListener("change", () => state.go({more: more.checked ? "1" : ""}));
  const form = byId("flow-filter");
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => { event.preventDefault(); state.go({search: "", mode: "", sort: "", page: ""}); });
  form.hidden = byId("flow-pages").hidden = false;
  mode.parentNode.hidden = data.modes.length < 2;

  // The listed flows as the program's own CSV has them.
  byId("flow-csv").addEventListener("click", () => {
    const safe = (text) => { // a spreadsheet would compute what begins so
      text = /^[=+\-@\t\r]/.test(text) ? "'" + text : text;
      return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    };
    const rows = [["protocol", "source", "source_port", "destination", "destination_port", "hash", "hash_type", "index", "packets", "bytes",
      ...data.modes.flatMap((m) => ["cpu", "cpus", "migrations", "by"].map((what) => m.mode + " " + what))].map(safe)];
    for (const i of order) {
      const f = flows[i], port = (n) => n < 0 ? "" : n;
      rows.push([safe(word(f[0])), word(f[1]), port(f[2]), word(f[3]), port(f[4]), f[flowHash] === null ? "" : hashText(f), word(f[flowType]),
        f[flowEntry] === null || f[flowEntry] < 0 ? "" : f[flowEntry], f[flowPackets], f[flowBytes],
        ...data.modes.flatMap((_, m) => {
          const on = placesOf(f, m), parts = [];
          for (let k = 1; k < on.length; k += 2) parts.push(on[k] + "=" + on[k + 1]);
          return [on.length > 1 ? main(f, m).cpu : "", parts.join(" "), on[0], stage(f, m)];
        })]);
    }
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([rows.map((row) => row.join(",") + "\r\n").join("")], {type: "text/csv"}));
    link.download = "flows.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });

  state.shown((values) => {
    const words = values.get("search") ?? "";
    if (search.value.trim() !== words) search.value = words;
    mode.value = values.get("mode") ?? "0";
    more.checked = values.has("more");
    const sorting = values.get("sort") ?? "";
    by = Math.max(0, columns.findIndex((c) => c.name === sorting.replace(/-$/, "")));
    down = sorting.endsWith("-");
    const filterNow = words + " " + mode.value;
    if (filterNow !== filtered) filter();
    if (filterNow !== filtered || sorting !== sorted) sort();
    [filtered, sorted] = [filterNow, sorting];
    page = Number(values.get("page") ?? 1) - 1 || 0;
    draw();
  });
}
if (byId("flow-table")) newFlowTable(byId("flow-table"));

