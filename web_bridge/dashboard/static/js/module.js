// The day of a module: lost time of all of it is marked here.

import { loadTexts } from "./format.js";
import { prepareForms } from "./forms.js";

await loadTexts();
prepareForms();
