// A receipt of 1.990 kr. as each library writes it: one line of hex a library. Arguments: which one.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const writers = {
  async receiptline() {
    const { transform } = require("receiptline");
    const text = "KAFFI | 590\nTE | 1.400\n---\nSAMTALS | 1.990\n=\n";
    return Buffer.from(transform(text, { cpl: 32, encoding: "cp437", command: "escpos" }), "latin1");
  },
  async "node-thermal-printer"() {
    const { ThermalPrinter, PrinterTypes, CharacterSet } = require("node-thermal-printer");
    const printer = new ThermalPrinter({
      type: PrinterTypes.EPSON,
      interface: "tcp://127.0.0.1:9",
      characterSet: CharacterSet.PC850_MULTILINGUAL,
      width: 42,
    });
    printer.alignCenter();
    printer.println("KAFFIHUSID");
    printer.alignLeft();
    printer.leftRight("KAFFI", "590");
    printer.leftRight("TE", "1.400");
    printer.drawLine();
    printer.bold(true);
    printer.leftRight("SAMTALS", "1.990");
    printer.bold(false);
    printer.cut();
    return printer.getBuffer();
  },
  async "escpos-buffer"() {
    const { InMemory, Model, Printer, Align, Style, Cut } = require("escpos-buffer");
    const connection = new InMemory();
    const printer = await Printer.CONNECT("MP-4200 TH", connection);
    await printer.setColumns(42);
    await printer.writeln("KAFFIHUSID", Style.Bold, Align.Center);
    await printer.writeln("KAFFI                                 590");
    await printer.writeln("SAMTALS                             1.990", Style.Bold);
    await printer.feed(2);
    await printer.cutter();
    return connection.buffer();
  },
  async "receipt-printer-encoder"() {
    const module = await import("@point-of-sale/receipt-printer-encoder");
    const Encoder = module.default;
    const encoder = new Encoder({ language: "esc-pos", columns: 42 });
    const bytes = encoder
      .initialize()
      .codepage("auto")
      .align("center")
      .line("KAFFIHÚSIÐ")
      .align("left")
      .table([{ width: 20, align: "left" }, { width: 20, align: "right" }], [["KAFFI", "590"], ["SAMTALS", "1.990 kr"]])
      .newline()
      .cut()
      .encode();
    return Buffer.from(bytes);
  },
};

const bytes = await writers[process.argv[2]]();
console.log(bytes.toString("hex"));
