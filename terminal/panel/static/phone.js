// The customer's phone: payment requests to accept or reject, SMS codes, and the app code on demand.

import { call, oneAtATime } from "./api.js";
import { onLanguage, t } from "./i18n.js";
import { byId, element, formatKr, formatTime, orText, showProblem, withButton } from "./page.js";

const MOST_PAST = 4;
const WAITING = "awaiting customer";
const SMS = "awaiting code";

let carts = [];
let code = null; // {AppCode, Token, Expires}
let countdown = 0;

export function startPhone() {
  byId("issue-code").addEventListener("click", () =>
    withButton(byId("issue-code"), async () => {
      code = await call("POST", "/sandbox/appcodes", {});
      clearInterval(countdown);
      countdown = setInterval(showCode, 1000);
      showCode();
    }),
  );
  onLanguage(() => {
    showCarts();
    showCode();
  });
}

export const loadCarts = oneAtATime(async () => {
  try {
    carts = await call("GET", "/sandbox/carts?limit=20");
    showCarts();
  } catch (error) {
    showProblem(error);
  }
});

function showCarts() {
  const open = carts.filter((cart) => cart.State === WAITING || cart.State === SMS);
  const past = carts.filter((cart) => !open.includes(cart)).slice(0, MOST_PAST);
  byId("requests").replaceChildren(...open.map((cart) => (cart.State === SMS ? smsMessage(cart) : request(cart))));
  byId("phone-idle").hidden = open.length > 0;
  byId("phone-idle").textContent = t("phoneIdle");
  byId("history").replaceChildren(...past.map(pastItem));
  say(open.map((cart) => (cart.State === SMS ? smsWords(cart) : requestWords(cart))).join(" "));
}

/** Tells a screen reader only what is new. */
function say(words) {
  if (byId("phone-news").textContent !== words) byId("phone-news").textContent = words;
}

const requestWords = (cart) => t("requestFor").replace("{amount}", formatKr(cart.Amount));
const smsWords = (cart) => t("smsText").replace("{code}", cart.SmsCode).replace("{amount}", formatKr(cart.Amount));

function request(cart) {
  const answer = (verb) => (event) =>
    withButton(event.currentTarget, () => call("POST", `/sandbox/carts/${cart.TransactionId}/${verb}`, {}));
  const button = (verb, className) => {
    const made = element("button", { type: "button", className, textContent: t(verb) });
    made.ariaLabel = `${t(verb)}: ${formatKr(cart.Amount)}`;
    made.addEventListener("click", answer(verb));
    return made;
  };
  return element(
    "article",
    { className: "request" },
    element("p", { className: "quiet", textContent: t("wantsPayment") }),
    element("p", { className: "big", textContent: formatKr(cart.Amount) }),
    element("p", { className: "quiet", textContent: [cart.Description, cart.Reference].filter(Boolean).join(" · ") }),
    element("div", { className: "buttons" }, button("accept", "primary"), button("reject", "")),
  );
}

function smsMessage(cart) {
  return element(
    "article",
    { className: "sms" },
    element("p", { className: "quiet", textContent: `SMS · ${formatTime(cart.Created)}` }),
    element("p", { className: "bubble", textContent: smsWords(cart) }),
  );
}

function pastItem(cart) {
  return element(
    "li",
    {},
    element("span", { textContent: formatKr(cart.Amount) }),
    element("span", { textContent: orText(`cart_${cart.State.replace(" ", "_")}`, cart.State) }),
  );
}

function showCode() {
  byId("token").hidden = byId("token-time").hidden = code === null;
  byId("issue-code").textContent = t(code === null ? "showAppCode" : "newAppCode");
  if (code === null) return;
  const left_s = Math.max(0, Math.round((Date.parse(code.Expires) - Date.now()) / 1000));
  byId("token-prefix").textContent = code.AppCode.slice(0, -code.Token.length);
  byId("token-digits").textContent = code.Token;
  byId("token").classList.toggle("expired", left_s === 0);
  const time = `${Math.floor(left_s / 60)}:${String(left_s % 60).padStart(2, "0")}`;
  byId("token-time").textContent = left_s ? t("codeValid").replace("{time}", time) : t("codeExpired");
  if (left_s === 0) clearInterval(countdown);
}
