package io.marchproxy.l3l4.engine.cli;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/**
 * Signals of the operating system. The JDK has them in {@code sun.misc} alone, which javac does not let anybody name without
 * a warning that cannot be silenced: hence by reflection.
 */
final class Signals {
    private Signals() {}

    /**
     * Has a signal call an action, on a thread of the JVM's own, from now on.
     *
     * @param name without {@code SIG}, such as {@code HUP}
     */
    static void handle(String name, Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object instance = Proxy.newProxyInstance(
                    Signals.class.getClassLoader(), new Class<?>[] {handler}, (self, method, arguments) -> {
                        if (method.getDeclaringClass() == Object.class) {
                            return method.invoke(action, arguments);
                        }
                        action.run();
                        return null;
                    });
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance(name), instance);
        } catch (InvocationTargetException e) {
            // The JVM keeps the signal for itself (-Xrs, or a debugger): the service runs without it.
            throw new IllegalStateException("cannot listen to SIG" + name + ": " + e.getCause(), e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this JDK has no sun.misc.Signal", e);
        }
    }
}
