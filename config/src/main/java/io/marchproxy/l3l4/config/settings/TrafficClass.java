package io.marchproxy.l3l4.config.settings;

/** The four traffic classes, most urgent first; the ordinal is the class's number. */
public enum TrafficClass {
    P0,
    P1,
    P2,
    P3
}
