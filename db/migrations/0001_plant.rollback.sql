DROP TRIGGER rois_never_go;
DROP TABLE rois;
DROP TABLE cv_model_versions;
DROP TABLE standard_times;
DROP TABLE workstations;
DROP TABLE cameras;
DROP TABLE modules;
DROP TABLE schema_version;
