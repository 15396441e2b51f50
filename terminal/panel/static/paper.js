// The paper: what came out of the printer, newest on top, and the roll in it.

import { call, oneAtATime } from "./api.js";
import { onLanguage, t } from "./i18n.js";
import { byId, element, Items, setText, showProblem, wordsOr, working } from "./page.js";

const MOST_RECEIPTS = 12;

let receipts = [];
let printer = null; // {paper, online, cover}; null for a real one
let state = null;

/** One receipt at one stage of its printing: with every further line its picture is another one. */
const keyOf = (receipt) => `${receipt.id}.${receipt.text.length}${receipt.finished ? "" : "+"}`;

const slips = new Items(byId("receipts"), keyOf, receiptItem);

export function startPaper() {
  byId("paper-supply").addEventListener("click", () => {
    const paper = printer.paper === "out" ? "ok" : "out";
    working(byId("paper-supply"), async () => showPrinter(await call("PUT", "/api/printer", { paper })));
  });
  onLanguage(() => {
    slips.forget();
    showReceipts();
    showStatus();
  });
}

export const loadReceipts = oneAtATime(async () => {
  receipts = await call("GET", "/api/receipts");
  showReceipts();
}, showProblem);

export function showPrinter(newPrinter) {
  printer = newPrinter ?? null;
  showStatus();
}

export function showPaper(newState) {
  state = newState;
  showStatus();
}

function showStatus() {
  if (!state) return;
  const pending = state.pending_receipts ? ` · ${t("pending").replace("{count}", state.pending_receipts)}` : "";
  const status = statusOfPrinter();
  setText(byId("printer-status"), wordsOr(`printer_${status}`, status) + pending);
  byId("printer-status").className = ["ok", "unknown"].includes(status) && !pending ? "ok" : "bad";
  byId("paper-supply").hidden = printer === null;
  byId("paper-supply").textContent = t(printer?.paper === "out" ? "paperIn" : "paperOut");
}

/** What is seen at the printer itself; of a real one only what the terminal has heard. */
function statusOfPrinter() {
  if (printer?.paper === "out") return "paper_out";
  if (printer?.cover === "open") return "cover_open";
  if (printer && !printer.online) return "offline";
  return printer ? "ok" : state.printer;
}

function showReceipts() {
  const newest = receipts.slice(-MOST_RECEIPTS).reverse();
  slips.show(newest);
  byId("no-receipts").hidden = newest.length > 0;
}

function receiptItem(receipt) {
  const name = `${wordsOr(`receipt_${receipt.kind}`, receipt.kind)} ${receipt.id}`;
  const path = `/api/receipts/${receipt.id}`;
  return element(
    "li",
    {},
    element("img", {
      src: `${path}.png?${keyOf(receipt)}`,
      alt: t("receiptAlt").replace("{name}", name),
      className: "slip",
    }),
    element(
      "details",
      {},
      element("summary", { textContent: `${name}: ${t("asText")}` }),
      element("pre", { textContent: receipt.text, tabIndex: 0 }),
      element("a", { href: `${path}.bin`, download: `receipt-${receipt.id}.bin`, textContent: t("asBytes") }),
    ),
  );
}
