// A duration against the standard time, in a sign, words and a colour by the thresholds of the module.

import { figure, text } from "./format.js";

/** Percent of the pace of the SAM; the engineer sets them for each module. */
const thresholds = { green: 100, yellow: 100 };

export function setThresholds({ paceGreen, paceYellow }) {
  thresholds.green = Number(paceGreen);
  thresholds.yellow = Number(paceYellow);
}

/** "fast", "near", "slow", or "" where one of the two is not known. */
export function pace(durationS, samS) {
  if (durationS === null || samS === null) return "";
  const percent = (100 * samS) / durationS;
  if (percent >= thresholds.green) return "fast";
  return percent >= thresholds.yellow ? "near" : "slow";
}

export function versusText(percent) {
  if (percent === null) return text("versus_unknown");
  const rounded = Math.round(percent * 10) / 10;
  if (rounded === 0) return `= ${text("versus_equal")}`;
  return rounded > 0
    ? `▲ ${text("versus_over", { figure: figure(rounded) })}`
    : `▼ ${text("versus_under", { figure: figure(-rounded) })}`;
}

/** The same of so many percent above (+) or below (-) the SAM. */
export const versusPace = (percent) => (percent === null ? "" : pace(1 + percent / 100, 1));
