package io.marchproxy.l3l4.stages.packet;

/**
 * Begins with an unused stretch of {@link CacheLines#APART_BYTES}: the base of objects that one thread writes for every packet or
 * batch, and that may come to stand in the heap behind another thread's. {@code CacheLinesTest} lists them.
 *
 * <p>By hand, since the JDK's own annotation is reserved to it. Of numbers of four bytes, because a superclass's gap, such as the
 * one that a header of twelve bytes leaves before numbers of eight, is filled with a subclass's fields.
 */
@SuppressWarnings("unused")
public abstract class SingleWriter {
    int pad00;
    int pad01;
    int pad02;
    int pad03;
    int pad04;
    int pad05;
    int pad06;
    int pad07;
    int pad08;
    int pad09;
    int pad10;
    int pad11;
    int pad12;
    int pad13;
    int pad14;
    int pad15;
    int pad16;
    int pad17;
    int pad18;
    int pad19;
    int pad20;
    int pad21;
    int pad22;
    int pad23;
    int pad24;
    int pad25;
    int pad26;
    int pad27;
    int pad28;
    int pad29;
    int pad30;
    int pad31;

    /** For subclasses. */
    protected SingleWriter() {}
}
