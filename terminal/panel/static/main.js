// Puts the page together: who is told of which change.

import { call, listen } from "./api.js";
import { startBench } from "./bench.js";
import { loadFaults, startFaults } from "./faults.js";
import { onLanguage, startLanguage, t } from "./i18n.js";
import { byId, element, hideProblem, showProblem } from "./page.js";
import { loadReceipts, showPaper, showPrinter, startPaper } from "./paper.js";
import { loadCarts, startPhone } from "./phone.js";
import { startRefund } from "./refund.js";
import { leaveTillAlone, loadRegister, showRegisterInfo, startRegister } from "./register.js";
import { loadScenarios, startScenarios } from "./scenarios.js";
import { startSimulation } from "./simulation.js";
import { forgetStory, loadStory, showState, startStory } from "./story.js";
import { showDisplay, showTerminal, startTerminal } from "./terminal.js";

const HANDLERS = {
  state: ({ state }) => {
    showTerminal(state);
    showPaper(state);
    showGuide(state);
    if (about.story) showState(state);
  },
  display: showDisplay,
  register: ({ register }) => {
    showRegisterInfo(register);
    loadRegister();
  },
  receipts: loadReceipts,
  printer: ({ printer }) => showPrinter(printer),
  carts: () => about.phone && loadCarts(),
  timeline: () => about.story && loadStory(),
  faults: () => about.lab && loadFaults(),
  scenario: () => about.lab && loadScenarios(),
};

let about = { phone: true, story: false, lab: false, kennitala: true, real: [], versions: {} };

const STEP_OF_STATE = { starting: 0, idle: 0, entry: 1, code_entry: 1 };

/** Marks the step of "try this" at which the counter stands. */
function showGuide(state) {
  const step = state.result?.outcome === "approved" ? 3 : (STEP_OF_STATE[state.state] ?? 2);
  [...byId("steps").children].forEach((item, place) => {
    if (place === step) item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
  });
}

/** What is not there is not shown: a terminal at a real counter has no phone here, and its devices are left alone. */
async function arrange() {
  about = await call("GET", "/api/about");
  byId("phone").hidden = byId("guide").hidden = !about.phone;
  document.body.classList.toggle("looking-on", about.real.includes("keypad"));
  document.body.classList.toggle("no-kennitala", !about.kennitala);
  if (about.real.includes("register")) {
    leaveTillAlone();
    showDevices(about.devices);
  }
  byId("no-receipts").classList.toggle("unseen", about.real.includes("printer"));
  if (about.real.length) byId("subtitle").dataset.t = "subtitleReal";
  byId("versions").textContent = Object.entries(about.versions).map((pair) => pair.join(" ")).join(" · ");
  byId("logout").hidden = !about.login;
  byId("logout").addEventListener("click", async () => {
    await fetch("/logout", { method: "POST" });
    location.reload();
  });
  startBench(about, (name) => name === "story" && about.story && loadStory());
  if (about.story) startStory().catch(showProblem);
  if (about.lab) {
    startRefund();
    startScenarios();
    startFaults().catch(showProblem);
  }
  if (about.simulation) startSimulation();
}

/** Where the register's till would be, a real counter has the list of what is plugged in. */
function showDevices(devices) {
  byId("register-title").dataset.t = "devices";
  byId("devices").hidden = false;
  onLanguage(() =>
    byId("devices").replaceChildren(
      ...Object.entries(devices).flatMap(([name, description]) => [
        element("dt", { textContent: t(`device_${name}`) }),
        element("dd", { textContent: description }),
      ]),
    ),
  );
}

function showConnection(isThere) {
  if (isThere) forgetStory(); // a stream begins anew, maybe with another program
  byId("lost").hidden = isThere;
  byId("lost").textContent = isThere ? "" : t("lost");
  document.body.classList.toggle("alone", !isThere);
}

startTerminal();
startRegister();
startPaper();
startPhone();
byId("toast-close").addEventListener("click", hideProblem);
onLanguage(() => {
  if (!byId("lost").hidden) byId("lost").textContent = t("lost");
});
const arranged = arrange().catch(() => showConnection(false)).then(startLanguage);
listen(async (change) => {
  await arranged; // the stream is opened meanwhile
  HANDLERS[change.part]?.(change);
}, showConnection);
