package io.marchproxy.l3l4.config;

import java.util.ResourceBundle;

/** The version of this build, whose one place is the file {@code .version} at the root of the tree. */
public final class Version {

    private Version() {}

    /**
     * Reads the version that the build wrote into the jar.
     *
     * @return for instance {@code 0.1.0}
     * @throws java.util.MissingResourceException if the jar was put together without it
     */
    public static String current() {
        return ResourceBundle.getBundle("io.marchproxy.l3l4.config.version").getString("version");
    }
}
