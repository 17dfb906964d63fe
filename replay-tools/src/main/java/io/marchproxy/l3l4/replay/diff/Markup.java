package io.marchproxy.l3l4.replay.diff;

/** Text as a part of HTML or SVG. */
final class Markup {
    private Markup() {}

    /** Whatever a name holds, it is text, in an element as in an attribute. */
    static String escaped(String text) {
        StringBuilder escaped = new StringBuilder(text.length());
        text.codePoints().forEach(character -> {
            switch (character) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                case '\'' -> escaped.append("&#39;");
                default -> escaped.appendCodePoint(character < ' ' ? ' ' : character);
            }
        });
        return escaped.toString();
    }
}
