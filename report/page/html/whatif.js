// What another table would do: packets steered, from what each entry got. Nothing here
// touches the page; a test compares it with the program.

// parseNumbers reads "0-3,8" and "0 1 2".
function parseNumbers(text, what) {
  const numbers = [];
  for (const part of text.split(/[\s,]+/).filter(Boolean)) {
    const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part) ?? [];
    if (first === undefined || Number(last) < Number(first) || Number(last) > 65535) throw new Error(`${part} is no ${what}.`);
    for (let n = Number(first); n <= Number(last); n++) numbers.push(n);
  }
  if (numbers.length === 0) throw new Error(`There is no ${what}.`);
  return numbers;
}

// queueCPUsOf reads the CPUs: how many, or the CPU of each queue in turn.
function queueCPUsOf(text) {
  const present = data.try.cpus;
  if (!text) return {cpus: present, queues: data.table.cpus.length, of: (q) => data.table.cpus[q]};
  let list;
  if (/^\d+$/.test(text)) {
    const n = Number(text);
    if (n < 1 || n > 1024) throw new Error("Give 1 to 1024 CPUs.");
    list = Array.from({length: n}, (_, i) => n <= present.length ? present[i] : present[0] + i);
  } else {
    list = parseNumbers(text, "CPU");
  }
  return {cpus: [...new Set(list)].sort((a, b) => a - b), queues: list.length, of: (q) => list[q % list.length], list};
}

// fillLayout makes a table by a rule of --layout, as `ethtool -X` has it.
function fillLayout(spec, size, queues) {
  const fits = (n, start) => {
    if (!(n > 0 && start + n <= queues)) throw new Error(`It needs ${plural(Math.max(n, 1), "queue", "queues")} from queue ${start} on, and there are ${queues}: give that many CPUs.`);
  };
  const [, name, numbers, from] = /^(\w+)(?::([\d, -]*?))?(?:,start:(\d+))?$/.exec(spec) ?? [];
  const start = Number(from ?? 0);
  const entries = new Array(size);
  switch (name) {
    case "equal": {
      const n = numbers ? Number(numbers) : queues;
      if (!Number.isInteger(n)) throw new Error("equal takes one number of queues.");
      fits(n, start);
      for (let i = 0; i < size; i++) entries[i] = start + i % n;
      return entries;
    }
    case "block":
      for (let i = 0; i < size; i++) entries[i] = Math.floor(i * queues / size);
      return entries;
    case "weight": { // ethtool.c's fill_indir_table
      const weights = parseNumbers(numbers ?? "", "weight");
      fits(weights.length, start);
      const sum = weights.reduce((a, b) => a + b, 0);
      if (sum === 0) throw new Error("All weights are 0.");
      if (sum > size) throw new Error(`The weights add up to ${exact(sum)}, more than the table's ${exact(size)} entries.`);
      let queue = -1, partial = 0;
      for (let i = 0; i < size; i++) {
        while (i >= Math.floor(size * partial / sum)) partial += weights[++queue];
        entries[i] = start + queue;
      }
      return entries;
    }
    case "list": {
      const list = parseNumbers(numbers ?? "", "queue");
      if (size % list.length !== 0) throw new Error(`The list has ${plural(list.length, "entry", "entries")}, the table ${size}.`);
      for (let i = 0; i < size; i++) {
        entries[i] = list[i % list.length];
        if (entries[i] >= queues) throw new Error(`Entry ${i} is queue ${entries[i]}, and there are ${queues}: give that many CPUs.`);
      }
      return entries;
    }
  }
  throw new Error("There is no such layout: equal, weight, block and list are.");
}

// readTable takes the table and the key from what `ethtool -x` prints, from a command that
// sets one, as suggest gives it, or a list of queues.
function readTable(text) {
  const set = /\bethtool\s+(?:-X|--set-rxfh-indir|--rxfh)\s+\S+\s+(equal|weight)((?:\s+\d+)+)(?:\s+start\s+(\d+))?\s*$/.exec(text);
  if (set) {
    const [, name, numbers, start] = set;
    return {entries: fillLayout(`${name}:${numbers.trim().replace(/\s+/g, ",")}${start ? ",start:" + start : ""}`, data.table.entries.length, 65536), key: ""};
  }
  const json = /"(?:rss-indirection-table|indir)"\s*:\s*\[([\d\s,]+)\]/.exec(text);
  const rows = [...text.matchAll(/^\s*(\d+):((?:[ \t]+\d+)+)\s*$/gm)];
  const key = /^\s*((?:[0-9a-f]{2}:){15,}[0-9a-f]{2})\s*$/im.exec(text)?.[1].replaceAll(":", "").toLowerCase() ?? "";
  let entries;
  if (json) entries = parseNumbers(json[1], "queue");
  else if (rows.length) {
    entries = [];
    for (const [, at, numbers] of rows) {
      if (Number(at) !== entries.length) throw new Error(`The table goes from entry ${entries.length - 1} to entry ${at}: some lines are missing.`);
      entries.push(...parseNumbers(numbers, "queue"));
    }
  } else entries = parseNumbers(text, "queue");
  return {entries, key};
}

// Toeplitz (MODEL.md 2): of the key's 32 bits from bit i on, those for which bit i of the
// input is 1, XORed.
function toeplitz(key, input) {
  let result = 0, window = (key[0] << 24 | key[1] << 16 | key[2] << 8 | key[3]) | 0;
  for (let i = 0; i < input.length; i++) {
    const next = key[i + 4] ?? 0;
    for (let bit = 7; bit >= 0; bit--) {
      if (input[i] >> bit & 1) result ^= window;
      window = window << 1 | next >> bit & 1;
    }
  }
  return result >>> 0;
}
function parseKey(text) {
  const hex = text.replace(/[\s:,]|0x/g, "");
  if (!/^([0-9a-fA-F]{2})+$/.test(hex) || hex.length < 32) throw new Error("A key is hexadecimal, of 16 bytes or more.");
  return Uint8Array.from(hex.match(/../g), (byte) => parseInt(byte, 16));
}
function addressBytes(text) {
  if (!text.includes(":")) return text.split(".").map(Number);
  const [head, tail] = text.split("::");
  const words = (part) => (part ?? "").split(":").filter(Boolean).flatMap((w) => w.includes(".") ?
    addressBytes(w) : [parseInt(w, 16) >> 8, parseInt(w, 16) & 255]);
  const [a, b] = [words(head), words(tail)];
  return text.includes("::") ? [...a, ...new Array(16 - a.length - b.length).fill(0), ...b] : a;
}
// hashType is the type by which a flow is hashed where these are enabled, without what
// its packets have of their own.
function hashType(f, types) {
  const version = word(f[1]).includes(":") ? "ipv6" : "ipv4";
  const ports = word(f[0]) + "_" + version;
  if (f[2] >= 0 && types.has(ports)) return ports;
  return types.has(version) ? version : "none";
}
function hashInput(f, type, xfrm) {
  const fold = (a, b) => xfrm === "none" ? [...a, ...b] : [...a.map((x, i) => xfrm === "symmetric-xor" ? x ^ b[i] : x | b[i]), ...a.map((x, i) => x ^ b[i])];
  const input = fold(addressBytes(word(f[1])), addressBytes(word(f[3])));
  if (type.includes("_")) input.push(...fold([f[2] >> 8, f[2] & 255], [f[4] >> 8, f[4] & 255]));
  return input;
}

// rehashed is what the flows load under another key or other types: entries that flows met
// now and then, of those alone whose present hash can be computed. The rest stays where
// it is, as far as it is known.
function rehashed(key, types) {
  const now = data.try.hashing, size = data.table.entries.length;
  const [oldKey, newKey] = [parseKey(now.key), parseKey(key || now.key)];
  const [oldTypes, newTypes] = [now.types, types || now.types].map((list) => new Set(list.split(",")));
  const flows = [];
  let packets = 0, listedRest = 0;
  for (const f of data.flows) {
    if (f[flowEntry] < 0 && f[flowEntry] !== null) continue; // a rule's
    const type = hashType(f, oldTypes);
    const then = hashType(f, newTypes);
    if (type !== word(f[flowType]) || type !== "none" && toeplitz(oldKey, hashInput(f, type, now.xfrm)) !== f[flowHash]) continue;
    flows.push({packets: f[flowPackets], from: type === "none" ? -1 : f[flowEntry], to: then === "none" ? -1 : toeplitz(newKey, hashInput(f, then, now.xfrm)) % size});
    packets += f[flowPackets];
    if (type === "none") listedRest += f[flowPackets];
  }
  const rest = [...data.try.rest];
  // Of the packets without a hash those of flows are in flows; of the others some might get one.
  if (data.complete || !types) rest[data.try.default_queue] -= listedRest;
  else rest[data.try.default_queue] = 0;
  return {flows, rest, packets: packets + rest.reduce((a, b) => a + b, 0)};
}

// figuresOf are those of packets per CPU.
function figuresOf(loads, cpus) {
  const packets = cpus.map((cpu) => loads.get(cpu) ?? 0);
  const total = packets.reduce((a, b) => a + b, 0), most = packets.reduce((a, b) => Math.max(a, b), 0), least = packets.reduce((a, b) => Math.min(a, b));
  return {cpus, packets, total, most, mostCPU: cpus[packets.indexOf(most)], imbalance: total ? most * cpus.length / total : null,
    minMaxPercent: least > 0 ? (most - least) / least * 100 : null};
}

// tableOf is the table that a reader tries.
function tableOf({layout = "", cpus = "", moves = ""}) {
  const map = queueCPUsOf(cpus);
  const entries = layout ? fillLayout(layout, data.table.entries.length, map.queues) : [...data.table.entries];
  for (const move of moves.split(",").filter(Boolean)) {
    const [, entry, queue] = /^(\d+):(\d+)$/.exec(move) ?? [];
    if (!(Number(entry) < entries.length)) throw new Error(`Entries go from 0 to ${entries.length - 1}.`);
    if (!(Number(queue) < map.queues)) throw new Error(`Queues go from 0 to ${map.queues - 1}.`);
    entries[entry] = Number(queue);
  }
  data.try.rest.forEach((n, q) => {
    if (q >= map.queues && (n > 0 || q === data.try.default_queue)) {
      throw new Error(`Queue ${q} takes packets that meet no entry, and there ${map.queues === 1 ? "is 1 queue" : `are ${map.queues}`}: give that many CPUs.`);
    }
  });
  return {entries, map};
}

// tryTable is what a table, key and types give, beside the present ones; an Error says what
// of them is wrong.
function tryTable(choice) {
  const {entries, map} = tableOf(choice), now = data.table.entries, size = now.length;
  const present = {cpus: data.try.cpus, of: (q) => data.table.cpus[q]};
  const cpuNow = (e) => present.of(now[e]), cpuThen = (e) => map.of(entries[e]);
  const add = (loads, cpu, n) => loads.set(cpu, (loads.get(cpu) ?? 0) + n);
  const [before, after] = [new Map(), new Map()];
  const moved = {flows: 0, packets: 0, entries: 0};
  for (let e = 0; e < size; e++) if (entries[e] !== now[e]) moved.entries++;
  let rest = data.try.rest, known = 1, windows = null;
  if (choice.key || choice.types) {
    const again = rehashed(choice.key, choice.types);
    rest = again.rest;
    for (const f of again.flows) {
      const [a, b] = [f.from < 0 ? present.of(data.try.default_queue) : cpuNow(f.from), f.to < 0 ? map.of(data.try.default_queue) : cpuThen(f.to)];
      add(before, a, f.packets);
      add(after, b, f.packets);
      if (a !== b) { moved.flows++; moved.packets += f.packets; }
    }
    known = again.packets;
  } else {
    for (let e = 0; e < size; e++) {
      add(before, cpuNow(e), data.try.packets[e]);
      add(after, cpuThen(e), data.try.packets[e]);
      if (cpuNow(e) !== cpuThen(e)) { moved.flows += data.try.flows[e]; moved.packets += data.try.packets[e]; }
    }
    rest.forEach((n, q) => { if (present.of(q) !== map.of(q)) moved.flows += data.try.rest_flows[q]; });
    known = data.try.packets.reduce((a, b) => a + b, 0) + rest.reduce((a, b) => a + b, 0);
    windows = [busiestWindow(present.cpus, (e) => e < 0 ? present.of(-1 - e) : cpuNow(e)), busiestWindow(map.cpus, (e) => e < 0 ? map.of(-1 - e) : cpuThen(e))];
  }
  rest.forEach((n, q) => {
    add(before, present.of(q), n);
    add(after, map.of(q), n);
    if (present.of(q) !== map.of(q)) moved.packets += n;
  });
  const stays = data.try.packets.reduce((a, b) => a + b, 0) + data.try.rest.reduce((a, b) => a + b, 0);
  return {entries, map, present: figuresOf(before, present.cpus), tried: figuresOf(after, map.cpus), moved, windows, share: stays ? known / stays : 1};
}

// replayedOn are the flags of a replay on the CPUs that a reader tries, after those of the
// present one. The present table keeps its queues, however many CPUs there are.
function replayedOn({entries, map, moved}) {
  const queues = moved.entries ? entries.reduce((most, q) => Math.max(most, q + 1), map.queues) : data.table.cpus.length;
  const inTurn = map.list.join() === map.cpus.join() && data.table.cpus.every((cpu, q) => cpu === data.try.cpus[q % data.try.cpus.length]);
  const [first] = map.cpus, inARow = map.cpus.every((cpu, i) => cpu === first + i);
  const flags = inARow && (first || data.try.cpus[0]) ? ["--base-cpu", first] : []; // the present flags may have another
  flags.push("--cpus", inARow ? map.cpus.length : map.cpus.join(","));
  if (!inTurn || queues !== map.queues) flags.push("--queues", queues);
  if (!inTurn) flags.push("--affinity", Array.from({length: queues}, (_, q) => map.of(q)).join(","));
  return flags.join(" ");
}

// busiestWindow is the window with the most packets.
function busiestWindow(cpus, cpuOf) {
  let busiest = null;
  for (const [at, ...numbers] of data.try.windows) {
    const loads = new Map();
    for (let i = 0; i < numbers.length; i += 2) {
      const cpu = cpuOf(numbers[i]);
      loads.set(cpu, (loads.get(cpu) ?? 0) + numbers[i + 1]);
    }
    const f = figuresOf(loads, cpus);
    if (!busiest || f.total > busiest.packets) busiest = {start: at * data.try.interval_ns, packets: f.total, imbalance: f.imbalance};
  }
  return busiest;
}

// bestMove is the entry that makes the load evenest if it alone goes to another queue: from
// the most loaded CPU to the least loaded one; null if none makes it evener.
function bestMove(entries, map) {
  const loads = new Map(map.cpus.map((cpu) => [cpu, 0]));
  entries.forEach((q, e) => loads.set(map.of(q), (loads.get(map.of(q)) ?? 0) + data.try.packets[e]));
  data.try.rest.forEach((n, q) => loads.set(map.of(q), (loads.get(map.of(q)) ?? 0) + n));
  const order = [...loads].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  const [hottest, most] = order[0], [coolest, least] = order[order.length - 1];
  let best = null;
  entries.forEach((q, e) => {
    const n = data.try.packets[e], then = Math.max(most - n, least + n);
    if (map.of(q) === hottest && n > 0 && then < most && (!best || then < best.most)) best = {entry: e, most: then};
  });
  let queue = 0;
  while (queue < map.queues && map.of(queue) !== coolest) queue++;
  return best && queue < map.queues ? best.entry + ":" + queue : null;
}

// layoutOf is a table in the words of `ethtool -X`, "" where it has none.
function layoutOf(entries, queues) {
  const same = (spec) => {
    try { return fillLayout(spec, entries.length, queues).every((q, i) => q === entries[i]); } catch { return false; }
  };
  const least = entries.reduce((a, b) => Math.min(a, b)), most = entries.reduce((a, b) => Math.max(a, b));
  const from = least ? ",start:" + least : "";
  if (same(`equal:${most - least + 1}${from}`)) return `equal:${most - least + 1}${from}`;
  const runs = new Array(most - least + 1).fill(0);
  for (const q of entries) runs[q - least]++;
  const divisor = runs.reduce((a, b) => { while (b) [a, b] = [b, a % b]; return a; });
  for (const weights of [runs.map(() => 1), runs.map((n) => n / divisor)]) {
    if (same(`weight:${weights.join(",")}${from}`)) return `weight:${weights.join(",")}${from}`;
  }
  return "";
}

