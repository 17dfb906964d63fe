package io.marchproxy.l3l4.config.tree;

import io.marchproxy.l3l4.config.fault.Faults;
import io.marchproxy.l3l4.config.fault.Origin;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/** Reads the YAML of one file into a tree. Whatever it holds, what is wrong becomes a fault; its size is bounded before. */
public final class YamlReader {
    private final String file;
    private final Faults faults;
    private final References references;

    /**
     * Prepares to read.
     *
     * @param file as the user named it
     * @param environment that references are looked up in
     */
    public YamlReader(String file, Map<String, String> environment, Faults faults) {
        this.file = file;
        this.faults = faults;
        this.references = new References(environment, faults);
    }

    /** Reads a file's content; empty when it holds no mapping, which has then been told. */
    public Optional<Mapping> read(byte[] bytes) {
        return decode(bytes).flatMap(this::compose);
    }

    private Optional<Mapping> compose(String text) {
        LoadSettings settings = LoadSettings.builder()
                .setCodePointLimit(Math.max(1, text.length()))
                .setLabel(file)
                .build();
        try {
            return new TreeBuilder(file, faults, references)
                    .build(new Parse(settings).parseString(text).iterator());
        } catch (ReaderException e) {
            faults.add(
                    line(lineOf(text, e.getPosition())),
                    String.format("the character U+%04X may not stand in YAML", e.getCodePoint()));
        } catch (MarkedYamlEngineException e) {
            Optional<Mark> mark = e.getProblemMark().or(e::getContextMark);
            int line = mark.map(at -> at.getLine() + 1).orElse(1);
            int column = mark.map(at -> at.getColumn() + 1).orElse(1);
            faults.add(line(line), "column " + column + ": no valid YAML: " + explain(e));
        } catch (YamlEngineException e) {
            faults.add(line(1), "no valid YAML: " + Quote.shorten(String.valueOf(e.getMessage())));
        }
        return Optional.empty();
    }

    /** In the user's words where the parser's are obscure. */
    private static String explain(MarkedYamlEngineException e) {
        String problem = String.valueOf(e.getProblem());
        if (problem.contains("TAB")) {
            return "a tab where YAML allows only spaces; indent with spaces";
        }
        if (problem.contains("mapping values are not allowed here")) {
            return "a colon where none may stand; is the line indented wrongly, or does a text need quotes?";
        }
        String context = e.getContext();
        return context == null || context.isBlank() ? problem : context + ", " + problem;
    }

    private Optional<String> decode(byte[] bytes) {
        boolean marked =
                bytes.length >= 3 && bytes[0] == (byte) 0xef && bytes[1] == (byte) 0xbb && bytes[2] == (byte) 0xbf;
        ByteBuffer in = ByteBuffer.wrap(bytes);
        if (marked) {
            in.position(3);
        }
        CharsetDecoder decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        CharBuffer out = CharBuffer.allocate(bytes.length + 1);
        CoderResult result = decoder.decode(in, out, true);
        out.flip();
        if (result.isError()) {
            faults.add(
                    line(lineOf(out.toString(), Integer.MAX_VALUE)),
                    "the file is not UTF-8 (byte " + (in.position() + 1) + "); save it as UTF-8");
            return Optional.empty();
        }
        return Optional.of(out.toString());
    }

    /** The line of a code point, from 1. */
    private static int lineOf(String text, int position) {
        int end = Math.min(text.length(), position);
        int line = 1;
        for (int i = 0; i < end; i++) {
            if (text.charAt(i) == '\n') {
                line++;
            }
        }
        return line;
    }

    private Origin line(int number) {
        return new Origin.Line(file, number);
    }
}
