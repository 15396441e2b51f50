// The paper: what came out of the printer, newest on top, and the roll in it.

import { call, oneAtATime } from "./api.js";
import { onLanguage, t } from "./i18n.js";
import { byId, element, orText, showProblem, withButton } from "./page.js";

const MOST_RECEIPTS = 12;

const shown = new Map(); // receipt id -> {version, item}
let receipts = [];
let printer = null;
let state = null;

export function startPaper() {
  byId("paper-supply").addEventListener("click", () => {
    const paper = printer.paper === "out" ? "ok" : "out";
    withButton(byId("paper-supply"), async () => showPrinter(await call("PUT", "/api/printer", { paper })));
  });
  onLanguage(() => {
    shown.clear();
    showReceipts();
    showStatus();
  });
}

export const loadReceipts = oneAtATime(async () => {
  try {
    receipts = await call("GET", "/api/receipts");
    showReceipts();
  } catch (error) {
    showProblem(error);
  }
});

export function showPrinter(newPrinter) {
  printer = newPrinter;
  showStatus();
}

export function showPaper(newState) {
  state = newState;
  showStatus();
}

function showStatus() {
  if (!printer || !state) return;
  const pending = state.pending_receipts ? ` · ${t("pending").replace("{count}", state.pending_receipts)}` : "";
  byId("printer-status").textContent = orText(`printer_${state.printer}`, state.printer) + pending;
  byId("printer-status").className = ["ok", "unknown"].includes(state.printer) && !pending ? "ok" : "bad";
  byId("paper-supply").textContent = t(printer.paper === "out" ? "paperIn" : "paperOut");
}

function showReceipts() {
  const newest = receipts.slice(-MOST_RECEIPTS).reverse();
  for (const id of [...shown.keys()]) if (!newest.some((receipt) => receipt.id === id)) shown.delete(id);
  byId("receipts").replaceChildren(...newest.map(itemOf));
  byId("no-receipts").hidden = newest.length > 0;
}

/** The item on the page, made again only when more has been printed on it: an open text stays open. */
function itemOf(receipt) {
  const version = `${receipt.text.length}${receipt.finished ? "" : "+"}`;
  const known = shown.get(receipt.id);
  if (known?.version === version) return known.item;
  const item = receiptItem(receipt, version);
  shown.set(receipt.id, { version, item });
  return item;
}

function receiptItem(receipt, version) {
  const name = `${orText(`receipt_${receipt.kind}`, receipt.kind)} ${receipt.id}`;
  const path = `/api/receipts/${receipt.id}`;
  return element(
    "li",
    {},
    element("img", { src: `${path}.png?${version}`, alt: t("receiptAlt").replace("{name}", name), className: "slip" }),
    element(
      "details",
      {},
      element("summary", { textContent: `${name}: ${t("asText")}` }),
      element("pre", { textContent: receipt.text }),
      element("a", { href: `${path}.bin`, download: `receipt-${receipt.id}.bin`, textContent: t("asBytes") }),
    ),
  );
}
