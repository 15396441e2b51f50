// The customer's phone: payment requests to accept or reject, SMS codes, and the app code on demand.

import { call, oneAtATime } from "./api.js";
import { onLanguage, t } from "./i18n.js";
import { byId, element, formatKr, formatTime, Items, setText, showProblem, wordsOr, working } from "./page.js";

const MOST_PAST = 4;

let carts = [];
let code = null; // {AppCode, Token, Expires}
let countdown = 0;

const isSms = (cart) => cart.State === "awaiting code";
const isOpen = (cart) => cart.State === "awaiting customer" || isSms(cart);
const requests = new Items(
  byId("requests"),
  (cart) => cart.TransactionId,
  (cart) => (isSms(cart) ? sms(cart) : request(cart)),
);

export function startPhone() {
  byId("issue-code").addEventListener("click", () =>
    working(byId("issue-code"), async () => {
      code = await call("POST", "/sandbox/appcodes", {});
      clearInterval(countdown);
      countdown = setInterval(showCode, 1000);
      showCode();
    }),
  );
  onLanguage(() => {
    requests.forget();
    showCarts();
    showCode();
  });
}

export const loadCarts = oneAtATime(async () => {
  carts = await call("GET", "/sandbox/carts?limit=20");
  showCarts();
}, showProblem);

function showCarts() {
  const open = carts.filter(isOpen);
  const past = carts.filter((cart) => !isOpen(cart)).slice(0, MOST_PAST);
  requests.show(open);
  byId("phone-idle").hidden = open.length > 0;
  setText(byId("phone-idle"), t("phoneIdle"));
  byId("history").replaceChildren(...past.map(pastItem));
  setText(byId("phone-news"), open.map((cart) => (isSms(cart) ? smsWords(cart) : requestWords(cart))).join(" "));
}

const requestWords = (cart) => t("requestFor").replace("{amount}", formatKr(cart.Amount));
const smsWords = (cart) => t("smsText").replace("{code}", cart.SmsCode).replace("{amount}", formatKr(cart.Amount));

function request(cart) {
  const answer = (verb) => (event) =>
    working(event.currentTarget, () => call("POST", `/sandbox/carts/${cart.TransactionId}/${verb}`, {}));
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

function sms(cart) {
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
    element("span", { textContent: wordsOr(`cart_${cart.State.replace(" ", "_")}`, cart.State) }),
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
