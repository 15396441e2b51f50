// A world of the simulation, opened by its seed and read step by step: every line in the column of whoever did it.

import { call } from "./api.js";
import { onLanguage, t } from "./i18n.js";
import { byId, element, setText, working, wordsOr } from "./page.js";

const VERDICT = "verdict";
const STEPS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };

let world = null;
let lines = [];
let place = 0;

export function startSimulation() {
  byId("world-form").addEventListener("submit", (event) => {
    event.preventDefault();
    working(byId("open-world"), () => open(byId("seed").valueAsNumber));
  });
  byId("next-world").addEventListener("click", () =>
    working(byId("next-world"), () => open((byId("seed").valueAsNumber || 0) + 1)),
  );
  byId("first-violation").addEventListener("click", () => goTo(firstViolation()));
  byId("previous-line").addEventListener("click", () => goTo(place - 1));
  byId("next-line").addEventListener("click", () => goTo(place + 1));
  byId("world-part").addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    goTo(place + step);
  });
  byId("world-lines").addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    if (row) goTo(row.sectionRowIndex);
  });
  onLanguage(() => world && show());
}

async function open(seed) {
  world = await call("GET", `/api/simulation/${seed}`);
  byId("seed").value = world.seed;
  const end_s = world.story.at(-1)?.at_s ?? 0;
  lines = [...world.story, ...world.violations.map((what) => ({ at_s: end_s, who: VERDICT, what }))];
  place = 0;
  show();
  byId("world").focus({ preventScroll: true });
}

const firstViolation = () => lines.findIndex(({ who }) => who === VERDICT);

function show() {
  const people = [...new Set(lines.map(({ who }) => who))];
  byId("world-part").hidden = false;
  byId("world-people").replaceChildren(
    element("th", { scope: "col", textContent: t("columnSeconds") }),
    ...people.map((who) => element("th", { scope: "col", textContent: whoWords(who) })),
  );
  byId("world-lines").replaceChildren(...lines.map((line) => row(line, people)));
  const broken = world.violations.length;
  byId("world-verdict").className = broken ? "bad" : "";
  byId("world-verdict").textContent = worldWords(broken);
  byId("first-violation").disabled = !broken;
  goTo(place);
}

function worldWords(broken) {
  const outcomes = Object.entries(world.outcomes).map(([name, count]) => `${count} ${wordsOr(`outcome_${name}`, name)}`);
  return [
    t(broken ? "worldBroken" : "worldKept").replace("{count}", broken),
    `${world.mode} · ${world.protocol}`,
    t("worldSales").replace("{count}", world.sales) + (outcomes.length ? ` (${outcomes.join(", ")})` : ""),
    t("worldCuts").replace("{count}", world.cuts),
  ].join(" · ");
}

/** The simulation tells its story in English, whatever the language of the page. */
function row({ at_s, who, what }, people) {
  const cells = people.map((one) => element("td", one === who ? { lang: "en", textContent: what } : {}));
  cells[people.indexOf(who)].dataset.who = whoWords(who);
  const time = element("th", { scope: "row", textContent: at_s.toFixed(2) });
  return element("tr", { className: who === VERDICT ? "broken" : who === "power" ? "power" : "" }, time, ...cells);
}

const whoWords = (who) => wordsOr(`who_${who}`, who);

function goTo(wanted) {
  const rows = byId("world-lines").rows;
  place = Math.max(0, Math.min(wanted, lines.length - 1));
  [...rows].forEach((each, number) => {
    each.classList.toggle("to-come", number > place);
    if (number !== place) each.removeAttribute("aria-current");
    else each.setAttribute("aria-current", "step");
  });
  if (!lines.length) return;
  const { at_s, who, what } = lines[place];
  [...byId("world-people").children].forEach((head) => head.classList.toggle("lit", head.textContent === whoWords(who)));
  const where = t("lineOf").replace("{line}", place + 1).replace("{lines}", lines.length);
  setText(byId("world-line"), `${where} · ${at_s.toFixed(2)} s · ${whoWords(who)}: ${what}`);
  keepInSight(rows[place]);
}

/** Scrolls the table alone: the page stays where the reader has put it. */
function keepInSight(line) {
  const frame = byId("world");
  const head_px = byId("world-people").offsetHeight;
  const above_px = line.offsetTop - head_px - frame.scrollTop;
  const below_px = line.offsetTop + line.offsetHeight - frame.clientHeight - frame.scrollTop;
  if (above_px < 0) frame.scrollTop += above_px;
  else if (below_px > 0) frame.scrollTop += below_px;
}
