// A refund asked for beside the journal's rows, as staff ask for one with the command.

import { call } from "./api.js";
import { chosenLanguage, onLanguage, t } from "./i18n.js";
import { byId, formatKr, parseKr, setText, working } from "./page.js";

export function startRefund() {
  byId("refund-form").hidden = false;
  byId("refund-form").addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
  onLanguage(() => {
    byId("refund-sale").placeholder = t("refundLast");
    byId("refund-amount").placeholder = t("refundAll");
  });
}

async function ask() {
  const sale = asked("refund-sale", (text) => (/^\d{1,9}$/.test(text) ? Number(text) : null));
  const amount = asked("refund-amount", parseKr);
  setText(byId("refund-result"), sale === null || amount === null ? t("refundProblem") : "");
  if (sale === null || amount === null) return;
  await working(byId("refund"), async () => {
    const answer = await call("POST", "/api/refund", { sale, amount, language: chosenLanguage() });
    setText(byId("refund-result"), inWords(answer));
    byId("refund-sale").value = byId("refund-amount").value = "";
  });
}

/** What this field says; undefined if nothing, null if nonsense. */
function asked(id, read) {
  const text = byId(id).value.trim();
  const value = text === "" ? undefined : read(text);
  byId(id).setAttribute("aria-invalid", value === null ? "true" : "false");
  return value;
}

function inWords({ refund_id, sale_id, amount, text }) {
  return t("refundOf")
    .replace("{refund}", refund_id)
    .replace("{sale}", sale_id)
    .replace("{amount}", formatKr(amount))
    .replace("{text}", text);
}
