// What the page shows is in its address: "#flows&search=cpu%3D3&mode=1" is the section
// and what was chosen. So a link shows what its author saw, and back goes back.
const state = {
  shows: [], // functions of the values, each for a part of the page
  kept: null, // what is shown where the page has no address of its own
  read() {
    const [first = "", ...others] = (state.kept ?? location.hash.slice(1)).split("&");
    const section = first.includes("=") ? "" : first;
    return {section, values: new URLSearchParams((section ? others : [first, ...others]).join("&"))};
  },
  // go changes values, "" taking one away, and goes to a section.
  go(changes, {section, replace = false} = {}) {
    const now = state.read();
    for (const [name, value] of Object.entries(changes)) {
      if (value === "" || value === null) now.values.delete(name);
      else now.values.set(name, value);
    }
    const fragment = [section ?? now.section, now.values.toString()].filter(Boolean).join("&");
    if (state.kept !== null) state.kept = fragment;
    else try {
      if (fragment !== location.hash.slice(1)) history[replace ? "replaceState" : "pushState"](null, "", "#" + fragment);
    } catch { // a frame with its page in srcdoc, as previews of attachments have it
      state.kept = fragment;
    }
    state.show();
    if (section) byId(section)?.scrollIntoView();
  },
  show() {
    const {values} = state.read();
    for (const show of state.shows) show(values);
  },
  // shown is called with the values now and whenever they change.
  shown(show) { state.shows.push(show); },
};
addEventListener("popstate", () => state.show());
for (const link of all("nav a, .finding .id a")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    state.go({}, {section: link.hash.slice(1)});
  });
}
// unfold opens what an element is folded in.
function unfold(element) {
  for (let e = element; e; e = e.parentElement) if (e.tagName === "DETAILS") e.open = true;
}

