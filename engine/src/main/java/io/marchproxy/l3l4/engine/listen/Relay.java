package io.marchproxy.l3l4.engine.listen;

/** One protocol's relay over all shards: opens its listeners and knows what lives behind them. Any thread. */
public interface Relay extends ListenerOpener {
    /** Connections or sessions of a pipeline service that live now. */
    long live(int service);

    /** Connections or sessions of a pipeline service since the start. */
    long total(int service);

    /** Ends all that lives, at once. Returns when that is done. */
    void closeAll();
}
