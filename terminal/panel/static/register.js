// The register: rings up, cancels, and shows in plain words what goes over its cable.

import { call, oneAtATime } from "./api.js";
import { onLanguage, t } from "./i18n.js";
import { byId, element, formatKr, formatTime, Items, parseKr, setText, showProblem, wordsOr, working } from "./page.js";
import { turnToTerminal } from "./terminal.js";

const MOST_LINES = 60;

let lines = [];
let isReal = false;
let info = null; // {port, protocol, amount_decimals}

const cable = new Items(
  byId("cable"),
  (line) => `${line.time} ${line.sender} ${line.text} ${line.finished} ${line.lost}`,
  lineItem,
);

export function startRegister() {
  byId("till-form").addEventListener("submit", (event) => {
    event.preventDefault();
    pay();
  });
  byId("amount").addEventListener("input", () => showAmountProblem(""));
  byId("cancel").addEventListener("click", () => {
    const { id } = lastSale();
    working(byId("cancel"), () => send(id ? `CANCEL ID=${id}` : "CANCEL"));
  });
  const showHex = byId("show-hex");
  showHex.addEventListener("change", () => byId("cable").classList.toggle("with-hex", showHex.checked));
  byId("copy-path").addEventListener("click", copyPath);
  onLanguage(() => {
    cable.forget();
    show();
    showRegisterInfo(info);
  });
}

export const loadRegister = oneAtATime(async () => {
  const messages = await call("GET", "/api/register/log");
  lines = messages.filter(({ text }) => text.trim()).map((message) => ({ ...message, said: parse(message.text) }));
  show();
}, showProblem);

/** There is a real register: this page only tells where it is plugged in. */
export function leaveTillAlone() {
  isReal = true;
  byId("till").hidden = true;
  byId("cable-part").hidden = true;
}

export function showRegisterInfo(newInfo) {
  if (!newInfo) return;
  info = newInfo;
  byId("serial-path").textContent = info.port;
  byId("own-program").textContent = t(info.token ? "ownProgramCalls" : "ownProgram").replace("{token}", info.token);
  byId("till").hidden = isReal || info.protocol !== "line"; // this till speaks the line protocol only
}

async function pay() {
  const amount = parseKr(byId("amount").value);
  showAmountProblem(amount === null ? t("amountProblem") : "");
  if (amount === null) return;
  const id = `P${Date.now().toString(36).toUpperCase()}`; // never used before, also after a restart
  if (await working(byId("pay"), () => send(`PAY ${amount * scale()} ID=${id}`))) turnToTerminal();
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

// What went over the cable: programs may send anything.

function parse(text) {
  const [verb, ...rest] = text.replace(/\*[0-9a-f]{2}$/i, "").trim().split(/\s+/);
  const id = rest.find((word) => /^ID=/i.test(word))?.slice(3);
  return { verb: verb.toUpperCase(), first: rest[0] ?? "", id };
}

function inWords({ sender, said }) {
  const side = sender === "terminal" ? "heard" : "sent";
  return wordsOr(`${side}${said.verb}`, t(`${side}Other`))
    .replace("{amount}", amountInWords(said.first))
    .replace("{reason}", reasonInWords(said.first));
}

const reasonInWords = (code) => wordsOr(`code${code.toUpperCase()}`, code);
const amountInWords = (digits) => (/^\d{1,12}$/.test(digits) ? formatKr(Number(digits) / scale()) : digits);
const scale = () => 10 ** (info?.amount_decimals ?? 0);

/**
 * The sale that the register asked for last, told from nothing but what arrived over the cable: {id, amount, phase,
 * code}. Until the terminal has answered, another try may take its place.
 */
function lastSale() {
  let sale = { phase: "ready" };
  for (const { sender, said } of lines.filter((line) => !line.lost && line.finished)) {
    if (sender === "terminal") {
      sale = afterAnswer(sale, said);
    } else if (said.verb === "PAY" && sale.phase !== "waiting") {
      sale = { phase: "asked", id: said.id, amount: said.first };
    }
  }
  return sale;
}

function afterAnswer(sale, said) {
  if (sale.phase !== "asked" && sale.phase !== "waiting") return sale;
  if (said.verb === "ERR") return sale.phase === "asked" ? { ...sale, phase: "notPaid", code: said.first } : sale;
  if (said.verb === "WAIT" && sale.phase === "asked") return { ...sale, phase: "waiting", id: said.id };
  if (said.id !== sale.id) return sale;
  if (said.verb === "OK") return { ...sale, phase: "paid" };
  if (said.verb === "NO") return { ...sale, phase: "notPaid", code: said.first };
  return sale;
}

function show() {
  const sale = lastSale();
  setText(byId("till-amount"), sale.amount ? amountInWords(sale.amount) : "");
  setText(byId("till-status"), t(`till_${sale.phase}`).replace("{reason}", sale.code ? reasonInWords(sale.code) : ""));
  byId("till-display").dataset.phase = sale.phase;
  byId("pay").disabled = sale.phase === "waiting";
  byId("cancel").disabled = sale.phase !== "asked" && sale.phase !== "waiting";
  cable.show(lines.slice(-MOST_LINES).reverse());
}

function lineItem(line) {
  return element(
    "li",
    { className: line.sender === "terminal" ? "heard" : "sent" },
    element("span", { className: "words", textContent: inWords(line) }),
    element("time", { dateTime: line.time, textContent: formatTime(line.time) }),
    element("code", { textContent: line.text }),
    element("code", { className: "hex", textContent: line.hex }),
    line.finished ? null : element("span", { className: "mark", textContent: t("typing") }),
    line.sender === "program" ? element("span", { className: "mark", textContent: t("fromProgram") }) : null,
    line.lost ? element("span", { className: "mark", textContent: t("lostOnCable") }) : null,
  );
}
