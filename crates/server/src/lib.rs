//! The bundled server: reads configuration, wires the parts, runs and stops.
