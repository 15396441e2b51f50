// The workbench under the counter: tabs, of which one is open.

import { byId } from "./page.js";

const TABS = ["story", "faults", "scenarios", "simulation"];

let opened = () => {};

/** `onOpen` is called with the name of each tab that is opened by hand; the first one is filled by the stream. */
export function startBench({ story, lab, simulation }, onOpen) {
  const isThere = { story, faults: lab, scenarios: lab, simulation };
  byId("bench").hidden = !story;
  for (const name of TABS) {
    const tab = byId(`tab-${name}`);
    tab.hidden = !isThere[name];
    tab.addEventListener("click", () => open(name));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const there = TABS.filter((other) => !byId(`tab-${other}`).hidden);
      if (!step) return;
      const next = there[(there.indexOf(name) + step + there.length) % there.length];
      open(next);
      byId(`tab-${next}`).focus();
    });
  }
  const kept = localStorage.getItem("bench");
  open(isThere[kept] ? kept : "story");
  opened = onOpen;
}

function open(name) {
  localStorage.setItem("bench", name);
  for (const other of TABS) {
    byId(other).hidden = other !== name;
    byId(`tab-${other}`).ariaSelected = String(other === name);
    byId(`tab-${other}`).tabIndex = other === name ? 0 : -1;
  }
  opened(name);
}
