/** Every key that a configuration may have, said once: reading, the JSON schema and the reference page follow from it. */
@NullMarked
package io.marchproxy.l3l4.config.schema;

import org.jspecify.annotations.NullMarked;
