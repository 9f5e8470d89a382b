// Charts in the colours and the language of the page. They are painted again when the colours change.

import "../vendor/chart.js/chart.umd.js";
import { figure } from "./format.js";

const { Chart } = globalThis;
const painted = new Map();

/** A colour of the page as the canvas understands it. */
export function colour(name) {
  const probe = document.createElement("span");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/**
 * Paint a chart, now and whenever the colours change.
 * @param options gives the configuration of Chart.js in the present colours.
 */
export function paint(canvas, options) {
  painted.get(canvas)?.chart.destroy();
  Chart.defaults.color = colour("quiet");
  Chart.defaults.borderColor = colour("line");
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.defaults.animation = false;
  Chart.defaults.maintainAspectRatio = false;
  const chart = new Chart(canvas, options());
  painted.set(canvas, { chart, options });
  return chart;
}

addEventListener("fresh", () => {
  for (const [canvas, { chart }] of painted) {
    if (canvas.isConnected) continue;
    chart.destroy();
    painted.delete(canvas);
  }
});

addEventListener("theme", () => {
  for (const [canvas, { options }] of painted) paint(canvas, options);
});

/** A horizontal line with a name at its right end. */
export const level = (value, name, colourName, dash = [6, 4]) => ({ value, name, colourName, dash });

function label(ctx, words, right, bottom) {
  const width = ctx.measureText(words).width;
  const ink = ctx.fillStyle;
  ctx.fillStyle = colour("card");
  ctx.fillRect(right - width - 3, bottom - 12, width + 6, 16);
  ctx.fillStyle = ink;
  ctx.fillText(words, right, bottom);
}

/** Draws levels over a chart. */
export const levels = (lines) => ({
  id: "levels",
  afterDatasetsDraw(chart) {
    const { ctx, chartArea: { left, right, top, bottom }, scales: { y } } = chart;
    ctx.save();
    ctx.font = `600 12px ${Chart.defaults.font.family}`;
    ctx.textAlign = "right";
    for (const line of lines) {
      const at = y.getPixelForValue(line.value);
      if (at < top - 1 || at > bottom + 1) continue;
      ctx.strokeStyle = colour(line.colourName);
      ctx.fillStyle = colour(line.colourName);
      ctx.lineWidth = 2;
      ctx.setLineDash(line.dash);
      ctx.beginPath();
      ctx.moveTo(left, at);
      ctx.lineTo(right, at);
      ctx.stroke();
      label(ctx, `${line.name} ${figure(line.value)} s`, right - 4, at - 6);
    }
    ctx.restore();
  },
});
