// The live page: put together and kept up to date.

import { Connection } from "./connection.js";
import { openCycle, prepareDialog } from "./cycle.js";
import { loadTexts, setZone } from "./format.js";
import { showCameras, showConnection, showModule, showNotice, showTime } from "./header.js";
import { Model } from "./model.js";
import { showTiles, tick } from "./tiles.js";

const TICK_MS = 250;
const model = new Model();
let connection;
let module = null;
let drawing = false;

function chosenModule() {
  const codes = model.plant.modules.map((one) => one.code);
  const wanted = decodeURIComponent(location.hash.slice(1));
  return codes.includes(wanted) ? wanted : codes[0] ?? null;
}

function select(code) {
  location.hash = code;
}

/** Draw once a frame, however many events have come. */
function draw() {
  if (drawing) return;
  drawing = true;
  setTimeout(() => {
    drawing = false;
    show();
  }, 30);
}

function show() {
  if (!model.plant) return;
  module = chosenModule();
  showModule(model, module, select);
  showCameras(model, module);
  showTiles(model, module, openCycle);
  showEveryTick();
}

function showEveryTick() {
  showConnection(connection);
  showNotice(model, connection);
  if (!model.plant) return;
  showTime(model);
  // Without a module nothing has been drawn yet that could be kept up to date.
  if (connection.state === "lost" || module === null) return;
  showCameras(model, module);
  tick(model, module);
}

await loadTexts();
prepareDialog();
connection = new Connection((name, data) => {
  model.apply(name, data);
  // At once, not with the drawing: the clock ticks in between.
  if (model.plant) setZone(model.plant.time_zone ?? "UTC");
  draw();
});
addEventListener("hashchange", draw);
setInterval(showEveryTick, TICK_MS);
