package io.marchproxy.l3l4.stages.route;

/** Which backends the route stage takes for healthy. Any thread may ask. */
public interface HealthView {
    /**
     * Whether a backend is healthy as far as this pipeline was told.
     *
     * @param backend its engine-wide number; one that no pool names is taken for healthy, as a new one is
     */
    boolean healthy(int backend);
}
