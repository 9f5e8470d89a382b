// The day of a module: lost time of all of it is marked here.

import { prepareForms } from "./forms.js";

prepareForms();
