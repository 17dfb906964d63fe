/** The JSON schema and the reference page, written from the catalogue of keys. */
@NullMarked
package io.marchproxy.l3l4.config.docs;

import org.jspecify.annotations.NullMarked;
