// A duration against the standard time, in a sign, words and a colour by the thresholds of the module.

import { figure, text } from "./format.js";

const SIGNS = { fast: "✓", near: "◆", slow: "✕", "": "" };
const STATUS = { fast: "green", near: "yellow", slow: "red" };

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

export const signOf = (band) => SIGNS[band];

/** The sign of a band with its word, as the server says them too (`Words.sign`); "" where it is not known. */
export const bandText = (band) => (band ? `${SIGNS[band]} ${text(`status_${STATUS[band]}`)}` : "");

/** So many percent more (+) or less (−) than the SAM. */
export function percentText(percent) {
  const rounded = Math.round(percent * 10) / 10;
  const sign = rounded > 0 ? "+" : rounded < 0 ? "−" : "";
  return text("figure_percent", { figure: sign + figure(Math.abs(rounded)) });
}

/** The band in its sign and word, and the percent against the SAM. */
export function versusText(percent) {
  if (percent === null) return text("versus_unknown");
  return `${bandText(versusPace(percent))} ${percentText(percent)}`;
}

/** The band of so many percent above (+) or below (-) the SAM. */
export const versusPace = (percent) => (percent === null ? "" : pace(1 + percent / 100, 1));
