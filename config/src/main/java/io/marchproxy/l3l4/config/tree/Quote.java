package io.marchproxy.l3l4.config.tree;

/** Repeats what a user wrote, short and without control characters. */
public final class Quote {
    private static final int LONGEST = 60;

    private Quote() {}

    /** In double quotes; a password within an URL masked. */
    public static String of(String text) {
        return '"' + shorten(text.replaceAll("//[^/@]*@", "//********@")) + '"';
    }

    /** Without quotes. */
    public static String shorten(String text) {
        StringBuilder shown = new StringBuilder();
        for (int i = 0; i < text.length() && shown.length() < LONGEST; i++) {
            char c = text.charAt(i);
            if (Character.isISOControl(c) || Character.isSurrogate(c)) {
                shown.append(String.format("\\u%04x", (int) c));
            } else {
                shown.append(c);
            }
        }
        return text.length() > LONGEST ? shown + "…" : shown.toString();
    }
}
