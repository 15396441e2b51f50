// What is happening: the picture of the states, the timeline, the journal's rows, and the promises as lights.

import { call, oneAtATime } from "./api.js";
import { onLanguage, t } from "./i18n.js";
import { byId, element, formatKr, formatTime, Items, showProblem, wordsOr } from "./page.js";

const MOST_SHOWN = 80;
const SVG_TYPE = "image/svg+xml";

let entries = [];
let rows = [];
let lights = [];
let state = "idle";
let diagram = null;

const timeline = new Items(byId("timeline"), (entry) => `${entry.at} ${entry.seq}`, timelineItem);
const table = new Items(byId("journal"), (row) => `${row.at} ${row.seq}`, journalRow);

export async function startStory() {
  onLanguage(() => {
    timeline.forget();
    table.forget();
    nameStates();
    show();
  });
  byId("states").append(await picture());
  lightStates();
}

/** The diagram comes from the terminal's own table of states, so it cannot differ from what the terminal does. */
async function picture() {
  const text = await (await fetch("/api/states.svg")).text();
  diagram = document.importNode(new DOMParser().parseFromString(text, SVG_TYPE).documentElement, true);
  nameStates();
  return diagram;
}

function nameStates() {
  if (!diagram) return;
  diagram.setAttribute("aria-label", `${t("states")}: ${stateWords(state)}`);
  for (const box of diagram.querySelectorAll(".state")) {
    box.querySelector("text").textContent = stateWords(box.dataset.state);
  }
}

export function showState(newState) {
  state = newState.state;
  lightStates();
}

function lightStates() {
  if (!diagram) return;
  const last = entries.findLast((entry) => entry.state && entry.before && entry.before !== entry.state);
  const shown = state === "idle" && last ? last.state : state;
  for (const box of diagram.querySelectorAll(".state")) box.classList.toggle("current", box.dataset.state === shown);
  const path = new Set(walkedMoves());
  for (const arrow of diagram.querySelectorAll(".move")) arrow.classList.toggle("walked", path.has(arrow.dataset.move));
  diagram.setAttribute("aria-label", `${t("states")}: ${stateWords(shown)}`);
}

/** The moves of the newest sale. */
function walkedMoves() {
  const newest = entries.findLast((entry) => entry.sale !== null)?.sale;
  return entries
    .filter((entry) => entry.sale === newest && entry.before && entry.before !== entry.state)
    .map((entry) => `${entry.before} ${entry.state}`);
}

/** Only while somebody looks: the tab loads it when it is opened. */
export const loadStory = oneAtATime(async () => {
  if (byId("story").hidden) return;
  const after = entries.at(-1)?.seq ?? 0;
  const [newer, journal, promises] = await Promise.all([
    call("GET", `/api/timeline?after=${after}`),
    call("GET", "/api/journal"),
    call("GET", "/api/promises"),
  ]);
  entries = [...entries, ...newer].slice(-400);
  rows = journal.slice(-MOST_SHOWN);
  lights = promises;
  show();
}, showProblem);

/** The terminal's program is another one than before: what it did begins anew. */
export function forgetStory() {
  entries = [];
}

function show() {
  timeline.show(entries.slice(-MOST_SHOWN).reverse());
  table.show([...rows].reverse());
  byId("promises-part").hidden = lights.length === 0;
  byId("promises").replaceChildren(...lights.map(light));
  lightStates();
}

function light({ name, light, details }) {
  return element(
    "li",
    { className: light, title: details.join(", ") },
    element("span", { textContent: wordsOr(`promise_${name}`, name) }),
    element("small", { textContent: t(`light_${light}`) }),
  );
}

const stateWords = (name) => wordsOr(`state_${name}`, name);

function timelineItem(entry) {
  const kinds = { call: callDetails, event: eventDetails, power: () => [] };
  return element(
    "li",
    { className: `${entry.kind} ${entry.trouble || entry.http_status >= 400 ? "trouble" : ""}` },
    element("time", { dateTime: entry.at, textContent: formatTime(entry.at) }),
    element(
      "div",
      {},
      element("strong", { textContent: entry.kind === "call" ? entry.name : wordsOr(`event_${entry.name}`, entry.name) }),
      ...kinds[entry.kind](entry),
    ),
  );
}

function eventDetails(entry) {
  const moved = entry.state && entry.before !== entry.state;
  return [
    entry.sale ? element("span", { className: "quiet", textContent: ` ${t("columnSale")} ${entry.sale}` }) : null,
    moved ? element("span", { className: "chip", textContent: `→ ${stateWords(entry.state)}` }) : null,
    entry.written ? element("span", { className: "chip disk", textContent: t("written") }) : null,
    entry.effects.length ? element("code", { textContent: entry.effects.join(" · ") }) : null,
  ].filter(Boolean);
}

function callDetails(entry) {
  const bodies = [
    ["requestBody", entry.request],
    ["answerBody", entry.answer],
  ].filter(([, body]) => body);
  return [
    element("span", { className: "chip", textContent: `${entry.duration_ms} ms` }),
    element("span", {
      className: "chip",
      textContent: entry.answer ? `${entry.http_status} · ${entry.answer.ResultCode ?? "?"}` : t("noAnswer"),
    }),
    entry.trouble ? element("code", { textContent: entry.trouble }) : null,
    element(
      "details",
      {},
      element("summary", { textContent: bodies.map(([key]) => t(key)).join(", ") }),
      ...bodies.map(([, body]) => element("pre", { tabIndex: 0, textContent: JSON.stringify(body, null, 1) })),
    ),
  ].filter(Boolean);
}

function journalRow(row) {
  const result = row.outcome ? `${stateWords(row.state)}, ${wordsOr(`outcome_${row.outcome}`, row.outcome)}` : stateWords(row.state);
  const cells = [row.seq, formatTime(row.at), `${row.sale}: ${formatKr(row.amount_kr)}`, row.event, result];
  return element("tr", {}, ...cells.map((text) => element("td", { textContent: text })));
}
