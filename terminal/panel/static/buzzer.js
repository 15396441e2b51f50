// The terminal's buzzer: a mark while it sounds and, for whoever wants it, the sound itself.

import { byId } from "./page.js";

const LEAST_SEEN_MS = 350;
const PITCH_HZ = 2300;
const LOUDNESS = 0.04;
const RAMP_S = 0.004; // a tone that begins at once clicks

let volume = null;
let buzzing = false;
let hiding = 0;

export function startBuzzer() {
  byId("sound").addEventListener("change", () => {
    if (byId("sound").checked && !volume) volume = toneAtRest(); // browsers allow sound only after a hand's doing
    sound();
  });
}

/** A beep may be over before an eye has found it: the mark stays a little longer. */
export function showBuzzer(isOn) {
  buzzing = isOn;
  clearTimeout(hiding);
  if (isOn) byId("beep").hidden = false;
  else hiding = setTimeout(() => (byId("beep").hidden = true), LEAST_SEEN_MS);
  sound();
}

function sound() {
  const loudness = buzzing && byId("sound").checked ? LOUDNESS : 0;
  volume?.gain.setTargetAtTime(loudness, volume.context.currentTime, RAMP_S);
}

function toneAtRest() {
  const context = new AudioContext();
  const tone = new OscillatorNode(context, { type: "square", frequency: PITCH_HZ });
  const gain = new GainNode(context, { gain: 0 });
  tone.connect(gain).connect(context.destination);
  tone.start();
  return gain;
}
