// Everything that can be made to go wrong, one button each, and the amounts that decide how a sale goes.

import { call, oneAtATime } from "./api.js";
import { inLanguage, onLanguage, t } from "./i18n.js";
import { byId, element, formatKr, showProblem, working } from "./page.js";

let faults = [];
let magic = [];

export async function startFaults() {
  byId("clear-faults").addEventListener("click", () =>
    working(byId("clear-faults"), async () => take(await call("DELETE", "/api/faults"))),
  );
  onLanguage(() => {
    byId("fault-groups").replaceChildren();
    show();
    showMagic();
  });
  magic = await call("GET", "/api/magic");
  showMagic();
}

export const loadFaults = oneAtATime(async () => take(await call("GET", "/api/faults")), showProblem);

function take(answer) {
  faults = answer.faults;
  show();
}

function show() {
  if (!byId("fault-groups").children.length) build();
  for (const { name, kind, on } of faults) {
    const button = byId(`fault-${name}`);
    if (button && kind === "switch") button.ariaPressed = String(on);
  }
  const count = faults.filter(({ on }) => on).length;
  byId("fault-count").textContent = count || "";
  byId("clear-faults").disabled = count === 0;
}

function build() {
  const groups = [...new Set(faults.map(({ group }) => group))];
  byId("fault-groups").append(
    ...groups.map((group) =>
      element(
        "section",
        {},
        element("h3", { textContent: t(`group_${group}`) }),
        element("div", { className: "fault-buttons" }, ...faults.filter((one) => one.group === group).map(faultButton)),
      ),
    ),
  );
}

function faultButton(fault) {
  const button = element("button", {
    type: "button",
    id: `fault-${fault.name}`,
    className: "fault",
    title: fault.name,
    textContent: inLanguage(fault.title),
  });
  button.addEventListener("click", () =>
    working(button, async () => {
      const on = button.ariaPressed !== "true";
      take(await call("PUT", "/api/faults", { fault: fault.name, on, ...options(fault) }));
    }),
  );
  return button;
}

/** What was chosen above the buttons, for those that have a use for it. */
function options({ group, name }) {
  const number = (id) => Number(byId(id).value) || undefined;
  if (group === "server") {
    const chosen = { call: byId("option-call").value, times: number("option-times"), seconds: number("option-seconds") };
    return { ...chosen, code: number("option-code") };
  }
  if (name.startsWith("power-cut") && name.endsWith("call")) return { call: byId("option-call").value };
  if (name === "customer-accepts-late") return { seconds: number("option-seconds") };
  return {};
}

function showMagic() {
  byId("magic").replaceChildren(
    ...magic.map(({ amount, says }) => {
      const button = element("button", { type: "button", className: "small", textContent: formatKr(amount) });
      button.addEventListener("click", () => {
        byId("amount").value = amount;
        byId("amount").focus();
      });
      return element("li", {}, button, element("span", { textContent: says, lang: "en" }));
    }),
  );
}
