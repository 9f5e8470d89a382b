// A duration against the standard time, in a sign, words and a colour.

import { figure, text } from "./format.js";

/** "fast", "slow", or "" where one of the two is not known. */
export function pace(durationS, samS) {
  if (durationS === null || samS === null) return "";
  return durationS > samS ? "slow" : "fast";
}

export function versusText(percent) {
  if (percent === null) return text("versus_unknown");
  const rounded = Math.round(percent * 10) / 10;
  if (rounded === 0) return `= ${text("versus_equal")}`;
  return rounded > 0
    ? `▲ ${text("versus_over", { figure: figure(rounded) })}`
    : `▼ ${text("versus_under", { figure: figure(-rounded) })}`;
}

export const versusPace = (percent) =>
  percent === null ? "" : Math.round(percent * 10) > 0 ? "slow" : "fast";
