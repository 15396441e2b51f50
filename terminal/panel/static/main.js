// Puts the page together: who is told of which change.

import { listen } from "./api.js";
import { onLanguage, startLanguage, t } from "./i18n.js";
import { byId, hideProblem } from "./page.js";
import { loadReceipts, showPaper, showPrinter, startPaper } from "./paper.js";
import { loadCarts, startPhone } from "./phone.js";
import { loadRegister, showRegisterInfo, startRegister } from "./register.js";
import { showDisplay, showTerminal, startTerminal } from "./terminal.js";

const HANDLERS = {
  state: ({ state }) => {
    showTerminal(state);
    showPaper(state);
    showGuide(state);
  },
  display: showDisplay,
  register: ({ register }) => {
    showRegisterInfo(register);
    loadRegister();
  },
  receipts: loadReceipts,
  printer: ({ printer }) => showPrinter(printer),
  carts: loadCarts,
};

const STEP_OF_STATE = { starting: 0, idle: 0, entry: 1, code_entry: 1 };

/** Marks the step of "try this" at which the counter stands. */
function showGuide(state) {
  const step = state.result?.outcome === "approved" ? 3 : (STEP_OF_STATE[state.state] ?? 2);
  [...byId("steps").children].forEach((item, place) => {
    if (place === step) item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
  });
}

function showConnection(isThere) {
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
startLanguage();
listen((change) => HANDLERS[change.part]?.(change), showConnection);
