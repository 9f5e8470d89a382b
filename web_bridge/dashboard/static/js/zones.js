// The editor of zones: what is drawn is saved station by station, each as a new version.

import { byId, say } from "./dom.js";
import { loadTexts, text } from "./format.js";
import { newKey, sent } from "./forms.js";
import { tell } from "./problem.js";
import { Drawing } from "./zones_drawing.js";
import { Model, changeOf } from "./zones_model.js";
import { Panel } from "./zones_panel.js";
import { watchPeople, watchPicture, watchView } from "./zones_sight.js";

await loadTexts();
const model = new Model(byId("zones"));
const said = byId("said");
const canSave = !byId("save").disabled;
const changed = () => {
  panel.showList();
  byId("save").disabled = !canSave || model.changed.length === 0;
  byId("new-zone").disabled = model.chosen === null;
};
const chose = () => { panel.show(); drawing.show(); };
const drawing = new Drawing(byId("drawing"), model, { changed, chose });
const panel = new Panel(byId("stations"), byId("station"), model, { changed: () => { drawing.show(); changed(); }, chose });
byId("zones").style.setProperty("--ratio", String(model.width / model.height)); // the picture is as high as the window leaves room
panel.show();
drawing.show();
changed();

byId("new-station").addEventListener("click", () => begin(true));
byId("new-station").disabled = false; // before, a press would have been lost
byId("new-zone").addEventListener("click", () => begin(false));
byId("save").addEventListener("click", save);
byId("carry-over").addEventListener("click", carryOver);
addEventListener("beforeunload", (event) => { if (model.changed.length) event.preventDefault(); });

watchPicture(byId("sight"), model.camera);
watchPeople(model, drawing, byId("trying"), byId("tried"));
watchView(model.camera, byId("view"), byId("carry-over"));

function begin(isNew) {
  model.begin(isNew);
  drawing.show();
  byId("drawing").focus();
  say(said, text("zones_draw_now"));
}

/** Each changed station; what was saved stays saved when a later one is refused. */
async function save() {
  if (byId("station").querySelector("[aria-invalid], :invalid")) {
    say(said, text("zones_invalid"));
    return;
  }
  byId("save").disabled = true;
  say(said, text("saving"));
  const names = [];
  for (const station of model.changed) {
    const address = `/api/v1/workstations/${station.module}/${station.code}/zones`;
    const { wrong, made } = await sent("PUT", address, changeOf(station, model.camera), newKey());
    if (wrong !== null) {
      tell(said, { ...wrong, words: `${station.display_name || station.code}: ${wrong.words}` });
      changed();
      return;
    }
    Object.assign(station, { versions: made.versions, isNew: false, changed: false });
    names.push(`${station.display_name || station.code}${made.in_use ? " ✓" : ""}`);
  }
  say(said, text("zones_saved", { stations: names.join(", ") }));
  panel.show();
  changed();
}

/** The zones as they should lie after the camera has moved: taken over and saved with one press. */
async function carryOver() {
  const answer = await fetch(`/zones/${model.camera}/proposal`);
  const { zones, problem } = answer.ok ? await answer.json() : { zones: [], problem: "no_picture" };
  const refused = problem ? [] : zones.filter((zone) => zone.polygon_px === null);
  if (problem || refused.length) {
    say(said, problem ? text(`zones_proposal_${problem}`) : text("zones_proposal_lost", { zones: refused.map((zone) => zone.workstation).join(", ") }));
    return;
  }
  for (const { module, workstation, zone, polygon_px: polygon } of zones) {
    const station = model.stations.find((one) => one.module === module && one.code === workstation);
    if (!station?.zones[zone]) continue;
    station.zones[zone].polygon_px = polygon;
    station.changed = true;
  }
  chose();
  await save();
}
