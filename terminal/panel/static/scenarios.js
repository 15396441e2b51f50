// The library of scenarios: play one and watch, play a file, record a run by hand.

import { call, oneAtATime } from "./api.js";
import { inLanguage, onLanguage, t } from "./i18n.js";
import { byId, element, showProblem, working } from "./page.js";

const PACE_S = 0.45;

let scenarios = [];
let progress = null;
let recording = false;

export function startScenarios() {
  byId("stop-scenario").addEventListener("click", () =>
    working(byId("stop-scenario"), () => call("POST", "/api/scenarios/stop", {})),
  );
  byId("record").addEventListener("click", () => working(byId("record"), switchRecording));
  byId("scenario-file").addEventListener("change", playFile);
  onLanguage(() => {
    byId("library").replaceChildren();
    show();
  });
}

export const loadScenarios = oneAtATime(async () => {
  ({ scenarios, progress, recording } = await call("GET", "/api/scenarios"));
  show();
}, showProblem);

function show() {
  if (!byId("library").children.length) byId("library").append(...scenarios.map(scenarioItem));
  for (const { name } of scenarios) {
    const button = byId(`scenario-${name}`);
    const isThis = progress?.name === name;
    button.classList.toggle("running", isThis && progress.running);
    button.classList.toggle("passed", isThis && !progress.running && !progress.problem);
    button.classList.toggle("failed", isThis && Boolean(progress.problem));
  }
  byId("record").ariaPressed = String(recording);
  byId("record").textContent = t(recording ? "recordEnd" : "record");
  showProgress();
}

function showProgress() {
  byId("progress").hidden = progress === null;
  if (progress === null) return;
  const named = scenarios.find(({ name }) => name === progress.name);
  byId("progress-name").textContent = named ? inLanguage(named.title) : progress.name;
  byId("progress-step").textContent = progressWords();
  byId("progress-doing").textContent = progress.doing;
  byId("progress-doing").hidden = !progress.doing;
  byId("stop-scenario").hidden = !progress.running;
  byId("progress").classList.toggle("bad", Boolean(progress.problem));
}

function progressWords() {
  if (progress.problem) return t("notPlayed").replace("{problem}", progress.problem);
  if (!progress.running) return t("played");
  return t("stepOf").replace("{step}", progress.step).replace("{steps}", progress.steps);
}

function scenarioItem({ name, title, about }) {
  const button = element(
    "button",
    { type: "button", id: `scenario-${name}`, className: "scenario" },
    element("strong", { textContent: inLanguage(title) }),
    element("span", { textContent: inLanguage(about) }),
  );
  button.addEventListener("click", () => working(button, () => play({ name })));
  return element("li", {}, button);
}

const play = (what) => call("POST", "/api/scenarios/play", { ...what, pace_s: PACE_S });

async function playFile() {
  const [file] = byId("scenario-file").files;
  byId("scenario-file").value = "";
  if (file) await working(byId("scenario-file"), async () => play({ toml: await file.text() }));
}

/** At the end of a recording the browser saves it as a file, which plays here, from the command line and as a test. */
async function switchRecording() {
  const { toml } = await call("POST", "/api/recording", { on: !recording });
  if (!toml) return;
  const link = element("a", { download: "scenario.toml" });
  link.href = URL.createObjectURL(new Blob([toml], { type: "application/toml" }));
  link.click();
  URL.revokeObjectURL(link.href);
}
