// The engineer's board: put together and kept up to date.

import { Connection } from "./connection.js";
import { openCycle, prepareDialog } from "./cycle.js";
import { byId } from "./dom.js";
import { loadTexts, setZone } from "./format.js";
import { Hours } from "./hours.js";
import { showCameras, showConnection, showModule, showNotice, showTime } from "./header.js";
import { Model } from "./model.js";
import { showTiles, tick } from "./tiles.js";

const TICK_MS = 250;
const model = new Model();
const hours = new Hours(byId("hours"), () => module, draw);
let connection;
let module = null;
let drawing = false;

/** The module that the page was asked for; where the server did not know one yet, the first of the plant. */
function chosenModule() {
  const codes = model.plant.modules.map((one) => one.code);
  const asked = document.body.dataset.module;
  return codes.includes(asked) ? asked : codes[0] ?? null;
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
  showModule(model, module);
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
  if (name === "snapshot" || name === "cycles") hours.isDue();
  // At once, not with the drawing: the clock ticks in between.
  if (model.plant?.time_zone) setZone(model.plant.time_zone);
  draw();
});
setInterval(showEveryTick, TICK_MS);
