package io.marchproxy.l3l4.replay.diff;

/**
 * A kind of change: what was so is otherwise.
 *
 * @param before in words, under the recorded configuration
 * @param after in words, under the candidate
 * @param decisions that changed so
 * @param bytes of these
 */
public record Change(Aspect aspect, String before, String after, long decisions, long bytes) {}
