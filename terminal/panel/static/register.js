// The register: rings up, cancels, and shows in plain words what goes over its cable.

import { call, oneAtATime } from "./api.js";
import { onLanguage, t } from "./i18n.js";
import { byId, element, formatKr, formatTime, orText, parseKr, showProblem, withButton } from "./page.js";

const MOST_LINES = 60;

let lines = [];
let info = null;

export function startRegister() {
  byId("till-form").addEventListener("submit", (event) => {
    event.preventDefault();
    pay();
  });
  byId("amount").addEventListener("input", () => showAmountProblem(""));
  byId("cancel").addEventListener("click", () => {
    const { id } = lastSale();
    withButton(byId("cancel"), () => send(id ? `CANCEL ID=${id}` : "CANCEL")).then(show);
  });
  byId("copy-path").addEventListener("click", copyPath);
  onLanguage(show);
}

export const loadRegister = oneAtATime(async () => {
  try {
    lines = (await call("GET", "/api/register/log")).flatMap(linesOf);
    show();
  } catch (error) {
    showProblem(error);
  }
});

export function showRegisterInfo(newInfo) {
  info = newInfo;
  byId("serial-path").textContent = info.port;
  byId("till-form").hidden = info.protocol !== "line"; // this till speaks the line protocol only
}

async function pay() {
  const amount = parseKr(byId("amount").value);
  showAmountProblem(amount === null ? t("amountProblem") : "");
  if (amount === null) return;
  const id = `P${Date.now().toString(36).toUpperCase()}`; // never used before, also after a restart
  await withButton(byId("pay"), () => send(`PAY ${amount} ID=${id}`));
  show();
}

const send = (line) => call("POST", "/api/register", { send: line });

function showAmountProblem(words) {
  byId("amount-problem").textContent = words;
  byId("amount").setAttribute("aria-invalid", words ? "true" : "false");
}

async function copyPath() {
  try {
    await navigator.clipboard.writeText(info.port);
    byId("copy-path").textContent = t("copied");
    setTimeout(() => (byId("copy-path").textContent = t("copy")), 2000);
  } catch {
    getSelection().selectAllChildren(byId("serial-path"));
  }
}

// What went over the cable: one message may hold several lines, and programs may send anything.

function linesOf(message) {
  return message.text
    .split(/[\r\n]+/)
    .filter((text) => text.trim())
    .map((text) => ({ ...message, text, said: parse(text) }));
}

function parse(text) {
  const [verb, ...rest] = text.replace(/\*[0-9a-f]{2}$/i, "").trim().split(/\s+/);
  const id = rest.find((word) => /^ID=/i.test(word))?.slice(3);
  return { verb: verb.toUpperCase(), first: rest[0] ?? "", id };
}

function inWords({ sender, said }) {
  const side = sender === "terminal" ? "heard" : "sent";
  const amount = /^\d+$/.test(said.first) ? formatKr(Number(said.first)) : said.first;
  const reason = orText(`code${said.first.toUpperCase()}`, said.first);
  return orText(`${side}${said.verb}`, "").replace("{amount}", amount).replace("{reason}", reason) || t("notUnderstood");
}

/** The sale that the register asked for last, told from nothing but the cable: {id, amount, phase, code}. */
function lastSale() {
  let sale = { phase: "ready" };
  for (const { sender, lost, said } of lines) {
    if (sender !== "terminal" && said.verb === "PAY" && sale.phase !== "waiting" && !lost) {
      sale = { phase: "waiting", id: said.id, amount: Number(said.first) || null };
    } else if (sender === "terminal" && sale.phase === "waiting") {
      sale.id ??= said.verb === "WAIT" ? said.id : undefined; // the terminal names a sale that came without a name
      if (said.id !== undefined && said.id !== sale.id) continue;
      if (said.verb === "OK") sale = { ...sale, phase: "paid" };
      if (said.verb === "NO" || said.verb === "ERR") sale = { ...sale, phase: "notPaid", code: said.first };
    }
  }
  return sale;
}

function show() {
  const sale = lastSale();
  const reason = sale.code ? orText(`code${sale.code.toUpperCase()}`, sale.code) : "";
  byId("till-amount").textContent = sale.amount ? formatKr(sale.amount) : "";
  byId("till-status").textContent = t(`till_${sale.phase}`).replace("{reason}", reason);
  byId("till-display").dataset.phase = sale.phase;
  byId("pay").disabled = sale.phase === "waiting";
  byId("cancel").disabled = sale.phase !== "waiting";
  byId("cable").replaceChildren(...lines.slice(-MOST_LINES).reverse().map(lineItem));
}

function lineItem(line) {
  return element(
    "li",
    { className: line.sender === "terminal" ? "heard" : "sent" },
    element("span", { className: "words", textContent: inWords(line) }),
    element("time", { dateTime: line.time, textContent: formatTime(line.time) }),
    element("code", { textContent: line.text }),
    line.sender === "program" ? element("span", { className: "mark", textContent: t("fromProgram") }) : null,
    line.lost ? element("span", { className: "mark", textContent: t("lostOnCable") }) : null,
  );
}
