package io.marchproxy.l3l4.config.value;

import io.marchproxy.l3l4.config.settings.QosSettings;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Names of differentiated-services code points: RFC 2474 (CS), 2597 (AF), 3246 (EF), 5865 (VA), 8622 (LE). */
final class CodePoints {
    static final Map<String, Integer> BY_NAME = names();

    /** In the place of a code point: the one that the packet came with. */
    static final String PRESERVE = "preserve";

    private CodePoints() {}

    static int read(String text) throws BadValueException {
        Integer known = BY_NAME.get(text);
        if (known != null) {
            return known;
        }
        if (text.matches("[0-9]{1,2}") && Integer.parseInt(text) <= 63) {
            return Integer.parseInt(text);
        }
        throw new BadValueException(
                "is no code point: EF, VA, AF11 to AF43, CS0 to CS7, BE, LE or 0 to 63",
                Nearest.of(text, BY_NAME.keySet()));
    }

    static int readOrPreserve(String text) throws BadValueException {
        if (text.equals(PRESERVE)) {
            return QosSettings.PRESERVE_DSCP;
        }
        try {
            return read(text);
        } catch (BadValueException e) {
            List<String> words = new ArrayList<>(BY_NAME.keySet());
            words.add(PRESERVE);
            throw new BadValueException(
                    "is no code point: EF, VA, AF11 to AF43, CS0 to CS7, BE, LE or 0 to 63, or preserve",
                    Nearest.of(text, words));
        }
    }

    static String writeOrPreserve(int codePoint) {
        return codePoint == QosSettings.PRESERVE_DSCP ? PRESERVE : write(codePoint);
    }

    static String write(int codePoint) {
        for (Map.Entry<String, Integer> name : BY_NAME.entrySet()) {
            if (name.getValue() == codePoint) {
                return name.getKey();
            }
        }
        return Integer.toString(codePoint);
    }

    private static Map<String, Integer> names() {
        Map<String, Integer> names = new LinkedHashMap<>();
        names.put("EF", 46);
        names.put("VA", 44);
        for (int group = 1; group <= 4; group++) {
            for (int drop = 1; drop <= 3; drop++) {
                names.put("AF" + group + drop, 8 * group + 2 * drop);
            }
        }
        names.put("BE", 0);
        for (int group = 0; group <= 7; group++) {
            names.put("CS" + group, 8 * group);
        }
        names.put("LE", 1);
        return names;
    }
}
