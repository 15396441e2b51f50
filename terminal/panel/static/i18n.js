// The page's own words in Icelandic and English. What terminal and paper say comes from the terminal itself.

const WORDS = {
  subtitleReal: ["Staða posans", "How the terminal is doing"],
  subtitle: ["Afgreiðsluborð með hermdum tækjum", "A shop counter with simulated devices"],
  language: ["Tungumál síðunnar", "Language of this page"],
  logout: ["Skrá út", "Log out"],
  try: ["Prófaðu", "Try this"],
  tryRegister: ["Stimplaðu inn 1.990 kr. á kassanum", "Ring up 1.990 kr. on the register"],
  tryTerminal: ["Sláðu inn 8223281 og # á posanum", "Type 8223281 and # on the terminal"],
  tryPhone: ["Samþykktu í símanum", "Accept on the phone"],
  tryPaper: ["Kvittunin prentast", "The receipt comes out"],
  lost: [
    "Posinn svarar ekki. Ef hann var stöðvaður þarf að ræsa hann aftur, til dæmis með „make demo“. Síðan tengist þá sjálf.",
    "The terminal does not answer. If it was stopped, start it again, for example with “make demo”. This page then reconnects by itself.",
  ],
  close: ["Loka", "Close"],

  register: ["Afgreiðslukassi", "Register"],
  amount: ["Upphæð", "Amount"],
  amountProblem: ["Sláðu inn heilar krónur, til dæmis 1990.", "Type whole krónur, for example 1990."],
  pay: ["Borga", "Pay"],
  cancel: ["Hætta við", "Cancel"],
  till_ready: ["Tilbúinn", "Ready"],
  till_asked: ["Augnablik", "One moment"],
  till_waiting: ["Bíður eftir greiðslu", "Waiting for payment"],
  till_paid: ["Greitt", "Paid"],
  till_notPaid: ["Ekki greitt: {reason}", "Not paid: {reason}"],
  cable: ["Á snúrunni", "On the cable"],
  ownProgramCalls: ["Kassakerfi kalla hér með lyklinum {token}:", "Register programs call here with the token {token}:"],
  ownProgram: ["Þitt eigið kassakerfi tengist við þetta raðtengi:", "Your own register program connects to this serial port:"],
  copy: ["Afrita", "Copy"],
  copied: ["Afritað", "Copied"],
  fromProgram: ["frá þínu kerfi", "from your program"],
  lostOnCable: ["komst ekki til skila", "did not arrive"],
  sentOther: ["Kassi sendi:", "Register sent:"],
  heardOther: ["Posi sendi:", "Terminal sent:"],
  sentPING: ["Kassi: ertu þarna?", "Register: are you there?"],
  sentPAY: ["Kassi: taktu við {amount}", "Register: take {amount}"],
  sentCANCEL: ["Kassi: hættu við", "Register: cancel"],
  sentSTATUS: ["Kassi: hver er staðan?", "Register: how do we stand?"],
  heardPONG: ["Posi: ég er hér", "Terminal: I am here"],
  heardWAIT: ["Posi: augnablik", "Terminal: one moment"],
  heardOK: ["Posi: {amount} greiddar", "Terminal: {amount} paid"],
  heardNO: ["Posi: ekki greitt, {reason}", "Terminal: not paid, {reason}"],
  heardERR: ["Posi: get það ekki, {reason}", "Terminal: I cannot, {reason}"],
  heardREADY: ["Posi: tilbúinn", "Terminal: ready"],
  heardBUSY: ["Posi: sala er opin", "Terminal: a sale is open"],
  codeDECLINED: ["greiðslu var hafnað", "the payment was declined"],
  codeCANCELLED: ["hætt var við", "it was cancelled"],
  codeTIMEOUT: ["tíminn rann út", "time ran out"],
  codeUNAVAILABLE: ["ekki næst samband", "the service cannot be reached"],
  codeBUSY: ["önnur sala er opin", "another sale is open"],
  codeAMOUNT: ["upphæðin gengur ekki", "the amount is not possible"],
  codeSYNTAX: ["skipunin skilst ekki", "the command is not understood"],
  codeUNKNOWN: ["óvíst, skoðaðu posann", "not known, look at the terminal"],

  showHex: ["Sýna bæti", "Show bytes"],
  typing: ["… línan er ekki búin", "… the line is not finished"],
  buzzing: ["Píp!", "Beep!"],
  sound: ["Hljóð", "Sound"],
  lampLit: ["Ljósið logar", "The lamp is lit"],
  lampDark: ["Slökkt á ljósinu", "The lamp is dark"],
  stateOff: ["Enginn straumur", "No power"],

  devices: ["Tæki", "Devices"],
  device_register: ["Kassi", "Register"],
  device_keypad: ["Takkaborð", "Keypad"],
  device_display: ["Skjár", "Display"],
  device_printer: ["Prentari", "Printer"],
  device_signals: ["Ljós og hljóð", "Lamp and buzzer"],

  bench: ["Vinnuborð", "Workbench"],
  story: ["Hvað er að gerast", "What is happening"],
  states: ["Stöður sölunnar", "States of the sale"],
  timeline: ["Atburðir", "Timeline"],
  journal: ["Færslubókin", "The journal"],
  columnTime: ["Tími", "Time"],
  columnSale: ["Sala", "Sale"],
  columnEvent: ["Atburður", "Event"],
  columnState: ["Staða", "State"],
  refundSale: ["Endurgreiða sölu", "Refund sale"],
  refundAmount: ["upphæð", "amount"],
  refundAll: ["allt", "all of it"],
  refundLast: ["síðasta", "the last"],
  refund: ["Endurgreiða", "Refund"],
  refundProblem: ["Númer sölunnar er í færslubókinni; upphæðin er í heilum krónum.", "The sale's number stands in the journal; the amount is in whole krónur."],
  refundOf: ["Endurgreiðsla {refund} á sölu {sale}, {amount}: {text}", "Refund {refund} of sale {sale}, {amount}: {text}"],
  written: ["skráð", "on disk"],
  noAnswer: ["ekkert svar", "no answer"],
  requestBody: ["Beiðni", "Request"],
  answerBody: ["Svar", "Answer"],
  promises: ["Loforð posans um peninga", "What the terminal promises about money"],
  promise_told_is_paid: ["Sagt greitt = greitt hjá Netgíró", "Told as paid = paid at Netgíró"],
  promise_paid_once: ["Aldrei greitt tvisvar", "Never paid twice"],
  promise_told_as_written: ["Kassinn heyrir það sem er skráð", "The register hears what is written"],
  promise_told_once: ["Eitt svar á hvert númer kassans", "One answer for each register id"],
  promise_everything_ends: ["Engin sala er opin", "No sale is open"],
  promise_on_paper: ["Kvittanir eru komnar á pappír", "Receipts are on paper"],
  light_kept: ["haldið", "kept"],
  light_open: ["opið", "open"],
  light_broken: ["rofið", "broken"],
  state_idle: ["laus", "idle"],
  state_entry: ["innsláttur", "entry"],
  state_authorization: ["beiðni send", "authorization"],
  state_customer: ["viðskiptavinur", "customer"],
  state_code_entry: ["SMS-kóði", "code entry"],
  state_code_check: ["kóði sendur", "code check"],
  state_capture: ["staðfesting", "capture"],
  state_void: ["afturköllun", "void"],
  state_report: ["tilkynning", "report"],
  state_attention: ["starfsfólk", "attention"],
  state_closed: ["lokið", "closed"],
  outcome_approved: ["greitt", "approved"],
  outcome_declined: ["hafnað", "declined"],
  outcome_cancelled: ["hætt við", "cancelled"],
  outcome_failed: ["mistókst", "failed"],
  outcome_unknown: ["óvíst", "unknown"],
  outcome_refund_due: ["á að endurgreiða", "refund due"],
  outcome_refunded: ["endurgreitt", "refunded"],
  event_SaleRequested: ["Kassinn bað um greiðslu", "The register asked for a payment"],
  event_CustomerIdentified: ["Viðskiptavinur sló inn númer", "The customer gave a number"],
  event_AuthorizationOpened: ["Netgíró tók við beiðninni", "Netgíró took the request"],
  event_StatusReceived: ["Netgíró sagði hver staðan er", "Netgíró told how it stands"],
  event_RefusalReceived: ["Netgíró sagði nei", "Netgíró refused"],
  event_AnswerLost: ["Ekkert svar barst", "No answer came"],
  event_CodeEntered: ["SMS-kóði sleginn inn", "The SMS code was typed"],
  event_CancelRequested: ["Beðið um að hætta við", "Somebody asked to cancel"],
  event_DeadlinePassed: ["Tíminn rann út", "Time ran out"],
  event_RetryDue: ["Spurt aftur", "Time to ask again"],
  event_CallbackReceived: ["Netgíró hringdi til baka", "Netgíró called back"],
  event_ResultAcknowledged: ["Kassinn hefur svarið", "The register has the result"],
  event_ResultDelivered: ["Svarið fór til kassans", "The result went out to the register"],
  event_ResultRejected: ["Kassinn tók ekki við svarinu", "The register did not take the result"],
  event_PowerRestored: ["Sala var opin þegar straumur kom", "A sale was open when the power came back"],
  event_SettledByStaff: ["Starfsfólk gerði upp", "Staff settled it"],
  event_ResultSeen: ["Niðurstaðan hefur sést", "The result was seen"],
  event_PowerCut: ["Straumurinn fór", "The power went"],
  event_PowerOn: ["Posinn ræstist", "The terminal started"],

  faults: ["Láta bila", "Make it go wrong"],
  faultsAbout: [
    "Hver takki er líka HTTP-kall (GET /api/faults) og skipun: netgiro-terminal fault.",
    "Each button is also an HTTP call (GET /api/faults) and a command: netgiro-terminal fault.",
  ],
  clearFaults: ["Laga allt", "Mend everything"],
  optionCall: ["Kall", "Call"],
  anyCall: ["hvert sem er", "any"],
  optionTimes: ["Skipti", "Times"],
  optionSeconds: ["Sekúndur", "Seconds"],
  optionCode: ["Kóði", "Code"],
  group_server: ["Netgíró", "Netgíró"],
  group_network: ["Netið", "Network"],
  group_customer: ["Viðskiptavinur", "Customer"],
  group_register: ["Kassi", "Register"],
  group_printer: ["Prentari", "Printer"],
  group_keypad: ["Takkaborð", "Keypad"],
  group_display: ["Skjár", "Display"],
  group_power: ["Straumur", "Power"],
  group_machine: ["Diskur og klukka", "Disk and clock"],
  magic: ["Töfraupphæðir", "Magic amounts"],
  magicAbout: ["Þessar upphæðir ráða því hvernig fer.", "These amounts decide how a sale goes."],

  scenarios: ["Sviðsmyndir", "Scenarios"],
  scenariosAbout: [
    "Smelltu á sviðsmynd og horfðu á. Þær eru litlar skrár sem eru líka próf.",
    "Click a scenario and watch. They are small files, and tests as well.",
  ],
  record: ["Taka upp", "Record"],
  recordEnd: ["Ljúka upptöku", "End the recording"],
  playFile: ["Spila skrá …", "Play a file …"],
  stop: ["Stöðva", "Stop"],
  stepOf: ["skref {step} af {steps}", "step {step} of {steps}"],
  played: ["gekk upp", "went well"],
  notPlayed: ["gekk ekki: {problem}", "failed: {problem}"],

  simulation: ["Hermun", "Simulation"],
  simulationAbout: [
    "Hvert fræ er lítill heimur þar sem allt bilar, og sagan er alltaf sú sama. Líka: netgiro-terminal simulate --seed 7 --story.",
    "Each seed is a small world in which everything goes wrong, and its story is always the same. Also: netgiro-terminal simulate --seed 7 --story.",
  ],
  seed: ["Fræ", "Seed"],
  openWorld: ["Opna", "Open"],
  nextWorld: ["Næsta fræ", "Next seed"],
  stepper: ["Lína fyrir línu", "Line by line"],
  firstViolation: ["Fyrsta brot", "First violation"],
  previousLine: ["Fyrri lína", "Previous line"],
  nextLine: ["Næsta lína", "Next line"],
  lineOf: ["lína {line} af {lines}", "line {line} of {lines}"],
  worldKeys: ["Sagan, örvatakkar fletta", "The story, arrow keys step"],
  columnSeconds: ["Sekúndur", "Seconds"],
  worldKept: ["Öll loforð haldin", "Every promise kept"],
  worldBroken: ["Rofin loforð: {count}", "Broken promises: {count}"],
  worldSales: ["sölur: {count}", "sales: {count}"],
  worldCuts: ["straumrof: {count}", "power cuts: {count}"],
  who_register: ["Kassi", "Register"],
  who_terminal: ["Posi", "Terminal"],
  who_journal: ["Færslubók", "Journal"],
  who_cashier: ["Starfsmaður", "Cashier"],
  who_customer: ["Viðskiptavinur", "Customer"],
  who_netgíró: ["Netgíró", "Netgíró"],
  who_network: ["Net", "Network"],
  who_power: ["Straumur", "Power"],
  who_clock: ["Klukka", "Clock"],
  who_verdict: ["Brot", "Violation"],

  terminal: ["Posi", "Terminal"],
  keypad: ["Takkaborð posans", "The terminal's keypad"],
  "key*": ["hreinsa", "clear"],
  "key#": ["OK", "OK"],
  keyA: ["app-kóði", "app code"],
  keyB: ["kennitala", "kennitala"],
  keyC: ["sími", "phone"],
  keyD: ["valmynd", "menu"],
  computerKeys: ["Takkaborð tölvunnar slær líka inn", "The computer's keys type here too"],
  networkOk: ["Netsamband", "Network"],
  networkDown: ["Ekkert netsamband", "No network"],
  registerOk: ["Kassi tengdur", "Register connected"],
  registerDown: ["Kassi ekki tengdur", "Register not connected"],
  keypadOk: ["Takkaborð í lagi", "Keypad fine"],
  keypadDown: ["Takkaborð svarar ekki", "Keypad does not answer"],

  phone: ["Sími viðskiptavinar", "Customer’s phone"],
  phoneIdle: [
    "Engin greiðslubeiðni. Númerið mitt er 8223281 og kennitalan 1111111119.",
    "No payment request. My number is 8223281, my kennitala 1111111119.",
  ],
  wantsPayment: ["Beiðni um greiðslu", "Payment request"],
  requestFor: ["Beiðni um greiðslu: {amount}", "Payment request: {amount}"],
  accept: ["Samþykkja", "Accept"],
  reject: ["Hafna", "Reject"],
  smsText: [
    "Kóðinn þinn er {code}. Sláðu hann inn á posanum til að greiða {amount}",
    "Your code is {code}. Type it on the terminal to pay {amount}",
  ],
  history: ["Fyrri beiðnir", "Earlier requests"],
  cart_reserved: ["Frátekið", "Reserved"],
  cart_awaiting_callback: ["Frátekið", "Reserved"],
  cart_paid: ["Greitt", "Paid"],
  cart_cancelled: ["Hætt við", "Cancelled"],
  cart_declined: ["Hafnað", "Declined"],
  showAppCode: ["Sýna app-kóða", "Show app code"],
  newAppCode: ["Nýr app-kóði", "New app code"],
  codeValid: ["Gildir í {time}. Síðustu fjórir tölustafirnir duga.", "Valid for {time}. The last four digits are enough."],
  codeExpired: ["Útrunninn.", "Expired."],

  paper: ["Kvittanir", "Receipts"],
  noReceipts: ["Hér kemur pappírinn út.", "The paper comes out here."],
  paperOut: ["Taka pappír", "Take paper"],
  paperIn: ["Ný rúlla", "New roll"],
  printer_ok: ["Prentari í lagi", "Printer fine"],
  printer_unknown: ["Prentari", "Printer"],
  printer_paper_out: ["Pappír búinn", "Out of paper"],
  printer_cover_open: ["Lokið er opið", "The cover is open"],
  printer_offline: ["Prentari ótengdur", "Printer off-line"],
  pending: ["{count} í bið", "{count} waiting"],
  receipt_customer: ["Eintak viðskiptavinar", "Customer copy"],
  receipt_merchant: ["Eintak söluaðila", "Merchant copy"],
  receipt_attention: ["Miði fyrir starfsfólk", "Slip for staff"],
  receipt_end_of_day: ["Dagsuppgjör", "End of day"],
  receiptAlt: ["{name}, textinn er hér fyrir neðan", "{name}, its text is below"],
  asText: ["texti", "text"],
  asBytes: ["ESC/POS-bæti", "ESC/POS bytes"],
};

const LANGUAGES = ["is", "en"];
const listeners = [];
let current = "en";

/** The words for this key; the key itself if there are none. */
export function t(key) {
  return WORDS[key]?.[LANGUAGES.indexOf(current)] ?? key;
}

/** `is` or `en`. */
export const chosenLanguage = () => current;

/** The right one of a text that comes in both languages. */
export function inLanguage(text) {
  return text[current] ?? text.en;
}

/** Called at the start and after every change of language. */
export function onLanguage(listener) {
  listeners.push(listener);
}

export function startLanguage() {
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => {
      localStorage.setItem("language", button.dataset.language);
      setLanguage(button.dataset.language);
    });
  }
  const preferred = localStorage.getItem("language") ?? navigator.language.slice(0, 2).toLowerCase();
  setLanguage(LANGUAGES.includes(preferred) ? preferred : "en");
}

function setLanguage(chosen) {
  current = chosen;
  document.documentElement.lang = chosen;
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of document.querySelectorAll("[data-t-label]")) node.ariaLabel = t(node.dataset.tLabel);
  for (const node of document.querySelectorAll("[data-language]")) {
    node.ariaPressed = String(node.dataset.language === chosen);
  }
  for (const listener of listeners) listener();
}
