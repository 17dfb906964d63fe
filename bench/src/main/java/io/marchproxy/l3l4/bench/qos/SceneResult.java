package io.marchproxy.l3l4.bench.qos;

/** What one turn of a scene gave. */
record SceneResult(Scene scene, Shaper shaper, int round, SceneFigures figures) {}
